/**
 * One custodian from the source's side: a queue of people whose copy there is behind, and a worker that seals what has changed and
 * sends it. Each custodian has its own queue, so one that is out holds up nobody.
 */
import type { InstantMs, NhsNumber } from '../base/brands.ts';
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

/** A person's record as it is to be copied now; undefined where this node holds nothing to copy. */
export interface PersonNow {
  readonly p: Pseudonym;
  readonly policy: CopySegment['policy'];
  readonly refusal?: CopySegment['refusal'];
  readonly entries: readonly CopyEntry[];
}

export interface TargetParts {
  readonly source: DirectoryEntry;
  readonly target: () => DirectoryEntry | undefined;
  /** Which of the three shares the target holds. */
  readonly shareIndex: number;
  readonly client: PeerClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly record: (nhsNumber: NhsNumber) => Promise<PersonNow>;
  readonly keyOf: (p: Pseudonym) => Buffer;
  readonly sharesOf: (p: Pseudonym) => Promise<{ readonly set: string; readonly shares: readonly Buffer[] }>;
}

interface Sent {
  readonly name: string;
  readonly deltas: number;
  readonly versions: ReadonlyMap<string, InstantMs>;
}

const AT_ONCE = 25;
const BYTES_AT_ONCE = 4_000_000;
const CALL_MS = 5000;
const RETRY_MS = 300;
/** After this many deltas a new base: an opening reads few segments, and points in time stay cheap. */
const DELTAS_MAX = 30;
const SENT_MAX = 20_000;

export class CopyTarget {
  readonly #parts: TargetParts;
  /** People to push; those whose record was narrowed (dissent, deletion, merge) go first. */
  readonly #urgent = new Set<NhsNumber>();
  readonly #dirty = new Set<NhsNumber>();
  readonly #sent = new Map<Pseudonym, Sent>();
  #made = 0;
  #working: Promise<void> | undefined;
  #closed = false;

  constructor(parts: TargetParts) {
    this.#parts = parts;
  }

  push(nhsNumbers: Iterable<NhsNumber>, isUrgent: boolean): void {
    for (const number of nhsNumbers) (isUrgent ? this.#urgent : this.#dirty).add(number);
    if (this.#urgent.size + this.#dirty.size > 0) this.#wake();
  }

  /** People whose copy is behind. */
  waiting(): number {
    return this.#urgent.size + this.#dirty.size + (this.#working === undefined ? 0 : 1);
  }

  /** Tells the custodian what it is through; false where it did not hear it, or something waits. */
  async through(state: SourceState): Promise<boolean> {
    if (this.waiting() > 0) return false;
    return (await this.#send(encodePush({ segments: [], shares: [], through: state }))) !== undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
  }

  #wake(): void {
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
      if (!this.#closed && this.#urgent.size + this.#dirty.size > 0) this.#wake();
    });
  }

  async #work(): Promise<void> {
    while (!this.#closed && this.#urgent.size + this.#dirty.size > 0) {
      const numbers = [...this.#urgent, ...this.#dirty].slice(0, AT_ONCE);
      for (const number of numbers) {
        this.#urgent.delete(number);
        this.#dirty.delete(number);
      }
      const left = await this.#pushNow(numbers);
      for (const number of left) this.#dirty.add(number);
      if (left.length > 0 && !this.#closed) await new Promise((done) => setTimeout(done, RETRY_MS));
    }
  }

  /** Numbers that could not be pushed. */
  async #pushNow(numbers: readonly NhsNumber[]): Promise<readonly NhsNumber[]> {
    const segments: PushedSegment[] = [];
    const after = new Map<Pseudonym, { readonly sent: Sent; readonly nhsNumber: NhsNumber }>();
    const left: NhsNumber[] = [];
    let bytes = 0;
    try {
      for (const nhsNumber of numbers) {
        if (bytes > BYTES_AT_ONCE) {
          left.push(nhsNumber);
          continue;
        }
        const made = await this.#segment(await this.#parts.record(nhsNumber));
        if (made === undefined) continue;
        segments.push(made.segment);
        bytes += made.segment.sealed.length;
        after.set(made.segment.p, { sent: made.sent, nhsNumber });
      }
    } catch (error) {
      this.#parts.log.error({ error: String(error) }, 'a copy could not be made; it is tried again');
      return numbers;
    }
    if (segments.length === 0) return left;
    const shelved = await this.#send(encodePush({ segments, shares: [] }));
    if (shelved === undefined) return numbers;
    if (shelved.held.length > 0)
      this.#parts.log.warn(
        { people: shelved.held.length },
        'a custodian holds back copies that lost most of their entries',
      );
    const missing = new Set(shelved.missing);
    for (const [p, { sent, nhsNumber }] of after) {
      if (missing.has(p)) {
        this.#sent.delete(p);
        left.push(nhsNumber);
      } else this.#remember(p, sent);
    }
    return left;
  }

  async #segment(now: PersonNow): Promise<{ segment: PushedSegment; sent: Sent } | undefined> {
    const { p, entries } = now;
    const known = this.#sent.get(p);
    const before = known !== undefined && known.deltas < DELTAS_MAX ? known : undefined;
    const versions = new Map(entries.map((entry) => [`${entry.type}/${entry.id}`, entry.lastUpdated]));
    const changed = entries.filter(
      (entry) => before?.versions.get(`${entry.type}/${entry.id}`) !== entry.lastUpdated,
    );
    const removed = [...(before?.versions.keys() ?? [])].filter((key) => !versions.has(key));
    const name = `${this.#parts.clock.now().toString(36).padStart(9, '0')}-${(this.#made++ % 46_656).toString(36).padStart(3, '0')}`;
    const after = before?.name ?? '';
    const inside: CopySegment = {
      policy: now.policy,
      ...(now.refusal === undefined ? {} : { refusal: now.refusal }),
      entries: changed,
      removed,
    };
    const place = { source: this.#parts.source.ods, p, name, after };
    const sealed = sealSegment(this.#parts.keyOf(p), place, encodeSegment(inside));
    const share = after === '' ? await this.#share(p) : undefined;
    const head = { p, name, after, count: entries.length, isClosed: now.refusal !== undefined, sealed };
    return {
      segment: share === undefined ? head : { ...head, share },
      sent: { name, versions, deltas: before === undefined ? 0 : before.deltas + 1 },
    };
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
    if (answer.kind !== 'answer' || answer.status !== 200) return undefined;
    try {
      return JSON.parse(answer.body.toString()) as Shelved;
    } catch {
      return undefined;
    }
  }
}
