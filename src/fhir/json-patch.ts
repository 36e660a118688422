/**
 * JSON Patch (RFC 6902) of a resource: operations one after the other on a copy, all or none. What the library
 * does not bound is bounded here: copies of copies double with each operation. What comes out may still be no
 * valid resource: that is for validation to say. http://hl7.org/fhir/R4/http.html#patch
 */
import { applyPatch, type Operation } from 'rfc6902';
import { Pointer } from 'rfc6902/pointer.js';
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { copyOf, setWrittenDecimal, writtenNumber } from './exact-decimals.ts';
import { isObject } from './json-access.ts';

export type PatchLimits = Pick<
  Settings,
  | 'patchOperationsMax'
  | 'patchPathCharactersMax'
  | 'patchStepsMax'
  | 'fhirPathMs'
  | 'bodyBytesMax'
  | 'jsonDepthMax'
>;

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  add: ['path', 'value'],
  remove: ['path'],
  replace: ['path', 'value'],
  move: ['path', 'from'],
  copy: ['path', 'from'],
  test: ['path', 'value'],
};

/**
 * A patched copy of `document`. `patch` is any JSON value. Throws Failure `invalid` where it is no JSON Patch,
 * `processing` (422) naming the operation where a path leads nowhere or a test fails, `too-costly` (413) where
 * it would grow beyond the limits.
 */
export function applyJsonPatch(document: unknown, patch: unknown, limits: PatchLimits): unknown {
  if (!Array.isArray(patch)) throw new Failure('invalid', 'A JSON Patch is an array of operations.');
  if (patch.length > limits.patchOperationsMax) throw tooMany(limits);
  // so that the document itself may be replaced
  const holder = { document: copyOf(document) };
  const budget = new Budget(limits);
  patch.forEach((given, index) => {
    applyOne(holder, operationOf(given, index, limits), index, budget);
  });
  return holder.document;
}

/** Throws for a patch of more operations than the setting allows. */
export function tooMany({ patchOperationsMax }: Pick<Settings, 'patchOperationsMax'>): Failure {
  const text = `A patch may have ${patchOperationsMax} operations (setting patchOperationsMax).`;
  return new Failure('too-costly', text, { status: 413 });
}

function operationOf(given: unknown, index: number, limits: PatchLimits): Operation {
  const op = isObject(given) ? given.op : undefined;
  const members = typeof op === 'string' ? MEMBERS[op] : undefined;
  if (!isObject(given) || members === undefined) {
    throw wrong(index, 'must have an "op" of add, remove, replace, move, copy or test');
  }
  for (const name of members) {
    if (given[name] === undefined) throw wrong(index, `(${op}) needs "${name}"`);
    if (name !== 'value') requirePointer(given[name], `(${op}) has a "${name}" that`, index, limits);
  }
  const { from, path } = given;
  if (op === 'move' && typeof from === 'string' && String(path).startsWith(`${from}/`)) {
    throw wrong(index, '(move) would move a value into itself');
  }
  return given as unknown as Operation;
}

const REACHES_OUT: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

function requirePointer(given: unknown, what: string, index: number, limits: PatchLimits): void {
  if (typeof given !== 'string' || !/^(\/([^~]|~[01])*)?$/s.test(given)) {
    throw wrong(index, `${what} is no JSON Pointer, such as /name/0/family`);
  }
  if (given.length > limits.patchPathCharactersMax) {
    throw wrong(index, `${what} is too long (setting patchPathCharactersMax)`);
  }
  if (given.split('/').some((token) => REACHES_OUT.has(token))) {
    throw wrong(index, `${what} names no element`);
  }
}

function applyOne(holder: { document: unknown }, operation: Operation, index: number, budget: Budget): void {
  const path = Pointer.fromJSON(`/document${operation.path}`);
  const fail = (): Failure => impossible(index, operation, 'MissingError');
  if ('from' in operation) requireWay(holder, Pointer.fromJSON(`/document${operation.from}`), true, fail);
  requireWay(holder, path, HAS_TARGET.has(operation.op), fail);
  const put = putBy(holder, operation);
  if (put !== undefined || operation.op === 'test')
    budget.take(put?.value, path.tokens.length, operation.op === 'copy');
  const within = { ...operation, path: `/document${operation.path}` };
  if ('from' in operation) Object.assign(within, { from: `/document${operation.from}` });
  const [failed] = applyPatch(holder, [within]);
  if (failed !== null && failed !== undefined) throw impossible(index, operation, failed.name);
  if (put !== undefined) keepWritten(holder, path, put);
}

/** Operations about what is there; the others may put something where nothing is. */
const HAS_TARGET: ReadonlySet<string> = new Set(['remove', 'replace', 'test']);

interface Put {
  readonly value: unknown;
  /** How a bare number is written. */
  readonly text: string | undefined;
}

/** What an operation puts where its path leads: a copy, but for what moves. */
function putBy(holder: object, operation: Operation): Put | undefined {
  if (operation.op === 'add' || operation.op === 'replace') {
    return { value: copyOf(operation.value), text: writtenNumber(operation, 'value') };
  }
  if (operation.op !== 'move' && operation.op !== 'copy') return undefined;
  const { parent, key, value } = Pointer.fromJSON(`/document${operation.from}`).evaluate(holder);
  const text = isObject(parent) ? writtenNumber(parent, key) : undefined;
  return { value: operation.op === 'copy' ? copyOf(value) : value, text };
}

/**
 * Throws where a path leads by anything but elements of the resource. The library takes any property for one: by
 * `/toString/call` a patch would reach what the whole process works with.
 */
function requireWay(root: object, { tokens }: Pointer, isThere: boolean, fail: () => Failure): void {
  let at: unknown = root;
  for (const [i, token] of tokens.slice(1).entries()) {
    const isLast = i === tokens.length - 2;
    if (typeof at !== 'object' || at === null) throw fail();
    const isPlace = !Array.isArray(at) || /^(0|[1-9]\d*)$/.test(token) || (isLast && token === '-');
    if (!isPlace || ((isThere || !isLast) && !Object.hasOwn(at, token))) throw fail();
    if (!isLast) at = (at as Record<string, unknown>)[token];
  }
}

/** The library has put a copy of its own there, which knows nothing of decimals. */
function keepWritten(holder: object, path: Pointer, { value, text }: Put): void {
  const { parent, key } = path.evaluate(holder);
  const name = Array.isArray(parent) && key === '-' ? parent.length - 1 : key;
  parent[name] = value;
  if (text !== undefined && isObject(parent)) setWrittenDecimal(parent, String(name), text);
}

class Budget {
  readonly #limits: PatchLimits;
  #left: number;

  constructor(limits: PatchLimits) {
    this.#limits = limits;
    this.#left = limits.bodyBytesMax;
  }

  /** Counts a value that is put `depth` levels down. Throws Failure `too-costly`. */
  take(value: unknown, depth: number, isCopy: boolean): void {
    const { jsonDepthMax, bodyBytesMax } = this.#limits;
    const size = this.#sizeOf(value, jsonDepthMax + 2 - depth);
    if (!isCopy) return;
    this.#left -= size;
    if (this.#left >= 0) return;
    const text = `The copies of this patch are larger than ${bodyBytesMax} bytes (setting bodyBytesMax).`;
    throw new Failure('too-costly', text, { status: 413 });
  }

  #sizeOf(value: unknown, depthLeft: number): number {
    if (depthLeft < 0) {
      const text = 'The patched resource is nested too deep (setting jsonDepthMax).';
      throw new Failure('too-costly', text, { status: 400 });
    }
    if (typeof value === 'string') return value.length + 2;
    if (typeof value !== 'object' || value === null) return 8;
    let size = 2;
    for (const [name, child] of Object.entries(value)) {
      size += name.length + 4 + this.#sizeOf(child, depthLeft - 1);
      if (size > this.#left) return size;
    }
    return size;
  }
}

function wrong(index: number, text: string): Failure {
  return new Failure('invalid', `Operation ${index} of the patch ${text}.`);
}

function impossible(index: number, operation: Operation, name: string): Failure {
  const { op, path } = operation;
  const where = 'from' in operation ? `${operation.from} → ${path}` : path;
  const shown = /^[A-Za-z0-9_/\-→ ]{0,200}$/.test(where) ? ` at "${where}"` : '';
  const text =
    name === 'TestError'
      ? 'finds another value there than it tests for. Read the resource again'
      : 'leads nowhere: what it names is not there';
  return new Failure('processing', `Operation ${index} of the patch (${op}${shown}) ${text}.`);
}
