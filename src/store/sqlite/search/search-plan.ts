/**
 * A search as SQL. The filter that goes through the fewest rows drives (counted, up to a bound, not
 * guessed); the others test each version it finds. Scope and snapshot are conditions of the same statement,
 * of its total and of its order.
 */
import type { Filter, SearchQuery, TypedFilters } from '../../../fhir/search-query.ts';
import type { Scope } from '../../scope.ts';
import type { Connection } from '../connection.ts';
import { type Dictionary, typeNumber } from '../dictionary.ts';
import { personLids, scopeConditions } from '../scope-sql.ts';
import { allOf, anyOf, type Condition, never, visible } from '../sql-condition.ts';
import { BYTES_COST } from './bytes-test.ts';
import type { FilterSql } from './filter-sql.ts';
import { cheapest, type QueryContext, querySql } from './query-sql.ts';
import { type SortedBy, sortKeySql } from './sort-sql.ts';

export interface SearchPlan {
  /** `FROM … WHERE …` */
  readonly from: Condition;
  /** The column that gives the rids in order where nothing is sorted: a page goes only as far as it must. */
  readonly rid: 'd.rid' | 'v.rid';
  /** What it is sorted by before the order of rids, which is the order of commits. */
  readonly order: readonly SortedBy[];
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
  const isOne = parts.length === 1 && first !== undefined;
  const from = isOne ? first.from : anyOfParts(parts, context);
  const rid = isOne ? first.rid : 'v.rid';
  const types = [query, ...(query.also ?? [])].map((part) => part.type);
  const order = query.sort.map((key) => sortKeySql(key, types, context.dictionary));
  const cost = parts.reduce(
    (sum, part) => sum + part.cost,
    order.some((key) => key.whole) ? COST_OF_TYPE : 0,
  );
  return { from, rid, order, cost };
}

interface PlannedPart {
  readonly from: Condition;
  readonly rid: SearchPlan['rid'];
  /** Where nothing drives it: what it asks of a version of the type, besides scope and snapshot. */
  readonly undriven?: { readonly type: number; readonly test: Condition };
  readonly isNothing: boolean;
  readonly cost: number;
}

function planPart({ type, filters: given }: TypedFilters, context: QueryContext): PlannedPart {
  const { scope, seq, connection, dictionary } = context;
  const filters = flattened(given).map((filter) => querySql(filter, type, context));
  const people = scopeDriver(type, scope, connection, dictionary);
  const driver = cheapest([...filters, ...(people === undefined ? [] : [people])]);
  // whoever has few versions to test makes no set of all for it
  const few = driver !== undefined && driver.cost <= FEW;
  const tested = filters.filter((one) => one !== driver).map((one) => (few ? ofEach(one) : one));
  const tests = tested.map((one) => one.test);
  const ofType = { sql: 'v.type = ?', parameters: [typeNumber(type)] };
  const shows = [visible(seq), ...scopeConditions(scope, seq, connection, dictionary)];
  const conditions = allOf([ofType, ...tests, ...shows]);
  const isOrdered = driver?.ordered === true;
  const from =
    driver?.select === undefined ? plain(conditions) : drivenBy(driver.select, isOrdered, conditions);
  const wholes = tested.filter((one) => one.whole).map((one) => one.cost);
  const weight = Math.max(1, ...tested.map((one) => one.weight ?? 1));
  return {
    from,
    rid: isOrdered ? 'd.rid' : 'v.rid',
    ...(driver === undefined ? { undriven: { type: typeNumber(type), test: allOf(tests) } } : {}),
    isNothing: tests.includes(never) || driver?.test === never,
    cost: Math.max((driver?.cost ?? COST_OF_TYPE) * weight, ...wholes),
  };
}

/** As a test of one version after the other. */
function ofEach(filter: FilterSql): FilterSql {
  const { testEach, eachWeight = BYTES_COST } = filter;
  return testEach === undefined ? filter : { ...filter, test: testEach, whole: false, weight: eachWeight };
}

/** Filters that are all to hold, one by one: each of them may drive. */
function flattened(filters: readonly Filter[]): readonly Filter[] {
  return filters.flatMap((filter) => (filter.kind === 'and' ? flattened(filter.filters) : [filter]));
}

/** Types that nothing can drive are gone through together, in the order of rids, as far as the page goes. */
function anyOfParts(parts: readonly PlannedPart[], context: QueryContext): Condition {
  const { scope, seq, connection, dictionary } = context;
  const some = parts.filter((part) => !part.isNothing);
  const driven = some.filter((part) => part.undriven === undefined).map(({ from }) => from);
  const set: Condition = {
    sql: `v.rid IN (${driven.map(({ sql }) => `SELECT v.rid ${sql}`).join(' UNION ALL ')})`,
    parameters: driven.flatMap(({ parameters }) => parameters),
  };
  const which = anyOf([...undrivenTests(some), ...(driven.length === 0 ? [] : [set])]);
  const shows = allOf([visible(seq), ...scopeConditions(scope, seq, connection, dictionary)]);
  return {
    sql: `FROM ver v WHERE ${which.sql} AND ${shows.sql}`,
    parameters: [...which.parameters, ...shows.parameters],
  };
}

/** One test for all types that are asked the same. */
function undrivenTests(parts: readonly PlannedPart[]): Condition[] {
  const groups = new Map<string, { readonly test: Condition; readonly types: number[] }>();
  for (const { undriven } of parts) {
    if (undriven === undefined) continue;
    const key = JSON.stringify(undriven.test);
    const group = groups.get(key) ?? { test: undriven.test, types: [] };
    group.types.push(undriven.type);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ test, types }) =>
    // of many types all versions are gone through in order, and not one type after the other
    allOf([{ sql: `${types.length > MANY ? '+' : ''}v.type IN (${types.join()})`, parameters: [] }, test]),
  );
}

const MANY = 20;
const COST_OF_TYPE = 1_000_000;
/** Rows of a driver up to which the others are better tested one by one. */
const FEW = 1_000;

const plain = ({ sql, parameters }: Condition): Condition => ({ sql: `FROM ver v WHERE ${sql}`, parameters });

function drivenBy(select: Condition, isOrdered: boolean, conditions: Condition): Condition {
  const parameters = [...select.parameters, ...conditions.parameters];
  return isOrdered
    ? { sql: `FROM (${select.sql}) d CROSS JOIN ver v ON v.rid = d.rid WHERE ${conditions.sql}`, parameters }
    : { sql: `FROM ver v WHERE v.rid IN (${select.sql}) AND ${conditions.sql}`, parameters };
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
    weight: 1,
    ordered: false,
  };
}
