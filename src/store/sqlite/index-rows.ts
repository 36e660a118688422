/**
 * Index rows of one commit, gathered and inserted in the order of their keys: at import that order is worth
 * a factor of two. Also takes back the rows of a version that no snapshot needs any more.
 */
import { indexOf } from '../../fhir/compartments.ts';
import type { Connection } from './connection.ts';
import { type Dictionary, TERM_SPAN, typeNumber } from './dictionary.ts';
import type { FlatIndex } from './prepare-write.ts';

type Key = readonly (number | string)[];

export class IndexRows {
  readonly #connection: Connection;
  readonly #dictionary: Dictionary;
  #ix: [number, number][] = [];
  #ref: [number, number, number][] = [];
  #dat: [number, number, number, number][] = [];
  #qty: [number, number, number, number][] = [];
  #str: [number, string, number][] = [];
  #comp: [number, number, number][] = [];

  constructor(connection: Connection, dictionary: Dictionary) {
    this.#connection = connection;
    this.#dictionary = dictionary;
  }

  /**
   * Takes down the rows of the version `rid`, of resource type `type`, in the compartments of `people`
   * (lids).
   */
  add(type: string, rid: number, index: FlatIndex, people: readonly number[]): void {
    const dictionary = this.#dictionary;
    for (const person of people) this.#comp.push([person, typeNumber(type), rid]);
    for (const [code, system, value] of triples(index.terms)) {
      const pt = dictionary.parameterOrNew(type, code);
      this.#ix.push([pt * TERM_SPAN + dictionary.termOrNew(system, value), rid]);
    }
    for (const [code, target, id] of triples(index.references)) {
      const pt = code === '' ? 0 : dictionary.parameterOrNew(type, code);
      this.#ref.push([dictionary.resourceOrNew(target, id), pt, rid]);
    }
    for (let i = 0; i + 1 < index.strings.length; i += 2) {
      const pt = dictionary.parameterOrNew(type, index.strings[i] ?? '');
      this.#str.push([pt, index.strings[i + 1] ?? '', rid]);
    }
    index.dateCodes.forEach((code, i) => {
      const pt = dictionary.parameterOrNew(type, code);
      this.#dat.push([pt, index.dates[2 * i] ?? 0, index.dates[2 * i + 1] ?? 0, rid]);
    });
    let n = 0;
    for (const [code, system, unit] of triples(index.quantityUnits)) {
      const pt = dictionary.parameterOrNew(type, code);
      const tid = unit === '' ? 0 : dictionary.termOrNew(system, unit);
      this.#qty.push([pt, index.quantities[n++] ?? 0, tid, rid]);
    }
  }

  /** Inserts what was added since the last time. */
  insert(): void {
    this.#put('ix', this.#ix);
    this.#put('ref', this.#ref);
    this.#put('dat', this.#dat);
    this.#put('qty', this.#qty);
    this.#put('str', this.#str);
    this.#put('comp', this.#comp);
    this.#ix = [];
    this.#ref = [];
    this.#dat = [];
    this.#qty = [];
    this.#str = [];
    this.#comp = [];
  }

  #put(table: string, rows: Key[]): void {
    if (rows.length > 1) rows.sort(byKey);
    let i = 0;
    for (; i + ROWS_AT_ONCE <= rows.length; i += ROWS_AT_ONCE) {
      const several = rows.slice(i, i + ROWS_AT_ONCE);
      this.#connection.run(insertOf(table, several[0]?.length ?? 0, ROWS_AT_ONCE), ...several.flat());
    }
    for (; i < rows.length; i++) {
      const row = rows[i] ?? [];
      this.#connection.run(insertOf(table, row.length, 1), ...row);
    }
  }
}

/** Rows of one statement: crossing into SQLite costs about as much as a row. */
const ROWS_AT_ONCE = 20;

const inserts = new Map<string, string>();

function insertOf(table: string, columns: number, rows: number): string {
  const key = `${table} ${rows}`;
  const known = inserts.get(key);
  if (known !== undefined) return known;
  const row = `(${Array.from({ length: columns }, () => '?').join(', ')})`;
  const made = `INSERT OR IGNORE INTO ${table} VALUES ${Array.from({ length: rows }, () => row).join(', ')}`;
  inserts.set(key, made);
  return made;
}

function byKey(a: Key, b: Key): number {
  for (let i = 0; i < a.length; i++) {
    const left = a[i] ?? 0;
    const right = b[i] ?? 0;
    if (left < right) return -1;
    if (left > right) return 1;
  }
  return 0;
}

function* triples(flat: readonly string[]): Generator<readonly [string, string, string]> {
  for (let i = 0; i + 2 < flat.length; i += 3) yield [flat[i] ?? '', flat[i + 1] ?? '', flat[i + 2] ?? ''];
}

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
    const text =
      value.kind === 'token' || value.kind === 'uri'
        ? value.value
        : value.kind === 'reference-url'
          ? value.url
          : undefined;
    if (text === undefined) continue;
    const system = value.kind === 'token' ? value.system : value.kind === 'uri' ? '\u0001uri' : '\u0001url';
    const pt = dictionary.parameter(type, value.code);
    const tid = dictionary.term(system, text);
    if (pt !== undefined && tid !== undefined) yield pt * TERM_SPAN + tid;
  }
}
