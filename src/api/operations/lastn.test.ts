/** Observation/$lastn: the newest of each kind, kinds by transitive equality of codes, ties and limits. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  type DoorUnderTest,
  nhsNumber,
  openDoorUnderTest,
  scenarios,
  verifiedPatient,
} from '../../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;
const ANNA = nhsNumber(31);

const observation = (id: string, codes: readonly string[], day: string, more: object = {}): object => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  category: [{ coding: [{ system: 'urn:cat', code: 'vital' }] }],
  code:
    codes[0]?.startsWith("'") === true
      ? { text: codes[0] }
      : { coding: codes.map((code) => ({ system: 'urn:c', code })) },
  subject: { reference: 'Patient/anna' },
  effectiveDateTime: day,
  ...more,
});

beforeAll(async () => {
  door = await openDoorUnderTest({ settings: { pageSizeMax: 3, lastnObservationsMax: 30 } });
  const resources = [
    verifiedPatient('anna', ANNA),
    verifiedPatient('ben', nhsNumber(32)),
    verifiedPatient('many', nhsNumber(33)),
    ...['2020-01-01', '2020-01-02', '2020-01-03', '2020-01-04'].map((day) =>
      observation(`a-${day.slice(-1)}`, ['a'], day),
    ),
    observation('a-4b', ['a'], '2020-01-04'),
    observation('b-1', ['b'], '2020-02-01'),
    observation('ab', ['ab1', 'ab2'], '2020-03-01'),
    observation('ab-1', ['ab1'], '2020-03-02'),
    observation('ab-2', ['ab2'], '2020-03-03'),
    observation('text-1', ["'Text'"], '2020-04-01'),
    observation('text-2', ["'text'"], '2020-04-02'),
    observation('wrong', ['w'], '2020-05-01', { status: 'entered-in-error' }),
    observation('period', ['p'], '2020-05-01', {
      effectiveDateTime: undefined,
      effectivePeriod: { start: '2020-06-01' },
    }),
    observation('closed', ['r'], '2021-01-01', {
      meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }] },
    }),
    observation('bens', ['a'], '2022-01-01', { subject: { reference: 'Patient/ben' } }),
    ...Array.from({ length: 40 }, (_, i) =>
      observation(`m-${i}`, [`m${i % 8}`], `2020-01-${String((i % 28) + 1).padStart(2, '0')}`, {
        subject: { reference: 'Patient/many' },
      }),
    ),
  ] as { resourceType: string; id: string }[];
  for (const resource of resources) {
    const path = `/fhir/${resource.resourceType}/${resource.id}`;
    const answer = await door.send('PUT', path, { as: 'system', body: resource });
    if (answer.status !== 201) throw new Error(answer.text);
  }
});
afterAll(() => door.close());

async function lastn(query: string, as = 'gp'): Promise<Answer> {
  const answer = await door.send('GET', `/fhir/Observation/$lastn?${query}`, { as });
  expect(answer.status, answer.text).toBe(200);
  return answer;
}
const ids = (answer: Answer): string[] =>
  (answer.json().entry ?? [])
    .filter((one: { search: { mode: string } }) => one.search.mode === 'match')
    .map((one: { resource: { id: string } }) => one.resource.id);

describe('$lastn', () => {
  it('gives the newest of each kind, the newest first; what goes on is newer than all', async () => {
    const answer = await lastn('patient=anna&category=vital');
    expect(ids(answer).filter((id) => !id.startsWith('a-'))).toEqual([
      'period',
      'closed',
      'wrong',
      'text-2',
      'text-1',
      'ab-2',
      'b-1',
    ]);
    expect(
      ids(answer)
        .filter((id) => id.startsWith('a-'))
        .sort(),
      'both of the same day',
    ).toEqual(['a-4', 'a-4b']);
    expect(answer.json().total).toBe(9);
  });

  it('gives the newest few, and what is as old as the last of them', async () => {
    const three = ids(await lastn('subject=Patient/anna&code=urn:c|a&max=1'));
    expect(three.sort()).toEqual(['a-4', 'a-4b']);
    const two = ids(await lastn('patient=anna&code=urn:c|a&max=3'));
    expect(two.sort()).toEqual(['a-3', 'a-4', 'a-4b']);
    expect(ids(await lastn('patient=anna&code=urn:c|a&max=100'))).toHaveLength(5);
  });

  it('takes codes that stand together for one kind, wherever else they stand', async () => {
    expect(ids(await lastn('patient=anna&code=ab1,ab2'))).toEqual(['ab-2']);
    expect(ids(await lastn('patient=anna&code=urn:c|ab1,urn:c|ab2'))).toEqual(['ab-2']);
    expect(ids(await lastn('patient=anna&code=ab1,ab2&max=2'))).toEqual(['ab-2', 'ab-1']);
  });

  it('keeps to the other parameters of the search', async () => {
    expect(ids(await lastn('patient=anna&category=vital&status=entered-in-error'))).toEqual(['wrong']);
    expect(ids(await lastn('patient=anna&code=a&date=lt2020-01-03'))).toEqual(['a-2']);
    expect(ids(await lastn('patient=nobody&category=vital'))).toEqual([]);
    const warned = await lastn('patient=anna&code=b&nonsense=1');
    expect(warned.text).toContain('nonsense');
  });

  it('takes Parameters, too', async () => {
    const answer = await door.send('POST', '/fhir/Observation/$lastn', {
      as: 'gp',
      body: {
        resourceType: 'Parameters',
        parameter: [
          { name: 'patient', valueString: 'anna' },
          { name: 'code', valueString: 'b' },
          { name: 'max', valuePositiveInt: 2 },
        ],
      },
    });
    expect(ids(answer)).toEqual(['b-1']);
  });

  it('shows nobody more than a search does', async () => {
    expect(ids(await lastn('patient=anna&category=vital', 'nurse'))).not.toContain('closed');
    const ben = await door.token('patient', nhsNumber(32));
    expect(ids(await lastn('patient=anna&category=vital', ben))).toEqual([]);
    expect(ids(await lastn('patient=ben&category=vital', ben))).toEqual(['bens']);
  });

  scenarios(
    () => door,
    [
      {
        name: 'about nobody',
        request: 'GET /fhir/Observation/$lastn?code=a',
        as: 'gp',
        status: 400,
        contains: ['patient'],
      },
      {
        name: 'of no kind',
        request: 'GET /fhir/Observation/$lastn?patient=anna',
        as: 'gp',
        status: 400,
        contains: ['category'],
      },
      {
        name: 'a number that is none',
        request: 'GET /fhir/Observation/$lastn?patient=anna&code=a&max=0',
        as: 'gp',
        status: 400,
        contains: ['max'],
      },
      {
        name: 'an order of one’s own',
        request: 'GET /fhir/Observation/$lastn?patient=anna&code=a&_sort=date',
        as: 'gp',
        status: 400,
        contains: ['_sort'],
      },
      {
        name: 'more than it goes through',
        request: 'GET /fhir/Observation/$lastn?patient=many&category=vital',
        as: 'gp',
        status: 403,
        contains: ['lastnObservationsMax'],
      },
    ],
  );
});
