/** Create and update: what is written, under which id, and what is refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest, scenarios } from '../../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;

beforeAll(async () => {
  door = await openDoorUnderTest({ settings: { bodyBytesMax: 200_000 } });
});
afterAll(() => door.close());

const basic = (more: object = {}): object => ({ resourceType: 'Basic', code: { text: 'x' }, ...more });
const organisation = (value: string): object => ({
  resourceType: 'Organization',
  identifier: [{ system: 'urn:test', value }],
  name: 'Ward',
});

describe('create', () => {
  it('gives the resource an id of the server and says where it is', async () => {
    const answer = await door.send('POST', '/fhir/Basic', {
      as: 'system',
      body: basic({
        id: 'mine',
        meta: { versionId: '9', lastUpdated: '1999-01-01T00:00:00Z', tag: [{ code: 't' }] },
      }),
    });
    expect(answer.status).toBe(201);
    const created = answer.json();
    expect(created.id).toMatch(/^[a-z0-9]{26}$/);
    expect(created.meta).toMatchObject({ versionId: '1', tag: [{ code: 't' }] });
    expect(Date.parse(created.meta.lastUpdated)).toBeGreaterThan(Date.parse('2020-01-01'));
    expect(answer.headers.get('location')).toBe(`${door.base}/Basic/${created.id}/_history/1`);
    expect(answer.headers.get('etag')).toBe('W/"1"');
    const read = await door.send('GET', `/fhir/Basic/${created.id}`, { as: 'system' });
    expect(read.text).toBe(answer.text);
  });

  scenarios(
    () => door,
    [
      {
        name: 'nothing sent back',
        request: 'POST /fhir/Basic',
        as: 'system',
        body: basic(),
        headers: { prefer: 'return=minimal' },
        status: 201,
        lacks: ['Basic'],
        has: { location: /Basic\/[a-z0-9]{26}\/_history\/1$/, 'content-length': '0' },
      },
      {
        name: 'an outcome sent back',
        request: 'POST /fhir/Basic',
        as: 'system',
        body: basic(),
        headers: { prefer: 'return=OperationOutcome' },
        status: 201,
        contains: ['OperationOutcome', 'informational'],
      },
      {
        name: 'another type than the address',
        request: 'POST /fhir/Patient',
        as: 'system',
        body: basic(),
        status: 400,
        contains: ['Patient', 'Basic', 'resourceType'],
      },
      {
        name: 'an unknown type',
        request: 'POST /fhir/Basik',
        as: 'system',
        body: basic(),
        status: 404,
        contains: ['Basik'],
      },
      {
        name: 'an unknown element',
        request: 'POST /fhir/Basic',
        as: 'system',
        body: basic({ colour: 'red' }),
        status: 400,
        contains: ['"expression":["Basic.colour"]'],
        lacks: ['red'],
      },
      {
        name: 'a code outside a required binding',
        request: 'POST /fhir/Patient',
        as: 'system',
        body: { resourceType: 'Patient', gender: 'mail' },
        status: 422,
        contains: ['"expression":["Patient.gender"]', 'code-invalid'],
      },
      { name: 'no body', request: 'POST /fhir/Basic', as: 'system', status: 400, contains: ['no body'] },
      {
        name: 'a list',
        request: 'POST /fhir/Basic',
        as: 'system',
        body: '[]',
        status: 400,
        contains: ['structure'],
      },
      {
        name: 'JSON cut off',
        request: 'POST /fhir/Basic',
        as: 'system',
        body: '{"resourceType":"Basic",\n "code": {"text": "secret',
        status: 400,
        contains: ['line 2', 'column'],
        lacks: ['secret'],
      },
      {
        name: 'JSON nested 100,000 deep',
        request: 'POST /fhir/Basic',
        as: 'system',
        body: `{"resourceType":"Basic","extension":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
        status: 400,
        contains: ['nested'],
      },
      {
        name: 'a body over the limit',
        request: 'POST /fhir/Basic',
        as: 'system',
        body: basic({ code: { text: 'x'.repeat(300_000) } }),
        status: 413,
        contains: ['bodyBytesMax', 'too-long'],
      },
      {
        name: 'Turtle sent',
        request: 'POST /fhir/Basic',
        as: 'system',
        body: '<Basic/>',
        headers: { 'content-type': 'application/fhir+turtle' },
        status: 415,
        contains: ['fhir+turtle'],
      },
      {
        name: 'another character set',
        request: 'POST /fhir/Basic',
        as: 'system',
        body: basic(),
        headers: { 'content-type': 'application/fhir+json; charset=latin1' },
        status: 415,
        contains: ['UTF-8'],
      },
      {
        name: 'and the door is open still',
        request: 'POST /fhir/Basic',
        as: 'system',
        body: basic(),
        status: 201,
      },
    ],
  );

  it('refuses a body that ends before its length', async () => {
    const { connect } = await import('node:net');
    const { port } = new URL(door.url);
    const token = await door.token('system');
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        const head = [
          'POST /fhir/Basic HTTP/1.1',
          'Host: x',
          `Authorization: Bearer ${token}`,
          'Content-Type: application/fhir+json',
          'Content-Length: 500',
        ];
        socket.end(`${head.join('\r\n')}\r\n\r\n{"resourceType"`);
      });
      socket.on('error', reject);
      socket.on('close', () => resolve());
      socket.resume();
    });
    expect((await door.send('GET', '/livez')).status).toBe(200);
  });
});

describe('create unless it exists', () => {
  const condition = 'identifier=urn:test|one';
  scenarios(
    () => door,
    [
      {
        name: 'it does not',
        request: 'POST /fhir/Organization',
        as: 'system',
        body: organisation('one'),
        headers: { 'if-none-exist': condition },
        status: 201,
      },
      {
        name: 'it does',
        request: 'POST /fhir/Organization',
        as: 'system',
        body: organisation('one'),
        headers: { 'if-none-exist': condition },
        status: 200,
        has: { location: /\/Organization\/[a-z0-9]{26}\/_history\/1$/ },
      },
      {
        name: 'another one without a condition',
        request: 'POST /fhir/Organization',
        as: 'system',
        body: organisation('one'),
        status: 201,
      },
      {
        name: 'several do',
        request: 'POST /fhir/Organization',
        as: 'system',
        body: organisation('one'),
        headers: { 'if-none-exist': condition },
        status: 412,
        contains: ['multiple-matches'],
      },
      {
        name: 'a condition that is not understood',
        request: 'POST /fhir/Organization',
        as: 'system',
        body: organisation('two'),
        headers: { 'if-none-exist': 'identifyer=urn:test|two' },
        status: 400,
        contains: ['identifyer'],
      },
      {
        name: 'a condition that says nothing',
        request: 'POST /fhir/Organization',
        as: 'system',
        body: organisation('two'),
        headers: { 'if-none-exist': '_count=1' },
        status: 400,
      },
      {
        name: 'and nothing was written by those refused',
        request: 'GET /fhir/Organization?identifier=urn:test|two&_total=accurate',
        as: 'system',
        status: 200,
        contains: ['"total":0'],
      },
    ],
  );
});

describe('update', () => {
  scenarios(
    () => door,
    [
      {
        name: 'creates under the id of the client',
        request: 'PUT /fhir/Basic/u1',
        as: 'system',
        body: basic({ id: 'u1' }),
        status: 201,
        has: { etag: 'W/"1"', location: /\/Basic\/u1\/_history\/1$/ },
      },
      {
        name: 'a new version',
        request: 'PUT /fhir/Basic/u1',
        as: 'system',
        body: basic({ id: 'u1', code: { text: 'second' } }),
        status: 200,
        contains: ['"versionId":"2"', 'second'],
        has: { etag: 'W/"2"' },
      },
      {
        name: 'with the version it was made from',
        request: 'PUT /fhir/Basic/u1',
        as: 'system',
        body: basic({ id: 'u1', code: { text: 'third' } }),
        headers: { 'if-match': 'W/"2"' },
        status: 200,
        has: { etag: 'W/"3"' },
      },
      {
        name: 'with a stale version',
        request: 'PUT /fhir/Basic/u1',
        as: 'system',
        body: basic({ id: 'u1', code: { text: 'lost' } }),
        headers: { 'if-match': 'W/"2"' },
        status: 412,
        contains: ['conflict'],
      },
      {
        name: 'with no ETag at all',
        request: 'PUT /fhir/Basic/u1',
        as: 'system',
        body: basic({ id: 'u1' }),
        headers: { 'if-match': 'three' },
        status: 400,
      },
      {
        name: 'only if nothing is there, but it is',
        request: 'PUT /fhir/Basic/u1',
        as: 'system',
        body: basic({ id: 'u1' }),
        headers: { 'if-none-match': '*' },
        status: 412,
      },
      {
        name: 'another id inside',
        request: 'PUT /fhir/Basic/u1',
        as: 'system',
        body: basic({ id: 'u2' }),
        status: 400,
        contains: ['"expression":["Basic.id"]'],
      },
      {
        name: 'no id inside',
        request: 'PUT /fhir/Basic/u1',
        as: 'system',
        body: basic(),
        status: 400,
        contains: ['"expression":["Basic.id"]'],
      },
      {
        name: 'an id that is none',
        request: 'PUT /fhir/Basic/a_b',
        as: 'system',
        body: basic({ id: 'a_b' }),
        status: 400,
      },
      {
        name: 'an invalid resource',
        request: 'PUT /fhir/Basic/u1',
        as: 'system',
        body: basic({ id: 'u1', created: 'yesterday' }),
        status: 400,
        contains: ['"expression":["Basic.created"]'],
        lacks: ['yesterday'],
      },
      {
        name: 'nothing of what was refused is there',
        request: 'GET /fhir/Basic/u1',
        as: 'system',
        status: 200,
        contains: ['third', '"versionId":"3"'],
        lacks: ['lost'],
      },
    ],
  );

  it('brings a deleted resource back as its next version', async () => {
    const put = (): ReturnType<DoorUnderTest['send']> =>
      door.send('PUT', '/fhir/Basic/back', { as: 'system', body: basic({ id: 'back' }) });
    expect((await put()).status).toBe(201);
    expect((await door.send('DELETE', '/fhir/Basic/back', { as: 'system' })).status).toBe(204);
    const again = await put();
    expect(again.status).toBe(201);
    expect(again.headers.get('etag')).toBe('W/"3"');
  });
});
