/**
 * A search as SQL. The filter that goes through the fewest rows drives (counted, up to a bound, not
 * guessed); the others test each version it finds. Scope and snapshot are conditions of the same statement,
 * of its total and of its order.
 */
import type { SearchQuery, SortKey } from '../../fhir/search-query.ts';
import type { Scope } from '../scope.ts';
import type { Connection } from './connection.ts';
import { type Dictionary, TERM_SPAN, typeNumber } from './dictionary.ts';
import { type FilterSql, filterSql, typeSelect } from './filter-sql.ts';
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

/** Plans a search in the snapshot `seq`. */
export function planSearch(
  query: SearchQuery,
  scope: Scope,
  seq: number,
  connection: Connection,
  dictionary: Dictionary,
  now: number,
): SearchPlan {
  const filters = query.filters.map((filter) => filterSql(filter, query.type, connection, dictionary, now));
  const people = scopeDriver(query.type, scope, connection, dictionary);
  const drivers = [...filters, ...(people === undefined ? [] : [people])].filter(
    (one) => one.select !== undefined,
  );
  const driver = drivers.reduce<FilterSql | undefined>(
    (best, one) => (best === undefined || one.cost < best.cost ? one : best),
    undefined,
  );
  const tests = filters.filter((one) => one !== driver).map((one) => one.test);
  const conditions = allOf([
    { sql: 'v.type = ?', parameters: [typeNumber(query.type)] },
    visible(seq),
    ...tests,
    ...scopeConditions(scope, seq, connection, dictionary),
  ]);
  const select = driver?.select ?? typeSelect(query.type);
  const from: Condition =
    driver === undefined || driver.ordered
      ? joined(select, conditions)
      : {
          sql: `FROM ver v WHERE v.rid IN (${select.sql}) AND ${conditions.sql}`,
          parameters: [...select.parameters, ...conditions.parameters],
        };
  const order = query.sort.map((key) => sortSql(key, query.type, dictionary));
  const wholes = filters.filter((one) => one !== driver && one.whole).map((one) => one.cost);
  const byToken = query.sort.some(
    (key) => key.by.kind === 'parameter' && isSortedByToken(key.by.parameter.kind),
  );
  const cost = Math.max(driver?.cost ?? COST_OF_TYPE, ...wholes, byToken ? COST_OF_TYPE : 0);
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

function sortSql(key: SortKey, type: string, dictionary: Dictionary): Condition {
  const direction = key.descending ? 'DESC' : 'ASC';
  if (key.by.kind === 'last-updated') return { sql: `v.at ${direction}`, parameters: [] };
  if (key.by.kind === 'id')
    return { sql: `(SELECT e.id FROM ent e WHERE e.lid = v.lid) ${direction}`, parameters: [] };
  const pt = dictionary.parameter(type, key.by.parameter.code);
  if (pt === undefined) return { sql: 'NULL', parameters: [] };
  const value = sortValue(key.by.parameter.kind, pt, key.descending);
  return { sql: `${value.sql} ${direction} NULLS LAST`, parameters: value.parameters };
}

/**
 * Tokens and URIs: their index leads from the value to the version and not back, so that all of a parameter
 * is gone through.
 */
const isSortedByToken = (kind: string): boolean => kind === 'token' || kind === 'uri';

/** The value that a version sorts by: the least one going up, the greatest going down. */
function sortValue(kind: string, pt: number, descending: boolean): Condition {
  const pick = descending ? 'max' : 'min';
  switch (kind) {
    case 'date':
      return {
        sql: `(SELECT ${pick}(x.${descending ? 'hi' : 'lo'}) FROM dat x WHERE x.rid = v.rid AND x.pt = ?)`,
        parameters: [pt],
      };
    case 'number':
    case 'quantity':
      return {
        sql: `(SELECT ${pick}(x.value) FROM qty x WHERE x.rid = v.rid AND x.pt = ?)`,
        parameters: [pt],
      };
    case 'string':
      return {
        sql: `(SELECT ${pick}(x.norm) FROM str x WHERE x.rid = v.rid AND x.pt = ?)`,
        parameters: [pt],
      };
    case 'reference':
      return {
        sql: `(SELECT ${pick}(e.id) FROM ref x JOIN ent e ON e.lid = x.lid WHERE x.rid = v.rid AND x.pt = ?)`,
        parameters: [pt],
      };
    default: {
      const low = pt * TERM_SPAN;
      return {
        sql: `(SELECT s.least FROM (SELECT x.rid AS whose, ${pick}(t.code) AS least FROM ix x
          JOIN term t ON t.tid = x.k - ?
          WHERE x.k >= ? AND x.k < ? GROUP BY x.rid) s WHERE s.whose = v.rid)`,
        parameters: [low, low, low + TERM_SPAN],
      };
    }
  }
}
