/**
 * The log of reads from the caller's side. Rows gather while a batch is under way, and to the end of the
 * turn of the event loop (never on a timer), and go as one message: waking the other thread costs more than
 * writing a row. While the log stalls no read is answered, so that nothing is shown whose trace could be
 * lost: reads wait for it, and fail where it takes too long.
 */
import type { Worker } from 'node:worker_threads';
import type { Clock } from '../../../base/clock.ts';
import { Failure } from '../../../base/failure.ts';
import { startThread } from '../../../base/start-thread.ts';
import type { AuditBatch, AuditReply } from './audit-thread.ts';

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
  readonly waitMs: number;
  readonly clock: Clock;
}

/** A read that came while the log was stalled. */
interface Waiting {
  readonly go: () => void;
  readonly fail: (error: Failure) => void;
}

export class ReadAudit {
  readonly #thread: Worker;
  readonly #options: ReadAuditOptions;
  #n = 0;
  #gathering: Batch | undefined;
  #underWay: Batch | undefined;
  #sending = false;
  /** Monotonic time at which each batch that is not known to be on the disk was sent. */
  readonly #unsynced = new Map<number, number>();
  readonly #waiting = new Set<Waiting>();
  #dead: unknown;
  #closed: (() => void) | undefined;

  private constructor(thread: Worker, options: ReadAuditOptions) {
    this.#thread = thread;
    this.#options = options;
  }

  static async open(options: ReadAuditOptions): Promise<ReadAudit> {
    const thread = startThread('audit-thread', import.meta.url, {
      path: options.path,
      syncMs: options.syncMs,
    });
    const audit = new ReadAudit(thread, options);
    await new Promise<void>((resolve, reject) => {
      thread.once('error', reject);
      thread.on('message', (reply: AuditReply) => (reply.kind === 'open' ? resolve() : audit.#heard(reply)));
    });
    thread.on('error', (error) => audit.#broke(error));
    return audit;
  }

  /**
   * Resolves when the rows are in the log. Throws Failure `transient` where the log stalls for longer than
   * `waitMs`.
   */
  append(rows: readonly string[]): Promise<void> {
    if (this.#dead !== undefined) throw stalled('its thread has ended');
    return this.#stallMs() === undefined ? this.#add(rows) : this.#wait().then(() => this.append(rows));
  }

  #add(rows: readonly string[]): Promise<void> {
    const batch = this.#gathering ?? newBatch(++this.#n);
    this.#gathering = batch;
    batch.rows.push(...rows);
    this.#sendSoon();
    return batch.done;
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#gathering?.done, this.#underWay?.done]);
    if (this.#dead !== undefined) {
      await this.#thread.terminate();
      return;
    }
    this.#dead = 'closed';
    await new Promise<void>((resolve) => {
      this.#closed = resolve;
      this.#thread.postMessage('close');
    });
  }

  #sendSoon(): void {
    if (this.#underWay !== undefined || this.#sending || this.#gathering === undefined) return;
    this.#sending = true;
    setImmediate(() => this.#send());
  }

  #send(): void {
    this.#sending = false;
    const batch = this.#gathering;
    if (batch === undefined || this.#underWay !== undefined) return;
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
      this.#sendSoon();
    } else if (reply.kind === 'synced' && reply.error !== undefined) {
      // the system tells of a failed sync once and takes the pages for clean: a second one would prove nothing
      this.#broke(reply.error);
    } else if (reply.kind === 'synced') {
      for (const n of this.#unsynced.keys()) {
        if (n > reply.n) break;
        this.#unsynced.delete(n);
      }
      if (this.#waiting.size > 0 && this.#stallMs() === undefined) for (const one of this.#waiting) one.go();
    } else if (reply.kind === 'closed') {
      this.#closed?.();
    }
  }

  /** How long the oldest row has waited for the disk, where that is too long. */
  #stallMs(): number | undefined {
    for (const sent of this.#unsynced.values()) {
      const age = this.#options.clock.monotonicMs() - sent;
      return age > this.#options.stallMs ? age : undefined;
    }
    return undefined;
  }

  /** Resolves when the log goes on. Throws Failure `transient` after `waitMs`. */
  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
      };
      const waiting: Waiting = {
        go: () => {
          leave();
          resolve();
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        const age = this.#stallMs();
        if (age === undefined) waiting.go();
        else waiting.fail(stalled(`its oldest row has waited ${Math.round(age)} ms for the disk`));
      }, this.#options.waitMs);
      this.#waiting.add(waiting);
    });
  }

  #broke(error: unknown): void {
    this.#dead = error;
    const failure = stalled('its thread has ended');
    this.#gathering?.reject(failure);
    this.#underWay?.reject(failure);
    for (const one of this.#waiting) one.fail(failure);
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
    `Reading is paused because the log of who reads what cannot keep up: ${why}. Try again in a ` +
      `moment (setting readAuditStallMs).`,
  );
}
