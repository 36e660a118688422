/** Part of the store contract: the changes feed tells every commit once, in order, and none before it can be read. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { draft, observation, patient, put, remove } from '../../test/store-under-test.ts';
import type { Seq } from '../base/brands.ts';
import { wholeScope } from './scope.ts';
import type { Change, Store } from './store.ts';
import type { OpenStore, StoreUnderTest } from './store-contract.ts';

export function changesContract(open: OpenStore): void {
  let under: StoreUnderTest;
  const store = (): Store => under.store;

  beforeAll(async () => {
    under = await open();
  });
  afterAll(() => under.remove());

  /** The changes after `after` up to the commit `last`. */
  async function told(after: number, last: number): Promise<Change[]> {
    const changes: Change[] = [];
    const ended = new AbortController();
    for await (const change of store().changes(after as Seq, ended.signal)) {
      changes.push(change);
      if (change.seq >= last) ended.abort();
    }
    return changes;
  }

  describe('the changes feed', () => {
    it('tells what each commit did, and whose record that was in, before and after', async () => {
      await store().commit([put(patient('a')), put(observation('o', ['a']))], draft());
      await store().commit([put(observation('o', ['b', 'c']))], draft());
      await store().commit([remove('Observation', 'o'), remove('Observation', 'never')], draft());
      const { seq } = await store().snapshot();
      const changes = await told(0, seq);
      expect(
        changes.map((one) => one.entries.map((entry) => ({ ...entry, persons: [...entry.persons].sort() }))),
      ).toEqual([
        [
          { type: 'Patient', id: 'a', versionId: '1', deleted: false, persons: ['a'] },
          { type: 'Observation', id: 'o', versionId: '1', deleted: false, persons: ['a'] },
        ],
        [{ type: 'Observation', id: 'o', versionId: '2', deleted: false, persons: ['a', 'b', 'c'] }],
        [{ type: 'Observation', id: 'o', versionId: '3', deleted: true, persons: ['b', 'c'] }],
      ]);
    });

    it('resumes after any commit, and after the store was opened again', async () => {
      const { seq } = await store().snapshot();
      const all = await told(0, seq);
      for (const { seq: after } of all.slice(0, -1)) {
        expect(await told(after, seq)).toEqual(all.filter((one) => one.seq > after));
      }
      await under.reopen();
      expect(await told(0, seq)).toEqual(all);
    });

    it('has no gap while many write, and never runs ahead of what a snapshot shows', async () => {
      const { seq: from } = await store().snapshot();
      const total = 400;
      const ended = new AbortController();
      const seen: number[] = [];
      const following = (async () => {
        for await (const change of store().changes(from, ended.signal)) {
          const snapshot = await store().snapshot();
          expect(snapshot.seq).toBeGreaterThanOrEqual(change.seq);
          for (const { type, id, versionId } of change.entries) {
            const found = await snapshot.read(type, id, wholeScope);
            expect(Number(found?.versionId)).toBeGreaterThanOrEqual(Number(versionId));
          }
          seen.push(change.seq);
          if (seen.length === total) ended.abort();
        }
      })();
      const writers = Array.from({ length: 8 }, async (_, w) => {
        for (let n = 0; n < total / 8; n++) await store().commit([put(patient(`w${w}-${n % 7}`))], draft());
      });
      await Promise.all([following, ...writers]);
      expect(seen).toEqual(Array.from({ length: total }, (_, n) => from + 1 + n));
    });

    it('ends when it is told to, also while it waits', async () => {
      const ended = new AbortController();
      const { seq } = await store().snapshot();
      const waiting = (async () => {
        const all = [];
        for await (const change of store().changes(seq, ended.signal)) all.push(change);
        return all;
      })();
      ended.abort();
      expect(await waiting).toEqual([]);
    });
  });
}
