/**
 * Opening a database file, and statements that are prepared once. `node:sqlite` is met here and in the
 * threads only.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

export type Row = readonly (string | number | bigint | null | Uint8Array)[];

/** A connection with its prepared statements; rows come as arrays, in the order of the columns. */
export class Connection {
  readonly database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /**
   * Those that differ per query, the one used longest ago first: the same few shapes come again and again.
   */
  readonly #passing = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  /** Rows of a statement. Of those that differ per query (`keep` false) only the latest are kept. */
  all(sql: string, parameters: readonly SQLInputValue[], keep = true): Row[] {
    return this.#prepared(sql, keep).all(...parameters) as unknown as Row[];
  }

  get(sql: string, parameters: readonly SQLInputValue[], keep = true): Row | undefined {
    return this.#prepared(sql, keep).get(...parameters) as unknown as Row | undefined;
  }

  /** The new rowid. */
  run(sql: string, ...parameters: SQLInputValue[]): number {
    return Number(this.#prepared(sql, true).run(...parameters).lastInsertRowid);
  }

  close(): void {
    this.#statements.clear();
    this.#passing.clear();
    this.database.close();
  }

  #prepared(sql: string, keep: boolean): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const passing = this.#passing.get(sql);
    const made = passing ?? this.database.prepare(sql);
    if (passing === undefined) made.setReturnArrays(true);
    if (keep && this.#statements.size < STATEMENTS_MAX) this.#statements.set(sql, made);
    else this.#pass(sql, made);
    return made;
  }

  #pass(sql: string, statement: StatementSync): void {
    this.#passing.delete(sql);
    this.#passing.set(sql, statement);
    if (this.#passing.size <= PASSING_MAX) return;
    const oldest = this.#passing.keys().next();
    if (oldest.done !== true) this.#passing.delete(oldest.value);
  }
}

const STATEMENTS_MAX = 500;
const PASSING_MAX = 100;

/**
 * The writer's connection: WAL, FULL (each commit is fsynced), large pages, a checkpoint every 128 MB: a page
 * that many commits touch is copied into the database once.
 */
export function openForWriting(path: string): Connection {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 16000; PRAGMA cache_size = -131072; PRAGMA temp_store = MEMORY;
      PRAGMA busy_timeout = 5000`);
  return new Connection(database);
}

/** A connection that cannot write. */
export function openForReading(path: string): Connection {
  const database = new DatabaseSync(path, { readOnly: true });
  database.exec(
    'PRAGMA cache_size = -65536; PRAGMA mmap_size = 268435456; PRAGMA temp_store = MEMORY; PRAGMA busy_timeout = 5000',
  );
  return new Connection(database);
}

/** Does work that waits for no disk (what a crash takes of it is made again), and gives back what it gives. */
export function unsynced<T>({ database }: Connection, work: () => T): T {
  database.exec('PRAGMA synchronous = NORMAL');
  try {
    return work();
  } finally {
    database.exec('PRAGMA synchronous = FULL');
  }
}
