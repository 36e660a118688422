/** Another party's FHIR client, SMART's own (fhirclient), finds its way through the door. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Bundle, Observation, Patient } from 'fhir/r4.d.ts';
import smart from 'fhirclient';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../test/fhir-door-under-test.ts';

type SmartClient = ReturnType<ReturnType<typeof smart>['client']>;

let door: DoorUnderTest;
let client: SmartClient;
let anna: Patient;

/** A client as an app has it after its launch: with a token, and the person whose record is open. */
async function launched(patient?: string): Promise<SmartClient> {
  // what it would read of a browser's request is not looked at
  const [request, response] = [{ url: '/', headers: {} } as IncomingMessage, {} as ServerResponse];
  const tokenResponse = {
    access_token: await door.token('system'),
    ...(patient === undefined ? {} : { patient }),
  };
  return smart(request, response).client({ serverUrl: door.base, tokenResponse });
}

beforeAll(async () => {
  door = await openDoorUnderTest();
  client = await launched();
  anna = await client.create({ resourceType: 'Patient', name: [{ family: 'Smart' }] });
  for (let i = 0; i < 5; i++) {
    await client.create({
      resourceType: 'Observation',
      status: 'final',
      code: { text: `o${i}` },
      subject: { reference: `Patient/${anna.id}` },
    });
  }
});
afterAll(() => door.close());

const send = <T>(url: string, body: object, type = 'application/fhir+json'): Promise<T> =>
  client.request({
    url,
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': type },
  }) as Promise<T>;

describe('fhirclient', () => {
  it('reads the CapabilityStatement and the version in it', async () => {
    expect(await client.request('metadata')).toMatchObject({ resourceType: 'CapabilityStatement' });
    expect(await client.getFhirVersion()).toBe('4.0.1');
  });

  it('creates, reads, updates, reads the history, and deletes', async () => {
    const made: Patient = await client.create({ resourceType: 'Patient' });
    const updated: Patient = await client.update({ ...made, active: true } as never);
    expect(updated).toMatchObject({ active: true, meta: { versionId: '2' } });
    expect(await client.request(`Patient/${made.id}`)).toEqual(updated);
    const patch = [{ op: 'replace', path: '/active', value: false }] as const;
    expect(await client.patch(`Patient/${made.id}`, [...patch])).toMatchObject({ active: false });
    expect(await client.request(`Patient/${made.id}/_history/1`)).toEqual(made);
    const history: Bundle = await client.request(`Patient/${made.id}/_history`);
    expect(history.total).toBe(3);
    await client.delete(`Patient/${made.id}`);
    await expect(client.request(`Patient/${made.id}`)).rejects.toThrow('410');
  });

  it('follows the pages of a search, and the references in it', async () => {
    const found: Observation[] = await client.request(`Observation?subject=Patient/${anna.id}&_count=2`, {
      pageLimit: 0,
      flat: true,
      resolveReferences: ['subject'],
    });
    expect(found.map((one) => one.code.text).sort()).toEqual(['o0', 'o1', 'o2', 'o3', 'o4']);
    // the client puts what it finds in the reference's place
    expect(found[0]?.subject).toMatchObject({ resourceType: 'Patient', id: anna.id });
  });

  it('asks for what is of the person whose record is open', async () => {
    const opened = await launched(anna.id);
    expect(await opened.patient.read()).toMatchObject({ id: anna.id });
    const found: Bundle = await opened.patient.request('Observation');
    expect(found.entry).toHaveLength(5);
  });

  it('sends a batch and a transaction', async () => {
    const entry = (method: string, url: string, resource?: object): object => ({
      request: { method, url },
      ...(resource === undefined ? {} : { resource }),
    });
    const batch = entry('GET', `Patient/${anna.id}`);
    const answered = await send<Bundle>('', { resourceType: 'Bundle', type: 'batch', entry: [batch] });
    expect(answered.entry?.map((one) => one.response?.status)).toEqual(['200 OK']);
    const made = entry('POST', 'Basic', { resourceType: 'Basic', code: { text: 'x' } });
    const done = await send<Bundle>('', { resourceType: 'Bundle', type: 'transaction', entry: [made] });
    expect(done.entry?.map((one) => one.response?.status)).toEqual(['201 Created']);
  });

  it('asks GraphQL, and calls operations', async () => {
    const query = `{ Patient(id: "${anna.id}") { name { family } ObservationList(_reference: subject) { status } } }`;
    expect(await send('$graphql', { query }, 'application/json')).toMatchObject({
      data: {
        Patient: { name: [{ family: 'Smart' }], ObservationList: [{ status: 'final' }, {}, {}, {}, {}] },
      },
    });
    const everything: Bundle = await client.request(`Patient/${anna.id}/$everything`);
    expect(everything.total).toBe(6);
    const lastn: Bundle = await client.request(`Observation/$lastn?patient=${anna.id}&code:text=o`);
    expect(lastn.entry).toHaveLength(5);
  });
});
