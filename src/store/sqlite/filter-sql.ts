/**
 * One filter of a search as SQL: as the set of rids that it selects (to drive the search) and as a test of
 * one version `v`. Ranges follow R4 "Search", 3.1.1.5 to 3.1.1.7: a stored value is a range, so is the one
 * asked for.
 */
import { unreachable } from '../../base/assert.ts';
import { Failure } from '../../base/failure.ts';
import type { FilterValue, Prefix, SimpleFilter } from '../../fhir/search-query.ts';
import type { SearchParameter } from '../../fhir/search-value.ts';
import type { Connection } from './connection.ts';
import { type Dictionary, TERM_SPAN, typeNumber } from './dictionary.ts';
import { URI_SYSTEM, URL_SYSTEM } from './prepare-write.ts';
import { anyOf, type Condition, never } from './sql-condition.ts';

/**
 * One alternative of a filter: rows of an index table. `where` speaks of that table's columns, without rid.
 */
interface Source {
  readonly table: 'ix' | 'ref' | 'dat' | 'qty' | 'str';
  readonly where: Condition;
  /** No index leads from a version to these rows: the whole set is made once and looked into. */
  readonly wholeSet?: true;
}

export interface FilterSql {
  /** A test of the version `v`. */
  readonly test: Condition;
  /** SELECT of the rids, for driving; undefined where the filter is only a test. */
  readonly select: Condition | undefined;
  /** Rows that the select goes through, counted up to a bound; what makes one driver better than another. */
  readonly cost: number;
  /** As a test too it goes through all of its rows, once. */
  readonly whole: boolean;
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
      return {
        test: dateCondition(filter.prefix, filter.lo, filter.hi, 'v.at', 'v.at', now),
        select: undefined,
        cost: Number.POSITIVE_INFINITY,
        whole: false,
        ordered: false,
      };
    case 'parameter':
      if (filter.negated === true)
        throw new Failure('not-supported', 'The store cannot search by ":not" yet.');
      return parameterSql(filter.parameter, filter.values, type, connection, dictionary, now);
    default:
      throw new Failure('not-supported', `The store cannot search by "${filter.kind}" yet.`);
  }
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
  if (pt === undefined)
    return {
      test: never,
      select: { sql: 'SELECT NULL AS rid WHERE 0', parameters: [] },
      cost: 0,
      whole: false,
      ordered: true,
    };
  const sources = values.flatMap((value) => sourcesOf(value, pt, parameter, dictionary, now));
  const test = anyOf(
    sources.map(({ table, where, wholeSet }) => ({
      sql: wholeSet
        ? `v.rid IN (SELECT x.rid FROM ${table} x WHERE ${where.sql})`
        : `EXISTS (SELECT 1 FROM ${table} x WHERE x.rid = v.rid AND ${where.sql})`,
      parameters: where.parameters,
    })),
  );
  const selects = sources.map(({ table, where }) => ({
    sql: `SELECT rid FROM ${table} x WHERE ${where.sql}`,
    parameters: where.parameters,
  }));
  const cost = selects.reduce((sum, one) => sum + counted(one, connection), 0);
  return {
    test,
    select:
      selects.length === 0
        ? { sql: 'SELECT NULL AS rid WHERE 0', parameters: [] }
        : {
            sql: selects.map((one) => one.sql).join(' UNION ALL '),
            parameters: selects.flatMap((one) => one.parameters),
          },
    cost,
    whole: sources.some((one) => one.wholeSet === true),
    ordered: sources.length === 1 && /^x\.(k|lid) = /.test(sources[0]?.where.sql ?? ''),
  };
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

function sourcesOf(
  value: FilterValue,
  pt: number,
  parameter: SearchParameter,
  dictionary: Dictionary,
  now: number,
): Source[] {
  switch (value.kind) {
    case 'token':
      return tokenSources(value, pt, dictionary);
    case 'uri':
      return termSource(pt, dictionary.term(URI_SYSTEM, value.value));
    case 'reference-url':
      return termSource(pt, dictionary.term(URL_SYSTEM, value.url));
    case 'reference': {
      const types = value.type === undefined ? parameter.targets : [value.type];
      return types
        .map((target) => dictionary.resource(target, value.id))
        .filter((lid) => lid !== undefined)
        .map((lid) => ({ table: 'ref', where: { sql: 'x.lid = ? AND x.pt = ?', parameters: [lid, pt] } }));
    }
    case 'string':
      return [
        {
          table: 'str',
          where: {
            sql: 'x.pt = ? AND x.norm >= ? AND x.norm < ?',
            parameters: [pt, value.norm, `${value.norm}\u{10ffff}`],
          },
        },
      ];
    case 'date': {
      const range = dateCondition(value.prefix, value.lo, value.hi, 'x.lo', 'x.hi', now);
      return [
        { table: 'dat', where: { sql: `x.pt = ? AND ${range.sql}`, parameters: [pt, ...range.parameters] } },
      ];
    }
    case 'number':
    case 'quantity':
      return quantitySources(value, pt, dictionary);
    default:
      throw new Failure('not-supported', `The store cannot search by "${value.kind}" yet.`);
  }
}

function termSource(pt: number, tid: number | undefined): Source[] {
  if (tid === undefined) return [];
  return [{ table: 'ix', where: { sql: 'x.k = ?', parameters: [pt * TERM_SPAN + tid] } }];
}

function tokenSources(
  value: { readonly system?: string; readonly value?: string },
  pt: number,
  dictionary: Dictionary,
): Source[] {
  if (value.value === undefined) {
    return [
      {
        table: 'ix',
        wholeSet: true,
        where: {
          sql: 'x.k >= ? AND x.k < ? AND (SELECT t.sys FROM term t WHERE t.tid = x.k - ?) = ?',
          parameters: [pt * TERM_SPAN, (pt + 1) * TERM_SPAN, pt * TERM_SPAN, value.system ?? ''],
        },
      },
    ];
  }
  const tids =
    value.system === undefined
      ? dictionary.termsOfCode(value.value)
      : [dictionary.term(value.system, value.value)];
  return tids.flatMap((tid) => termSource(pt, tid));
}

/** The range lo…hi (ms, inclusive) against the stored range in columns `lo` and `hi`. */
function dateCondition(
  prefix: Prefix,
  from: number,
  to: number,
  lo: string,
  hi: string,
  now: number,
): Condition {
  switch (prefix) {
    case 'eq':
      return { sql: `(${lo} >= ? AND ${hi} <= ?)`, parameters: [from, to] };
    case 'ne':
      return { sql: `(${lo} < ? OR ${hi} > ?)`, parameters: [from, to] };
    case 'gt':
      return { sql: `${hi} > ?`, parameters: [to] };
    case 'lt':
      return { sql: `${lo} < ?`, parameters: [from] };
    case 'ge':
      return { sql: `(${hi} > ? OR (${lo} >= ? AND ${hi} <= ?))`, parameters: [to, from, to] };
    case 'le':
      return { sql: `(${lo} < ? OR (${lo} >= ? AND ${hi} <= ?))`, parameters: [from, from, to] };
    case 'sa':
      return { sql: `${lo} > ?`, parameters: [to] };
    case 'eb':
      return { sql: `${hi} < ?`, parameters: [from] };
    case 'ap': {
      // R4: "a value for approximately is 10% of the gap between now and the date"
      const slack = Math.abs(now - from) * 0.1;
      return { sql: `(${lo} <= ? AND ${hi} >= ?)`, parameters: [to + slack, from - slack] };
    }
    default:
      return unreachable(prefix);
  }
}

type Measured = Extract<FilterValue, { kind: 'number' | 'quantity' }>;

function quantitySources(value: Measured, pt: number, dictionary: Dictionary): Source[] {
  const range = numberCondition(value);
  const unit = value.kind === 'number' ? undefined : unitCondition(value.system, value.unit, dictionary);
  const sql = `x.pt = ? AND ${range.sql}${unit === undefined ? '' : ` AND ${unit.sql}`}`;
  return [
    { table: 'qty', where: { sql, parameters: [pt, ...range.parameters, ...(unit?.parameters ?? [])] } },
  ];
}

function unitCondition(
  system: string | undefined,
  unit: string | undefined,
  dictionary: Dictionary,
): Condition | undefined {
  if (unit === undefined) return undefined;
  const tids =
    system === undefined || system === '' ? dictionary.termsOfCode(unit) : [dictionary.term(system, unit)];
  const known = tids.filter((tid) => tid !== undefined);
  return known.length === 0 ? never : { sql: `x.unit IN (${known.join()})`, parameters: [] };
}

function numberCondition({ prefix, value, lo, hi }: Measured): Condition {
  switch (prefix) {
    case 'eq':
      return { sql: '(x.value >= ? AND x.value < ?)', parameters: [lo, hi] };
    case 'ne':
      return { sql: '(x.value < ? OR x.value >= ?)', parameters: [lo, hi] };
    case 'gt':
    case 'sa':
      return { sql: 'x.value > ?', parameters: [value] };
    case 'lt':
    case 'eb':
      return { sql: 'x.value < ?', parameters: [value] };
    case 'ge':
      return { sql: 'x.value >= ?', parameters: [value] };
    case 'le':
      return { sql: 'x.value <= ?', parameters: [value] };
    case 'ap': {
      const slack = Math.abs(value) * 0.1;
      return { sql: '(x.value >= ? AND x.value <= ?)', parameters: [value - slack, value + slack] };
    }
    default:
      return unreachable(prefix);
  }
}

/** Every version of a type, for a search without a filter that can drive. */
export function typeSelect(type: string): Condition {
  return { sql: 'SELECT rid FROM ver WHERE type = ?', parameters: [typeNumber(type)] };
}
