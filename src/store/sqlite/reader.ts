/**
 * Reads on the caller's thread: one connection that cannot write, the cache of current versions, and the
 * pool for long searches.
 */
import { Failure } from '../../base/failure.ts';
import type { Scope } from '../scope.ts';
import { ClosedPersons, NOW } from './closed-persons.ts';
import type { Connection } from './connection.ts';
import { CursorSeal } from './cursor.ts';
import { Dictionary } from './dictionary.ts';
import type { IndexProgress } from './index/index-progress.ts';
import type { TextProgress } from './index/text-progress.ts';
import type { ReadCache } from './read-cache.ts';
import { scopeConditions } from './scope-sql.ts';
import { addBytesTest } from './search/bytes-test.ts';
import type { SearchPool } from './search/search-pool.ts';
import { allOf } from './sql-condition.ts';
import { VERSION, type Version, versionOf } from './version-rows.ts';

interface ReaderParts {
  readonly connection: Connection;
  readonly cache: ReadCache;
  readonly searches: SearchPool;
  readonly includesMax: number;
  readonly now: () => number;
  readonly indexed: IndexProgress;
  readonly texts: TextProgress;
}

export class Reader {
  readonly connection: Connection;
  readonly dictionary: Dictionary;
  readonly searches: SearchPool;
  readonly includesMax: number;
  readonly now: () => number;
  readonly closed: ClosedPersons;
  readonly links: CursorSeal;
  readonly indexed: IndexProgress;
  readonly texts: TextProgress;
  readonly #cache: ReadCache;

  constructor({ connection, cache, searches, includesMax, now, indexed, texts }: ReaderParts) {
    this.connection = connection;
    addBytesTest(connection);
    this.dictionary = new Dictionary(connection);
    this.closed = new ClosedPersons(connection, this.dictionary);
    const key = connection.get("SELECT value FROM meta WHERE key = 'linkKey'", [])?.[0];
    this.links = new CursorSeal(Buffer.from(String(key), 'hex'));
    this.#cache = cache;
    this.searches = searches;
    this.includesMax = includesMax;
    this.now = now;
    this.indexed = indexed;
    this.texts = texts;
  }

  /**
   * Throws Failure `expired` for a snapshot that is too old to be searched. To be called after the search:
   * what was whole then was whole before, and not the other way round.
   */
  checkSnapshot(seq: number): void {
    const row = this.connection.get("SELECT value FROM meta WHERE key = 'purgedSeq'", []);
    if (seq >= Number(row?.[0] ?? 0)) return;
    throw new Failure(
      'expired',
      'This page link is too old: what it shows has been replaced meanwhile (setting ' +
        'snapshotKeepSeconds). Search again from the start.',
      { status: 410 },
    );
  }

  /**
   * Those of these versions whose resource, as it stands now, is in scope too. For page links: they go on in
   * the snapshot that they began in, and show nothing that has been closed since.
   */
  stillOpen(rids: readonly number[], scope: Scope): number[] {
    const conditions = allOf(scopeConditions(scope, NOW, this.connection, this.dictionary));
    const rows = this.connection.all(
      `SELECT o.rid FROM json_each(?) m CROSS JOIN ver o ON o.rid = m.value CROSS JOIN ent e ON e.lid = o.lid
        CROSS JOIN ver v ON v.rid = e.cur WHERE ${conditions.sql}`,
      [JSON.stringify(rids), ...conditions.parameters],
      false,
    );
    const open = new Set(rows.map((row) => Number(row[0])));
    return rids.filter((rid) => open.has(rid));
  }

  /** The version that is current at `seq`. */
  current(type: string, id: string, seq: number): Version | undefined {
    const key = `${type}/${id}`;
    const cached = this.#cache.current(key);
    if (cached !== undefined && cached.seq <= seq) return cached;
    const lid = this.dictionary.resource(type, id);
    if (lid === undefined) return undefined;
    const version = this.#version('v.lid = ? AND v.seq <= ? ORDER BY v.version DESC LIMIT 1', [lid, seq]);
    if (version !== undefined && cached === undefined && this.#isNewest(version, lid))
      this.#cache.setCurrent(key, version);
    return version;
  }

  version(type: string, id: string, versionId: string): Version | undefined {
    const lid = this.dictionary.resource(type, id);
    if (lid === undefined || !/^[1-9]\d{0,14}$/.test(versionId)) return undefined;
    return this.#version('v.lid = ? AND v.version = ?', [lid, Number(versionId)]);
  }

  /** Versions with their bytes, in the order of the rids given. */
  versions(rids: readonly number[]): Version[] {
    const missing = rids.filter((rid) => this.#cache.version(rid) === undefined);
    const read = new Map(this.#read(missing).map((version) => [version.rid, version]));
    const versions = rids
      .map((rid) => read.get(rid) ?? this.#cache.version(rid))
      .filter((version) => version !== undefined);
    for (const version of read.values()) this.#cache.add(version);
    return versions;
  }

  #read(rids: readonly number[]): Version[] {
    if (rids.length === 0) return [];
    const rows = this.connection.all(
      `SELECT ${VERSION}, b.bytes FROM json_each(?) r CROSS JOIN ver v ON v.rid = r.value LEFT
        JOIN body b ON b.rid = v.rid`,
      [JSON.stringify(rids)],
    );
    return rows.map((row) => versionOf(row, this.connection, this.dictionary));
  }

  #version(where: string, parameters: readonly number[]): Version | undefined {
    const row = this.connection.get(
      `SELECT ${VERSION}, b.bytes FROM ver v LEFT JOIN body b ON b.rid = v.rid WHERE ${where}`,
      parameters,
    );
    return row === undefined ? undefined : versionOf(row, this.connection, this.dictionary);
  }

  #isNewest(version: Version, lid: number): boolean {
    return this.connection.get('SELECT cur FROM ent WHERE lid = ?', [lid])?.[0] === version.rid;
  }
}
