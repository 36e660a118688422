/** Every R4 example instance goes in by PUT and comes back as it was sent, but for what the server stamps. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../test/fhir-door-under-test.ts';
import { r4Examples } from '../../test/r4-examples.ts';

let door: DoorUnderTest;
beforeAll(async () => {
  door = await openDoorUnderTest({ settings: { bodyBytesMax: 20_000_000 } });
});
afterAll(() => door.close());

describe('R4 examples', () => {
  it('come back as they were sent', { timeout: 120_000 }, async () => {
    const examples = r4Examples();
    expect(examples.length).toBeGreaterThan(700);
    const seen = new Set<string>();
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let one = examples[next++]; one !== undefined; one = examples[next++]) {
        const { resource, name } = one;
        const path = `/fhir/${resource.resourceType}/${String(resource.id)}`;
        // the package holds some resources twice, under two file names
        const first = !seen.has(path);
        seen.add(path);
        const put = await door.send('PUT', path, { as: 'system', body: one.bytes.toString('utf8') });
        expect(put.status, `${name}: ${put.text}`).toBe(first ? 201 : 200);
        const version = (put.headers.get('location') ?? '').slice(door.url.length);
        const back = (await door.send('GET', version, { as: 'system' })).json();
        const { versionId, lastUpdated, ...meta } = back.meta;
        expect(versionId, name).toMatch(/^\d+$/);
        expect(Date.parse(lastUpdated), name).not.toBeNaN();
        expect({ ...back, meta }, name).toEqual({ ...resource, meta: stripped(resource.meta) });
      }
    };
    await Promise.all(Array.from({ length: 16 }, lane));
    expect(seen.size).toBeGreaterThan(700);
  });
});

function stripped(meta: unknown): object {
  const { versionId: _version, lastUpdated: _time, ...rest } = (meta ?? {}) as Record<string, unknown>;
  return rest;
}
