/**
 * What every benchmark shares: processes of their own for node, limit and load generator, rounds that take turns
 * (so that a drifting machine touches both), medians, and results that say what was measured against what.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../test/free-ports.ts';
import type { LoadPlan, LoadResult } from './load-http.ts';

/** One line of the table that `npm run bench` prints. */
export interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The limit measured in the same run, in the same unit. */
  readonly limit?: { readonly name: string; readonly value: number };
  /** What the project set itself: a ratio to the limit, or a bound on the value. */
  readonly goal?: {
    readonly atLeastOfLimit?: number;
    readonly atLeast?: number;
    readonly atMost?: number;
    readonly atMostOfLimit?: number;
  };
  readonly note?: string;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  run(bench: Bench): Promise<readonly Measure[]>;
}

/** Says what goes on, to stderr. */
export interface Bench {
  say(text: string): void;
  /** A fresh folder, removed at the end of the run. */
  folder(name: string): string;
  /** Starts a process of this Node; it is stopped by its own pid at the end of the run. */
  start(args: readonly string[], options?: { readonly env?: Readonly<Record<string, string>> }): ChildProcess;
  /** Runs the load generator in a process of its own. */
  load(plan: LoadPlan): Promise<LoadResult>;
}

export const CLI = resolve('dist/cli.js');

/** Opens a run; `close` stops every process and removes every folder. */
export function openBench(): Bench & { close(): void } {
  const root = mkdtempSync(join(tmpdir(), 'openward-bench-'));
  const children: ChildProcess[] = [];
  let plans = 0;
  return {
    say: (text) => process.stderr.write(`  ${text}\n`),
    folder: (name) => mkdtempSync(join(root, `${name}-`)),
    start(args, options) {
      const child = spawn(process.execPath, args, {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, OPENWARD_LOG_LEVEL: 'warn', ...options?.env },
      });
      children.push(child);
      return child;
    },
    async load(plan) {
      const file = join(root, `plan-${plans++}.json`);
      writeFileSync(file, JSON.stringify(plan));
      const child = spawn(process.execPath, [join(import.meta.dirname, 'load-http.ts'), file], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(child);
      return JSON.parse(await firstLine(child)) as LoadResult;
    },
    close() {
      for (const child of children) child.kill('SIGKILL');
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** The first line that a process prints. Throws where it ends without one. */
export async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the process has no stdout');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error(`${child.spawnargs.join(' ')} ended with ${child.exitCode} and printed nothing`);
}

/** A program that prints one number. */
export function limit(args: readonly string[], env: Readonly<Record<string, string>> = {}): number {
  const { stdout, status, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`${args[0]}: ${stderr}`);
  return Number(stdout.trim());
}

/** The middle value; of an even number the lower of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** Waits until `probe` holds, at most `seconds`. */
export async function until(what: string, seconds: number, probe: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    if (await probe().catch(() => false)) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`${what}: not within ${seconds} s`);
}

/** A whole HTTP request as it goes over the wire. */
export function request(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): string {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1'];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

/** The limit of reads: node:http sending what the node answers to these paths. Resolves to its port. */
export async function startBare(bench: Bench, node: BenchNode, paths: readonly string[]): Promise<number> {
  const headers = { authorization: `Bearer ${node.token}` };
  const bodies: Record<string, string> = {};
  for (const path of paths) {
    const answer = await fetch(`http://127.0.0.1:${node.port}${path}`, { headers });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    bodies[path] = await answer.text();
  }
  const file = join(bench.folder('bodies'), 'bodies.json');
  writeFileSync(file, JSON.stringify(bodies));
  return Number(await firstLine(bench.start([join(import.meta.dirname, 'limits/bare-http.ts'), file])));
}

export interface BenchNode {
  readonly port: number;
  readonly mllpPort: number;
  readonly folder: string;
  readonly config: string;
  readonly token: string;
  readonly pid: number;
}

/** One node alone, with a token of its source system. `preload` is put before it in LD_PRELOAD. */
export async function startNode(
  bench: Bench,
  options: { readonly folder?: string; readonly preload?: string } = {},
): Promise<BenchNode> {
  const folder = options.folder ?? bench.folder('node');
  const config = join(folder, 'config.json');
  const port = await freePort();
  const mllpPort = await freePort();
  writeFileSync(
    config,
    JSON.stringify({
      ods: 'BENCH1',
      name: 'Bench General',
      kind: 'acute',
      host: '127.0.0.1',
      port,
      data: '.',
      mllp: { host: '127.0.0.1', port: mllpPort },
      feeds: [
        {
          name: 'adt',
          transport: 'mllp',
          covers: ['Patient', 'Encounter', 'Observation'],
          heartbeatSeconds: 60,
        },
      ],
      failureDomain: { site: 'a', supplier: 'b', ring: 'c' },
      demo: {},
    }),
  );
  const child = bench.start(
    [CLI, 'node', '--config', config],
    options.preload ? { env: { LD_PRELOAD: options.preload } } : {},
  );
  child.stdout?.resume();
  await until('node is ready', 30, async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
  const token = await firstLine(bench.start([CLI, 'token', '--config', config, '--as', 'system']));
  return { port, mllpPort, folder, config, token, pid: child.pid ?? 0 };
}
