/**
 * Where a command finds the node it is about: a configuration file, or an organisation of the demo by its ODS
 * code.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { odsCode } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import { type NodeConfig, parseNodeConfig } from '../base/node-config.ts';

export const DEMO_DATA = './data/demo';

/** The configuration in `file`. Throws Failure `not-found`, or `value` naming the field that is wrong. */
export async function readNodeConfig(file: string): Promise<NodeConfig> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new Failure('value', `${file} cannot be read. See docs/guides/one-node.md for how to write one.`, {
      cause,
    });
  }
  return parseNodeConfig(text, file);
}

export interface NodeChoice {
  readonly node?: string;
  readonly config?: string;
  readonly data: string;
}

/** `--node ODS [--data DIR]` or `--config FILE`. */
export function addNodeChoice(command: Command): Command {
  return command
    .option('--node <ods>', 'an organisation of the demo, by its ODS code')
    .option('--config <file>', 'a node that is not of the demo: its configuration')
    .option('--data <dir>', 'the demo’s folder', DEMO_DATA);
}

/**
 * The configuration of the chosen node. Throws Failure `required` where neither or both are given, `value`
 * where there is none.
 */
export async function chosenNode({ node, config, data }: NodeChoice): Promise<NodeConfig> {
  if ((node === undefined) === (config === undefined)) {
    throw new Failure('required', 'Say which node: --node ODS for one of the demo, or --config FILE.');
  }
  if (config !== undefined) return readNodeConfig(config);
  const ods = odsCode(node ?? '');
  if (ods === undefined) throw new Failure('value', `"${node}" is not an ODS code, such as RX1.`);
  const file = join(resolve(data), ods, 'node.json');
  try {
    return parseNodeConfig(await readFile(file, 'utf8'), file);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure(
      'value',
      `There is no organisation ${ods} in the demo of ${data}. Start it with "openward demo", or name its ` +
        'folder with --data.',
      { cause },
    );
  }
}
