/** `openward verify`: walks the audit chains of a stopped node and says whether they hold. */
import type { Command } from 'commander';
import { verifyNode } from '../app.ts';
import { Failure } from '../base/failure.ts';
import { openLog } from '../base/log.ts';
import { addNodeChoice, chosenNode, type NodeChoice } from './node-config-file.ts';
import { settingsFrom } from './setting-options.ts';

export function verifyCommand(program: Command): void {
  const command = program
    .command('verify')
    .description('Prove the audit of a stopped node: no row changed, lost or moved.')
    .option('--json', 'print the ends of the chains, to be kept elsewhere, as JSON');
  addNodeChoice(command).action(async (options: NodeChoice & { readonly json?: boolean }) => {
    const config = await chosenNode(options);
    const proof = await verifyNode(config, settingsFrom({}, config.settings), openLog('warn'));
    if (options.json === true) process.stdout.write(`${JSON.stringify(proof)}\n`);
    if (proof.broken !== undefined) {
      const { chain, row, reason } = proof.broken;
      throw new Failure('exception', `The audit of ${chain} does not hold: row ${row}: ${reason}.`);
    }
    if (options.json === true) return;
    for (const { chain, n, hash } of proof.anchors) {
      process.stdout.write(`audit of ${chain} holds: ${n} rows${n === 0 ? '' : `, ending in ${hash}`}\n`);
    }
  });
}
