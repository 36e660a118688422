/**
 * What a search parameter selects in a resource by an independent FHIRPath engine and the SearchParameter's own expression: what the compiled
 * index functions, and the searches built on them, are held against.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fhirpath, { type Model } from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4/index.js';
import type { JsonObject } from '../src/fhir/json-access.ts';
import type { SearchParameter } from '../src/fhir/search-value.ts';

const FOLDER = join(import.meta.dirname, '../node_modules/hl7.fhir.r4.examples');
interface Definition {
  readonly url: string;
  readonly code: string;
  readonly type: SearchParameter['kind'];
  readonly expression?: string;
  readonly target?: SearchParameter['targets'];
  readonly component?: readonly { readonly definition: string; readonly expression: string }[];
}

const definitions = new Map<string, Definition>(
  readdirSync(FOLDER)
    .filter((file) => file.startsWith('SearchParameter-'))
    .map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')))
    .map((one) => [one.url, one]),
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

/** An element as it stands in the JSON, and its FHIR type. */
export interface Selected {
  readonly type: string;
  readonly value: unknown;
}

const compiled = new Map<string, readonly ((resource: JsonObject) => unknown)[]>();

function termsOf(parameter: SearchParameter): readonly ((resource: JsonObject) => unknown)[] {
  const made = compiled.get(parameter.url);
  if (made !== undefined) return made;
  const expression = definitions.get(parameter.url)?.expression;
  if (expression === undefined) throw new Error(`${parameter.url} has no expression`);
  // Term by term: the union of this engine compares quantities, and cannot where one has a comparator.
  const terms = rewritten(expression)
    .split(' | ')
    .map((term) => fhirpath.compile(term, r4 as Model, { resolveInternalTypes: false }));
  compiled.set(parameter.url, terms);
  return terms;
}

/** Whether the expression asks what a reference leads to: a reference without a text leads nowhere then. */
export function isResolved({ url }: SearchParameter): boolean {
  return definitions.get(url)?.expression?.includes('resolve()') === true;
}

/** The elements (out of the engine's wrapping) that the parameter's expression selects and that its kind has a value for. */
export function selectedByExpression(parameter: SearchParameter, resource: JsonObject): readonly Selected[] {
  return selectedBy(termsOf(parameter), parameter, resource);
}

function selectedBy(
  terms: readonly ((resource: JsonObject) => unknown)[],
  { kind, targets }: SearchParameter,
  resource: JsonObject,
): readonly Selected[] {
  const found = terms.flatMap((evaluate) => evaluate(resource) as unknown[]);
  const types = fhirpath.types(found);
  return found
    .map((node, i) => ({
      value: JSON.parse(JSON.stringify(node)) as unknown,
      type: (types[i] ?? '').replace(/^\w+\./, ''),
    }))
    .filter(
      // A resource that stands in a reference's place (Bundle.entry[0].resource) must be of the target's type.
      ({ type }) => VALUED[kind]?.test(type) || targets.some((target) => target === type),
    );
}

/** How many elements the parameter's expression selects, whatever they are. */
export function countByExpression(parameter: SearchParameter, resource: JsonObject): number {
  return termsOf(parameter).flatMap((evaluate) => evaluate(resource) as unknown[]).length;
}

/** The parts of a composite parameter, each as a parameter that has no code of its own. */
export function componentsOf({ url, on }: SearchParameter): readonly SearchParameter[] {
  return (definitions.get(url)?.component ?? []).map(({ definition }) => {
    const part = definitions.get(definition);
    if (part === undefined) throw new Error(`${definition} is not defined`);
    return { code: '', on, kind: part.type, targets: part.target ?? [], url: `${url} ${definition}` };
  });
}

/**
 * What a composite parameter selects: for each element that its expression names, the elements of each part within
 * it.
 */
export function groupsByExpression(
  parameter: SearchParameter,
  resource: JsonObject,
): readonly (readonly (readonly Selected[])[])[] {
  const { expression = '', component = [] } = definitions.get(parameter.url) ?? {};
  const parts = componentsOf(parameter);
  return expression.split(' | ').flatMap((term) => {
    const bases = compiledOnce(term)(resource) as unknown[];
    return bases.map((_, n) =>
      parts.map((part, i) => {
        const within = (component[i]?.expression ?? '').split(' | ');
        const terms = within.map((one) => compiledOnce(`(${term})[${n}].${rewritten(one)}`));
        return selectedBy(terms, part, resource);
      }),
    );
  });
}

const compiledTerms = new Map<string, (resource: JsonObject) => unknown>();

function compiledOnce(term: string): (resource: JsonObject) => unknown {
  const known = compiledTerms.get(term);
  if (known !== undefined) return known;
  const made = fhirpath.compile(term, r4 as Model, { resolveInternalTypes: false }) as (
    resource: JsonObject,
  ) => unknown;
  compiledTerms.set(term, made);
  return made;
}
