/**
 * A test of a version's stored bytes inside a statement, for what the index does not keep (fhir/resource-fits):
 * `fits(test, bytes)`. Dear, some microseconds a version, so it comes after everything that the index can say.
 */
import { isAscii } from 'node:buffer';
import { isObject, type JsonObject } from '../../../fhir/json-access.ts';
import { type ResourceValue, resourceTest } from '../../../fhir/resource-fits.ts';
import type { Connection } from '../connection.ts';
import type { Condition } from '../sql-condition.ts';

/** Statements of a search carry few; the same few come again for each version. */
const TESTS_MAX = 100;

/** So many rows of an index cost as much as one look into the bytes. */
export const BYTES_COST = 10;

/** The condition that version `v` fits any of these values of the parameter `code`; `now` as resourceTest. */
export function bytesTest(code: string, values: readonly ResourceValue[], now = 0): Condition {
  return {
    sql: 'EXISTS (SELECT 1 FROM body b WHERE b.rid = v.rid AND fits(?, b.bytes))',
    parameters: [JSON.stringify([code, values, now])],
  };
}

/** A test of a resource, and of its bytes before they are parsed: false where it cannot hold. */
interface MadeTest {
  readonly mayHold: (bytes: Buffer) => boolean;
  readonly holds: (resource: JsonObject) => boolean;
}

/** Lets the statements of a connection call `fits`. */
export function addBytesTest({ database }: Connection): void {
  const tests = new Map<string, MadeTest>();
  database.function('fits', { deterministic: true }, (test, bytes) => {
    if (typeof test !== 'string' || !(bytes instanceof Uint8Array)) return 0;
    const { mayHold, holds } = testOf(test, tests);
    const stored = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (!mayHold(stored)) return 0;
    const resource: unknown = JSON.parse(stored.toString());
    return isObject(resource) && holds(resource) ? 1 : 0;
  });
}

function testOf(text: string, tests: Map<string, MadeTest>): MadeTest {
  const known = tests.get(text);
  if (known !== undefined) return known;
  const [code, values, now] = JSON.parse(text) as [string, ResourceValue[], number];
  const all = values.map((value) => resourceTest(code, value, now));
  const made = {
    mayHold: mayHoldText(values),
    holds: (resource: JsonObject): boolean => all.some((one) => one(resource)),
  };
  if (tests.size >= TESTS_MAX) tests.clear();
  tests.set(text, made);
  return made;
}

/**
 * Of `:text`: where all the bytes are ASCII, the words that are asked for must stand in them as they are, whatever
 * the case. Going through bytes is far quicker than parsing them.
 */
function mayHoldText(values: readonly ResourceValue[]): (bytes: Buffer) => boolean {
  const words = values.map((value) => (value.kind === 'token-text' ? longestWord(value.norm) : ''));
  if (words.includes('')) return () => true;
  return (bytes) => {
    const text = bytes.toString('latin1').toLowerCase();
    return words.some((word) => text.includes(word)) || !isAscii(bytes);
  };
}

const longestWord = (norm: string): string =>
  (norm.match(/[a-z0-9]+/g) ?? []).reduce((best, word) => (word.length > best.length ? word : best), '');
