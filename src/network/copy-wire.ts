/** Messages about copies between nodes: a line of JSON, then the pieces that it gives the lengths of. */

import { isPseudonym, type Pseudonym } from './pseudonym.ts';
import type { SourceState } from './source-answer.ts';
import { isState } from './source-answer.ts';

/** What a custodian may know of a segment that it cannot read. */
export interface SegmentHead {
  readonly p: Pseudonym;
  /** Sorts by time of making; its first part is that time in base 36. */
  readonly name: string;
  /** The segment it follows; '' for a base. */
  readonly after: string;
  /** Entries that the copy has with this segment: for the brake on mass change. */
  readonly count: number;
  /** The source has closed the record: no brake. */
  readonly isClosed: boolean;
}

export interface PushedSegment extends SegmentHead {
  readonly sealed: Buffer;
  /** The holder's share of the person's key, sealed to it; with every base. */
  readonly share?: SealedShare;
}

export interface SealedShare {
  /** Shares of one splitting go together. */
  readonly set: string;
  readonly sealed: Buffer;
}

export interface Push {
  readonly segments: readonly PushedSegment[];
  /** Shares alone, for the guardian. */
  readonly shares: readonly (SealedShare & { readonly p: Pseudonym })[];
  /** "You have everything that I had acknowledged", with what the source could say of itself then. */
  readonly through?: SourceState;
}

export interface Released {
  readonly set: string;
  readonly share: Buffer;
  readonly through?: SourceState;
  readonly segments: readonly SealedSegment[];
  /**
   * The newest segment, where the brake holds it back: its policy counts, its entries do not. The as-at in
   * `through` is then that of the segments before it.
   */
  readonly held?: SealedSegment;
}

export interface SealedSegment extends SegmentHead {
  readonly sealed: Buffer;
}

const NAME = /^[0-9a-z]{9}-[0-9a-z]{1,8}$/;

export function encodePush(push: Push): Buffer {
  const segments = push.segments.map(({ sealed, share, ...head }) => ({
    ...head,
    length: sealed.length,
    ...(share === undefined ? {} : { set: share.set, shareLength: share.sealed.length }),
  }));
  const shares = push.shares.map(({ p, set, sealed }) => ({ p, set, length: sealed.length }));
  const line = { segments, shares, ...(push.through === undefined ? {} : { through: push.through }) };
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(line)}\n`),
    ...push.segments.flatMap(({ sealed, share }) =>
      share === undefined ? [sealed] : [sealed, share.sealed],
    ),
    ...push.shares.map(({ sealed }) => sealed),
  ]);
}

/** Undefined where the bytes are not a push. */
export function decodePush(body: Buffer): Push | undefined {
  const pieces = cutter(body);
  if (pieces === undefined) return undefined;
  try {
    const line = pieces.line as {
      segments: readonly (SegmentHead & { length: number; set?: string; shareLength?: number })[];
      shares: readonly { p: Pseudonym; set: string; length: number }[];
      through?: SourceState;
    };
    if (line.through !== undefined && !isState(line.through)) return undefined;
    const segments = line.segments.map(({ length, set, shareLength, p, name, after, count, isClosed }) => {
      check(
        isPseudonym(p) && NAME.test(name) && (after === '' || NAME.test(after)) && Number.isInteger(count),
      );
      const sealed = pieces.next(length);
      const head = { p, name, after, count, isClosed: isClosed === true, sealed };
      return set === undefined || shareLength === undefined
        ? head
        : { ...head, share: { set, sealed: pieces.next(shareLength) } };
    });
    const shares = line.shares.map(({ p, set, length }) => {
      check(isPseudonym(p) && typeof set === 'string');
      return { p, set, sealed: pieces.next(length) };
    });
    check(pieces.isDone());
    return { segments, shares, ...(line.through === undefined ? {} : { through: line.through }) };
  } catch {
    return undefined;
  }
}

export function encodeReleased(released: Released): Buffer {
  const segments = [...released.segments, ...(released.held === undefined ? [] : [released.held])];
  const line = {
    set: released.set,
    share: released.share.toString('base64url'),
    ...(released.through === undefined ? {} : { through: released.through }),
    isHeld: released.held !== undefined,
    segments: segments.map(({ sealed, ...head }) => ({ ...head, length: sealed.length })),
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(line)}\n`), ...segments.map(({ sealed }) => sealed)]);
}

export function decodeReleased(body: Buffer): Released | undefined {
  const pieces = cutter(body);
  if (pieces === undefined) return undefined;
  try {
    const line = pieces.line as {
      set: string;
      share: string;
      through?: SourceState;
      isHeld: boolean;
      segments: readonly (SegmentHead & { length: number })[];
    };
    if (line.through !== undefined && !isState(line.through)) return undefined;
    const all = line.segments.map(({ length, ...head }) => ({ ...head, sealed: pieces.next(length) }));
    const held = line.isHeld ? all.at(-1) : undefined;
    const segments = held === undefined ? all : all.slice(0, -1);
    check(pieces.isDone() && typeof line.set === 'string');
    const share = Buffer.from(line.share, 'base64url');
    return {
      set: line.set,
      share,
      segments,
      ...(held === undefined ? {} : { held }),
      ...(line.through === undefined ? {} : { through: line.through }),
    };
  } catch {
    return undefined;
  }
}

function check(condition: boolean): void {
  if (!condition) throw new Error('not what it says it is');
}

interface Cutter {
  readonly line: unknown;
  next(length: number): Buffer;
  isDone(): boolean;
}

function cutter(body: Buffer): Cutter | undefined {
  const end = body.indexOf(0x0a);
  if (end < 0) return undefined;
  let line: unknown;
  try {
    line = JSON.parse(body.toString('utf8', 0, end));
  } catch {
    return undefined;
  }
  let at = end + 1;
  return {
    line,
    next(length) {
      check(Number.isInteger(length) && length >= 0 && at + length <= body.length);
      at += length;
      return body.subarray(at - length, at);
    },
    isDone: () => at === body.length,
  };
}
