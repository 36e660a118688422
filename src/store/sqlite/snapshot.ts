/**
 * A stable view of one store: every statement carries the snapshot's seq. Cheap to make, holds no
 * transaction open.
 */
import type { Id, Seq, VersionId } from '../../base/brands.ts';
import type { ResourceType } from '../../fhir/resource.ts';
import type { SearchQuery } from '../../fhir/search-query.ts';
import type { Scope } from '../scope.ts';
import type {
  CompartmentQuery,
  Deleted,
  HistoryTarget,
  Page,
  PageRequest,
  SearchPage,
  Snapshot,
  Stored,
} from '../store.ts';
import { compartmentRids } from './compartment-rids.ts';
import { cursorText, readCursor } from './cursor.ts';
import type { Reader } from './reader.ts';
import { isInScope, scopeConditions } from './scope-sql.ts';
import { INLINE_COST_MAX, planRun, runSearch } from './search-run.ts';
import { allOf } from './sql-condition.ts';
import type { Version } from './version-rows.ts';

export class SqliteSnapshot implements Snapshot {
  readonly seq: Seq;
  readonly #reader: Reader;

  constructor(seq: Seq, reader: Reader) {
    this.seq = seq;
    this.#reader = reader;
  }

  async read(type: ResourceType, id: Id, scope: Scope): Promise<Stored | Deleted | undefined> {
    const version = this.#reader.current(type, id, this.seq);
    return version === undefined || !isInScope(version, scope) ? undefined : version;
  }

  async readVersion(
    type: ResourceType,
    id: Id,
    versionId: VersionId,
    scope: Scope,
  ): Promise<Stored | Deleted | undefined> {
    const version = this.#reader.version(type, id, versionId);
    return version === undefined || version.seq > this.seq || !isInScope(version, scope)
      ? undefined
      : version;
  }

  async history(target: HistoryTarget, page: PageRequest, scope: Scope): Promise<Page<Stored | Deleted>> {
    const { connection, dictionary } = this.#reader;
    const cursor = readCursor(page.cursor);
    const seq = cursor?.seq ?? this.seq;
    const lid = dictionary.resource(target.type, target.id);
    if (lid === undefined) return { entries: [], total: 0 };
    const where = allOf([
      { sql: 'v.lid = ? AND v.seq <= ?', parameters: [lid, seq] },
      ...scopeConditions(scope, dictionary),
    ]);
    const total = Number(
      connection.get(`SELECT count(*) FROM ver v WHERE ${where.sql}`, where.parameters, false)?.[0],
    );
    const rows = connection.all(
      `SELECT v.rid FROM ver v WHERE ${where.sql} AND v.version < ? ORDER BY v.version DESC LIMIT ?`,
      [...where.parameters, cursor?.after ?? Number.MAX_SAFE_INTEGER, page.count + 1],
      false,
    );
    const entries = this.#reader.versions(rows.slice(0, page.count).map((row) => Number(row[0])));
    const last = entries.at(-1);
    if (rows.length <= page.count || last === undefined) return { entries, total };
    return { entries, total, next: cursorText({ seq, after: Number(last.versionId) }) };
  }

  async search(query: SearchQuery, scope: Scope): Promise<SearchPage> {
    const { connection, dictionary } = this.#reader;
    const run = {
      query,
      scope,
      seq: this.seq,
      now: this.#reader.now(),
      includesMax: this.#reader.includesMax,
    };
    const plan = planRun(run, connection, dictionary);
    const page =
      plan.cost <= INLINE_COST_MAX
        ? runSearch(run, connection, dictionary, plan)
        : await this.#reader.searches.search(run);
    this.#reader.checkSnapshot(readCursor(query.cursor)?.seq ?? this.seq);
    return {
      entries: stored(this.#reader.versions(page.rids)),
      included: stored(this.#reader.versions(page.included)),
      ...(page.next === undefined ? {} : { next: page.next }),
      ...(page.total === undefined ? {} : { total: page.total }),
    };
  }

  async compartment(query: CompartmentQuery, scope: Scope): Promise<Page<Stored>> {
    const cursor = readCursor(query.cursor);
    const seq = cursor?.seq ?? this.seq;
    const rids = compartmentRids(query, scope, seq, this.#reader.connection, this.#reader.dictionary);
    this.#reader.checkSnapshot(seq);
    const begin = cursor?.after ?? 0;
    const end = begin + query.count;
    const entries = stored(this.#reader.versions(rids.slice(begin, end)));
    return {
      entries,
      total: rids.length,
      ...(end < rids.length ? { next: cursorText({ seq, after: end }) } : {}),
    };
  }

  async personsReferringTo(type: ResourceType, id: Id): Promise<readonly Id[]> {
    const { connection, dictionary } = this.#reader;
    const lid = dictionary.resource(type, id);
    if (lid === undefined) return [];
    return connection
      .all(
        `WITH RECURSIVE named(lid) AS (SELECT ? UNION SELECT v.lid FROM named n JOIN ref r ON r.lid = n.lid
          JOIN ver v ON v.rid = r.rid
            WHERE v.person IS NULL AND v.seq <= ? AND (v.until IS NULL OR v.until > ?) AND v.deleted = 0)
          SELECT DISTINCT c.person FROM named n JOIN ref r ON r.lid = n.lid JOIN ver v ON v.rid = r.rid
            JOIN comp c ON c.rid = v.rid
          WHERE v.seq <= ? AND (v.until IS NULL OR v.until > ?) AND v.deleted = 0`,
        [lid, this.seq, this.seq, this.seq, this.seq],
      )
      .map((row) => dictionary.idOf(Number(row[0])) as Id);
  }
}

function stored(versions: readonly Version[]): Stored[] {
  return versions.filter((version) => !version.deleted);
}
