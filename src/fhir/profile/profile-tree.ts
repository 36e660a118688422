/**
 * Snapshots → trees that a validator walks: each element with its children and its slices, types and rules
 * read once. Built from paths and slice names in the order of the snapshot, so that it does not depend on ids.
 * http://hl7.org/fhir/R4/elementdefinition.html
 */
import { isObject } from '../json-access.ts';
import type { ElementDefinition, ElementType, Structure } from './definition-source.ts';

/** A fixed or pattern value: which type it was given as, and the JSON. */
export interface GivenValue {
  readonly type: string;
  readonly value: unknown;
}

export interface ProfileNode {
  readonly definition: ElementDefinition;
  readonly structure: Structure;
  /** The last step of the path, without `[x]`. */
  readonly name: string;
  readonly choice: boolean;
  readonly min: number;
  /** Infinity for `*`. */
  readonly max: number;
  /** Whether JSON gives it as an array, which the base definition decides. */
  readonly many: boolean;
  readonly types: readonly ElementType[];
  readonly fixed: GivenValue | undefined;
  readonly pattern: GivenValue | undefined;
  /** Direct children without those of slices; empty where the element's type says what is inside. */
  readonly children: ProfileNode[];
  readonly slices: ProfileNode[];
  /** Of a slice: the element or slice that it is one of. */
  of: ProfileNode | undefined;
  /** The element whose children stand here too: the one that a contentReference names. */
  readonly reference: string | undefined;
}

export interface ProfileTree {
  readonly structure: Structure;
  readonly root: ProfileNode;
  /** By path, the first of each: what a contentReference looks up. */
  readonly byPath: ReadonlyMap<string, ProfileNode>;
}

const trees = new WeakMap<Structure, ProfileTree | null>();

/** The tree of a structure, made once; undefined where its snapshot is empty or broken. */
export function treeOf(structure: Structure): ProfileTree | undefined {
  const known = trees.get(structure);
  if (known !== undefined) return known ?? undefined;
  const made = makeTree(structure);
  trees.set(structure, made ?? null);
  return made;
}

function makeTree(structure: Structure): ProfileTree | undefined {
  const elements = structure.snapshot.element;
  const first = elements[0];
  if (first === undefined) return undefined;
  const root = makeNode(structure, first);
  const byPath = new Map([[first.path, root]]);
  /** Path → the node that its children and slices belong to now. */
  const current = new Map([[first.path, root]]);
  for (const element of elements.slice(1)) {
    const parent = current.get(element.path.slice(0, element.path.lastIndexOf('.')));
    if (parent === undefined) continue;
    const node = makeNode(structure, element);
    if (!byPath.has(element.path)) byPath.set(element.path, node);
    const plain = element.sliceName === undefined;
    const base = plain ? undefined : slicedBy(parent, node, element.sliceName ?? '');
    (base === undefined ? parent.children : base.slices).push(node);
    node.of = base;
    current.set(element.path, node);
  }
  return { structure, root, byPath };
}

/** What a slice is one of: `a/b` is a slice of the slice `a`, where there is one. */
function slicedBy(parent: ProfileNode, slice: ProfileNode, sliceName: string): ProfileNode | undefined {
  let base = parent.children.find((one) => one.name === slice.name || isChosen(one, slice));
  const steps = sliceName.split('/');
  for (let i = 1; i < steps.length && base !== undefined; i++) {
    const outer: string = steps.slice(0, i).join('/');
    base = base.slices.find((one) => one.definition.sliceName === outer) ?? base;
  }
  return base;
}

/** `valueQuantity` where the base is `value[x]`. */
function isChosen(base: ProfileNode, slice: ProfileNode): boolean {
  if (!base.choice || !slice.name.startsWith(base.name)) return false;
  const rest = slice.name.slice(base.name.length).toLowerCase();
  return base.types.some((type) => type.code.toLowerCase() === rest);
}

function makeNode(structure: Structure, definition: ElementDefinition): ProfileNode {
  const step = definition.path.slice(definition.path.lastIndexOf('.') + 1);
  const choice = step.endsWith('[x]');
  const baseMax = definition.base?.max ?? definition.max;
  return {
    definition,
    structure,
    name: choice ? step.slice(0, -3) : step,
    choice,
    min: definition.min ?? 0,
    max: maxOf(definition.max),
    many: baseMax !== '1' && baseMax !== '0',
    types: isResourceId(definition) ? [{ code: 'id' }] : (definition.type ?? []).map(plainType),
    fixed: given(definition, 'fixed'),
    pattern: given(definition, 'pattern'),
    children: [],
    slices: [],
    of: undefined,
    reference: definition.contentReference?.slice(definition.contentReference.indexOf('#') + 1),
  };
}

function maxOf(max: string | undefined): number {
  return max === undefined || max === '*' ? Number.POSITIVE_INFINITY : Number(max);
}

/** R4 gives the id of a resource as a string, and says in words that it is an id. */
function isResourceId({ path, base }: ElementDefinition): boolean {
  return base?.path === 'Resource.id' || path === 'Resource.id';
}

const FHIR_TYPE = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type';

/** `System.String` of an id or url is said in an extension to be a FHIR type. */
function plainType(type: ElementType): ElementType {
  if (!type.code.startsWith('http://hl7.org/fhirpath/System.')) return type;
  const said = type.extension?.find((one) => one.url === FHIR_TYPE);
  const code = said?.valueUrl ?? said?.valueUri;
  if (typeof code === 'string') return { ...type, code };
  const system = type.code.slice('http://hl7.org/fhirpath/System.'.length);
  return { ...type, code: system.charAt(0).toLowerCase() + system.slice(1) };
}

function given(definition: ElementDefinition, kind: 'fixed' | 'pattern'): GivenValue | undefined {
  for (const name in definition) {
    const after = name.charCodeAt(kind.length);
    // fixedUri, patternCoding: the kind and a type with a capital
    if (!name.startsWith(kind) || !(after >= 65 && after <= 90)) continue;
    const value = definition[name];
    const type = name.slice(kind.length);
    return { type: isObject(value) ? type : type.charAt(0).toLowerCase() + type.slice(1), value };
  }
  return undefined;
}
