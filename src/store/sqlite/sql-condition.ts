/**
 * A piece of a WHERE clause with its bound values. Values are always bound; only integers of our own making
 * stand in the text.
 */
export interface Condition {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

/** Holds for nothing. */
export const never: Condition = { sql: '0', parameters: [] };

/** All of them together; `1` where there are none. */
export function allOf(conditions: readonly Condition[]): Condition {
  return {
    sql: conditions.length === 0 ? '1' : conditions.map((one) => one.sql).join(' AND '),
    parameters: conditions.flatMap((one) => one.parameters),
  };
}

/** Any of them; holds for nothing where there are none. */
export function anyOf(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return never;
  return {
    sql: `(${conditions.map((one) => one.sql).join(' OR ')})`,
    parameters: conditions.flatMap((one) => one.parameters),
  };
}

/** What shows in the snapshot `seq`, deletions left out. */
export function visible(seq: number): Condition {
  return { sql: 'v.seq <= ? AND (v.until IS NULL OR v.until > ?) AND v.deleted = 0', parameters: [seq, seq] };
}
