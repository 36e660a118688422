/**
 * Filters that look at other resources, or join several, as SQL. Every resource on the way must show in the
 * asker's scope and in the snapshot itself: what may not be seen decides nothing. Few inner matches are made
 * into a set once and looked into; many are tested one by one, from the outer row.
 */
import { Failure } from '../../../base/failure.ts';
import type { Filter } from '../../../fhir/search-query.ts';
import type { Scope } from '../../scope.ts';
import { NOW } from '../closed-persons.ts';
import type { Connection } from '../connection.ts';
import { type Dictionary, typeNumber } from '../dictionary.ts';
import { scopeConditions } from '../scope-sql.ts';
import { allOf, anyOf, type Condition, never, visible } from '../sql-condition.ts';
import { counted, type FilterSql, filterSql } from './filter-sql.ts';

export interface QueryContext {
  readonly connection: Connection;
  readonly dictionary: Dictionary;
  /** ms; what "approximately" is measured from. */
  readonly now: number;
  readonly scope: Scope;
  readonly seq: number;
  /** Where a page goes on in an older snapshot, what has been closed since decides nothing any more. */
  readonly resumed: boolean;
}

type Of<K extends Filter['kind']> = Extract<Filter, { kind: K }>;

/** Inner matches that are made into a set; more are tested one by one. */
const SET_MAX = 2_000;
/** A cost that no thread which answers reads takes upon itself. */
const COSTLY = 20_000;
/** That of going through all of a type. */
const COST_OF_TYPE = 1_000_000;

const NOTHING: FilterSql = {
  test: never,
  select: { sql: 'SELECT NULL AS rid WHERE 0', parameters: [] },
  cost: 0,
  whole: false,
  ordered: true,
};

/** Compiles one filter for resources of `type`. */
export function querySql(filter: Filter, type: string, context: QueryContext): FilterSql {
  switch (filter.kind) {
    case 'chain':
      return chainSql(filter, type, context);
    case 'has':
      return hasSql(filter, context);
    case 'and':
      return andSql(filter.filters, type, context);
    case 'or':
      return orSql(filter.filters, type, context);
    case 'not':
      return notSql(filter.filter, type, context);
    default:
      return filterSql(filter, type, context.connection, context.dictionary, context.now);
  }
}

/** The resources at the other end of a reference that fit a filter. */
interface Hop {
  /** What a row `v` must be besides fitting. */
  readonly here: Condition;
  readonly inner: FilterSql;
  readonly isFew: boolean;
}

function hopTo(type: string, filter: Filter, context: QueryContext): Hop | undefined {
  const inner = querySql(filter, type, context);
  if (inner.test === never) return undefined;
  const { scope, seq, connection, dictionary } = context;
  const here = allOf([
    { sql: `v.type = ${typeNumber(type)}`, parameters: [] },
    visible(seq),
    ...scopeConditions(scope, seq, connection, dictionary),
    ...(context.resumed ? [stillOpen(scope, connection, dictionary)] : []),
  ]);
  return { here, inner, isFew: inner.select !== undefined && inner.cost <= SET_MAX };
}

/** That the resource as it stands now is in scope too. */
export function stillOpen(scope: Scope, connection: Connection, dictionary: Dictionary): Condition {
  const open = allOf(scopeConditions(scope, NOW, connection, dictionary));
  return {
    sql: `EXISTS (SELECT 1 FROM ent ce WHERE ce.lid = v.lid AND EXISTS (SELECT 1 FROM ver v WHERE v.rid = ce.cur
      AND ${open.sql}))`,
    parameters: open.parameters,
  };
}

/** All that fit, as a SELECT of one column. */
function matchesOf({ here, inner }: Hop, column: 'lid' | 'rid'): Condition {
  const fits = inner.select === undefined ? inner.test : within('v.rid', inner.select);
  return {
    sql: `SELECT v.${column} FROM ver v WHERE ${fits.sql} AND ${here.sql}`,
    parameters: [...fits.parameters, ...here.parameters],
  };
}

/**
 * `column` with a plus keeps the index off it: looked into for each row, not gone through for each row.
 */
const within = (column: string, { sql, parameters }: Condition): Condition => ({
  sql: `${column} IN (${sql})`,
  parameters,
});

/** A test of the one resource whose `column` is given. */
function isMatch({ here, inner }: Hop, column: 'lid' | 'rid', outer: string): Condition {
  return {
    sql: `EXISTS (SELECT 1 FROM ver v WHERE v.${column} = ${outer} AND ${here.sql} AND ${inner.test.sql})`,
    parameters: [...here.parameters, ...inner.test.parameters],
  };
}

function chainSql({ parameter, targets }: Of<'chain'>, type: string, context: QueryContext): FilterSql {
  const pt = context.dictionary.parameter(type, parameter.code);
  const hops = targets
    .map((target) => hopTo(target.type, target.filter, context))
    .filter((hop) => hop !== undefined);
  if (pt === undefined || hops.length === 0) return NOTHING;
  const all = unionAll(hops.map((hop) => matchesOf(hop, 'lid')));
  const select: Condition = {
    sql: `SELECT x.rid FROM ref x WHERE x.pt = ${pt} AND x.lid IN (${all.sql})`,
    parameters: all.parameters,
  };
  const referring = (tests: readonly Condition[]): Condition => {
    const { sql, parameters } = anyOf(tests);
    return {
      sql: `EXISTS (SELECT 1 FROM ref x WHERE x.rid = v.rid AND x.pt = ${pt} AND ${sql})`,
      parameters,
    };
  };
  const each = hops.map((hop) => isMatch(hop, 'lid', 'x.lid'));
  const sets = hops.map((hop, i) =>
    hop.isFew ? within('+x.lid', matchesOf(hop, 'lid')) : (each[i] ?? never),
  );
  return {
    test: referring(sets),
    ...eachOf(hops, referring(each), CHAIN_WEIGHT),
    select,
    cost: costOf(hops, select, context),
    whole: hops.some((hop) => hop.inner.whole),
    ...heaviest(hops.map((hop) => hop.inner)),
    ordered: false,
  };
}

function hasSql({ source, parameter, filter }: Of<'has'>, context: QueryContext): FilterSql {
  const pt = context.dictionary.parameter(source, parameter.code);
  const hop = hopTo(source, filter, context);
  if (pt === undefined || hop === undefined) return NOTHING;
  const rids = matchesOf(hop, 'rid');
  const lids: Condition = {
    sql: `SELECT x.lid FROM (${rids.sql}) m CROSS JOIN ref x ON x.rid = m.rid AND x.pt = ${pt}`,
    parameters: rids.parameters,
  };
  const select: Condition = {
    sql: `SELECT rid FROM ver WHERE lid IN (${lids.sql})`,
    parameters: lids.parameters,
  };
  const each = isMatch(hop, 'rid', 'x.rid');
  const referring: Condition = {
    sql: `EXISTS (SELECT 1 FROM ref x WHERE x.lid = v.lid AND x.pt = ${pt} AND ${each.sql})`,
    parameters: each.parameters,
  };
  return {
    test: hop.isFew ? within('+v.lid', lids) : referring,
    ...eachOf([hop], referring, HAS_WEIGHT),
    select,
    cost: costOf([hop], select, context),
    // one row may have many that refer to it
    whole: hop.inner.whole || !hop.isFew,
    ...heaviest([hop.inner]),
    ordered: false,
  };
}

/** For a search that has few versions to test, where a set would be made for them alone. */
function eachOf(
  hops: readonly Hop[],
  testEach: Condition,
  eachWeight: number,
): { readonly testEach?: Condition; readonly eachWeight?: number } {
  const isWorthIt = hops.some((hop) => hop.isFew && hop.inner.cost > SMALL_SET);
  return isWorthIt && !hops.some((hop) => hop.inner.whole) ? { testEach, eachWeight } : {};
}

const SMALL_SET = 100;
const CHAIN_WEIGHT = 4;
/** One resource may be referred to by many. */
const HAS_WEIGHT = 50;

function costOf(hops: readonly Hop[], select: Condition, { connection }: QueryContext): number {
  const inner = hops.reduce((sum, hop) => sum + hop.inner.cost, 0);
  if (inner <= SET_MAX && hops.every((hop) => hop.isFew)) return Math.max(inner, counted(select, connection));
  return Number.isFinite(inner) ? Math.max(inner, COSTLY) : COST_OF_TYPE;
}

function unionAll(selects: readonly Condition[]): Condition {
  if (selects.length > COMPOUND_MAX) {
    throw new Failure('too-costly', `The search goes more than ${COMPOUND_MAX} ways at once. Ask in parts.`);
  }
  return {
    sql: selects.map((one) => one.sql).join(' UNION ALL '),
    parameters: selects.flatMap((one) => one.parameters),
  };
}

/** SQLite's own limit on the parts of one compound SELECT. */
const COMPOUND_MAX = 500;

function andSql(filters: readonly Filter[], type: string, context: QueryContext): FilterSql {
  const parts = filters.map((filter) => querySql(filter, type, context));
  if (parts.some((part) => part.test === never)) return NOTHING;
  const driver = cheapest(parts);
  const rest = parts.filter((part) => part !== driver);
  const tests = allOf(rest.map((part) => part.test));
  return {
    test: anyOf([allOf(parts.map((part) => part.test))]),
    select:
      driver?.select === undefined
        ? undefined
        : {
            sql: `SELECT v.rid FROM ver v WHERE v.rid IN (${driver.select.sql}) AND ${tests.sql}`,
            parameters: [...driver.select.parameters, ...tests.parameters],
          },
    cost: Math.max(
      (driver?.cost ?? COST_OF_TYPE) * (heaviest(rest).weight ?? 1),
      ...rest.filter((part) => part.whole).map((part) => part.cost),
    ),
    whole: parts.some((part) => part.whole),
    ...heaviest(parts),
    ordered: false,
  };
}

function orSql(filters: readonly Filter[], type: string, context: QueryContext): FilterSql {
  const parts = filters
    .map((filter) => querySql(filter, type, context))
    .filter((part) => part.test !== never);
  if (parts.length === 0) return NOTHING;
  const selects = parts.map((part) => part.select).filter((select) => select !== undefined);
  return {
    test: anyOf(parts.map((part) => part.test)),
    select: selects.length === parts.length ? unionAll(selects) : undefined,
    cost: parts.reduce((sum, part) => sum + part.cost, 0),
    whole: parts.some((part) => part.whole),
    ...heaviest(parts),
    ordered: false,
  };
}

function notSql(filter: Filter, type: string, context: QueryContext): FilterSql {
  const { test, whole, weight } = querySql(filter, type, context);
  return {
    test: { sql: `NOT (${test.sql})`, parameters: test.parameters },
    select: undefined,
    cost: COST_OF_TYPE,
    whole,
    ...(weight === undefined ? {} : { weight }),
    ordered: false,
  };
}

/** What one test by these costs. */
function heaviest(parts: readonly FilterSql[]): { readonly weight?: number } {
  const weight = Math.max(1, ...parts.map((part) => part.weight ?? 1));
  return weight === 1 ? {} : { weight };
}

/** The part that goes through the fewest rows, of those that can drive. */
export function cheapest(parts: readonly FilterSql[]): FilterSql | undefined {
  return parts
    .filter((part) => part.select !== undefined)
    .reduce<FilterSql | undefined>(
      (best, one) => (best === undefined || one.cost < best.cost ? one : best),
      undefined,
    );
}
