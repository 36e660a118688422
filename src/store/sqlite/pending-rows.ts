/**
 * Rows of a group of commits that wait to be inserted: several in one statement, since crossing into SQLite
 * costs about as much as a row, and in the order of their keys, which at import is worth a factor of two.
 */
import type { SQLInputValue } from 'node:sqlite';
import type { Connection } from './connection.ts';
import { type Dictionary, TERM_SPAN, typeNumber } from './dictionary.ts';
import type { FlatIndex } from './prepare-write.ts';

type Values = readonly SQLInputValue[];

/** A version as it stands in ver; `until` is null. */
export interface VersionRow {
  readonly rid: number;
  readonly lid: number;
  readonly version: number;
  readonly type: string;
  readonly seq: number;
  readonly at: number;
  readonly deleted: boolean;
  readonly person: number | null;
  readonly labels: string | null;
}

export class PendingRows {
  readonly #connection: Connection;
  readonly #dictionary: Dictionary;
  #lids = new Set<number>();
  #rows = emptyRows();

  constructor(connection: Connection, dictionary: Dictionary) {
    this.#connection = connection;
    this.#dictionary = dictionary;
  }

  /** Whether a version of this resource waits. */
  holds(lid: number): boolean {
    return this.#lids.has(lid);
  }

  version({ rid, lid, version, type, seq, at, deleted, person, labels }: VersionRow): void {
    this.#lids.add(lid);
    this.#rows.ver.push([
      rid,
      lid,
      version,
      typeNumber(type),
      seq,
      null,
      at,
      deleted ? 1 : 0,
      person,
      labels,
    ]);
  }

  body(rid: number, text: string): void {
    this.#rows.body.push([rid, text]);
  }

  commit(seq: number, at: number, first: number, last: number): void {
    this.#rows.commits.push([seq, at, first, last]);
  }

  audit(n: number, text: string, hash: string): void {
    this.#rows.audit.push([n, text, hash]);
  }

  /**
   * What the version `rid`, of resource type `type`, is found by, and the `people` (lids) in whose
   * compartments it lies.
   */
  index(type: string, rid: number, index: FlatIndex, people: readonly number[]): void {
    const { ix, ref, dat, qty, str, comp } = this.#rows;
    const dictionary = this.#dictionary;
    const { terms, references, strings, dateCodes, dates, quantityUnits, quantities } = index;
    const pt = (code: string | undefined): number => dictionary.parameterOrNew(type, code ?? '');
    for (const person of people) comp.push([person, typeNumber(type), rid]);
    for (let i = 0; i + 2 < terms.length; i += 3) {
      const term = dictionary.termOrNew(terms[i + 1] ?? '', terms[i + 2] ?? '');
      ix.push([pt(terms[i]) * TERM_SPAN + term, rid]);
    }
    for (let i = 0; i + 2 < references.length; i += 3) {
      const lid = dictionary.resourceOrNew(references[i + 1] ?? '', references[i + 2] ?? '');
      ref.push([lid, references[i] === '' ? 0 : pt(references[i]), rid]);
    }
    for (let i = 0; i + 1 < strings.length; i += 2) str.push([pt(strings[i]), strings[i + 1] ?? '', rid]);
    for (let i = 0; i < dateCodes.length; i++) {
      dat.push([pt(dateCodes[i]), dates[2 * i] ?? 0, dates[2 * i + 1] ?? 0, rid]);
    }
    for (let i = 0; i < quantities.length; i++) {
      const unit = quantityUnits[3 * i + 2] ?? '';
      const tid = unit === '' ? 0 : dictionary.termOrNew(quantityUnits[3 * i + 1] ?? '', unit);
      qty.push([pt(quantityUnits[3 * i]), quantities[i] ?? 0, tid, rid]);
    }
  }

  /** Inserts all that waits. */
  insert(): void {
    const rows = this.#rows;
    this.#rows = emptyRows();
    this.#lids = new Set();
    for (const table of TABLES) this.#insert(table, rows[table.name]);
  }

  #insert(table: Table, rows: Values[]): void {
    if (table.sorted && rows.length > 1) rows.sort(byKey);
    let i = 0;
    for (const { count, sql } of table.inserts) {
      for (; i + count <= rows.length; i += count) {
        const values = count === 1 ? (rows[i] ?? []) : rows.slice(i, i + count).flat();
        this.#connection.run(sql, ...values);
      }
    }
  }
}

type TableName = 'ver' | 'body' | 'commits' | 'audit' | 'ix' | 'ref' | 'dat' | 'qty' | 'str' | 'comp';

interface Table {
  readonly name: TableName;
  /** Whether rows come in another order than that of their keys. */
  readonly sorted: boolean;
  /** Statements for so many rows at once, the largest first. */
  readonly inserts: readonly { readonly count: number; readonly sql: string }[];
}

const ROWS_AT_ONCE: readonly number[] = [32, 8, 1];

/** `row` is the values of one row in SQL. An index row that is there already is left alone. */
function table(name: TableName, row: string, sorted: boolean): Table {
  const verb = sorted ? 'INSERT OR IGNORE' : 'INSERT';
  const inserts = ROWS_AT_ONCE.map((count) => {
    const rows = Array.from({ length: count }, () => `(${row})`).join(', ');
    return { count, sql: `${verb} INTO ${name} VALUES ${rows}` };
  });
  return { name, sorted, inserts };
}

const TABLES: readonly Table[] = [
  table('ver', '?, ?, ?, ?, ?, ?, ?, ?, ?, ?', false),
  // text crosses into SQLite with one copy less than bytes
  table('body', '?, CAST(? AS BLOB)', false),
  table('commits', '?, ?, ?, ?', false),
  table('audit', '?, ?, ?', false),
  table('ix', '?, ?', true),
  table('ref', '?, ?, ?', true),
  table('dat', '?, ?, ?, ?', true),
  table('qty', '?, ?, ?, ?', true),
  table('str', '?, ?, ?', true),
  table('comp', '?, ?, ?', true),
];

function emptyRows(): Record<TableName, Values[]> {
  return {
    ver: [],
    body: [],
    commits: [],
    audit: [],
    ix: [],
    ref: [],
    dat: [],
    qty: [],
    str: [],
    comp: [],
  };
}

function byKey(a: Values, b: Values): number {
  for (let i = 0; i < a.length; i++) {
    const left = a[i] ?? 0;
    const right = b[i] ?? 0;
    if (left < right) return -1;
    if (left > right) return 1;
  }
  return 0;
}
