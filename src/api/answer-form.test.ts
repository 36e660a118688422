import { describe, expect, it } from 'vitest';
import { effectiveSettings } from '../base/settings.ts';
import { parseXml } from '../fhir/parse-xml.ts';
import { inForm } from './answer-form.ts';
import { FHIR_JSON, FHIR_XML } from './negotiation.ts';

const settings = { ...effectiveSettings([], {}), xmlSliceBytes: 1_000 };
const XML = { format: 'xml', pretty: false } as const;
const PRETTY = { format: 'json', pretty: true } as const;

const resource = (i: number) => ({
  resourceType: 'Patient',
  id: `p${i}`,
  name: [{ family: `Zoë "\\" ] } ${i}` }],
});
const bundle = {
  resourceType: 'Bundle',
  type: 'searchset',
  total: 500,
  link: [{ relation: 'self', url: 'http://x/"entry":[' }],
  entry: Array.from({ length: 500 }, (_, i) => ({
    fullUrl: `http://x/Patient/p${i}`,
    resource: resource(i),
  })),
};
const json = Buffer.from(JSON.stringify(bundle));
const text = (body: unknown): string =>
  Buffer.isBuffer(body) ? body.toString('utf8') : Buffer.concat(body as Buffer[]).toString('utf8');

/** How many turns others have had until `work` was done. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns += 1;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  await work;
  done = true;
  return turns;
}

describe('an answer in another form', () => {
  it('is made in pieces, with the turn of others between', async () => {
    const answer = { status: 200, body: json, cache: 'check' } as const;
    const pieces = json.length / settings.xmlSliceBytes;
    expect(await turnsDuring(inForm(answer, XML, settings))).toBeGreaterThan(pieces / 2);
    expect(await turnsDuring(inForm(answer, PRETTY, settings))).toBeGreaterThan(pieces / 2);
    const xml = await inForm(answer, XML, settings);
    const bytes = Buffer.from(text(xml.body));
    expect(await turnsDuring(parseXml(bytes, settings))).toBeGreaterThan(pieces / 2);
    expect(await parseXml(bytes, settings)).toEqual(bundle);
    expect(xml.contentType).toBe(FHIR_XML);
  });

  it('is the same wherever its pieces end', async () => {
    for (const body of [json, [json.subarray(0, 77), json.subarray(77)]]) {
      for (const xmlSliceBytes of [1_000, 7_777, 10_000_000]) {
        const limits = { ...settings, xmlSliceBytes };
        const xml = await inForm({ status: 200, body, cache: 'check' }, XML, limits);
        expect(await parseXml(Buffer.from(text(xml.body)), limits)).toEqual(bundle);
        const pretty = await inForm({ status: 200, body, cache: 'check' }, PRETTY, limits);
        expect(text(pretty.body)).toBe(JSON.stringify(bundle, undefined, 2));
        expect(pretty.contentType).toBe(FHIR_JSON);
      }
    }
  });

  it('keeps what is empty, and what lies in an odd order', async () => {
    const odd = [
      '{}',
      '{"resourceType":"Bundle","type":"collection"}',
      '{"resourceType":"Bundle","entry":[],"type":"collection"}',
      `{"resourceType":"Bundle" , "entry" : [ {"fullUrl":"urn:a"} , {"fullUrl":"urn:b"} ] , "type":"collection" }`,
      `{"type":"collection","resourceType":"Bundle","entry":[{"fullUrl":"urn:a"}]}`,
    ];
    for (const one of odd) {
      const pretty = await inForm({ status: 200, body: Buffer.from(one), cache: 'check' }, PRETTY, settings);
      expect(JSON.parse(text(pretty.body))).toEqual(JSON.parse(one));
      if (one === '{}') continue;
      const limits = { ...settings, xmlSliceBytes: 1 };
      const xml = await inForm({ status: 200, body: Buffer.from(one), cache: 'check' }, XML, limits);
      const { entry = [], ...rest } = JSON.parse(one);
      expect(await parseXml(Buffer.from(text(xml.body)), settings)).toEqual(
        entry.length === 0 ? rest : { ...rest, entry },
      );
    }
  });

  it('leaves alone what has no body, and what is no FHIR JSON', async () => {
    const none = { status: 204, cache: 'no-store' } as const;
    expect(await inForm(none, XML, settings)).toBe(none);
    const picture = { status: 200, body: json, contentType: 'image/png', cache: 'no-store' } as const;
    expect(await inForm(picture, XML, settings)).toBe(picture);
  });
});
