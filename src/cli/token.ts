/** `openward token`: a bearer token of a demo node, made with the key in the node's own folder. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { openAuthenticator } from '../access/authenticator.ts';
import { isPersona, PERSONAS } from '../access/personas.ts';
import type { NhsNumber } from '../base/brands.ts';
import { systemClock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { NodeConfig } from '../base/node-config.ts';
import { effectiveSettings } from '../base/settings.ts';
import { parseNhsNumber } from '../identity/nhs-number.ts';
import { addNodeChoice, chosenNode, type NodeChoice } from './node-config-file.ts';

interface TokenOptions extends NodeChoice {
  readonly as: string;
  readonly patient?: string;
}

export function tokenCommand(program: Command): void {
  const command = program
    .command('token')
    .description('Print a bearer token of a demo node: ES256, good for tokenLifeHours and at that node only.')
    .requiredOption('--as <persona>', `who is asking: ${Object.keys(PERSONAS).join(', ')}`)
    .option('--patient <nhs-number>', 'whose token it is, for the persona patient');
  addNodeChoice(command).action(async (options: TokenOptions) => {
    const config = await chosenNode(options);
    const token = await demoToken(config, options.as, options.patient);
    process.stdout.write(`${token}\n`);
  });
}

/**
 * A token for a persona at a demo node. Throws Failure `forbidden` where the node is no demo, `value` for a
 * persona or number that is none, `required` or `invalid` where a number is missing or too much.
 */
export async function demoToken(config: NodeConfig, persona: string, patient?: string): Promise<string> {
  if (config.demo === undefined) {
    throw new Failure(
      'forbidden',
      'Tokens by persona are for demo nodes only: this one has no "demo" in its configuration.',
    );
  }
  if (!isPersona(persona)) {
    throw new Failure('value', `There is no persona "${persona}": ${Object.keys(PERSONAS).join(', ')}.`);
  }
  const authenticator = await openAuthenticator({
    ods: config.ods,
    keysFolder: join(config.data, 'keys'),
    clock: systemClock,
    settings: effectiveSettings([{}, config.settings ?? {}]),
  });
  return authenticator.issue(persona, patient === undefined ? undefined : nhsNumberIn(patient));
}

/** The NHS number in what somebody typed. Throws Failure `value` saying what is wrong with it. */
export function nhsNumberIn(text: string): NhsNumber {
  const parsed = parseNhsNumber(text);
  if (!parsed.ok) throw new Failure('value', parsed.text);
  return parsed.nhsNumber;
}
