/** `openward demo`: the demo network in one command, and stop, start and fault for its organisations. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { type DemoState, FAULTS } from '../base/demo-control.ts';
import { Failure } from '../base/failure.ts';
import { controlDemo } from '../demo/control.ts';
import { Supervisor } from '../demo/supervisor.ts';
import { openNodeKeys } from '../network/keys.ts';
import { demoTable } from './demo-table.ts';
import { DEMO_DATA, readNodeConfig } from './node-config-file.ts';
import { Progress } from './progress.ts';
import { demoToken } from './token.ts';

interface DemoFlags {
  readonly people: string;
  readonly port: string;
  readonly data: string;
  readonly fresh?: boolean;
  readonly json?: boolean;
}

/** Nine nodes share one machine here: four threads each for collecting garbage only stand in each other's way. */
const SHARED_MACHINE = ['--v8-pool-size=1'];
const PEOPLE_MAX = 1_000_000;
/** The last node's MLLP port is this much above the first port. */
const PORT_SPAN = 1_100;

export function demoCommand(program: Command): void {
  const demo = program
    .command('demo')
    .description('Start the demo network: nine organisations, one process and one folder each.')
    .enablePositionalOptions()
    .option('--people <n>', 'how many people to make up', '200')
    .option('--port <port>', 'the front door; node k listens on port + k, its MLLP 1000 above', '8800')
    .option('--data <dir>', 'folder of the demo', DEMO_DATA)
    .option('--fresh', 'throw away what an earlier demo left in the folder')
    .option('--json', 'print one line of JSON when all is ready')
    .action(runDemo);
  const control = (name: string, text: string, path: '/stop' | '/start'): void => {
    demo
      .command(name)
      .description(text)
      .argument('<ods>', 'the organisation’s ODS code')
      .option('--data <dir>', 'folder of the demo', DEMO_DATA)
      .action(async (ods: string, { data }: { data: string }) => {
        await controlDemo(resolve(data), { method: 'POST', path, body: { ods } });
      });
  };
  control('stop', 'Kill one organisation’s node (SIGKILL).', '/stop');
  control('start', 'Start it again; resolves when it answers.', '/start');
  demo
    .command('fault')
    .description('Make one organisation slow (1 byte/s), hang, send garbage, lose its first feed, or none.')
    .argument('<ods>', 'the organisation’s ODS code')
    .argument('<fault>', FAULTS.join(', '))
    .option('--data <dir>', 'folder of the demo', DEMO_DATA)
    .action(async (ods: string, fault: string, { data }: { data: string }) => {
      if (!FAULTS.some((one) => one === fault)) {
        throw new Failure('value', `A fault is one of ${FAULTS.join(', ')}, not "${fault}".`);
      }
      await controlDemo(resolve(data), { method: 'POST', path: '/fault', body: { ods, fault } });
    });
}

async function runDemo(flags: DemoFlags): Promise<void> {
  const people = wholeNumber(flags.people, '--people', 1, PEOPLE_MAX);
  const port = wholeNumber(flags.port, '--port', 1, 65_535 - PORT_SPAN);
  const data = resolve(flags.data);
  const progress = new Progress('people');
  const supervisor = await Supervisor.open({
    people,
    port,
    data,
    fresh: flags.fresh === true,
    nodeCommand: [
      process.execPath,
      ...SHARED_MACHINE,
      fileURLToPath(new URL('../../bin/openward.js', import.meta.url)),
      'node',
    ],
    publicKeysOf: async (folder) => (await openNodeKeys(folder)).publicKeys(),
    systemToken: async (node) => demoToken(await readNodeConfig(node.configFile), 'system'),
    say: (text) => progress.say(text),
    progress: (done, of) => progress.show(done, of),
  });
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    progress.say('Stopping every organisation …');
    await supervisor.close();
    process.exit(process.exitCode ?? 0);
  };
  process.on('SIGINT', () => void stop());
  process.on('SIGTERM', () => void stop());
  process.on('SIGHUP', () => void stop());
  try {
    await supervisor.start();
  } catch (error) {
    if (!stopped) await supervisor.close();
    throw error;
  }
  if (stopped) return;
  const state = supervisor.state();
  process.stdout.write(
    flags.json === true ? `${JSON.stringify(oneLine(state, data))}\n` : demoTable(state, data),
  );
}

/** What `--json` prints (the contract, "openward demo --json, one line"). */
function oneLine(state: DemoState, data: string): object {
  return {
    frontDoor: state.nodes[0]?.url,
    nodes: state.nodes.map(({ ods, name, kind, url, mllp, pid }) => ({
      ods,
      name,
      kind,
      url,
      fhir: `${url}/fhir`,
      mllp,
      pid,
    })),
    people: state.people.map(({ nhsNumber, name, sources }) => ({ nhsNumber, name, sources })),
    data,
  };
}

function wholeNumber(text: string, flag: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Failure('value', `${flag} takes a whole number from ${least} to ${most}, not "${text}".`);
}
