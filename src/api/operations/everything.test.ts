/**
 * Patient/$everything: all of one person at this node, under every record that was joined, and nobody
 * else's.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DoorUnderTest,
  nhsNumber,
  openDoorUnderTest,
  scenarios,
  verifiedPatient,
} from '../../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;
const ANNA = nhsNumber(11);
const BEN = nhsNumber(12);

beforeAll(async () => {
  door = await openDoorUnderTest();
  const resources: { resourceType: string; id: string }[] = [
    verifiedPatient('anna', ANNA, { link: [{ other: { reference: 'Patient/anna-old' }, type: 'replaces' }] }),
    {
      resourceType: 'Patient',
      id: 'anna-old',
      active: false,
      link: [{ other: { reference: 'Patient/anna' }, type: 'replaced-by' }],
    },
    verifiedPatient('ben', BEN),
    { resourceType: 'Organization', id: 'ward', name: 'Ward Seven' },
    { resourceType: 'Organization', id: 'unrelated', name: 'Elsewhere' },
  ] as { resourceType: string; id: string }[];
  const condition = (id: string, person: string): { resourceType: string; id: string } =>
    ({
      resourceType: 'Condition',
      id,
      code: { text: id },
      subject: { reference: `Patient/${person}` },
    }) as { resourceType: string; id: string };
  resources.push(
    condition('anna-now', 'anna'),
    condition('anna-before', 'anna-old'),
    condition('bens', 'ben'),
  );
  resources.push({
    resourceType: 'Encounter',
    id: 'stay',
    status: 'finished',
    class: { code: 'IMP' },
    subject: { reference: 'Patient/anna' },
    serviceProvider: { reference: 'Organization/ward' },
  } as { resourceType: string; id: string });
  resources.push(
    verifiedPatient('carl', nhsNumber(13)) as { resourceType: string; id: string },
    ...([
      { ...condition('carls', 'carl'), onsetDateTime: '2019-03' },
      {
        resourceType: 'Encounter',
        id: 'carls-2021',
        status: 'finished',
        class: { code: 'AMB' },
        subject: { reference: 'Patient/carl' },
        period: { start: '2021-05-01', end: '2021-05-02' },
      },
      ...['2020', '2021'].map((year) => ({
        resourceType: 'Observation',
        id: `carls-${year}`,
        status: 'final',
        code: { text: 'pulse' },
        subject: { reference: 'Patient/carl' },
        ...(year === '2021' ? { encounter: { reference: 'Encounter/carls-2021' } } : {}),
        effectiveDateTime: `${year}-05-01`,
      })),
    ] as { resourceType: string; id: string }[]),
  );
  for (const resource of resources) {
    const path = `/fhir/${resource.resourceType}/${resource.id}`;
    const answer = await door.send('PUT', path, { as: 'system', body: resource });
    if (answer.status !== 201) throw new Error(answer.text);
  }
});
afterAll(() => door.close());

const WHOLE = [
  'Condition/anna-before',
  'Condition/anna-now',
  'Encounter/stay',
  'Organization/ward',
  'Patient/anna',
  'Patient/anna-old',
];
const found = (bundle: { entry?: { fullUrl: string }[] }): string[] =>
  (bundle.entry ?? []).map((entry) => entry.fullUrl.slice(door.base.length + 1)).sort();

describe('$everything', () => {
  it('holds the person under all joined records, and what those refer to', async () => {
    for (const id of ['anna', 'anna-old']) {
      const answer = await door.send('GET', `/fhir/Patient/${id}/$everything`, { as: 'gp' });
      expect(answer.status, answer.text).toBe(200);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(found(answer.json())).toEqual(WHOLE);
    }
  });

  it('holds the types asked for', async () => {
    const answer = await door.send('GET', '/fhir/Patient/anna/$everything?_type=Condition,Patient', {
      as: 'gp',
    });
    expect(found(answer.json())).toEqual(WHOLE.filter((one) => /^(Condition|Patient)/.test(one)));
  });

  it('holds what was written since', async () => {
    const since = new Date(Date.now() + 3_600_000).toISOString();
    const answer = await door.send('GET', `/fhir/Patient/anna/$everything?_since=${since}`, { as: 'gp' });
    expect(found(answer.json())).toEqual([]);
    const before = await door.send('GET', '/fhir/Patient/anna/$everything?_since=2020-01-01', { as: 'gp' });
    expect(found(before.json())).toEqual(WHOLE);
  });

  it('comes in pages whose links keep the parameters', async () => {
    const seen: string[] = [];
    let path: string | undefined = '/fhir/Patient/anna/$everything?_count=2';
    while (path !== undefined) {
      const bundle = (await door.send('GET', path, { as: 'gp' })).json();
      expect(found(bundle).length).toBeLessThanOrEqual(2);
      seen.push(...found(bundle));
      const next: string | undefined = bundle.link.find(
        (link: { relation: string }) => link.relation === 'next',
      )?.url;
      if (next !== undefined) expect(next).toContain('_count=2&');
      path = next?.slice(door.url.length);
    }
    expect(seen.sort()).toEqual(WHOLE);
  });

  it('takes its parameters from a Parameters resource too', async () => {
    const answer = await door.send('POST', '/fhir/Patient/anna/$everything', {
      as: 'gp',
      body: { resourceType: 'Parameters', parameter: [{ name: '_type', valueString: 'Encounter' }] },
    });
    expect(found(answer.json())).toEqual(['Encounter/stay']);
    expect((await door.send('POST', '/fhir/Patient/anna/$everything', { as: 'gp' })).status).toBe(200);
  });

  it('holds the care of some days, and what has no day', async () => {
    const before = await door.send('GET', '/fhir/Patient/carl/$everything?end=2020-12-31', { as: 'gp' });
    expect(found(before.json())).toEqual(['Condition/carls', 'Observation/carls-2020', 'Patient/carl']);
    const later = await door.send('GET', '/fhir/Patient/carl/$everything?start=2021-01-01&end=2021-12-31', {
      as: 'gp',
    });
    expect(found(later.json()), 'a condition that has not ended goes on').toEqual([
      'Condition/carls',
      'Encounter/carls-2021',
      'Observation/carls-2021',
      'Patient/carl',
    ]);
    expect(later.json().total).toBe(4);
    const none = await door.send('GET', '/fhir/Patient/carl/$everything?end=2010', { as: 'gp' });
    expect(found(none.json())).toEqual(['Patient/carl']);
  });

  it('of nobody by name is of all whom the asker may see, where they are few', async () => {
    const own = await door.token('patient', ANNA);
    const mine = await door.send('GET', '/fhir/Patient/$everything', { as: own });
    expect(found(mine.json())).toEqual(WHOLE);
    const all = await door.send('GET', '/fhir/Patient/$everything?_type=Patient', { as: 'gp' });
    expect(found(all.json())).toEqual(['Patient/anna', 'Patient/anna-old', 'Patient/ben', 'Patient/carl']);
    const stranger = await door.token('patient', nhsNumber(99));
    expect((await door.send('GET', '/fhir/Patient/$everything', { as: stranger })).json().total).toBe(0);
  });

  it('of an encounter is what belongs to it and what that refers to', async () => {
    const answer = await door.send('GET', '/fhir/Encounter/carls-2021/$everything', { as: 'gp' });
    expect(answer.status, answer.text).toBe(200);
    const whole = ['Encounter/carls-2021', 'Observation/carls-2021', 'Patient/carl'];
    expect(found(answer.json())).toEqual(whole);
    const seen: string[] = [];
    let path: string | undefined = '/fhir/Encounter/carls-2021/$everything?_count=2';
    while (path !== undefined) {
      const bundle = (await door.send('GET', path, { as: 'gp' })).json();
      seen.push(...found(bundle));
      const links: { relation: string; url: string }[] = bundle.link;
      path = links.find((link) => link.relation === 'next')?.url.slice(door.url.length);
    }
    expect(seen.sort()).toEqual(whole);
    const ward = await door.send('GET', '/fhir/Encounter/stay/$everything?_type=Organization', { as: 'gp' });
    expect(found(ward.json())).toEqual(['Organization/ward']);
    const other = await door.token('patient', BEN);
    expect((await door.send('GET', '/fhir/Encounter/stay/$everything', { as: other })).status).toBe(404);
  });

  it('is a patient’s own alone', async () => {
    const own = await door.token('patient', ANNA);
    expect(found((await door.send('GET', '/fhir/Patient/anna/$everything', { as: own })).json())).toEqual(
      WHOLE,
    );
    const other = await door.token('patient', BEN);
    const refused = await door.send('GET', '/fhir/Patient/anna/$everything', { as: other });
    expect(refused.status).toBe(404);
    expect(refused.text).not.toContain('anna-now');
  });

  scenarios(
    () => door,
    [
      { name: 'nobody', request: 'GET /fhir/Patient/nobody/$everything', as: 'gp', status: 404 },
      {
        name: 'a type that is none',
        request: 'GET /fhir/Patient/anna/$everything?_type=Conditoin',
        as: 'gp',
        status: 400,
        contains: ['Conditoin'],
      },
      {
        name: 'since no instant',
        request: 'GET /fhir/Patient/anna/$everything?_since=yesterday',
        as: 'gp',
        status: 400,
        contains: ['_since'],
      },
      {
        name: 'a parameter that would widen the answer if it were ignored',
        request: 'GET /fhir/Patient/anna/$everything?until=2026-01-01',
        as: 'gp',
        status: 400,
        contains: ['until'],
      },
      {
        name: 'care from no day',
        request: 'GET /fhir/Patient/anna/$everything?start=soon',
        as: 'gp',
        status: 400,
        contains: ['start'],
      },
      {
        name: 'care that ends before it starts',
        request: 'GET /fhir/Patient/anna/$everything?start=2026-02-01&end=2026-01-01',
        as: 'gp',
        status: 400,
      },
      {
        name: 'a page of nothing',
        request: 'GET /fhir/Patient/anna/$everything?_count=0',
        as: 'gp',
        status: 400,
        contains: ['_count'],
      },
      {
        name: 'of what is no Patient',
        request: 'GET /fhir/Condition/anna-now/$everything',
        as: 'gp',
        status: 404,
        contains: ['$everything'],
      },
    ],
  );
});
