/**
 * A custodian's shelf (and a guardian's): other organisations' sealed segments and its own shares of their
 * keys. Nothing on it can be read here. Keeps points in time, and holds back a push that would make most of a
 * record vanish. What a segment is stands in its blob's name, so that finding the newest reads no content.
 */
import type { InstantMs, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Settings } from '../base/settings.ts';
import type { Blobs } from '../store/store.ts';
import { AppendLog } from './append-log.ts';
import type { Push, PushedSegment, Released, SealedSegment, SealedShare, SegmentHead } from './copy-wire.ts';
import type { Pseudonym } from './pseudonym.ts';
import type { SourceState } from './source-answer.ts';

interface ShelfParts {
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly settings: Pick<Settings, 'copyKeepDays' | 'copyShrinkBrakePercent'>;
  /** Keeps what each source last said it is through. */
  readonly throughPath: string;
  /** Opens a share that was sealed to this node. */
  readonly unseal: (sealed: Buffer) => Buffer;
}

/** What became of a push. */
export interface Shelved {
  /**
   * People whose segment follows one that is not here, or is older than one that is: the source begins again
   * with a base.
   */
  readonly missing: readonly Pseudonym[];
  /**
   * People whose push is kept aside, since it would remove most of the record; the state before it goes on
   * being served.
   */
  readonly held: readonly Pseudonym[];
  /** This shelf: another one than before is an empty one, and everything is to be pushed again. */
  readonly shelf: string;
  /** The newest moment in a segment's name here, where a push was older: the source's clock has gone back. */
  readonly newestMs?: number;
}

type KeptHead = SegmentHead & { readonly held: boolean };

/** Records smaller than this may vanish at once: there is no pattern in a few entries. */
const BRAKE_FROM = 10;
const LIST = 500;
const DAY_MS = 86_400_000;
const ABOUT_SPACE = 'copy-shelf';

export class CopyShelf {
  readonly #parts: ShelfParts;
  readonly #through: AppendLog<SourceState>;
  readonly #held = new Set<string>();
  #id: Promise<string> | undefined;

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

  /** People whose newest push was held back since this node started. */
  heldBack(): number {
    return this.#held.size;
  }

  /** Durable when it resolves. A source pushes its own copies only: `source` is who signed the call. */
  async accept(source: OdsCode, push: Push): Promise<Shelved> {
    const missing: Pseudonym[] = [];
    const held: Pseudonym[] = [];
    let newestMs: number | undefined;
    const one = async (segment: PushedSegment): Promise<void> => {
      const outcome = await this.#acceptSegment(source, segment);
      if (outcome === 'held') held.push(segment.p);
      if (outcome !== 'held' && outcome !== 'kept') missing.push(segment.p);
      if (typeof outcome === 'number') newestMs = Math.max(newestMs ?? 0, outcome);
    };
    const perPerson = Map.groupBy(push.segments, ({ p }) => p);
    // side by side, so that one fsync serves many; one person's in order
    await Promise.all([
      ...push.shares.map(({ p, ...share }) => this.#putShare(source, p, share)),
      ...[...perPerson.values()].map(async (segments) => {
        for (const segment of segments) await one(segment);
      }),
    ]);
    // a source that is told that something is missing is not through, whatever it thought when it sent this
    if (push.through !== undefined && missing.length === 0) await this.#through.put(source, push.through);
    const shelf = await this.#name();
    return { missing, held, shelf, ...(newestMs === undefined ? {} : { newestMs }) };
  }

  /** In the store with the copies, so that it is lost with them. */
  #name(): Promise<string> {
    const { blobs, ids } = this.#parts;
    this.#id ??= (async () => {
      const kept = await blobs.get(ABOUT_SPACE, 'id');
      if (kept !== undefined) return kept.toString();
      const id = ids.next();
      await blobs.put(ABOUT_SPACE, 'id', Buffer.from(id));
      return id;
    })().catch((error: unknown) => {
      this.#id = undefined;
      throw error;
    });
    return this.#id;
  }

  /** A number: the time in the name of a newer segment that is here already. */
  async #acceptSegment(
    source: OdsCode,
    segment: PushedSegment,
  ): Promise<'kept' | 'missing' | 'held' | number> {
    const kept = await this.#heads(source, segment.p);
    const newest = kept.at(-1);
    if (newest !== undefined && newest.name >= segment.name) return timeOf(newest.name);
    const before = segment.after === '' ? undefined : kept.find((one) => one.name === segment.after);
    if (segment.after !== '' && before === undefined) return 'missing';
    const held = before?.held === true || (!segment.isClosed && this.#isBraked(kept, segment));
    const { sealed, share, ...head } = segment;
    if (share !== undefined) await this.#putShare(source, segment.p, share);
    await this.#parts.blobs.put(space(source), nameOf({ ...head, held }), sealed);
    this.#noteHeld(source, segment.p, held);
    if (segment.after === '') await this.#prune(source, kept);
    return held ? 'held' : 'kept';
  }

  #noteHeld(source: OdsCode, p: Pseudonym, held: boolean): void {
    if (!held) this.#held.delete(`${source} ${p}`);
    else {
      this.#held.add(`${source} ${p}`);
      this.#parts.log.warn(
        { source },
        'a copy that lost most of its entries is held back; look at its source',
      );
    }
  }

  /** Against the most that there was in the last day: one that goes bit by bit goes all the same. */
  #isBraked(kept: readonly KeptHead[], segment: SegmentHead): boolean {
    const good = kept.slice(kept.findLastIndex((one) => one.isClosed) + 1).filter((one) => !one.held);
    const dayAgo = this.#parts.clock.now() - DAY_MS;
    const recent = good.filter((one, i) => i === good.length - 1 || timeOf(one.name) >= dayAgo);
    const most = Math.max(0, ...recent.map((one) => one.count));
    if (most < BRAKE_FROM) return false;
    return segment.count < most * (1 - this.#parts.settings.copyShrinkBrakePercent / 100);
  }

  /**
   * Drops what is older than is kept, but never the newest good base before that age: a point in time needs
   * the base that it stands on.
   */
  async #prune(source: OdsCode, kept: readonly KeptHead[]): Promise<void> {
    const oldest = this.#parts.clock.now() - this.#parts.settings.copyKeepDays * DAY_MS;
    const old = kept.filter((head) => timeOf(head.name) < oldest);
    const lastBase = old.findLast((head) => head.after === '' && !head.held);
    if (lastBase === undefined) return;
    const gone = old.filter((head) => head.name < lastBase.name);
    await Promise.all(gone.map((head) => this.#parts.blobs.delete(space(source), nameOf(head))));
  }

  /**
   * This node's share and, of a custodian, the segments that make the record as it is now. Undefined where it
   * holds no share. Earlier states are kept and none is opened by its date: it would bring the policy of then
   * along, and what has been closed since.
   */
  async release(source: OdsCode, p: Pseudonym): Promise<Released | undefined> {
    const kept = await this.#parts.blobs.get(shareSpace(source), p);
    if (kept === undefined) return undefined;
    const { head, rest } = cut<{ set: string }>(kept);
    const heads = await this.#heads(source, p);
    const chain = chainIn(heads);
    const tip = chain.at(-1);
    const newest = heads.at(-1);
    const held = newest?.held === true && tip !== undefined ? newest : undefined;
    const through = this.#through.entries.get(source);
    return {
      set: head.set,
      share: this.#parts.unseal(rest),
      segments: await Promise.all(chain.map((one) => this.#segment(source, one))),
      ...(held === undefined ? {} : { held: await this.#segment(source, held) }),
      ...(through === undefined ? {} : { through: held === undefined ? through : asOf(through, tip) }),
    };
  }

  async #heads(source: OdsCode, p: Pseudonym): Promise<KeptHead[]> {
    const heads: KeptHead[] = [];
    let after = `${p}.`;
    for (;;) {
      const names = await this.#parts.blobs.list(space(source), after, LIST);
      const own = names.filter((name) => name.startsWith(`${p}.`));
      heads.push(...own.map((name) => headIn(p, name)));
      if (own.length < LIST) return heads;
      after = own.at(-1) ?? after;
    }
  }

  async #segment(source: OdsCode, kept: KeptHead): Promise<SealedSegment> {
    const sealed = await this.#parts.blobs.get(space(source), nameOf(kept));
    if (sealed === undefined) throw new Error('a segment was removed while it was asked for');
    const { held: _held, ...head } = kept;
    return { ...head, sealed };
  }

  #putShare(source: OdsCode, p: Pseudonym, { set, sealed }: SealedShare): Promise<void> {
    return this.#parts.blobs.put(shareSpace(source), p, withHead({ set }, sealed));
  }
}

/**
 * From a base to the newest good segment, found backwards: two that follow the same one (the answer to the
 * first was lost on its way) do not end the chain.
 */
function chainIn(heads: readonly KeptHead[]): KeptHead[] {
  const byName = new Map(heads.map((head) => [head.name, head]));
  const chain: KeptHead[] = [];
  for (let head = heads.findLast((one) => !one.held); head !== undefined; ) {
    chain.unshift(head);
    head = head.after === '' ? undefined : byName.get(head.after);
  }
  return chain[0]?.after === '' ? chain : [];
}

/** What the source said, with an as-at not newer than the segment that is shown. */
function asOf(through: SourceState, tip: SegmentHead | undefined): SourceState {
  const made = tip === undefined ? 0 : timeOf(tip.name);
  return { ...through, asAt: Math.min(through.asAt, made) as InstantMs };
}

/** The moment in a segment's name. */
function timeOf(name: string): number {
  return Number.parseInt(name.slice(0, 9), 36);
}

const space = (source: OdsCode): string => `copy-${source}`;
const shareSpace = (source: OdsCode): string => `share-${source}`;

/** `p.name.after.count.what`; what: `g`ood, `c`losed by the source, `h`eld back. */
function nameOf({ p, name, after, count, isClosed, held }: KeptHead): string {
  return `${p}.${name}.${after}.${count}.${held ? 'h' : isClosed ? 'c' : 'g'}`;
}

function headIn(p: Pseudonym, text: string): KeptHead {
  const [name = '', after = '', count, what] = text.slice(p.length + 1).split('.');
  return { p, name, after, count: Number(count), isClosed: what === 'c', held: what === 'h' };
}

function withHead(head: object, rest: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), rest]);
}

function cut<H>(bytes: Buffer): { head: H; rest: Buffer } {
  const end = bytes.indexOf(0x0a);
  return { head: JSON.parse(bytes.toString('utf8', 0, end)) as H, rest: bytes.subarray(end + 1) };
}
