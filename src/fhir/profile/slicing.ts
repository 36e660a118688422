/**
 * Which slice an item is of: discriminators by value, pattern, existence, type and profile, and what slices of
 * extensions and of choices imply. http://hl7.org/fhir/R4/profiling.html#slicing
 */
import { isArray, isObject } from '../json-access.ts';
import { typeShownBy } from '../references.ts';
import { codesOf } from './coded-values.ts';
import type { DefinitionSource, Membership } from './definition-source.ts';
import { itemsNamed } from './item-members.ts';
import type { Item, ProfileRun, Scope } from './profile-run.ts';
import { type ProfileNode, treeOf } from './profile-tree.ts';
import { resolveReference } from './resolve-reference.ts';
import { childrenOf, treeFor } from './type-insides.ts';
import { hasPattern, isSame } from './value-match.ts';

/** What slicing needs of the validator around it: whether an item meets a profile, without reporting. */
export interface SliceContext {
  readonly run: ProfileRun;
  readonly scope: Scope;
  readonly meets: (item: Item, profile: string) => boolean;
}

interface Discriminator {
  readonly type: string;
  readonly path: string;
}

type Step =
  | { readonly kind: 'child' | 'extension' | 'type'; readonly name: string }
  | { readonly kind: 'resolve' };

/** Nested rules beyond which a discriminator is not followed. */
const NESTING_MAX = 8;

/** How surely the item is of the slice: `unknown` where a value set cannot be asked. */
export function sliceMatch(context: SliceContext, item: Item, slice: ProfileNode): Membership {
  let answer: Membership = 'in';
  for (const discriminator of discriminatorsOf(slice)) {
    const one = discriminates(context, item, slice, discriminator);
    if (one === 'out') return 'out';
    if (one === 'unknown') answer = 'unknown';
  }
  return answer;
}

const BY_URL: readonly Discriminator[] = [{ type: 'value', path: 'url' }];
const BY_TYPE: readonly Discriminator[] = [{ type: 'type', path: '$this' }];
const BY_CONTENT: readonly Discriminator[] = [{ type: 'value', path: '$this' }];

function discriminatorsOf(slice: ProfileNode): readonly Discriminator[] {
  const said = slice.of?.definition.slicing?.discriminator;
  if (said !== undefined && said.length > 0) return said;
  if (slice.name === 'extension' || slice.name === 'modifierExtension') return BY_URL;
  return slice.of?.choice === true ? BY_TYPE : BY_CONTENT;
}

function discriminates(
  context: SliceContext,
  item: Item,
  slice: ProfileNode,
  { type, path }: Discriminator,
): Membership {
  const { source } = context.run;
  const steps = stepsOf(path);
  if (type === 'value' && path === 'url') {
    const url = extensionUrl(source, slice);
    if (url !== undefined) return yes(isObject(item.value) && item.value.url === url);
  }
  const last = steps.at(-1);
  const wanted = nodesAt(source, slice, last?.kind === 'resolve' ? steps.slice(0, -1) : steps);
  if (type === 'type' || type === 'profile') {
    const found = itemsAt(context, [item], steps);
    return yes(found.some((one) => wanted.some((node) => hasType(context, one, node, type, last))));
  }
  const found = itemsAt(context, [item], steps);
  const nodes = last?.kind === 'resolve' ? nodesAt(source, slice, steps) : wanted;
  if (type === 'exists') return existsAs(nodes, found.length > 0);
  let answer: Membership = 'out';
  for (const node of nodes) {
    if (found.length === 0 && (node.max === 0 || demandsNothing(node))) return 'in';
    for (const one of found) {
      const match = conforms(context, one, node, 0);
      if (match === 'in') return 'in';
      if (match === 'unknown') answer = 'unknown';
    }
  }
  return answer;
}

/** A slice that says nothing at a discriminator is not told apart by it. */
function demandsNothing(node: ProfileNode): boolean {
  const { fixed, pattern, definition } = node;
  return (
    node.min === 0 &&
    fixed === undefined &&
    pattern === undefined &&
    definition.binding?.strength !== 'required'
  );
}

const yes = (answer: boolean): Membership => (answer ? 'in' : 'out');

function existsAs(nodes: readonly ProfileNode[], there: boolean): Membership {
  return yes(nodes.some((node) => (node.max === 0 ? !there : node.min > 0 && there)));
}

function hasType(
  { run, scope, meets }: SliceContext,
  item: Item,
  node: ProfileNode,
  by: 'type' | 'profile',
  last: Step | undefined,
): boolean {
  const resolved = last?.kind === 'resolve';
  const profiles = node.types.flatMap((one) => (resolved ? one.targetProfile : one.profile) ?? []);
  if (by === 'profile') return profiles.some((profile) => meets(item, profile));
  const type = typeOf(run, scope, item);
  const types = resolved
    ? profiles.map((profile) => run.source.structure(profile)?.type)
    : node.types.map((one) => one.code);
  return types.includes(type) || types.includes('Resource');
}

function typeOf(_run: ProfileRun, _scope: Scope, item: Item): string {
  if (isObject(item.value) && typeof item.value.resourceType === 'string') return item.value.resourceType;
  return item.type;
}

/** Whether the item has what the node and the nodes inside it demand; a node that demands nothing takes all. */
function conforms(context: SliceContext, item: Item, node: ProfileNode, depth: number): Membership {
  if (node.fixed !== undefined && !isSame(item.value, node.fixed.value)) return 'out';
  if (node.pattern !== undefined && !hasPattern(item.value, node.pattern.value)) return 'out';
  let answer: Membership = (node.fixed ?? node.pattern) ? 'in' : byBinding(context, item, node);
  if (answer === 'out' || depth >= NESTING_MAX) return answer;
  for (const child of node.children) {
    if (child.min === 0 && child.slices.length === 0) continue;
    const items = itemsNamed(item, child.name);
    for (const wanted of [child, ...child.slices].filter((one) => one.min > 0)) {
      const one = bestOf(items.map((each) => conforms(context, each, wanted, depth + 1)));
      if (one === 'out') return 'out';
      if (one === 'unknown') answer = 'unknown';
    }
  }
  return answer;
}

function bestOf(answers: readonly Membership[]): Membership {
  return answers.includes('in') ? 'in' : answers.includes('unknown') ? 'unknown' : 'out';
}

function byBinding({ run }: SliceContext, item: Item, node: ProfileNode): Membership {
  const { binding } = node.definition;
  if (binding?.strength !== 'required' || binding.valueSet === undefined) return 'in';
  const { valueSet } = binding;
  return bestOf(codesOf(item.value).map(({ system, code }) => run.source.membership(valueSet, system, code)));
}

/** The url that a slice of extensions stands for: said by its child, or by the profile of its type. */
function extensionUrl(source: DefinitionSource, slice: ProfileNode): string | undefined {
  const said = slice.children.find((one) => one.name === 'url')?.fixed?.value;
  if (typeof said === 'string') return said;
  for (const profile of slice.types.flatMap((one) => one.profile ?? [])) {
    const structure = source.structure(profile);
    const fixed =
      structure === undefined
        ? undefined
        : treeOf(structure)?.root.children.find((one) => one.name === 'url')?.fixed?.value;
    if (typeof fixed === 'string') return fixed;
    return profile.split('|', 1)[0];
  }
  return undefined;
}

/** `$this`, `code.coding`, `extension('url').value`, `resolve()`, `value.ofType(Quantity)`. */
function stepsOf(path: string): readonly Step[] {
  const steps: Step[] = [];
  for (const match of path.replaceAll('[x]', '').matchAll(/(\w+|\$this)(?:\(\s*'?([^')]*)'?\s*\))?/g)) {
    const [, name = '', argument] = match;
    if (name === '$this') continue;
    if (argument === undefined) steps.push({ kind: 'child', name });
    else if (name === 'resolve') steps.push({ kind: 'resolve' });
    else if (name === 'extension') steps.push({ kind: 'extension', name: argument });
    else if (name === 'ofType' || name === 'as') steps.push({ kind: 'type', name: argument });
  }
  return steps;
}

/** The definitions at a path from a slice: several where a reference may point at several profiles. */
function nodesAt(
  source: DefinitionSource,
  start: ProfileNode,
  steps: readonly Step[],
): readonly ProfileNode[] {
  let nodes: readonly ProfileNode[] = [start];
  for (const step of steps) {
    if (step.kind === 'type') continue;
    nodes = nodes.flatMap((node) => nodesAfter(source, node, step));
  }
  return nodes;
}

function nodesAfter(source: DefinitionSource, node: ProfileNode, step: Step): readonly ProfileNode[] {
  if (step.kind === 'resolve') {
    return node.types
      .flatMap((type) => type.targetProfile ?? [])
      .flatMap((profile) => treeFor(source, profile)?.root ?? []);
  }
  if (step.kind === 'type') return [node];
  const name = step.kind === 'extension' ? 'extension' : step.name;
  const own = node.children.length > 0 ? [node.children] : profiled(source, node);
  const found = own.flatMap((children) => children.filter((one) => one.name === name));
  if (step.kind === 'child') return found.flatMap(demandedSlices);
  return found.flatMap((one) => one.slices.filter((slice) => extensionUrl(source, slice) === step.name));
}

/** Where an element must have items of some slices, those say what tells this one apart. */
function demandedSlices(node: ProfileNode): readonly ProfileNode[] {
  const demanded = node.slices.filter((one) => one.min > 0);
  return demanded.length > 0 ? demanded : [node];
}

function profiled(source: DefinitionSource, node: ProfileNode): readonly (readonly ProfileNode[])[] {
  const profiles = node.types.flatMap((type) => type.profile ?? []);
  const trees = profiles.flatMap((profile) => treeFor(source, profile)?.root.children ?? []);
  if (trees.length > 0) return [trees];
  return node.types.map((type) => childrenOf(source, node, type.code));
}

function itemsAt({ run, scope }: SliceContext, start: readonly Item[], steps: readonly Step[]): Item[] {
  let items: Item[] = [...start];
  for (const step of steps) {
    if (step.kind === 'child') items = items.flatMap((item) => itemsNamed(item, step.name));
    else if (step.kind === 'type') items = items.filter((one) => one.type === step.name || one.type === '');
    else if (step.kind === 'resolve') items = items.flatMap((item) => resolvedItem(run, scope, item));
    else items = items.flatMap((item) => extensionsOf(item, step.name));
  }
  return items;
}

function extensionsOf(item: Item, url: string): Item[] {
  return itemsNamed(item, 'extension').filter((one) => isObject(one.value) && one.value.url === url);
}

/** The resource itself where it is known, otherwise what the reference shows of it: its type. */
function resolvedItem(run: ProfileRun, scope: Scope, item: Item): Item[] {
  if (!isObject(item.value) || isArray(item.value)) return [];
  const { reference, type } = item.value;
  if (typeof reference === 'string') {
    const value = resolveReference(run, scope, reference)?.resource;
    if (value !== undefined) {
      return [{ value, companion: undefined, type: String(value.resourceType), path: item.path }];
    }
  }
  const shown = typeof reference === 'string' ? typeShownBy(reference) : undefined;
  const named = shown ?? (typeof type === 'string' ? type : undefined);
  return named === undefined
    ? []
    : [{ value: undefined, companion: undefined, type: named, path: item.path }];
}
