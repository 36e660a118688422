/**
 * The walk: an element against its definition, then what is inside it against that of its type and of the
 * profiles that the type is given with, resources inside resources too. http://hl7.org/fhir/R4/validation.html
 */
import { isResourceType } from '../definitions.ts';
import { isArray, isObject, type JsonObject } from '../json-access.ts';
import { misstatesSize } from './attachment-size.ts';
import { checkBinding, checkKnownCode } from './bindings.ts';
import { checkMembers } from './check-members.ts';
import { checkForm, checkGiven } from './check-value.ts';
import { checkExtension } from './extension-checks.ts';
import { checkInvariants } from './invariants.ts';
import { holderOf } from './item-members.ts';
import { checkMarkup } from './markup-checks.ts';
import { checkNarrative } from './narrative-checks.ts';
import type { Focus, Item, ProfileRun, Scope } from './profile-run.ts';
import type { ProfileNode } from './profile-tree.ts';
import { checkReference } from './reference-checks.ts';
import type { ResolvedTarget } from './resolve-reference.ts';
import { checkBefore, checkOfType } from './resource-checks.ts';
import { BASE, childrenOf, isPrimitive, labelOf, treeFor, typeTree } from './type-insides.ts';

/** Where a resource stands: its path, what surrounds it. */
export interface Place {
  readonly path: string;
  readonly scope: Scope;
  readonly name: string;
  readonly parent: Focus | undefined;
}

/**
 * Holds a resource to its type, to the profiles that it claims and to those given. Whatever it is, this ends
 * and does not throw.
 */
export function checkResource(
  run: ProfileRun,
  value: unknown,
  place: Place,
  profiles: readonly string[],
): void {
  if (!isObject(value)) {
    run.error('structure', place.path, 'A resource must be a JSON object.');
    return;
  }
  const type = value.resourceType;
  if (typeof type !== 'string' || !isResourceType(type)) {
    run.error(
      'structure',
      place.path,
      'The "resourceType" must be one of FHIR R4. Names are case-sensitive.',
    );
    return;
  }
  run.deeper(place.path, () => {
    run.once(value, 'before all', () => checkBefore(run, value, place.path));
    holdTo(run, value, type, place, BASE + type);
    run.once(value, 'rules of the type', () => checkOfType(run, value, place));
    for (const claim of [...claimsOf(value), ...profiles]) {
      if (!run.over) holdTo(run, value, type, place, claim);
    }
  });
}

function claimsOf(resource: JsonObject): readonly string[] {
  const { meta } = resource;
  if (!isObject(meta) || !isArray(meta.profile)) return [];
  return meta.profile.filter((one) => typeof one === 'string');
}

function holdTo(run: ProfileRun, value: JsonObject, type: string, place: Place, profile: string): void {
  const tree = treeFor(run.source, profile);
  if (tree === undefined) {
    run.warn('not-found', place.path, `The profile ${profile} is not loaded, so it has not been checked.`);
    return;
  }
  const { structure, root } = tree;
  if (structure.type !== type && structure.type !== 'Resource' && structure.type !== 'DomainResource') {
    const text = `The profile ${profile} is for ${structure.type}, not for ${type}.`;
    run.error('structure', place.path, text);
    return;
  }
  run.once(value, structure.url, () => {
    const item: Item = { value, companion: undefined, type, path: place.path };
    const { scope, name, parent } = place;
    checkElement(run, { item, scope, name, definitionPath: type, parent }, root);
  });
}

/** Holds one item to the definition of its element, and what is inside it. */
function checkElement(run: ProfileRun, focus: Focus, node: ProfileNode): void {
  const { item } = focus;
  if (!run.count(item.path) || !checkForm(run, focus)) return;
  if (isResource(item.type) && focus.parent !== undefined && node.definition.path.includes('.')) {
    checkInner(run, focus, node);
    return;
  }
  checkInvariants(run, focus, node);
  checkGiven(run, focus, node);
  checkBinding(run, focus, node);
  if (item.type === 'Coding') checkKnownCode(run, focus);
  if (item.type === 'xhtml') checkNarrative(run, focus);
  else if (typeof item.value === 'string') checkMarkup(run, item);
  if (item.type === 'Attachment' && misstatesSize(item.value)) {
    run.error(
      'value',
      item.path,
      'The size is not that of the data: leave it out, or state the bytes of the data.',
    );
  }
  if (item.type === 'Reference') checkReference(run, focus, node, meetsAsTarget(run));
  checkInside(run, focus, childrenOf(run.source, node, item.type));
  checkTypeProfiles(run, focus, node);
}

const ANY_RESOURCE: ReadonlySet<string> = new Set(['Resource', 'DomainResource']);
const isResource = (type: string): boolean => ANY_RESOURCE.has(type) || isResourceType(type);

function checkInside(run: ProfileRun, focus: Focus, children: readonly ProfileNode[]): void {
  const holder = holderOf(focus.item);
  if (holder === undefined || children.length === 0) return;
  const meets = (item: Item, profile: string): boolean => meetsProfile(run, { ...focus, item }, profile);
  const context = { run, scope: focus.scope, meets };
  for (const one of checkMembers(run, focus, holder, children, context)) {
    if (run.over) return;
    if (isPrimitive(focus.item.type) && one.node.name === 'value') continue;
    const { name } = one.node;
    // `Questionnaire.item` inside `Questionnaire.item.item`: the definitions know it by that name
    const definitionPath = one.node.reference ?? `${focus.definitionPath}.${name}`;
    checkElement(run, { item: one.item, scope: focus.scope, name, definitionPath, parent: focus }, one.node);
  }
}

/** Profiles on the element's type; one of several is enough. Those of extensions come by their url too. */
function checkTypeProfiles(run: ProfileRun, focus: Focus, node: ProfileNode): void {
  const profiles = node.types.find((one) => one.code === focus.item.type)?.profile ?? [];
  const extension = focus.item.type === 'Extension' ? checkExtension(run, focus) : undefined;
  const known = profiles.filter((profile) => {
    const structure = run.source.structure(profile);
    return structure !== undefined && structure !== extension;
  });
  if (extension !== undefined) holdItem(run, focus, extension.url);
  if (known.length === 0) return;
  const [only] = known;
  if (only !== undefined && profiles.length === 1) holdItem(run, focus, only);
  else if (!known.some((profile) => meetsProfile(run, focus, profile)) && known.length === profiles.length) {
    const text = `This meets none of the profiles: ${profiles.join(', ')}.`;
    run.error('value', focus.item.path, text, labelOf(node.structure));
  }
}

function holdItem(run: ProfileRun, focus: Focus, profile: string): void {
  const root = treeFor(run.source, profile)?.root;
  if (root === undefined) return;
  run.deeper(focus.item.path, () => {
    checkInvariants(run, focus, root);
    checkGiven(run, focus, root);
    checkBinding(run, focus, root);
    checkInside(run, focus, root.children);
  });
}

function meetsProfile(run: ProfileRun, focus: Focus, profile: string): boolean {
  const { item, scope, name, parent } = focus;
  if (isObject(item.value) && typeof item.value.resourceType === 'string') {
    const { value, path } = item;
    return run.passes(() => checkResource(run, value, { path, scope, name, parent }, [profile]));
  }
  return run.passes(() => holdItem(run, focus, profile));
}

function meetsAsTarget(run: ProfileRun): (target: ResolvedTarget, profile: string) => boolean {
  return ({ resource, place }, profile) => {
    const path = place?.path ?? '';
    const scope = place?.scope ?? { resource, root: resource, bundles: [], rootPath: path };
    const type = String(resource.resourceType);
    // what is wrong with it beside the profile is said where it stands
    return run.passes(() =>
      run.deeper(path, () =>
        holdTo(run, resource, type, { path, scope, name: '', parent: undefined }, profile),
      ),
    );
  };
}

/** A resource inside another: contained, an entry of a Bundle, a parameter. */
function checkInner(run: ProfileRun, focus: Focus, node: ProfileNode): void {
  const { item, scope, name, parent } = focus;
  if (!isObject(item.value)) return;
  const resource = item.value;
  const type = String(resource.resourceType);
  const wanted = node.types.map((one) => one.code);
  if (!wanted.some((one) => one === type || ANY_RESOURCE.has(one)) && isResourceType(type)) {
    const text = `The resource here must be of type ${wanted.join(' or ')}, not ${type}.`;
    run.error('structure', item.path, text, labelOf(node.structure));
  }
  const inner: Scope = innerScope(scope, focus, resource);
  const place = { path: item.path, scope: inner, name, parent };
  checkResource(run, resource, place, []);
  const profiles = node.types.flatMap((one) => one.profile ?? []);
  const known = profiles.filter((profile) => run.source.structure(profile) !== undefined);
  const [only] = known;
  if (only !== undefined && profiles.length === 1) checkResource(run, resource, place, [only]);
  else if (known.length === profiles.length && known.length > 0) {
    const inside = { ...focus, scope: inner };
    if (!known.some((profile) => meetsProfile(run, inside, profile))) {
      const text = `The resource meets none of the profiles: ${profiles.join(', ')}.`;
      run.error('value', item.path, text, labelOf(node.structure));
    }
  }
  if (node.children.length > 0) {
    const typed = { ...focus, item: { ...item, type }, scope: inner, definitionPath: type };
    checkInside(run, typed, mergedChildren(run, node, type));
  }
}

/** What a profile says of a resource inside: with the base for what it does not mention. */
function mergedChildren(run: ProfileRun, node: ProfileNode, type: string): readonly ProfileNode[] {
  const base = typeTree(run.source, type)?.root.children ?? [];
  const own = new Set(node.children.map((one) => one.name));
  return [...node.children, ...base.filter((one) => !own.has(one.name))];
}

function innerScope(scope: Scope, focus: Focus, resource: JsonObject): Scope {
  const { path } = focus.item;
  if (focus.name === 'contained') return { ...scope, resource };
  const entry = focus.parent?.item;
  const bundle = scope.resource;
  if (focus.name !== 'resource' || bundle.resourceType !== 'Bundle' || !isObject(entry?.value)) {
    return { resource, root: resource, bundles: scope.bundles, rootPath: path };
  }
  const fullUrl = typeof entry.value.fullUrl === 'string' ? entry.value.fullUrl : undefined;
  const frame = { bundle, path: scope.rootPath, fullUrl };
  return { resource, root: resource, bundles: [...scope.bundles, frame], rootPath: path };
}
