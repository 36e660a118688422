/**
 * The exchange's side of the locator: pseudonym → which organisations hold something, and which practice is
 * registered. Never content.
 */
import type { InstantMs, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
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
  readonly ids: Ids;
  /** The care organisations in the directory. */
  readonly members: () => readonly OdsCode[];
}

/** What has changed about people of one organisation since it last asked. */
export interface LocatorNews {
  /** This run of the exchange: numbers of another run mean nothing. */
  readonly run: string;
  /** To be given as `after` next time. */
  readonly upTo: number;
  /** More has changed than is remembered, or in another run: everything is to be asked anew. */
  readonly isGap: boolean;
  readonly changed: readonly { readonly p: Pseudonym; readonly located: Located }[];
}

/** Changes that one answer looks through, and that are remembered. */
const NEWS_AT_ONCE = 2000;
const NEWS_MAX = 200_000;

export class LocatorExchange {
  readonly #log: AppendLog<Holders>;
  readonly #parts: ExchangeParts;
  readonly #run: string;
  /** Pseudonyms in the order in which they changed; the first has the number `#forgotten`. */
  #changes: Pseudonym[] = [];
  #forgotten = 0;

  private constructor(log: AppendLog<Holders>, parts: ExchangeParts) {
    this.#log = log;
    this.#parts = parts;
    this.#run = parts.ids.next();
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
      this.#changes.push(p);
      writes.push(Object.keys(after).length === 0 ? this.#log.delete(p) : this.#log.put(p, after));
    }
    if (this.#changes.length > NEWS_MAX) {
      const half = this.#changes.length >> 1;
      this.#changes = this.#changes.slice(half);
      this.#forgotten += half;
    }
    await Promise.all(writes);
    await this.#log.settled(); // what was put before and could not be written is acknowledged with this too
  }

  /** What has changed since `after` about people of whom `from` holds something, and about nobody else. */
  news(from: OdsCode, run: string, after: number): LocatorNews {
    const newest = this.#forgotten + this.#changes.length;
    if (run !== this.#run || after < this.#forgotten || after > newest)
      return { run: this.#run, upTo: newest, isGap: true, changed: [] };
    const some = this.#changes.slice(after - this.#forgotten, after - this.#forgotten + NEWS_AT_ONCE);
    const own = [...new Set(some)].filter((p) => from in (this.#log.entries.get(p) ?? {}));
    const changed = own.map((p) => ({ p, located: this.locate(p) }));
    return { run: this.#run, upTo: after + some.length, isGap: false, changed };
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
