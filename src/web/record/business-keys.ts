/**
 * When two entries are the same thing told twice: only when a source itself gave both one business
 * identifier. Likeness of names, codes or dates never counts. What is grouped is never hidden and never
 * summed (invariant 10).
 */
import type { Identifier } from 'fhir/r4.d.ts';
import type { Entry } from './entry.ts';

/**
 * Groups of entries that share an identifier, in the order of their first entry; an entry that shares none
 * is a group of its own. `keysOf` gives an entry's own identifiers, `refersTo` those of another entry that
 * it names (a dispense names the prescribed item). An identifier that one source put on two entries of one
 * type names no single thing, and joins nothing.
 */
export function groupsOf<E extends Entry>(
  entries: readonly E[],
  keysOf: (entry: E) => readonly string[],
  refersTo: (entry: E) => readonly string[] = () => [],
): readonly (readonly [E, ...E[]])[] {
  const loose = looseKeys(entries, keysOf);
  const groups: E[][] = [];
  const byKey = new Map<string, E[]>();
  for (const entry of entries) {
    const keys = [...keysOf(entry), ...refersTo(entry)].filter((key) => !loose.has(key));
    const found = [...new Set(keys.map((key) => byKey.get(key)).filter((group) => group !== undefined))];
    const group = found[0] ?? [];
    if (found.length === 0) groups.push(group);
    group.push(entry);
    for (const other of found.slice(1)) {
      group.push(...other.splice(0));
      for (const [key, value] of byKey) if (value === other) byKey.set(key, group);
    }
    for (const key of keys) byKey.set(key, group);
  }
  return groups.filter((group): group is [E, ...E[]] => group.length > 0);
}

/**
 * Own identifiers that two entries of one type at one source carry: an order's number on each of its
 * results.
 */
function looseKeys<E extends Entry>(
  entries: readonly E[],
  keysOf: (entry: E) => readonly string[],
): ReadonlySet<string> {
  const owners = new Map<string, Set<string>>();
  const loose = new Set<string>();
  for (const entry of entries) {
    for (const key of new Set(keysOf(entry))) {
      const owner = `${entry.source.ods} ${entry.resource.resourceType}`;
      const seen = owners.get(key) ?? new Set();
      if (seen.has(owner)) loose.add(key);
      owners.set(key, seen.add(owner));
    }
  }
  return loose;
}

/**
 * `system|value` of identifiers that have both, and are not of one organisation's own numbering inside
 * another.
 */
export function identifierKeys(identifiers: readonly Identifier[] | undefined): readonly string[] {
  return (identifiers ?? [])
    .filter((one) => one.system !== undefined && one.value !== undefined && one.use !== 'old')
    .map((one) => `${one.system}|${one.value}`);
}
