/**
 * How far the writer's thread has got with the index of full text, as its replies tell. Who searches waits until all
 * that the snapshot holds is in, for as long as a search may take; a first one over much begins it, and is told to
 * come again.
 */
import { Failure } from '../../../base/failure.ts';
import type { TextState } from './text-index.ts';

interface Waiting {
  readonly seq: number;
  readonly timer: NodeJS.Timeout;
  resolve(): void;
  reject(failure: Failure): void;
}

export class TextProgress {
  /** Asks the writer's thread to take in all that there is. */
  readonly #ask: () => void;
  readonly #limitMs: number;
  #state: TextState = { seq: 0, percent: 0 };
  readonly #waiting = new Set<Waiting>();

  constructor(ask: () => void, limitMs: number) {
    this.#ask = ask;
    this.#limitMs = limitMs;
  }

  /** News from the writer; with a `failure`, it goes no further. */
  heard(state: TextState, failure?: Failure): void {
    this.#state = state;
    for (const one of this.#waiting) {
      if (one.seq <= state.seq) this.#end(one)?.resolve();
      else if (failure !== undefined) this.#end(one)?.reject(failure);
    }
  }

  /** Resolves when everything up to this commit is in. Throws `transient` where that takes too long. */
  async upTo(seq: number): Promise<void> {
    if (seq <= this.#state.seq) return;
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        seq,
        resolve,
        reject,
        timer: setTimeout(() => this.#end(waiting)?.reject(this.#late()), this.#limitMs),
      };
      this.#waiting.add(waiting);
      this.#ask();
    });
  }

  #end(waiting: Waiting): Waiting | undefined {
    clearTimeout(waiting.timer);
    return this.#waiting.delete(waiting) ? waiting : undefined;
  }

  #late(): Failure {
    return new Failure(
      'transient',
      `The index of full text is being made, ${this.#state.percent}% so far: longer than a search may take ` +
        `(setting searchSecondsMax). It goes on; ask again.`,
    );
  }
}
