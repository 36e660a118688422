/**
 * Commands that the contract names and that are not built yet: each says so and exits 2, so that no script
 * takes silence for success.
 */
import type { Command } from 'commander';
import { EXIT } from './exit-code.ts';

const LATER: readonly (readonly [name: string, text: string])[] = [
  ['export', 'Bulk Data export to NDJSON'],
  ['backup', 'copy a node'],
  ['restore', 'bring a node back from a backup'],
  ['check', 'conformance checks of any system'],
];

export function laterCommands(program: Command): void {
  for (const [name, text] of LATER) {
    program
      .command(name)
      .description(`${text} (not built yet)`)
      .argument('[anything...]')
      .allowUnknownOption()
      .action(() => {
        process.stderr.write(`openward: "${name}" is not built yet.\n`);
        process.exitCode = EXIT.usage;
      });
  }
}
