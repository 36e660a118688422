/**
 * A custodian's shelf (and a guardian's): other organisations' sealed segments and its own shares of their keys. Nothing on it can be
 * read here. Keeps points in time, and holds back a push that would make most of a record vanish.
 */
import type { InstantMs, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { Settings } from '../base/settings.ts';
import type { Blobs } from '../store/store.ts';
import { AppendLog } from './append-log.ts';
import type { Push, PushedSegment, Released, SealedShare, SegmentHead } from './copy-wire.ts';
import type { Pseudonym } from './pseudonym.ts';
import type { SourceState } from './source-answer.ts';

interface ShelfParts {
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly settings: Pick<Settings, 'copyKeepDays' | 'copyShrinkBrakePercent'>;
  /** Keeps what each source last said it is through. */
  readonly throughPath: string;
  /** Opens a share that was sealed to this node. */
  readonly unseal: (sealed: Buffer) => Buffer;
}

/** What became of a push. */
export interface Shelved {
  /** People whose segment follows one that is not here: the source begins again with a base. */
  readonly missing: readonly Pseudonym[];
  /** People whose push is kept aside, since it would remove most of the record; the state before it goes on being served. */
  readonly held: readonly Pseudonym[];
}

type KeptHead = SegmentHead & { readonly held: boolean };
interface Kept {
  readonly head: KeptHead;
  readonly sealed: Buffer;
}

/** Records smaller than this may vanish at once: there is no pattern in a few entries. */
const BRAKE_FROM = 10;
const LIST = 200;
const DAY_MS = 86_400_000;

export class CopyShelf {
  readonly #parts: ShelfParts;
  readonly #through: AppendLog<SourceState>;

  private constructor(parts: ShelfParts, through: AppendLog<SourceState>) {
    this.#parts = parts;
    this.#through = through;
  }

  static async open(parts: ShelfParts): Promise<CopyShelf> {
    return new CopyShelf(parts, await AppendLog.open<SourceState>(parts.throughPath));
  }

  close(): Promise<void> {
    return this.#through.close();
  }

  /** Durable when it resolves. A source pushes its own copies only: `source` is who signed the call. */
  async accept(source: OdsCode, push: Push): Promise<Shelved> {
    const missing: Pseudonym[] = [];
    const held: Pseudonym[] = [];
    for (const { p, set, sealed } of push.shares) await this.#putShare(source, p, { set, sealed });
    for (const segment of push.segments) {
      const outcome = await this.#acceptSegment(source, segment);
      if (outcome === 'missing') missing.push(segment.p);
      if (outcome === 'held') held.push(segment.p);
    }
    // a source that is told that something is missing is not through, whatever it thought when it sent this
    if (push.through !== undefined && missing.length === 0) await this.#through.put(source, push.through);
    return { missing, held };
  }

  async #acceptSegment(source: OdsCode, segment: PushedSegment): Promise<'kept' | 'missing' | 'held'> {
    const kept = await this.#heads(source, segment.p);
    const before = segment.after === '' ? undefined : kept.find((one) => one.name === segment.after);
    if (segment.after !== '' && before === undefined) return 'missing';
    const lastGood = kept.findLast((one) => !one.held);
    const held = before?.held === true || (!segment.isClosed && this.#isBraked(lastGood, segment));
    const { sealed, share, ...rest } = segment;
    if (share !== undefined) await this.#putShare(source, segment.p, share);
    const head: KeptHead = { ...rest, held };
    await this.#parts.blobs.put(space(source), nameOf(segment.p, segment.name), withHead(head, sealed));
    if (segment.after === '') await this.#prune(source, segment.p, kept);
    return held ? 'held' : 'kept';
  }

  #isBraked(before: SegmentHead | undefined, segment: SegmentHead): boolean {
    if (before === undefined || before.count < BRAKE_FROM) return false;
    return segment.count < before.count * (1 - this.#parts.settings.copyShrinkBrakePercent / 100);
  }

  /** Drops what is older than is kept, but never the newest good base before that age: a point in time needs the base that it stands on. */
  async #prune(source: OdsCode, p: Pseudonym, kept: readonly KeptHead[]): Promise<void> {
    const oldest = this.#parts.clock.now() - this.#parts.settings.copyKeepDays * DAY_MS;
    const old = kept.filter((head) => timeOf(head.name) < oldest);
    const lastBase = old.findLast((head) => head.after === '' && !head.held);
    for (const head of old) {
      if (lastBase !== undefined && head.name < lastBase.name)
        await this.#parts.blobs.delete(space(source), nameOf(p, head.name));
    }
  }

  /** This node's share and, of a custodian, the segments that make the record as it was at `at`. Undefined where it holds no share. */
  async release(source: OdsCode, p: Pseudonym, at: InstantMs): Promise<Released | undefined> {
    const kept = await this.#parts.blobs.get(shareSpace(source), p);
    if (kept === undefined) return undefined;
    const { head, rest } = cut<{ set: string }>(kept);
    const through = this.#through.entries.get(source);
    return {
      set: head.set,
      share: this.#parts.unseal(rest),
      segments: await this.#chain(source, p, at),
      ...(through === undefined ? {} : { through }),
    };
  }

  async #chain(source: OdsCode, p: Pseudonym, at: InstantMs): Promise<Released['segments']> {
    const heads = (await this.#heads(source, p)).filter((head) => !head.held && timeOf(head.name) <= at);
    const base = heads.findLastIndex((head) => head.after === '');
    if (base < 0) return [];
    const chain: (SegmentHead & { sealed: Buffer })[] = [];
    for (const head of heads.slice(base)) {
      if (chain.length > 0 && head.after !== chain.at(-1)?.name) break;
      const segment = await this.#segment(source, p, head.name);
      if (segment === undefined) break;
      const { held: _held, ...rest } = segment.head;
      chain.push({ ...rest, sealed: segment.sealed });
    }
    return chain;
  }

  async #heads(source: OdsCode, p: Pseudonym): Promise<KeptHead[]> {
    const heads: KeptHead[] = [];
    let after = `${p}.`;
    for (;;) {
      const names = await this.#parts.blobs.list(space(source), after, LIST);
      const own = names.filter((name) => name.startsWith(`${p}.`));
      for (const name of own) {
        const segment = await this.#segment(source, p, name.slice(p.length + 1));
        if (segment !== undefined) heads.push(segment.head);
      }
      if (own.length < LIST) return heads;
      after = own.at(-1) ?? after;
    }
  }

  async #segment(source: OdsCode, p: Pseudonym, name: string): Promise<Kept | undefined> {
    const bytes = await this.#parts.blobs.get(space(source), nameOf(p, name));
    if (bytes === undefined) return undefined;
    const { head, rest } = cut<KeptHead>(bytes);
    return { head, sealed: rest };
  }

  #putShare(source: OdsCode, p: Pseudonym, { set, sealed }: SealedShare): Promise<void> {
    return this.#parts.blobs.put(shareSpace(source), p, withHead({ set }, sealed));
  }
}

/** The moment in a segment's name. */
function timeOf(name: string): number {
  return Number.parseInt(name.slice(0, 9), 36);
}

const space = (source: OdsCode): string => `copy-${source}`;
const shareSpace = (source: OdsCode): string => `share-${source}`;
const nameOf = (p: Pseudonym, name: string): string => `${p}.${name}`;

function withHead(head: object, rest: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), rest]);
}

function cut<H>(bytes: Buffer): { head: H; rest: Buffer } {
  const end = bytes.indexOf(0x0a);
  return { head: JSON.parse(bytes.toString('utf8', 0, end)) as H, rest: bytes.subarray(end + 1) };
}
