/** Conditional update and delete, alone and many at once, and what the conditions of a request may be. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest, scenarios } from '../../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;

const basic = (tag: string, more: object = {}): object => ({
  resourceType: 'Basic',
  identifier: [{ system: 'urn:t', value: tag }],
  code: { text: 'x' },
  ...more,
});
const at = (tag: string): string => `/fhir/Basic?identifier=urn:t|${tag}`;
const put = (tag: string, body: object = basic(tag), headers: Record<string, string> = {}) =>
  door.send('PUT', at(tag), { as: 'system', body, headers });
const create = (tag: string) => door.send('POST', '/fhir/Basic', { as: 'system', body: basic(tag) });
const found = async (tag: string): Promise<{ id: string; meta: { versionId: string } }[]> =>
  ((await door.send('GET', at(tag), { as: 'system' })).json().entry ?? []).map(
    (entry: { resource: object }) => entry.resource,
  );

beforeAll(async () => {
  door = await openDoorUnderTest();
});
afterAll(() => door.close());

describe('conditional update', () => {
  it('makes what is not there, changes what is, and refuses where several are', async () => {
    const made = await put('one');
    expect(made.status, made.text).toBe(201);
    expect(made.headers.get('location')).toMatch(/\/Basic\/[^/]+\/_history\/1$/);
    const { id } = made.json();
    const changed = await put('one', basic('one', { code: { text: 'y' } }));
    expect([changed.status, changed.json().id, changed.json().meta.versionId]).toEqual([200, id, '2']);
    const named = await put('one', basic('one', { id }));
    expect([named.status, named.json().meta.versionId]).toEqual([200, '3']);
    await create('one');
    const several = await put('one');
    expect(several.status).toBe(412);
    expect(several.text).toContain('multiple-matches');
  });

  it('takes the id inside: for what it makes, and not another for what it finds', async () => {
    const made = await put('own', basic('own', { id: 'own-id' }));
    expect([made.status, made.json().id]).toEqual([201, 'own-id']);
    const other = await put('own', basic('own', { id: 'another' }));
    expect(other.status).toBe(400);
    expect(other.json().issue[0].expression).toEqual(['Basic.id']);
    expect((await put('else', basic('else', { id: 'own-id' }))).status).toBe(409);
    await door.send('DELETE', '/fhir/Basic/own-id', { as: 'system' });
    const again = await put('own', basic('own', { id: 'own-id' }));
    expect([again.status, again.json().meta.versionId]).toEqual([201, '3']);
    expect((await door.send('GET', '/fhir/Basic/own-id/_history', { as: 'system' })).json().total).toBe(3);
  });

  it('keeps to If-Match and If-None-Match', async () => {
    expect((await put('if', basic('if'), { 'if-match': 'W/"1"' })).status).toBe(412);
    expect((await put('if', basic('if'), { 'if-none-match': '*' })).status).toBe(201);
    expect((await put('if', basic('if'), { 'if-none-match': '*' })).status).toBe(412);
    expect((await put('if', basic('if'), { 'if-match': 'W/"7"' })).status).toBe(412);
    expect((await put('if', basic('if'), { 'if-match': 'W/"1"' })).status).toBe(200);
    expect((await put('if', basic('if'), { 'if-match': 'nonsense' })).status).toBe(400);
    expect((await put('if', basic('if'), { 'if-none-match': 'W/"1"' })).status).toBe(400);
  });

  it('of sixty at once makes one resource, and each of the others changes it', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => put('many', basic('many', { code: { text: `${n}` } }))),
    );
    expect(answers.map((one) => one.status).sort()).toEqual([...Array(59).fill(200), 201]);
    const all = await found('many');
    expect(all).toHaveLength(1);
    expect(all[0]?.meta.versionId).toBe('60');
  });

  it('mixed with conditional creates of the same, makes one resource too', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        n % 2 === 0
          ? put('mixed', basic('mixed', { id: `mixed-${n}` }))
          : door.send('POST', '/fhir/Basic', {
              as: 'system',
              body: basic('mixed'),
              headers: { 'if-none-exist': 'identifier=urn:t|mixed' },
            }),
      ),
    );
    const statuses = answers.map((one) => one.status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    // an update under another id than that of the one that was quicker
    expect(statuses.filter((status) => ![200, 201, 400].includes(status))).toEqual([]);
    expect(await found('mixed')).toHaveLength(1);
  });

  it('in a batch, of the same thing many times, makes one', async () => {
    const entry = Array.from({ length: 20 }, () => ({
      resource: basic('batched'),
      request: { method: 'PUT', url: 'Basic?identifier=urn:t|batched' },
    }));
    const body = { resourceType: 'Bundle', type: 'batch', entry };
    const answer = await door.send('POST', '/fhir', { as: 'system', body });
    const statuses = answer.json().entry.map((one: { response: { status: string } }) => one.response.status);
    expect(statuses.filter((one: string) => one === '201 Created')).toHaveLength(1);
    expect(statuses.filter((one: string) => one === '200 OK')).toHaveLength(19);
    expect(await found('batched')).toHaveLength(1);
  });

  scenarios(
    () => door,
    [
      {
        name: 'without a condition',
        request: 'PUT /fhir/Basic',
        as: 'system',
        body: basic('x'),
        status: 400,
        contains: ['at least one search parameter'],
      },
      {
        name: 'by a parameter that is none',
        request: 'PUT /fhir/Basic?idnetifier=x',
        as: 'system',
        body: basic('x'),
        status: 400,
        contains: ['idnetifier', 'identifier'],
      },
      {
        name: 'that is not valid',
        request: 'PUT /fhir/Basic?identifier=x',
        as: 'system',
        body: { resourceType: 'Basic' },
        status: 400,
        contains: ['Basic.code'],
      },
      {
        name: 'with nothing wanted back',
        request: 'PUT /fhir/Basic?identifier=urn:t|minimal',
        as: 'system',
        body: basic('minimal'),
        headers: { prefer: 'return=minimal' },
        status: 201,
        lacks: ['Basic'],
      },
    ],
  );
});

describe('conditional delete', () => {
  it('deletes the one that fits, is content with none, and refuses several', async () => {
    await create('gone');
    const answer = await door.send('DELETE', at('gone'), { as: 'system' });
    expect([answer.status, answer.headers.get('etag')]).toEqual([204, 'W/"2"']);
    expect(await found('gone')).toEqual([]);
    expect((await door.send('DELETE', at('gone'), { as: 'system' })).status).toBe(204);
    const told = { as: 'system', headers: { prefer: 'return=OperationOutcome' } };
    expect((await door.send('DELETE', at('gone'), told)).json().issue[0].diagnostics).toContain('nothing');
    await Promise.all([create('two'), create('two')]);
    const several = await door.send('DELETE', at('two'), { as: 'system' });
    expect([several.status, (await found('two')).length]).toEqual([412, 2]);
    expect((await door.send('DELETE', '/fhir/Basic', { as: 'system' })).status).toBe(400);
  });

  it('keeps to If-Match', async () => {
    await create('if-gone');
    const send = (version: string, tag = 'if-gone') =>
      door.send('DELETE', at(tag), { as: 'system', headers: { 'if-match': `W/"${version}"` } });
    expect((await send('7')).status).toBe(412);
    expect((await send('1', 'never')).status).toBe(412);
    expect((await send('1')).status).toBe(204);
  });

  it('by a setting deletes several, up to a limit, in one commit', async () => {
    const many = await openDoorUnderTest({ settings: { conditionalDeleteMax: 5 } });
    try {
      const post = (tag: string) => many.send('POST', '/fhir/Basic', { as: 'system', body: basic(tag) });
      await Promise.all(Array.from({ length: 6 }, () => post('six')));
      await Promise.all(Array.from({ length: 5 }, () => post('five')));
      const told = { as: 'system', headers: { prefer: 'return=OperationOutcome' } };
      const refused = await many.send('DELETE', at('six'), told);
      expect(refused.status).toBe(412);
      expect(refused.text).toContain('conditionalDeleteMax');
      const answer = await many.send('DELETE', at('five'), told);
      expect([answer.status, answer.json().issue[0].diagnostics]).toEqual([200, 'Basic: 5 deleted.']);
      const { entry } = (await many.send('GET', '/fhir/Basic/_history?_count=5', { as: 'system' })).json();
      expect(new Set(entry.map((one: { request: { method: string } }) => one.request.method))).toEqual(
        new Set(['DELETE']),
      );
      const statement = (await many.send('GET', '/fhir/metadata')).json();
      expect(statement.rest[0].resource[0]).toMatchObject({
        conditionalDelete: 'multiple',
        conditionalUpdate: true,
      });
    } finally {
      await many.close();
    }
  });
});

describe('conditions of reads and deletes', () => {
  it('are kept by vread as by read', async () => {
    const { id } = (await create('held')).json();
    for (const path of [`/fhir/Basic/${id}`, `/fhir/Basic/${id}/_history/1`]) {
      const send = (headers: Record<string, string>) => door.send('GET', path, { as: 'system', headers });
      expect((await send({ 'if-none-match': 'W/"1"' })).status).toBe(304);
      expect((await send({ 'if-none-match': 'W/"2"' })).status).toBe(200);
      expect((await send({ 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' })).status).toBe(304);
      expect((await send({ 'if-modified-since': 'Fri, 01 Jan 2010 00:00:00 GMT' })).status).toBe(200);
    }
    const told = { as: 'system', headers: { prefer: 'return=OperationOutcome' } };
    expect((await door.send('DELETE', `/fhir/Basic/${id}`, told)).json().issue[0].diagnostics).toBe(
      'Basic: 1 deleted.',
    );
    expect((await door.send('DELETE', `/fhir/Basic/${id}`, { as: 'system' })).status).toBe(204);
  });
});
