/**
 * The members of an object against the elements that may stand there: which are unknown, how many there are
 * of each, and which slice each item is of. http://hl7.org/fhir/R4/profiling.html#slicing
 */
import { isResourceType } from '../definitions.ts';
import { isArray, type JsonObject } from '../json-access.ts';
import type { Membership } from './definition-source.ts';
import { itemsUnder } from './item-members.ts';
import type { Focus, Item, ProfileRun } from './profile-run.ts';
import type { ProfileNode } from './profile-tree.ts';
import { type SliceContext, sliceMatch } from './slicing.ts';
import { isPrimitive, type JsonMember, jsonMembers, labelOf } from './type-insides.ts';

/** An item and the element or slice that it is held to. */
export interface Assigned {
  readonly item: Item;
  readonly node: ProfileNode;
}

/**
 * Reads an object's members: reports unknown names, wrong numbers and items of no slice; the items with what
 * each is held to, in the order of the object.
 */
export function checkMembers(
  run: ProfileRun,
  focus: Focus,
  holder: JsonObject,
  children: readonly ProfileNode[],
  context: SliceContext,
): readonly Assigned[] {
  const found = readMembers(run, focus, holder, children);
  const assigned = new Map<Item, ProfileNode>();
  for (const node of children) {
    const items = found.get(node) ?? [];
    if (isPrimitive(focus.item.type) && node.name === 'value') continue;
    checkCount(run, focus, node, items.length);
    if (node.slices.length > 0) assignSlices(focus, context, node, items, assigned);
  }
  return [...found].flatMap(([node, items]) =>
    items.map((item) => ({ item, node: assigned.get(item) ?? node })),
  );
}

function readMembers(
  run: ProfileRun,
  focus: Focus,
  holder: JsonObject,
  children: readonly ProfileNode[],
): ReadonlyMap<ProfileNode, readonly Item[]> {
  const members = jsonMembers(children);
  const found = new Map<ProfileNode, Item[]>();
  const chosen = new Map<ProfileNode, string>();
  const { path } = focus.item;
  for (const name in holder) {
    if (name === 'resourceType' && isResourceType(focus.item.type)) continue;
    const plain = name.startsWith('_') ? name.slice(1) : name;
    if (plain !== name && holder[plain] !== undefined) continue;
    const member = members.get(plain);
    if (member === undefined || (plain !== name && !isPrimitive(member.type))) {
      reportUnknown(run, path, name, children);
      continue;
    }
    const { node } = member;
    if (node.choice && chosen.has(node)) {
      run.error('structure', path, `Only one type of "${node.name}[x]" may be given.`);
    }
    chosen.set(node, plain);
    const items = itemsUnder(holder, plain, member, path);
    checkShape(run, path, member, holder[plain], items);
    found.set(node, [...(found.get(node) ?? []), ...items]);
  }
  return found;
}

const ELEMENT_NAME = /^_?[A-Za-z][A-Za-z0-9_]{0,63}$/;

function reportUnknown(run: ProfileRun, path: string, name: string, children: readonly ProfileNode[]): void {
  const choice = children.find(
    (one) => one.choice && name.startsWith(one.name) && /^[A-Z]/.test(name.slice(one.name.length)),
  );
  if (choice !== undefined) {
    const types = choice.types.map((one) => one.code).join(', ');
    const text = `"${choice.name}[x]" may only be of type ${types} here.`;
    run.error('structure', path, text, labelOf(choice.structure));
  } else if (ELEMENT_NAME.test(name)) {
    run.error('structure', path, `There is no element "${name}" here.`);
  } else {
    run.error('structure', path, 'There is no such element here.');
  }
}

function checkShape(
  run: ProfileRun,
  path: string,
  { node }: JsonMember,
  value: unknown,
  items: readonly Item[],
): void {
  const place = `${path}.${node.name}`;
  if (value === undefined) return;
  if (node.many && !isArray(value)) {
    run.error('structure', place, 'This element repeats: give it as an array, even where there is only one.');
  } else if (!node.many && isArray(value)) {
    run.error('structure', place, 'This element does not repeat: give it without the square brackets.');
  } else if (isArray(value) && items.length === 0) {
    run.error('structure', place, 'An array must not be empty. Leave the element out.');
  }
}

function checkCount(run: ProfileRun, focus: Focus, node: ProfileNode, count: number): void {
  const { path } = focus.item;
  if (count < node.min) {
    const text = `"${node.name}" is required: at least ${node.min}, and there ${are(count)}.`;
    run.error('required', path, text, labelOf(node.structure));
  } else if (count > node.max) {
    const text =
      node.max === 0
        ? `"${node.name}" is not allowed here.`
        : `"${node.name}" may be given at most ${times(node.max)}, and there ${are(count)}.`;
    run.error('structure', path, text, labelOf(node.structure));
  }
}

const are = (count: number): string => (count === 0 ? 'is none' : count === 1 ? 'is one' : `are ${count}`);
const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

function assignSlices(
  focus: Focus,
  context: SliceContext,
  node: ProfileNode,
  items: readonly Item[],
  assigned: Map<Item, ProfileNode>,
): void {
  const { run } = context;
  const matched = new Map<ProfileNode, Item[]>(node.slices.map((slice) => [slice, []]));
  let unsure = false;
  let last = -1;
  let open = false;
  for (const item of items) {
    const { index, certainty } = bestSlice(context, item, node.slices);
    if (run.over) return;
    const slice = node.slices[index];
    if (certainty === 'unknown') unsure = true;
    if (slice === undefined) {
      open = true;
      if (certainty === 'out') reportUnmatched(run, item, node);
      continue;
    }
    checkOrder(run, item, node, index, last, open);
    last = Math.max(last, index);
    assigned.set(item, slice);
    matched.get(slice)?.push(item);
  }
  for (const [slice, own] of matched) {
    checkSliceCount(run, focus, slice, own.length, unsure);
    if (slice.slices.length > 0) assignSlices(focus, context, slice, own, assigned);
  }
}

/** The first slice that surely has it; `unknown` where one might. */
function bestSlice(
  context: SliceContext,
  item: Item,
  slices: readonly ProfileNode[],
): { readonly index: number; readonly certainty: Membership } {
  let certainty: Membership = 'out';
  for (const [index, slice] of slices.entries()) {
    if (!context.run.count(item.path)) break;
    const match = sliceMatch(context, item, slice);
    if (match === 'in') return { index, certainty: match };
    if (match === 'unknown') certainty = 'unknown';
  }
  return { index: -1, certainty };
}

function reportUnmatched(run: ProfileRun, item: Item, node: ProfileNode): void {
  if (node.definition.slicing?.rules !== 'closed') return;
  const slices = node.slices.map((one) => one.definition.sliceName ?? '').join(', ');
  const text = `This is of no slice that is allowed here (${slices}), and no others may be given.`;
  run.error('structure', item.path, text, labelOf(node.structure));
}

function checkOrder(
  run: ProfileRun,
  item: Item,
  node: ProfileNode,
  index: number,
  last: number,
  open: boolean,
): void {
  const { slicing } = node.definition;
  if (slicing?.ordered === true && index < last) {
    const text = 'The slices must be in the order of the profile, and this comes too late.';
    run.error('structure', item.path, text, labelOf(node.structure));
  } else if (slicing?.rules === 'openAtEnd' && open) {
    const text = 'What is of no slice must come after all slices.';
    run.error('structure', item.path, text, labelOf(node.structure));
  }
}

function checkSliceCount(
  run: ProfileRun,
  focus: Focus,
  slice: ProfileNode,
  count: number,
  unsure: boolean,
): void {
  const { path } = focus.item;
  const label = labelOf(slice.structure);
  const name = `"${slice.name}:${slice.definition.sliceName ?? ''}"`;
  if (count < slice.min) {
    const text = `The slice ${name} is required: at least ${slice.min}, and there ${are(count)}.`;
    // an item whose codes nobody here knows may be the one that is missing
    if (unsure) run.warn('required', path, text, label);
    else run.error('required', path, text, label);
  } else if (count > slice.max) {
    const most = slice.max === 0 ? 'not be given' : `be given at most ${times(slice.max)}`;
    run.error('structure', path, `The slice ${name} may ${most}, and there ${are(count)}.`, label);
  }
}
