/**
 * A search as SQL. The filter that goes through the fewest rows drives (counted, up to a bound, not
 * guessed); the others test each version it finds. Scope and snapshot are conditions of the same statement,
 * of its total and of its order.
 */
import type { Filter, SearchQuery, SortKey, TypedFilters } from '../../fhir/search-query.ts';
import type { Scope } from '../scope.ts';
import type { Connection } from './connection.ts';
import { type Dictionary, TERM_SPAN, typeNumber } from './dictionary.ts';
import { type FilterSql, typeSelect } from './filter-sql.ts';
import { cheapest, type QueryContext, querySql } from './query-sql.ts';
import { personLids, scopeConditions } from './scope-sql.ts';
import { allOf, type Condition, visible } from './sql-condition.ts';

export interface SearchPlan {
  /** `FROM … WHERE …` */
  readonly from: Condition;
  readonly orderBy: Condition;
  /**
   * True where the order is that of rid and a page can begin behind the last one seen; otherwise pages
   * count rows.
   */
  readonly byRid: boolean;
  /**
   * Rows that the search goes through at least: over a bound it is no work for the thread that answers
   * reads.
   */
  readonly cost: number;
}

/** Plans a search in the snapshot of `context`. */
export function planSearch(query: SearchQuery, context: QueryContext): SearchPlan {
  const parts = [query, ...(query.also ?? [])].map((part) => planPart(part, context));
  const [first] = parts;
  const from = parts.length === 1 && first !== undefined ? first.from : anyOfParts(parts);
  const types = [query, ...(query.also ?? [])].map((part) => part.type);
  const order = query.sort.map((key) => sortSql(key, types, context.dictionary));
  const byToken = query.sort.some(
    (key) => key.by.kind === 'parameter' && isSortedByToken(key.by.parameter.kind),
  );
  const cost = parts.reduce((sum, part) => sum + part.cost, byToken ? COST_OF_TYPE : 0);
  if (order.length === 0)
    return { from, orderBy: { sql: 'ORDER BY v.rid', parameters: [] }, byRid: true, cost };
  return {
    from,
    orderBy: {
      sql: `ORDER BY ${order.map((one) => one.sql).join(', ')}, v.rid`,
      parameters: order.flatMap((one) => one.parameters),
    },
    byRid: false,
    cost,
  };
}

interface PlannedPart {
  readonly from: Condition;
  readonly cost: number;
}

function planPart({ type, filters: given }: TypedFilters, context: QueryContext): PlannedPart {
  const { scope, seq, connection, dictionary } = context;
  const filters = flattened(given).map((filter) => querySql(filter, type, context));
  const people = scopeDriver(type, scope, connection, dictionary);
  const driver = cheapest([...filters, ...(people === undefined ? [] : [people])]);
  const tests = filters.filter((one) => one !== driver).map((one) => one.test);
  const conditions = allOf([
    { sql: 'v.type = ?', parameters: [typeNumber(type)] },
    visible(seq),
    ...tests,
    ...scopeConditions(scope, seq, connection, dictionary),
  ]);
  const select = driver?.select ?? typeSelect(type);
  const from: Condition =
    driver === undefined || driver.ordered
      ? joined(select, conditions)
      : {
          sql: `FROM ver v WHERE v.rid IN (${select.sql}) AND ${conditions.sql}`,
          parameters: [...select.parameters, ...conditions.parameters],
        };
  const wholes = filters.filter((one) => one !== driver && one.whole).map((one) => one.cost);
  return { from, cost: Math.max(driver?.cost ?? COST_OF_TYPE, ...wholes) };
}

/** Filters that are all to hold, one by one: each of them may drive. */
function flattened(filters: readonly Filter[]): readonly Filter[] {
  return filters.flatMap((filter) => (filter.kind === 'and' ? flattened(filter.filters) : [filter]));
}

function anyOfParts(parts: readonly PlannedPart[]): Condition {
  return {
    sql: `FROM ver v WHERE v.rid IN (${parts.map(({ from }) => `SELECT v.rid ${from.sql}`).join(' UNION ALL ')})`,
    parameters: parts.flatMap(({ from }) => from.parameters),
  };
}

const COST_OF_TYPE = 1_000_000;

function joined(select: Condition, conditions: Condition): Condition {
  return {
    sql: `FROM (${select.sql}) d CROSS JOIN ver v ON v.rid = d.rid WHERE ${conditions.sql}`,
    parameters: [...select.parameters, ...conditions.parameters],
  };
}

/**
 * A scope of a few people is itself the best index into their records, unless unattached resources show as
 * well.
 */
function scopeDriver(
  type: string,
  scope: Scope,
  connection: Connection,
  dictionary: Dictionary,
): FilterSql | undefined {
  if (scope.persons === 'all') return undefined;
  if (scope.unattached === 'all' || (scope.unattached as readonly string[]).includes(type)) return undefined;
  const lids = personLids(scope.persons, dictionary);
  const where = `person IN (${lids.length === 0 ? 'NULL' : lids.join()}) AND type = ${typeNumber(type)}`;
  const row = connection.get(
    `SELECT count(*) FROM (SELECT 1 FROM comp WHERE ${where} LIMIT 20000)`,
    [],
    false,
  );
  return {
    test: { sql: '1', parameters: [] },
    select: { sql: `SELECT rid FROM comp WHERE ${where}`, parameters: [] },
    cost: Number(row?.[0] ?? 0),
    whole: false,
    ordered: false,
  };
}

function sortSql(key: SortKey, types: readonly string[], dictionary: Dictionary): Condition {
  const direction = key.descending ? 'DESC' : 'ASC';
  if (key.by.kind === 'last-updated') return { sql: `v.at ${direction}`, parameters: [] };
  if (key.by.kind === 'id')
    return { sql: `(SELECT e.id FROM ent e WHERE e.lid = v.lid) ${direction}`, parameters: [] };
  const { code, kind } = key.by.parameter;
  const pts = types.map((type) => dictionary.parameter(type, code)).filter((pt) => pt !== undefined);
  if (pts.length === 0) return { sql: 'NULL', parameters: [] };
  const value = sortValue(kind, pts, key.descending);
  return { sql: `${value.sql} ${direction} NULLS LAST`, parameters: value.parameters };
}

/**
 * Tokens and URIs: their index leads from the value to the version and not back, so that all of a parameter
 * is gone through.
 */
const isSortedByToken = (kind: string): boolean => kind === 'token' || kind === 'uri';

/** The value that a version sorts by: the least one going up, the greatest going down. */
function sortValue(kind: string, pts: readonly number[], descending: boolean): Condition {
  const pick = descending ? 'max' : 'min';
  const own = `x.rid = v.rid AND x.pt IN (${pts.join()})`;
  const value = (sql: string): Condition => ({ sql: `(${sql})`, parameters: [] });
  switch (kind) {
    case 'date':
      return value(`SELECT ${pick}(x.${descending ? 'hi' : 'lo'}) FROM dat x WHERE ${own}`);
    case 'number':
    case 'quantity':
      return value(`SELECT ${pick}(x.value) FROM qty x WHERE ${own}`);
    case 'string':
      return value(`SELECT ${pick}(x.norm) FROM str x WHERE ${own}`);
    case 'reference':
      return value(`SELECT ${pick}(e.id) FROM ref x JOIN ent e ON e.lid = x.lid WHERE ${own}`);
    default:
      return value(`SELECT s.least FROM (SELECT y.rid AS whose, ${pick}(y.code) AS least FROM (
        ${pts.map(termsOf).join(' UNION ALL ')}) y GROUP BY y.rid) s WHERE s.whose = v.rid`);
  }
}

/** Every version that has a token under a parameter, with its code. */
function termsOf(pt: number): string {
  const low = pt * TERM_SPAN;
  return `SELECT x.rid AS rid, t.code AS code FROM ix x JOIN term t ON t.tid = x.k - ${low}
    WHERE x.k >= ${low} AND x.k < ${low + TERM_SPAN}`;
}
