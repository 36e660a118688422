/** Histories of a type and of all: pages, times, who may see which version, deletions. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DoorUnderTest,
  nhsNumber,
  openDoorUnderTest,
  scenarios,
  verifiedPatient,
} from '../../../test/fhir-door-under-test.ts';

interface Entry {
  readonly fullUrl: string;
  readonly resource?: { readonly resourceType: string; readonly id: string };
  readonly request: { readonly method: string; readonly url: string };
  readonly response: { readonly etag: string; readonly lastModified: string; readonly status: string };
}

let door: DoorUnderTest;

const observation = (id: string, subject: string, more: object = {}): object => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: 'c' },
  subject: { reference: `Patient/${subject}` },
  ...more,
});
const put = (path: string, body: object) => door.send('PUT', `/fhir/${path}`, { as: 'system', body });

beforeAll(async () => {
  door = await openDoorUnderTest({ settings: { pageSizeMax: 100 } });
  await put('Patient/a', verifiedPatient('a', nhsNumber(1)));
  await put('Patient/b', verifiedPatient('b', nhsNumber(2)));
  for (let i = 1; i <= 4; i++) {
    await put(`Observation/a${i}`, observation(`a${i}`, 'a'));
    await put(`Observation/b${i}`, observation(`b${i}`, 'b'));
  }
  await put('Observation/a1', observation('a1', 'a', { note: [{ text: 'second' }] }));
  await door.send('DELETE', '/fhir/Observation/a2', { as: 'system' });
  await put('Observation/moved', observation('moved', 'a'));
  await put('Observation/moved', observation('moved', 'b'));
  await put('Observation/closed', observation('closed', 'a'));
  await put('Observation/closed', observation('closed', 'a', { meta: { security: [{ code: 'V' }] } }));
});
afterAll(() => door.close());

/** Every page, from this address on; `between` is done after each. */
async function follow(path: string, as: string, between = async (): Promise<unknown> => 0): Promise<Entry[]> {
  const entries: Entry[] = [];
  let next: string | undefined = path;
  while (next !== undefined) {
    const answer = await door.send('GET', next, { as });
    expect(answer.status, answer.text).toBe(200);
    const { entry = [], link } = answer.json() as {
      entry?: Entry[];
      link: readonly { relation: string; url: string }[];
    };
    entries.push(...entry);
    next = link.find((one) => one.relation === 'next')?.url.slice(door.url.length);
    await between();
  }
  return entries;
}

const named = (entries: readonly Entry[]): string[] =>
  entries.map((one) => `${one.request.method} ${one.request.url} ${one.response.etag.slice(3, -1)}`);

describe('history of a type', () => {
  it('tells every version and deletion, newest first, in pages that writes do not move', async () => {
    const whole = named(await follow('/fhir/Observation/_history?_count=100', 'system'));
    expect(whole.slice(0, 6)).toEqual([
      'PUT Observation/closed 2',
      'PUT Observation/closed 1',
      'PUT Observation/moved 2',
      'PUT Observation/moved 1',
      'DELETE Observation/a2 2',
      'PUT Observation/a1 2',
    ]);
    expect(whole).toHaveLength(14);
    let n = 0;
    const paged = await follow('/fhir/Observation/_history?_count=3', 'system', () =>
      put(`Observation/new${++n}`, observation(`new${n}`, 'a')),
    );
    expect(named(paged)).toEqual(whole);
  });

  it('shows a patient the own versions and deletions, and nothing of what moved away', async () => {
    const as = await door.token('patient', nhsNumber(1));
    const seen = named(await follow('/fhir/Observation/_history?_count=2', as)).filter(
      (one) => !one.includes('new'),
    );
    expect(seen).toEqual([
      'PUT Observation/closed 2',
      'PUT Observation/closed 1',
      'DELETE Observation/a2 2',
      'PUT Observation/a1 2',
      'PUT Observation/a4 1',
      'PUT Observation/a3 1',
      'PUT Observation/a2 1',
      'PUT Observation/a1 1',
    ]);
  });

  it('shows nobody whose role may not see a label what was written before it', async () => {
    const seen = named(await follow('/fhir/Observation/_history?_count=100', 'nurse'));
    expect(seen).toContain('PUT Observation/moved 1');
    expect(seen.filter((one) => one.includes('closed'))).toEqual([]);
  });

  it('leaves a row with whose versions were seen, deletions among them', async () => {
    const as = await door.token('patient', nhsNumber(1));
    const answer = await door.send('GET', '/fhir/Observation/_history?_since=2020-01-01', { as });
    const requestId = answer.headers.get('x-request-id');
    const rows = (await door.audit()).filter((row) => row.requestId === requestId);
    expect(rows).toMatchObject([
      { action: 'history', targets: ['Observation/_history'], outcome: 'ok', persons: ['a'] },
    ]);
    expect(rows[0]?.detail).toEqual({ versions: answer.json().entry.length });
  });

  it('keeps to _since and to _at', async () => {
    const whole = await follow('/fhir/Observation/_history?_count=100', 'system');
    const at = whole[4]?.response.lastModified ?? '';
    const since = await follow(`/fhir/Observation/_history?_count=4&_since=${at}`, 'system');
    expect(named(since)).toEqual(named(whole.filter((one) => one.response.lastModified >= at)));
    const then = named(await follow(`/fhir/Observation/_history?_at=${at}`, 'system'));
    const current = new Map<string, Entry>();
    for (const one of [...whole].reverse()) {
      if (one.response.lastModified <= at) current.set(one.fullUrl, one);
    }
    for (const one of current.values()) {
      if (one.request.method === 'DELETE' && one.response.lastModified !== at) continue;
      expect(then).toContain(named([one])[0]);
    }
    expect(named(await follow('/fhir/Observation/_history?_at=2001-02', 'system'))).toEqual([]);
    expect(named(await follow('/fhir/Observation/_history?_since=2100-01-01', 'system'))).toEqual([]);
    expect(named(await follow('/fhir/Observation/a1/_history?_since=2100-01-01', 'system'))).toEqual([]);
    expect(named(await follow('/fhir/Observation/a1/_history?_at=2026', 'system'))).toHaveLength(
      named(await follow('/fhir/Observation/a1/_history', 'system')).length,
    );
  });
});

describe('history of all', () => {
  it('tells the versions of every type, as far as the asker may see them', async () => {
    const types = (entries: readonly Entry[]) =>
      new Set(entries.map((one) => one.request.url.replace(/\/.*/, '')));
    expect(types(await follow('/fhir/_history?_count=5', 'system'))).toEqual(
      new Set(['Patient', 'Observation']),
    );
    const as = await door.token('patient', nhsNumber(2));
    const seen = await follow('/fhir/_history?_count=5', as);
    expect(seen.length).toBeGreaterThan(4);
    expect(seen.filter((one) => /\/(a\d?|closed|new\d+)$/.test(one.request.url))).toEqual([]);
  });

  scenarios(
    () => door,
    [
      {
        name: 'an order that is not the one there is',
        request: 'GET /fhir/_history?_sort=-_lastUpdated',
        as: 'system',
        status: 400,
        contains: ['_sort'],
      },
      {
        name: 'a list',
        request: 'GET /fhir/_history?_list=x',
        as: 'system',
        status: 400,
        contains: ['_list'],
      },
      { name: 'no moment', request: 'GET /fhir/_history?_since=yesterday', as: 'system', status: 400 },
      {
        name: 'a prefix',
        request: 'GET /fhir/_history?_at=gt2026',
        as: 'system',
        status: 400,
        contains: ['_at'],
      },
      { name: 'two moments', request: 'GET /fhir/_history?_at=2026&_at=2025', as: 'system', status: 400 },
      { name: 'a link of nobody', request: 'GET /fhir/_history?_cursor=1.1.x', as: 'system', status: 400 },
      { name: 'headers alone', request: 'HEAD /fhir/_history', as: 'system', status: 200, lacks: ['Bundle'] },
      {
        name: 'a million a page',
        request: 'GET /fhir/_history?_count=1000000',
        as: 'system',
        status: 200,
      },
    ],
  );

  it("does not open one's link for another", async () => {
    const answer = await door.send('GET', '/fhir/_history?_count=1', { as: 'system' });
    const [, next] = answer.json().link;
    const path = next.url.slice(door.url.length);
    expect((await door.send('GET', path, { as: 'nurse' })).status).toBe(400);
    expect((await door.send('GET', `${path}&_since=2026`, { as: 'system' })).status).toBe(400);
    expect((await door.send('GET', path, { as: 'system' })).status).toBe(200);
  });
});
