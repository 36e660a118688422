/** Entries of a transaction that depend on what there is: conditional updates and deletions, and patches. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;

const basic = (tag: string, more: object = {}): object => ({
  resourceType: 'Basic',
  identifier: [{ system: 'urn:t', value: tag }],
  code: { text: 'x' },
  ...more,
});
const at = (tag: string): string => `Basic?identifier=urn:t|${tag}`;
const create = async (tag: string): Promise<string> =>
  (await door.send('POST', '/fhir/Basic', { as: 'system', body: basic(tag) })).json().id;
const submit = (...entry: readonly object[]) =>
  door.send('POST', '/fhir', { as: 'system', body: { resourceType: 'Bundle', type: 'transaction', entry } });
const read = async (id: string) => (await door.send('GET', `/fhir/Basic/${id}`, { as: 'system' })).json();
const found = async (tag: string): Promise<{ id: string; code: { text: string } }[]> =>
  ((await door.send('GET', `/fhir/${at(tag)}`, { as: 'system' })).json().entry ?? []).map(
    (entry: { resource: object }) => entry.resource,
  );
const statuses = (answer: { json(): ReturnType<typeof JSON.parse> }): string[] =>
  answer.json().entry.map((one: { response: { status: string } }) => one.response.status.slice(0, 3));
const binary = (operations: unknown): object => ({
  resourceType: 'Binary',
  contentType: 'application/json-patch+json',
  data: Buffer.from(JSON.stringify(operations)).toString('base64'),
});
const replaceText = (text: string): object => ({
  resourceType: 'Parameters',
  parameter: [
    {
      name: 'operation',
      part: [
        { name: 'type', valueCode: 'replace' },
        { name: 'path', valueString: 'Basic.code.text' },
        { name: 'value', valueString: text },
      ],
    },
  ],
});

beforeAll(async () => {
  door = await openDoorUnderTest();
});
afterAll(() => door.close());

describe('a transaction', () => {
  it('updates, makes, patches and deletes what conditions find, and refers to all of it', async () => {
    const [old, gone, patchedId] = await Promise.all([create('old'), create('gone'), create('patched')]);
    const refer = (url: string): object => ({
      extension: [{ url: 'urn:x', valueReference: { reference: url } }],
    });
    const answer = await submit(
      { request: { method: 'GET', url: at('old') } },
      {
        fullUrl: 'urn:uuid:old',
        resource: basic('old', { code: { text: 'new' }, ...refer('urn:uuid:made') }),
        request: { method: 'PUT', url: at('old') },
      },
      {
        fullUrl: 'urn:uuid:made',
        resource: basic('made', refer('urn:uuid:old')),
        request: { method: 'PUT', url: at('made') },
      },
      { resource: replaceText('patched'), request: { method: 'PATCH', url: at('patched') } },
      { request: { method: 'DELETE', url: at('gone') } },
      { request: { method: 'DELETE', url: at('never') } },
      {
        resource: basic('posted', refer(at('old'))),
        request: { method: 'POST', url: 'Basic' },
      },
    );
    expect(answer.status, answer.text).toBe(200);
    expect(statuses(answer)).toEqual(['200', '200', '201', '200', '204', '204', '201']);
    const [made] = await found('made');
    expect(await read(old)).toMatchObject({ code: { text: 'new' }, ...refer(`Basic/${made?.id}`) });
    expect(made).toMatchObject(refer(`Basic/${old}`));
    expect(await read(patchedId)).toMatchObject({ code: { text: 'patched' }, meta: { versionId: '2' } });
    expect((await door.send('GET', `/fhir/Basic/${gone}`, { as: 'system' })).status).toBe(410);
    expect((await found('posted'))[0]).toMatchObject(refer(`Basic/${old}`));
    expect(answer.json().entry[0].resource.entry[0].resource.code.text).toBe('new');
  });

  it('refers to entries and conditions from a patch', async () => {
    const id = await create('from-patch');
    const operations = [
      {
        op: 'add',
        path: '/extension',
        value: [{ url: 'urn:x', valueReference: { reference: 'urn:uuid:n' } }],
      },
    ];
    const answer = await submit(
      { fullUrl: 'urn:uuid:n', resource: basic('n'), request: { method: 'POST', url: 'Basic' } },
      { resource: binary(operations), request: { method: 'PATCH', url: `Basic/${id}` } },
    );
    expect(answer.status, answer.text).toBe(200);
    const [n] = await found('n');
    expect((await read(id)).extension[0].valueReference.reference).toBe(`Basic/${n?.id}`);
  });

  it('is refused whole, with the entry named, where one of them cannot be', async () => {
    const id = await create('whole');
    await Promise.all([create('twice'), create('twice')]);
    const put = {
      resource: basic('whole', { id, code: { text: 'lost' } }),
      request: { method: 'PUT', url: `Basic/${id}` },
    };
    for (const [entry, status, text] of [
      [{ resource: basic('twice'), request: { method: 'PUT', url: at('twice') } }, 412, 'more than one'],
      [{ request: { method: 'DELETE', url: at('twice') } }, 412, 'more than one'],
      [{ resource: replaceText('y'), request: { method: 'PATCH', url: at('nobody') } }, 404, 'no Basic'],
      [{ resource: replaceText('y'), request: { method: 'PATCH', url: 'Basic/nobody' } }, 404, 'no such'],
      [{ resource: basic('whole'), request: { method: 'PUT', url: at('whole') } }, 400, 'write the same'],
      [{ resource: replaceText('y'), request: { method: 'PATCH', url: at('whole') } }, 400, 'write the same'],
      [{ request: { method: 'DELETE', url: at('whole') } }, 400, 'write the same'],
      [{ resource: basic('x'), request: { method: 'PUT', url: 'Basic' } }, 400, 'at least one'],
      [
        { resource: basic('x', { id: 'other' }), request: { method: 'PUT', url: at('n') } },
        400,
        'another than',
      ],
      [
        { resource: replaceText('y'), request: { method: 'PATCH', url: at('n'), ifMatch: 'W/"7"' } },
        412,
        'not 7',
      ],
      [
        { resource: binary([{ op: 'remove', path: '/code' }]), request: { method: 'PATCH', url: at('n') } },
        400,
        'code',
      ],
      [{ request: { method: 'PATCH', url: at('n') } }, 400, 'needs its resource'],
      [
        { resource: basic('new'), request: { method: 'PUT', url: at('new'), ifMatch: 'W/"1"' } },
        412,
        'nothing',
      ],
    ] as const) {
      const answer = await submit(put, entry);
      expect([answer.status, answer.text], JSON.stringify(entry)).toEqual([
        status,
        expect.stringContaining(text),
      ]);
      expect(answer.json().issue[0].expression[0]).toMatch(/^Bundle\.entry\[[01]\]/);
    }
    expect((await read(id)).code.text).toBe('x');
  });

  it('and others at once under one condition make one resource between them', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        submit(
          {
            fullUrl: 'urn:uuid:m',
            resource: basic('at-once', { code: { text: `${n}` } }),
            request: { method: 'PUT', url: at('at-once') },
          },
          {
            resource: basic(`beside-${n}`, {
              extension: [{ url: 'urn:x', valueReference: { reference: 'urn:uuid:m' } }],
            }),
            request: { method: 'POST', url: 'Basic' },
          },
        ),
      ),
    );
    expect(new Set(answers.map((one) => one.status))).toEqual(new Set([200]));
    expect(answers.filter((one) => statuses(one)[0] === '201')).toHaveLength(1);
    const all = await found('at-once');
    expect(all).toHaveLength(1);
    const { extension } = (await found('beside-7'))[0] as unknown as { extension: object[] };
    expect(extension).toEqual([{ url: 'urn:x', valueReference: { reference: `Basic/${all[0]?.id}` } }]);
  });

  it('patches what others patch at once, and loses nothing', async () => {
    const id = await create('patched-at-once');
    await door.send('PUT', `/fhir/Basic/${id}`, {
      as: 'system',
      body: basic('patched-at-once', { id, code: { coding: [{ code: 'first' }] } }),
    });
    const add = (n: number) =>
      submit({
        resource: binary([{ op: 'add', path: '/code/coding/-', value: { code: `c${n}` } }]),
        request: { method: 'PATCH', url: `Basic/${id}` },
      });
    const answers = await Promise.all([add(1), add(2), add(3)]);
    const done = answers.filter((one) => one.status === 200).length;
    expect(done).toBeGreaterThan(0);
    expect((await read(id)).code.coding).toHaveLength(1 + done);
  });
});
