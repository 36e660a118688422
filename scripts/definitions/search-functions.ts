/**
 * SearchParameter expressions → TypeScript source of one index function per resource type. Each
 * expression is followed through the element tables, so that every property read is a plain one and
 * what is found at its end has a known type. Paths that begin alike share their loops.
 */
import type { ElementRow, SearchParameterRow } from '../../src/fhir/structure-table.ts';
import { compileComposite } from './composite-functions.ts';
import { parseExpression, type Step } from './path-expression.ts';
import type { SearchParameterDefinition } from './r4-package.ts';

/** Element tables, and for each type the one it specialises (`canonical` → `uri`). */
export interface Tables {
  readonly rows: Readonly<Record<string, readonly ElementRow[]>>;
  readonly bases: ReadonlyMap<string, string>;
}

/** A property read or a filter on the way; `key` tells whether two ways share it. */
type Hop =
  | { readonly hop: 'get'; readonly name: string; readonly many: boolean }
  | { readonly hop: 'at'; readonly name: string; readonly index: number }
  | { readonly hop: 'equals'; readonly name: string; readonly value: string }
  | { readonly hop: 'has-extension'; readonly url: string };

export interface Way {
  readonly hops: readonly Hop[];
  /** Type code of what is found there. */
  readonly type: string;
  readonly row: ElementRow | undefined;
  /** `where(resolve() is Patient)` */
  readonly resolvesTo?: string;
}

/** Kind → type of the element → method of SearchEmitter. A type that is absent has no value of that kind. */
const TOKENS = {
  Coding: 'coding',
  CodeableConcept: 'concept',
  Identifier: 'identifier',
  ContactPoint: 'contactPoint',
  boolean: 'truth',
  code: 'codeText',
  id: 'codeText',
  string: 'codeText',
  uri: 'codeText',
  url: 'codeText',
  canonical: 'codeText',
  oid: 'codeText',
  uuid: 'codeText',
};
const STRINGS = {
  string: 'text',
  markdown: 'text',
  code: 'text',
  HumanName: 'humanName',
  Address: 'address',
};
const DATES = {
  date: 'moment',
  dateTime: 'moment',
  instant: 'moment',
  Period: 'period',
  Timing: 'timing',
};
const QUANTITIES = {
  Quantity: 'quantity',
  Age: 'quantity',
  Duration: 'quantity',
  Distance: 'quantity',
  Count: 'quantity',
  Money: 'money',
  Range: 'range',
  SampledData: 'sampledData',
};
const NUMBERS = {
  integer: 'number',
  positiveInt: 'number',
  unsignedInt: 'number',
  decimal: 'number',
  Range: 'numberRange',
};
const URIS = { uri: 'uri', url: 'uri', canonical: 'uri', oid: 'uri', uuid: 'uri' };
const REFERENCES = {
  Reference: 'reference',
  canonical: 'canonical',
  uri: 'canonical',
  Resource: 'inlineResource',
};

/** Kind → type of the element → method of SearchEmitter. */
export const METHODS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  token: TOKENS,
  string: STRINGS,
  date: DATES,
  quantity: QUANTITIES,
  number: NUMBERS,
  uri: URIS,
  reference: REFERENCES,
};

export interface Node {
  readonly children: Map<string, { hop: Hop; node: Node }>;
  /** Calls on what this node stands for. */
  readonly calls: string[];
}

export const newNode = (): Node => ({ children: new Map(), calls: [] });

export interface CompiledSearch {
  readonly source: string;
  readonly parameters: Record<string, SearchParameterRow[]>;
  readonly notIndexed: Record<string, string>;
}

/**
 * Index functions and tables for every resource type. Throws on an expression or path that is not
 * understood.
 */
export function compileSearch(
  definitions: readonly SearchParameterDefinition[],
  resources: readonly string[],
  tables: Tables,
  valueSets: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>,
): CompiledSearch {
  const parameters: Record<string, SearchParameterRow[]> = {};
  const notIndexed: Record<string, string> = {};
  const functions: string[] = [];
  const composites: Composite[] = [];
  for (const type of resources) {
    const root = newNode();
    parameters[type] = [];
    for (const definition of definitions) {
      const base = [type, 'DomainResource', 'Resource'].find((one) => definition.base?.includes(one));
      if (base === undefined || (base === 'DomainResource' && !isDomainResource(type, tables))) continue;
      if (definition.type === 'composite') {
        const made = compileComposite(definition, base, type, definitions, resources, tables, valueSets);
        if (made === undefined) throw new Error(`${definition.id} names nothing of ${type}`);
        parameters[type].push(made.row);
        composites.push({ type, code: definition.code, source: made.source });
        continue;
      }
      if (definition.type === 'special' && definition.code === 'near') {
        parameters[type].push(rowOf(definition, [], resources, valueSets)); // asked of the resource itself
        continue;
      }
      const ways = waysOf(definition, base, type, tables);
      const reason = typeof ways === 'string' ? ways : addCalls(root, definition, ways, tables);
      if (reason !== undefined) notIndexed[`${base === type ? type : base}.${definition.code}`] = reason;
      const found = typeof ways === 'string' ? [] : ways;
      parameters[type].push(rowOf(definition, found, resources, valueSets));
    }
    functions.push(functionSource(type, root));
  }
  return { source: moduleSource(functions, resources, composites), parameters, notIndexed };
}

const isDomainResource = (type: string, tables: Tables): boolean =>
  tables.rows[type]?.some((row) => row.n === 'contained') === true;

/** Every way that the expression names from `type`, or why there is none. */
export function waysOf(
  definition: SearchParameterDefinition,
  base: string,
  type: string,
  tables: Tables,
): Way[] | string {
  const { expression, code } = definition;
  if (code === '_id' || code === '_lastUpdated') return 'kept by the store itself';
  if (definition.type === 'special') return 'special parameter';
  if (expression === undefined) return 'its definition has no expression';
  if (expression === 'Patient.deceased.exists() and Patient.deceased != false') {
    return [{ hops: [], type: 'Patient', row: undefined }];
  }
  const ways: Way[] = [];
  for (const steps of parseExpression(expression)) {
    const [first, ...rest] = steps;
    if (first?.step !== 'get') throw new Error(`${definition.id}: begins with ${first?.step}`);
    const relative = /^[a-z]/.test(first.name);
    if (!relative && first.name !== base) continue;
    ways.push(...follow(relative ? steps : rest, type, tables));
  }
  return ways.length === 0 ? `its expression names nothing of ${type}` : ways;
}

/** Every way that the steps lead from a type. */
export function follow(steps: readonly Step[], type: string, tables: Tables): Way[] {
  let ways: Way[] = [{ hops: [], type, row: undefined }];
  for (const step of steps) ways = ways.flatMap((way) => take(step, way, tables));
  return ways;
}

function take(step: Step, way: Way, tables: Tables): Way[] {
  switch (step.step) {
    case 'get':
      return get(step.name, way, tables);
    case 'as':
      // R4 writes DateTime in Observation.code-value-date, which is no type
      return isA(way.type, step.type === 'DateTime' ? 'dateTime' : step.type, tables.bases) ? [way] : [];
    case 'at': {
      const last = way.hops.at(-1);
      if (last?.hop !== 'get') throw new Error('an index without an element');
      return [
        { ...way, hops: [...way.hops.slice(0, -1), { hop: 'at', name: last.name, index: step.index }] },
      ];
    }
    case 'equals':
      return [{ ...way, hops: [...way.hops, { hop: 'equals', name: step.name, value: step.value }] }];
    case 'resolves-to':
      return [{ ...way, resolvesTo: step.type }];
    case 'extension':
      return get('extension', way, tables)
        .map((at): Way => ({ ...at, hops: [...at.hops, { hop: 'equals', name: 'url', value: step.url }] }))
        .flatMap((at) => get('value', at, tables));
    case 'has-extension':
      return [{ ...way, hops: [...way.hops, { hop: 'has-extension', url: step.url }] }];
  }
}

/** FHIRPath `as`: the type or one that specialises it. */
function isA(type: string, wanted: string, bases: ReadonlyMap<string, string>): boolean {
  let one: string | undefined = type;
  while (one !== undefined && one !== wanted) one = bases.get(one);
  return one === wanted;
}

function get(name: string, way: Way, tables: Tables): Way[] {
  const rows = tables.rows[way.type];
  if (rows === undefined) throw new Error(`${way.type} has no elements, but ${name} is read`);
  const row = rows.find((one) => one.n === name);
  if (row === undefined) throw new Error(`${way.type} has no ${name}`);
  const many = row.max !== 1;
  return row.t.map((type) => ({
    ...way,
    hops: [
      ...way.hops,
      { hop: 'get', name: row.c === 1 ? name + (type[0] ?? '').toUpperCase() + type.slice(1) : name, many },
    ],
    type,
    row,
  }));
}

/** Adds the parameter's calls to the tree; the reason where none of its ways ends in a type of its kind. */
function addCalls(
  root: Node,
  definition: SearchParameterDefinition,
  ways: readonly Way[],
  tables: Tables,
): string | undefined {
  let added = 0;
  for (const way of ways) {
    const call = callOf(definition, way);
    if (call === undefined) {
      if (tables.rows[way.type] === undefined && !isData(way.type)) {
        throw new Error(`${definition.id} ends in ${way.type}`);
      }
      continue;
    }
    addCall(root, way.hops, call);
    added++;
  }
  const types = [...new Set(ways.map((way) => way.type))].join(', ');
  return added > 0 ? undefined : `${types} has no value of kind ${definition.type}`;
}

/** Adds a call at the end of a way. */
export function addCall(root: Node, hops: readonly Hop[], call: string): void {
  let node = root;
  for (const hop of hops) {
    const key = JSON.stringify(hop);
    const next = node.children.get(key) ?? { hop, node: newNode() };
    node.children.set(key, next);
    node = next.node;
  }
  if (!node.calls.includes(call)) node.calls.push(call);
}

const isData = (type: string): boolean => /^[a-z]/.test(type);

/** The call that tells what is found there; undefined where the kind has no value of such an element. */
export function callOf(definition: SearchParameterDefinition, way: Way): string | undefined {
  const code = JSON.stringify(definition.code);
  if (way.type === 'Patient' && definition.type === 'token') return `e.deceased(${code}, $);`;
  const method = METHODS[definition.type]?.[way.type];
  if (method === undefined) return undefined;
  if (definition.code === 'phonetic') {
    if (way.type !== 'HumanName' && way.type !== 'string')
      throw new Error(`${definition.id} ends in ${way.type}`);
    return `e.${way.type === 'HumanName' ? 'phoneticName' : 'phoneticText'}(${code}, $);`;
  }
  if (method === 'inlineResource')
    return `e.inlineResource(${code}, $, ${JSON.stringify(definition.target)});`;
  if (way.resolvesTo !== undefined) {
    if (method !== 'reference') throw new Error(`${definition.id}: resolve() on ${way.type}`);
    return `e.referenceTo(${code}, $, ${JSON.stringify(way.resolvesTo)});`;
  }
  return `e.${method}(${code}, $);`;
}

/** What the tables say of a parameter. */
export function rowOf(
  definition: SearchParameterDefinition,
  ways: readonly Way[],
  resources: readonly string[],
  valueSets: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>,
): SearchParameterRow {
  const targets = new Set<string>();
  const systems = new Set<string>();
  for (const way of ways) {
    if (definition.type === 'reference') {
      const of = way.resolvesTo === undefined ? (way.row?.r ?? definition.target ?? []) : [way.resolvesTo];
      for (const target of of) targets.add(target);
    }
    if (definition.type === 'token' && way.type === 'code' && way.row?.b !== undefined) {
      for (const system of Object.keys(valueSets[way.row.b] ?? {})) systems.add(system);
    }
  }
  const known = [...targets].filter((target) => resources.includes(target)).sort();
  return {
    code: definition.code,
    kind: definition.type,
    url: definition.url,
    types: [...new Set(ways.map((way) => way.type))],
    ...(known.length === 0 ? {} : { targets: known }),
    ...(systems.size === 0 ? {} : { systems: [...systems].sort() }),
  };
}

function functionSource(type: string, root: Node): string {
  const head = `function ${functionName(type)}(r: JsonObject, e: SearchEmitter): void {`;
  return `${head}\n${bodySource(root, 'r', '  ')}}\n`;
}

/** The reads and calls of a tree whose root is called `start`. */
export function bodySource(root: Node, start: string, indentation: string): string {
  let names = 0;
  const body = (node: Node, at: string, indent: string): string => {
    let out = node.calls.map((call) => `${indent}${call.replace('$', at)}\n`).join('');
    for (const { hop, node: child } of node.children.values()) {
      const below = child.children.size > 0;
      const name = `v${names++}`;
      if (hop.hop === 'equals') {
        out += `${indent}if (${at}.${hop.name} === ${JSON.stringify(hop.value)}) {\n`;
        out += `${body(child, at, `${indent}  `)}${indent}}\n`;
      } else if (hop.hop === 'has-extension') {
        out += `${indent}if (hasExtension(${at}.extension, ${JSON.stringify(hop.url)})) {\n`;
        out += `${body(child, at, `${indent}  `)}${indent}}\n`;
      } else if (hop.hop === 'get' && hop.many) {
        out += `${indent}const ${name} = ${at}.${hop.name};\n${indent}if (isArray(${name})) {\n`;
        out += `${indent}  for (const ${name}i of ${name}) {\n${indent}    if (${guard(`${name}i`, below)}) {\n`;
        out += `${body(child, `${name}i`, `${indent}      `)}${indent}    }\n${indent}  }\n${indent}}\n`;
      } else {
        const read = hop.hop === 'at' ? `itemAt(${at}.${hop.name}, ${hop.index})` : `${at}.${hop.name}`;
        out += `${indent}const ${name} = ${read};\n${indent}if (${guard(name, below)}) {\n`;
        out += `${body(child, name, `${indent}  `)}${indent}}\n`;
      }
    }
    return out;
  };
  return body(root, start, indentation);
}

/** What is read further must be an object; the emitter looks at a leaf itself. */
const guard = (name: string, below: boolean): string => (below ? `isObject(${name})` : `${name} != null`);

const functionName = (type: string): string => `index${type}`;

interface Composite {
  readonly type: string;
  readonly code: string;
  readonly source: string;
}

function moduleSource(
  functions: readonly string[],
  resources: readonly string[],
  composites: readonly Composite[],
): string {
  const pairs = composites
    .map(({ type, code, source }) => `  ${JSON.stringify(`${type}.${code}`)}: ${source},\n`)
    .join('');
  const entries = resources.map((type) => `  ${type}: ${functionName(type)},\n`).join('');
  return `/** Made by scripts/compile-definitions.ts from the R4 definitions (HL7, CC0). Not to be edited. */
import { isArray, isObject, itemAt, type JsonObject } from '../json-access.ts';
import type { SearchEmitter } from '../search/search-emitter.ts';

${functions.join('\n')}
function hasExtension(extensions: unknown, url: string): boolean {
  return isArray(extensions) && extensions.some((one) => isObject(one) && one.url === url);
}

/** Resource type → function that tells the emitter every search value of a resource. */
export const SEARCH_FUNCTIONS: Readonly<Record<string, (r: JsonObject, e: SearchEmitter) => void>> = {
${entries}};

/** An element whose parts hold together: \`visit\` finds it, \`parts\` tells its values under '0', '1' … */
interface CompositeElement {
  visit(r: JsonObject, v: (element: unknown) => void): void;
  parts(p: JsonObject, e: SearchEmitter, r: JsonObject): void;
}

/** \`Type.code\` of a composite parameter → its elements. */
export const COMPOSITES: Readonly<Record<string, readonly CompositeElement[]>> = {
${pairs}};
`;
}
