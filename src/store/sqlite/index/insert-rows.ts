/**
 * Rows inserted together: several in one statement, since crossing into SQLite costs about as much as a row;
 * those of an index in the order of their keys, which at import is worth a factor of two.
 */
import type { SQLInputValue } from 'node:sqlite';
import type { Connection } from '../connection.ts';

export type RowValues = readonly SQLInputValue[];

export interface InsertedTable {
  /** Statements for so many rows at once, the largest first. */
  readonly inserts: readonly { readonly count: number; readonly sql: string }[];
}

const ROWS_AT_ONCE: readonly number[] = [32, 8, 1];

/** `row` is the values of one row in SQL; `verb` says what becomes of one that is there already. */
export function insertedTable(
  name: string,
  row: string,
  verb: 'INSERT' | 'INSERT OR IGNORE' = 'INSERT',
): InsertedTable {
  const inserts = ROWS_AT_ONCE.map((count) => {
    const rows = Array.from({ length: count }, () => `(${row})`).join(', ');
    return { count, sql: `${verb} INTO ${name} VALUES ${rows}` };
  });
  return { inserts };
}

/** Inserts `rows` from `from` up to `to`, not included. */
export function insertRows(
  table: InsertedTable,
  rows: readonly RowValues[],
  connection: Connection,
  from = 0,
  to = rows.length,
): void {
  let i = from;
  for (const { count, sql } of table.inserts) {
    for (; i + count <= to; i += count) {
      const values = count === 1 ? (rows[i] ?? []) : rows.slice(i, i + count).flat();
      connection.run(sql, ...values);
    }
  }
}

/** In the order of their keys. Many have the first column in common: sorting within each is far quicker. */
export function byKeys(rows: readonly RowValues[]): RowValues[] {
  if (rows.length < 2) return [...rows];
  const groups = Map.groupBy(rows, ([first]) => first ?? 0);
  const firsts = [...groups.keys()].sort((a, b) => (a < b ? -1 : 1));
  return firsts.flatMap((first) => groups.get(first)?.sort(compareKeys) ?? []);
}

function compareKeys(a: RowValues, b: RowValues): number {
  for (let i = 1; i < a.length; i++) {
    const left = a[i] ?? 0;
    const right = b[i] ?? 0;
    if (left < right) return -1;
    if (left > right) return 1;
  }
  return 0;
}
