/**
 * The log of reads from the caller's side. Rows gather while a batch is under way (never on a timer) and go as the next one; reads stop
 * when the log stalls, so that nothing is shown whose trace could be lost.
 */
import type { Worker } from 'node:worker_threads';
import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import type { AuditBatch, AuditReply } from './audit-thread.ts';
import { startThread } from './start-thread.ts';

interface Batch {
  readonly n: number;
  readonly rows: string[];
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface ReadAuditOptions {
  readonly path: string;
  readonly syncMs: number;
  readonly stallMs: number;
  readonly clock: Clock;
}

export class ReadAudit {
  readonly #thread: Worker;
  readonly #options: ReadAuditOptions;
  #n = 0;
  #gathering: Batch | undefined;
  #underWay: Batch | undefined;
  /** Monotonic time at which each batch that is not known to be on the disk was sent. */
  readonly #unsynced = new Map<number, number>();
  #dead: unknown;
  #closed: (() => void) | undefined;

  private constructor(thread: Worker, options: ReadAuditOptions) {
    this.#thread = thread;
    this.#options = options;
  }

  static async open(options: ReadAuditOptions): Promise<ReadAudit> {
    const thread = startThread('audit-thread', { path: options.path, syncMs: options.syncMs });
    const audit = new ReadAudit(thread, options);
    await new Promise<void>((resolve, reject) => {
      thread.once('error', reject);
      thread.on('message', (reply: AuditReply) => (reply.kind === 'open' ? resolve() : audit.#heard(reply)));
    });
    thread.on('error', (error) => audit.#broke(error));
    return audit;
  }

  /** Resolves when the rows are in the log. Throws Failure `transient` while the log stalls. */
  append(rows: readonly string[]): Promise<void> {
    this.#checkStall();
    const batch = this.#gathering ?? newBatch(++this.#n);
    this.#gathering = batch;
    batch.rows.push(...rows);
    if (this.#underWay === undefined) this.#send();
    return batch.done;
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#gathering?.done, this.#underWay?.done]);
    if (this.#dead !== undefined) return;
    this.#dead = 'closed';
    await new Promise<void>((resolve) => {
      this.#closed = resolve;
      this.#thread.postMessage('close');
    });
  }

  #send(): void {
    const batch = this.#gathering;
    if (batch === undefined) return;
    this.#gathering = undefined;
    this.#underWay = batch;
    this.#unsynced.set(batch.n, this.#options.clock.monotonicMs());
    this.#thread.postMessage({ n: batch.n, rows: batch.rows } satisfies AuditBatch);
  }

  #heard(reply: AuditReply): void {
    if (reply.kind === 'logged') {
      const batch = this.#underWay;
      this.#underWay = undefined;
      if (reply.error === undefined) batch?.resolve();
      else {
        this.#unsynced.delete(reply.n);
        batch?.reject(stalled(`it could not be written: ${reply.error}`));
      }
      this.#send();
    } else if (reply.kind === 'synced' && reply.error === undefined) {
      for (const n of this.#unsynced.keys()) {
        if (n > reply.n) break;
        this.#unsynced.delete(n);
      }
    } else if (reply.kind === 'closed') {
      this.#closed?.();
    }
  }

  #checkStall(): void {
    if (this.#dead !== undefined) throw stalled('its thread has ended');
    for (const sent of this.#unsynced.values()) {
      const age = this.#options.clock.monotonicMs() - sent;
      if (age > this.#options.stallMs)
        throw stalled(`its oldest row has waited ${Math.round(age)} ms for the disk`);
      return;
    }
  }

  #broke(error: unknown): void {
    this.#dead = error;
    const failure = stalled('its thread has ended');
    this.#gathering?.reject(failure);
    this.#underWay?.reject(failure);
  }
}

function newBatch(n: number): Batch {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => undefined); // each caller has its own view of it; nobody else has to
  return { n, rows: [], done: promise, resolve, reject };
}

function stalled(why: string): Failure {
  return new Failure(
    'transient',
    `Reading is paused because the log of who reads what cannot keep up: ${why}. Try again in a moment (setting readAuditStallMs).`,
  );
}
