/** $meta, $meta-add, $meta-delete: sets of profiles, tags and labels, and who may change which label. */
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
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';

beforeAll(async () => {
  door = await openDoorUnderTest();
  for (const body of [
    verifiedPatient('anna', nhsNumber(21)),
    {
      resourceType: 'Observation',
      id: 'weight',
      meta: { tag: [{ system: 'urn:t', code: 'a', display: 'First' }] },
      status: 'final',
      code: { text: 'weight' },
      subject: { reference: 'Patient/anna' },
      valueQuantity: { value: 5.4, unit: 'kg' },
    },
  ] as { resourceType: string; id: string }[]) {
    const text = JSON.stringify(body).replace('5.4', '5.40');
    const done = await door.send('PUT', `/fhir/${body.resourceType}/${body.id}`, {
      as: 'system',
      body: text,
    });
    expect(done.status, done.text).toBe(201);
  }
});
afterAll(() => door.close());

const change = (name: string, valueMeta: object, as = 'system', headers = {}): Promise<Answer> =>
  door.send('POST', `/fhir/Observation/weight/$${name}`, {
    as,
    headers,
    body: { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta }] },
  });
const metaIn = (answer: Answer): { tag?: object[]; security?: object[]; versionId: string } =>
  answer.json().parameter[0].valueMeta;

describe('$meta', () => {
  it('gives what is there, of now and of a version', async () => {
    for (const path of ['weight/$meta', 'weight/_history/1/$meta']) {
      const answer = await door.send('GET', `/fhir/Observation/${path}`, { as: 'gp' });
      expect(answer.status, answer.text).toBe(200);
      expect(metaIn(answer).tag).toEqual([{ system: 'urn:t', code: 'a', display: 'First' }]);
      expect(metaIn(answer).versionId).toBe('1');
    }
  });

  it('adds to a set and takes from it; what changes nothing makes no version', async () => {
    const given = {
      tag: [
        { system: 'urn:t', code: 'a', display: 'Another name' },
        { system: 'urn:t', code: 'b' },
      ],
      profile: ['https://x.test/p'],
    };
    const added = await change('meta-add', given);
    expect(added.status, added.text).toBe(200);
    expect(metaIn(added)).toMatchObject({ versionId: '2', profile: ['https://x.test/p'] });
    expect(metaIn(added).tag).toEqual([
      { system: 'urn:t', code: 'a', display: 'First' },
      { system: 'urn:t', code: 'b' },
    ]);
    expect(added.headers.get('etag')).toBe('W/"2"');
    expect(metaIn(await change('meta-add', given)).versionId).toBe('2');
    const taken = await change('meta-delete', { tag: given.tag, profile: ['https://x.test/other'] });
    expect(metaIn(taken)).toMatchObject({ versionId: '3', profile: ['https://x.test/p'] });
    expect(metaIn(taken).tag).toBeUndefined();
    const read = await door.send('GET', '/fhir/Observation/weight', { as: 'gp' });
    expect(read.text, 'decimals stay as written').toContain('5.40');
  });

  it('keeps the versions before, and leaves an audit row', async () => {
    const history = (await door.send('GET', '/fhir/Observation/weight/_history', { as: 'gp' })).json();
    expect(history.total).toBe(3);
    const rows = (await door.audit()).filter((row) => row.detail?.meta === 'add');
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ action: 'update', targets: ['Observation/weight'], persons: ['anna'] });
  });

  it('closes a resource by a label, for those who may set it, and opens it again', async () => {
    const secret = { security: [{ system: CONFIDENTIALITY, code: 'R' }] };
    const refused = await change('meta-add', secret, 'nurse');
    expect(refused.status).toBe(403);
    expect((await change('meta-add', secret, 'gp')).status).toBe(200);
    const read = (as: string): Promise<Answer> => door.send('GET', '/fhir/Observation/weight', { as });
    expect((await read('nurse')).status).toBe(404);
    expect((await door.send('GET', '/fhir/Observation/weight/$meta', { as: 'nurse' })).status).toBe(404);
    expect((await change('meta-delete', secret, 'nurse')).status, 'it is not there for them').toBe(404);
    const anna = await door.token('patient', nhsNumber(21));
    expect((await change('meta-delete', secret, anna)).status, 'a patient writes nothing').toBe(403);
    expect((await change('meta-delete', secret, 'gp')).status).toBe(200);
    expect((await read('nurse')).status).toBe(200);
    const rows = await door.audit();
    expect(rows.some((row) => row.outcome === 'refused' && row.detail?.rule === 'label')).toBe(true);
  });

  it('never sets what its asker could not see', async () => {
    const refused = await change('meta-add', { security: [{ system: CONFIDENTIALITY, code: 'V' }] }, 'gp');
    expect(refused.status).toBe(403);
    expect(refused.json().issue[0].diagnostics).toContain('label');
  });

  it('nor does any other write', async () => {
    const meta = { security: [{ system: CONFIDENTIALITY, code: 'V' }] };
    const stored = (await door.send('GET', '/fhir/Observation/weight', { as: 'gp' })).json();
    const closing = { ...stored, meta };
    const { id: _id, ...fresh } = closing;
    const patch = [{ op: 'add', path: '/meta/security', value: meta.security }];
    const entry = [{ resource: closing, request: { method: 'PUT', url: 'Observation/weight' } }];
    const json = { 'content-type': 'application/json-patch+json' };
    for (const [method, path, body, headers] of [
      ['PUT', '/fhir/Observation/weight', closing, {}],
      ['POST', '/fhir/Observation', fresh, {}],
      ['PATCH', '/fhir/Observation/weight', patch, json],
      ['POST', '/fhir', { resourceType: 'Bundle', type: 'transaction', entry }, {}],
    ] as const) {
      const refused = await door.send(method, path, { as: 'gp', body, headers });
      expect([refused.status, method, path], refused.text).toEqual([403, method, path]);
      expect(refused.text).toContain('label');
    }
    const now = await door.send('GET', '/fhir/Observation/weight', { as: 'gp' });
    expect(now.json().meta.versionId).toBe(stored.meta.versionId);
  });

  it('honours If-Match', async () => {
    const tag = { tag: [{ system: 'urn:t', code: 'c' }] };
    expect((await change('meta-add', tag, 'system', { 'if-match': 'W/"1"' })).status).toBe(412);
  });

  it('loses nothing when many add at once', async () => {
    const codes = ['k1', 'k2', 'k3'];
    const answers = await Promise.all(
      codes.map((code) => change('meta-add', { tag: [{ system: 'urn:t', code }] })),
    );
    expect(answers.map((one) => one.status)).toEqual([200, 200, 200]);
    const now = metaIn(await door.send('GET', '/fhir/Observation/weight/$meta', { as: 'gp' }));
    expect(now.tag?.map((one) => (one as { code: string }).code).sort()).toEqual(codes);
  });

  scenarios(
    () => door,
    [
      {
        name: 'nothing to add',
        request: 'POST /fhir/Observation/weight/$meta-add',
        as: 'system',
        status: 400,
        contains: ['meta'],
      },
      {
        name: 'a parameter of another name',
        request: 'POST /fhir/Observation/weight/$meta-add',
        as: 'system',
        body: { resourceType: 'Parameters', parameter: [{ name: 'tag', valueMeta: { profile: ['urn:x'] } }] },
        status: 400,
        contains: ['tag'],
      },
      {
        name: 'a meta that is none',
        request: 'POST /fhir/Observation/weight/$meta-add',
        as: 'system',
        body: { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: { tag: 'x' } }] },
        status: 400,
        contains: ['tag'],
      },
      {
        name: 'nobody',
        request: 'POST /fhir/Observation/nobody/$meta-add',
        as: 'system',
        body: {
          resourceType: 'Parameters',
          parameter: [{ name: 'meta', valueMeta: { profile: ['urn:x'] } }],
        },
        status: 404,
      },
      {
        name: 'a version is not changed any more',
        request: 'POST /fhir/Observation/weight/_history/1/$meta-add',
        as: 'system',
        body: { resourceType: 'Parameters' },
        status: 404,
        contains: ['$meta-add'],
      },
      {
        name: 'of the whole system',
        request: 'GET /fhir/$meta',
        as: 'system',
        status: 404,
        contains: ['$meta'],
      },
    ],
  );
});
