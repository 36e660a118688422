/** Batch: every entry has its own answer, and one that fails stops no other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;

beforeAll(async () => {
  door = await openDoorUnderTest();
});
afterAll(() => door.close());

const basic = (id: string, text = 'x'): object => ({ resourceType: 'Basic', id, code: { text } });
const submit = (
  entry: readonly object[],
  headers: Record<string, string> = {},
): ReturnType<DoorUnderTest['send']> =>
  door.send('POST', '/fhir', {
    as: 'system',
    body: { resourceType: 'Bundle', type: 'batch', entry },
    headers,
  });

describe('a batch', () => {
  it('answers each entry in its place, good and bad', async () => {
    const answer = await submit([
      { request: { method: 'GET', url: 'Basic/b1' } },
      { resource: basic('b1'), request: { method: 'PUT', url: 'Basic/b1' } },
      { resource: { resourceType: 'Basic', colour: 'red' }, request: { method: 'POST', url: 'Basic' } },
      { resource: { resourceType: 'Basic', code: { text: 'y' } }, request: { method: 'POST', url: 'Basic' } },
      { request: { method: 'GET', url: 'Nonsense/1' } },
      { request: { method: 'DELETE', url: 'Basic/never' } },
      { request: { method: 'GET', url: 'Basic?_id=b1' } },
      { request: { method: 'GET', url: 'Basic/b1', ifNoneMatch: 'W/"1"' } },
      { resource: basic('b1'), request: { method: 'PUT', url: 'Basic/other' } },
      { request: { method: 'PATCH', url: 'Basic/b1' } },
      { request: { method: 'GET', url: 'metadata' } },
    ]);
    expect(answer.status, answer.text).toBe(200);
    const bundle = answer.json();
    expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'batch-response' });
    const statuses = bundle.entry.map((entry: { response: { status: string } }) =>
      Number.parseInt(entry.response.status, 10),
    );
    expect(statuses).toEqual([200, 201, 400, 201, 404, 204, 200, 304, 400, 400, 200]);
    expect(bundle.entry[0].resource.id).toBe('b1');
    expect(bundle.entry[1].response.location).toBe(`${door.base}/Basic/b1/_history/1`);
    expect(bundle.entry[2].response.outcome.issue[0].expression).toEqual(['Basic.colour']);
    expect(bundle.entry[6].resource.entry).toHaveLength(1);
    expect(bundle.entry[7].resource).toBeUndefined();
  });

  it('refuses entries that lean on one another, and does the rest', async () => {
    const answer = await submit([
      {
        fullUrl: 'urn:uuid:p',
        resource: { resourceType: 'Patient' },
        request: { method: 'POST', url: 'Patient' },
      },
      {
        resource: { resourceType: 'Basic', code: { text: 'x' }, subject: { reference: 'urn:uuid:p' } },
        request: { method: 'POST', url: 'Basic' },
      },
    ]);
    const [first, second] = answer.json().entry;
    expect(first.response.status).toBe('201 Created');
    expect(second.response.status).toBe('400 Bad Request');
    expect(second.response.outcome.issue[0].diagnostics).toContain('transaction');
  });

  it('keeps the order of entries that write one resource, and does hundreds', async () => {
    const entries = Array.from({ length: 300 }, (_, i) => ({
      resource: basic(`many-${i % 100}`, `round-${Math.floor(i / 100)}`),
      request: { method: 'PUT', url: `Basic/many-${i % 100}` },
    }));
    const answer = await submit(entries);
    const statuses = answer
      .json()
      .entry.map((entry: { response: { status: string } }) => entry.response.status);
    expect(statuses.filter((status: string) => status === '201 Created')).toHaveLength(100);
    const last = (await door.send('GET', '/fhir/Basic/many-42', { as: 'system' })).json();
    expect(last).toMatchObject({ meta: { versionId: '3' }, code: { text: 'round-2' } });
  });

  it('refuses a Bundle that is broken around its resources', async () => {
    const answer = await submit([
      { resource: basic('x'), request: { method: 'PUT', url: 'Basic/x' }, colour: 'red' },
    ]);
    expect(answer.status).toBe(400);
    expect(answer.json().issue[0].expression).toEqual(['Bundle.entry[0].colour']);
  });

  it('reads no more than one Bundle may', async () => {
    const small = await openDoorUnderTest({ settings: { bundleBytesMax: 1_000 } });
    try {
      const resource = basic('big', 'x'.repeat(900));
      await small.send('PUT', '/fhir/Basic/big', { as: 'system', body: resource });
      for (const type of ['batch', 'transaction']) {
        const entry = Array.from({ length: 40 }, () => ({ request: { method: 'GET', url: 'Basic/big' } }));
        const body = { resourceType: 'Bundle', type, entry };
        const answer = await small.send('POST', '/fhir', { as: 'system', body });
        const statuses = answer
          .json()
          .entry.map((one: { response: { status: string } }) => one.response.status);
        expect(statuses[0]).toBe('200 OK');
        expect(statuses.at(-1)).toMatch(/^413/);
      }
    } finally {
      await small.close();
    }
  });
});
