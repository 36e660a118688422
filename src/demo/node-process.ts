/**
 * One organisation's node as a process of its own: started, told its fault, killed, stopped. What it logs
 * goes into its own folder. A node whose supervisor is gone ends by itself (the channel between them closes),
 * so none is ever left behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import type { NodeFault } from './faults.ts';
import type { DemoNode } from './node-folders.ts';

/** How long a node may take to open its store and listen. */
const START_MS = 30_000;
/** How long a node may take to end in good order. */
const STOP_MS = 10_000;

/** What the supervisor and a node's process tell each other over their channel. */
export type NodeMessage = { readonly ready: true } | { readonly faultNow: NodeFault };

export class NodeProcess {
  readonly node: DemoNode;
  readonly #command: readonly string[];
  #child: ChildProcess | undefined;
  /** Called when the process has ended, whoever ended it. */
  onExit: (() => void) | undefined;

  constructor(node: DemoNode, command: readonly string[]) {
    this.node = node;
    this.#command = command;
  }

  get pid(): number | undefined {
    return this.isRunning ? this.#child?.pid : undefined;
  }

  get isRunning(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /**
   * Resolves when the node answers. Throws Failure `processing` with the end of its log where it does not
   * come up.
   */
  async start(): Promise<void> {
    if (this.isRunning) return;
    const logFile = join(this.node.folder, 'node.log');
    const log = openSync(logFile, 'a', 0o600);
    const [program = '', ...args] = this.#command;
    const child = spawn(program, [...args, '--config', this.node.configFile], {
      stdio: ['ignore', 'ignore', log, 'ipc'],
    });
    closeSync(log);
    this.#child = child;
    child.once('exit', () => this.onExit?.());
    const failed = async (why: string): Promise<Failure> => {
      const tail = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-3).join('\n');
      return new Failure('processing', `${this.node.name} (${this.node.ods}) ${why}:\n${tail}`);
    };
    const up = new Promise<'ready'>((resolve) => {
      child.on('message', (said: NodeMessage) => {
        if ('ready' in said) resolve('ready');
      });
    });
    const timeout = new AbortController();
    const first = await Promise.race([
      up,
      once(child, 'exit', { signal: timeout.signal }).then(
        () => 'exit' as const,
        () => 'exit' as const,
      ),
      new Promise<'late'>((resolve) => setTimeout(resolve, START_MS, 'late').unref()),
    ]);
    timeout.abort();
    if (first === 'ready') return;
    await this.kill();
    throw await failed(first === 'late' ? `was not ready within ${START_MS / 1000} s` : 'did not start');
  }

  /**
   * Resolves when the process has taken the fault on. Throws Failure `processing` where it does not say so.
   */
  async tell(fault: NodeFault): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const took = new Promise<boolean>((resolve) => {
      const hear = (said: NodeMessage): void => {
        if (!('faultNow' in said) || said.faultNow !== fault) return;
        child.off('message', hear);
        resolve(true);
      };
      child.on('message', hear);
      child.once('exit', () => resolve(false));
      setTimeout(resolve, STOP_MS, false).unref();
    });
    child.send({ fault });
    if (!(await took))
      throw new Failure('processing', `${this.node.ods} did not take the fault "${fault}" on.`);
  }

  /** kill -9. Resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Lets it end in good order, and kills it where it takes too long. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_MS);
    await this.#end('SIGTERM');
    clearTimeout(timer);
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}
