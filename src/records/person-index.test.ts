import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  ANN,
  asker,
  BOB,
  CAT,
  HERE,
  id,
  observation,
  openRecordsUnderTest,
  patient,
  type RecordsUnderTest,
} from '../../test/records-under-test.ts';
import type { NhsNumber } from '../base/brands.ts';
import { type IdentifiedPatient, mergeOps, unmergeOps } from '../identity/merge.ts';
import { wholeScope } from '../store/scope.ts';
import { StorePersonIndex } from './person-index.ts';

let node: RecordsUnderTest;

beforeAll(async () => {
  node = await openRecordsUnderTest({ personCacheMax: 3 });
});
afterAll(() => node.close());
/** Nobody is left, but the index keeps what it remembers of them: it must not say so. */
afterEach(async () => {
  const snapshot = await node.store.snapshot();
  for (const type of ['Patient', 'Organization', 'Observation'] as const) {
    const query = {
      type,
      filters: [],
      sort: [],
      count: 1_000,
      total: 'none' as const,
      include: [],
      revinclude: [],
    };
    const { entries } = await snapshot.search(query, wholeScope);
    await node.submit(entries.map((one) => ({ op: 'delete', type, id: one.id })));
  }
});

const locate = (nhsNumber: NhsNumber) => node.persons.locate(nhsNumber);
/** An index that remembers nothing yet. */
const fresh = () =>
  new StorePersonIndex({ store: node.store, settings: node.settings, holder: { ods: HERE, kind: 'acute' } });
const record = async (name: string): Promise<IdentifiedPatient> => {
  const stored = await node.records.as(asker('system')).read('Patient', id(name));
  return JSON.parse(stored.bytes.toString('utf8')) as IdentifiedPatient;
};

describe('locating a person', () => {
  it('says none, one, unverified, ambiguous, each from the moment that the commit is acknowledged', async () => {
    expect(await locate(ANN)).toEqual({ kind: 'none' });
    await node.put(patient('claim', [`!${ANN}`]));
    expect(await locate(ANN)).toEqual({ kind: 'unverified', patients: ['claim'] });
    await node.put(patient('ann', [ANN]));
    expect(await locate(ANN)).toEqual({ kind: 'one', patients: ['ann'], active: true });
    await node.put(patient('claim', [ANN]));
    expect(await locate(ANN)).toEqual({ kind: 'ambiguous', patients: ['ann', 'claim'] });
    await node.submit([{ op: 'delete', type: 'Patient', id: id('claim') }]);
    expect(await locate(ANN)).toMatchObject({ kind: 'one', patients: ['ann'] });
    await node.put(patient('ann', [BOB], { active: false }));
    expect(await locate(ANN)).toEqual({ kind: 'none' });
    expect(await locate(BOB)).toEqual({ kind: 'one', patients: ['ann'], active: false });
  });

  it('joins a merge, leads from the superseded number to the survivor, and comes apart again', async () => {
    await node.put(patient('ann', [ANN]), patient('old', [BOB]), patient('mrn', []));
    expect(await locate(BOB)).toMatchObject({ patients: ['old'] });
    await node.submit(mergeOps(await record('ann'), await record('old')));
    await node.submit(mergeOps(await record('ann'), await record('mrn')));
    for (const number of [ANN, BOB]) {
      expect(await locate(number)).toEqual({ kind: 'one', patients: ['ann', 'mrn', 'old'], active: true });
    }
    expect(await node.persons.joinedWith(id('mrn'))).toEqual(['ann', 'mrn', 'old']);
    await node.submit(unmergeOps(await record('ann'), await record('old')));
    expect(await locate(BOB)).toMatchObject({ kind: 'one', patients: ['old'], active: true });
    expect(await locate(ANN)).toMatchObject({ patients: ['ann', 'mrn'] });
    expect(await node.persons.joinedWith(id('old'))).toEqual(['old']);
  });

  it('finds a merge that only one side states, also where the other side comes later', async () => {
    await node.put(
      patient('old', [BOB], { link: [{ other: { reference: 'Patient/ann' }, type: 'replaced-by' }] }),
    );
    expect(await locate(BOB)).toMatchObject({ patients: ['old'] });
    await node.put(patient('ann', []));
    expect(await locate(BOB)).toMatchObject({ kind: 'one', patients: ['ann', 'old'] });
  });

  it('does not join by seealso, nor by a number that nobody has verified', async () => {
    await node.put(
      patient('ann', [ANN, `!${BOB}`], { link: [{ other: { reference: 'Patient/sis' }, type: 'seealso' }] }),
      patient('sis', [BOB]),
      patient('bob', [CAT, `!${ANN}`]),
    );
    expect(await locate(ANN)).toMatchObject({ kind: 'one', patients: ['ann'] });
    expect(await locate(BOB)).toMatchObject({ kind: 'one', patients: ['sis'] });
    expect(await node.persons.joinedWith(id('bob'))).toEqual(['bob']);
  });

  it('is ambiguous for a merge whose survivor shares a number with a third record in use', async () => {
    await node.put(
      patient('ann', [ANN]),
      patient('twin', [ANN]),
      patient('old', [BOB], {
        active: false,
        link: [{ other: { reference: 'Patient/ann' }, type: 'replaced-by' }],
      }),
    );
    expect(await locate(BOB)).toEqual({ kind: 'ambiguous', patients: ['ann', 'old', 'twin'] });
  });

  it('takes more records than the setting allows for a mistake', async () => {
    const many = await openRecordsUnderTest({ personRecordsMax: 3 });
    try {
      const link = [{ other: { reference: 'Patient/ann' }, type: 'replaced-by' as const }];
      await many.put(patient('ann', [ANN]), ...['a', 'b'].map((name) => patient(name, [], { link })));
      expect((await many.persons.locate(ANN)).kind).toBe('one');
      await many.put(patient('c', [], { link }));
      expect((await many.persons.locate(ANN)).kind).toBe('ambiguous');
    } finally {
      await many.close();
    }
  });

  it('names the registered practice, by code or by the Organization referred to', async () => {
    const system = 'https://fhir.nhs.uk/Id/ods-organization-code';
    await node.put(
      patient('ann', [ANN], { generalPractitioner: [{ identifier: { system, value: 'A82001' } }] }),
      patient('bob', [BOB], { generalPractitioner: [{ reference: 'Organization/gp' }] }),
    );
    expect(await locate(ANN)).toMatchObject({ practice: 'A82001' });
    expect(await locate(BOB)).not.toHaveProperty('practice');
    await node.put({ resourceType: 'Organization', id: 'gp', identifier: [{ system, value: 'B81002' }] });
    expect(await locate(BOB)).toMatchObject({ practice: 'B81002' });
  });

  it('remembers no answer that a commit changed: the same as an index without memory, whatever happens', async () => {
    const numbers = [ANN, BOB, CAT];
    const name = fc.constantFrom('p1', 'p2', 'p3', 'p4');
    const change = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          name,
          numbers: fc.uniqueArray(fc.constantFrom(...numbers, ...numbers.map((one) => `!${one}`)), {
            maxLength: 2,
          }),
          active: fc.boolean(),
          link: fc.option(
            fc.record({ to: name, type: fc.constantFrom('replaced-by' as const, 'replaces' as const) }),
            { nil: undefined },
          ),
        }),
      },
      { weight: 1, arbitrary: fc.record({ name, gone: fc.constant(true) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        for (const one of changes) {
          if ('gone' in one) {
            await node.submit([{ op: 'delete', type: 'Patient', id: id(one.name) }]);
          } else {
            const { to, type = 'replaces' } = one.link ?? {};
            await node.put(
              patient(one.name, one.numbers, {
                active: one.active,
                ...(to === undefined ? {} : { link: [{ other: { reference: `Patient/${to}` }, type }] }),
              }),
            );
          }
          for (const number of numbers) expect(await locate(number)).toEqual(await fresh().locate(number));
          for (const p of ['p1', 'p2', 'p3', 'p4']) {
            expect(await node.persons.joinedWith(id(p))).toEqual(await fresh().joinedWith(id(p)));
          }
        }
      }),
      { seed: 9, numRuns: 25 },
    );
  });
});

describe('for the locator', () => {
  it('goes through all people page by page', async () => {
    await node.put(
      ...Array.from({ length: 7 }, (_, i) => patient(`p${i}`, i === 3 ? [] : [ANN])),
      patient('q', [BOB, `!${CAT}`]),
    );
    const found: string[] = [];
    let after: string | undefined;
    let pages = 0;
    do {
      const page = await node.persons.people(after, 3);
      found.push(...page.entries.map((one) => `${one.patient} ${one.nhsNumber} ${one.verified}`));
      after = page.next;
      pages += 1;
    } while (after !== undefined);
    expect(pages).toBeGreaterThanOrEqual(3);
    expect(found.sort()).toEqual(
      [...[0, 1, 2, 4, 5, 6].map((i) => `p${i} ${ANN} true`), `q ${BOB} true`, `q ${CAT} false`].sort(),
    );
    expect(await node.persons.nhsNumbersOf([id('q'), id('p1'), id('p3'), id('never')])).toEqual([BOB, ANN]);
  });

  it('tells which numbers a commit touched: those after it and those before', async () => {
    const { seq } = await node.store.snapshot();
    const told: (readonly NhsNumber[])[] = [];
    const stop = node.persons.onChanged((numbers) => told.push([...numbers].sort()));
    await node.put(patient('ann', [ANN]));
    await node.put(patient('ann', [BOB, `!${CAT}`]));
    await node.put(observation('o', 'ann'));
    await node.submit([{ op: 'delete', type: 'Patient', id: id('ann') }]);
    stop();
    await node.put(patient('ann', [ANN]));
    expect(told).toEqual([[ANN], [ANN, BOB, CAT], [BOB, CAT]]);

    const touched: (readonly NhsNumber[])[] = [];
    const end = new AbortController();
    for await (const change of node.store.changes(seq, end.signal)) {
      touched.push([...(await node.persons.touchedBy(change))].sort());
      if (touched.length === 5) break;
    }
    end.abort();
    expect(touched).toEqual([[ANN], [ANN, BOB, CAT], [], [BOB, CAT], [ANN]]);
  });
});
