/**
 * Part of the store contract: a label on the Patient itself closes all that is that person's to whoever may
 * not see the label, in every way of asking, from the moment it is written and after a restart; and a page
 * link opens nothing that has been closed since.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  draft,
  id,
  idsOf,
  labelled,
  observation,
  pages,
  patient,
  put,
  query,
  remove,
  search,
  version,
} from '../../test/store-under-test.ts';
import type { Identified } from '../fhir/resource.ts';
import { type Scope, wholeScope } from './scope.ts';
import type { Store, WriteOp } from './store.ts';
import type { OpenStore, StoreUnderTest } from './store-contract.ts';

/** As a nurse sees it, and as a doctor does. */
const nurse: Scope = { ...wholeScope, hiddenLabels: ['R', 'V'] };
const doctor: Scope = { ...wholeScope, hiddenLabels: ['V'] };

const linkedTo = (other: string): object => ({
  link: [{ other: { reference: `Patient/${other}` }, type: 'replaced-by' }],
});

export function labelledPersonContract(open: OpenStore): void {
  let under: StoreUnderTest;
  const store = (): Store => under.store;
  const commit = (...ops: WriteOp[]) => store().commit(ops, draft());

  /** Ids of Observations that show, asked for in every way there is; every way must say the same. */
  async function shown(scope: Scope, of: readonly string[]): Promise<string[]> {
    const snapshot = await store().snapshot();
    const found: string[] = [];
    for (const name of of) {
      const target = { type: 'Observation', id: id(name) } as const;
      const read = await snapshot.read('Observation', id(name), scope);
      const versioned = await snapshot.readVersion('Observation', id(name), version('1'), scope);
      const history = await snapshot.history(target, { count: 5 }, scope);
      const searched = await search(snapshot, `Observation?_id=${name}&_total=accurate`, { scope });
      const answers = [read, versioned, history.entries[0], searched.entries[0]].map(
        (one) => one !== undefined,
      );
      expect(new Set(answers).size, name).toBe(1);
      expect([history.total, searched.total], name).toEqual(answers[0] ? [1, 1] : [0, 0]);
      if (answers[0]) found.push(name);
    }
    return found;
  }

  describe('a label on the Patient itself', () => {
    const OF = ['ra', 'rb', 'rs', 'rn'];
    beforeAll(async () => {
      under = await open();
      await commit(
        put(patient('r', labelled('R'))),
        put(patient('n', labelled('N'))),
        put(observation('ra', ['r'])),
        put(observation('rb', ['r'], { effectiveDateTime: '2026-01-01' })),
        put(observation('rs', ['n', 'r'])),
        put(observation('rn', ['n'])),
      );
    });
    afterAll(() => under.remove());

    it('closes the whole record to whoever may not see it, and to nobody else', async () => {
      expect(await shown(nurse, OF)).toEqual(['rn']);
      expect(await shown(doctor, OF)).toEqual(OF);
      expect(await shown(wholeScope, OF)).toEqual(OF);
      expect(await shown({ ...wholeScope, hiddenLabels: ['N'] }, OF)).toEqual(['ra', 'rb']);
      expect(await shown({ ...nurse, persons: [id('r'), id('n')] }, OF)).toEqual(['rn']);
    });

    it('closes it in matches, totals, orders, pages and includes', async () => {
      for (const sort of ['', '&_sort=date', '&_sort=_id', '&_sort=code']) {
        const text = `Observation?status=final${sort}`;
        expect(await pages(store(), `${text}&_count=1`, nurse), sort).toEqual([['rn']]);
        const counted = await search(store(), `${text}&_count=0`, { scope: nurse });
        expect(counted.total, sort).toBe(1);
      }
      const back = await search(store(), 'Patient?_revinclude=Observation:subject', { scope: nurse });
      expect([idsOf(back), back.included.map((one) => one.id)]).toEqual([['n'], ['rn']]);
      const forward = await search(store(), 'Observation?_include=Observation:subject', { scope: nurse });
      expect(forward.included.map((one) => one.id)).toEqual(['n']);
    });

    it('closes it in compartments, with all that it refers to', async () => {
      const of = async (scope: Scope, ...persons: string[]): Promise<string[]> =>
        idsOf(
          await (await store().snapshot()).compartment(
            { persons: persons.map(id), withReferenced: true, count: 99 },
            scope,
          ),
        );
      expect(await of(nurse, 'r')).toEqual([]);
      expect(await of(nurse, 'n', 'r')).toEqual(['n', 'rn']);
      expect(await of(doctor, 'r')).toEqual(['r', 'ra', 'rb', 'rs']);
    });

    it('is looked for by a conditional create, within its own commit too', async () => {
      const twin = (name: string, about: string): Identified =>
        observation(name, [about], { identifier: [{ system: 'urn:twin', value: 't' }] });
      await commit(put(twin('twin', 'r')));
      const { id: _id, ...resource } = twin('any', 'n');
      const create = (scope: Scope): WriteOp => ({
        op: 'create',
        resource,
        ifNoneExist: query('Observation?identifier=urn:twin|t'),
        within: scope,
      });
      expect((await commit(create(doctor))).entries[0]).toMatchObject({ outcome: 'existing', id: 'twin' });
      const hidden = await commit(put(patient('r', labelled('V'))), create(doctor));
      expect(hidden.entries[1]).toMatchObject({ outcome: 'created' });
      await commit(
        remove('Observation', 'twin'),
        remove('Observation', hidden.entries[1]?.id ?? ''),
        put(patient('r', labelled('R'))),
      );
    });

    it('counts from the moment that it is written, goes when it goes, and outlives a restart', async () => {
      await shown(nurse, OF);
      await commit(put(patient('n', labelled('V'))));
      expect(await shown(nurse, OF)).toEqual([]);
      expect(await shown(doctor, OF)).toEqual(['ra', 'rb']);
      await under.reopen();
      expect(await shown(doctor, OF)).toEqual(['ra', 'rb']);
      await commit(remove('Patient', 'n'));
      expect(await shown(doctor, OF)).toEqual(['ra', 'rb']);
      await commit(put(patient('n')));
      expect(await shown(nurse, OF)).toEqual(['rn']);
      expect(await shown(doctor, OF)).toEqual(OF);
    });

    it('closes the records that a link joins to it, whichever way it points and however far', async () => {
      await commit(put(patient('far')), put(observation('of-far', ['far'])), put(patient('near')));
      const of = ['of-far', 'rn'];
      expect(await shown(nurse, of)).toEqual(of);
      await commit(put(patient('r', { ...labelled('R'), ...linkedTo('near') })));
      expect(await shown(nurse, of)).toEqual(of);
      await commit(put(patient('far', linkedTo('near'))));
      expect(await shown(nurse, of)).toEqual(['rn']);
      expect(await shown(doctor, of)).toEqual(of);
      // a deleted Patient closes as it did before, its links too
      await commit(remove('Patient', 'r'));
      expect(await shown(nurse, of)).toEqual(['rn']);
      await commit(remove('Patient', 'far'));
      expect(await shown(nurse, of)).toEqual(['rn']);
      await commit(put(patient('far')));
      expect(await shown(nurse, of)).toEqual(of);
    });
  });

  describe('a page link', () => {
    const TEXT = 'Observation?code=urn:codes|linked&_count=2';
    const dated = (n: number, more: object = {}): WriteOp =>
      put(
        observation(`l${n}`, [n === 4 ? 'q' : 'p'], {
          code: { coding: [{ system: 'urn:codes', code: 'linked' }] },
          effectiveDateTime: `2026-01-0${n}`,
          ...more,
        }),
      );
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.remove());

    it('shows nothing that a label has closed since, and skips nothing else', async () => {
      for (const sort of ['', '&_sort=date', '&_sort=_id']) {
        await commit(put(patient('p')), put(patient('q')), ...[1, 2, 3, 4, 5, 6].map((n) => dated(n)));
        const first = await search(store(), TEXT + sort, { scope: nurse });
        const links = { scope: nurse, cursor: first.next ?? '' };
        await commit(dated(1, labelled('R')), dated(3, labelled('V')), put(patient('q', labelled('R'))));
        const second = await search(store(), TEXT + sort, links);
        expect([idsOf(first), idsOf(second)], sort).toEqual([['l1', 'l2'], []]);
        const third = await search(store(), TEXT + sort, { scope: nurse, cursor: second.next ?? '' });
        expect([idsOf(third), third.next], sort).toEqual([['l5', 'l6'], undefined]);
      }
    });

    it('of a compartment shows nothing that has moved to a person who is closed', async () => {
      await commit(put(patient('q', labelled('V'))), put(patient('p')), dated(1), dated(2), dated(3));
      const asked = { persons: [id('p')], types: ['Observation' as const], withReferenced: false };
      const first = await (await store().snapshot()).compartment({ ...asked, count: 1 }, nurse);
      await commit(put(observation(idsOf(first)[0] === 'l5' ? 'l6' : 'l5', ['q'])));
      const cursor = first.next ?? '';
      const rest = await (await store().snapshot()).compartment({ ...asked, count: 9, cursor }, nurse);
      const left = ['l1', 'l2', 'l3', 'l5', 'l6'].filter((one) => one !== idsOf(first)[0]);
      expect(idsOf(rest).sort()).toEqual(left.filter((one) => one !== (left.includes('l5') ? 'l5' : 'l6')));
    });

    it('is good for its own question and asker only, and cannot be written by hand', async () => {
      await commit(put(patient('p')), put(patient('q')), ...[1, 2, 3, 4, 5, 6].map((n) => dated(n)));
      const cursor = (await search(store(), TEXT)).next ?? '';
      const refused = { code: 'value' };
      const [seq = '', after = '', seal = ''] = cursor.split('.');
      const forged = [
        [seq, after].join('.'),
        [(Number.parseInt(seq, 36) - 1).toString(36), after, seal].join('.'),
        [seq, '1', seal].join('.'),
        [seq, after, `A${seal.slice(1)}`].join('.') === cursor
          ? 'x'
          : [seq, after, `A${seal.slice(1)}`].join('.'),
        [seq, after, ''].join('.'),
      ];
      for (const one of forged)
        await expect(search(store(), TEXT, { cursor: one }), one).rejects.toMatchObject(refused);
      await expect(search(store(), TEXT, { cursor, scope: nurse })).rejects.toMatchObject(refused);
      for (const other of [`${TEXT}&status=final`, `${TEXT}&_sort=date`, 'Patient?_count=2'])
        await expect(search(store(), other, { cursor }), other).rejects.toMatchObject(refused);
      const snapshot = await store().snapshot();
      const target = { type: 'Observation', id: id('l1') } as const;
      await expect(snapshot.history(target, { count: 1, cursor }, wholeScope)).rejects.toMatchObject(refused);
      const persons = { persons: [id('p')], withReferenced: false, count: 1 };
      await expect(snapshot.compartment({ ...persons, cursor }, wholeScope)).rejects.toMatchObject(refused);
      const own = (await snapshot.compartment(persons, wholeScope)).next ?? '';
      const others = { ...persons, persons: [id('q')], cursor: own };
      await expect(snapshot.compartment(others, wholeScope)).rejects.toMatchObject(refused);
      expect(idsOf(await snapshot.compartment({ ...persons, cursor: own }, wholeScope))).toHaveLength(1);
    });

    it('stays good after a restart, whatever the size of the page', async () => {
      const cursor = (await search(store(), TEXT)).next ?? '';
      await under.reopen();
      const all = await search(store(), TEXT.replace('_count=2', '_count=9'), { cursor });
      expect(idsOf(all)).toHaveLength(4);
    });
  });
}
