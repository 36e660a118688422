/**
 * Search by type: pages, links, totals, includes, warnings. What each parameter finds is tested in fhir/
 * and store/.
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

beforeAll(async () => {
  door = await openDoorUnderTest({ settings: { pageSizeMax: 20 } });
  const entries: unknown[] = [
    verifiedPatient('a', nhsNumber(1), { name: [{ family: 'O’Neill & Söhne, +1%' }] }),
    verifiedPatient('b', nhsNumber(2), { name: [{ family: 'Blythe' }] }),
  ];
  for (let i = 0; i < 25; i++) {
    entries.push({
      resourceType: 'Observation',
      id: `o${String(i).padStart(2, '0')}`,
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: i % 2 === 0 ? '8867-4' : '8310-5' }] },
      subject: { reference: `Patient/${i < 20 ? 'a' : 'b'}` },
      valueQuantity: { value: 36 + i / 10, unit: 'Cel', system: 'http://unitsofmeasure.org', code: 'Cel' },
    });
  }
  const answer = await door.send('POST', '/fhir', {
    as: 'system',
    body: {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: (entries as { resourceType: string; id: string }[]).map((resource) => ({
        resource,
        request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
      })),
    },
  });
  if (answer.status !== 200) throw new Error(answer.text);
});
afterAll(() => door.close());

interface Link {
  readonly relation: string;
  readonly url: string;
}
const linkOf = (bundle: { link: Link[] }, relation: string): string | undefined =>
  bundle.link.find((link) => link.relation === relation)?.url;

describe('a page', () => {
  scenarios(
    () => door,
    [
      {
        name: 'of matches, as stored',
        request: 'GET /fhir/Observation?code=http://loinc.org|8310-5&patient=b',
        as: 'system',
        status: 200,
        contains: [
          '"type":"searchset"',
          '"mode":"match"',
          '/fhir/Observation/o21"',
          '/fhir/Observation/o23"',
        ],
        lacks: ['o20"', 'o22"', '"total"', '"next"', '"mode":"include"', 'OperationOutcome'],
      },
      {
        name: 'of none',
        request: 'GET /fhir/Observation?code=nothing',
        as: 'system',
        status: 200,
        contains: ['"type":"searchset"'],
        lacks: ['"entry"'],
      },
      {
        name: 'with its total',
        request: 'GET /fhir/Observation?code=8310-5&_total=accurate&_count=1',
        as: 'system',
        status: 200,
        contains: ['"total":12', '"next"'],
      },
      {
        name: 'of the total alone',
        request: 'GET /fhir/Observation?_count=0',
        as: 'system',
        status: 200,
        contains: ['"total":25'],
        lacks: ['"entry"', '"next"'],
      },
      {
        name: 'with what the matches refer to',
        request: 'GET /fhir/Observation?_id=o20,o21&_include=Observation:subject',
        as: 'system',
        status: 200,
        contains: ['"mode":"include"', 'Blythe'],
        lacks: ['Söhne'],
      },
      {
        name: 'with what refers to the matches',
        request: 'GET /fhir/Patient?_id=b&_revinclude=Observation:patient',
        as: 'system',
        status: 200,
        contains: ['/fhir/Patient/b"', '/fhir/Observation/o24"', '"mode":"include"'],
        lacks: ['o19"'],
      },
      {
        name: 'by form, so that no name stands in an address',
        request: 'POST /fhir/Patient/_search?_count=5',
        as: 'system',
        body: 'family=blythe&gender%3Amissing=',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        status: 400,
      },
      {
        name: 'by a form that is understood',
        request: 'POST /fhir/Patient/_search?_count=5',
        as: 'system',
        body: 'family=blythe',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        status: 200,
        contains: ['/fhir/Patient/b"'],
        lacks: ['/fhir/Patient/a"'],
      },
      {
        name: 'by JSON, which is no form',
        request: 'POST /fhir/Patient/_search',
        as: 'system',
        body: {},
        status: 415,
      },
      {
        name: 'an unknown parameter, leniently: found without it, and said so',
        request: 'GET /fhir/Patient?family=blythe&shoe-size=9',
        as: 'system',
        status: 200,
        contains: ['"mode":"outcome"', 'shoe-size', '/fhir/Patient/b"'],
      },
      {
        name: 'an unknown parameter, strictly',
        request: 'GET /fhir/Patient?family=blythe&shoe-size=9',
        as: 'system',
        headers: { prefer: 'handling=strict' },
        status: 400,
        contains: ['shoe-size'],
        lacks: ['Blythe'],
      },
      {
        name: 'of what refers to somebody of a name',
        request: 'GET /fhir/Observation?subject.family=Blythe&_total=accurate&_count=1',
        as: 'system',
        status: 200,
        contains: ['"total":5'],
      },
      {
        name: 'of those whom something refers to',
        request: 'GET /fhir/Patient?_has:Observation:patient:_id=o24&_total=accurate',
        as: 'system',
        status: 200,
        contains: ['"total":1', '/fhir/Patient/b"'],
      },
      {
        name: 'a cursor that nobody gave',
        request: 'GET /fhir/Observation?_cursor=zzz',
        as: 'system',
        status: 400,
      },
    ],
  );

  it('holds the bytes of a read, untouched', async () => {
    const read = await door.send('GET', '/fhir/Observation/o07', { as: 'system' });
    const page = await door.send('GET', '/fhir/Observation?_id=o07', { as: 'system' });
    expect(page.text).toContain(`"resource":${read.text},"search"`);
  });

  it('repeats in its self link what was understood, and the size that was honoured', async () => {
    const page = await door.send('GET', '/fhir/Observation?code=8310-5&shoe-size=9&_count=9999', {
      as: 'system',
    });
    expect(linkOf(page.json(), 'self')).toBe(`${door.base}/Observation?code=8310-5&_count=20`);
  });
});

describe('pages', () => {
  const ids = (bundle: { entry?: { resource: { id: string }; search: { mode: string } }[] }): string[] =>
    (bundle.entry ?? []).filter((one) => one.search.mode === 'match').map((one) => one.resource.id);

  it('lead through every match once, with what was searched for kept in each link', async () => {
    const seen: string[] = [];
    let path: string | undefined =
      '/fhir/Observation?code=http%3A%2F%2Floinc.org%7C8867-4&_count=5&_sort=-_id';
    while (path !== undefined) {
      const bundle = (await door.send('GET', path, { as: 'system' })).json();
      seen.push(...ids(bundle));
      expect(ids(bundle).length).toBeLessThanOrEqual(5);
      const next = linkOf(bundle, 'next');
      if (next !== undefined)
        expect(next).toContain('code=http%3A%2F%2Floinc.org%7C8867-4&_count=5&_sort=-_id&');
      path = next?.slice(door.url.length);
    }
    expect(seen).toEqual(Array.from({ length: 13 }, (_, i) => `o${String(24 - 2 * i).padStart(2, '0')}`));
  });

  it('keep a name with every kind of character in their links', async () => {
    const family = 'O’Neill & Söhne\\, +1%';
    const page = await door.send('GET', `/fhir/Patient?family=${encodeURIComponent(family)}`, {
      as: 'system',
    });
    expect(ids(page.json())).toEqual(['a']);
    const self = linkOf(page.json(), 'self') ?? '';
    expect(new URL(self).searchParams.get('family')).toBe(family);
    expect(ids((await door.send('GET', self.slice(door.url.length), { as: 'system' })).json())).toEqual([
      'a',
    ]);
  });

  it('do not move while others write', async () => {
    const first = (await door.send('GET', '/fhir/Observation?_count=10&_sort=_id', { as: 'system' })).json();
    const added = {
      resourceType: 'Observation',
      id: 'o00a',
      status: 'final',
      code: { text: 'new' },
      subject: { reference: 'Patient/a' },
    };
    await door.send('PUT', '/fhir/Observation/o00a', { as: 'system', body: added });
    await door.send('DELETE', '/fhir/Observation/o12', { as: 'system' });
    const next = linkOf(first, 'next')?.slice(door.url.length) ?? '';
    const second = (await door.send('GET', next, { as: 'system' })).json();
    expect(ids(second)).toEqual(Array.from({ length: 10 }, (_, i) => `o${i + 10}`));
  });
});

describe('scope', () => {
  it('goes into counts, includes and pages: a patient finds only what is theirs', async () => {
    const as = await door.token('patient', nhsNumber(2));
    const mine = await door.send('GET', '/fhir/Observation?_total=accurate&_include=Observation:subject', {
      as,
    });
    expect(mine.status, mine.text).toBe(200);
    expect(mine.json().total).toBe(5);
    expect(mine.text).toContain('Blythe');
    for (const other of ['Söhne', 'o19"', 'Patient/a"']) expect(mine.text).not.toContain(other);
    const asked = await door.send('GET', '/fhir/Observation?patient=a&_total=accurate', { as });
    expect(asked.json()).toMatchObject({ total: 0 });
    expect(asked.json().entry).toBeUndefined();
  });
});

describe('a modifier', () => {
  scenarios(
    () => door,
    [
      {
        name: 'finds what it says',
        request: 'GET /fhir/Patient?family:contains=LYTH&gender:missing=true&_total=accurate',
        as: 'system',
        status: 200,
        contains: ['/fhir/Patient/b"', '"total":1'],
        lacks: ['/fhir/Patient/a"'],
      },
      {
        name: 'or a pair within one element',
        request: 'GET /fhir/Observation?code-value-quantity=8310-5$gt38.2&_total=accurate',
        as: 'system',
        status: 200,
        contains: ['/fhir/Observation/o23"', '"total":1'],
        lacks: [],
      },
      {
        name: 'or a quantity in another unit',
        request:
          'GET /fhir/Observation?value-quantity=gt101|http://unitsofmeasure.org|%5BdegF%5D&_total=accurate',
        as: 'system',
        status: 200,
        contains: ['/fhir/Observation/o24"', '"total":1'],
        lacks: [],
      },
      {
        name: 'or words of the whole resource',
        request: 'GET /fhir/Patient?_content=söhne+NOT+blythe&_total=accurate',
        as: 'system',
        status: 200,
        contains: ['/fhir/Patient/a"', '"total":1'],
        lacks: [],
      },
      {
        name: 'in a wrong unit is refused with what a unit looks like',
        request: 'GET /fhir/Observation?value-quantity=5|http://unitsofmeasure.org|mmHg',
        as: 'system',
        status: 400,
        contains: ['value-quantity', 'mm[Hg]'],
        lacks: [],
      },
      {
        name: 'that the kind has not is named, with those that it has',
        request: 'GET /fhir/Patient?family:soundex=x',
        as: 'system',
        status: 400,
        contains: [':soundex', ':missing, :exact, :contains'],
        lacks: [],
      },
    ],
  );
});
