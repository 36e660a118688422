/**
 * The compiled index functions against an independent FHIRPath engine: for every parameter, what the
 * functions select in a resource must be what `fhirpath` finds by the SearchParameter's own expression.
 * Once over HL7's examples and once over instances filled with every element, so that every parameter
 * selects something.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fhirpath, { type Model } from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4/index.js';
import { describe, expect, it } from 'vitest';
import { filledResources } from '../../test/filled-resources.ts';
import { r4Examples } from '../../test/r4-examples.ts';
import { resourceTypes, searchParametersOf, whyNotIndexed } from './definitions.ts';
import { SEARCH_FUNCTIONS } from './generated/search-functions.ts';
import type { JsonObject } from './json-access.ts';
import { typeShownBy } from './references.ts';
import type { SearchEmitter } from './search-emitter.ts';
import type { SearchParameter } from './search-value.ts';
import { searchValues } from './search-values.ts';

const FOLDER = join(import.meta.dirname, '../../node_modules/hl7.fhir.r4.examples');
const expressions = new Map<string, string>(
  readdirSync(FOLDER)
    .filter((file) => file.startsWith('SearchParameter-'))
    .map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')))
    .map((one) => [one.url, one.expression]),
);

/** Element types that have a value of each kind; others that FHIRPath names are passed over by search. */
const VALUED: Readonly<Record<string, RegExp>> = {
  token:
    /^(Coding|CodeableConcept|Identifier|ContactPoint|boolean|Boolean|code|id|string|uri|url|canonical|oid|uuid)$/,
  reference: /^(Reference|canonical|uri)$/,
  string: /^(string|markdown|code|HumanName|Address)$/,
  date: /^(date|dateTime|instant|Period|Timing)$/,
  quantity: /^(Quantity|Age|Duration|Distance|Count|Money|Range|SampledData)$/,
  number: /^(integer|positiveInt|unsignedInt|decimal|Range)$/,
  uri: /^(uri|url|canonical|oid|uuid)$/,
};

/**
 * What this engine cannot do is written in another way: `as` on several items (R4 wrote it before
 * FHIRPath forbade it), hasExtension, and resolve(), for which the reference's text is looked at. An
 * extension is searched by its value.
 */
function rewritten(expression: string): string {
  return expression
    .replace(/\(([\w.]+) as (\w+)\)/g, '$1.ofType($2)')
    .replace(/\.as\((\w+)\)/g, '.ofType($1)')
    .replace(/hasExtension\('([^']+)'\)/g, "extension('$1').exists()")
    .replace(
      /where\(resolve\(\) is (\w+)\)/g,
      (_, type) => `where(reference.matches('(^|/)${type}/[^/]+(/_history/[^/]+)?$'))`,
    )
    .replace(/^(\w+)\.extension\('([^']+)'\)$/, "$1.extension('$2').value");
}

type Evaluate = (resource: JsonObject) => readonly unknown[];
const compiled = new Map<string, Evaluate>();

function evaluatorOf(parameter: SearchParameter): Evaluate {
  const made = compiled.get(parameter.url);
  if (made !== undefined) return made;
  const expression = expressions.get(parameter.url);
  if (expression === undefined) throw new Error(`${parameter.url} has no expression`);
  // Term by term: the union of this engine compares quantities, and cannot where one has a comparator.
  const terms = rewritten(expression)
    .split(' | ')
    .map((term) => fhirpath.compile(term, r4 as Model, { resolveInternalTypes: false }));
  const wrapped: Evaluate = (resource) => {
    const found = terms.flatMap((evaluate) => evaluate(resource) as unknown[]);
    const types = fhirpath.types(found);
    return found.filter((_, i) => {
      const type = (types[i] ?? '').replace(/^\w+\./, '');
      // A resource that stands in a reference's place (Bundle.entry[0].resource) must be of the
      // target's type.
      return VALUED[parameter.kind]?.test(type) || parameter.targets.some((target) => target === type);
    });
  };
  compiled.set(parameter.url, wrapped);
  return wrapped;
}

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
    if (whyNotIndexed(parameter.on, parameter.code) !== undefined) continue;
    const ours = selected.get(parameter.code) ?? [];
    const theirs = evaluatorOf(parameter)(resource);
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
      for (const { code } of searchParametersOf(type).values()) {
        if (whyNotIndexed(type, code) === undefined) wanted.add(`${type}.${code}`);
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
});
