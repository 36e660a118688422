/**
 * Everything that belongs to a person, as version numbers in order: the compartments of their Patient
 * records, then what those versions refer to outside any compartment (Practitioner, Organization,
 * Medication …), to any depth.
 */
import type { Scope } from '../../scope.ts';
import type { CompartmentQuery } from '../../store.ts';
import type { Connection } from '../connection.ts';
import { type Dictionary, typeNumber } from '../dictionary.ts';
import { BOUND_LIDS, personLids, scopeConditions } from '../scope-sql.ts';
import { allOf, visible } from '../sql-condition.ts';

/** Rids in the snapshot `seq`, each once. */
export function compartmentRids(
  query: CompartmentQuery,
  scope: Scope,
  seq: number,
  connection: Connection,
  dictionary: Dictionary,
): number[] {
  const people = personLids(query.persons, dictionary);
  if (people.length === 0) return [];
  const wanted =
    query.types === undefined
      ? []
      : [{ sql: `v.type IN (${query.types.map(typeNumber).join()})`, parameters: [] }];
  const since = query.since === undefined ? [] : [{ sql: 'v.at >= ?', parameters: [query.since] }];
  const scoped = [visible(seq), ...scopeConditions(scope, seq, connection, dictionary)];
  const within = allOf([...scoped, ...wanted, ...since]);
  // the text of a statement depends on the role alone, unless types are asked for
  const keep = query.types === undefined;
  const own = connection
    .all(
      `SELECT DISTINCT v.rid FROM comp c CROSS JOIN ver v ON v.rid = c.rid
        WHERE c.person IN ${BOUND_LIDS} AND ${within.sql} ORDER BY v.rid`,
      [JSON.stringify(people), ...within.parameters],
      keep,
    )
    .map((row) => Number(row[0]));
  if (!query.withReferenced) return own;
  // what is referred to counts whatever refers to it, so the closure starts from all that is in scope, not
  // from the types asked for
  const start = wanted.length + since.length === 0 ? own : allOwn(people, scoped, connection);
  const found = referredTo(start, allOf(scoped), connection);
  if (wanted.length + since.length === 0) return [...own, ...found];
  const kept = allOf([...wanted, ...since]);
  const rows = connection.all(
    `SELECT v.rid FROM json_each(?) f CROSS JOIN ver v ON v.rid = f.value WHERE ${kept.sql} ORDER BY v.rid`,
    [JSON.stringify(found), ...kept.parameters],
    false,
  );
  return [...own, ...rows.map((row) => Number(row[0]))];
}

function allOwn(
  people: readonly number[],
  scoped: readonly { sql: string; parameters: readonly (string | number)[] }[],
  connection: Connection,
): number[] {
  const within = allOf(scoped);
  return connection
    .all(
      `SELECT DISTINCT v.rid FROM comp c CROSS JOIN ver v ON v.rid = c.rid
        WHERE c.person IN ${BOUND_LIDS} AND ${within.sql}`,
      [JSON.stringify(people), ...within.parameters],
    )
    .map((row) => Number(row[0]));
}

function referredTo(
  start: readonly number[],
  scoped: { sql: string; parameters: readonly (string | number)[] },
  connection: Connection,
): number[] {
  const found = new Set<number>();
  let frontier: readonly number[] = start;
  while (frontier.length > 0) {
    const rows = connection.all(
      `SELECT DISTINCT v.rid FROM (SELECT DISTINCT r.lid FROM json_each(?) f CROSS JOIN ref r ON r.rid = f.value) t
        CROSS JOIN ver v ON v.lid = t.lid WHERE v.person IS NULL AND ${scoped.sql} ORDER BY v.rid`,
      [JSON.stringify(frontier), ...scoped.parameters],
    );
    frontier = rows.map((row) => Number(row[0])).filter((rid) => !found.has(rid));
    for (const rid of frontier) found.add(rid);
  }
  return [...found];
}
