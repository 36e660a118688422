/**
 * One custodian from the source's side: a queue of people whose copy there is behind, and a worker that seals
 * what has changed and sends it. Each custodian has its own queue, so one that is out holds up nobody.
 */
import type { NhsNumber, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { CopyEntry, CopySegment } from './copy-segment.ts';
import { encodeSegment } from './copy-segment.ts';
import type { Shelved } from './copy-shelf.ts';
import { encodePush, type PushedSegment } from './copy-wire.ts';
import type { DirectoryEntry } from './directory.ts';
import { machinery } from './node-token.ts';
import type { PeerClient } from './peer-client.ts';
import type { Pseudonym } from './pseudonym.ts';
import { sealSegment, sealTo } from './sealing.ts';
import type { SourceState } from './source-answer.ts';

/** A person's record as it is to be copied now. */
export interface PersonNow {
  readonly p: Pseudonym;
  readonly policy: CopySegment['policy'];
  readonly refusal?: CopySegment['refusal'];
  readonly entries: readonly CopyEntry[];
  /** `Type/id` → version of each entry. */
  readonly versions: ReadonlyMap<string, string>;
}

export interface TargetParts {
  readonly source: DirectoryEntry;
  readonly custodian: OdsCode;
  readonly target: () => DirectoryEntry | undefined;
  /** Which of the three shares the target holds. */
  readonly shareIndex: number;
  readonly client: PeerClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined where there is nothing to copy, and never was. */
  readonly record: (nhsNumber: NhsNumber) => Promise<PersonNow | undefined>;
  readonly keyOf: (p: Pseudonym) => Buffer;
  readonly sharesOf: (p: Pseudonym) => Promise<{ readonly set: string; readonly shares: readonly Buffer[] }>;
  /** Everything in the queue was pushed. */
  readonly onIdle: () => void;
  /** Which shelf answered. */
  readonly onShelf: (shelf: string) => void;
}

/**
 * `first`: narrowed (dissent, deletion, merge). `last`: only something that the record refers to has changed.
 */
export type Urgency = 'first' | 'soon' | 'last';

interface Sent {
  readonly name: string;
  readonly deltas: number;
  readonly versions: ReadonlyMap<string, string>;
  /** Policy and refusal, to see whether they changed. */
  readonly rules: string;
}

const AT_ONCE = 25;
const BYTES_AT_ONCE = 4_000_000;
const CALL_MS = 5000;
const RETRY_MS = 300;
/** After this many deltas a new base: an opening reads few segments, and points in time stay cheap. */
const DELTAS_MAX = 30;
const SENT_MAX = 20_000;

export class CopyTarget {
  readonly custodian: OdsCode;
  readonly #parts: TargetParts;
  readonly #queues: Readonly<Record<Urgency, Set<NhsNumber>>> = {
    first: new Set(),
    soon: new Set(),
    last: new Set(),
  };
  readonly #sent = new Map<Pseudonym, Sent>();
  /** Time in the newest segment's name: names only go up, whatever the clock does. */
  #lastMs = 0;
  #made = 0;
  #working: Promise<void> | undefined;
  #telling = false;
  #closed = false;
  /** Everybody is being put in the queue: nothing is whole before that is done. */
  isFilling = false;

  constructor(parts: TargetParts) {
    this.#parts = parts;
    this.custodian = parts.custodian;
  }

  push(nhsNumbers: Iterable<NhsNumber>, urgency: Urgency): void {
    for (const number of nhsNumbers) this.#queues[urgency].add(number);
    if (this.#queued() > 0) this.#wake();
  }

  /** People whose copy is behind. */
  waiting(): number {
    return this.#queued() + (this.#working === undefined ? 0 : 1) + (this.isFilling ? 1 : 0);
  }

  /** What was sent is no longer there: the next push of everybody is a base. */
  forget(): void {
    this.#sent.clear();
  }

  /** Tells the custodian what it is through; false where it did not hear it, or something waits. */
  async through(state: SourceState): Promise<boolean> {
    if (this.#telling || this.waiting() > 0) return false;
    this.#telling = true;
    try {
      return (await this.#send(encodePush({ segments: [], shares: [], through: state }))) !== undefined;
    } finally {
      this.#telling = false;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
  }

  #queued(): number {
    const { first, soon, last } = this.#queues;
    return first.size + soon.size + last.size;
  }

  #wake(): void {
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
      if (!this.#closed && this.#queued() > 0) this.#wake();
      else this.#parts.onIdle();
    });
  }

  async #work(): Promise<void> {
    const { first, soon, last } = this.#queues;
    while (!this.#closed && this.#queued() > 0) {
      const numbers = new Set([...first, ...soon, ...last].slice(0, AT_ONCE));
      for (const number of numbers) for (const queue of [first, soon, last]) queue.delete(number);
      const left = await this.#pushNow(numbers);
      for (const number of left) soon.add(number);
      if (left.length > 0 && !this.#closed) await new Promise((done) => setTimeout(done, RETRY_MS));
    }
  }

  /** Numbers that could not be pushed. */
  async #pushNow(numbers: ReadonlySet<NhsNumber>): Promise<readonly NhsNumber[]> {
    const segments: PushedSegment[] = [];
    const made = new Map<Pseudonym, { readonly sent: Sent; readonly nhsNumber: NhsNumber }>();
    const left: NhsNumber[] = [];
    let bytes = 0;
    for (const nhsNumber of numbers) {
      if (bytes > BYTES_AT_ONCE) {
        left.push(nhsNumber);
        continue;
      }
      try {
        const now = await this.#parts.record(nhsNumber);
        const one = now === undefined ? undefined : await this.#segment(now);
        if (one === undefined) continue;
        segments.push(one.segment);
        bytes += one.segment.sealed.length;
        made.set(one.segment.p, { sent: one.sent, nhsNumber });
      } catch (error) {
        this.#parts.log.error({ error: String(error) }, 'a copy could not be made; it is tried again');
        left.push(nhsNumber);
      }
    }
    if (segments.length === 0) return left;
    const shelved = await this.#send(encodePush({ segments, shares: [] }));
    if (shelved === undefined) return [...numbers];
    return [...left, ...this.#shelved(shelved, made)];
  }

  /** Remembers what is there now; the numbers of those that have to be pushed again. */
  #shelved(
    { missing, held, newestMs }: Shelved,
    made: ReadonlyMap<Pseudonym, { readonly sent: Sent; readonly nhsNumber: NhsNumber }>,
  ): NhsNumber[] {
    if (newestMs !== undefined) this.#lastMs = Math.max(this.#lastMs, newestMs + 1);
    if (held.length > 0)
      this.#parts.log.warn(
        { people: held.length, custodian: this.custodian },
        'a custodian holds back copies that lost most of their entries',
      );
    const again: NhsNumber[] = [];
    for (const [p, { sent, nhsNumber }] of made) {
      if (missing.includes(p)) again.push(nhsNumber);
      // one that is held back is followed by a base, which is measured against the last good state and not
      // against what was held
      if (missing.includes(p) || held.includes(p)) this.#sent.delete(p);
      else this.#remember(p, sent);
    }
    return again;
  }

  /** Undefined where the custodian has all of it. */
  async #segment(now: PersonNow): Promise<{ segment: PushedSegment; sent: Sent } | undefined> {
    const { p, entries, versions, policy, refusal } = now;
    const known = this.#sent.get(p);
    const before = known !== undefined && known.deltas < DELTAS_MAX ? known : undefined;
    const changed = entries.filter(({ type, id }) => {
      const key = `${type}/${id}`;
      return before === undefined || before.versions.get(key) !== versions.get(key);
    });
    const removed = [...(before?.versions.keys() ?? [])].filter((key) => !versions.has(key));
    const rules = JSON.stringify([policy, refusal]);
    if (before?.rules === rules && changed.length + removed.length === 0) return undefined;
    const name = this.#name();
    const after = before?.name ?? '';
    const inside: CopySegment = {
      policy,
      ...(refusal === undefined ? {} : { refusal }),
      entries: changed,
      removed,
    };
    const place = { source: this.#parts.source.ods, p, name, after };
    const sealed = sealSegment(this.#parts.keyOf(p), place, encodeSegment(inside));
    const share = after === '' ? await this.#share(p) : undefined;
    const head = { p, name, after, count: entries.length, isClosed: refusal !== undefined, sealed };
    return {
      segment: share === undefined ? head : { ...head, share },
      sent: { name, versions, rules, deltas: before === undefined ? 0 : before.deltas + 1 },
    };
  }

  #name(): string {
    const now = this.#parts.clock.now();
    if (now > this.#lastMs) {
      this.#lastMs = now;
      this.#made = 0;
    } else if (++this.#made > COUNT_MAX) {
      this.#lastMs++;
      this.#made = 0;
    }
    return `${this.#lastMs.toString(36).padStart(9, '0')}-${this.#made.toString(36).padStart(3, '0')}`;
  }

  async #share(p: Pseudonym): Promise<{ set: string; sealed: Buffer }> {
    const { set, shares } = await this.#parts.sharesOf(p);
    const share = shares[this.#parts.shareIndex];
    const target = this.#parts.target();
    if (share === undefined || target === undefined) throw new Error('there is no such share or custodian');
    return { set, sealed: sealTo(target.sealingKey, share) };
  }

  #remember(p: Pseudonym, sent: Sent): void {
    if (this.#sent.size >= SENT_MAX) this.#sent.clear(); // what is forgotten begins again with a base
    this.#sent.set(p, sent);
  }

  async #send(body: Buffer): Promise<Shelved | undefined> {
    const target = this.#parts.target();
    if (target === undefined) return undefined;
    const { actor, purpose, requestId } = machinery(this.#parts.source.ods, 'copies');
    const answer = await this.#parts.client.call({
      to: target.ods,
      url: target.url,
      method: 'POST',
      path: '/copies/push',
      actor,
      purpose,
      requestId,
      body,
      timeoutMs: CALL_MS,
      bytesMax: 1_000_000,
    });
    const shelved = answer.kind === 'answer' && answer.status === 200 ? shelvedIn(answer.body) : undefined;
    if (shelved !== undefined && !this.#closed) this.#parts.onShelf(shelved.shelf);
    return shelved;
  }
}

/** Names made in one millisecond that sort: three digits in base 36. */
const COUNT_MAX = 46_655;

/** What a shelf says of a push; undefined where it makes no sense. */
export function shelvedIn(body: Buffer): Shelved | undefined {
  try {
    const shelved = JSON.parse(body.toString()) as Shelved;
    const { missing, held, shelf, newestMs } = shelved;
    const isOne =
      Array.isArray(missing) &&
      Array.isArray(held) &&
      typeof shelf === 'string' &&
      (newestMs === undefined || Number.isInteger(newestMs));
    return isOne ? shelved : undefined;
  } catch {
    return undefined;
  }
}
