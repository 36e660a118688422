/** A scope as a condition on `v` (a row of ver), and the same rule for a version already in memory. */
import type { Scope } from '../scope.ts';
import { closedPersons } from './closed-persons.ts';
import type { Connection } from './connection.ts';
import { type Dictionary, typeNumber } from './dictionary.ts';
import { LABEL_MARK } from './label-mark.ts';
import { type Condition, never } from './sql-condition.ts';

/**
 * The conditions that let only what is in scope through; empty where all is. `seq` is the moment as of which
 * a label on a Patient closes all that is that person's.
 */
export function scopeConditions(
  scope: Scope,
  seq: number,
  connection: Connection,
  dictionary: Dictionary,
): Condition[] {
  const conditions: Condition[] = [];
  if (scope.types !== 'all') conditions.push(typesIn(scope.types));
  const whose = personCondition(scope, dictionary);
  if (whose !== undefined) conditions.push(whose);
  for (const label of scope.hiddenLabels) {
    conditions.push({
      sql: '(v.labels IS NULL OR instr(v.labels, ?) = 0)',
      parameters: [`${LABEL_MARK}${label}${LABEL_MARK}`],
    });
  }
  const closed = closedPersons(scope.hiddenLabels, seq, connection, dictionary);
  if (closed.length > 0) conditions.push(notOf(closed));
  return conditions;
}

/** Nothing in the compartment of one of these, whoever else it is about. */
function notOf(lids: readonly number[]): Condition {
  const whose = JSON.stringify(lids);
  return {
    // "IS NOT TRUE": NOT IN would look for nulls in the set with every row
    sql: `((v.person IN ${BOUND_LIDS}) IS NOT TRUE AND (v.person IS NOT -1 OR NOT EXISTS (
      SELECT 1 FROM comp pc WHERE pc.rid = v.rid AND pc.person IN ${BOUND_LIDS})))`,
    parameters: [whose, whose],
  };
}

function typesIn(types: readonly string[]): Condition {
  return types.length === 0 ? never : { sql: `v.type IN (${types.map(typeNumber).join()})`, parameters: [] };
}

function personCondition(scope: Scope, dictionary: Dictionary): Condition | undefined {
  const allUnattached: Condition | undefined =
    scope.unattached === 'all' ? undefined : typesIn(scope.unattached);
  if (scope.persons === 'all') {
    return allUnattached === undefined
      ? undefined
      : { sql: `(v.person IS NOT NULL OR ${allUnattached.sql})`, parameters: allUnattached.parameters };
  }
  const lids = personLids(scope.persons, dictionary);
  const unattached = allUnattached === undefined ? '' : ` AND ${allUnattached.sql}`;
  const whose = JSON.stringify(lids);
  // bound, so that a whole record costs no preparing of statements for each person
  const attached =
    lids.length === 0
      ? '0'
      : `(v.person IN ${BOUND_LIDS} OR (v.person = -1 AND EXISTS (SELECT 1 FROM comp sc
        WHERE sc.rid = v.rid AND sc.person IN ${BOUND_LIDS})))`;
  return {
    sql: `(${attached} OR (v.person IS NULL${unattached}))`,
    parameters: [...(lids.length === 0 ? [] : [whose, whose]), ...(allUnattached?.parameters ?? [])],
  };
}

/** A set of small integers as one bound value, JSON. */
export const BOUND_LIDS = '(SELECT value FROM json_each(?))';

/** Patients that this store has heard of, among the ids given. */
export function personLids(persons: readonly string[], dictionary: Dictionary): number[] {
  return persons.map((id) => dictionary.resource('Patient', id)).filter((lid) => lid !== undefined);
}

interface Shown {
  readonly type: string;
  readonly persons: readonly string[];
  readonly labels: string | null;
}

/**
 * The same rule as scopeConditions, for one version; `closed` are the Patients whose record is closed now.
 */
export function isInScope(version: Shown, scope: Scope, closed: ReadonlySet<string>): boolean {
  if (scope.types !== 'all' && !(scope.types as readonly string[]).includes(version.type)) return false;
  if (version.persons.length === 0) {
    if (scope.unattached !== 'all' && !(scope.unattached as readonly string[]).includes(version.type))
      return false;
  } else if (scope.persons !== 'all') {
    const open: readonly string[] = scope.persons;
    if (!version.persons.some((person) => open.includes(person))) return false;
  }
  if (closed.size > 0 && version.persons.some((person) => closed.has(person))) return false;
  const { labels } = version;
  return (
    labels === null ||
    !scope.hiddenLabels.some((label) => labels.includes(`${LABEL_MARK}${label}${LABEL_MARK}`))
  );
}
