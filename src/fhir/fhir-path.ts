/**
 * FHIRPath at run time: one door to the `fhirpath` library with its R4 model, so that invariants,
 * discriminators, patches and the oracle of the search tests all mean the same by an expression. Synchronous
 * only: nothing is fetched, `resolve()` finds what the caller's resolver knows, and `trace()` writes nothing.
 * http://hl7.org/fhirpath/N1 and http://hl7.org/fhir/R4/fhirpath.html.
 */
import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4';
import { Failure } from '../base/failure.ts';
import { isResourceType } from './definitions.ts';
import { isObject } from './json-access.ts';

/** `%name` → its value. */
export type PathEnvironment = Readonly<Record<string, unknown>>;

/** What a reference points at; undefined where that is not known. */
export type PathResolver = (reference: string) => unknown;

/**
 * The values of an expression for a resource, or for a part of one of the type it was compiled for. Objects are
 * those of the resource itself, not copies; dates, times and quantities are as FHIRPath writes them. `resolve()`
 * finds contained resources and entries of a Bundle, then asks `resolver`. Throws Failure `processing` where the
 * expression cannot be evaluated for this value.
 */
export type PathFunction = (
  resource: unknown,
  environment?: PathEnvironment,
  resolver?: PathResolver,
) => unknown[];

/** A value as the library holds it: what it is, and what FHIR type it is known to have. */
export interface PathNode {
  /** The JSON value. */
  readonly value: unknown;
  /** `FHIR.Patient`, `System.String`. */
  readonly type: string;
}

type Evaluate = (
  resource: unknown,
  environment?: PathEnvironment,
  resolver?: PathResolver,
) => readonly unknown[];

/** Expressions that are kept compiled; the definitions have some thousands. Beyond it all are forgotten. */
const COMPILED_KEPT = 10_000;
const compiled = new Map<string, PathFunction>();

/**
 * The expression as a function, kept for the next time. `type` (`Patient`, `HumanName`, `Patient.contact`) is needed
 * where what is given will not be a whole resource. Throws Failure `invalid` where it is no FHIRPath.
 */
export function compile(expression: string, type = ''): PathFunction {
  const key = `${type} ${expression}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const made = compileOnce(expression, type);
  if (compiled.size >= COMPILED_KEPT) compiled.clear();
  compiled.set(key, made);
  return made;
}

/** As `compile`, and not kept. */
export function compileOnce(expression: string, type = ''): PathFunction {
  const evaluate = makeEvaluator(expression, type);
  return (resource, environment, resolver) => evaluate(resource, environment, resolver).map(plainValue);
}

/** As `compile`, not kept, and with the type of each value beside it. */
export function compileTyped(
  expression: string,
  type = '',
): (resource: unknown, environment?: PathEnvironment, resolver?: PathResolver) => readonly PathNode[] {
  const evaluate = makeEvaluator(expression, type);
  return (resource, environment, resolver) => {
    const nodes = evaluate(resource, environment, resolver);
    const types = fhirpath.types(nodes);
    return nodes.map((node, i) => ({ value: plainValue(node), type: types[i] ?? '' }));
  };
}

/** One step from an element to one below it: `index` where the element repeats. */
export interface PathStep {
  /** As FHIRPath names it: `deceased`, whatever its type. */
  readonly name: string;
  readonly index: number | undefined;
}

/**
 * Where in the resource the values of an expression lie, from its root on; undefined for what is no part of it.
 * Nothing is kept: patches rarely come twice. Throws as `compile` and what it gives do.
 */
export function placesOf(expression: string, resource: object): readonly (readonly PathStep[] | undefined)[] {
  return makeEvaluator(expression, '')(resource).map((node) => stepsTo(node, resource));
}

interface LibraryNode {
  readonly data: unknown;
  readonly parentResNode: LibraryNode | null;
  readonly propName: string | null;
  readonly index: number | null;
}

function stepsTo(node: unknown, resource: object): readonly PathStep[] | undefined {
  const steps: PathStep[] = [];
  let at = node as LibraryNode | null;
  for (; at?.parentResNode != null; at = at.parentResNode) {
    if (at.propName === null) return undefined;
    steps.unshift({ name: at.propName, index: at.index ?? undefined });
  }
  return at?.data === resource ? steps : undefined;
}

/** What an expression uses that costs whoever evaluates it. */
export interface PathUses {
  /** Names of the functions that it calls, as they are written: backticks included. */
  readonly functions: readonly string[];
  /** Whether it names a variable (`%resource`). */
  readonly variables: boolean;
  readonly unions: boolean;
}

/**
 * What an expression uses, by how the library reads it: in its text a name may be in backticks, a quote within
 * them, and a comment before a bracket. Throws Failure `invalid` where it is no FHIRPath.
 */
export function usesOf(expression: string): PathUses {
  const functions: string[] = [];
  const types = new Set<string>();
  const waiting: ParsedNode[] = [parsed(expression)];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.type === 'Functn') functions.push(node.text ?? '');
    if (node.type !== undefined) types.add(node.type);
    waiting.push(...(node.children ?? []));
  }
  return { functions, variables: types.has('ExternalConstant'), unions: types.has('UnionExpression') };
}

interface ParsedNode {
  readonly type?: string;
  readonly text?: string;
  readonly children?: readonly ParsedNode[];
}

function parsed(expression: string): ParsedNode {
  try {
    return fhirpath.parse(expression) as ParsedNode;
  } catch (error) {
    throw notFhirPath(error);
  }
}

function notFhirPath(cause: unknown): Failure {
  return new Failure('invalid', `Not FHIRPath: ${firstLine(cause)}. See http://hl7.org/fhirpath/N1.`, {
    cause,
  });
}

/** The library warns on the console of quantities that it cuts short, with the dates that it adds them to. */
const { warn } = console;
const silent = (): void => undefined;

/** Steps left to what is being evaluated; an expression that comes from outside must not run away. */
let stepsLeft = Number.POSITIVE_INFINITY;

/**
 * Evaluates within so many steps (each operator, function and value that one gives): the result, and the steps
 * that it took. Throws Failure `too-costly` where they do not suffice.
 */
export function withinSteps<T>(steps: number, work: () => T): { readonly result: T; readonly steps: number } {
  const outer = stepsLeft;
  stepsLeft = steps;
  try {
    const result = work();
    return { result, steps: steps - stepsLeft };
  } finally {
    stepsLeft = outer;
  }
}

function spend(_context: unknown, _focus: unknown, result: unknown): void {
  if (stepsLeft === Number.POSITIVE_INFINITY) return;
  stepsLeft -= 1 + (Array.isArray(result) ? result.length : 0);
  if (stepsLeft < 0) throw new Failure('too-costly', 'The FHIRPath expression takes too many steps.');
}

const OPTIONS = {
  async: false,
  resolveInternalTypes: false,
  traceFn: () => undefined,
  debugger: spend,
} as const;

/** Who resolves references in the evaluation that is under way: it is synchronous, so there is one. */
let resolving: { readonly resource: unknown; readonly resolver: PathResolver | undefined } | undefined;

function makeEvaluator(expression: string, type: string): Evaluate {
  const path = type === '' ? expression : { base: type, expression };
  let run: (resource: unknown, environment?: Record<string, unknown>) => unknown[];
  try {
    run = fhirpath.compile(path, r4, { ...OPTIONS, userInvocationTable: FUNCTIONS });
  } catch (error) {
    throw notFhirPath(error);
  }
  const constants = constantsIn(expression);
  return (resource, given, resolver) => {
    const environment = constants === undefined ? given : { ...constants, ...given };
    const outer = resolving;
    resolving = { resource: environment?.rootResource ?? environment?.resource ?? resource, resolver };
    console.warn = silent;
    try {
      return run(resource, environment);
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure('processing', `The FHIRPath expression fails here: ${firstLine(error)}.`, {
        cause: error,
      });
    } finally {
      resolving = outer;
      console.warn = warn;
    }
  };
}

const CONSTANT = /%`?((?:vs|ext)-[A-Za-z0-9-]+|sct|loinc)\b`?/g;

/** The constants of FHIR that an expression names (`%sct`, %`vs-name`); undefined where it names none. */
function constantsIn(expression: string): PathEnvironment | undefined {
  if (!expression.includes('%')) return undefined;
  const found = [...expression.matchAll(CONSTANT)].map(([, name = '']) => [name, constantOf(name)] as const);
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function constantOf(name: string): string {
  if (name === 'sct') return 'http://snomed.info/sct';
  if (name === 'loinc') return 'http://loinc.org';
  const [, kind, rest] = /^(vs|ext)-(.*)$/.exec(name) ?? [];
  return `http://hl7.org/fhir/${kind === 'vs' ? 'ValueSet' : 'StructureDefinition'}/${rest}`;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n', 1)[0] ?? '').slice(0, 200).replace(/[.\s]+$/, '');
}

/** A node of the library as plain JSON: the very object of the resource where it is one. */
function plainValue(node: unknown): unknown {
  if (typeof node !== 'object' || node === null) return typeof node === 'bigint' ? Number(node) : node;
  const held = 'data' in node && 'fhirNodeDataType' in node ? node.data : node;
  if (typeof held !== 'object' || held === null) return typeof held === 'bigint' ? Number(held) : held;
  // dates, times, quantities and decimals of the library
  return isPlain(held) ? held : fhirpath.resolveInternalTypes(held);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}

/**
 * The functions that are ours: the library's `resolve()` would fetch over the network, it has no `conformsTo()` and
 * `precision()`, and an empty pattern of its `replaceMatches()` matches between all letters.
 */
const FUNCTIONS = {
  conformsTo: { fn: conformsTo, arity: { 1: ['String' as const] } },
  precision: { fn: precision, arity: { 0: [] }, internalStructures: true },
  replaceMatches: {
    fn: (items: readonly unknown[], pattern: string, text: string): unknown => {
      const [value] = items;
      if (typeof value !== 'string' || items.length !== 1) return [];
      return pattern === '' ? value : value.replace(new RegExp(pattern, 'gu'), text);
    },
    arity: { 2: ['String' as const, 'String' as const] },
    nullable: true,
  },
  resolve: {
    fn: (items: readonly unknown[]): unknown[] =>
      items
        .map((item) => resolved(referenceOf(item)))
        .filter(isObject)
        .flatMap((found) => itself(found)),
    arity: { 0: [] },
  },
};

const BASE_PROFILES = 'http://hl7.org/fhir/StructureDefinition/';

/** Whether each is of the type whose base profile is named; what a profile of others asks is not known here. */
function conformsTo(items: readonly unknown[], profile: string): unknown {
  const type = profile.startsWith(BASE_PROFILES) ? profile.slice(BASE_PROFILES.length) : '';
  if (!isResourceType(type) && type !== 'Resource' && type !== 'DomainResource') {
    throw new Failure('not-supported', 'conformsTo() knows the base profiles of R4 resource types only.');
  }
  if (items.length !== 1) return [];
  const [item] = items;
  const actual = isObject(item) ? item.resourceType : undefined;
  if (typeof actual !== 'string' || !isResourceType(actual)) return false;
  if (type === 'Resource') return true;
  if (type === 'DomainResource') return !['Bundle', 'Binary', 'Parameters'].includes(actual);
  return actual === type;
}

/** Digits of a date, time or decimal, those of its zone not counted. */
function precision(items: readonly unknown[]): unknown {
  const [item] = items.map(plainValue);
  if (items.length !== 1 || (typeof item !== 'string' && typeof item !== 'number')) return [];
  const text = String(item);
  if (typeof item === 'number') return text.split('.')[1]?.length ?? 0;
  return text.replace(/(?<=T.*)(?:Z|[+-]\d\d:\d\d)$/, '').replace(/\D/g, '').length;
}

/** A resource as the library holds one, so that it knows its type. */
const itself: (resource: unknown) => unknown[] = fhirpath.compile('$this', r4, OPTIONS);

function referenceOf(item: unknown): string | undefined {
  if (typeof item === 'string') return item;
  return isObject(item) && typeof item.reference === 'string' ? item.reference : undefined;
}

function resolved(reference: string | undefined): unknown {
  if (reference === undefined || resolving === undefined) return undefined;
  const { resource, resolver } = resolving;
  return withinResource(resource, reference) ?? resolver?.(reference);
}

/** A contained resource (`#id`, `#` for the container), or an entry of the Bundle by its fullUrl. */
function withinResource(resource: unknown, reference: string): unknown {
  if (!isObject(resource)) return undefined;
  if (reference === '#') return resource;
  if (reference.startsWith('#')) {
    const { contained } = resource;
    if (!Array.isArray(contained)) return undefined;
    return contained.find((one) => isObject(one) && one.id === reference.slice(1));
  }
  if (resource.resourceType !== 'Bundle' || !Array.isArray(resource.entry)) return undefined;
  const entry = resource.entry.find(
    (one) =>
      isObject(one) &&
      typeof one.fullUrl === 'string' &&
      (one.fullUrl === reference || one.fullUrl.endsWith(`/${reference}`)),
  );
  return isObject(entry) ? entry.resource : undefined;
}
