/** What an asker may see, by the plain words of src/store/scope.ts: everything else is taken away before anything is evaluated. */
import { searchParameter } from '../../src/fhir/definitions.ts';
import type { JsonObject } from '../../src/fhir/json-access.ts';
import type { Scope } from '../../src/store/scope.ts';
import { patientsOf, pointedAt } from './element-values.ts';
import type { Kept } from './world.ts';

/** What shows of `versions`, which are the newest of everything at one commit; deletions do not. */
export function visible(versions: readonly Kept[], scope: Scope): readonly Kept[] {
  const closed = closedPatients(versions, scope.hiddenLabels);
  return versions.filter((one) => !one.deleted && shows(one, scope, closed));
}

/** `Type/id` of everything whose newest version an asker may see, deletions too: what a page link may still show (docs/adr/0010). */
export function stillOpen(newest: readonly Kept[], scope: Scope): ReadonlySet<string> {
  const closed = closedPatients(newest, scope.hiddenLabels);
  return new Set(newest.filter((one) => shows(one, scope, closed)).map(({ type, id }) => `${type}/${id}`));
}

function shows({ type, resource }: Kept, scope: Scope, closed: ReadonlySet<string>): boolean {
  const isIn = (types: Scope['types']): boolean => types === 'all' || types.includes(type);
  if (!isIn(scope.types)) return false;
  const persons = patientsOf(type, resource);
  if (persons.length === 0 && !isIn(scope.unattached)) return false;
  const open = scope.persons;
  if (persons.length > 0 && open !== 'all' && !persons.some((one) => open.some((each) => each === one)))
    return false;
  if (persons.some((one) => closed.has(one))) return false;
  return !labelsOf(resource).some((one) => scope.hiddenLabels.includes(one));
}

function labelsOf(resource: JsonObject): readonly string[] {
  const { security } = (resource.meta ?? {}) as { security?: readonly { code?: string }[] };
  return (security ?? []).flatMap(({ code }) => code ?? []);
}

/**
 * Patients that carry a hidden label, and all that links join to them, whichever way they point and however far, also by way of a
 * RelatedPerson that both are. Ids.
 */
function closedPatients(versions: readonly Kept[], hidden: readonly string[]): ReadonlySet<string> {
  const patients = versions.filter((one) => one.type === 'Patient');
  const isLabelled = ({ resource }: Kept): boolean => labelsOf(resource).some((one) => hidden.includes(one));
  const closed = new Set(patients.filter(isLabelled).map(({ id }) => `Patient/${id}`));
  const link = searchParameter('Patient', 'link');
  if (link === undefined) throw new Error('Patient.link is no search parameter');
  for (let before = -1; before < closed.size; ) {
    before = closed.size;
    for (const { id, resource } of patients) {
      const joined = [`Patient/${id}`, ...pointedAt(link, resource)];
      if (joined.some((one) => closed.has(one))) for (const one of joined) closed.add(one);
    }
  }
  return new Set([...closed].flatMap((one) => /^Patient\/(.+)$/.exec(one)?.[1] ?? []));
}
