/**
 * FHIRPath Patch of a resource: the operations of a Parameters resource, one after the other on a copy, all or
 * none. Elements are named as FHIRPath names them and written as JSON names them, so a value brings its type
 * along. What comes out may still be no valid resource: that is for validation to say.
 * http://hl7.org/fhir/R4/fhirpatch.html
 */
import { Failure } from '../base/failure.ts';
import { copyOf } from './exact-decimals.ts';
import { type PathStep, placesOf, withinSteps } from './fhir-path.ts';
import { PathTime } from './foreign-path.ts';
import { isObject, type JsonObject } from './json-access.ts';
import { type PatchLimits, tooMany } from './json-patch.ts';
import { memberFor, type PatchValue, putMember, readItems, writeItems } from './patch/patch-elements.ts';
import { type PathOperation, pathOperations } from './patch/path-patch-operations.ts';
import { type Member, planOf } from './type-plans.ts';

/**
 * A patched copy of `resource`; `patch` is a valid Parameters resource. Throws Failure `invalid` or `value` at
 * the parameter where it is no FHIRPath Patch, `processing` (422) where a path does not lead to what the
 * operation needs, `too-costly` where the paths take more steps than the setting patchStepsMax allows or,
 * with what reading them takes, more time than the setting fhirPathMs.
 */
export function applyPathPatch(resource: unknown, patch: JsonObject, limits: PatchLimits): unknown {
  if (Array.isArray(patch.parameter) && patch.parameter.length > limits.patchOperationsMax)
    throw tooMany(limits);
  const copy = copyOf(resource);
  if (!isObject(copy) || typeof copy.resourceType !== 'string')
    throw new Failure('structure', 'What is patched must be a resource.');
  const time = new PathTime(limits);
  // steps outside of time: what ends by time undoes nothing within
  withinSteps(limits.patchStepsMax, () =>
    time.spend(() => {
      for (const operation of pathOperations(patch, limits)) apply(copy, operation);
    }),
  );
  return copy;
}

/** An element that a path leads to: which of the items under which member of which object. */
interface Target {
  /** From the root to the object that holds it, each with the member that leads on. */
  readonly chain: readonly { readonly holder: Holder; readonly member: Member; readonly index: number }[];
  readonly holder: Holder;
  readonly member: Member;
  readonly index: number;
}
type Holder = Record<string, unknown>;

function apply(root: JsonObject, operation: PathOperation): void {
  switch (operation.type) {
    case 'add':
      add(root, operation);
      break;
    case 'insert':
      insert(root, operation);
      break;
    case 'delete':
      remove(root, operation);
      break;
    case 'replace':
      replace(root, operation);
      break;
    case 'move':
      move(root, operation);
  }
}

function add(root: JsonObject, { place, path, name, value }: PathOperation & { type: 'add' }): void {
  const steps = onePlace(root, path, place);
  const { value: holder, type } = elementAt(root, steps, place);
  const member = memberFor(type, name, value, `${place}.name`);
  const items = readItems(holder, type, name);
  if (items.length > 0 && !member.element.many) {
    throw impossible(place, `adds "${name}", which is there already and does not repeat: use replace`);
  }
  putMember(holder, member, value, place);
}

function insert(root: JsonObject, operation: PathOperation & { type: 'insert' }): void {
  const { place, path, index, value } = operation;
  const { holder, member } = listAt(root, path, place);
  const items = readItems(holder, member, member.element.name);
  if (index > items.length) throw impossible(place, `inserts at ${index} of a list of ${items.length}`);
  items.splice(index, 0, itemOf(member, value, place));
  writeItems(holder, member, items);
}

function move(root: JsonObject, operation: PathOperation & { type: 'move' }): void {
  const { place, path, source, destination } = operation;
  const { holder, member } = listAt(root, path, place);
  const items = readItems(holder, member, member.element.name);
  const [moved] = source < items.length && destination < items.length ? items.splice(source, 1) : [];
  if (moved === undefined)
    throw impossible(place, `moves ${source} to ${destination} in a list of ${items.length}`);
  items.splice(destination, 0, moved);
  writeItems(holder, member, items);
}

function remove(root: JsonObject, { place, path }: PathOperation & { type: 'delete' }): void {
  const steps = places(root, path, place);
  if (steps.length === 0) return;
  const { chain, holder, member, index } = targetOf(root, onlyOne(steps, place), place);
  takeOut(holder, member, index);
  // FHIR has no empty elements
  for (const { holder: above, member: way, index: at } of [...chain].reverse()) {
    const below = readItems(above, way, way.element.name)[at]?.value;
    if (!isObject(below) || Object.keys(below).length > 0) return;
    takeOut(above, way, at);
  }
}

function replace(root: JsonObject, { place, path, value }: PathOperation & { type: 'replace' }): void {
  const { holder, member, index, chain } = targetOf(root, onePlace(root, path, place), place);
  const type = chain.length === 0 ? String(root.resourceType) : typeOfHolder(chain);
  const next = memberFor(type, member.element.name, value, place);
  if (!member.element.many) {
    if (next.json !== member.json) writeItems(holder, member, []);
    putMember(holder, next, value, place);
    return;
  }
  const items = readItems(holder, member, member.element.name);
  items[index] = itemOf(next, value, place);
  writeItems(holder, next, items);
}

function takeOut(holder: Holder, member: Member, index: number): void {
  const items = readItems(holder, member, member.element.name);
  items.splice(index, 1);
  writeItems(holder, member, items);
}

function itemOf(member: Member, value: PatchValue, place: string): { value: unknown; companion: unknown } {
  const alone: Holder = {};
  putMember(alone, member, value, place);
  const one = (held: unknown): unknown => (Array.isArray(held) ? held[0] : held);
  return { value: one(alone[member.json]) ?? null, companion: one(alone[`_${member.json}`]) ?? null };
}

function typeOfHolder(chain: Target['chain']): string {
  const last = chain.at(-1);
  if (last === undefined) return '';
  const below = readItems(last.holder, last.member, last.member.element.name)[last.index]?.value;
  return isObject(below) && typeof below.resourceType === 'string' ? below.resourceType : last.member.type;
}

function places(root: JsonObject, path: string, place: string): readonly (readonly PathStep[])[] {
  try {
    return placesOf(path, root).map((steps) => {
      if (steps === undefined) throw impossible(place, 'has a path to what is no part of the resource');
      return steps;
    });
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.expression !== undefined) throw thrown;
    throw new Failure(thrown.code, thrown.message, { expression: `${place}.path`, cause: thrown });
  }
}

function onlyOne(all: readonly (readonly PathStep[])[], place: string): readonly PathStep[] {
  const [first, ...others] = all;
  if (first === undefined) throw impossible(place, 'has a path that leads to nothing');
  if (others.length > 0) {
    throw impossible(place, `has a path that leads to ${all.length} elements, and needs one`);
  }
  return first;
}

function onePlace(root: JsonObject, path: string, place: string): readonly PathStep[] {
  return onlyOne(places(root, path, place), place);
}

/** The list of which a path names items: all of one member of one object. */
function listAt(
  root: JsonObject,
  path: string,
  place: string,
): { readonly holder: Holder; readonly member: Member } {
  const targets = places(root, path, place).map((steps) => targetOf(root, steps, place));
  const [first] = targets;
  if (first === undefined) throw impossible(place, 'has a path that leads to no list: add to it first');
  const { holder, member } = first;
  if (!member.element.many || targets.some((one) => one.holder !== holder || one.member !== member)) {
    throw impossible(place, 'has a path that leads to no list, or to several');
  }
  return { holder, member };
}

function elementAt(
  root: JsonObject,
  steps: readonly PathStep[],
  place: string,
): { readonly value: Holder; readonly type: string } {
  const walked = walk(root, steps, place);
  const { value, type } = walked.at(-1) ?? { value: root as unknown, type: String(root.resourceType) };
  if (!isObject(value)) throw impossible(place, 'adds to what can hold no elements');
  return { value: value as Holder, type };
}

function targetOf(root: JsonObject, steps: readonly PathStep[], place: string): Target {
  const walked = walk(root, steps, place);
  const last = walked.at(-1);
  if (last === undefined) throw impossible(place, 'has a path to the resource itself, which is no element');
  return { chain: walked.slice(0, -1), holder: last.holder, member: last.member, index: last.index };
}

interface Walked {
  readonly holder: Holder;
  readonly member: Member;
  readonly index: number;
  readonly value: unknown;
  readonly type: string;
}

/** The way from the root along the steps, by the names that JSON has for them. */
function walk(root: JsonObject, steps: readonly PathStep[], place: string): readonly Walked[] {
  const way: Walked[] = [];
  let value: unknown = root;
  let type = String(root.resourceType);
  for (const { name, index = 0 } of steps) {
    if (!isObject(value)) throw impossible(place, 'has a path through what can hold no elements');
    const holder = value as Holder;
    const member = [...planOf(type).members.values()].find(
      (one) =>
        !one.companion &&
        one.element.name === name &&
        (holder[one.json] !== undefined || holder[`_${one.json}`] !== undefined),
    );
    if (member === undefined) throw impossible(place, 'has a path to what is no element');
    value = readItems(holder, member, name)[index]?.value;
    type = isObject(value) && typeof value.resourceType === 'string' ? value.resourceType : member.type;
    way.push({ holder, member, index, value, type });
  }
  return way;
}

function impossible(place: string, text: string): Failure {
  return new Failure('processing', `The operation ${text}.`, { expression: place });
}
