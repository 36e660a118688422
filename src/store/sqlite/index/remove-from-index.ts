/** Takes back the index rows of a version that no snapshot needs any more. */
import { indexOf } from '../../../fhir/compartments.ts';
import type { Connection } from '../connection.ts';
import { type Dictionary, TERM_SPAN } from '../dictionary.ts';
import { thereCode, URI_SYSTEM, URL_SYSTEM } from '../prepare-write.ts';

/**
 * Removes a superseded version from the index. Its term rows are found by taking the values again from its
 * stored bytes.
 */
export function removeFromIndex(rid: number, connection: Connection, dictionary: Dictionary): void {
  const row = connection.get('SELECT bytes FROM body WHERE rid = ?', [rid]);
  if (row?.[0] instanceof Uint8Array) {
    const resource = JSON.parse(Buffer.from(row[0]).toString()) as { resourceType: string };
    const { values } = indexOf(resource);
    for (const k of termKeys(resource.resourceType, values, dictionary))
      connection.run('DELETE FROM ix WHERE k = ? AND rid = ?', k, rid);
  }
  for (const table of ['ref', 'dat', 'qty', 'str']) connection.run(`DELETE FROM ${table} WHERE rid = ?`, rid);
  // of a version in several compartments these rows are the only record of whose it was
  connection.run(
    'DELETE FROM comp WHERE rid = ? AND (SELECT v.person FROM ver v WHERE v.rid = comp.rid) <> -1',
    rid,
  );
}

function* termKeys(
  type: string,
  values: ReturnType<typeof indexOf>['values'],
  dictionary: Dictionary,
): Generator<number> {
  for (const value of values) {
    if (value.kind === 'there') {
      const pt = dictionary.parameter(type, thereCode(value.code));
      const tid = dictionary.term('', '');
      if (pt !== undefined && tid !== undefined) yield pt * TERM_SPAN + tid;
      continue;
    }
    const text =
      value.kind === 'token' || value.kind === 'uri'
        ? value.value
        : value.kind === 'reference-url'
          ? value.url
          : undefined;
    if (text === undefined) continue;
    const system = value.kind === 'token' ? value.system : value.kind === 'uri' ? URI_SYSTEM : URL_SYSTEM;
    const pt = dictionary.parameter(type, value.code);
    const tid = dictionary.term(system, text);
    if (pt !== undefined && tid !== undefined) yield pt * TERM_SPAN + tid;
  }
}
