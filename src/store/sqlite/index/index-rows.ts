/**
 * Rows of the search index: what versions are found by (tokens, references, dates, quantities, texts) and in
 * whose compartments they lie.
 */
import type { Connection } from '../connection.ts';
import { type Dictionary, TERM_SPAN, typeNumber } from '../dictionary.ts';
import type { FlatIndex } from '../prepare-write.ts';
import { isFoundAtOnce, isTypeAtOnce } from './found-at-once.ts';
import { byKeys, type InsertedTable, insertedTable, insertRows, type RowValues } from './insert-rows.ts';

/** A version, and what it is found by. */
export interface IndexedVersion {
  readonly type: string;
  readonly rid: number;
  readonly index: FlatIndex;
  /** The Patients (lids) in whose compartment it lies. */
  readonly people: readonly number[];
}

/** The rows of some versions, either those to be inserted at once or the late ones; inserted in slices. */
export class IndexRows {
  readonly #tables: { readonly table: InsertedTable; readonly rows: readonly RowValues[] }[];
  #begun = 0;

  /** In a transaction: what the dictionary lacks is added to it. */
  constructor(versions: readonly IndexedVersion[], when: 'at once' | 'late', dictionary: Dictionary) {
    const rows: Rows = { ix: [], ref: [], dat: [], qty: [], str: [], comp: [] };
    for (const version of versions) addRows(version, when === 'at once', rows, dictionary);
    this.#tables = TABLES.map(([name, table]) => ({ table, rows: byKeys(rows[name]) }));
  }

  /** Inserts the next `count` rows, table by table in the order of the keys. True when all are in. */
  insert(connection: Connection, count = Number.POSITIVE_INFINITY): boolean {
    let left = count;
    for (let first = this.#tables[0]; first !== undefined && left > 0; first = this.#tables[0]) {
      const end = Math.min(first.rows.length, this.#begun + left);
      insertRows(first.table, first.rows, connection, this.#begun, end);
      left -= end - this.#begun;
      this.#begun = end;
      if (end < first.rows.length) return false;
      this.#tables.shift();
      this.#begun = 0;
    }
    return this.#tables.length === 0;
  }
}

type TableName = 'ix' | 'ref' | 'dat' | 'qty' | 'str' | 'comp';
type Rows = Record<TableName, RowValues[]>;

function addRows(
  { type, rid, index, people }: IndexedVersion,
  atOnce: boolean,
  { ix, ref, dat, qty, str, comp }: Rows,
  dictionary: Dictionary,
): void {
  const { terms, references, strings, dateCodes, dates, quantityUnits, quantities } = index;
  const isOther = (code: string): boolean => isFoundAtOnce(type, code) !== atOnce;
  const pt = (code: string): number => dictionary.parameterOrNew(type, code);
  // of a version that is several people's, these rows alone say whose
  if ((isTypeAtOnce(type) || people.length > 1) === atOnce) {
    for (const person of people) comp.push([person, typeNumber(type), rid]);
  }
  for (let i = 0; i + 2 < references.length; i += 3) {
    const code = references[i] ?? '';
    if (isOther(code)) continue;
    const lid = dictionary.resourceOrNew(references[i + 1] ?? '', references[i + 2] ?? '');
    ref.push([lid, code === '' ? 0 : pt(code), rid]);
  }
  for (let i = 0; i + 2 < terms.length; i += 3) {
    const code = terms[i] ?? '';
    if (isOther(code)) continue;
    ix.push([pt(code) * TERM_SPAN + dictionary.termOrNew(terms[i + 1] ?? '', terms[i + 2] ?? ''), rid]);
  }
  for (let i = 0; i + 1 < strings.length; i += 2) {
    const code = strings[i] ?? '';
    if (!isOther(code)) str.push([pt(code), strings[i + 1] ?? '', rid]);
  }
  for (const [i, code] of dateCodes.entries()) {
    if (!isOther(code)) dat.push([pt(code), dates[2 * i] ?? 0, dates[2 * i + 1] ?? 0, rid]);
  }
  for (const [i, value] of quantities.entries()) {
    const code = quantityUnits[3 * i] ?? '';
    if (isOther(code)) continue;
    const unit = quantityUnits[3 * i + 2] ?? '';
    const tid = unit === '' ? 0 : dictionary.termOrNew(quantityUnits[3 * i + 1] ?? '', unit);
    qty.push([pt(code), value, tid, rid]);
  }
}

const TABLES: readonly (readonly [TableName, InsertedTable])[] = [
  ['ix', insertedTable('ix', '?, ?', 'INSERT OR IGNORE')],
  ['ref', insertedTable('ref', '?, ?, ?', 'INSERT OR IGNORE')],
  ['dat', insertedTable('dat', '?, ?, ?, ?', 'INSERT OR IGNORE')],
  ['qty', insertedTable('qty', '?, ?, ?, ?', 'INSERT OR IGNORE')],
  ['str', insertedTable('str', '?, ?, ?', 'INSERT OR IGNORE')],
  ['comp', insertedTable('comp', '?, ?, ?', 'INSERT OR IGNORE')],
];
