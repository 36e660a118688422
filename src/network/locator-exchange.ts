/** The exchange's side of the locator: pseudonym → which organisations hold something, and which practice is registered. Never content. */
import type { InstantMs, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import { AppendLog } from './append-log.ts';
import type { Pseudonym } from './pseudonym.ts';

/** What one organisation says of one person; absent practice: it knows none. */
export interface Pointer {
  readonly p: Pseudonym;
  /** False: it holds nothing (any more). */
  readonly holds: boolean;
  readonly practice?: OdsCode;
}

/** The locator's answer for one pseudonym. */
export interface Located {
  readonly sources: readonly OdsCode[];
  readonly practices: readonly OdsCode[];
  /** When the exchange said so. */
  readonly at: InstantMs;
}

/** Organisation → the practice it names, or '' for none. */
type Holders = Readonly<Record<string, string>>;

export class LocatorExchange {
  readonly #log: AppendLog<Holders>;
  readonly #clock: Clock;

  private constructor(log: AppendLog<Holders>, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  static async open(path: string, clock: Clock): Promise<LocatorExchange> {
    return new LocatorExchange(await AppendLog.open<Holders>(path), clock);
  }

  /** Takes an organisation's own pointers; durable when it resolves. It can speak for itself only. */
  async publish(from: OdsCode, pointers: readonly Pointer[]): Promise<void> {
    const writes: Promise<void>[] = [];
    for (const { p, holds, practice } of pointers) {
      const before = this.#log.entries.get(p) ?? {};
      if (holds && before[from] === (practice ?? '')) continue;
      if (!holds && !(from in before)) continue;
      const { [from]: _gone, ...others } = before;
      const after = holds ? { ...others, [from]: practice ?? '' } : others;
      writes.push(Object.keys(after).length === 0 ? this.#log.delete(p) : this.#log.put(p, after));
    }
    await Promise.all(writes);
  }

  locate(p: Pseudonym): Located {
    const holders = this.#log.entries.get(p) ?? {};
    return {
      sources: Object.keys(holders) as OdsCode[],
      practices: [...new Set(Object.values(holders).filter((practice) => practice !== ''))] as OdsCode[],
      at: this.#clock.now(),
    };
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
