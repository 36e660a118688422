/**
 * The order of a search as SQL, and the place in it where a page begins: behind a version, by that version's
 * own values, so that the hundredth page costs what the first does and no value stands in a link.
 * http://hl7.org/fhir/R4/search.html#sort
 */
import type { SortKey } from '../../../fhir/search-query.ts';
import type { Connection } from '../connection.ts';
import { type Dictionary, TERM_SPAN } from '../dictionary.ts';
import { allOf, anyOf, type Condition, never } from '../sql-condition.ts';

/** One sort key. */
export interface SortedBy {
  /** The value of the version `v`; null where it has none, which comes last both ways. */
  readonly value: string;
  readonly descending: boolean;
  /** It goes through all values of a parameter. */
  readonly whole: boolean;
}

/** A sort key for resources of these types. */
export function sortKeySql(
  { by, descending }: SortKey,
  types: readonly string[],
  dictionary: Dictionary,
): SortedBy {
  if (by.kind === 'last-updated') return { value: 'v.at', descending, whole: false };
  if (by.kind === 'id')
    return { value: '(SELECT e.id FROM ent e WHERE e.lid = v.lid)', descending, whole: false };
  const { code, kind } = by.parameter;
  const pts = types.map((type) => dictionary.parameter(type, code)).filter((pt) => pt !== undefined);
  if (pts.length === 0) return { value: 'NULL', descending, whole: false };
  return { value: sortValue(kind, pts, descending), descending, whole: isSortedByToken(kind) };
}

interface SortedSearch {
  readonly from: Condition;
  readonly rid: 'd.rid' | 'v.rid';
  readonly order: readonly SortedBy[];
}

/** `SELECT` of the rids of a page, at most `limit`: those behind the version `after`, or the first ones. */
export function pageSelect(
  { from, rid, order }: SortedSearch,
  after: number | undefined,
  limit: number,
  connection: Connection,
): Condition {
  if (order.length === 0) {
    return {
      sql: `SELECT v.rid ${from.sql} AND ${rid} > ? ORDER BY ${rid} LIMIT ?`,
      parameters: [...from.parameters, after ?? 0, limit],
    };
  }
  const keys = order.map(({ value }, i) => `${value} AS k${i}`).join(', ');
  const by = order.map(({ descending }, i) => `s.k${i} ${descending ? 'DESC' : 'ASC'} NULLS LAST`).join(', ');
  const behind = after === undefined ? allOf([]) : isBehind(order, after, connection);
  return {
    // with its own limit the inner select is not merged into the outer, which would work each value out again
    sql: `SELECT s.rid FROM (SELECT v.rid AS rid, ${keys} ${from.sql} LIMIT -1) s WHERE ${behind.sql}
      ORDER BY ${by}, s.rid LIMIT ?`,
    parameters: [...from.parameters, ...behind.parameters, limit],
  };
}

type Place = string | number | null;

function isBehind(order: readonly SortedBy[], after: number, connection: Connection): Condition {
  const row = connection.get(
    `SELECT ${order.map(({ value }) => value).join(', ')} FROM ver v WHERE v.rid = ?`,
    [after],
    false,
  );
  if (row === undefined) return never; // long superseded: the caller finds its snapshot too old
  const places = row as readonly Place[];
  const same = (i: number): Condition => compare(`s.k${i} IS`, places[i] ?? null);
  const before = (count: number): Condition[] => Array.from({ length: count }, (_, i) => same(i));
  const later = order.flatMap(({ descending }, i): Condition[] => {
    const place = places[i] ?? null;
    if (place === null) return []; // what has no value comes last
    const beyond = compare(`s.k${i} ${descending ? '<' : '>'}`, place);
    return [
      allOf([...before(i), { sql: `(${beyond.sql} OR s.k${i} IS NULL)`, parameters: beyond.parameters }]),
    ];
  });
  return anyOf([...later, allOf([...before(order.length), { sql: 's.rid > ?', parameters: [after] }])]);
}

const compare = (what: string, place: Place): Condition =>
  place === null ? { sql: `${what} NULL`, parameters: [] } : { sql: `${what} ?`, parameters: [place] };

/**
 * Tokens and URIs: their index leads from the value to the version and not back, so that all of a parameter
 * is gone through.
 */
const isSortedByToken = (kind: string): boolean => kind === 'token' || kind === 'uri';

/** The value that a version sorts by: the least one going up, the greatest going down. */
function sortValue(kind: string, pts: readonly number[], descending: boolean): string {
  const pick = descending ? 'max' : 'min';
  const own = `x.rid = v.rid AND x.pt IN (${pts.join()})`;
  switch (kind) {
    case 'date':
      return `(SELECT ${pick}(x.${descending ? 'hi' : 'lo'}) FROM dat x WHERE ${own})`;
    case 'number':
    case 'quantity':
      return `(SELECT ${pick}(x.value) FROM qty x WHERE ${own})`;
    case 'string':
      return `(SELECT ${pick}(x.norm) FROM str x WHERE ${own})`;
    case 'reference':
      return `(SELECT ${pick}(e.id) FROM ref x JOIN ent e ON e.lid = x.lid WHERE ${own})`;
    default:
      return `(SELECT s.least FROM (SELECT y.rid AS whose, ${pick}(y.code) AS least FROM (
        ${pts.map(termsOf).join(' UNION ALL ')}) y GROUP BY y.rid) s WHERE s.whose = v.rid)`;
  }
}

/** Every version that has a token under a parameter, with its code. */
function termsOf(pt: number): string {
  const low = pt * TERM_SPAN;
  return `SELECT x.rid AS rid, t.code AS code FROM ix x JOIN term t ON t.tid = x.k - ${low}
    WHERE x.k >= ${low} AND x.k < ${low + TERM_SPAN}`;
}
