/** One node alone as a real process on free ports, in a folder of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../free-ports.ts';
import { eventually } from './demo-network.ts';

const CLI = resolve('dist/cli.js');

export interface LoneNode {
  readonly fhir: string;
  readonly mllpPort: number;
  readonly data: string;
  readonly config: string;
  /** Of the process that runs now. */
  pid(): number;
  /** What it has written to its log. */
  log(): string;
  token(persona: string): Promise<string>;
  start(): Promise<void>;
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  isAlive(): boolean;
  remove(): Promise<void>;
}

interface LoneNodeOptions {
  /** Where its data lies; a new temporary folder otherwise. */
  readonly data?: string;
  readonly settings?: Readonly<Record<string, number | string>>;
  /** What it asks of resources beyond R4. */
  readonly profiles?: object;
}

/** Writes the configuration and starts the node. */
export async function startLoneNode(options: LoneNodeOptions = {}): Promise<LoneNode> {
  const folder = await mkdtemp(join(tmpdir(), 'openward-lone-'));
  const data = options.data ?? join(folder, 'data');
  const config = join(folder, 'config.json');
  const [port, mllpPort] = [await freePort(), await freePort()];
  const feed = { transport: 'mllp', heartbeatSeconds: 60 };
  await writeFile(
    config,
    JSON.stringify({
      ods: 'RXLONE',
      name: 'Lone Hospital',
      kind: 'acute',
      host: '127.0.0.1',
      port,
      data,
      mllp: { host: '127.0.0.1', port: mllpPort },
      feeds: [{ ...feed, name: 'adt', covers: ['Patient', 'Encounter', 'Observation'] }],
      failureDomain: { site: 'a', supplier: 'b', ring: 'c' },
      settings: options.settings ?? {},
      ...(options.profiles === undefined ? {} : { profiles: options.profiles }),
      demo: {},
    }),
  );
  let child: ChildProcess | undefined;
  let log = '';
  const node: LoneNode = {
    fhir: `http://127.0.0.1:${port}/fhir`,
    mllpPort,
    data,
    config,
    pid: () => child?.pid ?? 0,
    log: () => log,
    async token(persona) {
      const { stdout } = await promisify(execFile)(process.execPath, [
        CLI,
        'token',
        '--config',
        config,
        '--as',
        persona,
      ]);
      return stdout.trim();
    },
    async start() {
      child = spawn(process.execPath, [CLI, 'node', '--config', config], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      child.stderr?.on('data', (chunk) => {
        log += chunk;
      });
      await eventually('node is ready', 30, async () => {
        if (child?.exitCode !== null)
          throw new Error(`the node ended with ${child?.exitCode}: ${log.slice(-2000)}`);
        const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
        return answer?.ok ? true : undefined;
      });
    },
    async kill(signal) {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
    isAlive: () => child !== undefined && child.exitCode === null && child.signalCode === null,
    async remove() {
      await node.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
  await node.start();
  return node;
}

/** Sends bytes to the MLLP port and gives back what comes until the frame's end, the connection's end, or `waitMs`. */
export function sendMllp(port: number, bytes: Buffer, waitMs = 10_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = Buffer.alloc(0);
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer.toString('latin1'));
    };
    const timer = setTimeout(done, waitMs);
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.includes(Buffer.from([0x1c, 0x0d]))) done();
    });
    socket.on('close', done);
    socket.on('error', reject);
  });
}

/** A message in its MLLP frame. */
export function framed(message: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x0b]), Buffer.from(message), Buffer.from([0x1c, 0x0d])]);
}
