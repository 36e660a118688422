/**
 * The elements of a StructureDefinition as a tree, in which a snapshot is made: a list of paths says what follows what,
 * a tree says what belongs to what. Slices stand beside the element that they slice, after it.
 * http://hl7.org/fhir/R4/elementdefinition.html#path and #id
 */
import { Failure } from '../../base/failure.ts';
import { isArray, isObject, type JsonObject } from '../json-access.ts';
import type { ElementDefinition, Structure } from './definition-source.ts';

/** An element of a differential: everything but its path may be missing. */
export type ElementDraft = Partial<ElementDefinition> & { readonly path: string };

export interface ElementNode {
  /** Last step of the path: `identifier`, `value[x]`. */
  readonly name: string;
  /** The slice that it is, `nhsNumber`; undefined for what is no slice. */
  slice: string | undefined;
  /** What is said of it; path and id are made when the tree is written out. */
  said: ElementDraft;
  /** Empty as long as nothing was said of what is below. */
  children: ElementNode[];
  /** As it was before this differential said anything: what a new slice begins as. */
  readonly before: ElementNode | undefined;
}

/** A step of an id: `identifier:nhsNumber`. */
export interface Step {
  readonly name: string;
  readonly slice: string | undefined;
}

/** `Patient.identifier:nhs.system` in its steps. A slice's name may hold points only after a slash (re-slicing). */
export function stepsOf(id: string): readonly Step[] {
  return id.split('.').map((step) => {
    const colon = step.indexOf(':');
    return colon < 0
      ? { name: step, slice: undefined }
      : { name: step.slice(0, colon), slice: step.slice(colon + 1) };
  });
}

/** The tree of a snapshot. Throws Failure `structure` where an element hangs on nothing. */
export function treeOf(structure: Structure): ElementNode {
  const [root, ...rest] = structure.snapshot.element;
  if (root === undefined) throw new Failure('structure', `${structure.url} has a snapshot without elements.`);
  const tree = nodeOf(root.id, root);
  const byId = new Map([[root.id, tree]]);
  for (const element of rest) {
    const parent = byId.get(element.id.slice(0, element.id.lastIndexOf('.')));
    if (parent === undefined) {
      throw new Failure(
        'structure',
        `The snapshot of ${structure.url} has "${element.id}" without what it is in.`,
      );
    }
    const node = nodeOf(element.id.slice(element.id.lastIndexOf('.') + 1), element);
    byId.set(element.id, node);
    parent.children.push(node);
  }
  return tree;
}

function nodeOf(step: string, said: ElementDraft): ElementNode {
  const [first] = stepsOf(step);
  return { name: first?.name ?? step, slice: first?.slice, said, children: [], before: undefined };
}

/** A copy that may be changed, which remembers what it was. */
export function copyOf(node: ElementNode): ElementNode {
  return { ...node, children: node.children.map(copyOf), before: node };
}

/** The elements in their order, with the paths and ids of where they stand now. */
export function elementsOf(tree: ElementNode): readonly ElementDefinition[] {
  const elements: ElementDefinition[] = [];
  const write = (node: ElementNode, path: string, id: string): void => {
    const { min = 0, max = '*', ...said } = node.said;
    const slice = node.slice === undefined ? {} : { sliceName: node.slice };
    elements.push({ ...said, ...slice, id, path, min, max });
    for (const child of node.children) {
      const step = child.slice === undefined ? child.name : `${child.name}:${child.slice}`;
      write(child, `${path}.${child.name}`, `${id}.${step}`);
    }
  };
  write(tree, tree.name, tree.name);
  return elements;
}

/**
 * The elements of a differential with ids, which older definitions leave out. Throws Failure `structure` where it is no
 * list of elements with paths.
 */
export function draftsOf(definition: JsonObject): readonly (ElementDraft & { readonly id: string })[] {
  const { differential } = definition;
  const elements = isObject(differential) ? differential.element : undefined;
  if (!isArray(elements))
    throw new Failure('structure', 'The definition has no snapshot and no differential.');
  const slices = new Map<string, string>();
  return elements.map((element) => {
    if (!isObject(element) || typeof element.path !== 'string') {
      throw new Failure('structure', 'The differential has an element without a path.');
    }
    const draft = element as unknown as ElementDraft;
    const id = draft.id ?? idOf(draft, slices);
    slices.set(draft.path, id);
    return { ...draft, id };
  });
}

/** An id from the path and the slices that were open when it came. */
function idOf({ path, sliceName }: ElementDraft, open: Map<string, string>): string {
  const point = path.lastIndexOf('.');
  const parent = point < 0 ? '' : `${open.get(path.slice(0, point)) ?? path.slice(0, point)}.`;
  return `${parent}${path.slice(point + 1)}${sliceName === undefined ? '' : `:${sliceName}`}`;
}
