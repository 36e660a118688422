/** Every R4 example instance goes in by PUT and comes back as it was sent, but for what the server stamps. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../test/fhir-door-under-test.ts';
import { type R4Example, r4Examples } from '../../test/r4-examples.ts';

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
  const read = await door.send('GET', version, { as: 'system' });
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
