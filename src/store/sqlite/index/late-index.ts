/**
 * The search index, written some time after the versions that it leads to: many versions together touch
 * hardly more pages of it than one does (docs/adr/0014). What
 * waits is held in memory; `indexedRid` says in the store up to which version all is in, so that whoever
 * opens it after a crash takes the rest from the stored bytes.
 */
import type { Connection } from '../connection.ts';
import type { Dictionary } from '../dictionary.ts';
import { prepareWrite } from '../prepare-write.ts';
import { type IndexedVersion, IndexRows } from './index-rows.ts';

interface Waiting extends IndexedVersion {
  readonly seq: number;
}

/** So many versions are indexed together: more save little, and are more to make again after a crash. */
const VERSIONS_AT_ONCE = 1024;
/** Rows of a step, for each of them: some six times what a group of commits of many clients brings itself. */
const ROWS_A_VERSION = 2;

/** What waited at a moment that a rollback may go back to. */
export interface LateMark {
  readonly waiting: Waiting[];
  readonly count: number;
}

export class LateIndex {
  readonly #connection: Connection;
  readonly #dictionary: Dictionary;
  readonly #versionsAtOnce: number;
  /** The oldest first. */
  #waiting: Waiting[] = [];
  /** The rows of the first `count` of them, some of which are in already. */
  #batch: { readonly rows: IndexRows; readonly count: number } | undefined;
  /** What waits was taken from the stored bytes: rows that are written at once may be missing too. */
  #isRecovered = false;

  constructor(connection: Connection, dictionary: Dictionary, versionsAtOnce = VERSIONS_AT_ONCE) {
    this.#connection = connection;
    this.#dictionary = dictionary;
    this.#versionsAtOnce = versionsAtOnce;
  }

  /** The commit of the oldest version that waits. */
  get firstSeq(): number | undefined {
    return this.#waiting[0]?.seq;
  }

  add(version: Waiting): void {
    this.#waiting.push(version);
  }

  mark(): LateMark {
    return { waiting: this.#waiting, count: this.#waiting.length };
  }

  /** Rows are made anew: their terms may have been rolled back. Those that are in already are left alone. */
  return({ waiting, count }: LateMark): void {
    this.#batch = undefined;
    waiting.length = count;
    this.#waiting = waiting;
  }

  /**
   * Does what is due, in the transaction under way, in which `added` versions came: a slice of what waits,
   * so that no group of commits is held up by all of it. An import adds so much that slices never end.
   */
  step(added: number): void {
    const most = this.#versionsAtOnce;
    if (added >= most / 2 || this.#waiting.length >= most * 4) {
      this.insert();
      return;
    }
    if (this.#batch === undefined) {
      if (this.#waiting.length < most) return;
      const rows = new IndexRows(this.#waiting, 'late', this.#dictionary);
      this.#batch = { rows, count: this.#waiting.length };
    }
    if (this.#batch.rows.insert(this.#connection, most * ROWS_A_VERSION)) this.#inserted(this.#batch.count);
  }

  /** Inserts all that waits, in the transaction under way. */
  insert(): void {
    if (this.#waiting.length === 0) return;
    if (this.#isRecovered) new IndexRows(this.#waiting, 'at once', this.#dictionary).insert(this.#connection);
    new IndexRows(this.#waiting, 'late', this.#dictionary).insert(this.#connection);
    this.#inserted(this.#waiting.length);
    this.#isRecovered = false;
  }

  #inserted(count: number): void {
    const last = this.#waiting[count - 1]?.rid ?? 0;
    this.#connection.run("INSERT OR REPLACE INTO meta VALUES ('indexedRid', ?)", String(last));
    this.#waiting = this.#waiting.slice(count);
    this.#batch = undefined;
  }

  /**
   * Takes the next versions that a process which ended before its time, or an older schema, left without
   * their rows; those that have been cleared stay so. False where there were none.
   */
  recover(): boolean {
    const rows = this.#connection.all(
      `SELECT v.rid, v.seq, b.bytes FROM ver v JOIN body b ON b.rid = v.rid WHERE v.rid >
        (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'indexedRid')
        AND (v.until IS NULL OR EXISTS (SELECT 1 FROM stale s WHERE s.rid = v.rid))
        ORDER BY v.rid LIMIT ?`,
      [this.#versionsAtOnce],
    );
    this.#isRecovered = rows.length > 0;
    for (const [rid, seq, bytes] of rows) {
      if (!(bytes instanceof Uint8Array)) throw new Error(`version ${rid} has no bytes`);
      const resource = JSON.parse(Buffer.from(bytes).toString());
      const { index, patients } = prepareWrite(resource, resource.id);
      const people = patients.map((id) => this.#dictionary.resourceOrNew('Patient', id));
      this.add({ type: resource.resourceType, rid: Number(rid), seq: Number(seq), index, people });
    }
    return rows.length > 0;
  }
}
