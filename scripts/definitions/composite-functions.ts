/**
 * Composite search parameters → TypeScript source: one function that visits the elements of which the parts are to
 * hold together, and for each of those a function that tells their values part by part. Nothing of it is indexed: a
 * search narrows by the parameters that have the parts' values and looks at the pairs in the resource itself.
 * http://hl7.org/fhir/R4/search.html#composite
 */
import type { SearchParameterRow } from '../../src/fhir/structure-table.ts';
import { parseExpression } from './path-expression.ts';
import type { SearchParameterDefinition } from './r4-package.ts';
import {
  addCall,
  bodySource,
  callOf,
  follow,
  METHODS,
  type Node,
  newNode,
  rowOf,
  type Tables,
  type Way,
  waysOf,
} from './search-functions.ts';

const OF_RESOURCE = '%resource.';

interface Part {
  /** As a parameter of its own, whose code is its place. */
  readonly definition: SearchParameterDefinition;
  readonly expression: string;
}

type ValueSets = Parameters<typeof rowOf>[3];

export interface CompiledComposite {
  readonly row: SearchParameterRow;
  /** `{ visit, parts }[]` as source text. */
  readonly source: string;
}

/** One composite parameter of a type; undefined where none of its elements is of that type. */
export function compileComposite(
  definition: SearchParameterDefinition,
  base: string,
  type: string,
  all: readonly SearchParameterDefinition[],
  resources: readonly string[],
  tables: Tables,
  valueSets: ValueSets,
): CompiledComposite | undefined {
  const elements = elementsOf(definition, base, type, tables);
  if (elements.length === 0) return undefined;
  const parts = (definition.component ?? []).map(({ definition: url, expression }, i): Part => {
    const named = all.find((one) => one.url === url);
    if (named === undefined) throw new Error(`${definition.id}: nothing has the address ${url}`);
    const ways = elements.flatMap((element) => partWays(expression, element, type, tables));
    return { definition: { ...named, type: kindOf(named, ways), code: String(i) }, expression };
  });
  const rows = parts.map((part): SearchParameterRow => {
    const ways = elements.flatMap((element) =>
      partWays(part.expression, element, type, tables).map((way) => absolute(way, element, part.expression)),
    );
    const row = rowOf(part.definition, ways, resources, valueSets);
    return { ...row, code: codeWithin(ways, part, base, type, all, tables) };
  });
  const row = { ...rowOf(definition, [], resources, valueSets), parts: rows };
  return { row, source: `[${elements.map((one) => elementSource(one, parts, type, tables)).join(', ')}]` };
}

function elementsOf(
  { expression = '', id }: SearchParameterDefinition,
  base: string,
  type: string,
  tables: Tables,
): Way[] {
  return parseExpression(expression).flatMap((steps) => {
    const [first, ...rest] = steps;
    if (first?.step !== 'get') throw new Error(`${id}: begins with ${first?.step}`);
    return first.name === base ? follow(rest, type, tables) : [];
  });
}

function partWays(expression: string, element: Way, type: string, tables: Tables): Way[] {
  const whole = expression.startsWith(OF_RESOURCE);
  const path = whole ? expression.slice(OF_RESOURCE.length) : expression;
  return parseExpression(path).flatMap((steps) => follow(steps, whole ? type : element.type, tables));
}

function absolute(way: Way, element: Way, expression: string): Way {
  return expression.startsWith(OF_RESOURCE) ? way : { ...way, hops: [...element.hops, ...way.hops] };
}

/** R4 has the two parts of DocumentReference.relationship crossed: what stands there decides on the kind. */
function kindOf(named: SearchParameterDefinition, ways: readonly Way[]): string {
  const has = (kind: string): boolean => ways.some((way) => METHODS[kind]?.[way.type] !== undefined);
  if (has(named.type)) return named.type;
  const kind = Object.keys(METHODS).find(has);
  if (kind === undefined)
    throw new Error(`${named.id}: no kind has values of ${ways.map((way) => way.type)}`);
  return kind;
}

const keyOf = ({ hops, type }: Way): string => JSON.stringify([hops, type]);

/** The parameter whose index holds all that the part may be, and the least besides; '' where there is none. */
function codeWithin(
  ways: readonly Way[],
  { definition }: Part,
  base: string,
  type: string,
  all: readonly SearchParameterDefinition[],
  tables: Tables,
): string {
  const wanted = ways.filter((way) => METHODS[definition.type]?.[way.type] !== undefined).map(keyOf);
  let best: { readonly code: string; readonly size: number } | undefined;
  for (const one of all) {
    if (one.type !== definition.type || one.base?.includes(base) !== true) continue;
    const held = waysOf(one, base, type, tables);
    if (typeof held === 'string' || held.some((way) => way.resolvesTo !== undefined)) continue;
    const keys = new Set(held.map(keyOf));
    if (!wanted.every((key) => keys.has(key))) continue;
    if (best === undefined || keys.size < best.size) best = { code: one.code, size: keys.size };
  }
  return best?.code ?? '';
}

function elementSource(element: Way, parts: readonly Part[], type: string, tables: Tables): string {
  const visit = newNode();
  addCall(visit, element.hops, 'v($);');
  const within = newNode();
  const whole = newNode();
  for (const { definition, expression } of parts) {
    const root: Node = expression.startsWith(OF_RESOURCE) ? whole : within;
    for (const way of partWays(expression, element, type, tables)) {
      const call = callOf(definition, way);
      if (call !== undefined) addCall(root, way.hops, call);
    }
  }
  const parameters =
    whole.children.size === 0
      ? 'p: JsonObject, e: SearchEmitter'
      : 'p: JsonObject, e: SearchEmitter, r: JsonObject';
  const body = `${bodySource(within, 'p', '  ')}${bodySource(whole, 'r', '  ').replaceAll(/\bv(\d+)/g, 'w$1')}`;
  return `{\n  visit(r: JsonObject, v: (element: unknown) => void): void {\n${bodySource(visit, 'r', '  ')}  },\n  parts(${parameters}): void {\n${body}  },\n}`;
}
