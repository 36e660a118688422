/** Requests that are answered later: whose they are, how they end, what bounds them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;
const LATER = { prefer: 'respond-async' };

const start = async (method: string, path: string, sent: object = {}, from = door): Promise<string> => {
  const answer = await from.send(method, path, { as: 'system', ...sent, headers: LATER });
  expect([answer.status, answer.text], path).toEqual([202, '']);
  const address = answer.headers.get('content-location') ?? '';
  expect(address.startsWith(`${from.base}/_async/`)).toBe(true);
  return address.slice(from.url.length);
};
type Answer = Awaited<ReturnType<DoorUnderTest['send']>>;
/** Asks until the job is no longer under way. */
const ended = async (path: string, from = door, as = 'system'): Promise<Answer> => {
  for (;;) {
    const answer = await from.send('GET', path, { as });
    if (answer.status !== 202) return answer;
    expect(answer.headers.get('x-progress')).toMatch(/./);
    expect(answer.headers.get('retry-after')).toBe('1');
  }
};
const basic = (id: string): object => ({ resourceType: 'Basic', id, code: { text: 'x' } });
const batchOf = (count: number): object => ({
  resourceType: 'Bundle',
  type: 'batch',
  entry: Array.from({ length: count }, (_, i) => ({
    resource: basic(`many-${i}`),
    request: { method: 'PUT', url: `Basic/many-${i}` },
  })),
});

beforeAll(async () => {
  door = await openDoorUnderTest();
  await door.send('PUT', '/fhir/Basic/b', { as: 'system', body: basic('b') });
});
afterAll(() => door.close());

describe('a request that is answered later', () => {
  it('gives what it would have given at once, and is audited as that', async () => {
    for (const [method, path, sent, status, text] of [
      ['GET', '/fhir/Basic?_id=b', {}, '200 OK', '"searchset"'],
      ['GET', '/fhir/Basic/_history', {}, '200 OK', '"history"'],
      ['GET', '/fhir/_history?_count=1', {}, '200 OK', '"history"'],
      ['GET', '/fhir/Basic/b/_history', {}, '200 OK', '"history"'],
      ['POST', '/fhir', { body: batchOf(3) }, '200 OK', '"batch-response"'],
      ['GET', '/fhir/Basic?_nonsense:x=1', {}, undefined, ''],
      ['GET', '/fhir/Basic/never/_history', {}, '404 Not Found', 'not-found'],
    ] as const) {
      const answer = await ended(await start(method, path, sent));
      expect(answer.status, answer.text).toBe(200);
      const bundle = answer.json();
      expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'batch-response' });
      expect(bundle.entry).toHaveLength(1);
      if (status !== undefined) expect(bundle.entry[0].response.status).toBe(status);
      expect(answer.text).toContain(text);
      expect(answer.headers.get('expires')).toMatch(/GMT$/);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
    const rows = await door.audit();
    expect(rows.some((row) => row.action === 'search' && row.targets[0] === 'Basic?_id')).toBe(true);
    expect(rows.some((row) => row.action === 'read' && row.targets[0]?.startsWith('_async/'))).toBe(true);
  });

  it('is answered as XML where that is asked of its address', async () => {
    const path = await start('GET', '/fhir/Basic?_id=b');
    await ended(path);
    expect((await door.send('GET', `${path}?_format=xml`, { as: 'system' })).text).toContain('<Bundle');
  });

  it('is seen by nobody but the one who asked', async () => {
    const path = await start('GET', '/fhir/Basic?_id=b');
    await ended(path);
    expect((await door.send('GET', path, { as: 'gp' })).status).toBe(404);
    expect((await door.send('DELETE', path, { as: 'engineer' })).status).toBe(404);
    expect((await door.send('GET', path)).status).toBe(401);
    expect((await ended(path)).status).toBe(200);
  });

  it('ends where it is deleted', async () => {
    const path = await start('POST', '/fhir', { body: batchOf(2000) });
    expect((await door.send('DELETE', path, { as: 'system' })).status).toBe(202);
    expect((await door.send('GET', path, { as: 'system' })).status).toBe(404);
    expect((await door.send('DELETE', path, { as: 'system' })).status).toBe(404);
    const done = await start('GET', '/fhir/Basic?_id=b');
    await ended(done);
    expect((await door.send('DELETE', done, { as: 'system' })).status).toBe(202);
    expect((await door.send('GET', done, { as: 'system' })).status).toBe(404);
  });

  it('says what a role may not do, and what there is not', async () => {
    const answer = await door.send('GET', '/fhir/Patient', { as: 'engineer', headers: LATER });
    const path = (answer.headers.get('content-location') ?? '').slice(door.url.length);
    const { entry } = (await ended(path, door, 'engineer')).json();
    expect(entry[0].response.status).toBe('403 Forbidden');
    expect((await door.send('GET', '/fhir/_async/none', { as: 'system' })).status).toBe(404);
    expect((await door.send('GET', `${path}?x=1`, { as: 'engineer' })).status).toBe(400);
  });

  it('is for what may take long: all else is answered at once', async () => {
    const answer = await door.send('GET', '/fhir/Basic/b', { as: 'system', headers: LATER });
    expect([answer.status, answer.json().id]).toEqual([200, 'b']);
    const nearly = { prefer: 'respond-asynchronously' };
    expect((await door.send('GET', '/fhir/Basic?_id=b', { as: 'system', headers: nearly })).status).toBe(200);
    const both = { prefer: 'handling=strict, respond-async; wait=10' };
    expect((await door.send('GET', '/fhir/Basic?_id=b', { as: 'system', headers: both })).status).toBe(202);
  });

  it('says so where the node has been started anew', async () => {
    const other = await openDoorUnderTest();
    try {
      const path = await start('GET', '/fhir/Basic?_id=b', {}, other);
      const answer = await door.send('GET', path, { as: 'system' });
      expect([answer.status, answer.json().issue[0].code]).toEqual([410, 'expired']);
      expect(answer.text).toContain('started anew');
    } finally {
      await other.close();
    }
  });

  it('has limits: how many, of one, how long and how large', async () => {
    const settings = {
      asyncJobsMax: 3,
      asyncJobsOfOneMax: 2,
      asyncResultsBytesMax: 1500,
      asyncRunningMax: 1,
    };
    const few = await openDoorUnderTest({ settings });
    try {
      const big = { ...basic('big'), text: { status: 'generated', div: `<div>${'x'.repeat(2000)}</div>` } };
      await few.send('PUT', '/fhir/Basic/big', { as: 'system', body: big });
      const first = await start('GET', '/fhir/Basic?_id=big', {}, few);
      await start('GET', '/fhir/Basic?_id=none', {}, few);
      const third = await few.send('GET', '/fhir/Basic', { as: 'system', headers: LATER });
      expect([third.status, third.headers.get('retry-after')]).toEqual([429, '1']);
      expect(third.text).toContain('asyncJobsOfOneMax');
      const tooLarge = (await ended(first, few)).json().entry[0].response;
      expect(tooLarge.status).toMatch(/^413/);
      expect(JSON.stringify(tooLarge.outcome)).toContain('asyncResultsBytesMax');
      expect((await few.send('GET', '/fhir/Observation', { as: 'gp', headers: LATER })).status).toBe(202);
      expect((await few.send('GET', '/fhir/Observation', { as: 'nurse', headers: LATER })).status).toBe(429);
    } finally {
      await few.close();
    }
    const short = await openDoorUnderTest({ settings: { asyncKeepSeconds: 0 } });
    try {
      const path = await start('GET', '/fhir/Basic?_id=none', {}, short);
      const answer = await ended(path, short);
      expect([answer.status, answer.text]).toEqual([404, expect.stringContaining('asyncKeepSeconds')]);
    } finally {
      await short.close();
    }
  });
});
