/**
 * The operations of a FHIRPath Patch, read from its Parameters. Paths are kept to what finds elements: an
 * expression of somebody else is run while others wait. http://hl7.org/fhir/R4/fhirpatch.html
 */
import { Failure } from '../../base/failure.ts';
import { type PathUses, usesOf } from '../fhir-path.ts';
import { isObject, type JsonObject } from '../json-access.ts';
import type { PatchLimits } from '../json-patch.ts';
import type { PatchValue } from './patch-elements.ts';

interface Of {
  /** `Parameters.parameter[0]` */
  readonly place: string;
  readonly path: string;
}

export type PathOperation =
  | (Of & { readonly type: 'add'; readonly name: string; readonly value: PatchValue })
  | (Of & { readonly type: 'insert'; readonly index: number; readonly value: PatchValue })
  | (Of & { readonly type: 'delete' })
  | (Of & { readonly type: 'replace'; readonly value: PatchValue })
  | (Of & { readonly type: 'move'; readonly source: number; readonly destination: number });

const PARTS: Readonly<Record<string, readonly string[]>> = {
  add: ['name', 'value'],
  insert: ['index', 'value'],
  delete: [],
  replace: ['value'],
  move: ['source', 'destination'],
};

/** Throws Failure `invalid` or `value` at the parameter or part that is wrong. */
export function pathOperations(patch: JsonObject, limits: PatchLimits): readonly PathOperation[] {
  const parameters = Array.isArray(patch.parameter) ? patch.parameter : [];
  return parameters.map((one: unknown, i) => operationOf(one, `Parameters.parameter[${i}]`, limits));
}

function operationOf(given: unknown, place: string, limits: PatchLimits): PathOperation {
  if (!isObject(given) || given.name !== 'operation') {
    throw wrong(place, 'Each parameter of a FHIRPath Patch is named "operation".');
  }
  const parts = partsOf(given, place);
  const type = textOf(parts, 'type', place);
  const needed = PARTS[type];
  if (needed === undefined) {
    throw wrong(`${place}.type`, 'The type of an operation is add, insert, delete, replace or move.');
  }
  for (const name of parts.keys()) {
    if (name === 'type' || name === 'path' || needed.includes(name)) continue;
    throw wrong(place, `An operation of type ${type} has no part "${name.slice(0, 40)}".`);
  }
  const of = { place, path: pathOf(textOf(parts, 'path', place), place, limits) };
  const value = (): PatchValue => part(parts, 'value', place) as PatchValue;
  switch (type) {
    case 'add':
      return { ...of, type, name: textOf(parts, 'name', place), value: value() };
    case 'insert':
      return { ...of, type, index: numberOf(parts, 'index', place), value: value() };
    case 'replace':
      return { ...of, type, value: value() };
    case 'move': {
      const [source, destination] = [numberOf(parts, 'source', place), numberOf(parts, 'destination', place)];
      return { ...of, type, source, destination };
    }
    default:
      return { ...of, type: 'delete' };
  }
}

function partsOf(given: JsonObject, place: string): ReadonlyMap<string, JsonObject> {
  const parts = new Map<string, JsonObject>();
  for (const one of Array.isArray(given.part) ? given.part : []) {
    if (!isObject(one) || typeof one.name !== 'string') continue;
    if (parts.has(one.name)) throw wrong(place, `The part "${one.name.slice(0, 40)}" is given twice.`);
    parts.set(one.name, one);
  }
  return parts;
}

function part(parts: ReadonlyMap<string, JsonObject>, name: string, place: string): JsonObject {
  const found = parts.get(name);
  if (found === undefined) throw wrong(place, `The operation needs a part "${name}".`);
  return found;
}

function textOf(parts: ReadonlyMap<string, JsonObject>, name: string, place: string): string {
  const { valueString, valueCode } = part(parts, name, place);
  const text = valueString ?? valueCode;
  if (typeof text === 'string') return text;
  throw wrong(
    `${place}.${name}`,
    `The part "${name}" has a valueString${name === 'type' ? ' or valueCode' : ''}.`,
  );
}

function numberOf(parts: ReadonlyMap<string, JsonObject>, name: string, place: string): number {
  const { valueInteger: number } = part(parts, name, place);
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0) return number;
  throw wrong(`${place}.${name}`, `The part "${name}" has a valueInteger, 0 or more.`);
}

/** Functions that find elements among those there are, at a cost that the size of the resource bounds. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...['where', 'first', 'last', 'tail', 'single', 'skip', 'take', 'ofType', 'as', 'is', 'extension'],
  ...['exists', 'empty', 'not', 'count', 'hasValue', 'startsWith', 'endsWith', 'contains', 'lower', 'upper'],
]);

function pathOf(path: string, place: string, { patchPathCharactersMax: most }: PatchLimits): string {
  if (path.length > most) {
    throw wrong(`${place}.path`, `A path may have ${most} characters (setting patchPathCharactersMax).`);
  }
  // a word of FHIRPath, and the name of an element
  const read = path.replace(/\.div(?=$|[.[)\s])/g, '.`div`');
  const { functions, variables, unions } = usesAt(read, place);
  const other = functions.find((name) => !FUNCTIONS.has(name));
  if (other !== undefined) {
    const known = [...FUNCTIONS].join(', ');
    throw wrong(
      `${place}.path`,
      `A path of a patch cannot use "${other.slice(0, 40)}()": it may use ${known}.`,
    );
  }
  if (variables || unions) {
    throw wrong(`${place}.path`, 'A path of a patch cannot use variables ("%") or unions ("|").');
  }
  return read;
}

function usesAt(path: string, place: string): PathUses {
  try {
    return usesOf(path);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    throw new Failure(thrown.code, thrown.message, { expression: `${place}.path`, cause: thrown });
  }
}

function wrong(expression: string, text: string): Failure {
  return new Failure('invalid', text, { expression });
}
