/**
 * What stands inside an element: the children that its own profile gives, those that a contentReference names,
 * or those of its type. And what JSON names those have.
 */
import { PRIMITIVES } from '../primitives.ts';
import type { DefinitionSource, Structure } from './definition-source.ts';
import { type ProfileNode, type ProfileTree, treeOf } from './profile-tree.ts';

export const BASE = 'http://hl7.org/fhir/StructureDefinition/';

/** A JSON name: which element it is, of which type. */
export interface JsonMember {
  readonly node: ProfileNode;
  readonly type: string;
}

/** The tree of the structure under this canonical, if there is one. */
export function treeFor(source: DefinitionSource, canonical: string): ProfileTree | undefined {
  const structure = source.structure(canonical);
  return structure === undefined ? undefined : treeOf(structure);
}

/** The tree of a type of R4. */
export function typeTree(source: DefinitionSource, type: string): ProfileTree | undefined {
  return treeFor(source, BASE + type);
}

/** The children of an element of this type; empty where nothing is known of it. */
export function childrenOf(
  source: DefinitionSource,
  node: ProfileNode,
  type: string,
): readonly ProfileNode[] {
  if (node.children.length > 0) return node.children;
  if (node.reference !== undefined) return referredTo(source, node);
  if (node.of !== undefined && (isBackbone(type) || node.of.children.length > 0)) {
    const inherited = childrenOf(source, node.of, type);
    if (inherited.length > 0) return inherited;
  }
  return typeTree(source, type)?.root.children ?? [];
}

/** `Element` and `BackboneElement`: types whose content the element itself defines. */
export function isBackbone(type: string): boolean {
  return type === 'BackboneElement' || type === 'Element';
}

function referredTo(source: DefinitionSource, node: ProfileNode): readonly ProfileNode[] {
  const path = node.reference ?? '';
  const own = treeOf(node.structure)?.byPath.get(path);
  if (own !== undefined && own.children.length > 0) return own.children;
  return typeTree(source, path.split('.', 1)[0] ?? '')?.byPath.get(path)?.children ?? [];
}

const members = new WeakMap<readonly ProfileNode[], ReadonlyMap<string, JsonMember>>();

/** JSON name (without a leading `_`) → element, for the children of one element. */
export function jsonMembers(children: readonly ProfileNode[]): ReadonlyMap<string, JsonMember> {
  const known = members.get(children);
  if (known !== undefined) return known;
  const made = new Map<string, JsonMember>();
  for (const node of children) {
    // a node that only refers has its type from there: all that R4 refers to are backbones
    if (node.types.length === 0) made.set(node.name, { node, type: 'BackboneElement' });
    for (const { code } of node.types) {
      const name = node.choice ? node.name + code.charAt(0).toUpperCase() + code.slice(1) : node.name;
      made.set(name, { node, type: code });
    }
  }
  members.set(children, made);
  return made;
}

/** Whether JSON writes values of the type as string, number or boolean. */
export function isPrimitive(type: string): boolean {
  return type in PRIMITIVES;
}

/** How messages and issues name what asks: nothing for R4 itself. */
export function labelOf(structure: Structure): string | undefined {
  return structure.derivation === 'constraint' ? structure.url : undefined;
}
