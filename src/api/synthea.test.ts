/**
 * Synthea's transaction Bundles, as others send them: whole bundles of one life each, urn:uuid references, and in
 * the younger set conditional references and conditional creates. From the shared fixtures.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../test/fhir-door-under-test.ts';
import { eachReference } from '../fhir/references.ts';

const FIXTURES = join(import.meta.dirname, '../../../shared/fixtures');
const present = existsSync(FIXTURES);
if (!present) console.warn('Synthea bundles are not tried: the folder shared/fixtures is absent.');

/** Bundles of a folder; those that others refer to come first. */
function bundles(folder: string): { name: string; text: string }[] {
  const rank = (file: string): number => (/^(hospital|practitioner)/.test(file) ? 0 : 1);
  return readdirSync(join(FIXTURES, folder))
    .filter((file) => file.endsWith('.json.gz'))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map((name) => ({ name, text: gunzipSync(readFileSync(join(FIXTURES, folder, name))).toString() }));
}

let door: DoorUnderTest;
beforeAll(async () => {
  door = await openDoorUnderTest({ settings: { bodyBytesMax: 50_000_000 } });
});
afterAll(() => door.close());

describe.runIf(present)('Synthea', () => {
  for (const [folder, least] of [
    ['synthea-r4-2021', 5_000],
    ['synthea-r4-2019', 5_000],
  ] as const) {
    it(`${folder}: every bundle is kept whole, and every reference leads somewhere`, {
      timeout: 240_000,
    }, async () => {
      const known = new Set<string>();
      const wanted = new Set<string>();
      let kept = 0;
      for (const { name, text } of bundles(folder)) {
        const answer = await door.send('POST', '/fhir', {
          as: 'system',
          body: text,
          headers: { prefer: 'return=representation' },
        });
        expect(answer.status, `${name}: ${answer.text.slice(0, 2_000)}`).toBe(200);
        const { entry } = answer.json();
        expect(entry).toHaveLength(JSON.parse(text).entry.length);
        for (const { resource, response } of entry) {
          expect(response.status).toMatch(/^20[01] /);
          known.add(`${resource.resourceType}/${resource.id}`);
          eachReference(resource, (reference) => {
            if (!reference.startsWith('#')) wanted.add(reference);
          });
          kept += 1;
        }
      }
      expect(kept).toBeGreaterThan(least);
      expect([...wanted].filter((reference) => !known.has(reference))).toEqual([]);
    });
  }
});
