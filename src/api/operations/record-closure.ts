/**
 * What resources of one person's record refer to, within that record: directly where it is of the record, to
 * any depth where it is not (the ward's organisation, a medication). Without it a part of a record could not be read.
 */
import { eachReference, parseReference } from '../../fhir/references.ts';
import type { Stored } from '../../store/store.ts';

/** `Condition/c1` */
export const nameOf = ({ type, id }: Pick<Stored, 'type' | 'id'>): string => `${type}/${id}`;

/** `Type/id` of every resource of this server that one refers to, in document order. */
export function localNames(stored: Stored): readonly string[] {
  return localNamesIn(JSON.parse(stored.bytes.toString('utf8')));
}

/** The same of a resource, or of a part of one. */
export function localNamesIn(resource: unknown): readonly string[] {
  const names: string[] = [];
  eachReference(resource, (text) => {
    const reference = parseReference(text);
    if (reference.kind === 'local') names.push(`${reference.type}/${reference.id}`);
  });
  return names;
}

/** The resources given and what they refer to among `record`, each once, those given first. */
export function withReferred(given: readonly Stored[], record: readonly Stored[]): readonly Stored[] {
  const byName = new Map(record.map((one) => [nameOf(one), one]));
  const whole = new Map(given.map((one) => [nameOf(one), one]));
  let frontier: readonly Stored[] = given;
  for (let depth = 0; frontier.length > 0; depth++) {
    const found: Stored[] = [];
    for (const one of frontier.flatMap(localNames).flatMap((name) => byName.get(name) ?? [])) {
      if (whole.has(nameOf(one)) || (depth > 0 && one.persons.length > 0)) continue;
      whole.set(nameOf(one), one);
      found.push(one);
    }
    frontier = found;
  }
  return [...whole.values()];
}
