/** A demo network for scenario tests: nine real processes on free ports, in a folder of its own, stopped by pid. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { freeBlock } from '../free-ports.ts';

const CLI = resolve('dist/cli.js');

export interface DemoNode {
  readonly ods: string;
  readonly name: string;
  readonly kind: string;
  readonly url: string;
  readonly fhir: string;
  readonly mllp: { readonly host: string; readonly port: number } | null;
  readonly pid: number;
}

export interface DemoPerson {
  readonly nhsNumber: string;
  readonly name: string;
  readonly sources: readonly string[];
}

export interface DemoNetwork {
  readonly frontDoor: string;
  readonly nodes: readonly DemoNode[];
  readonly people: readonly DemoPerson[];
  readonly data: string;
  /** What stdout held beside the one line. */
  readonly process: ChildProcess;
  /** Runs an `openward` command against this network. Never throws for an exit code. */
  openward(
    ...args: string[]
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  token(ods: string, persona: string, nhsNumber?: string): Promise<string>;
  node(kind: string): DemoNode;
  /** What the demo has said on stderr, the last of it. */
  talk(): string;
  /** Ends the demo and keeps its folder. */
  end(): Promise<void>;
  /** Ends the demo and removes its folder. */
  stop(): Promise<void>;
}

/** Where a demo is to run; a new folder and free ports where left out. */
export interface DemoPlace {
  readonly data?: string;
  readonly port?: number;
  /** Program and arguments before the demo's own options, where it is not the built `openward demo`. */
  readonly command?: readonly string[];
}

/** Starts `openward demo --json` and waits for its line; what npm says before it on stdout is passed over. */
export async function startDemo(people: number, place: DemoPlace = {}): Promise<DemoNetwork> {
  const data = place.data ?? (await mkdtemp(join(tmpdir(), 'openward-scenario-')));
  const port = place.port ?? (await demoPort());
  const [program = '', ...before] = place.command ?? [process.execPath, CLI, 'demo'];
  const args = [...before, '--json', '--people', String(people), '--port', String(port), '--data', data];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let talk = '';
  child.stderr.on('data', (chunk) => {
    talk = (talk + chunk).slice(-4000);
  });
  const line = await Promise.race([
    readyLine(child.stdout, place.command !== undefined),
    once(child, 'exit').then(() => undefined),
  ]);
  if (line === undefined) throw new Error(`the demo ended with ${child.exitCode}: ${talk}`);
  const said = JSON.parse(line) as Pick<DemoNetwork, 'frontDoor' | 'nodes' | 'people'>;
  const network: DemoNetwork = {
    ...said,
    data,
    process: child,
    openward: async (...command) => {
      const run = promisify(execFile)(process.execPath, [CLI, ...command, '--data', data], {
        maxBuffer: 1 << 27,
      });
      return run.then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        (error: { code: number; stdout: string; stderr: string }) => ({
          code: error.code,
          stdout: error.stdout,
          stderr: error.stderr,
        }),
      );
    },
    async token(ods, persona, nhsNumber) {
      const rest = nhsNumber === undefined ? [] : ['--patient', nhsNumber];
      const { code, stdout, stderr } = await network.openward(
        'token',
        '--node',
        ods,
        '--as',
        persona,
        ...rest,
      );
      if (code !== 0) throw new Error(`token: ${stderr}`);
      return stdout.trim();
    },
    node(kind) {
      const found = said.nodes.find((node) => node.kind === kind);
      if (found === undefined) throw new Error(`no node of kind ${kind}`);
      return found;
    },
    talk: () => talk,
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
    async stop() {
      await network.end();
      await rm(data, { recursive: true, force: true });
    },
  };
  return network;
}

/** The first line, or the first of JSON where another program's talk may go before it. */
async function readyLine(stdout: Readable, isTalkedBefore: boolean): Promise<string> {
  const lines = createInterface({ input: stdout });
  for (;;) {
    const [line] = (await once(lines, 'line')) as [string];
    if (!isTalkedBefore || line.startsWith('{')) return line;
  }
}

/** Whether a process of this id is there. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Waits until every one of these processes has ended. */
export const gone = (pids: readonly number[]): Promise<true> =>
  eventually('every process has ended', 20, async () => (pids.some(isAlive) ? undefined : true));

/** Waits until `probe` gives something, at most `seconds`; the last answer is in the error. */
export async function eventually<T>(
  what: string,
  seconds: number,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** A port with room above it for the nodes of a demo and their MLLP. */
export function demoPort(): Promise<number> {
  return freeBlock(Array.from({ length: 10 }, (_, k) => [k, 1000 + k]).flat());
}
