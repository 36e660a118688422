/** Another party's FHIR client, Medplum's, finds its way through the door. */
import { MedplumClient } from '@medplum/core';
import type { Basic, Bundle, OperationOutcome, Organization, Patient } from 'fhir/r4.d.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;
let client: MedplumClient;
beforeAll(async () => {
  door = await openDoorUnderTest();
  // a cache of the client's own would answer in the server's place
  client = new MedplumClient({ baseUrl: `${door.url}/`, fhirUrlPath: 'fhir', fetch, cacheTime: 0 });
  client.setAccessToken(await door.token('system'));
  for (let i = 0; i < 5; i++) {
    await client.createResource<Organization>({ resourceType: 'Organization', name: `Medplum ${i}` });
  }
});
afterAll(() => door.close());

const person = (): Promise<Patient & { id: string }> =>
  client.createResource<Patient>({ resourceType: 'Patient', name: [{ family: 'Plum' }] });

describe('MedplumClient', () => {
  it('reads the CapabilityStatement', async () => {
    const statement = await client.get(client.fhirUrl('metadata'));
    expect(statement).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1' });
  });

  it('creates, reads, updates, reads versions and the history, and deletes', async () => {
    const made = await person();
    expect(made.meta?.versionId).toBe('1');
    expect(await client.readResource('Patient', made.id)).toEqual(made);
    expect(await client.readReference({ reference: `Patient/${made.id}` })).toEqual(made);
    const updated = await client.updateResource<Patient>({ ...made, active: true });
    expect(updated).toMatchObject({ active: true, meta: { versionId: '2' } });
    expect(await client.readVersion('Patient', made.id, '1')).toEqual(made);
    const history: Bundle = await client.readHistory('Patient', made.id);
    expect(history.entry?.map((one) => one.resource?.meta?.versionId)).toEqual(['2', '1']);
    await client.deleteResource('Patient', made.id);
    await expect(client.readResource('Patient', made.id)).rejects.toMatchObject({
      outcome: { resourceType: 'OperationOutcome', issue: [{ code: 'deleted' }] },
    });
  });

  it('searches, and follows the pages', async () => {
    const found = await client.search('Organization', 'name=medplum&_count=2');
    expect(found.entry).toHaveLength(2);
    expect((await client.searchOne('Organization', 'name=medplum'))?.name).toMatch(/^Medplum/);
    expect(await client.searchResources('Organization', { name: 'medplum' })).toHaveLength(5);
    const names: (string | undefined)[] = [];
    for await (const page of client.searchResourcePages('Organization', 'name=medplum&_count=2')) {
      names.push(...page.map((one) => one.name));
    }
    expect(names.sort()).toEqual([0, 1, 2, 3, 4].map((i) => `Medplum ${i}`));
  });

  it('patches', async () => {
    const { id } = await person();
    const patched: Patient = await client.patchResource('Patient', id, [
      { op: 'add', path: '/active', value: true },
    ]);
    expect(patched).toMatchObject({ id, active: true, meta: { versionId: '2' } });
  });

  it('creates and updates by a condition', async () => {
    const identifier = [{ system: 'urn:x', value: '1' }];
    const one: Organization = { resourceType: 'Organization', name: 'One', identifier };
    const made = await client.createResourceIfNoneExist(one, 'identifier=urn:x|1');
    expect((await client.createResourceIfNoneExist(one, 'identifier=urn:x|1')).id).toBe(made.id);
    const other = await client.upsertResource({ ...one, name: 'Other' }, 'identifier=urn:x|1');
    expect(other).toMatchObject({ id: made.id, name: 'Other', meta: { versionId: '2' } });
  });

  it('sends a batch and a transaction', async () => {
    const { id } = await person();
    const batch: Bundle = await client.executeBatch({
      resourceType: 'Bundle',
      type: 'batch',
      entry: [
        { request: { method: 'GET', url: `Patient/${id}` } },
        { request: { method: 'GET', url: 'Patient/nobody' } },
      ],
    });
    expect(batch.entry?.map((one) => one.response?.status.slice(0, 3))).toEqual(['200', '404']);
    const transaction: Bundle<Patient | Basic> = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          fullUrl: 'urn:uuid:6a0a6aee-58a1-4b3b-9f0f-1d2d0b3a7a11',
          resource: { resourceType: 'Patient', active: true },
          request: { method: 'POST', url: 'Patient' },
        },
        {
          resource: {
            resourceType: 'Basic',
            code: { text: 'x' },
            subject: { reference: 'urn:uuid:6a0a6aee-58a1-4b3b-9f0f-1d2d0b3a7a11' },
          },
          request: { method: 'POST', url: 'Basic' },
        },
      ],
    };
    const done: Bundle = await client.executeBatch(transaction);
    expect(done.entry?.map((one) => one.response?.status)).toEqual(['201 Created', '201 Created']);
  });

  it('asks GraphQL', async () => {
    const query =
      'query q($name: String) { OrganizationList(name: $name, _sort: "name", _count: 2) { name } }';
    expect(await client.graphql(query, 'q', { name: 'medplum' })).toEqual({
      data: { OrganizationList: [{ name: 'Medplum 0' }, { name: 'Medplum 1' }] },
    });
    await expect(client.graphql('{ OrganizationList { nme } }')).rejects.toThrow();
  });

  it('calls operations', async () => {
    const { id } = await person();
    const everything: Bundle = await client.readPatientEverything(id);
    expect(everything.entry?.map((one) => one.resource?.id)).toEqual([id]);
    const summary: Bundle = await client.readPatientSummary(id);
    expect(summary).toMatchObject({
      type: 'document',
      entry: [{ resource: { resourceType: 'Composition' } }, {}, {}],
    });
    const outcome: OperationOutcome = await client.validateResource({
      resourceType: 'Patient',
      active: true,
    });
    expect(outcome.issue.filter((one) => one.severity === 'error')).toEqual([]);
  });
});
