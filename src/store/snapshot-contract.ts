/** Part of the store contract: a snapshot shows one moment, whatever is written meanwhile; pages, history and compartments keep to it. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  content,
  draft,
  id,
  idsOf,
  observation,
  pages,
  patient,
  put,
  remove,
  search,
  version,
} from '../../test/store-under-test.ts';
import type { Identified } from '../fhir/resource.ts';
import { wholeScope } from './scope.ts';
import type { Store, WriteOp } from './store.ts';
import type { OpenStore, StoreUnderTest } from './store-contract.ts';

export function snapshotContract(open: OpenStore): void {
  let under: StoreUnderTest;
  const store = (): Store => under.store;
  const commit = (...ops: WriteOp[]) => store().commit(ops, draft());

  beforeAll(async () => {
    under = await open();
  });
  afterAll(() => under.remove());

  describe('a snapshot', () => {
    it('shows what was there when it was taken, and so does one taken of that moment later', async () => {
      const { seq } = await commit(
        put(patient('a', { gender: 'male' })),
        put(patient('gone')),
        put(observation('o', ['a'])),
      );
      const then = await store().snapshot();
      await commit(
        put(patient('a', { gender: 'female' })),
        remove('Patient', 'gone'),
        put(patient('new', { gender: 'male' })),
      );
      await commit(put(patient('a', { gender: 'other' })), put(observation('o', ['new'])));
      for (const past of [then, await store().snapshot(seq)]) {
        expect(past.seq).toBe(seq);
        expect(content(await past.read('Patient', id('a'), wholeScope))).toMatchObject({ gender: 'male' });
        expect(content(await past.read('Patient', id('gone'), wholeScope))).toMatchObject({ id: 'gone' });
        expect(content(await past.read('Patient', id('new'), wholeScope))).toBe('absent');
        expect(await past.readVersion('Patient', id('a'), version('2'), wholeScope)).toBeUndefined();
        expect((await past.history({ type: 'Patient', id: id('a') }, { count: 9 }, wholeScope)).total).toBe(
          1,
        );
        expect(idsOf(await search(past, 'Patient?gender=male'))).toEqual(['a']);
        expect((await search(past, 'Patient?gender=other&_total=accurate')).total).toBe(0);
        expect(idsOf(await search(past, 'Observation?subject=Patient/a'))).toEqual(['o']);
        expect(idsOf(await search(past, 'Observation?_include=Observation:subject'))).toEqual(['o']);
        expect(
          idsOf({ entries: (await search(past, 'Patient?_id=a&_revinclude=Observation:subject')).included }),
        ).toEqual(['o']);
        const mine = await past.compartment(
          { persons: [id('a')], withReferenced: false, count: 9 },
          wholeScope,
        );
        expect(idsOf(mine)).toEqual(['a', 'o']);
      }
      const now = await store().snapshot();
      expect(idsOf(await search(now, 'Patient?gender=male'))).toEqual(['new']);
      expect(content(await now.read('Patient', id('gone'), wholeScope))).toBe('deleted');
    });

    it('gives each version of a resource, newest first, in pages that a write does not move', async () => {
      const target = { type: 'Patient', id: id('h') } as const;
      for (let n = 1; n <= 5; n++) await commit(put(patient('h', { name: [{ family: `V${n}` }] })));
      await commit(remove('Patient', 'h'));
      const snapshot = await store().snapshot();
      const first = await snapshot.history(target, { count: 4 }, wholeScope);
      expect(first.entries.map((one) => `${one.versionId}${one.deleted ? ' deleted' : ''}`)).toEqual([
        '6 deleted',
        '5',
        '4',
        '3',
      ]);
      await commit(put(patient('h')));
      const cursor = first.next ?? '';
      const second = await (await store().snapshot()).history(target, { count: 4, cursor }, wholeScope);
      expect(second.entries.map((one) => one.versionId)).toEqual(['2', '1']);
      expect([first.total, second.total, second.next]).toEqual([6, 6, undefined]);
      expect(content(await snapshot.readVersion('Patient', id('h'), version('2'), wholeScope))).toMatchObject(
        {
          name: [{ family: 'V2' }],
          meta: { versionId: '2' },
        },
      );
      expect(content(await snapshot.readVersion('Patient', id('h'), version('6'), wholeScope))).toBe(
        'deleted',
      );
      for (const none of ['0', '8', 'x', '01', '1.0']) {
        expect(
          await (await store().snapshot()).readVersion('Patient', id('h'), version(none), wholeScope),
          none,
        ).toBeUndefined();
      }
      expect(
        (await snapshot.history({ type: 'Patient', id: id('never') }, { count: 4 }, wholeScope)).entries,
      ).toEqual([]);
    });
  });

  describe('pages of a search', () => {
    const dated = (n: number, more: object = {}): Identified =>
      observation(`page-${n}`, [], {
        code: { coding: [{ system: 'urn:codes', code: 'paged' }] },
        effectiveDateTime: `2026-01-${String(28 - n).padStart(2, '0')}`,
        ...(n % 5 === 0 ? {} : { valueQuantity: { value: n % 4, unit: 'g' } }),
        ...more,
      });

    it('hold every match once in the order asked for, while matches come, go and change', async () => {
      await commit(...Array.from({ length: 20 }, (_, n) => put(dated(n))));
      const sorts = [
        '',
        '&_sort=date',
        '&_sort=-date',
        '&_sort=value-quantity,-date',
        '&_sort=_id',
        '&_sort=-_lastUpdated,-_id',
        '&_sort=code',
        '&_sort=-value-quantity,date',
        '&_sort=status,-subject,value-quantity,_id',
      ];
      for (const sort of sorts) {
        const text = `Observation?code=urn:codes|paged&_count=3${sort}`;
        const still = (await pages(store(), text)).flat();
        expect(new Set(still).size, sort).toBe(20);
        const seen: string[] = [];
        let cursor: string | undefined;
        for (let turn = 0; ; turn++) {
          const page = await search(
            store(),
            `${text}&_total=accurate`,
            cursor === undefined ? {} : { cursor },
          );
          expect(page.total).toBe(20);
          seen.push(...idsOf(page));
          if (page.next === undefined) break;
          cursor = page.next;
          await commit(
            remove('Observation', `page-${turn}`),
            put(dated(19 - turn, { effectiveDateTime: '2025-06-01' })),
            put(
              observation(`extra-${turn}`, [], {
                code: { coding: [{ system: 'urn:codes', code: 'paged' }] },
              }),
            ),
          );
        }
        expect(seen, sort).toEqual(still);
        await commit(
          ...Array.from({ length: 20 }, (_, n) => put(dated(n))),
          ...Array.from({ length: 9 }, (_, n) => remove('Observation', `extra-${n}`)),
        );
      }
      const byDate = (await pages(store(), 'Observation?code=urn:codes|paged&_count=7&_sort=date')).flat();
      expect(byDate).toEqual(Array.from({ length: 20 }, (_, n) => `page-${19 - n}`));
      expect((await search(store(), 'Observation?code=urn:codes|paged&_count=0')).total).toBe(20);
    });

    it('put those without the value at the end, whichever way they are sorted', async () => {
      const ids = ['e1', 'e2', 'e3'];
      const dates = ['2026-03-01', undefined, '2026-02-01'];
      await commit(
        ...ids.map((name, n) =>
          put(
            observation(name, [], {
              code: { coding: [{ code: 'end' }] },
              ...(dates[n] === undefined ? {} : { effectiveDateTime: dates[n] }),
            }),
          ),
        ),
      );
      expect(await pages(store(), 'Observation?code=end&_sort=date')).toEqual([['e3', 'e1', 'e2']]);
      expect(await pages(store(), 'Observation?code=end&_sort=-date')).toEqual([['e1', 'e3', 'e2']]);
    });

    it('take no link that the store did not make', async () => {
      const far = `${'z'.repeat(11)}.${'z'.repeat(11)}`;
      for (const cursor of ['', 'x', '1.2.3', '1', '-1.1', far, `${'z'.repeat(12)}.1`]) {
        await expect(search(store(), 'Patient', { cursor }), cursor).rejects.toMatchObject({ code: 'value' });
      }
    });
  });

  describe('a compartment', () => {
    it('holds what is about these people, and, where asked, what that refers to, to any depth', async () => {
      const org = (name: string, partOf?: string): Identified =>
        ({
          resourceType: 'Organization',
          id: id(name),
          name,
          ...(partOf === undefined ? {} : { partOf: { reference: `Organization/${partOf}` } }),
        }) as Identified;
      await commit(
        put(org('top')),
        put(org('ward', 'top')),
        put(org('unrelated')),
        put(patient('k1', { managingOrganization: { reference: 'Organization/ward' } })),
        put(patient('k2')),
        put(observation('both', ['k1', 'k2'])),
        put(observation('k2-only', ['k2'])),
      );
      const snapshot = await store().snapshot();
      const of = async (persons: string[], more: object = {}) =>
        idsOf(
          await snapshot.compartment(
            { persons: persons.map(id), withReferenced: false, count: 99, ...more },
            wholeScope,
          ),
        );
      expect(await of(['k1'])).toEqual(['k1', 'both']);
      expect(await of(['k2'])).toEqual(['k2', 'both', 'k2-only']);
      expect(await of(['k1', 'k2', 'unknown'])).toEqual(['k1', 'k2', 'both', 'k2-only']);
      expect(await of([])).toEqual([]);
      expect((await of(['k1'], { withReferenced: true })).sort()).toEqual(['both', 'k1', 'top', 'ward']);
      expect(await of(['k1'], { types: ['Observation'] })).toEqual(['both']);
      expect((await of(['k1'], { types: ['Organization'], withReferenced: true })).sort()).toEqual([
        'top',
        'ward',
      ]);
      const query = { persons: [id('k1')], withReferenced: true, count: 3 };
      const first = await snapshot.compartment(query, wholeScope);
      await commit(put(observation('later', ['k1'])), remove('Organization', 'top'));
      const second = await (await store().snapshot()).compartment(
        { ...query, cursor: first.next ?? '' },
        wholeScope,
      );
      expect([...idsOf(first), ...idsOf(second)].sort()).toEqual(['both', 'k1', 'top', 'ward']);
      expect([first.total, second.total]).toEqual([4, 4]);
    });

    it('holds what was written since', async () => {
      const { at } = await commit(put(observation('since', ['k2'])));
      const found = await (await store().snapshot()).compartment(
        { persons: [id('k2')], since: at, withReferenced: false, count: 9 },
        wholeScope,
      );
      expect(idsOf(found)).toContain('since');
      const future = (at + 1) as typeof at;
      const none = await (await store().snapshot()).compartment(
        { persons: [id('k2')], since: future, withReferenced: false, count: 9 },
        wholeScope,
      );
      expect(none).toEqual({ entries: [], total: 0 });
    });

    it('says whose records refer to a resource', async () => {
      await commit(put({ resourceType: 'Organization', id: id('ref'), name: 'x' } as Identified));
      await commit(
        put(patient('r1', { managingOrganization: { reference: 'Organization/ref' } })),
        put(observation('r2-o', ['r2'], { performer: [{ reference: 'Organization/ref' }] })),
        put(observation('r3-o', ['r3'], { performer: [{ reference: 'Organization/ref' }] })),
      );
      await commit(remove('Observation', 'r3-o'), put(patient('r1')));
      const asked = { type: 'Organization', id: id('ref') } as const;
      expect(await (await store().snapshot()).personsReferringTo([asked])).toEqual(['r2']);
    });

    it('says so of a long chain of references too, and lets others have their turn meanwhile', async () => {
      const links = Array.from({ length: 2_000 }, (_, n) => n);
      const link = (n: number): Identified =>
        ({
          resourceType: 'Basic',
          id: id(`link-${n}`),
          code: { text: 'x' },
          ...(n === 0 ? {} : { subject: { reference: `Basic/link-${n - 1}` } }),
        }) as Identified;
      await commit(
        ...links.map((n) => put(link(n))),
        put(observation('linked', ['r9'], { performer: [{ reference: 'Basic/link-1999' }] })),
      );
      const all = links.map((n) => ({ type: 'Basic', id: id(`link-${n}`) }) as const);
      let turns = 0;
      const turn = setInterval(() => turns++);
      const found = await (await store().snapshot()).personsReferringTo(all);
      clearInterval(turn);
      expect(found).toEqual(['r9']);
      expect(turns).toBeGreaterThan(0);
    });
  });

  describe('what no snapshot needs any more', () => {
    it('leaves the index once its time has passed: links older than that are refused, versions stay', async () => {
      const some = ['t1', 't2', 't3'].map((name) =>
        observation(name, ['t'], { code: { coding: [{ code: 'old' }] } }),
      );
      await commit(...some.map((one) => put(one)));
      const then = await store().snapshot();
      const { next: cursor = '' } = await search(store(), 'Observation?code=old&_count=1');
      await commit(
        ...some.map((one) => put({ ...one, code: { coding: [{ code: 'fresh' }] } } as Identified)),
      );
      expect(idsOf(await search(store(), 'Observation?code=old&_count=1', { cursor }))).toEqual(['t2']);
      await under.reopen({ snapshotKeepSeconds: 0 });
      await commit(put(patient('wakes-the-writer')));
      await vi.waitFor(
        () =>
          expect(search(store(), 'Observation?code=old&_count=1', { cursor })).rejects.toMatchObject({
            code: 'expired',
            status: 410,
          }),
        { timeout: 20_000, interval: 50 },
      );
      const past = await store().snapshot(then.seq);
      await expect(search(past, 'Observation?code=old')).rejects.toMatchObject({ code: 'expired' });
      await expect(
        past.compartment({ persons: [id('t')], withReferenced: false, count: 9 }, wholeScope),
      ).rejects.toMatchObject({ code: 'expired' });
      expect(content(await past.read('Observation', id('t1'), wholeScope))).toMatchObject({
        meta: { versionId: '1' },
      });
      const now = await store().snapshot();
      expect((await now.history({ type: 'Observation', id: id('t1') }, { count: 9 }, wholeScope)).total).toBe(
        2,
      );
      const before = await now.readVersion('Observation', id('t1'), version('1'), wholeScope);
      expect(before).toMatchObject({ persons: ['t'] });
      expect(await pages(store(), 'Observation?code=fresh&_count=2')).toEqual([['t1', 't2'], ['t3']]);
      expect(await pages(store(), 'Observation?code=old')).toEqual([[]]);
      const mine = await now.compartment({ persons: [id('t')], withReferenced: false, count: 9 }, wholeScope);
      expect(idsOf(mine)).toEqual(['t1', 't2', 't3']);
    });
  });
}
