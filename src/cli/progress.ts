/**
 * How far long work is, on stderr: a bar with rate and time left on a terminal, a line every five seconds
 * elsewhere.
 */
import { systemClock } from '../base/clock.ts';

const WIDTH = 30;
const LINE_MS = 5_000;
const BAR_MS = 100;

export class Progress {
  readonly #what: string;
  readonly #terminal: boolean;
  readonly #begun = systemClock.monotonicMs();
  #shown = 0;
  #bar = false;

  /** `what` is counted: `people`, `resources`. */
  constructor(what: string) {
    this.#what = what;
    this.#terminal = process.stderr.isTTY === true;
  }

  show(done: number, of: number): void {
    const now = systemClock.monotonicMs();
    const isLast = done >= of;
    if (now - this.#shown < (this.#terminal ? BAR_MS : LINE_MS) && !isLast) return;
    this.#shown = now;
    const seconds = (now - this.#begun) / 1000;
    const rate = done / Math.max(seconds, 0.001);
    const left = rate === 0 ? '' : `, ${Math.ceil((of - done) / rate)} s left`;
    const text = `${done} of ${of} ${this.#what}, ${Math.round(rate)} a second${isLast ? '' : left}`;
    if (!this.#terminal) {
      process.stderr.write(`${text}\n`);
      return;
    }
    const full = Math.round((WIDTH * done) / Math.max(of, 1));
    process.stderr.write(`\r[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${text}\u001b[K`);
    this.#bar = true;
    if (isLast) this.#endBar();
  }

  /** A sentence on a line of its own. */
  say(text: string): void {
    this.#endBar();
    process.stderr.write(`${text}\n`);
  }

  #endBar(): void {
    if (this.#bar) process.stderr.write('\n');
    this.#bar = false;
  }
}
