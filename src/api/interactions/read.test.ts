/** Read, vread, history and delete: what the versions of one resource look like from outside. */
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
  door = await openDoorUnderTest();
  const put = (path: string, body: unknown) => door.send('PUT', path, { as: 'system', body });
  await put('/fhir/Patient/a', verifiedPatient('a', nhsNumber(1), { name: [{ family: 'Okonkwo' }] }));
  await put('/fhir/Patient/b', verifiedPatient('b', nhsNumber(2), { name: [{ family: 'Blythe' }] }));
  for (let i = 1; i <= 5; i++) {
    await put('/fhir/Observation/o', {
      resourceType: 'Observation',
      id: 'o',
      status: 'final',
      code: { text: `version-${i}` },
      subject: { reference: 'Patient/a' },
    });
  }
  await put('/fhir/Flag/gone', {
    resourceType: 'Flag',
    id: 'gone',
    status: 'active',
    code: { text: 'was-here' },
    subject: { reference: 'Patient/a' },
  });
});
afterAll(() => door.close());

describe('read', () => {
  scenarios(
    () => door,
    [
      {
        name: 'the current version',
        request: 'GET /fhir/Observation/o',
        as: 'system',
        status: 200,
        contains: ['version-5', '"id":"o"', '"versionId":"5"'],
        lacks: ['version-4'],
        has: {
          etag: 'W/"5"',
          'content-type': 'application/fhir+json; charset=utf-8',
          'last-modified': /GMT$/,
          'cache-control': 'private, no-cache',
        },
      },
      {
        name: 'held already',
        request: 'GET /fhir/Observation/o',
        as: 'system',
        headers: { 'if-none-match': 'W/"5"' },
        status: 304,
        lacks: ['version-5'],
        has: { etag: 'W/"5"' },
      },
      {
        name: 'held, but an older one',
        request: 'GET /fhir/Observation/o',
        as: 'system',
        headers: { 'if-none-match': 'W/"4"' },
        status: 200,
        contains: ['version-5'],
      },
      {
        name: 'not changed since tomorrow',
        request: 'GET /fhir/Observation/o',
        as: 'system',
        headers: { 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' },
        status: 304,
      },
      {
        name: 'changed since long ago',
        request: 'GET /fhir/Observation/o',
        as: 'system',
        headers: { 'if-modified-since': 'Fri, 01 Jan 2010 00:00:00 GMT' },
        status: 200,
      },
      {
        name: 'headers alone',
        request: 'HEAD /fhir/Observation/o',
        as: 'system',
        status: 200,
        lacks: ['version'],
        has: { etag: 'W/"5"', 'content-length': /^\d{2,}$/ },
      },
      {
        name: 'no such id',
        request: 'GET /fhir/Observation/nobody',
        as: 'system',
        status: 404,
        contains: ['not-found'],
      },
      {
        name: 'an id that is none',
        request: 'GET /fhir/Observation/a_b',
        as: 'system',
        status: 400,
        contains: ['64 letters'],
      },
      {
        name: 'a type that is none',
        request: 'GET /fhir/Obsevration/o',
        as: 'system',
        status: 404,
        contains: ['\\"Obsevration\\"'],
      },
      {
        name: 'Turtle asked for',
        request: 'GET /fhir/Observation/o',
        as: 'system',
        headers: { accept: 'application/fhir+turtle' },
        status: 406,
        contains: ['fhir+turtle', 'not-supported'],
      },
      {
        name: '_format=json goes before Accept',
        request: 'GET /fhir/Observation/o?_format=json',
        as: 'system',
        headers: { accept: 'application/fhir+xml' },
        status: 200,
      },
      {
        name: 'an address that is not UTF-8',
        request: 'GET /fhir/Observation/%zz',
        as: 'system',
        status: 400,
        contains: ['percent-encoded'],
      },
    ],
  );

  it('echoes a fit request id and makes one where it is unfit', async () => {
    const fit = await door.send('GET', '/fhir/Observation/o', {
      as: 'system',
      headers: { 'x-request-id': 'ward-7:42' },
    });
    expect(fit.headers.get('x-request-id')).toBe('ward-7:42');
    const unfit = await door.send('GET', '/fhir/Observation/nobody', {
      as: 'system',
      headers: { 'x-request-id': 'a b; c' },
    });
    expect(unfit.headers.get('x-request-id')).toMatch(/^[a-z0-9]{26}$/);
  });

  it('leaves one audit row with who, why, what and whose record', async () => {
    const before = (await door.audit()).length;
    await door.send('GET', '/fhir/Observation/o', { as: 'gp', headers: { 'x-request-id': 'audit-1' } });
    const rows = (await door.audit()).filter((row) => row.requestId === 'audit-1');
    expect((await door.audit()).length).toBe(before + 1);
    expect(rows).toMatchObject([
      {
        action: 'read',
        actor: { role: 'gp', organisation: 'TST01' },
        purpose: 'direct-care',
        targets: ['Observation/o'],
        persons: ['a'],
        outcome: 'ok',
      },
    ]);
  });
});

describe('vread', () => {
  scenarios(
    () => door,
    [
      {
        name: 'an old version',
        request: 'GET /fhir/Observation/o/_history/2',
        as: 'system',
        status: 200,
        contains: ['version-2', '"versionId":"2"'],
        lacks: ['version-5'],
        has: { etag: 'W/"2"' },
      },
      {
        name: 'a version that never was',
        request: 'GET /fhir/Observation/o/_history/99',
        as: 'system',
        status: 404,
      },
      {
        name: 'a version id that is none',
        request: 'GET /fhir/Observation/o/_history/a_b',
        as: 'system',
        status: 400,
      },
    ],
  );
});

describe('history', () => {
  scenarios(
    () => door,
    [
      {
        name: 'of nothing',
        request: 'GET /fhir/Observation/nobody/_history',
        as: 'system',
        status: 404,
      },
      {
        name: 'a parameter that would be ignored',
        request: 'GET /fhir/Observation/o/_history?_sort=_lastUpdated',
        as: 'system',
        status: 400,
        contains: ['_sort'],
      },
      {
        name: 'a page of nothing',
        request: 'GET /fhir/Observation/o/_history?_count=0',
        as: 'system',
        status: 400,
      },
      {
        name: 'a count that is none',
        request: 'GET /fhir/Observation/o/_history?_count=many',
        as: 'system',
        status: 400,
      },
    ],
  );

  it('comes newest first, in pages whose links lead through all of it', async () => {
    const seen: string[] = [];
    let path: string | undefined = '/fhir/Observation/o/_history?_count=2';
    let pages = 0;
    while (path !== undefined) {
      const answer = await door.send('GET', path, { as: 'system' });
      expect(answer.status).toBe(200);
      const bundle = answer.json();
      expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'history' });
      for (const entry of bundle.entry) {
        seen.push(entry.resource.code.text);
        expect(entry.response.etag).toBe(`W/"${entry.resource.meta.versionId}"`);
        expect(entry.fullUrl).toBe(`${door.base}/Observation/o`);
      }
      const next: { url: string } | undefined = bundle.link.find(
        (link: { relation: string }) => link.relation === 'next',
      );
      path = next?.url.slice(door.url.length);
      pages += 1;
    }
    expect(seen).toEqual(['version-5', 'version-4', 'version-3', 'version-2', 'version-1']);
    expect(pages).toBe(3);
  });
});

describe('delete', () => {
  scenarios(
    () => door,
    [
      {
        name: 'with a stale version',
        request: 'DELETE /fhir/Flag/gone',
        as: 'system',
        headers: { 'if-match': 'W/"7"' },
        status: 412,
      },
      { name: 'once', request: 'DELETE /fhir/Flag/gone', as: 'system', status: 204, has: { etag: 'W/"2"' } },
      { name: 'twice is as once', request: 'DELETE /fhir/Flag/gone', as: 'system', status: 204 },
      { name: 'what never was', request: 'DELETE /fhir/Flag/nobody', as: 'system', status: 204 },
      {
        name: 'then a read says so',
        request: 'GET /fhir/Flag/gone',
        as: 'system',
        status: 410,
        contains: ['deleted'],
        lacks: ['was-here'],
      },
      {
        name: 'then a search does not find it',
        request: 'GET /fhir/Flag?_id=gone',
        as: 'system',
        status: 200,
        lacks: ['was-here'],
      },
      {
        name: 'the version before is still there',
        request: 'GET /fhir/Flag/gone/_history/1',
        as: 'system',
        status: 200,
        contains: ['was-here'],
      },
      {
        name: 'the version of the deletion',
        request: 'GET /fhir/Flag/gone/_history/2',
        as: 'system',
        status: 410,
      },
    ],
  );

  it('shows in the history as what it is', async () => {
    const bundle = (await door.send('GET', '/fhir/Flag/gone/_history', { as: 'system' })).json();
    expect(bundle.entry).toHaveLength(2);
    expect(bundle.entry[0]).toMatchObject({
      request: { method: 'DELETE', url: 'Flag/gone' },
      response: { status: '204 No Content', etag: 'W/"2"' },
    });
    expect(bundle.entry[0].resource).toBeUndefined();
  });
});
