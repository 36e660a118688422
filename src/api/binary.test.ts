/** Binary over HTTP: content as it is, the resource where that is asked for, and who may see it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DoorUnderTest,
  nhsNumber,
  openDoorUnderTest,
  verifiedPatient,
} from '../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;
const CONTENT = '%PDF-1.7 \u0000\u0001 not really';

const get = (path: string, headers: Record<string, string> = {}, as = 'system') =>
  door.send('GET', path, { as, headers });

beforeAll(async () => {
  door = await openDoorUnderTest();
  for (const [id, n] of [
    ['a', 1],
    ['b', 2],
  ] as const) {
    const body = verifiedPatient(id, nhsNumber(n));
    await door.send('PUT', `/fhir/Patient/${id}`, { as: 'system', body });
  }
});
afterAll(() => door.close());

describe('a Binary', () => {
  it('is made of content as it is sent, and goes out as that or as the resource', async () => {
    const made = await door.send('POST', '/fhir/Binary', {
      as: 'system',
      body: CONTENT,
      headers: { 'content-type': 'application/pdf', 'x-security-context': 'Patient/a' },
    });
    expect(made.status, made.text).toBe(201);
    expect(made.json()).toMatchObject({
      resourceType: 'Binary',
      contentType: 'application/pdf',
      securityContext: { reference: 'Patient/a' },
      data: Buffer.from(CONTENT).toString('base64'),
    });
    const path = `/fhir/Binary/${made.json().id}`;
    for (const [address, accept] of [
      [path, '*/*'],
      [path, 'application/pdf'],
      [path, 'application/*;q=0.5'],
      [`${path}/_history/1`, 'text/html, */*;q=0.1'],
    ] as const) {
      const answer = await get(address, { accept });
      expect([answer.status, answer.text], accept).toEqual([200, CONTENT]);
      expect(answer.headers.get('content-type')).toBe('application/pdf');
      expect(answer.headers.get('content-disposition')).toBe('attachment');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('content-security-policy')).toContain('sandbox');
      expect(answer.headers.get('x-security-context')).toBe('Patient/a');
      expect(answer.headers.get('etag')).toBe('W/"1"');
    }
    for (const [address, accept, begin] of [
      [path, 'application/fhir+json', '{"resourceType":"Binary"'],
      [path, 'application/json', '{"resourceType":"Binary"'],
      [path, 'application/fhir+xml', '<Binary'],
      [`${path}?_format=json`, '*/*', '{"resourceType":"Binary"'],
      [`${path}/_history/1?_format=xml`, '*/*', '<Binary'],
    ] as const) {
      const answer = await get(address, { accept });
      expect([answer.status, answer.text.includes(begin)], address).toEqual([200, true]);
    }
    expect((await get(path, { accept: 'image/png' })).status).toBe(406);
    expect((await get(path, { 'if-none-match': 'W/"1"' })).status).toBe(304);
    expect((await door.send('HEAD', path, { as: 'system' })).headers.get('content-length')).toBe(
      String(Buffer.from(CONTENT).length),
    );
    expect((await get('/fhir/Binary?_count=1', { accept: 'image/png' })).status).not.toBe(500);
  });

  it('is updated by content, keeps its bytes, and stays a resource within Bundles', async () => {
    const put = (body: unknown, type: string) =>
      door.send('PUT', '/fhir/Binary/text', { as: 'system', body, headers: { 'content-type': type } });
    expect((await put('first', 'text/plain; charset=utf-8')).status).toBe(201);
    expect((await put('<script>alert(1)</script>', 'text/html')).status).toBe(200);
    expect((await put({ resourceType: 'Patient', id: 'text' }, 'application/fhir+json')).status).toBe(400);
    const html = await get('/fhir/Binary/text');
    expect([html.text, html.headers.get('content-disposition')]).toEqual([
      '<script>alert(1)</script>',
      'attachment',
    ]);
    expect((await get('/fhir/Binary/text/_history/1')).text).toBe('first');
    const body = {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [{ request: { method: 'GET', url: 'Binary/text' } }],
    };
    const { entry } = (await door.send('POST', '/fhir', { as: 'system', body })).json();
    expect(entry[0].resource).toMatchObject({ resourceType: 'Binary', contentType: 'text/html' });
    const history = (await get('/fhir/Binary/text/_history')).json();
    expect(history.entry[0].resource.contentType).toBe('text/html');
  });

  it('never answers with a type that is none, or could be a header', async () => {
    const bad = await door.send('POST', '/fhir/Binary', {
      as: 'system',
      body: { resourceType: 'Binary', contentType: 'a/b\nX-Evil: 1', data: 'eA==' },
    });
    const evil = await get(`/fhir/Binary/${bad.json().id}`);
    expect([evil.headers.get('x-evil'), evil.headers.get('content-type')]).toEqual([
      null,
      'application/octet-stream',
    ]);
    await door.send('PUT', '/fhir/Binary/odd', {
      as: 'system',
      body: { resourceType: 'Binary', id: 'odd', contentType: 'é/ü', data: 'eA==' },
    });
    const odd = await get('/fhir/Binary/odd');
    expect([odd.text, odd.headers.get('content-type')]).toEqual(['x', 'application/octet-stream']);
    expect(
      (
        await door.send('POST', '/fhir/Patient', {
          as: 'system',
          body: 'x',
          headers: { 'content-type': 'image/png' },
        })
      ).status,
    ).toBe(415);
  });

  it('whose securityContext is another person does not come along with a record', async () => {
    for (const [id, whose] of [
      ['of-a', 'a'],
      ['of-b', 'b'],
    ]) {
      await door.send('PUT', `/fhir/Binary/${id}`, {
        as: 'system',
        body: CONTENT,
        headers: { 'content-type': 'application/pdf', 'x-security-context': `Patient/${whose}` },
      });
    }
    await door.send('PUT', '/fhir/DocumentReference/d', {
      as: 'system',
      body: {
        resourceType: 'DocumentReference',
        id: 'd',
        status: 'current',
        subject: { reference: 'Patient/a' },
        content: ['of-a', 'of-b'].map((id) => ({ attachment: { url: `Binary/${id}` } })),
        context: { related: ['of-a', 'of-b'].map((id) => ({ reference: `Binary/${id}` })) },
      },
    });
    const as = await door.token('patient', nhsNumber(1));
    const { entry } = (await get('/fhir/Patient/a/$everything', {}, as)).json();
    const ids = entry.map((one: { resource: { id: string } }) => one.resource.id);
    expect(ids).toContain('of-a');
    expect(ids).not.toContain('of-b');
  });
});
