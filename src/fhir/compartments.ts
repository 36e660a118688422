/**
 * Whose record a resource belongs to: the patient compartment,
 * http://hl7.org/fhir/R4/compartmentdefinition-patient.html, from the same index functions as search,
 * so that the two can never disagree.
 */
import { structure } from './definitions.ts';
import { isObject } from './json-access.ts';
import { parseReference } from './references.ts';
import type { SearchValue } from './search-value.ts';
import { searchValues } from './search-values.ts';

const parametersOf: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(structure.patientCompartment).map(([type, codes]) => [type, new Set(codes)]),
);
const NONE: readonly string[] = [];

/**
 * Ids of the Patients of this server in whose compartment the resource lies, each once, in document
 * order; empty where it lies in none. A Patient lies in its own alone: R4 adds those it is linked to,
 * but a `seealso` link is no statement that two records are one person, so joining by link is left to
 * records, which looks at the link's type.
 */
export function patientsOf(resource: unknown): readonly string[] {
  return isObject(resource) &&
    (parametersOf.has(String(resource.resourceType)) || resource.resourceType === 'Binary')
    ? patientsAmong(resource, searchValues(resource))
    : NONE;
}

export interface Indexed {
  readonly values: SearchValue[];
  readonly patients: readonly string[];
}

/** searchValues and patientsOf in one pass: what a store needs for each version it writes. */
export function indexOf(resource: unknown): Indexed {
  const values = searchValues(resource);
  return { values, patients: isObject(resource) ? patientsAmong(resource, values) : NONE };
}

function patientsAmong(
  resource: { readonly [name: string]: unknown },
  values: readonly SearchValue[],
): readonly string[] {
  const codes = parametersOf.get(String(resource.resourceType));
  if (codes === undefined) return resource.resourceType === 'Binary' ? securedFor(resource) : NONE;
  const patients: string[] = [];
  if (resource.resourceType === 'Patient') return typeof resource.id === 'string' ? [resource.id] : NONE;
  for (const value of values) {
    if (value.kind !== 'reference' || value.type !== 'Patient' || !codes.has(value.code)) continue;
    if (!patients.includes(value.id)) patients.push(value.id);
  }
  return patients;
}

/**
 * A Binary is in no compartment of R4's; one whose securityContext is a Patient is to be seen as that Patient is.
 * http://hl7.org/fhir/R4/binary-definitions.html#Binary.securityContext
 */
function securedFor({ securityContext }: { readonly [name: string]: unknown }): readonly string[] {
  if (!isObject(securityContext) || typeof securityContext.reference !== 'string') return NONE;
  const reference = parseReference(securityContext.reference);
  return reference.kind === 'local' && reference.type === 'Patient' ? [reference.id] : NONE;
}
