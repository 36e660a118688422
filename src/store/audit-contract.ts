/** Part of the store contract: audit rows are in the commit they tell of, chained, and whatever is done to them shows. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { draft, id, observation, patient, put, query, remove } from '../../test/store-under-test.ts';
import { auditHash, auditText, CHAIN_START } from './audit.ts';
import type { Store } from './store.ts';
import type { OpenStore, StoreUnderTest, Tampering } from './store-contract.ts';

const CHAINS = ['writes', 'reads'] as const;

export function auditContract(open: OpenStore): void {
  let under: StoreUnderTest;
  const store = (): Store => under.store;
  const rows = (chain: (typeof CHAINS)[number], after = 0, count = 100_000) =>
    store().auditRows({ chain, after, count });

  beforeAll(async () => {
    under = await open();
  });
  afterAll(() => under.remove());

  describe('the audit of writes', () => {
    it('has one row for each commit, with the people in whose record the versions lie', async () => {
      const given = draft({
        requestId: 'q-1',
        persons: ['named'],
        targets: ['Observation/o1'],
        detail: { rule: 'r', n: 2 },
      });
      await store().commit([put(patient('p1')), put(observation('o1', ['p2', 'p3']))], given);
      const [row] = await rows('writes');
      expect({ ...row, persons: [...(row?.persons ?? [])].sort() }).toEqual({
        ...given,
        persons: ['named', 'p1', 'p2', 'p3'],
        n: 1,
        before: CHAIN_START,
        hash: expect.any(String),
      });
    });

    it('names whose record a deletion, or a change that moves a resource, was in', async () => {
      await store().commit([put(observation('o1', ['p4']))], draft({ requestId: 'moved' }));
      await store().commit([remove('Observation', 'o1')], draft({ requestId: 'deleted' }));
      const all = await rows('writes');
      expect([...(all.find((row) => row.requestId === 'moved')?.persons ?? [])].sort()).toEqual([
        'p2',
        'p3',
        'p4',
      ]);
      expect(all.find((row) => row.requestId === 'deleted')?.persons).toEqual(['p4']);
    });

    it('names what a conditional create found, and whose that is, in place of what it did not write', async () => {
      await store().commit(
        [put(observation('found', ['p5', 'p6'], { identifier: [{ value: 'f' }] }))],
        draft(),
      );
      const create = { op: 'create', resource: observation('x', ['p7']), id: id('not-made') } as const;
      const given = draft({ targets: ['Observation/not-made', 'Observation/other'] });
      await store().commit([{ ...create, ifNoneExist: query('Observation?identifier=f') }], given);
      const row = (await rows('writes')).at(-1);
      expect(row?.targets).toEqual(['Observation/found', 'Observation/other']);
      expect([...(row?.persons ?? [])].sort()).toEqual(['p5', 'p6', 'p7']);
    });

    it('has a row for a commit that writes nothing, and none for one that fails', async () => {
      const before = (await rows('writes')).length;
      await store().commit([], draft({ action: 'disclose', requestId: 'q-2' }));
      await expect(store().commit([put(patient('p1'), '9')], draft())).rejects.toMatchObject({
        code: 'conflict',
      });
      const all = await rows('writes');
      expect(all).toHaveLength(before + 1);
      expect(all.at(-1)).toMatchObject({ action: 'disclose', requestId: 'q-2', n: before + 1 });
    });
  });

  describe('the audit of reads', () => {
    it('has a row for each draft, in the order given, and survives the store', async () => {
      await store().auditReads([
        draft({ action: 'read', requestId: 'a' }),
        draft({ action: 'search', requestId: 'b' }),
      ]);
      await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          store().auditReads([draft({ action: 'read', requestId: `c${n}` })]),
        ),
      );
      expect((await rows('reads')).map((row) => row.requestId)).toEqual([
        'a',
        'b',
        ...Array.from({ length: 50 }, (_, n) => `c${n}`),
      ]);
      await under.reopen();
      await store().auditReads([draft({ action: 'read', requestId: 'd' })]);
      expect((await rows('reads')).at(-1)).toMatchObject({ requestId: 'd', n: 53 });
      expect(await store().verifyAudit()).toBeUndefined();
    });
  });

  describe('both chains', () => {
    it('come in pages, each row holding the hash over itself and the one before', async () => {
      for (const chain of CHAINS) {
        const all = await rows(chain);
        const paged = [];
        for (let after = 0; ; after = paged.at(-1)?.n ?? 0) {
          const page = await rows(chain, after, 3);
          paged.push(...page);
          if (page.length < 3) break;
        }
        expect(paged).toEqual(all);
        let before = CHAIN_START;
        for (const [i, { n, before: claimed, hash, ...row }] of all.entries()) {
          expect([n, claimed, hash]).toEqual([i + 1, before, auditHash(before, n, auditText(row))]);
          before = hash;
        }
      }
    });

    it('hold when they are walked while rows are added', async () => {
      let stop = false;
      const adding = (async () => {
        for (let n = 0; !stop; n++) {
          await store().commit([put(patient(`busy-${n % 5}`))], draft());
          await store().auditReads([draft({ action: 'read' })]);
        }
      })();
      for (let turn = 0; turn < 20; turn++) expect(await store().verifyAudit()).toBeUndefined();
      stop = true;
      await adding;
    });

    it('show every flipped bit, every missing, moved and further row', async () => {
      const counts = { writes: (await rows('writes')).length, reads: (await rows('reads')).length };
      const row = (chain: (typeof CHAINS)[number]) => fc.integer({ min: 1, max: counts[chain] });
      const anyOf = (chain: (typeof CHAINS)[number]): fc.Arbitrary<Tampering> =>
        fc.oneof(
          fc.record({
            chain: fc.constant(chain),
            kind: fc.constant('flip' as const),
            n: row(chain),
            column: fc.constantFrom('text' as const, 'hash' as const),
            byte: fc.nat(1000),
            mask: fc.integer({ min: 1, max: 127 }),
          }),
          fc.record({ chain: fc.constant(chain), kind: fc.constant('remove' as const), n: row(chain) }),
          fc
            .record({
              chain: fc.constant(chain),
              kind: fc.constant('swap' as const),
              n: row(chain),
              with: row(chain),
            })
            .filter((one) => one.n !== one.with),
          fc.record({
            chain: fc.constant(chain),
            kind: fc.constant('append' as const),
            text: fc.constant(auditText(draft({ requestId: 'forged' }))),
          }),
        );
      await fc.assert(
        fc.asyncProperty(fc.oneof(anyOf('writes'), anyOf('reads')), async (change) => {
          const { undo } = under.tamper(change);
          try {
            const broken = await store().verifyAudit();
            expect(broken?.chain).toBe(change.chain);
            expect(broken?.reason).not.toBe('');
            if (change.kind === 'append') expect(broken?.row).toBe(counts[change.chain] + 1);
            else if (change.kind === 'swap') expect(broken?.row).toBe(Math.min(change.n, change.with));
            else if (change.kind === 'remove' || change.column === 'text') expect(broken?.row).toBe(change.n);
          } finally {
            undo();
          }
        }),
        { numRuns: 300, seed: 20261124 },
      );
      expect(await store().verifyAudit()).toBeUndefined();
    });

    it('show a tail that was cut off', async () => {
      const kept = (await rows('reads')).length;
      const undo = [kept, kept - 1, kept - 2].map((n) => under.tamper({ chain: 'reads', kind: 'remove', n }));
      expect(await store().verifyAudit()).toMatchObject({ chain: 'reads', row: kept - 2 });
      for (const one of undo.reverse()) one.undo();
      expect(await store().verifyAudit()).toBeUndefined();
    });
  });

  it('a row names the person of a Patient that is created under a new id', async () => {
    const { id: _, ...resource } = patient('x');
    const { entries } = await store().commit([{ op: 'create', resource }], draft({ requestId: 'new' }));
    expect((await rows('writes')).at(-1)?.persons).toEqual([entries[0]?.id ?? id('')]);
  });
}
