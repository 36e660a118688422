/**
 * `openward record NHSNUMBER`: asks one node of the demo for a person's whole record over HTTP, as any client
 * would, and prints it.
 */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../base/clock.ts';
import type { DemoState } from '../base/demo-control.ts';
import { Failure } from '../base/failure.ts';
import type { NodeConfig, OrganisationKind } from '../base/node-config.ts';
import { controlDemo } from '../demo/control.ts';
import { NHS_NUMBER_SYSTEM } from '../fhir/resource.ts';
import { chosenNode, DEMO_DATA, readNodeConfig } from './node-config-file.ts';
import { type RecordBundle, recordText } from './record-text.ts';
import { demoToken, nhsNumberIn } from './token.ts';

interface RecordOptions {
  readonly node?: string;
  readonly as?: string;
  readonly data: string;
  readonly json?: boolean;
}

const TIMEOUT_MS = 10_000;

/** Who asks where nobody is named: somebody who works at that kind of organisation. */
const USUAL_PERSONA: Readonly<Record<OrganisationKind, string>> = {
  exchange: 'engineer',
  gp: 'gp',
  acute: 'doctor',
  lab: 'lab',
  pharmacy: 'pharmacist',
  'mental-health': 'doctor',
  community: 'nurse',
  'urgent-care': 'nurse',
};

export function recordCommand(program: Command): void {
  program
    .command('record')
    .description(
      "Print a person's whole record: every source with its state and age, then entries, newest first.",
    )
    .argument('<nhs-number>', 'spaces and dashes do not matter')
    .option('--node <ods>', 'which organisation asks; one of the person’s GP practices where left out')
    .option(
      '--as <persona>',
      'who asks (docs/reference/personas.md); by the kind of organisation where left out',
    )
    .option('--data <dir>', 'folder of the demo', DEMO_DATA)
    .option('--json', 'print the Bundle as it came')
    .action(async (number: string, options: RecordOptions) => {
      const nhsNumber = nhsNumberIn(number);
      const node = options.node ?? (await usualNode(options.data, nhsNumber));
      const config = await chosenNode({ node, data: options.data });
      const persona = options.as ?? USUAL_PERSONA[config.kind];
      const token = await demoToken(config, persona, persona === 'patient' ? nhsNumber : undefined);
      const body = await ask(config, nhsNumber, token);
      process.stdout.write(
        options.json === true
          ? `${body}\n`
          : recordText(JSON.parse(body) as RecordBundle, await nodesIn(options.data), systemClock.now()),
      );
    });
}

/**
 * A GP practice that holds something of the person, else any GP practice. Throws Failure `timeout` where no
 * demo runs.
 */
async function usualNode(data: string, nhsNumber: string): Promise<string> {
  const state = await controlDemo(resolve(data), { method: 'GET', path: '/state' });
  const { nodes, people } = state as DemoState;
  const practices = nodes.filter((node) => node.kind === 'gp' && node.running);
  const sources = people.find((person) => person.nhsNumber === nhsNumber)?.sources ?? [];
  const chosen = practices.find((node) => sources.includes(node.ods)) ?? practices[0];
  if (chosen !== undefined) return chosen.ods;
  throw new Failure(
    'timeout',
    'No GP practice of the demo is running. Say which organisation asks: --node ODS.',
  );
}

/** FHIR address → ODS code, from the folders of the demo: it must not matter who is dead. */
async function nodesIn(data: string): Promise<ReadonlyMap<string, string>> {
  const folders = (await readdir(data, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const configs = await Promise.all(
    folders.map(({ name }) => readNodeConfig(join(data, name, 'node.json')).catch(() => undefined)),
  );
  return new Map(
    configs
      .filter((config) => config !== undefined)
      .map(({ host, port, ods }) => [`http://${host}:${port}/fhir`, ods]),
  );
}

async function ask(config: NodeConfig, nhsNumber: string, token: string): Promise<string> {
  const url = `http://${config.host}:${config.port}/fhir/Patient/$shared-record`;
  const parameter = [
    { name: 'identifier', valueIdentifier: { system: NHS_NUMBER_SYSTEM, value: nhsNumber } },
  ];
  let status: number;
  let body: string;
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: 'Parameters', parameter }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    status = answer.status;
    body = await answer.text();
  } catch (cause) {
    throw new Failure(
      'timeout',
      `${config.name} (${config.ods}) does not answer. Ask another organisation with --node, or start it: ` +
        `openward demo start ${config.ods}`,
      { cause },
    );
  }
  if (status === 200) return body;
  const outcome = JSON.parse(body) as { readonly issue?: readonly { readonly diagnostics?: string }[] };
  const said = outcome.issue?.map((issue) => issue.diagnostics ?? '').join(' ') ?? '';
  const code = status === 401 || status === 403 ? 'forbidden' : status >= 500 ? 'transient' : 'not-found';
  throw new Failure(code, `${config.name} answered ${status}: ${said}`);
}
