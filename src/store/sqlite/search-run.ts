/**
 * Runs a planned search on one connection: the rids of a page, the total, and what `_include` and
 * `_revinclude` add. The same code serves the thread that answers reads, the search thread and the writer
 * (ifNoneExist).
 */
import { Failure } from '../../base/failure.ts';
import type { Include, SearchQuery } from '../../fhir/search-query.ts';
import type { Scope } from '../scope.ts';
import type { Connection } from './connection.ts';
import type { Cursor } from './cursor.ts';
import { type Dictionary, typeNumber } from './dictionary.ts';
import { scopeConditions } from './scope-sql.ts';
import { planSearch, type SearchPlan } from './search-plan.ts';
import { allOf, visible } from './sql-condition.ts';

/** A page as version numbers; bodies are read by whoever sends them out. */
export interface FoundPage {
  readonly rids: readonly number[];
  readonly included: readonly number[];
  readonly next?: Cursor;
  readonly total?: number;
}

export interface SearchRun {
  /** Its cursor is text that has been read already: `cursor` is what it says. */
  readonly query: SearchQuery;
  readonly cursor?: Cursor;
  readonly scope: Scope;
  readonly seq: number;
  readonly now: number;
  readonly includesMax: number;
}

/** More work than this is not for the thread that answers reads by id. */
export const INLINE_COST_MAX = 2000;

/** How a search would be run; its cost says where. */
export function planRun(run: SearchRun, connection: Connection, dictionary: Dictionary): SearchPlan {
  return planSearch(run.query, run.scope, run.cursor?.seq ?? run.seq, connection, dictionary, run.now);
}

/**
 * `plan` is planRun's, where the caller has it already. Throws Failure `too-costly` where includes go over
 * their limit.
 */
export function runSearch(
  run: SearchRun,
  connection: Connection,
  dictionary: Dictionary,
  plan: SearchPlan = planRun(run, connection, dictionary),
): FoundPage {
  const { query, cursor } = run;
  const seq = cursor?.seq ?? run.seq;
  const total =
    query.total === 'none' && query.count > 0
      ? undefined
      : Number(connection.get(`SELECT count(*) ${plan.from.sql}`, plan.from.parameters, false)?.[0] ?? 0);
  if (query.count === 0) return { rids: [], included: [], ...(total === undefined ? {} : { total }) };
  const after = plan.byRid ? ' AND v.rid > ?' : '';
  const rows = connection.all(
    `SELECT v.rid ${plan.from.sql}${after} ${plan.orderBy.sql} LIMIT ? OFFSET ?`,
    [
      ...plan.from.parameters,
      ...(plan.byRid ? [cursor?.after ?? 0] : []),
      ...plan.orderBy.parameters,
      query.count + 1,
      plan.byRid ? 0 : (cursor?.after ?? 0),
    ],
    false,
  );
  const rids = rows.slice(0, query.count).map((row) => Number(row[0]));
  const next = rows.length > query.count ? nextCursor(plan.byRid, seq, rids, cursor) : undefined;
  return {
    rids,
    included: includes(run, seq, rids, connection, dictionary),
    ...(next === undefined ? {} : { next }),
    ...(total === undefined ? {} : { total }),
  };
}

function nextCursor(
  byRid: boolean,
  seq: number,
  rids: readonly number[],
  cursor: Cursor | undefined,
): Cursor {
  return { seq, after: byRid ? (rids.at(-1) ?? 0) : (cursor?.after ?? 0) + rids.length };
}

function includes(
  run: SearchRun,
  seq: number,
  matches: readonly number[],
  connection: Connection,
  dictionary: Dictionary,
): number[] {
  const found = new Set<number>();
  const matched = new Set(matches);
  const add = (rid: number): void => {
    if (matched.has(rid)) return;
    found.add(rid);
    if (found.size > run.includesMax) {
      throw new Failure(
        'too-costly',
        `_include and _revinclude would add more than ${run.includesMax} resources (setting ` +
          `includesMax). Ask for a smaller page with _count.`,
      );
    }
  };
  for (const include of run.query.include) {
    for (const rid of pointedAt(include, run.scope, seq, matches, connection, dictionary)) add(rid);
  }
  for (const include of run.query.revinclude) {
    for (const rid of pointingAt(include, run.query, run.scope, seq, matches, connection, dictionary))
      add(rid);
  }
  return [...found];
}

function pointedAt(
  include: Include,
  scope: Scope,
  seq: number,
  matches: readonly number[],
  connection: Connection,
  dictionary: Dictionary,
): number[] {
  const pt = dictionary.parameter(include.source, include.parameter.code);
  if (pt === undefined || matches.length === 0) return [];
  const conditions = allOf([
    visible(seq),
    ...(include.target === undefined
      ? []
      : [{ sql: 'v.type = ?', parameters: [typeNumber(include.target)] }]),
    ...scopeConditions(scope, seq, connection, dictionary),
  ]);
  return connection
    .all(
      `SELECT DISTINCT v.rid FROM json_each(?) m CROSS JOIN ref r ON r.rid = m.value AND r.pt = ?
        CROSS JOIN ver v ON v.lid = r.lid WHERE ${conditions.sql} ORDER BY v.rid`,
      [JSON.stringify(matches), pt, ...conditions.parameters],
      false,
    )
    .map((row) => Number(row[0]));
}

function pointingAt(
  include: Include,
  query: SearchQuery,
  scope: Scope,
  seq: number,
  matches: readonly number[],
  connection: Connection,
  dictionary: Dictionary,
): number[] {
  if (include.target !== undefined && include.target !== query.type) return [];
  const pt = dictionary.parameter(include.source, include.parameter.code);
  if (pt === undefined || matches.length === 0) return [];
  const conditions = allOf([visible(seq), ...scopeConditions(scope, seq, connection, dictionary)]);
  return connection
    .all(
      `SELECT DISTINCT v.rid FROM json_each(?) m CROSS JOIN ver o ON o.rid = m.value
        CROSS JOIN ref r ON r.lid = o.lid AND r.pt = ? CROSS JOIN ver v ON v.rid = r.rid
          WHERE ${conditions.sql} ORDER BY v.rid`,
      [JSON.stringify(matches), pt, ...conditions.parameters],
      false,
    )
    .map((row) => Number(row[0]));
}
