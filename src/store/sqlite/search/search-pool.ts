/**
 * The search threads from the caller's side: as many as the setting says, each with one search at a time and
 * a time limit; a thread that overruns is ended and replaced. Where there are several, long searches leave
 * one of them to the others.
 */
import type { Worker } from 'node:worker_threads';
import { Failure } from '../../../base/failure.ts';
import type { Settings } from '../../../base/settings.ts';
import { startThread } from '../../../base/start-thread.ts';
import { failureFrom } from '../group-message.ts';
import type { FoundPage, SearchRun } from './search-run.ts';
import type { SearchReply } from './search-thread.ts';

type PoolSettings = Pick<Settings, 'searchSecondsMax' | 'searchThreads' | 'searchQueueMax'>;

interface Waiting {
  readonly run: SearchRun;
  readonly isLong: boolean;
  resolve(page: FoundPage): void;
  reject(error: unknown): void;
}

interface UnderWay {
  readonly n: number;
  readonly waiting: Waiting;
  readonly timer: NodeJS.Timeout;
}

/** A thread's place: the thread is started when it is first needed, and again after it was ended. */
interface Place {
  thread: Worker | undefined;
  underWay: UnderWay | undefined;
}

/** A search through more rows than this is long: it takes a good part of a second. */
const LONG_COST = 200_000;

export class SearchPool {
  readonly #path: string;
  readonly #settings: PoolSettings;
  readonly #places: readonly Place[];
  readonly #queue: Waiting[] = [];
  #n = 0;

  constructor(path: string, settings: PoolSettings) {
    this.#path = path;
    this.#settings = settings;
    const threads = Math.max(1, Math.floor(settings.searchThreads));
    this.#places = Array.from({ length: threads }, () => ({ thread: undefined, underWay: undefined }));
  }

  /**
   * `cost`: rows that the search goes through at least. Throws Failure `timeout` naming the limit,
   * `throttled` where too many wait.
   */
  search(run: SearchRun, cost: number): Promise<FoundPage> {
    const max = this.#settings.searchQueueMax;
    if (this.#queue.length >= max) {
      throw new Failure(
        'throttled',
        `More than ${max} searches are waiting (setting searchQueueMax). Try again in a moment.`,
      );
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ run, isLong: cost > LONG_COST, resolve, reject });
      this.#next();
    });
  }

  /** Searches that threads are at, and that wait for one. */
  figures(): { readonly underWay: number; readonly waiting: number } {
    const underWay = this.#places.filter((place) => place.underWay !== undefined).length;
    return { underWay, waiting: this.#queue.length };
  }

  async close(): Promise<void> {
    const failure = new Failure('transient', 'The store is closing.');
    for (const waiting of this.#queue.splice(0)) waiting.reject(failure);
    for (const place of this.#places) end(place)?.reject(failure);
    await Promise.all(this.#places.map(({ thread }) => thread?.terminate()));
  }

  /** Gives free places what waits, the oldest first. */
  #next(): void {
    for (const place of this.#places) {
      if (place.underWay !== undefined) continue;
      const at = this.#queue.findIndex(({ isLong }) => !isLong || this.#mayRunLong());
      const [waiting] = at < 0 ? [] : this.#queue.splice(at, 1);
      if (waiting === undefined) return;
      const n = ++this.#n;
      const timer = setTimeout(() => this.#overrun(place), this.#settings.searchSecondsMax * 1000);
      place.underWay = { n, waiting, timer };
      this.#open(place).postMessage({ n, run: waiting.run });
    }
  }

  #mayRunLong(): boolean {
    const long = this.#places.filter(({ underWay }) => underWay?.waiting.isLong === true).length;
    return long < Math.max(1, this.#places.length - 1);
  }

  #open(place: Place): Worker {
    if (place.thread !== undefined) return place.thread;
    const thread = startThread('search-thread', import.meta.url, { path: this.#path });
    thread.unref();
    thread.on('message', (reply: SearchReply) => this.#answered(place, reply));
    thread.on('error', (error) => {
      if (place.thread !== thread) return;
      place.thread = undefined;
      end(place)?.reject(error);
      this.#next();
    });
    place.thread = thread;
    return thread;
  }

  #answered(place: Place, reply: SearchReply): void {
    if (place.underWay?.n !== reply.n) return;
    const waiting = end(place);
    if (reply.page !== undefined) waiting?.resolve(reply.page);
    else
      waiting?.reject(reply.failure === undefined ? new Error('an empty reply') : failureFrom(reply.failure));
    this.#next();
  }

  #overrun(place: Place): void {
    void place.thread?.terminate();
    place.thread = undefined;
    const seconds = this.#settings.searchSecondsMax;
    end(place)?.reject(
      new Failure(
        'timeout',
        `The search took longer than ${seconds} s (setting searchSecondsMax). Make it narrower.`,
      ),
    );
    this.#next();
  }
}

/** What was under way there, and is no longer. */
function end(place: Place): Waiting | undefined {
  const { waiting, timer } = place.underWay ?? {};
  clearTimeout(timer);
  place.underWay = undefined;
  return waiting;
}
