/**
 * The compiled index functions against an independent FHIRPath engine: for every parameter, what the
 * functions select in a resource must be what `fhirpath` finds by the SearchParameter's own expression.
 * Once over HL7's examples and once over instances filled with every element, so that every parameter
 * selects something.
 */
import { describe, expect, it } from 'vitest';
import { filledResources } from '../../test/filled-resources.ts';
import { r4Examples } from '../../test/r4-examples.ts';
import { countByExpression, selectedByExpression } from '../../test/search-expressions.ts';
import { resourceTypes, searchParameterRow, searchParametersOf, whyNotIndexed } from './definitions.ts';
import { SEARCH_FUNCTIONS } from './generated/search-functions.ts';
import type { JsonObject } from './json-access.ts';
import { typeShownBy } from './references.ts';
import type { SearchEmitter } from './search/search-emitter.ts';
import { compositeValues, searchValues } from './search-values.ts';

/** Code → elements that the compiled function selected. */
function selectedBy(resource: JsonObject & { resourceType: string }): Map<string, unknown[]> {
  const selected = new Map<string, unknown[]>();
  const note = (code: string, value: unknown): void => {
    const list = selected.get(code) ?? [];
    list.push(value);
    selected.set(code, list);
  };
  const recorder = new Proxy({} as SearchEmitter, {
    get: (_, method) => (code: string, value: JsonObject, wanted?: string | readonly string[]) => {
      if (method === 'deceased') {
        note(code, value.deceasedDateTime !== undefined || value.deceasedBoolean === true);
      } else if (method === 'referenceTo') {
        if (typeShownBy(String(value.reference)) === wanted) note(code, value);
      } else if (method !== 'inlineResource' || wanted?.includes(String(value.resourceType)) === true) {
        note(code, value);
      }
    },
  });
  SEARCH_FUNCTIONS[resource.resourceType]?.(resource, recorder);
  return selected;
}

const asSet = (values: readonly unknown[]): string =>
  [...new Set(values.map((v) => JSON.stringify(v)))].sort().join('\n');

/**
 * Differences between the two in one resource, as text; adds to `seen` the parameters that selected
 * something.
 */
function differences(
  name: string,
  resource: JsonObject & { resourceType: string },
  seen: Set<string>,
): string[] {
  const selected = selectedBy(resource);
  const found: string[] = [];
  for (const parameter of searchParametersOf(resource.resourceType).values()) {
    if (
      parameter.kind === 'composite' ||
      parameter.kind === 'special' ||
      whyNotIndexed(parameter.on, parameter.code) !== undefined
    )
      continue;
    const ours = selected.get(parameter.code) ?? [];
    const theirs = selectedByExpression(parameter, resource).map((one) => one.value);
    if (ours.length > 0) seen.add(`${parameter.on}.${parameter.code}`);
    if (asSet(ours) !== asSet(theirs))
      found.push(`${name} ${parameter.code}: ${asSet(ours)} | ${asSet(theirs)}`);
  }
  return found;
}

describe('compiled index functions', () => {
  it('select in every R4 example what FHIRPath selects', () => {
    const seen = new Set<string>();
    const examples = r4Examples();
    expect(examples).toHaveLength(793);
    expect(examples.flatMap(({ name, resource }) => differences(name, resource, seen))).toEqual([]);
    expect(seen.size).toBeGreaterThan(800);
  });

  it('select the same in instances that have every element, and every parameter selects something', () => {
    const seen = new Set<string>();
    const unequal: string[] = [];
    const wanted = new Set<string>();
    const valued = new Set<string>();
    for (const type of resourceTypes) {
      for (const { code, kind } of searchParametersOf(type).values()) {
        if (kind !== 'composite' && kind !== 'special' && whyNotIndexed(type, code) === undefined)
          wanted.add(`${type}.${code}`);
      }
      for (const [i, resource] of filledResources(type).entries()) {
        unequal.push(...differences(`${type} ${i}`, resource, seen));
        for (const { code } of searchValues(resource)) valued.add(`${type}.${code}`);
      }
    }
    expect(unequal).toEqual([]);
    expect(wanted.size).toBeGreaterThan(1_300);
    expect([...wanted].filter((one) => !seen.has(one))).toEqual([]);
    expect([...wanted].filter((one) => !valued.has(one))).toEqual([]);
  });

  it('of composites find the elements that FHIRPath finds, and values of each part', () => {
    const unequal: string[] = [];
    const empty = new Set<string>();
    const valued = new Set<string>();
    for (const type of resourceTypes) {
      const composites = [...searchParametersOf(type).values()].filter(({ kind }) => kind === 'composite');
      for (const resource of filledResources(type)) {
        for (const parameter of composites) {
          const groups = compositeValues(resource, parameter.code);
          const count = countByExpression(parameter, resource);
          if (groups.length !== count) unequal.push(`${type}.${parameter.code} ${groups.length} ${count}`);
          const parts = searchParameterRow(type, parameter.code)?.parts ?? [];
          for (const i of parts.keys()) {
            const name = `${type}.${parameter.code}.${i}`;
            empty.add(name);
            if (groups.some((group) => group.some((one) => one.code === String(i)))) valued.add(name);
          }
        }
      }
    }
    expect(unequal).toEqual([]);
    expect(empty.size).toBeGreaterThan(140);
    expect([...empty].filter((one) => !valued.has(one))).toEqual([]);
  });
});
