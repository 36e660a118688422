/**
 * A node's side of the locator: it tells the exchange which people it holds something about (as pseudonyms),
 * and keeps the answers for those people, and only those, so that the exchange may be dead.
 */

import { isProtectedPerson } from '../access/share-policy.ts';
import { type NhsNumber, type OdsCode, odsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { PersonIndex } from '../records/person-index.ts';
import { AppendLog } from './append-log.ts';
import type { Located, LocatorNews, Pointer } from './locator-exchange.ts';
import { machinery } from './node-token.ts';
import type { PeerClient } from './peer-client.ts';
import { isPseudonym, type Pseudonym, type Pseudonymise } from './pseudonym.ts';
import { isInstant } from './source-answer.ts';

interface LocatorParts {
  readonly ods: OdsCode;
  /** Undefined until the directory says where it is. */
  readonly exchange: () => { readonly ods: OdsCode; readonly url: string } | undefined;
  /** Known to be out: not worth waiting for. */
  readonly isExchangeOut: () => boolean;
  readonly client: PeerClient;
  readonly persons: PersonIndex;
  readonly pseudonymise: Pseudonymise;
  /** This service's being there must not show: it tells nothing. */
  readonly isProtected: boolean;
  /** Answers kept from before, and where they are kept. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
}

const PAGE = 500;
const CALL_MS = 5000;
const QUICK_MS = 200;
const BYTES_MAX = 4_000_000;
const RETRY_MS = 1000;
/** How often the exchange is asked what is new of people known here, and whether it still has all. */
const CHECK_MS = 1000;
/** Every pointer is told anew this often, which also renews the answers kept. */
const RENEW_MS = 3_600_000;
/** An answer younger than this is used again; an older one only where the exchange does not answer. */
const FRESH_MS = 500;

/** What the exchange answers: for each pseudonym, and whom no answer speaks for. */
interface Answer {
  readonly located: readonly Located[];
  readonly silent: readonly OdsCode[];
}

/** The answer for one person, with the organisations that the exchange cannot speak for. */
export interface LocatorAnswer extends Located {
  readonly silent: readonly OdsCode[];
}

export class Locator {
  readonly #parts: LocatorParts;
  readonly #kept: AppendLog<Located>;
  readonly #dirty = new Set<NhsNumber>();
  #timer: NodeJS.Timeout | undefined;
  #working = false;
  #closed = false;
  #cursor: string | undefined;
  #isAll = false;
  #renewedAt = 0;
  /** How far this node has heard what is new at the exchange. */
  #news: Pick<LocatorNews, 'run' | 'upTo'> = { run: '', upTo: 0 };
  #silent: readonly OdsCode[] = [];
  #stop: () => void = () => undefined;

  private constructor(parts: LocatorParts, kept: AppendLog<Located>) {
    this.#parts = parts;
    this.#kept = kept;
  }

  static async open(parts: LocatorParts): Promise<Locator> {
    return new Locator(parts, await AppendLog.open<Located>(parts.path));
  }

  start(): void {
    this.#stop = this.#parts.persons.onChanged((numbers) => {
      for (const number of numbers) this.#dirty.add(number);
      this.#soon(0);
    });
    this.#soon(0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stop();
    clearTimeout(this.#timer);
    await this.#kept.close();
  }

  /** True when everything this node holds has been told to the exchange. */
  isPublished(): boolean {
    return this.#isAll && this.#dirty.size === 0 && !this.#working;
  }

  /** Where something is held about this person; undefined where nobody can say now and nothing was kept. */
  async locate(nhsNumber: NhsNumber): Promise<LocatorAnswer | undefined> {
    const p = this.#parts.pseudonymise(nhsNumber);
    const kept = this.#kept.entries.get(p);
    const isFresh = kept !== undefined && this.#parts.clock.now() - kept.at < FRESH_MS;
    const located = isFresh || this.#parts.isExchangeOut() ? kept : ((await this.#ask(nhsNumber, p)) ?? kept);
    return located === undefined ? undefined : { ...located, silent: this.#silent };
  }

  /**
   * An answer that leaves this node out, of somebody it has told of, is that of an exchange that lost
   * pointers: it is not used.
   */
  async #ask(nhsNumber: NhsNumber, p: Pseudonym): Promise<Located | undefined> {
    const [located] = (await this.#call('/locator/lookup', { pseudonyms: [p] }, QUICK_MS))?.located ?? [];
    if (located === undefined) return undefined;
    const isNamed = located.sources.includes(this.#parts.ods);
    if (isNamed) this.#keep(p, located);
    else if ((await this.#pointer(nhsNumber))?.holds === true) {
      this.#dirty.add(nhsNumber);
      this.#soon(0);
      return undefined;
    }
    return located;
  }

  #keep(p: Pseudonym, located: Located): void {
    if (!this.#closed) this.#kept.put(p, located).catch((error: unknown) => this.#notKept(error));
  }

  #forget(p: Pseudonym): void {
    if (!this.#closed) this.#kept.delete(p).catch((error: unknown) => this.#notKept(error));
  }

  #notKept(error: unknown): void {
    this.#parts.log.warn({ error: String(error) }, 'a pointer was not kept');
  }

  #soon(ms: number): void {
    if (this.#closed || this.#working) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#work(), ms);
  }

  async #work(): Promise<void> {
    this.#working = true;
    let isDone = false;
    try {
      isDone = (await this.#publishChanged()) && (await this.#publishAll());
    } catch (error) {
      this.#parts.log.warn({ error: String(error) }, 'the locator feed stumbled and goes on');
    }
    this.#working = false;
    if (!isDone) this.#soon(RETRY_MS);
    else this.#soon(this.#dirty.size > 0 ? 0 : CHECK_MS);
  }

  /** Pointers of people whose answer may have changed. False where the exchange did not take them. */
  async #publishChanged(): Promise<boolean> {
    while (this.#dirty.size > 0) {
      const numbers = [...this.#dirty].slice(0, PAGE);
      for (const number of numbers) this.#dirty.delete(number);
      if (!(await this.#publish(numbers, false))) {
        for (const number of numbers) this.#dirty.add(number);
        return false;
      }
    }
    return true;
  }

  /**
   * Everybody, page by page, from where it stopped: at first, once an hour, and where the exchange no longer
   * has it.
   */
  async #publishAll(): Promise<boolean> {
    if (this.#isAll && this.#parts.clock.monotonicMs() - this.#renewedAt < RENEW_MS) {
      if (this.#parts.isExchangeOut() || (await this.#hearNews())) return true;
      this.#isAll = false;
    }
    // asked first, so that what others tell while this node is at it is news afterwards
    await this.#hearNews();
    for (;;) {
      const page = await this.#parts.persons.people(this.#cursor, PAGE);
      const numbers = [...new Set(page.entries.map((entry) => entry.nhsNumber))];
      if (!(await this.#publish(numbers, page.next === undefined))) return false;
      this.#cursor = page.next;
      if (page.next === undefined) break;
    }
    this.#isAll = true;
    this.#renewedAt = this.#parts.clock.monotonicMs();
    return true;
  }

  /**
   * Keeps what is new about people known here, so that the answers kept are right when the exchange dies.
   * False where it has to be told everything again, and asked for everything: it has lost what it had, or was
   * started again.
   */
  async #hearNews(): Promise<boolean> {
    for (;;) {
      const { run, upTo } = this.#news;
      const body = { run, after: upTo };
      const news = (await this.#post('/locator/news', body, CALL_MS)) as Partial<LocatorNews & Answer>;
      const { changed = [], silent } = news;
      // where it does not answer, all stays as it is
      if (!isCodes(silent) || !changed.every((one) => isPseudonym(one.p) && isLocated(one.located)))
        return true;
      this.#silent = silent;
      this.#news = { run: String(news.run), upTo: Number(news.upTo) };
      for (const { p, located } of changed) this.#keep(p, located);
      if (news.isGap === true || silent.includes(this.#parts.ods)) return false;
      if (this.#news.upTo === upTo || this.#closed) return true;
    }
  }

  /**
   * What the exchange is to know; undefined where it is to hear nothing at all, not even that nothing is
   * held.
   */
  async #pointer(nhsNumber: NhsNumber): Promise<Pointer | undefined> {
    const { persons, isProtected, pseudonymise } = this.#parts;
    const p = pseudonymise(nhsNumber);
    const match = await persons.locate(nhsNumber);
    if (match.kind === 'none') return { p, holds: false };
    if (isProtected || isProtectedPerson(await persons.sharePolicy(match.patients)))
      return this.#kept.entries.has(p) ? { p, holds: false } : undefined; // once told, it is taken back
    return match.kind === 'one' && match.practice !== undefined
      ? { p, holds: true, practice: match.practice }
      : { p, holds: true };
  }

  async #publish(numbers: readonly NhsNumber[], isAll: boolean): Promise<boolean> {
    const all = await Promise.all(numbers.map((number) => this.#pointer(number)));
    const pointers = all.filter((pointer) => pointer !== undefined);
    if (pointers.length === 0 && !isAll) return true;
    const answer = await this.#call('/locator/publish', { pointers, isAll }, CALL_MS);
    if (answer === undefined) return false;
    pointers.forEach(({ p, holds }, i) => {
      const located = answer.located[i];
      if (located === undefined) return;
      if (holds) this.#keep(p, located);
      else this.#forget(p);
    });
    return true;
  }

  async #call(path: string, body: object, timeoutMs: number): Promise<Answer | undefined> {
    const { located, silent } = (await this.#post(path, body, timeoutMs)) as Partial<Answer>;
    if (!Array.isArray(located) || !located.every(isLocated) || !isCodes(silent)) return undefined;
    this.#silent = silent;
    return { located, silent };
  }

  /** What the exchange answers; an object without anything in it where it does not. */
  async #post(path: string, body: object, timeoutMs: number): Promise<object> {
    const { ods, client } = this.#parts;
    const exchange = this.#parts.exchange();
    if (exchange === undefined) return {};
    const { actor, purpose, requestId } = machinery(ods, 'locator');
    const answer = await client.call({
      to: exchange.ods,
      url: exchange.url,
      method: 'POST',
      path,
      actor,
      purpose,
      requestId,
      body: Buffer.from(JSON.stringify(body)),
      timeoutMs,
      bytesMax: BYTES_MAX,
    });
    if (answer.kind !== 'answer' || answer.status !== 200) return {};
    try {
      const value: unknown = JSON.parse(answer.body.toString());
      return typeof value === 'object' && value !== null ? value : {};
    } catch {
      return {};
    }
  }
}

function isLocated(one: Located): boolean {
  return isCodes(one.sources) && isCodes(one.practices) && isInstant(one.at);
}

const isCodes = (codes: unknown): codes is readonly OdsCode[] =>
  Array.isArray(codes) && codes.every((code) => odsCode(String(code)) === code);
