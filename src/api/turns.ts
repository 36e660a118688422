/**
 * Turns of others in the middle of long work on the thread that serves everybody: promises that are fulfilled
 * already let nobody in, however many of them are awaited.
 */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';

/** Work of one request in a row: a read by id that comes meanwhile waits no longer than this. */
const TURN_MS = 20;

export class Turns {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #begunMs: number;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
    this.#begunMs = clock.monotonicMs();
  }

  /** Lets others go first where this one has had its turn; costs next to nothing where it has not. */
  async ifDue(): Promise<void> {
    if (this.#clock.monotonicMs() - this.#begunMs >= TURN_MS) await this.next();
  }

  /** Lets others go first. */
  async next(): Promise<void> {
    await turnOfOthers();
    this.#begunMs = this.#clock.monotonicMs();
  }
}
