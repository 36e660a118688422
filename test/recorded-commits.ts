/** The commits that recorded-writer.ts makes, and what must be there of those that a crash has left. */
import { expect } from 'vitest';
import type { Identified } from '../src/fhir/resource.ts';
import { wholeScope } from '../src/store/scope.ts';
import type { BlobWrite, Store, WriteOp } from '../src/store/store.ts';
import { content, id, observation, put, remove, search } from './store-under-test.ts';

export const RECORDED = { sessions: 3, lanes: 3, commits: 14 } as const;

export const recordedName = (session: number, lane: number, n: number): string => `${session}-${lane}-${n}`;

const lane = (which: number, name: string): Identified =>
  ({ resourceType: 'Basic', id: id(`lane-${which}`), code: { coding: [{ code: name }] } }) as Identified;

const isDeleting = (n: number): boolean => n % 3 === 2;
/** Commits of several pages of the database. */
const sizeOf = (n: number): number => (n % 5 === 4 ? 30 : 1);

/** An Observation or thirty, the lane's own resource again, and the Observation before it deleted. */
export function recordedOps(session: number, which: number, n: number): readonly WriteOp[] {
  const name = recordedName(session, which, n);
  const code = { coding: [{ system: 'urn:commit', code: name }] };
  const made = Array.from({ length: sizeOf(n) }, (_, i) =>
    put(observation(`${name}-${i}`, [`p${n % 4}`], { code, effectiveDateTime: `2026-01-${10 + n}` })),
  );
  const deleted = isDeleting(n) ? [remove('Observation', `${recordedName(session, which, n - 1)}-0`)] : [];
  return [...made, put(lane(which, name)), ...deleted];
}

export const blobOf = (name: string): BlobWrite => ({ space: 'raw', name, bytes: Buffer.alloc(700, name) });

/**
 * That every commit which the audit tells of is there whole, in the order that each lane wrote them, with nothing besides, and that these
 * are at least those `acknowledged`. Returns how many there are.
 */
export async function expectRecorded(store: Store, acknowledged: readonly string[]): Promise<number> {
  expect(await store.verifyAudit()).toBeUndefined();
  const rows = await store.auditRows({ chain: 'writes', count: 100_000 });
  const names = rows.map((row) => row.requestId);
  const there = new Set(names);
  expect(there.size).toBe(names.length);
  expect(acknowledged.filter((name) => !there.has(name))).toEqual([]);
  const snapshot = await store.snapshot();
  expect(snapshot.seq).toBe(names.length);
  const wanted: string[] = [];
  for (const name of names) {
    const [session = 0, which = 0, n = 0] = name.split('-').map(Number);
    if (n > 0) expect(there.has(recordedName(session, which, n - 1)), `what came before ${name}`).toBe(true);
    const isDeleted = isDeleting(n + 1) && there.has(recordedName(session, which, n + 1));
    for (let i = isDeleted ? 1 : 0; i < sizeOf(n); i++) wanted.push(`${name} ${name}-${i}`);
    if (isDeleted)
      expect(content(await snapshot.read('Observation', id(`${name}-0`), wholeScope))).toBe('deleted');
    expect((await store.blobs.get('raw', name))?.equals(blobOf(name).bytes), `the blob of ${name}`).toBe(
      true,
    );
  }
  const found: string[] = [];
  for (let cursor: string | undefined, isLast = false; !isLast; ) {
    const text = 'Observation?status=final&_count=500';
    const page = await search(snapshot, text, cursor === undefined ? {} : { cursor });
    const codeOf = (bytes: Buffer): string => JSON.parse(bytes.toString()).code.coding[0].code;
    found.push(...page.entries.map((one) => `${codeOf(one.bytes)} ${one.id}`));
    cursor = page.next;
    isLast = cursor === undefined;
  }
  expect(found.sort(), 'Observations, and nothing else').toEqual(wanted.sort());
  expect(await store.blobs.list('raw', undefined, 100_000)).toHaveLength(names.length);
  for (let which = 0; which < RECORDED.lanes; which++) {
    const own = names.filter((name) => name.split('-')[1] === String(which));
    const found = await snapshot.read('Basic', id(`lane-${which}`), wholeScope);
    expect(Number(found?.versionId ?? 0)).toBe(own.length);
    if (own.length > 0) expect(content(found)).toMatchObject({ code: { coding: [{ code: own.at(-1) }] } });
  }
  return names.length;
}
