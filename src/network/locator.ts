/**
 * A node's side of the locator: it tells the exchange which people it holds something about (as pseudonyms), and keeps the answers for
 * those people, and only those, so that the exchange may be dead.
 */

import type { InstantMs, NhsNumber, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { PersonIndex } from '../records/person-index.ts';
import { AppendLog } from './append-log.ts';
import type { Located, Pointer } from './locator-exchange.ts';
import { machinery } from './node-token.ts';
import type { PeerClient } from './peer-client.ts';
import type { Pseudonym, Pseudonymise } from './pseudonym.ts';

interface LocatorParts {
  readonly ods: OdsCode;
  /** Undefined until the directory says where it is. */
  readonly exchange: () => { readonly ods: OdsCode; readonly url: string } | undefined;
  /** Known to be out: not worth waiting for. */
  readonly isExchangeOut: () => boolean;
  readonly client: PeerClient;
  readonly persons: PersonIndex;
  readonly pseudonymise: Pseudonymise;
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
/** Every pointer is told anew this often, which also renews the answers kept. */
const RENEW_MS = 3_600_000;
/** An answer younger than this is used again; an older one only where the exchange does not answer. */
const FRESH_MS = 500;

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
  async locate(nhsNumber: NhsNumber): Promise<Located | undefined> {
    const p = this.#parts.pseudonymise(nhsNumber);
    const kept = this.#kept.entries.get(p);
    if (kept !== undefined && this.#parts.clock.now() - kept.at < FRESH_MS) return kept;
    if (this.#parts.isExchangeOut()) return kept;
    return (await this.#ask(p, QUICK_MS)) ?? kept;
  }

  async #ask(p: Pseudonym, timeoutMs: number): Promise<Located | undefined> {
    const answers = await this.#call('/locator/lookup', { pseudonyms: [p] }, timeoutMs);
    const located = answers?.[0];
    if (located !== undefined && !this.#closed && located.sources.includes(this.#parts.ods))
      this.#keep(p, located);
    return located;
  }

  #keep(p: Pseudonym, located: Located): void {
    if (this.#closed) return;
    this.#kept
      .put(p, located)
      .catch((error: unknown) => this.#parts.log.warn({ error: String(error) }, 'a pointer was not kept'));
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
    else this.#soon(this.#dirty.size > 0 ? 0 : RENEW_MS);
  }

  /** Pointers of people whose answer may have changed. False where the exchange did not take them. */
  async #publishChanged(): Promise<boolean> {
    while (this.#dirty.size > 0) {
      const numbers = [...this.#dirty].slice(0, PAGE);
      for (const number of numbers) this.#dirty.delete(number);
      const pointers = await Promise.all(numbers.map((number) => this.#pointer(number)));
      if (!(await this.#publish(pointers))) {
        for (const number of numbers) this.#dirty.add(number);
        return false;
      }
    }
    return true;
  }

  /** Everybody, page by page, from where it stopped. */
  async #publishAll(): Promise<boolean> {
    if (this.#isAll && this.#parts.clock.monotonicMs() - this.#renewedAt < RENEW_MS) return true;
    for (;;) {
      const page = await this.#parts.persons.people(this.#cursor, PAGE);
      const numbers = [...new Set(page.entries.map((entry) => entry.nhsNumber))];
      const pointers = await Promise.all(numbers.map((number) => this.#pointer(number)));
      if (pointers.length > 0 && !(await this.#publish(pointers))) return false;
      this.#cursor = page.next;
      if (page.next === undefined) break;
    }
    this.#isAll = true;
    this.#renewedAt = this.#parts.clock.monotonicMs();
    return true;
  }

  async #pointer(nhsNumber: NhsNumber): Promise<Pointer> {
    const match = await this.#parts.persons.locate(nhsNumber);
    const p = this.#parts.pseudonymise(nhsNumber);
    if (match.kind === 'none') return { p, holds: false };
    return match.kind === 'one' && match.practice !== undefined
      ? { p, holds: true, practice: match.practice }
      : { p, holds: true };
  }

  async #publish(pointers: readonly Pointer[]): Promise<boolean> {
    const answers = await this.#call('/locator/publish', { pointers }, CALL_MS);
    if (answers === undefined) return false;
    pointers.forEach(({ p, holds }, i) => {
      const located = answers[i];
      if (located === undefined) return;
      if (holds) this.#keep(p, located);
      else if (!this.#closed) void this.#kept.delete(p);
    });
    return true;
  }

  async #call(path: string, body: object, timeoutMs: number): Promise<readonly Located[] | undefined> {
    const { ods, client } = this.#parts;
    const exchange = this.#parts.exchange();
    if (exchange === undefined) return undefined;
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
    if (answer.kind !== 'answer' || answer.status !== 200) return undefined;
    try {
      const { located } = JSON.parse(answer.body.toString()) as { located: readonly Located[] };
      return located.every(isLocated) ? located : undefined;
    } catch {
      return undefined;
    }
  }
}

function isLocated(one: Located): boolean {
  return Array.isArray(one.sources) && Array.isArray(one.practices) && Number.isFinite(one.at as InstantMs);
}
