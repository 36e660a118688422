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
  #ended = false;

  /** `what` is counted: `people`, `resources`. */
  constructor(what: string) {
    this.#what = what;
    this.#terminal = process.stderr.isTTY === true;
  }

  show(done: number, of: number): void {
    this.#show(`${done} of ${of} ${this.#what}`, done, done / Math.max(of, 1));
  }

  /** Where only the share of the work that is done is known (0 to 1), and not how many it will be. */
  showShare(done: number, share: number): void {
    this.#show(`${done} ${this.#what}, ${Math.floor(share * 100)} %`, done, share);
  }

  #show(what: string, done: number, share: number): void {
    const now = systemClock.monotonicMs();
    const isLast = share >= 1;
    if (now - this.#shown < (this.#terminal ? BAR_MS : LINE_MS) && !(isLast && !this.#ended)) return;
    this.#shown = now;
    this.#ended = isLast;
    const seconds = (now - this.#begun) / 1000;
    const rate = done / Math.max(seconds, 0.001);
    const left = share === 0 || isLast ? '' : `, ${Math.ceil((seconds * (1 - share)) / share)} s left`;
    const text = `${what}, ${Math.round(rate)} a second${left}`;
    if (!this.#terminal) {
      process.stderr.write(`${text}\n`);
      return;
    }
    const full = Math.round(WIDTH * Math.min(share, 1));
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
