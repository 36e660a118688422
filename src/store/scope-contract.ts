/** Part of the store contract: a scope is inside every query. What is out of it is not there: not in counts, orders, borders or includes. */
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
  remove,
  search,
  version,
} from '../../test/store-under-test.ts';
import type { Identified } from '../fhir/resource.ts';
import { type Scope, wholeScope } from './scope.ts';
import type { Snapshot } from './store.ts';
import type { OpenStore, StoreUnderTest } from './store-contract.ts';

const ofPersons = (...persons: string[]): Scope => ({ ...wholeScope, persons: persons.map(id) });

/** Each scope and which of the resources below it shows, in the order of writing. */
const SHOWN: readonly { readonly name: string; readonly scope: Scope; readonly shows: readonly string[] }[] =
  [
    {
      name: 'everything',
      scope: wholeScope,
      shows: ['org', 'm', 'n', 'om', 'on', 'omn', 'oo', 'lm', 'lo'],
    },
    { name: 'one person', scope: ofPersons('m'), shows: ['org', 'm', 'om', 'omn', 'oo', 'lm', 'lo'] },
    {
      name: 'two people',
      scope: ofPersons('m', 'n'),
      shows: ['org', 'm', 'n', 'om', 'on', 'omn', 'oo', 'lm', 'lo'],
    },
    { name: 'a person nobody knows', scope: ofPersons('x'), shows: ['org', 'oo', 'lo'] },
    { name: 'nobody', scope: ofPersons(), shows: ['org', 'oo', 'lo'] },
    {
      name: 'one person and directory entries',
      scope: { ...ofPersons('m'), unattached: ['Organization'] },
      shows: ['org', 'm', 'om', 'omn', 'lm'],
    },
    {
      name: 'one person and nothing else',
      scope: { ...ofPersons('n'), unattached: [] },
      shows: ['n', 'on', 'omn'],
    },
    {
      name: 'everybody and nothing else',
      scope: { ...wholeScope, unattached: [] },
      shows: ['m', 'n', 'om', 'on', 'omn', 'lm'],
    },
    { name: 'one type', scope: { ...wholeScope, types: ['Patient'] }, shows: ['m', 'n'] },
    { name: 'no type', scope: { ...wholeScope, types: [] }, shows: [] },
    {
      name: 'one type of one person',
      scope: { ...ofPersons('m'), types: ['Observation'], unattached: [] },
      shows: ['om', 'omn', 'lm'],
    },
    {
      name: 'nothing that carries a label',
      scope: { ...wholeScope, hiddenLabels: ['R', 'V'] },
      shows: ['org', 'm', 'n', 'om', 'on', 'omn', 'oo', 'lo'],
    },
    {
      name: 'nothing that carries another label',
      scope: { ...wholeScope, hiddenLabels: ['PSY'] },
      shows: ['org', 'm', 'n', 'om', 'on', 'omn', 'oo'],
    },
    {
      name: 'a label that is part of one and one that could be a pattern',
      scope: { ...wholeScope, hiddenLabels: ['PS', '%', 'SY'] },
      shows: ['org', 'm', 'n', 'om', 'on', 'omn', 'oo', 'lm', 'lo'],
    },
  ];

const RESOURCES: readonly Identified[] = [
  { resourceType: 'Organization', id: id('org'), name: 'x' } as Identified,
  patient('m', { managingOrganization: { reference: 'Organization/org' } }),
  patient('n', { managingOrganization: { reference: 'Organization/org' } }),
  observation('om', ['m']),
  observation('on', ['n']),
  observation('omn', ['m', 'n']),
  observation('oo'),
  observation('lm', ['m'], labelled('PSY', 'R')),
  observation('lo', [], labelled('PSY')),
];

export function scopeContract(open: OpenStore): void {
  let under: StoreUnderTest;
  let snapshot: Snapshot;
  const typeOf = (name: string) => RESOURCES.find((one) => one.id === name)?.resourceType ?? 'Patient';

  beforeAll(async () => {
    under = await open();
    await under.store.commit(
      RESOURCES.map((one) => put(one)),
      draft(),
    );
    snapshot = await under.store.snapshot();
  });
  afterAll(() => under.remove());

  describe.each(SHOWN)('a scope of $name', ({ scope, shows }) => {
    const shown = (type: string): string[] => shows.filter((name) => typeOf(name) === type);

    it('shows in reads, versions and histories exactly what it should', async () => {
      for (const { resourceType: type, id: name } of RESOURCES) {
        const wanted = shows.includes(name);
        expect((await snapshot.read(type, name, scope)) !== undefined, name).toBe(wanted);
        expect((await snapshot.readVersion(type, name, version('1'), scope)) !== undefined, name).toBe(
          wanted,
        );
        const history = await snapshot.history({ type, id: name }, { count: 9 }, scope);
        expect([history.entries.length, history.total], name).toEqual(wanted ? [1, 1] : [0, 0]);
      }
    });

    it('is in the matches, the totals, the order and the borders of pages', async () => {
      for (const type of ['Patient', 'Observation', 'Organization']) {
        for (const sort of ['', '&_sort=_id', '&_sort=-_lastUpdated']) {
          const all = await pages(under.store, `${type}?_count=2${sort}`, scope);
          expect([...all.flat()].sort(), type).toEqual([...shown(type)].sort());
          expect(all.slice(0, -1).every((page) => page.length === 2)).toBe(true);
          expect(all).toHaveLength(Math.max(1, Math.ceil(shown(type).length / 2)));
        }
        expect((await search(snapshot, `${type}?_count=0`, { scope })).total).toBe(shown(type).length);
        expect((await search(snapshot, `${type}?_count=1&_total=accurate`, { scope })).total).toBe(
          shown(type).length,
        );
      }
      const codes = await search(snapshot, 'Observation?code=urn:codes|hb&status=final&_total=accurate', {
        scope,
      });
      expect(idsOf(codes)).toEqual(shown('Observation'));
      expect(codes.total).toBe(shown('Observation').length);
    });

    it('is in what includes bring, both ways', async () => {
      const of = (found: { included: readonly { id: string }[] }): string[] =>
        found.included.map((one) => one.id);
      const forward = await search(snapshot, 'Observation?_include=Observation:subject', { scope });
      const about = shown('Observation').flatMap(
        (name) => ({ om: 'm', on: 'n', omn: 'm', lm: 'm' })[name] ?? [],
      );
      expect(of(forward).sort()).toEqual([...new Set(about)].filter((name) => shows.includes(name)).sort());
      const back = await search(snapshot, 'Patient?_revinclude=Observation:subject', { scope });
      const people = shown('Patient');
      const pointing = shown('Observation').filter((name) =>
        people.includes({ om: 'm', on: 'n', omn: 'm', lm: 'm' }[name] ?? '-'),
      );
      expect(of(back).sort()).toEqual(pointing.sort());
      const both = await search(snapshot, 'Patient?_include=Patient:organization', { scope });
      expect(of(both)).toEqual(people.length > 0 && shows.includes('org') ? ['org'] : []);
    });

    it('is in compartments and what they refer to', async () => {
      const found = await snapshot.compartment(
        { persons: [id('m')], withReferenced: true, count: 99 },
        scope,
      );
      const wanted = ['m', 'om', 'omn', 'lm'].filter((name) => shows.includes(name));
      if (wanted.includes('m') && shows.includes('org')) wanted.push('org');
      expect(idsOf(found).sort()).toEqual(wanted.sort());
      expect(found.total).toBe(wanted.length);
    });
  });

  describe('a scope', () => {
    it('follows a resource that moves from one record to another, version by version', async () => {
      const { store } = under;
      await store.commit([put(observation('moved', ['m']))], draft());
      await store.commit([put(observation('moved', ['n']))], draft());
      await store.commit([remove('Observation', 'moved')], draft());
      const now = await store.snapshot();
      const seen = async (person: string): Promise<string[]> => {
        const page = await now.history(
          { type: 'Observation', id: id('moved') },
          { count: 9 },
          { ...ofPersons(person), unattached: [] },
        );
        return page.entries.map((one) => one.versionId);
      };
      expect(await seen('m')).toEqual(['1']);
      expect(await seen('n')).toEqual(['3', '2']);
      expect(await now.read('Observation', id('moved'), ofPersons('m'))).toBeUndefined();
      expect(await now.read('Observation', id('moved'), ofPersons('n'))).toMatchObject({ deleted: true });
      expect(await now.readVersion('Observation', id('moved'), version('2'), ofPersons('m'))).toBeUndefined();
    });

    it('is the same for a resource just written as for one read from the disk', async () => {
      const { store } = under;
      const scopes = SHOWN.map((one) => one.scope);
      const fresh = ['f1', 'f2', 'f3'].map((name, n) =>
        observation(name, [[], ['m'], ['n', 'm']][n], n === 1 ? labelled('PSY') : {}),
      );
      await store.commit(
        fresh.map((one) => put(one)),
        draft(),
      );
      const ask = async (from: Snapshot): Promise<boolean[]> => {
        const all: boolean[] = [];
        for (const scope of scopes)
          for (const one of fresh) all.push((await from.read('Observation', one.id, scope)) !== undefined);
        return all;
      };
      const warm = await ask(await store.snapshot());
      expect(new Set(warm)).toEqual(new Set([true, false]));
      expect(await ask(await (await under.reopen()).snapshot())).toEqual(warm);
    });
  });
}
