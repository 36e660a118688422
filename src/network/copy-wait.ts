/**
 * In a quiet moment the acknowledgement of a write waits a little until the custodians have it too, so that
 * what was acknowledged and its node killed at once is in the copy. A busy moment waits for nothing: the
 * queue carries many changes of one person in one push, and a source system that sends much at a time is not
 * held up. What an acknowledgement promises is the disk, with or without this.
 */
import type { Seq } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';

interface CopyWaitParts {
  readonly clock: Clock;
  /** The longest wait; 0 never waits. */
  readonly waitMs: number;
  /** Something else is on its way to a custodian, or nobody follows the changes yet. */
  readonly isBusy: () => boolean;
  readonly isCopied: (seq: Seq) => boolean;
}

/** Writes that may wait after a quiet while, and how many more each second: beyond it is a flood. */
const WAITS_MAX = 10;
const WAITS_A_SECOND = 1;

export class CopyWait {
  readonly #parts: CopyWaitParts;
  readonly #waiting = new Set<{ readonly seq: Seq; readonly end: () => void }>();
  #waits = WAITS_MAX;
  #countedMs: number;

  constructor(parts: CopyWaitParts) {
    this.#parts = parts;
    this.#countedMs = parts.clock.monotonicMs();
  }

  /**
   * Resolves when everything up to `seq` is copied, when the time is over, or at once in a busy moment. Never
   * throws.
   */
  until(seq: Seq): Promise<void> {
    const { waitMs, isBusy, isCopied } = this.#parts;
    if (waitMs <= 0 || isBusy() || isCopied(seq) || !this.#isQuiet()) return Promise.resolve();
    return new Promise((resolve) => {
      const one = {
        seq,
        end: (): void => {
          clearTimeout(timer);
          this.#waiting.delete(one);
          resolve();
        },
      };
      const timer = setTimeout(one.end, waitMs);
      this.#waiting.add(one);
    });
  }

  /** Something was pushed or followed: who waited for it goes on. */
  look(): void {
    for (const one of [...this.#waiting]) if (this.#parts.isCopied(one.seq)) one.end();
  }

  close(): void {
    for (const one of [...this.#waiting]) one.end();
  }

  #isQuiet(): boolean {
    const now = this.#parts.clock.monotonicMs();
    const gained = ((now - this.#countedMs) / 1000) * WAITS_A_SECOND;
    this.#countedMs = now;
    this.#waits = Math.min(WAITS_MAX, this.#waits + gained);
    if (this.#waits < 1) return false;
    this.#waits--;
    return true;
  }
}
