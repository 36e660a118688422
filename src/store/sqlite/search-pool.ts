/**
 * The search thread from the caller's side: one search at a time, with a time limit; a thread that overruns
 * is ended and replaced.
 */
import type { Worker } from 'node:worker_threads';
import { Failure } from '../../base/failure.ts';
import { failureFrom } from './group-message.ts';
import type { FoundPage, SearchRun } from './search-run.ts';
import type { SearchReply } from './search-thread.ts';
import { startThread } from './start-thread.ts';

interface Waiting {
  readonly run: SearchRun;
  resolve(page: FoundPage): void;
  reject(error: unknown): void;
}

export class SearchPool {
  readonly #path: string;
  readonly #limitMs: number;
  #thread: Worker | undefined;
  #current: { readonly n: number; readonly waiting: Waiting; readonly timer: NodeJS.Timeout } | undefined;
  readonly #queue: Waiting[] = [];
  #n = 0;

  constructor(path: string, limitMs: number) {
    this.#path = path;
    this.#limitMs = limitMs;
  }

  /** Throws Failure `timeout` naming the limit, `throttled` where too many wait. */
  search(run: SearchRun): Promise<FoundPage> {
    if (this.#queue.length >= QUEUE_MAX) {
      throw new Failure('throttled', `More than ${QUEUE_MAX} searches are waiting. Try again in a moment.`);
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ run, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    const failure = new Failure('transient', 'The store is closing.');
    for (const waiting of this.#queue.splice(0)) waiting.reject(failure);
    this.#end()?.reject(failure);
    await this.#thread?.terminate();
  }

  #next(): void {
    if (this.#current !== undefined) return;
    const waiting = this.#queue.shift();
    if (waiting === undefined) return;
    const n = ++this.#n;
    const timer = setTimeout(() => this.#overrun(), this.#limitMs);
    this.#current = { n, waiting, timer };
    this.#open().postMessage({ n, run: waiting.run });
  }

  #open(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const thread = startThread('search-thread', { path: this.#path });
    thread.unref();
    thread.on('message', (reply: SearchReply) => this.#answered(reply));
    thread.on('error', (error) => {
      this.#thread = undefined;
      this.#end()?.reject(error);
      this.#next();
    });
    this.#thread = thread;
    return thread;
  }

  #answered(reply: SearchReply): void {
    if (this.#current?.n !== reply.n) return;
    const waiting = this.#end();
    if (reply.page !== undefined) waiting?.resolve(reply.page);
    else
      waiting?.reject(reply.failure === undefined ? new Error('an empty reply') : failureFrom(reply.failure));
    this.#next();
  }

  #end(): Waiting | undefined {
    const { waiting, timer } = this.#current ?? {};
    clearTimeout(timer);
    this.#current = undefined;
    return waiting;
  }

  #overrun(): void {
    void this.#thread?.terminate();
    this.#thread = undefined;
    this.#end()?.reject(
      new Failure(
        'timeout',
        `The search took longer than ${this.#limitMs / 1000} s (setting searchSecondsMax). Make it narrower.`,
      ),
    );
    this.#next();
  }
}

const QUEUE_MAX = 100;
