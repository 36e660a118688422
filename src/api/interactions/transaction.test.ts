/** Transactions: all or none, references between entries, conditions, and the order of doing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest, scenarios } from '../../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;

beforeAll(async () => {
  door = await openDoorUnderTest({ settings: { bundleEntriesMax: 1_100 } });
});
afterAll(() => door.close());

interface AnyResource {
  readonly resourceType: string;
  readonly [element: string]: unknown;
}
interface Entry {
  readonly fullUrl?: string;
  readonly resource?: object;
  readonly request?: object;
}
const bundle = (...entry: readonly Entry[]): object => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry,
});
const post = (resource: AnyResource, more: object = {}, fullUrl?: string): Entry => ({
  ...(fullUrl === undefined ? {} : { fullUrl }),
  resource,
  request: { method: 'POST', url: resource.resourceType, ...more },
});
const put = (resource: AnyResource, more: object = {}): Entry => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${String(resource.id)}`, ...more },
});
const patient = (more: object = {}): AnyResource => ({ resourceType: 'Patient', ...more });
const observation = (reference: string, more: object = {}): AnyResource => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  subject: { reference },
  ...more,
});
const practitioner = (value: string): AnyResource => ({
  resourceType: 'Practitioner',
  identifier: [{ system: 'urn:staff', value }],
});
const submit = (body: object, headers: Record<string, string> = {}): ReturnType<DoorUnderTest['send']> =>
  door.send('POST', '/fhir', { as: 'system', body, headers });
const read = async (path: string): Promise<ReturnType<typeof JSON.parse>> => {
  const answer = await door.send('GET', `/fhir/${path}`, { as: 'system' });
  return answer.status === 200 ? answer.json() : answer.status;
};
const countOf = async (search: string): Promise<number> => (await read(`${search}&_count=0`)).total;
/** `Patient/x` of `Patient/x/_history/1`, absolute or not. */
const target = (location: string): string => /([A-Z]\w+\/[^/]+)\/_history/.exec(location)?.[1] ?? '';

describe('references between entries', () => {
  it('by urn:uuid lead to the new ids, in contained resources and attachments too', async () => {
    const answer = await submit(
      bundle(
        post(
          observation('urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0', {
            contained: [
              {
                resourceType: 'Specimen',
                id: 's',
                subject: { reference: 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0' },
              },
            ],
            specimen: { reference: '#s' },
            performer: [{ reference: 'urn:uuid:2d3151bd-1cbf-4d64-b04d-cd9187a4c6e1' }],
          }),
        ),
        post(patient(), {}, 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0'),
        post(practitioner('p0'), {}, 'urn:uuid:2d3151bd-1cbf-4d64-b04d-cd9187a4c6e1'),
        post(
          {
            resourceType: 'Binary',
            contentType: 'text/plain',
            data: 'eA==',
          },
          {},
          'urn:uuid:3e3151bd-1cbf-4d64-b04d-cd9187a4c6e2',
        ),
        post({
          resourceType: 'DocumentReference',
          status: 'current',
          content: [{ attachment: { url: 'urn:uuid:3e3151bd-1cbf-4d64-b04d-cd9187a4c6e2' } }],
        }),
      ),
    );
    expect(answer.status, answer.text).toBe(200);
    const response = answer.json();
    expect(response).toMatchObject({ resourceType: 'Bundle', type: 'transaction-response' });
    const [observed, person, staff, binary, document] = response.entry.map(
      (entry: { response: { status: string; location: string } }) => {
        expect(entry.response).toMatchObject({
          status: '201 Created',
          etag: 'W/"1"',
          lastModified: expect.stringMatching(/Z$/),
        });
        return target(entry.response.location);
      },
    );
    const kept = await read(observed);
    expect(kept.subject.reference).toBe(person);
    expect(kept.contained[0].subject.reference).toBe(person);
    expect(kept.specimen.reference).toBe('#s');
    expect(kept.performer[0].reference).toBe(staff);
    expect((await read(document)).content[0].attachment.url).toBe(binary);
    expect(response.entry[0].resource).toBeUndefined();
  });

  it('by an absolute or a relative fullUrl lead to the new ids', async () => {
    const answer = await submit(
      bundle(
        post(patient({ id: '17' }), {}, 'http://old.example/fhir/Patient/17'),
        post(observation('Patient/17', { id: '1' }), {}, 'http://old.example/fhir/Observation/1'),
        post(observation('http://old.example/fhir/Patient/17/_history/3')),
        post(observation('Patient/elsewhere'), {}, 'http://old.example/fhir/Observation/2'),
      ),
    );
    expect(answer.status, answer.text).toBe(200);
    const [person, near, far, other] = answer
      .json()
      .entry.map((entry: { response: { location: string } }) => target(entry.response.location));
    expect(person).not.toBe('Patient/17');
    expect((await read(near)).subject.reference).toBe(person);
    expect((await read(far)).subject.reference).toBe(person);
    expect((await read(other)).subject.reference).toBe('Patient/elsewhere');
  });

  it('to an entry that is not there are refused, and nothing is done', async () => {
    const answer = await submit(bundle(post(patient()), post(observation('urn:uuid:nowhere'))));
    expect(answer.status).toBe(400);
    expect(answer.json().issue[0].expression).toEqual(['Bundle.entry[1].resource']);
  });
});

describe('conditional references', () => {
  beforeAll(async () => {
    for (const value of ['one', 'two', 'two']) {
      await door.send('POST', '/fhir/Practitioner', { as: 'system', body: practitioner(value) });
    }
  });

  it('become the one resource that fits', async () => {
    const answer = await submit(
      bundle(
        post(
          observation('Patient/x', { performer: [{ reference: 'Practitioner?identifier=urn:staff|one' }] }),
        ),
      ),
    );
    expect(answer.status, answer.text).toBe(200);
    const kept = await read(target(answer.json().entry[0].response.location));
    expect(kept.performer[0].reference).toMatch(/^Practitioner\/[a-z0-9]{26}$/);
  });

  for (const [what, query] of [
    ['nothing fits', 'Practitioner?identifier=urn:staff|none'],
    ['several fit', 'Practitioner?identifier=urn:staff|two'],
  ] as const) {
    it(`fail with 412 at their entry where ${what}, and nothing is done`, async () => {
      const before = await countOf('Observation?');
      const answer = await submit(
        bundle(
          post(observation('Patient/x')),
          post(observation('Patient/x', { performer: [{ reference: query }] })),
        ),
      );
      expect(answer.status).toBe(412);
      expect(answer.json().issue[0].expression).toEqual(['Bundle.entry[1].resource']);
      expect(await countOf('Observation?')).toBe(before);
    });
  }
});

describe('conditional creates', () => {
  it('take what is there, and references lead to it', async () => {
    const send = (): ReturnType<DoorUnderTest['send']> =>
      submit(
        bundle(
          post(practitioner('cc'), { ifNoneExist: 'identifier=urn:staff|cc' }, 'urn:uuid:cc'),
          post(observation('Patient/x', { performer: [{ reference: 'urn:uuid:cc' }] })),
        ),
      );
    const first = (await send()).json();
    const second = (await send()).json();
    expect(first.entry[0].response.status).toBe('201 Created');
    expect(second.entry[0].response.status).toBe('200 OK');
    const made = target(first.entry[0].response.location);
    expect(target(second.entry[0].response.location)).toBe(made);
    const kept = await read(target(second.entry[1].response.location));
    expect(kept.performer[0].reference).toBe(made);
    expect(await countOf('Practitioner?identifier=urn:staff|cc')).toBe(1);
  });

  it('of many clients at once make one resource, and every reference leads to it', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () =>
        submit(
          bundle(
            post(practitioner('race'), { ifNoneExist: 'identifier=urn:staff|race' }, 'urn:uuid:race'),
            post(observation('Patient/x', { performer: [{ reference: 'urn:uuid:race' }] })),
          ),
        ),
      ),
    );
    const found = await read('Practitioner?identifier=urn:staff|race');
    expect(found.entry).toHaveLength(1);
    const one = `Practitioner/${found.entry[0].resource.id}`;
    for (const answer of answers) {
      expect(answer.status, answer.text).toBe(200);
      const kept = await read(target(answer.json().entry[1].response.location));
      expect(kept.performer[0].reference).toBe(one);
    }
  });

  it('that several fit fail with 412 at their entry', async () => {
    for (let i = 0; i < 2; i++) {
      await door.send('POST', '/fhir/Practitioner', { as: 'system', body: practitioner('twin') });
    }
    const answer = await submit(
      bundle(post(patient()), post(practitioner('twin'), { ifNoneExist: 'identifier=urn:staff|twin' })),
    );
    expect(answer.status).toBe(412);
    expect(answer.json().issue[0].expression[0]).toMatch(/^Bundle\.entry\[1\]/);
  });
});

describe('all or none', () => {
  it('an invalid third entry is named, and nothing is done', async () => {
    const before = await countOf('Patient?');
    const answer = await submit(
      bundle(
        post(patient()),
        post(patient()),
        post(patient({ birthDate: 'yesterday', name: [{ famly: 'x' }] })),
      ),
    );
    expect(answer.status).toBe(400);
    const expressions = answer.json().issue.map((issue: { expression: string[] }) => issue.expression[0]);
    expect(expressions.sort()).toEqual([
      'Bundle.entry[2].resource.birthDate',
      'Bundle.entry[2].resource.name[0].famly',
    ]);
    expect(await countOf('Patient?')).toBe(before);
  });

  it('a stale version in one entry undoes all', async () => {
    await door.send('PUT', '/fhir/Basic/held', {
      as: 'system',
      body: { resourceType: 'Basic', id: 'held', code: { text: 'x' } },
    });
    const before = await countOf('Patient?');
    const stale = { resourceType: 'Basic', id: 'held', code: { text: 'y' } };
    const answer = await submit(bundle(post(patient()), put(stale, { ifMatch: 'W/"9"' })));
    expect(answer.status).toBe(412);
    expect(answer.json().issue[0].expression).toEqual(['Bundle.entry[1]']);
    expect(await countOf('Patient?')).toBe(before);
    expect((await read('Basic/held')).code.text).toBe('x');
  });

  it('one commit has one audit row that names its targets', async () => {
    const answer = await submit(bundle(post(patient()), post(patient())), { 'x-request-id': 'tx-audit' });
    expect(answer.status).toBe(200);
    const rows = (await door.audit()).filter((row) => row.requestId === 'tx-audit');
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ action: 'create', outcome: 'ok', detail: { create: 2 } });
    expect(rows[0]?.targets).toHaveLength(2);
  });

  it('tells the errors of several entries at once', async () => {
    const answer = await submit(
      bundle(
        post({ resourceType: 'Patient', colour: 'red' }),
        { request: { method: 'DELETE', url: 'Nonsense/1' } },
        { request: { method: 'POST', url: 'Patient' } },
      ),
    );
    const places = answer
      .json()
      .issue.map(
        (issue: { expression: string[] }) => /^Bundle\.entry\[\d\]/.exec(issue.expression[0] ?? '')?.[0],
      );
    expect(places).toEqual(['Bundle.entry[0]', 'Bundle.entry[1]', 'Bundle.entry[2]']);
  });
});

describe('the order of doing', () => {
  it('is delete, create, update, read, whatever the order in the Bundle', async () => {
    const thing = (text: string) => ({ resourceType: 'Basic', id: 'ordered', code: { text } });
    await door.send('PUT', '/fhir/Basic/ordered', { as: 'system', body: thing('before') });
    await door.send('PUT', '/fhir/Basic/doomed', { as: 'system', body: { ...thing('x'), id: 'doomed' } });
    const answer = await submit(
      bundle(
        { request: { method: 'GET', url: 'Basic/ordered' } },
        { request: { method: 'GET', url: 'Basic/doomed' } },
        put(thing('after')),
        { request: { method: 'DELETE', url: 'Basic/doomed' } },
        { request: { method: 'GET', url: 'Basic?_id=ordered' } },
      ),
    );
    expect(answer.status, answer.text).toBe(200);
    const { entry } = answer.json();
    expect(entry[0].resource.code.text).toBe('after');
    expect(entry[0].response).toMatchObject({ status: '200 OK', etag: 'W/"2"' });
    expect(entry[1].response.status).toBe('410 Gone');
    expect(entry[1].response.outcome.resourceType).toBe('OperationOutcome');
    expect(entry[2].response.status).toBe('200 OK');
    expect(entry[3].response).toMatchObject({ status: '204 No Content' });
    expect(entry[4].resource).toMatchObject({ resourceType: 'Bundle', type: 'searchset' });
    expect(entry[4].resource.entry[0].resource.code.text).toBe('after');
  });

  it('gives the resources back where they are preferred', async () => {
    const full = await submit(bundle(post(patient({ gender: 'other' }))), {
      prefer: 'return=representation',
    });
    expect(full.json().entry[0].resource).toMatchObject({ resourceType: 'Patient', gender: 'other' });
    const outcome = await submit(bundle(post(patient())), { prefer: 'return=OperationOutcome' });
    expect(outcome.json().entry[0].response.outcome.resourceType).toBe('OperationOutcome');
  });

  it('of nothing is an empty answer', async () => {
    const answer = await submit({ resourceType: 'Bundle', type: 'transaction' });
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({ resourceType: 'Bundle', type: 'transaction-response' });
  });

  it('holds for as many entries as the limit allows', async () => {
    const answer = await submit(bundle(...Array.from({ length: 1_000 }, () => post(patient()))));
    expect(answer.status).toBe(200);
    expect(answer.json().entry).toHaveLength(1_000);
  });
});

describe('refused', () => {
  const basic = { resourceType: 'Basic', id: 'same', code: { text: 'x' } };
  scenarios(
    () => door,
    [
      {
        name: 'one resource twice',
        request: 'POST /fhir',
        as: 'system',
        body: bundle(put(basic), { request: { method: 'DELETE', url: 'Basic/same' } }),
        status: 400,
        contains: ['duplicate', 'Bundle.entry['],
      },
      {
        name: 'one fullUrl twice',
        request: 'POST /fhir',
        as: 'system',
        body: bundle(post(patient(), {}, 'urn:uuid:a'), post(patient(), {}, 'urn:uuid:a')),
        status: 400,
        contains: ['fullUrl'],
      },
      {
        name: 'one condition twice',
        request: 'POST /fhir',
        as: 'system',
        body: bundle(
          post(practitioner('d'), { ifNoneExist: 'identifier=urn:staff|d' }),
          post(practitioner('d'), { ifNoneExist: 'identifier=urn:staff|d' }),
        ),
        status: 400,
        contains: ['condition'],
      },
      {
        name: 'an address on another server',
        request: 'POST /fhir',
        as: 'system',
        body: bundle({
          resource: basic,
          request: { method: 'PUT', url: 'http://elsewhere.example/Basic/same' },
        }),
        status: 400,
        contains: ['Bundle.entry[0].request.url'],
      },
      {
        name: 'a Bundle in the Bundle',
        request: 'POST /fhir',
        as: 'system',
        body: bundle({ resource: bundle(), request: { method: 'POST', url: '/' } }),
        status: 400,
        contains: ['Bundle.entry[0].request.url'],
      },
      {
        name: 'an id that is not the address',
        request: 'POST /fhir',
        as: 'system',
        body: bundle({ resource: basic, request: { method: 'PUT', url: 'Basic/other' } }),
        status: 400,
        contains: ['Bundle.entry[0].resource.id'],
      },
      {
        name: 'an entry without a request',
        request: 'POST /fhir',
        as: 'system',
        body: bundle({ resource: basic }),
        status: 400,
        contains: ['Bundle.entry[0]'],
      },
      {
        name: 'a Bundle that is no request',
        request: 'POST /fhir',
        as: 'system',
        body: { resourceType: 'Bundle', type: 'collection' },
        status: 400,
        contains: ['collection'],
      },
      {
        name: 'what is no Bundle',
        request: 'POST /fhir',
        as: 'system',
        body: patient(),
        status: 400,
        contains: ['Bundle'],
      },
      {
        name: 'more entries than the limit',
        request: 'POST /fhir',
        as: 'system',
        body: bundle(...Array.from({ length: 1_101 }, () => post(patient()))),
        status: 413,
        contains: ['bundleEntriesMax'],
      },
      {
        name: 'by a role that may not write',
        request: 'POST /fhir',
        as: 'engineer',
        body: bundle(post(patient())),
        status: 403,
      },
    ],
  );
});
