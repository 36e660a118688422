/**
 * What is inside a sealed segment: the source's policy for the person, and the entries that are new or
 * changed since the segment before (all of them in a base), with what each needs for the policy to be applied
 * when the source cannot be asked.
 */
import type { SharePolicy } from '../access/share-policy.ts';
import type { Id, InstantMs } from '../base/brands.ts';
import type { ResourceType } from '../fhir/resource.ts';
import type { Stored } from '../store/store.ts';
import type { RefusalRule } from './shared-record.ts';

export interface CopyEntry {
  readonly type: ResourceType;
  readonly id: Id;
  /** In the person's compartment; false for what is only referred to. */
  readonly isOwn: boolean;
  /** Codes of meta.security. */
  readonly labels: readonly string[];
  readonly lastUpdated: InstantMs;
  readonly bytes: Buffer;
}

/**
 * Why a record is closed whoever asks: a rule (the number is not verified, or claimed by several records),
 * nothing is held any more or nothing that may be known of, or it is larger than may be copied.
 */
export type Closed = RefusalRule | 'gone' | 'too-large';

export interface CopySegment {
  readonly policy: SharePolicy;
  readonly refusal?: Closed;
  readonly entries: readonly CopyEntry[];
  /** `Type/id` of what is no longer part of the record. */
  readonly removed: readonly string[];
}

type Row = readonly [
  type: ResourceType,
  id: Id,
  length: number,
  isOwn: 0 | 1,
  lastUpdated: InstantMs,
  labels: readonly string[],
];
type Head = Omit<CopySegment, 'entries'> & { readonly table: readonly Row[] };

export function encodeSegment(segment: CopySegment): Buffer {
  const { entries, ...rest } = segment;
  const table = entries.map(
    (entry): Row => [
      entry.type,
      entry.id,
      entry.bytes.length,
      entry.isOwn ? 1 : 0,
      entry.lastUpdated,
      entry.labels,
    ],
  );
  const head: Head = { ...rest, table };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...entries.map((entry) => entry.bytes)]);
}

/** The bytes have been proved genuine by their seal, so they are what encodeSegment made. */
export function decodeSegment(plain: Buffer): CopySegment {
  const end = plain.indexOf(0x0a);
  const { table, ...rest } = JSON.parse(plain.toString('utf8', 0, end)) as Head;
  let at = end + 1;
  const entries = table.map(([type, id, length, isOwn, lastUpdated, labels]): CopyEntry => {
    const bytes = plain.subarray(at, at + length);
    at += length;
    return { type, id, isOwn: isOwn === 1, labels, lastUpdated, bytes };
  });
  return { ...rest, entries };
}

/** A stored version as an entry of a copy. */
export function copyEntry(stored: Stored): CopyEntry {
  const { type, id, lastUpdated, bytes, persons } = stored;
  return { type, id, lastUpdated, bytes, isOwn: persons.length > 0, labels: labelsIn(bytes) };
}

/** Parsed only where the text can hold a label at all. */
function labelsIn(bytes: Buffer): readonly string[] {
  if (!bytes.includes('"security":[')) return [];
  const { meta } = JSON.parse(bytes.toString()) as { meta?: { security?: readonly { code?: string }[] } };
  return (meta?.security ?? []).map((label) => label.code ?? '').filter((code) => code !== '');
}
