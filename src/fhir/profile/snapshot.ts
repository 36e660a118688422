/**
 * Snapshots for StructureDefinitions that come as differentials: the base's elements, with what the differential says
 * laid over them, slices and the elements below a type unfolded where it says something about them.
 * http://hl7.org/fhir/R4/profiling.html#snapshot
 */
import { Failure } from '../../base/failure.ts';
import type { JsonObject } from '../json-access.ts';
import type { ElementDefinition, ElementSlicing, ElementType, Structure } from './definition-source.ts';
import {
  copyOf,
  draftsOf,
  type ElementDraft,
  type ElementNode,
  elementsOf,
  type Step,
  stepsOf,
  treeOf,
} from './element-tree.ts';
import { merged } from './merge-element.ts';

const CORE = 'http://hl7.org/fhir/StructureDefinition/';
/** Elements of one snapshot: far more than any real one, few enough for a differential that unfolds without end. */
const ELEMENTS_MAX = 20_000;

/** The structure with a snapshot, or undefined where there is none. */
export type StructureFinder = (canonical: string) => Structure | undefined;

/**
 * The definition with its snapshot made anew from its differential. `find` gives its base, and the types and profiles
 * that it unfolds, with their snapshots. Throws Failure: `not-found` (the base, or a type, is not known), `structure`
 * (names an element that the base has not; no differential), `too-long`.
 */
export function withSnapshot(definition: JsonObject, find: StructureFinder): Structure {
  const base = typeof definition.baseDefinition === 'string' ? definition.baseDefinition : undefined;
  const found = base === undefined ? undefined : find(base);
  if (found === undefined) {
    const text = `The base ${base ?? ''} of ${String(definition.url)} is not loaded: add the package that has it.`;
    throw new Failure('not-found', text);
  }
  const element = new SnapshotMaker(definition, found, find).make();
  return { ...(definition as unknown as Structure), snapshot: { element } };
}

class SnapshotMaker {
  readonly #definition: JsonObject;
  readonly #base: ElementNode;
  readonly #tree: ElementNode;
  readonly #find: StructureFinder;
  readonly #isProfile: boolean;
  /** Choices of which the differential speaks by the name of a type, and of how many types. */
  readonly #shortcuts = new Map<ElementNode, Set<string>>();
  #unfolded = 0;

  constructor(definition: JsonObject, base: Structure, find: StructureFinder) {
    this.#definition = definition;
    this.#base = treeOf(base);
    this.#isProfile = definition.derivation !== 'specialization';
    const type = String(definition.type);
    const copy = copyOf(this.#base);
    this.#tree = { ...copy, name: type, said: { ...copy.said, path: type } };
    this.#find = find;
  }

  make(): readonly ElementDefinition[] {
    for (const draft of draftsOf(this.#definition)) {
      const node = this.#nodeAt(stepsOf(draft.id), draft);
      this.#say(node, draft);
    }
    for (const [choice, types] of this.#shortcuts) narrow(choice, types);
    return elementsOf(this.#tree);
  }

  #say(node: ElementNode, draft: ElementDraft): void {
    const template = node === this.#tree ? undefined : this.#profileRoot(draft);
    const { path, id: _, sliceName: __, ...said } = draft;
    const before = template === undefined ? node.said : merged(node.said, template);
    node.said = merged(before, { ...said, path });
  }

  /**
   * What the profile of an extension says of how often it comes: an element that is that extension comes no more often.
   */
  #profileRoot({ type, max }: ElementDraft): ElementDraft | undefined {
    const [only, another] = type ?? [];
    const [profile] = only?.profile ?? [];
    if (profile === undefined || another !== undefined || only?.code !== 'Extension') return undefined;
    const root = this.#find(profile)?.snapshot.element[0];
    if (root === undefined || max !== undefined || root.max === '*') return undefined;
    return { path: root.path, max: root.max };
  }

  #nodeAt(steps: readonly Step[], draft: ElementDraft): ElementNode {
    const [, ...below] = steps;
    let node = this.#tree;
    for (const step of below) node = this.#child(node, step, draft);
    return node;
  }

  #child(parent: ElementNode, step: Step, draft: ElementDraft): ElementNode {
    if (parent.children.length === 0) this.#unfold(parent, draft);
    const known = parent.children.find(({ name, slice }) => name === step.name && slice === step.slice);
    if (known !== undefined) return known;
    const main = parent.children.find(({ name, slice }) => name === step.name && slice === undefined);
    if (main !== undefined && step.slice !== undefined) return this.#slice(parent, main, step.slice);
    const choice = parent.children.find(
      (one) => one.slice === undefined && typeNamed(one, step.name) !== undefined,
    );
    if (choice !== undefined) return this.#shortcut(parent, choice, step.name);
    if (this.#isProfile) {
      throw new Failure(
        'structure',
        `${String(this.#definition.url)} speaks of "${draft.path}", which its base has not.`,
      );
    }
    const said: ElementDraft = { path: draft.path, base: { path: draft.path } };
    const added: ElementNode = { name: step.name, slice: step.slice, said, children: [], before: undefined };
    parent.children.push(added);
    return added;
  }

  /** The slice of this name beside `main`, made where it is not there yet. */
  #slice(parent: ElementNode, main: ElementNode, slice: string): ElementNode {
    const known = parent.children.find((one) => one.name === main.name && one.slice === slice);
    if (known !== undefined) return known;
    // of a choice, a slice is a type
    const type = typeNamed(main, slice);
    const slicing = main.said.slicing ?? impliedSlicing(main, type);
    if (slicing === undefined) {
      main.slice = slice; // nothing slices it: this is another name for the element itself
      return main;
    }
    main.said = { ...main.said, slicing };
    const { slicing: _, min: __, base, ...said } = main.said;
    const outer = slice.includes('/') ? slice.slice(0, slice.lastIndexOf('/')) : undefined;
    const origin = parent.children.find((one) => one.name === main.name && one.slice === outer) ?? main;
    const made: ElementNode = {
      name: main.name,
      slice,
      said: {
        ...said,
        ...(base === undefined ? {} : { base }),
        min: 0,
        ...(type === undefined ? {} : { type: [type] }),
      },
      children: type === undefined ? (origin.before ?? origin).children.map(copyOf) : [],
      before: undefined,
    };
    const last = parent.children.findLastIndex(({ name }) => name === main.name);
    parent.children.splice(last + 1, 0, made);
    return made;
  }

  /** `valueQuantity`: the one type of a choice, by the name that it has in JSON. */
  #shortcut(parent: ElementNode, choice: ElementNode, name: string): ElementNode {
    const named = this.#shortcuts.get(choice) ?? new Set();
    this.#shortcuts.set(choice, named.add(name));
    return this.#slice(parent, choice, name);
  }

  /** Puts below an element what its type, its one profile or the element that it refers to has there. */
  #unfold(node: ElementNode, draft: ElementDraft): void {
    const { contentReference, type = [] } = node.said;
    if (contentReference !== undefined) {
      this.#unfoldReference(node, contentReference);
      return;
    }
    const [only, another] = type;
    // of several types, all have what every element has
    const code = only === undefined || another !== undefined ? 'Element' : only.code;
    const profile = another === undefined && only?.profile?.length === 1 ? only.profile[0] : undefined;
    const structure = (profile === undefined ? undefined : this.#find(profile)) ?? this.#find(CORE + code);
    if (structure === undefined) {
      throw new Failure(
        'not-found',
        `${String(this.#definition.url)} speaks of "${draft.path}", inside ${code}, which is not known.`,
      );
    }
    this.#put(node, treeOf(structure).children);
  }

  #unfoldReference(node: ElementNode, reference: string): void {
    const target = reference.slice(reference.indexOf('#') + 1);
    const [, ...below] = stepsOf(target);
    let found: ElementNode | undefined = this.#base;
    for (const { name } of below) {
      found = found?.children.find((child) => child.name === name && child.slice === undefined);
    }
    if (found === undefined) {
      throw new Failure(
        'structure',
        `${String(this.#definition.url)} refers to "${target}", which is not there.`,
      );
    }
    const { contentReference: _, ...said } = node.said;
    node.said = { ...said, ...(found.said.type === undefined ? {} : { type: found.said.type }) };
    this.#put(node, found.children);
  }

  #put(node: ElementNode, children: readonly ElementNode[]): void {
    node.children = children.map(copyOf);
    this.#unfolded += children.length;
    if (this.#unfolded > ELEMENTS_MAX) {
      throw new Failure(
        'too-long',
        `The differential of ${String(this.#definition.url)} unfolds into more than ${ELEMENTS_MAX} elements.`,
      );
    }
  }
}

/** Which types a choice has is told by which are spoken of, where nothing else narrows it. */
function narrow(choice: ElementNode, names: ReadonlySet<string>): void {
  const types = [...names].flatMap((name) => typeNamed(choice, name) ?? []);
  if (types.length !== 1) return;
  const isImplied = choice.said.slicing === BY_TYPE;
  choice.said = { ...choice.said, type: types, ...(isImplied ? { slicing: BY_ONE_TYPE } : {}) };
}

/** How choices and extensions are sliced need not be said. */
function impliedSlicing({ name }: ElementNode, type: ElementType | undefined): ElementSlicing | undefined {
  if (type !== undefined) return BY_TYPE;
  return name === 'extension' || name === 'modifierExtension' ? BY_URL : undefined;
}

const BY_TYPE: ElementSlicing = {
  discriminator: [{ type: 'type', path: '$this' }],
  ordered: false,
  rules: 'open',
};
const BY_ONE_TYPE: ElementSlicing = { ...BY_TYPE, rules: 'closed' };
const BY_URL: ElementSlicing = {
  discriminator: [{ type: 'value', path: 'url' }],
  ordered: false,
  rules: 'open',
};

/** The type of a choice that `valueQuantity` names. */
function typeNamed(choice: ElementNode, name: string): ElementType | undefined {
  if (!choice.name.endsWith('[x]')) return undefined;
  const stem = choice.name.slice(0, -3);
  return choice.said.type?.find(({ code }) => stem + (code[0] ?? '').toUpperCase() + code.slice(1) === name);
}
