/** Rows of a group of commits that wait to be inserted together, before the group is durable. */
import type { Connection } from '../connection.ts';
import { type Dictionary, typeNumber } from '../dictionary.ts';
import { type IndexedVersion, IndexRows } from './index-rows.ts';
import { type InsertedTable, insertedTable, insertRows, type RowValues } from './insert-rows.ts';

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
  #versions: IndexedVersion[] = [];

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

  /** A version, for those of its values by which it is found at once. */
  found(version: IndexedVersion): void {
    this.#versions.push(version);
  }

  /** Inserts all that waits. */
  insert(): void {
    const rows = this.#rows;
    this.#rows = emptyRows();
    this.#lids = new Set();
    new IndexRows(this.#versions, 'at once', this.#dictionary).insert(this.#connection);
    this.#versions = [];
    for (const { name, table } of TABLES) insertRows(table, rows[name], this.#connection);
  }
}

type TableName = 'ver' | 'body' | 'commits' | 'audit';

const TABLES: readonly { readonly name: TableName; readonly table: InsertedTable }[] = [
  { name: 'ver', table: insertedTable('ver', '?, ?, ?, ?, ?, ?, ?, ?, ?, ?') },
  // text crosses into SQLite with one copy less than bytes
  { name: 'body', table: insertedTable('body', '?, CAST(? AS BLOB)') },
  { name: 'commits', table: insertedTable('commits', '?, ?, ?, ?') },
  { name: 'audit', table: insertedTable('audit', '?, ?, ?') },
];

function emptyRows(): Record<TableName, RowValues[]> {
  return { ver: [], body: [], commits: [], audit: [] };
}
