/** Searches across types and within compartments, and how their answers are cut: `_summary`, `_elements`, `_list`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DoorUnderTest,
  nhsNumber,
  openDoorUnderTest,
  scenarios,
  verifiedPatient,
} from '../../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;
const to = (reference: string): object => ({ reference });
const about = (type: string, id: string, who: string, more: object = {}): object => ({
  resourceType: type,
  id,
  status: 'final',
  code: { text: 'c' },
  subject: to(`Patient/${who}`),
  ...more,
});

const RESOURCES: readonly object[] = [
  verifiedPatient('a', nhsNumber(1), { name: [{ family: 'Alder' }], meta: { tag: [{ code: 'blue' }] } }),
  verifiedPatient('b', nhsNumber(2), {
    name: [{ family: 'Birch' }],
    link: [{ other: to('Patient/a'), type: 'seealso' }],
  }),
  { resourceType: 'Practitioner', id: 'dr', name: [{ family: 'Osei' }], meta: { tag: [{ code: 'blue' }] } },
  {
    resourceType: 'Encounter',
    id: 'stay',
    status: 'finished',
    class: { code: 'IMP' },
    subject: to('Patient/a'),
    participant: [{ individual: to('Practitioner/dr') }],
  },
  about('Observation', 'oa', 'a', {
    meta: { tag: [{ code: 'blue' }] },
    encounter: to('Encounter/stay'),
    effectiveDateTime: '2026-01-02',
    note: [{ text: 'n' }],
    text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">t</div>' },
  }),
  about('Observation', 'ob', 'b', { performer: [to('Practitioner/dr')], effectiveDateTime: '2026-01-04' }),
  about('DiagnosticReport', 'ra', 'a', { result: [to('Observation/oa')], effectiveDateTime: '2026-01-03' }),
  {
    resourceType: 'List',
    id: 'mine',
    status: 'current',
    mode: 'working',
    subject: to('Patient/a'),
    entry: [{ item: to('Observation/oa') }, { item: to('Patient/b') }],
  },
];

beforeAll(async () => {
  door = await openDoorUnderTest({ settings: { pageSizeMax: 20, searchSecondsMax: 60 } });
  for (const resource of RESOURCES) {
    const { resourceType, id } = resource as { resourceType: string; id: string };
    const answer = await door.send('PUT', `/fhir/${resourceType}/${id}`, { as: 'system', body: resource });
    if (answer.status !== 201) throw new Error(answer.text);
  }
});
afterAll(() => door.close());

interface Entry {
  readonly resource: { readonly resourceType: string; readonly id: string };
  readonly search: { readonly mode: string };
}

async function matches(path: string, as = 'system'): Promise<string[]> {
  const answer = await door.send('GET', `/fhir${path}`, { as });
  expect(answer.status, answer.text).toBe(200);
  const entries = (answer.json().entry ?? []) as readonly Entry[];
  return entries
    .filter((one) => one.search.mode === 'match')
    .map(({ resource }) => `${resource.resourceType}/${resource.id}`);
}

describe('a search across types', () => {
  it.each<[string, readonly string[]]>([
    ['?_tag=blue', ['Patient/a', 'Practitioner/dr', 'Observation/oa']],
    ['?_type=Patient,Practitioner&_tag=blue', ['Patient/a', 'Practitioner/dr']],
    ['?_type=Patient,Practitioner&family=osei', ['Practitioner/dr']],
    ['?_type=Patient&family=birch', ['Patient/b']],
    ['?_id=a,dr', ['Patient/a', 'Practitioner/dr']],
    ['?_type=Observation,DiagnosticReport&patient.family=alder', ['Observation/oa', 'DiagnosticReport/ra']],
    [
      '?_type=Observation,DiagnosticReport&_sort=-date',
      ['Observation/ob', 'DiagnosticReport/ra', 'Observation/oa'],
    ],
    ['?_list=mine', ['Patient/b', 'Observation/oa']],
    ['?_list=mine&_type=Patient', ['Patient/b']],
    ['?_list=other', []],
    ['?_tag=nothing', []],
    ['/Patient/a/Observation', ['Observation/oa']],
    ['/Patient/a/Observation?date=2027', []],
    ['/Patient/a/Patient', ['Patient/a']],
    ['/Patient/a/*', ['Patient/a', 'Encounter/stay', 'Observation/oa', 'DiagnosticReport/ra', 'List/mine']],
    ['/Patient/a/*?_type=Encounter,List', ['Encounter/stay', 'List/mine']],
    ['/Patient/nobody/*', []],
    ['/Encounter/stay/Observation', ['Observation/oa']],
    ['/Encounter/stay/Encounter', ['Encounter/stay']],
    ['/Practitioner/dr/Observation', ['Observation/ob']],
    ['/Practitioner/dr/*', ['Practitioner/dr', 'Encounter/stay', 'Observation/ob']],
    ['/Device/d/Observation', []],
    ['/RelatedPerson/r/Observation', []],
  ])('%s finds %j', async (path, found) => {
    expect(await matches(path)).toEqual(found);
  });

  it('has pages, a total and includes', async () => {
    const text = '_type=Observation,DiagnosticReport&_count=2&_total=accurate&_include=Observation:patient';
    const first = (await door.send('GET', `/fhir?${text}`, { as: 'system' })).json();
    expect(first.total).toBe(3);
    expect(first.entry.map((one: Entry) => one.search.mode)).toEqual([
      'match',
      'match',
      'include',
      'include',
    ]);
    const next = first.link.find((link: { relation: string }) => link.relation === 'next').url as string;
    const second = (await door.send('GET', next.slice(door.url.length), { as: 'system' })).json();
    expect(second.entry.map((one: Entry) => one.resource.id)).toEqual(['ra']);
    const back = second.link.find((link: { relation: string }) => link.relation === 'first').url;
    expect(back).toBe(
      `${door.base}?${text.replace(',', '%2C').replace('patient', 'patient').replace(':', '%3A')}`,
    );
  });

  it('is by form too, address and form taken together', async () => {
    const answer = await door.send('POST', '/fhir/_search?_type=Patient,Practitioner', {
      as: 'system',
      body: 'family=osei',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer.json().entry.map((one: Entry) => one.resource.id)).toEqual(['dr']);
  });

  it('shows a patient their own and no more; a type that is named and not theirs to read is refused', async () => {
    const as = await door.token('patient', nhsNumber(2));
    expect(await matches('?_tag=blue', as)).toEqual(['Practitioner/dr']);
    expect(await matches('/Patient/a/*', as)).toEqual([]);
    expect(await matches('/Patient/b/*', as)).toEqual(['Patient/b', 'Observation/ob']);
    expect(await matches('/Practitioner/dr/Observation', as)).toEqual(['Observation/ob']);
    expect(await matches('?_list=mine', as)).toEqual([]);
    const refused = await door.send('GET', '/fhir?_type=Patient,AuditEvent', { as });
    expect(refused.status, refused.text).toBe(403);
    const engineer = await door.send('GET', '/fhir?_tag=blue', { as: 'engineer' });
    expect(engineer.status).toBe(403);
  });

  scenarios(
    () => door,
    [
      ...[
        ['?_type=Nobody', '_type'],
        ['?_type=Patient&_type=Practitioner', '_type'],
        ['?_type=Patient,Observation&_sort=family', '_sort'],
        ['?_type=Patient,Device&_include=Observation:subject', '_include'],
        ['?_list=$current-allergies', '_list'],
        ['?_contained=true', '_contained'],
        ['?_containedType=container', '_containedType'],
        ['?_summary=some', '_summary'],
        ['?_summary=true&_summary=text', '_summary'],
        ['?_summary=true&_elements=id', '_elements'],
        ['/Observation?_summary=text&_include=*', '_summary'],
        ['/Patient/a/Organization', 'Organization is not in the compartment'],
        ['/Organization/a/Patient', 'no compartment of a Organization'],
      ].map(([path, contains]) => ({
        name: `of ${path} is refused by name`,
        request: `GET /fhir${path}`,
        as: 'system',
        status: 400,
        contains: [contains ?? ''],
      })),
      {
        name: 'leaves out and reports what one of its types does not know',
        request: 'GET /fhir?_type=Patient,Observation&family=alder&_id=a',
        as: 'system',
        status: 200,
        contains: [
          '"mode":"outcome"',
          'family',
          'Observation',
          '/fhir/Patient/a"',
          '?_type=Patient%2CObservation&_id=a"',
        ],
      },
      {
        name: 'refuses that under strict handling',
        request: 'GET /fhir?_type=Patient,Observation&family=alder',
        as: 'system',
        headers: { prefer: 'handling=strict' },
        status: 400,
        contains: ['family'],
      },
    ],
  );

  it('leaves its parameters in the audit row, and no value of them', async () => {
    await matches('?_type=Patient,Practitioner&family=osei');
    await matches('/Patient/a/Observation?date=2027');
    const targets = (await door.audit()).flatMap((row) => row.targets);
    expect(targets).toContain('Patient,Practitioner?family');
    expect(targets).toContain('Observation?(subject|performer)&date');
  });
});

describe('an answer that is cut', () => {
  const entry = async (path: string): Promise<Record<string, unknown>> =>
    (await door.send('GET', `/fhir${path}`, { as: 'system' })).json().entry[0].resource;

  it('holds a summary, the text, the data, or some elements, and says that it is a part', async () => {
    const keys = async (path: string): Promise<string[]> => Object.keys(await entry(path)).sort();
    const always = ['code', 'id', 'meta', 'resourceType', 'status'];
    const summary = await keys('/Observation?_id=oa&_summary=true');
    expect(summary).toEqual([...always, 'effectiveDateTime', 'encounter', 'subject'].sort());
    expect(await keys('/Observation?_id=oa&_summary=text')).toEqual([...always, 'text'].sort());
    expect(await keys('/Observation?_id=oa&_summary=data')).not.toContain('text');
    expect(await keys('/Observation?_id=oa&_elements=subject,effective')).toEqual(
      [...always, 'effectiveDateTime', 'subject'].sort(),
    );
    expect(JSON.stringify(await entry('/Observation?_id=oa&_summary=true'))).toContain('SUBSETTED');
    expect(JSON.stringify(await entry('/Observation?_id=oa&_summary=false'))).not.toContain('SUBSETTED');
  });

  it('by elements leaves what is included whole', async () => {
    const answer = await door.send(
      'GET',
      '/fhir/Observation?_id=oa&_elements=status&_include=Observation:patient',
      {
        as: 'system',
      },
    );
    expect(answer.text).toContain('Alder');
  });

  it('is a number alone where it is only counted', async () => {
    const answer = await door.send('GET', '/fhir/Observation?_summary=count&_include=*', { as: 'system' });
    expect(answer.json()).toMatchObject({ total: 2 });
    expect(answer.json().entry).toBeUndefined();
  });

  it('reports an element that there is not, or refuses it under strict handling', async () => {
    const path = '/fhir/Observation?_id=oa&_elements=status,nothing';
    const lenient = await door.send('GET', path, { as: 'system' });
    expect(lenient.text).toContain('_elements');
    expect(lenient.json().entry[1].search.mode).toBe('outcome');
    const strict = await door.send('GET', path, { as: 'system', headers: { prefer: 'handling=strict' } });
    expect(strict.status).toBe(400);
  });
});
