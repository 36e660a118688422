/**
 * What a resource has under a search parameter: the elements that the SearchParameter's own expression selects by an independent FHIRPath
 * engine, and the values that R4 gives to each. Taken once for each version, since many queries ask the same.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { searchParameter } from '../../src/fhir/definitions.ts';
import type { JsonObject } from '../../src/fhir/json-access.ts';
import type { SearchParameter } from '../../src/fhir/search-value.ts';
import { type Atom, atomsOf } from '../naive-search.ts';
import {
  componentsOf,
  groupsByExpression,
  type Selected,
  selectedByExpression,
} from '../search-expressions.ts';

const elements = new WeakMap<JsonObject, Map<string, readonly Selected[]>>();
const atoms = new WeakMap<JsonObject, Map<string, readonly Atom[]>>();
const groups = new WeakMap<JsonObject, Map<string, readonly (readonly (readonly Atom[])[])[]>>();

function once<T>(
  known: WeakMap<JsonObject, Map<string, T>>,
  resource: JsonObject,
  key: string,
  make: () => T,
): T {
  const of = known.get(resource) ?? new Map<string, T>();
  known.set(resource, of);
  const before = of.get(key);
  if (before !== undefined) return before;
  const made = make();
  of.set(key, made);
  return made;
}

/** The elements that the expression selects. */
export function elementsOf(parameter: SearchParameter, resource: JsonObject): readonly Selected[] {
  return once(elements, resource, parameter.url, () => selectedByExpression(parameter, resource));
}

/** The values of those elements. */
export function valuesOf(parameter: SearchParameter, resource: JsonObject): readonly Atom[] {
  return once(atoms, resource, parameter.code, () =>
    elementsOf(parameter, resource).flatMap((selected) => atomsOf(parameter, selected)),
  );
}

/** Of a composite parameter: for each element that its parts are to hold within, the values of each part. */
export function groupsOf(
  parameter: SearchParameter,
  resource: JsonObject,
): readonly (readonly (readonly Atom[])[])[] {
  return once(groups, resource, parameter.url, () => {
    const parts = componentsOf(parameter);
    return groupsByExpression(parameter, resource).map((group) =>
      group.map((selected, i) => {
        const part = parts[i];
        return part === undefined ? [] : selected.flatMap((one) => atomsOf(part, one));
      }),
    );
  });
}

/** `Type/id` of each resource of this server that a reference parameter points at, each once. */
export function pointedAt(parameter: SearchParameter, resource: JsonObject): readonly string[] {
  const texts = valuesOf(parameter, resource).flatMap((one) => (one.kind === 'reference' ? [one.text] : []));
  return [...new Set(texts.filter((one) => /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/.test(one)))];
}

const COMPARTMENT = join(
  import.meta.dirname,
  '../../node_modules/hl7.fhir.r4.examples/CompartmentDefinition-patient.json',
);
const inclusion = new Map<string, readonly string[]>(
  JSON.parse(readFileSync(COMPARTMENT, 'utf8')).resource.map(
    (one: { code: string; param?: readonly string[] }) => [one.code, one.param ?? []],
  ),
);

/**
 * Ids of the Patients in whose compartment a resource lies, by HL7's CompartmentDefinition. A Patient lies in its own alone: R4 adds
 * those that it is linked to, which this project leaves to whoever knows what kind of link it is.
 */
export function patientsOf(type: string, resource: JsonObject): readonly string[] {
  if (type === 'Patient') return [String(resource.id)];
  const targets = (inclusion.get(type) ?? []).flatMap((code) => {
    const parameter = searchParameter(type, code);
    return parameter === undefined ? [] : pointedAt(parameter, resource);
  });
  return targets.flatMap((one) => (one.startsWith('Patient/') ? [one.slice('Patient/'.length)] : []));
}
