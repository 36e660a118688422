/**
 * One filter of a search as SQL: as the set of rids that it selects (to drive the search) and as a test of
 * one version `v`.
 */
import { unreachable } from '../../../base/assert.ts';
import { searchParameterRow } from '../../../fhir/definitions.ts';
import type { FilterValue, SimpleFilter } from '../../../fhir/search-query.ts';
import type { SearchParameter } from '../../../fhir/search-value.ts';
import type { Connection } from '../connection.ts';
import type { Dictionary } from '../dictionary.ts';
import { matchText } from '../index/text-index.ts';
import { thereCode } from '../prepare-write.ts';
import { allOf, anyOf, type Condition } from '../sql-condition.ts';
import { BYTES_COST, bytesTest } from './bytes-test.ts';
import { type IndexRowsOf, rowsOf, type Source, sourcesOf } from './filter-sources.ts';
import { dateCondition } from './range-sql.ts';

export interface FilterSql {
  /** A test of the version `v`. */
  readonly test: Condition;
  /**
   * The same test for few versions, where `test` makes a whole set once: dearer for each, and nothing before
   * the first.
   */
  readonly testEach?: Condition;
  /** Rows of an index that testEach costs as much as; BYTES_COST where left out. */
  readonly eachWeight?: number;
  /** SELECT of the rids, for driving; undefined where the filter is only a test. */
  readonly select: Condition | undefined;
  /** Rows that the select goes through, counted up to a bound; what makes one driver better than another. */
  readonly cost: number;
  /** As a test too it goes through all of its rows, once. */
  readonly whole: boolean;
  /** Rows of an index that one test costs as much as; 1 where left out. */
  readonly weight?: number;
  /** True where one index key gives the rids already in order. */
  readonly ordered: boolean;
}

const COST_MAX = 20_000;

/** Compiles one filter for resources of `type`; `now` (ms) is what "approximately" is measured from. */
export function filterSql(
  filter: SimpleFilter,
  type: string,
  connection: Connection,
  dictionary: Dictionary,
  now: number,
): FilterSql {
  switch (filter.kind) {
    case 'id': {
      const lids = filter.ids.map((id) => dictionary.resource(type, id)).filter((lid) => lid !== undefined);
      const sql = lids.length === 0 ? '0' : `v.lid IN (${lids.join()})`;
      return {
        test: { sql, parameters: [] },
        select: {
          sql: `SELECT rid FROM ver WHERE lid IN (${lids.length === 0 ? 'NULL' : lids.join()})`,
          parameters: [],
        },
        cost: lids.length,
        whole: false,
        ordered: false,
      };
    }
    case 'last-updated':
      return testOnly(dateCondition(filter.prefix, filter.lo, filter.hi, 'v.at', 'v.at', now));
    case 'parameter': {
      const valuesSql = (parameter: SearchParameter, values: readonly FilterValue[]): FilterSql =>
        parameterSql(parameter, values, type, connection, dictionary, now);
      const found =
        filter.parameter.kind === 'composite'
          ? compositeSql(filter.parameter, filter.values, valuesSql, now)
          : valuesSql(filter.parameter, filter.values);
      return filter.negated === true ? negated(found) : found;
    }
    case 'missing': {
      const there = thereSql(filter.parameter, type, connection, dictionary);
      return filter.missing ? negated(there) : there;
    }
    case 'full-text': {
      const words: Condition = {
        sql: 'SELECT rowid FROM words WHERE words MATCH ?',
        parameters: [matchText(filter.over, filter.query)],
      };
      return {
        test: { sql: `v.rid IN (${words.sql})`, parameters: words.parameters },
        select: { sql: words.sql.replace('rowid', 'rowid AS rid'), parameters: words.parameters },
        cost: COST_MAX, // counting would be the search itself
        whole: true,
        ordered: false,
      };
    }
    default:
      return unreachable(filter);
  }
}

/** A filter that no index leads to. */
function testOnly(test: Condition): FilterSql {
  return {
    test,
    select: undefined,
    cost: Number.POSITIVE_INFINITY,
    whole: false,
    ordered: false,
  };
}

/** What it does not hold for; nothing leads there. */
function negated({ select: _select, test, testEach, ...rest }: FilterSql): FilterSql {
  const not = ({ sql, parameters }: Condition): Condition => ({ sql: `NOT (${sql})`, parameters });
  const others = testEach === undefined ? {} : { testEach: not(testEach) };
  return { ...rest, ...others, test: not(test), select: undefined, ordered: false };
}

function parameterSql(
  parameter: SearchParameter,
  values: readonly FilterValue[],
  type: string,
  connection: Connection,
  dictionary: Dictionary,
  now: number,
): FilterSql {
  const pt = dictionary.parameter(type, parameter.code);
  const there = dictionary.parameter(type, thereCode(parameter.code));
  const isIndexed = parameter.kind !== 'special';
  if (isIndexed && pt === undefined && there === undefined) return ofSources([], connection);
  const sources = values.flatMap((value) => sourcesOf(value, pt ?? -1, parameter, dictionary, now));
  return ofSources(sources, connection);
}

/**
 * Pairs within one element: narrowed by the parameters that hold the parts, and looked for in the bytes of what
 * has them all.
 */
function compositeSql(
  parameter: SearchParameter,
  values: readonly FilterValue[],
  partSql: (part: SearchParameter, alternatives: readonly FilterValue[]) => FilterSql,
  now: number,
): FilterSql {
  const rows = searchParameterRow(parameter.on, parameter.code)?.parts ?? [];
  const pairs = values.map((value) => {
    if (value.kind !== 'composite') throw new Error(`${parameter.code} is asked for a ${value.kind}`);
    const parts = value.parts.flatMap((alternatives, i): FilterSql[] => {
      const { code = '', kind } = rows[i] ?? {};
      if (code === '') return [];
      return [partSql({ ...parameter, code, kind: kind as SearchParameter['kind'] }, alternatives)];
    });
    return narrowed(parts, bytesTest(parameter.code, [value], now));
  });
  const selects = pairs.map(({ select }) => select).filter((select) => select !== undefined);
  return {
    test: anyOf(pairs.map(({ test }) => test)),
    select: selects.length < pairs.length ? undefined : unionOf(selects),
    cost: pairs.reduce((sum, { cost }) => sum + cost, 0),
    whole: pairs.some(({ whole }) => whole),
    weight: BYTES_COST,
    ordered: false,
  };
}

/** What fits all the parts and then the test of the bytes. */
function narrowed(parts: readonly FilterSql[], check: Condition): FilterSql {
  const [driver, ...others] = [...parts].sort((a, b) => a.cost - b.cost);
  const test = allOf([...parts.map((one) => one.test), check]);
  const whole = parts.some((one) => one.whole);
  if (driver?.select === undefined) return { ...testOnly(test), whole };
  const rest = allOf([...others.map((one) => one.testEach ?? one.test), check]);
  return {
    test,
    select: {
      sql: `SELECT v.rid FROM ver v WHERE v.rid IN (${driver.select.sql}) AND ${rest.sql}`,
      parameters: [...driver.select.parameters, ...rest.parameters],
    },
    cost: driver.cost * BYTES_COST,
    whole,
    ordered: false,
  };
}

/** Whatever the parameter has a row for. */
function thereSql(
  parameter: SearchParameter,
  type: string,
  connection: Connection,
  dictionary: Dictionary,
): FilterSql {
  const { code } = parameter;
  const pt = dictionary.parameter(type, code);
  const there = dictionary.parameter(type, thereCode(code));
  const sources = [
    ...(pt === undefined ? [] : rowsOf(pt, parameter)),
    ...(there === undefined ? [] : rowsOf(there, { ...parameter, kind: 'token' })),
  ];
  return ofSources(sources, connection);
}

/** Any of these. */
function ofSources(sources: readonly Source[], connection: Connection): FilterSql {
  const test = anyOf(sources.map(sourceTest));
  const whole = sources.some((one) => one.wholeSet === true);
  const shared = {
    test,
    whole,
    ...(whole && sources.every(hasTestEach) ? { testEach: anyOf(sources.map(testOfEach)) } : {}),
    ...(sources.some((one) => one.check !== undefined) ? { weight: BYTES_COST } : {}),
  };
  const selects = sources.map(selectOf).filter((select) => select !== undefined);
  if (selects.length < sources.length) return { ...testOnly(test), ...shared };
  const [only] = sources;
  return {
    ...shared,
    select: unionOf(selects),
    cost: sources.reduce((sum, one) => sum + costOf(one, connection), 0),
    ordered: sources.length === 0 || (sources.length === 1 && only !== undefined && isOrdered(only)),
  };
}

function unionOf(selects: readonly Condition[]): Condition {
  if (selects.length === 0) return { sql: 'SELECT NULL AS rid WHERE 0', parameters: [] };
  return {
    sql: selects.map((one) => one.sql).join(' UNION ALL '),
    parameters: selects.flatMap((one) => one.parameters),
  };
}

const hasTestEach = (one: Source): boolean => one.wholeSet !== true || one.each !== undefined;
const testOfEach = (one: Source): Condition => one.each ?? sourceTest(one);
const isOrdered = ({ rows, check }: Source): boolean =>
  check === undefined && rows !== undefined && /^x\.(k|lid) = /.test(rows.where.sql);

function selectOf({ rows, check }: Source): Condition | undefined {
  if (rows === undefined) return undefined;
  const { table, where } = rows;
  const select: Condition = {
    sql: `SELECT rid FROM ${table} x WHERE ${where.sql}`,
    parameters: where.parameters,
  };
  if (check === undefined) return select;
  return {
    sql: `SELECT v.rid FROM ver v WHERE v.rid IN (${select.sql}) AND ${check.sql}`,
    parameters: [...select.parameters, ...check.parameters],
  };
}

/** How many rows it goes through, to a bound: also of those that it goes through and does not take. */
function costOf({ rows, check }: Source, connection: Connection): number {
  if (rows === undefined) return Number.POSITIVE_INFINITY;
  const { table, where, range = where } = rows;
  const through = counted(
    { sql: `SELECT 1 FROM ${table} x WHERE ${range.sql}`, parameters: range.parameters },
    connection,
  );
  return check === undefined ? through : through * BYTES_COST;
}

/** The rows of a select, counted up to a bound. */
export function counted(select: Condition, connection: Connection): number {
  const row = connection.get(
    `SELECT count(*) FROM (${select.sql} LIMIT ${COST_MAX})`,
    select.parameters,
    !select.sql.includes('IN ('),
  );
  return Number(row?.[0] ?? 0);
}

function sourceTest({ rows, wholeSet, check }: Source): Condition {
  const parts = rows === undefined ? [] : [rowTest(rows, wholeSet === true)];
  return allOf([...parts, ...(check === undefined ? [] : [check])]);
}

function rowTest({ table, where }: IndexRowsOf, wholeSet: boolean): Condition {
  return {
    sql: wholeSet
      ? `v.rid IN (SELECT x.rid FROM ${table} x WHERE ${where.sql})`
      : `EXISTS (SELECT 1 FROM ${table} x WHERE x.rid = v.rid AND ${where.sql})`,
    parameters: where.parameters,
  };
}
