/** Every R4 example instance goes in by PUT and comes back as it was sent, but for what the server stamps. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../test/fhir-door-under-test.ts';
import { type R4Example, r4Examples } from '../../test/r4-examples.ts';
import { effectiveSettings } from '../base/settings.ts';
import { withDecimalsOf, writeJson } from '../fhir/exact-decimals.ts';
import { parseJson } from '../fhir/parse-json.ts';
import { parseXml } from '../fhir/parse-xml.ts';
import { writeXml } from '../fhir/write-xml.ts';

/** Or a Binary would come as its content. */
const asJson = { accept: 'application/fhir+json' };
let door: DoorUnderTest;
beforeAll(async () => {
  door = await openDoorUnderTest();
});
afterAll(() => door.close());

describe('R4 examples', () => {
  it('come back as they were sent', { timeout: 120_000 }, async () => {
    // the few larger ones are Bundles of R4's own definitions, and not what anybody puts into a record
    const examples = r4Examples().filter((one) => one.bytes.length < 1_000_000);
    const lanes = new Map<string, R4Example[]>();
    for (const one of examples) {
      // the package holds some resources twice, under two file names
      const path = `/fhir/${one.resource.resourceType}/${String(one.resource.id)}`;
      lanes.set(path, [...(lanes.get(path) ?? []), one]);
    }
    let kept = 0;
    const refused: string[] = [];
    await Promise.all(
      [...lanes].map(async ([path, same]) => {
        for (const [before, one] of same.entries()) {
          if (await comesBack(path, one, before)) kept += 1;
          else refused.push(one.name);
        }
      }),
    );
    expect(kept).toBeGreaterThan(750);
    // HL7's own mistakes, each named in fhir/validate.test.ts
    expect(refused.sort()).toEqual(['Questionnaire-qs1']);
  });
});

describe('R4 examples in XML', () => {
  it('go in and come back the same, in both formats', { timeout: 240_000 }, async () => {
    const limits = effectiveSettings([], {});
    const examples = r4Examples().filter((one) => one.bytes.length < 1_000_000);
    const seen = new Set<string>();
    const asXml = { 'content-type': 'application/fhir+xml', prefer: 'return=minimal' };
    let kept = 0;
    for (const { name, bytes, resource } of examples) {
      const path = `/fhir/${resource.resourceType}/xml-${String(resource.id)}`.slice(0, 120);
      // one that is refused in JSON is refused in XML too
      if (seen.has(path) || name === 'Questionnaire-qs1' || !/\/[A-Za-z0-9\-.]{1,64}$/.test(path)) continue;
      seen.add(path);
      const value = parseJson(bytes, limits) as Record<string, unknown>;
      const sent = withDecimalsOf(value, { ...value, id: path.split('/').at(-1) });
      const put = await door.send('PUT', path, {
        as: 'system',
        body: writeXml(sent, undefined),
        headers: asXml,
      });
      expect(put.status, `${name}: ${put.text}`).toBe(201);
      const json = await door.send('GET', path, { as: 'system', headers: asJson });
      const { meta: _given, ...rest } = value;
      const { meta: _meta, ...back } = json.json();
      expect(back, name).toEqual({ ...rest, id: sent.id });
      expect(numbersIn(json.text), name).toEqual(numbersIn(bytes.toString('utf8')));
      const xml = await door.send('GET', `${path}?_format=xml`, { as: 'system' });
      const read = await parseXml(Buffer.from(xml.text), limits);
      expect(JSON.parse(writeJson(read)), name).toEqual(json.json());
      expect(numbersIn(writeJson(read)), name).toEqual(numbersIn(json.text));
      kept += 1;
    }
    expect(kept).toBeGreaterThan(700);
  });
});

/** Puts an example and reads it back; false where it was refused. */
async function comesBack(
  path: string,
  { name, bytes, resource }: R4Example,
  before: number,
): Promise<boolean> {
  const put = await door.send('PUT', path, { as: 'system', body: bytes.toString('utf8') });
  if (put.status === 400) return false;
  expect(put.status, `${name}: ${put.text}`).toBe(before === 0 ? 201 : 200);
  const version = (put.headers.get('location') ?? '').slice(door.url.length);
  const read = await door.send('GET', version, { as: 'system', headers: asJson });
  expect(read.status, `${name}: ${read.text}`).toBe(200);
  const back = read.json();
  expect(numbersIn(read.text), `${name}: decimals keep the places they were written with`).toEqual(
    numbersIn(bytes.toString('utf8')),
  );
  const { versionId, lastUpdated, ...meta } = back.meta;
  expect(versionId, name).toBe(String(before + 1));
  expect(Date.parse(lastUpdated), name).not.toBeNaN();
  expect({ ...back, meta }, name).toEqual({ ...resource, meta: stripped(resource.meta) });
  return true;
}

/** Every number of a JSON text as it is written there. */
function numbersIn(text: string): readonly string[] {
  const found: string[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d[-+.\deE]*/g))
    if (!token.startsWith('"')) found.push(token);
  return found.sort();
}

function stripped(meta: unknown): object {
  const { versionId: _version, lastUpdated: _time, ...rest } = (meta ?? {}) as Record<string, unknown>;
  return rest;
}
