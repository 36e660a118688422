/** Patch through the door: both forms, conditions, what is refused, many at once, entries of a batch. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DoorUnderTest,
  nhsNumber,
  openDoorUnderTest,
  scenarios,
  verifiedPatient,
} from '../../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;

const JSON_PATCH = { 'content-type': 'application/json-patch+json' };
const jsonPatch = (path: string, body: unknown, headers: Record<string, string> = {}, as = 'system') =>
  door.send('PATCH', path, { as, body, headers: { ...JSON_PATCH, ...headers } });
const operation = (type: string, path: string, value?: object, name?: string): object => ({
  name: 'operation',
  part: [
    { name: 'type', valueCode: type },
    { name: 'path', valueString: path },
    ...(name === undefined ? [] : [{ name: 'name', valueString: name }]),
    ...(value === undefined ? [] : [{ name: 'value', ...value }]),
  ],
});
const parameters = (...parameter: object[]): object => ({ resourceType: 'Parameters', parameter });
const replaceGender = (code: string) =>
  parameters(operation('replace', 'Patient.gender', { valueCode: code }));

beforeAll(async () => {
  door = await openDoorUnderTest();
  const body = verifiedPatient('p', nhsNumber(1), { gender: 'male', name: [{ family: 'Okonkwo' }] });
  await door.send('PUT', '/fhir/Patient/p', { as: 'system', body });
});
afterAll(() => door.close());

describe('a patch', () => {
  it('changes what it names and leaves the rest, in either form', async () => {
    const first = await jsonPatch('/fhir/Patient/p', [
      { op: 'test', path: '/gender', value: 'male' },
      { op: 'replace', path: '/gender', value: 'other' },
    ]);
    expect(first.status, first.text).toBe(200);
    expect(first.json()).toMatchObject({ gender: 'other', name: [{ family: 'Okonkwo' }], active: true });
    expect(first.headers.get('etag')).toBe('W/"2"');
    const body = parameters(
      operation('replace', 'Patient.gender', { valueCode: 'female' }),
      operation('add', 'Patient', { valueDate: '1970-01-01' }, 'birthDate'),
    );
    const second = await door.send('PATCH', '/fhir/Patient/p', {
      as: 'system',
      body,
      headers: { 'if-match': 'W/"2"', prefer: 'return=minimal' },
    });
    expect([second.status, second.text]).toEqual([200, '']);
    const read = await door.send('GET', '/fhir/Patient/p', { as: 'system' });
    expect(read.json()).toMatchObject({
      gender: 'female',
      birthDate: '1970-01-01',
      meta: { versionId: '3' },
    });
    const versions = (await door.send('GET', '/fhir/Patient/p/_history', { as: 'system' })).json();
    expect(versions.total).toBe(3);
  });

  it('may come as XML where it is a FHIRPath Patch', async () => {
    const part = (name: string, value: string): string => `<part><name value="${name}"/>${value}</part>`;
    const body =
      '<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>' +
      part('type', '<valueCode value="replace"/>') +
      part('path', '<valueString value="Patient.gender"/>') +
      part('value', '<valueCode value="unknown"/>') +
      '</parameter></Parameters>';
    const headers = { 'content-type': 'application/fhir+xml' };
    const answer = await door.send('PATCH', '/fhir/Patient/p', { as: 'system', body, headers });
    expect([answer.status, answer.json().gender]).toEqual([200, 'unknown']);
  });

  it('of many at once loses none', async () => {
    await door.send('PUT', '/fhir/Basic/list', {
      as: 'system',
      body: { resourceType: 'Basic', id: 'list', code: { coding: [{ code: 'first' }] } },
    });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        jsonPatch('/fhir/Basic/list', [{ op: 'add', path: '/code/coding/-', value: { code: `c${n}` } }]),
      ),
    );
    expect(new Set(answers.map((one) => one.status))).toEqual(new Set([200]));
    const { code, meta } = (await door.send('GET', '/fhir/Basic/list', { as: 'system' })).json();
    expect([code.coding.length, meta.versionId]).toEqual([51, '51']);
  });

  it('under one If-Match, of many at once one wins', async () => {
    await door.send('PUT', '/fhir/Basic/once', {
      as: 'system',
      body: { resourceType: 'Basic', id: 'once', code: { text: 'x' } },
    });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        jsonPatch('/fhir/Basic/once', [{ op: 'replace', path: '/code/text', value: `${n}` }], {
          'if-match': 'W/"1"',
        }),
      ),
    );
    expect(answers.map((one) => one.status).sort()).toEqual([200, ...Array(29).fill(412)]);
  });

  it('is by what a condition finds: one, and neither none nor several', async () => {
    const created = (tag: string) =>
      door.send('POST', '/fhir/Basic', {
        as: 'system',
        body: { resourceType: 'Basic', identifier: [{ value: tag }], code: { text: 'x' } },
      });
    const text = [{ op: 'replace', path: '/code/text', value: 'y' }];
    await created('one');
    const done = await jsonPatch('/fhir/Basic?identifier=one', text);
    expect([done.status, done.json().code.text]).toEqual([200, 'y']);
    expect((await jsonPatch('/fhir/Basic?identifier=none', text)).status).toBe(404);
    await created('one');
    expect((await jsonPatch('/fhir/Basic?identifier=one', text)).status).toBe(412);
    expect((await jsonPatch('/fhir/Basic', text)).status).toBe(400);
  });

  it('that breaks the resource is refused naming the element, and nothing is written', async () => {
    const before = (await door.send('GET', '/fhir/Patient/p', { as: 'system' })).headers.get('etag');
    for (const [body, expression] of [
      [[{ op: 'replace', path: '/gender', value: 'nonsense' }], 'Patient.gender'],
      [[{ op: 'add', path: '/name/0/nonsense', value: 1 }], 'Patient.name[0].nonsense'],
      [[{ op: 'remove', path: '/name/0' }], 'Patient.name'],
      [[{ op: 'replace', path: '/id', value: 'q' }], 'Patient.id'],
      [[{ op: 'replace', path: '/resourceType', value: 'Person' }], 'resourceType'],
    ] as const) {
      const answer = await jsonPatch('/fhir/Patient/p', body);
      expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
      expect(answer.json().issue[0].expression).toEqual([expression]);
    }
    const body = replaceGender('nonsense');
    const answer = await door.send('PATCH', '/fhir/Patient/p', { as: 'system', body });
    expect([answer.status, answer.json().issue[0].expression]).toEqual([422, ['Patient.gender']]);
    expect((await jsonPatch('/fhir/Patient/p', [{ op: 'replace', path: '', value: 7 }])).status).toBe(400);
    const after = (await door.send('GET', '/fhir/Patient/p', { as: 'system' })).headers.get('etag');
    expect(after).toBe(before);
  });

  scenarios(
    () => door,
    [
      {
        name: 'as XML',
        request: 'PATCH /fhir/Patient/p',
        as: 'system',
        body: '<diff/>',
        headers: { 'content-type': 'application/xml-patch+xml' },
        status: 415,
        contains: ['application/xml-patch+xml', 'application/json-patch+json'],
      },
      {
        name: 'as a resource that is none',
        request: 'PATCH /fhir/Patient/p',
        as: 'system',
        body: { resourceType: 'Patient', gender: 'male' },
        status: 400,
        contains: ['Parameters'],
      },
      {
        name: 'of nothing',
        request: 'PATCH /fhir/Patient/nobody',
        as: 'system',
        body: replaceGender('male'),
        status: 404,
      },
      {
        name: 'without a body',
        request: 'PATCH /fhir/Patient/p',
        as: 'system',
        status: 400,
        contains: ['no body'],
      },
      {
        name: 'by a path that leads nowhere',
        request: 'PATCH /fhir/Patient/p',
        as: 'system',
        body: [{ op: 'replace', path: '/name/7/family', value: 'x' }],
        headers: JSON_PATCH,
        status: 422,
        contains: ['/name/7/family'],
      },
      {
        name: 'in another version than the one seen',
        request: 'PATCH /fhir/Patient/p',
        as: 'system',
        body: [],
        headers: { ...JSON_PATCH, 'if-match': 'W/"1"' },
        status: 412,
      },
      {
        name: 'by somebody who may not write the type',
        request: 'PATCH /fhir/Patient/p',
        as: 'engineer',
        body: [],
        headers: JSON_PATCH,
        status: 403,
      },
    ],
  );

  it('stands in a batch as Parameters, or as a Binary that holds a JSON Patch', async () => {
    const operations = [{ op: 'replace', path: '/name/0/family', value: 'Batch' }];
    const binary = (contentType: string, text = JSON.stringify(operations)): object => ({
      resourceType: 'Binary',
      contentType,
      data: Buffer.from(text).toString('base64'),
    });
    const request = { method: 'PATCH', url: 'Patient/p' };
    const body = {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [
        { resource: binary('application/json-patch+json'), request },
        { resource: replaceGender('unknown'), request },
        { resource: binary('text/plain'), request },
        { resource: binary('application/json-patch+json', '{'), request },
        { resource: replaceGender('female'), request: { ...request, ifMatch: 'W/"1"' } },
      ],
    };
    const { entry } = (await door.send('POST', '/fhir', { as: 'system', body })).json();
    expect(entry.map((one: { response: { status: string } }) => one.response.status.slice(0, 3))).toEqual([
      '200',
      '200',
      '400',
      '400',
      '412',
    ]);
    expect((await door.send('GET', '/fhir/Patient/p', { as: 'system' })).json()).toMatchObject({
      gender: 'unknown',
      name: [{ family: 'Batch' }],
    });
  });
});
