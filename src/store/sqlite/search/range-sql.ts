/**
 * Ranges as SQL. R4 "Search", 3.1.1.5 to 3.1.1.7: a stored value is a range, so is the one asked for.
 */
import { unreachable } from '../../../base/assert.ts';
import type { FilterValue, Prefix } from '../../../fhir/search-query.ts';
import type { Condition } from '../sql-condition.ts';

/** The range lo…hi (ms, inclusive) against the stored range in columns `lo` and `hi`. */
export function dateCondition(
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

/** A number as it is asked for. */
export type Measured = Extract<FilterValue, { kind: 'number' | 'quantity' }>;

/** The number asked for against `x.value`, which is in a unit that `toIts` converts to. */
export function numberCondition(
  { prefix, value, lo, hi }: Measured,
  toIts: (value: number) => number = (one) => one,
): Condition {
  switch (prefix) {
    case 'eq':
      return { sql: '(x.value >= ? AND x.value < ?)', parameters: [toIts(lo), toIts(hi)] };
    case 'ne':
      return { sql: '(x.value < ? OR x.value >= ?)', parameters: [toIts(lo), toIts(hi)] };
    case 'gt':
    case 'sa':
      return { sql: 'x.value > ?', parameters: [toIts(value)] };
    case 'lt':
    case 'eb':
      return { sql: 'x.value < ?', parameters: [toIts(value)] };
    case 'ge':
      return { sql: 'x.value >= ?', parameters: [toIts(value)] };
    case 'le':
      return { sql: 'x.value <= ?', parameters: [toIts(value)] };
    case 'ap': {
      const slack = Math.abs(value) * 0.1;
      return {
        sql: '(x.value >= ? AND x.value <= ?)',
        parameters: [toIts(value - slack), toIts(value + slack)],
      };
    }
    default:
      return unreachable(prefix);
  }
}
