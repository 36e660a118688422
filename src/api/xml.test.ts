/** XML in and out of a running node: every way in, every kind of answer, and what must not change by it. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../test/fhir-door-under-test.ts';
import { effectiveSettings } from '../base/settings.ts';
import { parseXml } from '../fhir/parse-xml.ts';
import { validate } from '../fhir/validate.ts';

const settings = effectiveSettings([], {});
const XML = { 'content-type': 'application/fhir+xml', accept: 'application/fhir+xml' };
const FHIR = 'xmlns="http://hl7.org/fhir"';

let door: DoorUnderTest;
beforeAll(async () => {
  door = await openDoorUnderTest();
});
afterAll(() => door.close());

type Json = ReturnType<typeof JSON.parse>;

async function send(
  method: string,
  path: string,
  body?: string,
  headers: Readonly<Record<string, string>> = XML,
): Promise<{ status: number; headers: Headers; text: string; value: Json }> {
  const answer = await door.send(method, `/fhir${path}`, {
    as: 'system',
    headers,
    ...(body === undefined ? {} : { body }),
  });
  const isXml = (answer.headers.get('content-type') ?? '').includes('xml');
  const value = answer.text === '' || !isXml ? undefined : await parseXml(Buffer.from(answer.text), settings);
  if (value !== undefined) {
    expect(answer.text).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>/);
    expect(validate(value).filter(({ severity }) => severity === 'error')).toEqual([]);
  }
  return { ...answer, value };
}

const patient = (id: string, family: string): string =>
  `<Patient ${FHIR}><id value="${id}"/><name><family value="${family}"/></name></Patient>`;

describe('writes in XML', () => {
  it('create, update and read: the same resource in both formats, decimals as written', async () => {
    const xml = `<Observation ${FHIR}><status value="final"/><code><text value="x"/></code>
      <valueQuantity><value value="5.40"/></valueQuantity></Observation>`;
    const created = await send('POST', '/Observation', xml);
    expect(created.status).toBe(201);
    expect(created.headers.get('content-type')).toBe('application/fhir+xml; charset=utf-8');
    expect(created.headers.get('etag')).toBe('W/"1"');
    expect(created.text).toContain('<value value="5.40"/>');
    const path = `/Observation/${created.value.id}`;
    const json = await send('GET', path, undefined, { accept: 'application/fhir+json' });
    expect(json.text).toContain('"value":5.40');
    expect(JSON.parse(json.text)).toEqual(created.value);
    const again = await send('PUT', path, created.text.replace('5.40', '5.50'));
    expect([again.status, again.value.meta.versionId]).toEqual([200, '2']);
    const version = await send('GET', `${path}/_history/1`, undefined, { accept: 'text/xml' });
    expect(version.text).toContain('5.40');
  });

  it('every alias is read', async () => {
    for (const type of [
      'application/fhir+xml; charset=utf-8; fhirVersion=4.0',
      'application/xml',
      'text/xml',
    ]) {
      const answer = await send('PUT', '/Patient/alias', patient('alias', 'A'), { 'content-type': type });
      expect(answer.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
      expect([200, 201]).toContain(answer.status);
    }
  });

  it('batch and transaction, with references between entries', async () => {
    const entry = (method: string, url: string, resource = '', fullUrl = ''): string =>
      `<entry>${fullUrl && `<fullUrl value="${fullUrl}"/>`}${resource && `<resource>${resource}</resource>`}
        <request><method value="${method}"/><url value="${url}"/></request></entry>`;
    const urn = 'urn:uuid:6b1a6f2e-4a2f-4a62-9ac5-0e0f2c3d9f11';
    const bundle = (type: string, entries: string): string =>
      `<Bundle ${FHIR}><type value="${type}"/>${entries}</Bundle>`;
    const observation = `<Observation><status value="final"/><code><text value="x"/></code>
      <subject><reference value="${urn}"/></subject></Observation>`;
    const done = await send(
      'POST',
      '/',
      bundle(
        'transaction',
        entry('POST', 'Patient', '<Patient><active value="true"/></Patient>', urn) +
          entry('POST', 'Observation', observation),
      ),
      { ...XML, prefer: 'return=representation' },
    );
    expect(done.status, done.text).toBe(200);
    const [first, second] = done.value.entry;
    expect(first.response.status).toBe('201 Created');
    expect(second.resource.subject.reference).toBe(`Patient/${first.resource.id}`);
    const batch = await send(
      'POST',
      '/',
      bundle('batch', entry('GET', `Patient/${first.resource.id}`) + entry('GET', 'Patient/none')),
    );
    expect(batch.value.entry[0].resource.active).toBe(true);
    expect(batch.value.entry[1].response.outcome.resourceType).toBe('OperationOutcome');
  });

  it('an operation takes its Parameters in XML', async () => {
    await send('PUT', '/Patient/op', patient('op', 'Op'));
    const answer = await send(
      'POST',
      '/Patient/op/$everything',
      `<Parameters ${FHIR}><parameter><name value="_type"/><valueCode value="Patient"/></parameter></Parameters>`,
    );
    expect(answer.status, answer.text).toBe(200);
    expect(answer.value.entry.map((one: Json) => one.resource.id)).toEqual(['op']);
  });
});

describe('operations and patches in XML', () => {
  const parameter = (name: string, value: string): string =>
    `<parameter><name value="${name}"/>${value}</parameter>`;
  const part = (name: string, value: string): string => `<part><name value="${name}"/>${value}</part>`;

  it('a FHIRPath Patch', async () => {
    await send('PUT', '/Patient/patched', patient('patched', 'Old'));
    const patch = `<Parameters ${FHIR}>${parameter(
      'operation',
      part('type', '<valueCode value="replace"/>') +
        part('path', '<valueString value="Patient.name[0].family"/>') +
        part('value', '<valueString value="New"/>'),
    )}</Parameters>`;
    const patched = await send('PATCH', '/Patient/patched', patch);
    expect([patched.status, patched.value.name[0].family]).toEqual([200, 'New']);
  });

  it('$validate and $meta-add', async () => {
    const wrong = await send('POST', '/Patient/$validate', `<Patient ${FHIR}><gender value="x"/></Patient>`);
    expect([wrong.status, wrong.value.issue[0].expression]).toEqual([200, ['Patient.gender']]);
    await send('PUT', '/Patient/tagged', patient('tagged', 'T'));
    const added = await send(
      'POST',
      '/Patient/tagged/$meta-add',
      `<Parameters ${FHIR}>${parameter(
        'meta',
        '<valueMeta><tag><system value="http://x"/><code value="t"/></tag></valueMeta>',
      )}</Parameters>`,
    );
    expect(added.value.parameter[0].valueMeta.tag).toEqual([{ system: 'http://x', code: 't' }]);
  });

  it('$graphql answers in JSON, which it is', async () => {
    await send('PUT', '/Patient/graph', patient('graph', 'G'));
    const answer = await send('GET', '/Patient/graph/$graphql?query={name{family}}');
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(JSON.parse(answer.text).data.name).toEqual([{ family: 'G' }]);
  });

  it('summaries, and searches across types', async () => {
    await send('PUT', '/Patient/summed', patient('summed', 'Summed'));
    const summary = await send('GET', '/Patient?_id=summed&_elements=active');
    expect(summary.value.entry[0].resource.meta.tag[0].code).toBe('SUBSETTED');
    const system = await send('GET', '/?_type=Patient&_id=summed');
    expect(system.value.entry.map((one: Json) => one.resource.id)).toEqual(['summed']);
  });
});

describe('answers in XML', () => {
  it('searches by address and by form, and their links', async () => {
    await send('PUT', '/Patient/s1', patient('s1', 'Seeker'));
    await send('PUT', '/Patient/s2', patient('s2', 'Seeker'));
    const page = await send('GET', '/Patient?family=Seeker&_count=1&_format=xml', undefined, {});
    expect(page.value.entry).toHaveLength(1);
    const next = page.value.link.find((one: Json) => one.relation === 'next').url;
    const second = await send('GET', next.slice(`${door.url}/fhir`.length), undefined, {});
    expect(second.headers.get('content-type')).toContain('xml');
    expect(second.value.entry[0].resource.id).not.toBe(page.value.entry[0].resource.id);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const byForm = await send('POST', '/Patient/_search', 'family=Seeker&_format=xml&_pretty=true', form);
    expect(byForm.value.entry).toHaveLength(2);
    expect(byForm.text).toContain('\n  <entry>\n    <fullUrl value=');
    const asJson = await send('POST', '/Patient/_search', 'family=Seeker&_format=json', { ...XML, ...form });
    expect(JSON.parse(asJson.text).entry).toHaveLength(2);
  });

  it('history, HEAD and what is not changed', async () => {
    await send('PUT', '/Patient/h', patient('h', 'One'));
    await send('PUT', '/Patient/h', patient('h', 'Two'));
    const history = await send('GET', '/Patient/h/_history');
    expect(history.value.entry.map((one: Json) => one.resource.meta.versionId)).toEqual(['2', '1']);
    const read = await send('GET', '/Patient/h', undefined, { ...XML, 'x-request-id': 'mine-1' });
    expect(read.headers.get('x-request-id')).toBe('mine-1');
    expect(read.headers.get('etag')).toBe('W/"2"');
    expect(Number(read.headers.get('content-length'))).toBe(Buffer.byteLength(read.text));
    const head = await send('HEAD', '/Patient/h');
    expect([head.status, head.text]).toEqual([200, '']);
    for (const name of ['content-length', 'content-type', 'etag', 'last-modified']) {
      expect(head.headers.get(name), name).toBe(read.headers.get(name));
    }
    const same = await send('GET', '/Patient/h', undefined, { ...XML, 'if-none-match': 'W/"2"' });
    expect([same.status, same.text]).toEqual([304, '']);
    const removed = await send('DELETE', '/Patient/h');
    expect([removed.status, removed.text]).toEqual([204, '']);
    const gone = await send('GET', '/Patient/h');
    expect([gone.status, gone.value.issue[0].code]).toEqual([410, 'deleted']);
  });

  it('the CapabilityStatement, which names both formats', async () => {
    const statement = await door.send('GET', '/fhir/metadata?_format=application/fhir%2Bxml');
    const value = (await parseXml(Buffer.from(statement.text), settings)) as Json;
    expect(value.format).toEqual(['application/fhir+json', 'application/fhir+xml', 'json', 'xml']);
    const again = await door.send('GET', '/fhir/metadata?_format=xml');
    expect(again.text).toBe(statement.text);
    const json = await door.send('GET', '/fhir/metadata');
    expect(json.json()).toEqual(value);
  });

  it('Binary as a resource', async () => {
    const xml = `<Binary ${FHIR}><contentType value="text/plain"/><data value="SGVsbG8="/></Binary>`;
    const created = await send('POST', '/Binary', xml);
    const read = await send('GET', `/Binary/${created.value.id}`);
    expect(read.value).toMatchObject({ contentType: 'text/plain', data: 'SGVsbG8=' });
  });

  it('errors: of the body, the address, the token, the method', async () => {
    const invalid = await send('POST', '/Patient', `<Patient ${FHIR}><gender value="x"/></Patient>`);
    expect([invalid.status, invalid.value.issue[0].expression]).toEqual([422, ['Patient.gender']]);
    const unknown = await send('POST', '/Patient', `<Patient ${FHIR}>\n<gendr value="x"/></Patient>`);
    expect(unknown.status).toBe(400);
    expect(unknown.value.issue[0].diagnostics).toMatch(/"gendr"; there is gender \(line 2, column 1\)/);
    const dtd = await send('POST', '/Patient', `<!DOCTYPE x>${patient('a', 'b')}`);
    expect(dtd.value.issue[0].diagnostics).toMatch(/document type \(DTD\) or entities/);
    expect((await send('GET', '/Patient/none')).value.issue[0].code).toBe('not-found');
    expect((await send('GET', '/Nonsense/1')).value.issue[0].code).toBe('not-found');
    expect((await send('PUT', '/metadata', patient('a', 'b'))).value.issue[0].code).toBe('not-supported');
    const noToken = await door.send('GET', '/fhir/Patient/h', { headers: XML });
    expect([noToken.status, noToken.headers.get('content-type')]).toEqual([
      401,
      'application/fhir+xml; charset=utf-8',
    ]);
    const turtle = await send('GET', '/Patient/h', undefined, { accept: 'application/fhir+turtle' });
    expect(turtle.status).toBe(406);
    const sent = await send('POST', '/Patient', 'x', { ...XML, 'content-type': 'application/fhir+turtle' });
    expect([sent.status, sent.value.issue[0].code]).toEqual([415, 'not-supported']);
    const badAddress = await door.send('GET', '/fhir/Patient/%zz', { headers: XML });
    expect([badAddress.status, badAddress.headers.get('content-type')]).toEqual([
      400,
      'application/fhir+xml; charset=utf-8',
    ]);
  });
});

describe('_pretty', () => {
  it('indents JSON, and changes nothing in it', async () => {
    await send('PUT', '/Patient/p', patient('p', 'Quote " { [ , : Zoë'));
    const plain = await send('GET', '/Patient/p', undefined, {});
    const pretty = await send('GET', '/Patient/p?_pretty=true', undefined, {});
    expect(pretty.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
    expect(pretty.text).toBe(JSON.stringify(JSON.parse(plain.text), undefined, 2));
    const off = await send('GET', '/Patient/p?_pretty=false', undefined, {});
    expect(off.text).toBe(plain.text);
    expect((await send('GET', '/Patient/p?_pretty=perhaps', undefined, {})).status).toBe(400);
  });

  it('indents XML', async () => {
    await send('PUT', '/Patient/px', patient('px', 'P'));
    const pretty = await send('GET', '/Patient/px?_pretty=true');
    expect(pretty.text).toContain('\n  <name>\n    <family value="P"/>\n  </name>\n</Patient>');
  });
});

describe('a large Bundle', () => {
  it('is made in pieces, and is the same as at one go', async () => {
    const slices = await openDoorUnderTest({ settings: { xmlSliceBytes: 500 } });
    try {
      const entries = Array.from({ length: 60 }, (_, i) => ({
        resource: {
          resourceType: 'Patient',
          id: `p${i}`,
          name: [{ family: `Zoë " ] } ${i}`, given: ['a', 'b'] }],
        },
        request: { method: 'PUT', url: `Patient/p${i}` },
      }));
      const put = await slices.send('POST', '/fhir', {
        as: 'system',
        body: { resourceType: 'Bundle', type: 'transaction', entry: entries },
      });
      expect(put.status, put.text).toBe(200);
      const get = (query: string) =>
        slices.send('GET', `/fhir/Patient?_count=100&${query}`, { as: 'system' });
      const json = await get('_format=json');
      const bare = (text: string): Json => {
        const { link: _link, meta: _meta, id: _id, timestamp: _time, ...rest } = JSON.parse(text);
        return rest;
      };
      for (const query of ['_format=xml', '_format=xml&_pretty=true']) {
        const xml = await get(query);
        const value = await parseXml(Buffer.from(xml.text), settings);
        expect(bare(JSON.stringify(value))).toEqual(bare(json.text));
      }
      const pretty = await get('_pretty=true');
      expect(bare(pretty.text)).toEqual(bare(json.text));
      expect(pretty.text).toBe(JSON.stringify(JSON.parse(pretty.text), undefined, 2));
    } finally {
      await slices.close();
    }
  });

  it('a Bundle that is stored with something after its entries loses nothing', async () => {
    const bundle = {
      resourceType: 'Bundle',
      entry: [
        {
          fullUrl: 'http://x/Basic/1',
          resource: { resourceType: 'Basic', id: '1', code: { text: 'x'.repeat(300_000) } },
        },
      ],
      type: 'collection',
      id: 'odd',
    };
    const put = await door.send('PUT', '/fhir/Bundle/odd', { as: 'system', body: bundle });
    expect(put.status, put.text).toBe(201);
    const read = await send('GET', '/Bundle/odd');
    expect(read.value.type).toBe('collection');
    expect(read.value.entry).toEqual(bundle.entry);
  });
});

describe('a body that is cut off', () => {
  it('ends in no resource', async () => {
    const before = (await send('GET', '/Patient?_total=accurate&_count=0', undefined, {})).text;
    const { port } = new URL(door.url);
    const token = await door.token('system');
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(
          `POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
            `Content-Type: application/fhir+xml\r\nContent-Length: 500\r\n\r\n<Patient ${FHIR}>`,
        );
        socket.end();
      });
      socket.on('close', () => resolve());
      socket.on('error', reject);
      socket.resume();
    });
    expect((await send('GET', '/Patient?_total=accurate&_count=0', undefined, {})).text).toBe(before);
  });
});
