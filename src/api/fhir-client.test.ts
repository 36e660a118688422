/** Another party's FHIR client (fhir-kit-client) finds its way through the door. */
import { Client } from 'fhir-kit-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;
let client: Client;
beforeAll(async () => {
  door = await openDoorUnderTest();
  client = new Client({ baseUrl: door.base, bearerToken: await door.token('system') });
});
afterAll(() => door.close());

interface Found {
  readonly id: string;
  readonly meta: { readonly versionId: string };
  readonly entry?: readonly { readonly resource: Found; readonly response: { readonly status: string } }[];
}

describe('fhir-kit-client', () => {
  it('reads the CapabilityStatement', async () => {
    const statement = await client.capabilityStatement();
    expect(statement.resourceType).toBe('CapabilityStatement');
  });

  it('creates, reads, updates, reads a version and deletes', async () => {
    const body = { resourceType: 'Basic', code: { text: 'made' } };
    const made = (await client.create({ resourceType: 'Basic', body })) as unknown as Found;
    expect(made.meta.versionId).toBe('1');
    const read = await client.read({ resourceType: 'Basic', id: made.id });
    expect(read).toMatchObject({ id: made.id, code: { text: 'made' } });
    const changed = { ...body, id: made.id, code: { text: 'changed' } };
    await client.update({ resourceType: 'Basic', id: made.id, body: changed });
    const jsonPatch = [{ op: 'replace', path: '/code/text', value: 'patched' }];
    const patched = await client.patch({ resourceType: 'Basic', id: made.id, jsonPatch } as never);
    expect(patched).toMatchObject({ code: { text: 'patched' } });
    const first = await client.vread({ resourceType: 'Basic', id: made.id, version: '1' });
    expect(first).toMatchObject({ code: { text: 'made' } });
    await client.delete({ resourceType: 'Basic', id: made.id });
    await expect(client.read({ resourceType: 'Basic', id: made.id })).rejects.toMatchObject({
      response: { status: 410 },
    });
  });

  it('writes a transaction, searches it and follows the pages', async () => {
    const entry = Array.from({ length: 7 }, (_, i) => ({
      resource: { resourceType: 'Organization', name: `Client ${i}` },
      request: { method: 'POST', url: 'Organization' },
    }));
    const done = (await client.transaction({
      body: { resourceType: 'Bundle', type: 'transaction', entry } as never,
    })) as unknown as Found;
    expect(done.entry?.map((one) => one.response.status)).toEqual(
      Array.from({ length: 7 }, () => '201 Created'),
    );
    const names = new Set<string>();
    let page = await client.search({
      resourceType: 'Organization',
      searchParams: { name: 'client', _count: '3' },
    });
    let pages = 0;
    while (page !== undefined) {
      pages += 1;
      const { entry: found = [] } = page as unknown as { entry?: { resource: { name: string } }[] };
      for (const one of found) names.add(one.resource.name);
      const next = client.nextPage({ bundle: page as never });
      if (next === undefined) break;
      page = (await next) as typeof page;
    }
    expect(pages).toBe(3);
    expect([...names].sort()).toEqual(Array.from({ length: 7 }, (_, i) => `Client ${i}`));
  });

  it('reads the history of a resource, of a type and of all', async () => {
    const body = { resourceType: 'Basic', code: { text: 'told' } };
    const { id } = (await client.create({ resourceType: 'Basic', body })) as unknown as Found;
    const told = async (given: object): Promise<string[]> => {
      const bundle = (await client.history(given as never)) as unknown as Found;
      return (bundle.entry ?? []).map((one) => one.resource?.id);
    };
    expect(await told({ resourceType: 'Basic', id })).toEqual([id]);
    expect(await told({ resourceType: 'Basic' })).toContain(id);
    expect(await told({})).toContain(id);
  });

  it('searches by form, in a compartment and across types', async () => {
    const body = { resourceType: 'Patient', name: [{ family: 'Kit' }] };
    const { id } = (await client.create({ resourceType: 'Patient', body })) as unknown as Found;
    const basic = { resourceType: 'Basic', code: { text: 'hers' }, subject: { reference: `Patient/${id}` } };
    await client.create({ resourceType: 'Basic', body: basic });
    const count = async (given: object): Promise<number> =>
      ((await client.search(given as never)) as unknown as Found).entry?.length ?? 0;
    expect(
      await count({ resourceType: 'Patient', searchParams: { name: 'kit' }, options: { postSearch: true } }),
    ).toBe(1);
    expect(await count({ resourceType: 'Basic', compartment: { resourceType: 'Patient', id } })).toBe(1);
    expect(await count({ searchParams: { _type: 'Patient,Basic', _id: id } })).toBe(1);
  });

  it('sends a batch, updates by a condition, follows a reference', async () => {
    const body = { resourceType: 'Organization', name: 'Conditional', identifier: [{ value: 'kit-1' }] };
    const { id } = (await client.create({ resourceType: 'Organization', body })) as unknown as Found;
    const updated = await client.update({
      resourceType: 'Organization',
      searchParams: { identifier: 'kit-1' },
      body: { ...body, active: true },
    } as never);
    expect(updated).toMatchObject({ id, active: true, meta: { versionId: '2' } });
    expect(await client.resolve({ reference: `Organization/${id}` })).toMatchObject({ id });
    const entry = [{ request: { method: 'GET', url: `Organization/${id}` } }];
    const batch = (await client.batch({
      body: { resourceType: 'Bundle', type: 'batch', entry } as never,
    })) as unknown as Found;
    expect(batch.entry?.map((one) => one.response.status)).toEqual(['200 OK']);
  });

  it('calls operations, by GET and by POST', async () => {
    const body = { resourceType: 'Patient', active: true };
    const { id } = (await client.create({ resourceType: 'Patient', body })) as unknown as Found;
    const everything = await client.operation({
      name: 'everything',
      resourceType: 'Patient',
      id,
      method: 'GET',
    });
    expect(everything).toMatchObject({ resourceType: 'Bundle', total: 1 });
    const outcome = await client.operation({ name: 'validate', resourceType: 'Patient', input: body });
    expect(outcome).toMatchObject({ resourceType: 'OperationOutcome' });
    expect(JSON.stringify(outcome)).not.toContain('"error"');
  });
});
