/**
 * Part of the store contract: filters that look at other resources (chains, `_has`, both at once) and includes that go on. What is out of
 * scope, deleted or of another moment decides nothing at any hop.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  draft,
  id,
  idsOf,
  labelled,
  observation,
  patient,
  put,
  query,
  remove,
  search,
} from '../../test/store-under-test.ts';
import type { Identified } from '../fhir/resource.ts';
import { type Scope, wholeScope } from './scope.ts';
import type { OpenStore, StoreUnderTest } from './store-contract.ts';

const resource = (type: string, name: string, more: object = {}): Identified =>
  ({ resourceType: type, id: id(name), ...more }) as Identified;
const to = (reference: string): object => ({ reference });
const named = (family: string, more: object = {}): object => ({ name: [{ family }], ...more });

const RESOURCES: readonly Identified[] = [
  resource('Organization', 'top', { name: 'Trust' }),
  resource('Organization', 'ward', { name: 'Ward', partOf: to('Organization/top') }),
  resource('Organization', 'loop', { name: 'Loop', partOf: to('Organization/loop') }),
  resource('Practitioner', 'doctor', named('Osei')),
  patient('m', { ...named('Blythe'), managingOrganization: to('Organization/ward') }),
  patient('n', { ...named('Blyth'), generalPractitioner: [to('Practitioner/doctor')] }),
  patient('r', { ...named('Blythe'), managingOrganization: to('Organization/loop') }),
  observation('om', ['m']),
  observation('on', ['n'], { status: 'amended' }),
  observation('or', ['r'], labelled('PSY')),
  resource('Observation', 'device', { status: 'final', code: { text: 'x' }, subject: to('Device/d') }),
  resource('Device', 'd', { identifier: [{ system: 'urn:d', value: '1' }] }),
  resource('Encounter', 'stay', {
    status: 'finished',
    class: { code: 'IMP' },
    subject: to('Patient/m'),
    serviceProvider: to('Organization/ward'),
  }),
  resource('DiagnosticReport', 'report', {
    status: 'final',
    code: { text: 'x' },
    subject: to('Patient/m'),
    encounter: to('Encounter/stay'),
    result: [to('Observation/om')],
  }),
];

/** What is asked, and what it finds. */
const FOUND: readonly (readonly [string, readonly string[]])[] = [
  ['Observation?subject:Patient.family=blythe', ['om', 'or']],
  ['Observation?subject.family=blythe&status=final', ['om', 'or']],
  ['Observation?patient.family=blythe,blyth', ['om', 'on', 'or']],
  ['Observation?patient.family=nobody', []],
  ['Observation?subject.identifier=urn:d|1', ['device']],
  ['Observation?subject:Device.identifier=1', ['device']],
  ['Observation?subject:Patient.identifier=1', []],
  ['Observation?patient.organization.name=ward', ['om']],
  ['Observation?patient.organization.partof.name=trust', ['om']],
  ['Observation?patient:Patient.organization:Organization.partof:Organization.name=loop', ['or']],
  [`Observation?patient.organization.${'partof.'.repeat(6)}name=loop`, ['or']],
  ['Observation?patient._id=m,n', ['om', 'on']],
  ['Observation?patient._id=m&patient._id=n', []],
  ['Observation?subject._lastUpdated=gt2000', ['om', 'on', 'or', 'device']],
  ['Patient?_has:Observation:patient:status=amended', ['n']],
  ['Patient?_has:Observation:subject:code=hb', ['m', 'n', 'r']],
  ['Patient?_has:Observation:patient:_id=or', ['r']],
  ['Patient?_has:Observation:patient:_has:DiagnosticReport:result:status=final', ['m']],
  ['Organization?_has:Patient:organization:_has:Observation:patient:code=hb', ['ward', 'loop']],
  ['Organization?_has:Patient:organization:family=blythe', ['ward', 'loop']],
  ['Observation?patient._has:Encounter:patient:class=IMP', ['om']],
  ['Patient?_has:Encounter:patient:service-provider.partof.name=trust', ['m']],
  ['DiagnosticReport?result.patient.organization._has:Organization:partof:name=x', []],
  ['Observation?patient.general-practitioner:Practitioner.name=osei', ['on']],
  ['Observation?patient.organization.name=ward&patient.family=blythe&code=hb', ['om']],
];

export function linkedContract(open: OpenStore): void {
  let under: StoreUnderTest;
  const found = async (text: string, scope: Scope = wholeScope): Promise<string[]> =>
    idsOf(await search(under.store, text, { scope }));

  beforeAll(async () => {
    under = await open({ includesMax: 6 });
    await under.store.commit(
      RESOURCES.map((one) => put(one)),
      draft(),
    );
  });
  afterAll(() => under.remove());

  describe('a filter by way of other resources', () => {
    it.each(FOUND)('%s finds %j', async (text, ids) => {
      const page = await search(under.store, `${text}&_total=accurate`);
      expect([idsOf(page).sort(), page.total]).toEqual([[...ids].sort(), ids.length]);
    });

    it('lets nothing decide that the asker may not see', async () => {
      const noLabel: Scope = { ...wholeScope, hiddenLabels: ['PSY'] };
      expect(await found('Patient?_has:Observation:patient:code=hb', noLabel)).toEqual(['m', 'n']);
      const noPeople: Scope = { ...wholeScope, types: ['Observation', 'Organization', 'Practitioner'] };
      expect(await found('Observation?patient.family=blythe', noPeople)).toEqual([]);
      expect(
        await found('Observation?patient.general-practitioner:Practitioner.name=osei', noPeople),
      ).toEqual([]);
      expect(await found('Organization?_has:Patient:organization:family=blythe', noPeople)).toEqual([]);
      const one: Scope = { ...wholeScope, persons: [id('n')] };
      expect(await found('Organization?_has:Patient:organization:family=blythe', one)).toEqual([]);
      const noOrganizations: Scope = { ...one, persons: [id('m')], unattached: [] };
      expect(await found('Observation?patient.organization.name=ward', noOrganizations)).toEqual([]);
      expect(await found('Observation?patient.family=blythe', noOrganizations)).toEqual(['om']);
    });

    it('reads every hop in the snapshot, also where a page goes on', async () => {
      const { store } = under;
      await store.commit(
        Array.from({ length: 5 }, (_, i) => put(observation(`p${i}`, ['pn']))).concat(
          put(patient('pn', named('Paged'))),
        ),
        draft(),
      );
      const then = await store.snapshot();
      const text = 'Observation?patient.family=paged&_count=2';
      const first = await search(then, text);
      await store.commit([put(patient('pn', named('Changed'))), remove('Observation', 'p3')], draft());
      expect(idsOf(await search(then, 'Observation?patient.family=paged'))).toHaveLength(5);
      expect(await found('Observation?patient.family=paged')).toEqual([]);
      expect(await found('Observation?patient.family=changed')).toHaveLength(4);
      const second = await search(store, text, { cursor: first.next ?? '' });
      expect(idsOf(second)).toEqual(['p2', 'p3']);
    });

    it('lets nothing decide on a further page that has been closed since', async () => {
      const { store } = under;
      const secret = (labels: readonly string[]) =>
        put(resource('Organization', 'secret', { name: 'Secret', ...labelled(...labels) }));
      await store.commit(
        [
          secret([]),
          ...['s1', 's2'].map((name) =>
            put(resource('Location', name, { managingOrganization: to('Organization/secret') })),
          ),
        ],
        draft(),
      );
      const scope: Scope = { ...wholeScope, hiddenLabels: ['PSY'] };
      const text = 'Location?organization.name=secret&_count=1';
      const first = await search(store, text, { scope });
      expect(idsOf(first)).toEqual(['s1']);
      await store.commit([secret(['PSY'])], draft());
      expect(idsOf(await search(store, text, { scope, cursor: first.next ?? '' }))).toEqual([]);
    });

    it('joins others by and, or and not', async () => {
      const { filters, ...rest } = query('Observation?code=hb&patient.organization.name=ward');
      const amended = query('Observation?status=amended').filters;
      const snapshot = await under.store.snapshot();
      const ids = async (of: typeof filters): Promise<string[]> =>
        idsOf(await snapshot.search({ ...rest, filters: of }, wholeScope)).filter((one) => /^o/.test(one));
      expect(await ids([{ kind: 'or', filters: [...filters.slice(1), ...amended] }])).toEqual(['om', 'on']);
      expect(await ids([{ kind: 'not', filter: { kind: 'and', filters } }])).toEqual(['on', 'or']);
      const [ward] = filters.slice(1);
      if (ward === undefined) throw new Error('there is a chain');
      expect(await ids([{ kind: 'or', filters: [{ kind: 'not', filter: ward }, ward] }])).toEqual([
        'om',
        'on',
        'or',
      ]);
      expect(await ids([{ kind: 'or', filters: [] }])).toEqual([]);
    });
  });

  describe('what is included', () => {
    const included = async (text: string, scope: Scope = wholeScope): Promise<string[]> =>
      (await search(under.store, text, { scope })).included.map((one) => one.id).sort();

    it.each<[string, readonly string[]]>([
      ['Observation?_id=om&_include=Observation:patient', ['m']],
      [
        'Observation?_id=om&_include=Observation:patient&_include:iterate=Patient:organization',
        ['m', 'ward'],
      ],
      [
        'Observation?_id=om&_include=Observation:patient&_include:iterate=Patient:organization&_include:recurse=Organization:partof',
        ['m', 'top', 'ward'],
      ],
      ['Patient?_id=r&_include=*&_include:iterate=Organization:partof', ['loop']],
      ['DiagnosticReport?_include=*', ['m', 'om', 'stay']],
      ['DiagnosticReport?_include=DiagnosticReport:*', ['m', 'om', 'stay']],
      ['DiagnosticReport?_include:iterate=*', ['m', 'om', 'stay', 'top', 'ward']],
      ['Patient?_id=m&_revinclude=*', ['om', 'report', 'stay']],
      ['Patient?_id=m&_revinclude=Observation:*', ['om']],
      ['Organization?_id=top&_revinclude:iterate=Organization:partof', ['ward']],
      [
        'Organization?_id=top&_revinclude:iterate=Organization:partof&_revinclude:iterate=Patient:organization',
        ['m', 'ward'],
      ],
      ['Organization?_id=loop&_include:iterate=*&_revinclude:iterate=Organization:*', []],
    ])('%s brings %j', async (text, ids) => {
      expect(await included(text)).toEqual([...ids]);
    });

    it('goes through nothing that is out of scope', async () => {
      const scope: Scope = { ...wholeScope, types: ['Observation', 'Organization'] };
      expect(
        await included('Observation?_id=om&_include=*&_include:iterate=Patient:organization', scope),
      ).toEqual([]);
    });

    it('goes on a further page through nothing that has been closed since', async () => {
      const { store } = under;
      const between = (labels: readonly string[]) =>
        put(
          resource('Organization', 'between', {
            name: 'Between',
            partOf: to('Organization/top'),
            ...labelled(...labels),
          }),
        );
      const places = ['i1', 'i2'].map((name) =>
        put(resource('Location', name, { managingOrganization: to('Organization/between') })),
      );
      await store.commit([between([]), ...places], draft());
      const scope: Scope = { ...wholeScope, hiddenLabels: ['PSY'] };
      const text = 'Location?_id=i1,i2&_count=1&_include=*&_include:iterate=Organization:partof';
      const first = await search(store, text, { scope });
      expect(first.included.map((one) => one.id)).toEqual(['between', 'top']);
      await store.commit([between(['PSY'])], draft());
      const second = await search(store, text, { scope, cursor: first.next ?? '' });
      expect([idsOf(second), second.included]).toEqual([['i2'], []]);
    });

    it('is refused beyond its limit, never cut off', async () => {
      await expect(search(under.store, 'Patient?_revinclude=*&_include:iterate=*')).rejects.toMatchObject({
        code: 'too-costly',
        message: expect.stringContaining('includesMax'),
      });
    });
  });
}
