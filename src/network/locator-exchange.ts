/**
 * The exchange's side of the locator: pseudonym → which organisations hold something, and which practice is
 * registered. Never content.
 */
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

/**
 * Beside the pseudonyms: which organisations have told everything. In the same file, so that what loses one
 * loses the other.
 */
const told = (ods: OdsCode): string => `=${ods}`;

interface ExchangeParts {
  readonly path: string;
  readonly clock: Clock;
  /** The care organisations in the directory. */
  readonly members: () => readonly OdsCode[];
}

export class LocatorExchange {
  readonly #log: AppendLog<Holders>;
  readonly #parts: ExchangeParts;

  private constructor(log: AppendLog<Holders>, parts: ExchangeParts) {
    this.#log = log;
    this.#parts = parts;
  }

  static async open(parts: ExchangeParts): Promise<LocatorExchange> {
    return new LocatorExchange(await AppendLog.open<Holders>(parts.path), parts);
  }

  /**
   * Takes an organisation's own pointers; durable when it resolves. It can speak for itself only. `isAll`:
   * with these it has told everything that it holds.
   */
  async publish(from: OdsCode, pointers: readonly Pointer[], isAll: boolean): Promise<void> {
    const writes: Promise<void>[] = [];
    if (isAll && !this.#log.entries.has(told(from))) writes.push(this.#log.put(told(from), {}));
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
      at: this.#parts.clock.now(),
    };
  }

  /**
   * Organisations that have not told everything, such as after pointers were lost: no answer here speaks for
   * them.
   */
  silent(): readonly OdsCode[] {
    return this.#parts.members().filter((ods) => !this.#log.entries.has(told(ods)));
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
