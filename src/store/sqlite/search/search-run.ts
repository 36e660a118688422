/**
 * Runs a planned search on one connection: the rids of a page, the total, and what `_include` and
 * `_revinclude` add. The same code serves the thread that answers reads, the search thread and the writer
 * (ifNoneExist).
 */
import type { Filter, SearchQuery } from '../../../fhir/search-query.ts';
import type { Scope } from '../../scope.ts';
import type { Connection } from '../connection.ts';
import type { Cursor } from '../cursor.ts';
import type { Dictionary } from '../dictionary.ts';
import { includedRids } from './included-rids.ts';
import { planSearch, type SearchPlan } from './search-plan.ts';
import { pageSelect } from './sort-sql.ts';

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

/** So many conditions that to plan the search is itself no work for the thread that answers reads by id. */
export function isManifold(query: SearchQuery): boolean {
  const parts = query.also === undefined ? [query] : [query, ...query.also];
  return (
    parts.reduce((sum, { filters }) => sum + filters.reduce((n, one) => n + conditionsOf(one), 0), 0) > FEW
  );
}

const FEW = 24;

function conditionsOf(filter: Filter): number {
  switch (filter.kind) {
    case 'chain':
      return filter.targets.reduce((sum, target) => sum + conditionsOf(target.filter), 1);
    case 'has':
    case 'not':
      return 1 + conditionsOf(filter.filter);
    case 'and':
    case 'or':
      return filter.filters.reduce((sum, one) => sum + conditionsOf(one), 0);
    default: // whatever the number of its values: an import looks for many identifiers at once
      return 1;
  }
}

/** How a search would be run; its cost says where. */
export function planRun(run: SearchRun, connection: Connection, dictionary: Dictionary): SearchPlan {
  const { query, cursor, scope, now } = run;
  const seq = cursor?.seq ?? run.seq;
  const plan = planSearch(query, { connection, dictionary, now, scope, seq, resumed: cursor !== undefined });
  return isWide(query) ? { ...plan, cost: Math.max(plan.cost, INLINE_COST_MAX + 1) } : plan;
}

/** Whether what a page brings along may be far more than its matches. */
function isWide({ include, revinclude }: SearchQuery): boolean {
  return [...include, ...revinclude].some((one) => one.iterate === true || one.parameter === '*');
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
  const page = pageSelect(plan, cursor?.after, query.count + 1, connection);
  const rows = connection.all(page.sql, page.parameters, false);
  const rids = rows.slice(0, query.count).map((row) => Number(row[0]));
  const next = rows.length > query.count ? { seq, after: rids.at(-1) ?? 0 } : undefined;
  return {
    rids,
    included: includedRids({ ...run, seq, resumed: cursor !== undefined }, rids, connection, dictionary),
    ...(next === undefined ? {} : { next }),
    ...(total === undefined ? {} : { total }),
  };
}
