/** What an organisation asks beyond R4, at the door: every way in refuses, warns or records, and says where. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../test/fhir-door-under-test.ts';
import { loadedOf } from '../../test/packages-under-test.ts';

const URL = 'https://example.org/StructureDefinition';
const profile = (name: string, type: string, element: readonly object[]) => ({
  resourceType: 'StructureDefinition',
  url: `${URL}/${name}`,
  name,
  status: 'active',
  kind: 'resource',
  abstract: false,
  type,
  derivation: 'constraint',
  baseDefinition: `http://hl7.org/fhir/StructureDefinition/${type}`,
  differential: { element },
});
const loaded = loadedOf([
  profile('named', 'Patient', [{ id: 'Patient.name', path: 'Patient.name', min: 1 }]),
  profile('owned', 'Device', [{ id: 'Device.owner', path: 'Device.owner', min: 1 }]),
  profile('placed', 'Location', [{ id: 'Location.name', path: 'Location.name', min: 1 }]),
  {
    resourceType: 'ValueSet',
    url: 'urn:warm',
    compose: { include: [{ system: 'urn:s', concept: [{ code: 'a' }] }] },
  },
  {
    resourceType: 'CodeSystem',
    url: 'urn:s',
    content: 'complete',
    concept: [{ code: 'above-a', concept: [{ code: 'a' }] }, { code: 'b' }],
  },
  profile('born', 'Patient', [{ id: 'Patient.birthDate', path: 'Patient.birthDate', min: 1 }]),
]);
const on = (name: string, mode: 'refuse' | 'warn' | 'record') => ({ profiles: [`${URL}/${name}`], mode });

const NAMED = { resourceType: 'Patient', name: [{ family: 'Doe' }] };
const NAMELESS = { resourceType: 'Patient', gender: 'female' };
const OUTCOME = { prefer: 'return=OperationOutcome' };

let door: DoorUnderTest;
beforeAll(async () => {
  door = await openDoorUnderTest({
    loaded,
    profiles: {
      declared: 'warn',
      types: {
        Patient: on('named', 'refuse'),
        Device: on('owned', 'warn'),
        Location: on('placed', 'record'),
        Practitioner: on('born', 'refuse'),
        Organization: on('nobody-has-it', 'refuse'),
      },
    },
  });
});
afterAll(() => door.close());

const send = (method: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  door.send(method, `/fhir${path}`, { as: 'system', body, headers });

describe('a resource that breaks a profile which its organisation enforces', () => {
  it('is refused by create and update with 422 and the place', async () => {
    for (const [method, path, body] of [
      ['POST', '/Patient', NAMELESS],
      ['PUT', '/Patient/p1', { ...NAMELESS, id: 'p1' }],
    ] as const) {
      const answer = await send(method, path, body);
      expect(answer.status).toBe(422);
      const issues = answer.json().issue as {
        severity: string;
        expression?: string[];
        diagnostics: string;
      }[];
      expect(
        issues.some(({ severity, diagnostics }) => severity === 'error' && /name/.test(diagnostics)),
      ).toBe(true);
    }
    expect((await send('POST', '/Patient', NAMED)).status).toBe(201);
  });

  it('is refused where a patch makes it so, alone and inside a transaction', async () => {
    expect((await send('PUT', '/Patient/p2', { ...NAMED, id: 'p2' })).status).toBe(201);
    const operations = [{ op: 'remove', path: '/name' }];
    const type = { 'content-type': 'application/json-patch+json' };
    const alone = await send('PATCH', '/Patient/p2', operations, type);
    expect(alone.status).toBe(422);
    const data = Buffer.from(JSON.stringify(operations)).toString('base64');
    const inside = await send('POST', '/', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          resource: { resourceType: 'Binary', contentType: 'application/json-patch+json', data },
          request: { method: 'PATCH', url: 'Patient/p2' },
        },
      ],
    });
    expect(inside.status).toBe(422);
    expect((await door.send('GET', '/fhir/Patient/p2', { as: 'system' })).json().name).toEqual(NAMED.name);
  });

  it('is refused inside a transaction with its entry, and nothing of it is done; in a batch alone', async () => {
    const entries = [NAMED, NAMELESS].map((resource) => ({
      resource,
      request: { method: 'POST', url: 'Patient' },
    }));
    const bundle = (type: string) => ({ resourceType: 'Bundle', type, entry: entries });
    const count = async (): Promise<number> =>
      (await door.send('GET', '/fhir/Patient?_summary=count&_total=accurate', { as: 'system' })).json().total;
    const before = await count();
    const whole = await send('POST', '/', bundle('transaction'));
    expect(whole.status).toBe(422);
    expect(whole.json().issue[0].expression[0]).toMatch(/^Bundle\.entry\[1\]\.resource/);
    expect(await count()).toBe(before);
    const batch = (await send('POST', '/', bundle('batch'))).json();
    expect(
      batch.entry.map((one: { response: { status: string } }) => one.response.status.slice(0, 3)),
    ).toEqual(['201', '422']);
  });
});

describe('a resource that breaks a profile which its organisation warns of', () => {
  it('is taken, and the answer says so to whoever asks for an outcome', async () => {
    const device = { resourceType: 'Device' };
    const quiet = await send('POST', '/Device', device);
    expect([quiet.status, quiet.json().resourceType]).toEqual([201, 'Device']);
    const told = await send('POST', '/Device', device, OUTCOME);
    expect(told.status).toBe(201);
    const warnings = (told.json().issue as { severity: string; diagnostics: string }[]).filter(
      ({ severity }) => severity === 'warning',
    );
    expect(warnings.some(({ diagnostics }) => /owner/.test(diagnostics))).toBe(true);
    const bundle = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [{ resource: device, request: { method: 'POST', url: 'Device' } }],
    };
    const inside = (await send('POST', '/', bundle, OUTCOME)).json().entry[0].response.outcome;
    expect(JSON.stringify(inside)).toContain('owner');
  });

  it('because it claims it itself, also by $meta-add', async () => {
    const claiming = { ...NAMED, meta: { profile: [`${URL}/born`] } };
    const told = await send('POST', '/Patient', claiming, OUTCOME);
    expect(told.status).toBe(201);
    expect(told.text).toContain('birthDate');
    expect((await send('POST', '/Patient', NAMED, OUTCOME)).text).not.toContain('birthDate');
  });
});

describe('a resource that would keep others waiting', () => {
  it('is refused with the limit, named, where its type is enforced', async () => {
    const name = Array.from({ length: 12_000 }, (_, i) => ({ family: `N${i}` }));
    const answer = await send('POST', '/Patient', { ...NAMED, name });
    expect(answer.status).toBe(422);
    expect(answer.text).toMatch(/setting profileDoor(Elements|Steps)Max/);
  });
});

describe('the CapabilityStatement', () => {
  it('names the profiles that a type is held to', async () => {
    const { rest } = (await door.send('GET', '/fhir/metadata')).json();
    const supported = (type: string): unknown =>
      rest[0].resource.find((one: { type: string }) => one.type === type).supportedProfile;
    expect(supported('Patient')).toEqual([`${URL}/named`]);
    expect(supported('Encounter')).toBeUndefined();
  });
});

describe('what packages say of codes', () => {
  it('serves searches by value set', async () => {
    await send('PUT', '/Observation/o', {
      resourceType: 'Observation',
      id: 'o',
      status: 'final',
      code: { coding: [{ system: 'urn:s', code: 'a' }] },
    });
    const search = async (query: string): Promise<unknown> =>
      (await door.send('GET', `/fhir/Observation?${query}`, { as: 'system' }))
        .json()
        .entry?.map((one: { resource: { id: string } }) => one.resource.id);
    expect(await search('code:in=urn:warm')).toEqual(['o']);
    expect(await search('code:not-in=urn:warm')).toBeUndefined();
    expect(await search('code:below=urn:s|above-a')).toEqual(['o']);
  });
});

describe('what is only recorded, and what cannot be checked', () => {
  it('is taken without a word', async () => {
    const told = await send('POST', '/Location', { resourceType: 'Location', status: 'active' }, OUTCOME);
    expect(told.status).toBe(201);
    expect(told.json().issue.length).toBe(1);
  });

  it('is a profile of another type: nobody is held to it', async () => {
    expect((await send('POST', '/Practitioner', { resourceType: 'Practitioner', active: true })).status).toBe(
      201,
    );
  });

  it('keeps nobody from writing where the profile is not loaded, and says so', async () => {
    const told = await send('POST', '/Organization', { resourceType: 'Organization', name: 'A' }, OUTCOME);
    expect(told.status).toBe(201);
    expect(told.text).toContain('nobody-has-it');
  });
});
