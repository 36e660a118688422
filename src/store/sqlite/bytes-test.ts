/**
 * A test of a version's stored bytes inside a statement, for what the index does not keep (fhir/resource-fits):
 * `fits(test, bytes)`. Dear, some microseconds a version, so it comes after everything that the index can say.
 */
import { isObject, type JsonObject } from '../../fhir/json-access.ts';
import { type ResourceValue, resourceTest } from '../../fhir/resource-fits.ts';
import type { Connection } from './connection.ts';
import type { Condition } from './sql-condition.ts';

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

/** Lets the statements of a connection call `fits`. */
export function addBytesTest({ database }: Connection): void {
  const tests = new Map<string, (resource: JsonObject) => boolean>();
  database.function('fits', { deterministic: true }, (test, bytes) => {
    if (typeof test !== 'string' || !(bytes instanceof Uint8Array)) return 0;
    const resource: unknown = JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(),
    );
    return isObject(resource) && testOf(test, tests)(resource) ? 1 : 0;
  });
}

function testOf(
  text: string,
  tests: Map<string, (resource: JsonObject) => boolean>,
): (resource: JsonObject) => boolean {
  const known = tests.get(text);
  if (known !== undefined) return known;
  const [code, values, now] = JSON.parse(text) as [string, ResourceValue[], number];
  const all = values.map((value) => resourceTest(code, value, now));
  const made = (resource: JsonObject): boolean => all.some((holds) => holds(resource));
  if (tests.size >= TESTS_MAX) tests.clear();
  tests.set(text, made);
  return made;
}
