/**
 * One value of a filter as rows of the index, as a test of the stored bytes, or as rows that the bytes confirm.
 */
import { Failure } from '../../../base/failure.ts';
import type { FilterValue } from '../../../fhir/search-query.ts';
import type { SearchParameter } from '../../../fhir/search-value.ts';
import { type Conversion, conversion, UCUM } from '../../../fhir/ucum.ts';
import { type Dictionary, TERM_SPAN } from '../dictionary.ts';
import { URI_SYSTEM, URL_SYSTEM } from '../prepare-write.ts';
import type { Condition } from '../sql-condition.ts';
import { bytesTest } from './bytes-test.ts';
import { dateCondition, type Measured, numberCondition } from './range-sql.ts';

/** Rows of an index table. `where` speaks of that table's columns (`x`), without rid. */
export interface IndexRowsOf {
  readonly table: 'ix' | 'ref' | 'dat' | 'qty' | 'str';
  readonly where: Condition;
  /** The part of `where` that the index leads by; all of it where left out. */
  readonly range?: Condition;
}

/** One alternative of a filter. */
export interface Source {
  /** Undefined where only the bytes know. */
  readonly rows?: IndexRowsOf;
  /** What must hold beside the rows. */
  readonly check?: Condition;
  /** No index leads from a version to these rows: the whole set is made once and looked into. */
  readonly wholeSet?: true;
  /** With wholeSet: the same as a test of one version, without the set. */
  readonly each?: Condition;
}

/** Every row of a parameter. */
export function rowsOf(pt: number, { code, kind }: SearchParameter): Source[] {
  const terms: Source = {
    wholeSet: true,
    rows: { table: 'ix', where: allTerms(pt) },
    each: bytesTest(code, [{ kind: 'any' }]),
  };
  const of = (table: IndexRowsOf['table']): Source => rows(table, 'x.pt = ?', [pt]);
  switch (kind) {
    case 'reference':
      return [of('ref'), terms];
    case 'string':
      return [of('str')];
    case 'date':
      return [of('dat')];
    case 'number':
    case 'quantity':
      return [of('qty')];
    default:
      return [terms];
  }
}

/** The alternatives that one value makes, under the parameter whose number is `pt`. */
export function sourcesOf(
  value: FilterValue,
  pt: number,
  parameter: SearchParameter,
  dictionary: Dictionary,
  now: number,
): Source[] {
  switch (value.kind) {
    case 'token':
      return tokenSources(value, pt, parameter, dictionary);
    case 'uri':
      return termSource(pt, dictionary.term(URI_SYSTEM, value.value));
    case 'reference-url':
      return termSource(pt, dictionary.term(URL_SYSTEM, value.url));
    case 'reference': {
      const types = value.type === undefined ? parameter.targets : [value.type];
      return types
        .map((target) => dictionary.resource(target, value.id))
        .filter((lid) => lid !== undefined)
        .map((lid) => rows('ref', 'x.lid = ? AND x.pt = ?', [lid, pt]));
    }
    case 'string':
      return [
        rows('str', 'x.pt = ? AND x.norm >= ? AND x.norm < ?', [pt, value.norm, `${value.norm}\u{10ffff}`]),
      ];
    case 'string-contains':
      return [containing(pt, value.norm)];
    case 'string-compared':
      return [compared(value, pt)];
    case 'date-overlap':
      return [rows('dat', 'x.pt = ? AND x.lo <= ? AND x.hi >= ?', [pt, value.hi, value.lo])];
    case 'string-exact':
      return [
        {
          ...rows('str', 'x.pt = ? AND x.norm = ?', [pt, value.norm]),
          check: bytesTest(parameter.code, [value]),
        },
      ];
    case 'token-text':
    case 'token-of-type':
    case 'reference-identifier':
      return bytesSources(value, pt, parameter, dictionary);
    case 'codes':
      return codeSources(value, pt, parameter, dictionary);
    case 'uri-below':
      return [uriBelow(value, pt, parameter)];
    case 'uri-above':
      return value.values.flatMap((one) => termSource(pt, dictionary.term(URI_SYSTEM, one)));
    case 'near':
      return [{ check: bytesTest(parameter.code, [value]) }];
    case 'date': {
      const range = dateCondition(value.prefix, value.lo, value.hi, 'x.lo', 'x.hi', now);
      return [rows('dat', `x.pt = ? AND ${range.sql}`, [pt, ...range.parameters])];
    }
    case 'number':
    case 'quantity':
      return quantitySources(value, pt, dictionary);
    case 'value-set':
    case 'hierarchy':
      throw new Failure(
        'not-supported',
        `"${parameter.code}": value sets and hierarchies can be asked for in a search alone, not in a condition.`,
      );
    default:
      throw new Failure('not-supported', `The store cannot search by "${value.kind}" yet.`);
  }
}

const rows = (
  table: IndexRowsOf['table'],
  sql: string,
  parameters: readonly (string | number)[],
): Source & { readonly rows: IndexRowsOf } => ({ rows: { table, where: { sql, parameters } } });

function termSource(pt: number, tid: number | undefined): Source[] {
  return tid === undefined ? [] : [rows('ix', 'x.k = ?', [pt * TERM_SPAN + tid])];
}

const allTerms = (pt: number): Condition => ({
  sql: 'x.k >= ? AND x.k < ?',
  parameters: [pt * TERM_SPAN, (pt + 1) * TERM_SPAN],
});

function tokenSources(
  value: Extract<FilterValue, { kind: 'token' }>,
  pt: number,
  parameter: SearchParameter,
  dictionary: Dictionary,
): Source[] {
  if (value.value === undefined) return [ofSystem(value.system ?? '', pt, parameter)];
  const tids =
    value.system === undefined
      ? dictionary.termsOfCode(value.value)
      : [dictionary.term(value.system, value.value)];
  return tids.flatMap((tid) => termSource(pt, tid));
}

/** Every code of a system. */
function ofSystem(system: string, pt: number, { code }: SearchParameter): Source {
  const range = allTerms(pt);
  const where: Condition = {
    sql: `${range.sql} AND (SELECT t.sys FROM term t WHERE t.tid = x.k - ?) = ?`,
    parameters: [...range.parameters, pt * TERM_SPAN, system],
  };
  return {
    wholeSet: true,
    rows: { table: 'ix', where, range },
    each: bytesTest(code, [{ kind: 'token', system }]),
  };
}

/** More than so many keys are looked for by way of the set of all that have one. */
const KEYS_MAX = 20;

function codeSources(
  value: Extract<FilterValue, { kind: 'codes' }>,
  pt: number,
  parameter: SearchParameter,
  dictionary: Dictionary,
): Source[] {
  const keys = value.codes
    .flatMap(({ system, codes }) => codes.map((code) => dictionary.term(system, code)))
    .filter((tid) => tid !== undefined)
    .map((tid) => pt * TERM_SPAN + tid);
  const systems = value.systems.map((system) => ofSystem(system, pt, parameter));
  if (keys.length === 0) return systems;
  const found = rows('ix', 'x.k IN (SELECT value FROM json_each(?))', [JSON.stringify(keys)]);
  if (keys.length <= KEYS_MAX) return [found, ...systems];
  return [{ ...found, wholeSet: true, each: bytesTest(parameter.code, [value]) }, ...systems];
}

/** Those that have a value with an identifier, or with a text: the bytes say which. */
function bytesSources(
  value: Extract<FilterValue, { kind: 'token-text' | 'token-of-type' | 'reference-identifier' }>,
  pt: number,
  parameter: SearchParameter,
  dictionary: Dictionary,
): Source[] {
  const check = bytesTest(parameter.code, [value]);
  if (value.kind !== 'token-of-type') return [{ check }];
  return dictionary
    .termsOfCode(value.value)
    .flatMap((tid) => termSource(pt, tid))
    .map((one): Source => ({ ...one, check }));
}

/** Every text of the parameter is gone through. */
function containing(pt: number, norm: string): Source {
  return {
    rows: {
      table: 'str',
      where: { sql: 'x.pt = ? AND instr(x.norm, ?) > 0', parameters: [pt, norm] },
      range: { sql: 'x.pt = ?', parameters: [pt] },
    },
  };
}

function compared({ how, norm }: Extract<FilterValue, { kind: 'string-compared' }>, pt: number): Source {
  if (how === 'equal') return rows('str', 'x.pt = ? AND x.norm = ?', [pt, norm]);
  const range: Condition = { sql: 'x.pt = ?', parameters: [pt] };
  const where: Condition =
    how === 'unequal'
      ? { sql: 'x.pt = ? AND x.norm <> ?', parameters: [pt, norm] }
      : { sql: 'x.pt = ? AND substr(x.norm, -length(?)) = ?', parameters: [pt, norm, norm] };
  return { rows: { table: 'str', where, range } };
}

function uriBelow(
  value: Extract<FilterValue, { kind: 'uri-below' }>,
  pt: number,
  { code }: SearchParameter,
): Source {
  const below = `${value.value}/`;
  return {
    wholeSet: true,
    ...rows(
      'ix',
      `x.k IN (SELECT ? + t.tid FROM term t WHERE t.code = ? AND t.sys = ? UNION ALL
        SELECT ? + t.tid FROM term t WHERE t.code >= ? AND t.code < ? AND t.sys = ?)`,
      [pt * TERM_SPAN, value.value, URI_SYSTEM, pt * TERM_SPAN, below, `${below}\u{10ffff}`, URI_SYSTEM],
    ),
    each: bytesTest(code, [value]),
  };
}

function quantitySources(value: Measured, pt: number, dictionary: Dictionary): Source[] {
  const inUnit = (tids: readonly number[] | undefined, toIts?: Conversion): Source => {
    const range = numberCondition(value, toIts);
    const unit = tids === undefined ? '' : ` AND x.unit IN (${tids.join()})`;
    return rows('qty', `x.pt = ? AND ${range.sql}${unit}`, [pt, ...range.parameters]);
  };
  if (value.kind === 'number' || value.unit === undefined) return [inUnit(undefined)];
  const { system, unit } = value;
  if (system === UCUM) {
    return dictionary.termsOfUcum().flatMap(({ tid, code }) => {
      const toIts = conversion(unit, code);
      return toIts === undefined ? [] : [inUnit([tid], toIts)];
    });
  }
  const tids = system === undefined ? dictionary.termsOfCode(unit) : [dictionary.term(system, unit)];
  const known = tids.filter((tid) => tid !== undefined);
  return known.length === 0 ? [] : [inUnit(known)];
}
