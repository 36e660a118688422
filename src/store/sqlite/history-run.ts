/**
 * Histories: versions newest first, of one resource, of a type or of all. Versions are numbered as they were
 * committed, so that a page ends at a number and is not moved by writes. What is asked of a whole store is
 * looked through in windows with others' turns between them: a narrow scope finds few among many, and no
 * index leads to those of long ago.
 */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import type { Scope } from '../scope.ts';
import type { HistoryQuery } from '../store.ts';
import { NOW } from './closed-persons.ts';
import type { Connection } from './connection.ts';
import type { Cursor } from './cursor.ts';
import { typeNumber } from './dictionary.ts';
import type { Reader } from './reader.ts';
import { scopeConditions } from './scope-sql.ts';
import { allOf, type Condition } from './sql-condition.ts';

interface HistoryRun {
  readonly query: HistoryQuery;
  readonly count: number;
  readonly scope: Scope;
  readonly seq: number;
  readonly cursor?: Cursor;
}

interface FoundVersions {
  readonly rids: readonly number[];
  /** Where the next page begins; absent where this is the last. */
  readonly after?: number;
  readonly total?: number;
}

/** Versions looked at before others get their turn: a few milliseconds. */
const WINDOW = 2_000;
/** Windows of one page: what is left is behind its next link. */
const WINDOWS_MAX = 500;

/** The rids of one page. */
export async function runHistory(run: HistoryRun, reader: Reader): Promise<FoundVersions> {
  const { type, id } = run.query;
  if (type === undefined || id === undefined) return historyOfMany(run, reader);
  const lid = reader.dictionary.resource(type, id);
  return lid === undefined ? { rids: [], total: 0 } : historyOfOne(run, lid, reader);
}

function historyOfOne(run: HistoryRun, lid: number, { connection, dictionary }: Reader): FoundVersions {
  const { count, scope, seq, cursor } = run;
  const where = allOf([
    { sql: 'v.lid = ? AND v.seq <= ?', parameters: [lid, seq] },
    ...timeConditions(run, connection),
    ...scopeConditions(scope, NOW, connection, dictionary),
  ]);
  const total = Number(
    connection.get(`SELECT count(*) FROM ver v WHERE ${where.sql}`, where.parameters, false)?.[0],
  );
  const rows = connection.all(
    `SELECT v.rid, v.version FROM ver v WHERE ${where.sql} AND v.version < ? ORDER BY v.version DESC LIMIT ?`,
    [...where.parameters, cursor?.after ?? Number.MAX_SAFE_INTEGER, count + 1],
    false,
  );
  const page = rows.slice(0, count);
  const rids = page.map((row) => Number(row[0]));
  const last = page.at(-1);
  if (rows.length <= count || last === undefined) return { rids, total };
  return { rids, total, after: Number(last[1]) };
}

/**
 * A version shows where it is in scope itself, and so is the newest of its resource: a label or another
 * subject that came later closes what was written before it.
 */
async function historyOfMany(run: HistoryRun, reader: Reader): Promise<FoundVersions> {
  const { connection, dictionary } = reader;
  const { query, count, scope, seq, cursor } = run;
  const shown = scopeConditions(scope, NOW, connection, dictionary);
  const open = allOf(shown);
  const where = allOf([
    ...(query.type === undefined
      ? []
      : [{ sql: 'v.type = ?', parameters: [typeNumber(query.type)] } satisfies Condition]),
    { sql: 'v.seq <= ?', parameters: [seq] },
    ...timeConditions(run, connection),
    ...shown,
    ...(shown.length === 0
      ? []
      : [
          {
            sql: `EXISTS (SELECT 1 FROM ver v WHERE v.rid = e.cur AND ${open.sql})`,
            parameters: open.parameters,
          } satisfies Condition,
        ]),
  ]);
  const least = query.since === undefined ? 0 : firstRidSince(query.since, connection);
  const rids: number[] = [];
  let before = cursor?.after ?? Number.MAX_SAFE_INTEGER;
  for (let windows = 0; ; windows++) {
    if (windows === WINDOWS_MAX) return { rids, after: before };
    if (windows > 0) await turnOfOthers();
    const window = windowBefore(before, query, connection);
    if (window === undefined || before <= least) return { rids };
    const from = Math.max(window, least);
    const rows = connection.all(
      `SELECT v.rid FROM ver v CROSS JOIN ent e ON e.lid = v.lid WHERE v.rid < ? AND v.rid >= ?
        AND ${where.sql} ORDER BY v.rid DESC LIMIT ?`,
      [before, from, ...where.parameters, count - rids.length + 1],
      false,
    );
    for (const [rid] of rows) {
      if (rids.length === count) return { rids, after: rids.at(-1) ?? before };
      rids.push(Number(rid));
    }
    before = from;
  }
}

/** The lowest rid of the window that ends before this one; undefined where no version is left. */
function windowBefore(before: number, { type }: HistoryQuery, connection: Connection): number | undefined {
  const [of, parameters] = type === undefined ? ['', []] : ['type = ? AND', [typeNumber(type)]];
  const row = connection.get(
    `SELECT min(rid) FROM (SELECT rid FROM ver WHERE ${of} rid < ? ORDER BY rid DESC LIMIT ${WINDOW})`,
    [...parameters, before],
  );
  return row?.[0] === null || row?.[0] === undefined ? undefined : Number(row[0]);
}

function timeConditions({ query, seq }: HistoryRun, connection: Connection): Condition[] {
  const { since, at } = query;
  return [
    ...(since === undefined
      ? []
      : [{ sql: 'v.rid >= ? AND v.at >= ?', parameters: [firstRidSince(since, connection), since] }]),
    ...(at === undefined ? [] : [currentWithin(at, seq)]),
  ];
}

/** A version is current from its own commit to that of its successor, which is no longer its time. */
function currentWithin({ lo, hi }: { readonly lo: number; readonly hi: number }, seq: number): Condition {
  return {
    sql: `v.at <= ? AND CASE WHEN v.deleted THEN v.at >= ? ELSE (v.until IS NULL OR v.until > ?
      OR (SELECT c.at FROM commits c WHERE c.seq = v.until) > ?) END`,
    parameters: [hi, lo, seq, lo],
  };
}

/**
 * The first version written at or after this moment, or a number above all. Times of commits never step back,
 * so halving finds it where an index on the time would cost every write.
 */
function firstRidSince(at: number, connection: Connection): number {
  let low = 0;
  let high = Number(connection.get('SELECT max(seq) FROM commits', [])?.[0] ?? 0) + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const row = connection.get('SELECT at FROM commits WHERE seq <= ? ORDER BY seq DESC LIMIT 1', [middle]);
    if (row === undefined || Number(row[0]) < at) low = middle;
    else high = middle;
  }
  const row = connection.get('SELECT first FROM commits WHERE seq >= ? ORDER BY seq LIMIT 1', [high]);
  return row === undefined ? Number.MAX_SAFE_INTEGER : Number(row[0]);
}
