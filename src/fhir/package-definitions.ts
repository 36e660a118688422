/**
 * R4 itself and the packages of the operator as one source of definitions: what a package says goes before what R4
 * says, snapshots are made where a package has none, and value sets reach code systems of either. Made when it is first
 * asked for: a node that checks against no profile never opens anything of it.
 */
import { Failure } from '../base/failure.ts';
import { isObject, type JsonObject } from './json-access.ts';
import { isDefinitionType, type LoadedDefinitions } from './loaded-definitions.ts';
import { baseDefinitions } from './profile/base-definitions.ts';
import { codeMembership } from './profile/code-membership.ts';
import type { DefinitionSource, Structure } from './profile/definition-source.ts';
import { withSnapshot } from './profile/snapshot.ts';

/** Profiles on profiles on profiles: more than anybody's, and an end for those that go round in a circle. */
const BASES_MAX = 30;

export interface PackageDefinitions extends DefinitionSource {
  /** Why `structure` knows nothing of this address, in words; undefined where it does, or nobody has it. */
  problemOf(canonical: string): string | undefined;
}

/** The source over these packages; it is the same for all who ask. */
export function packageDefinitions(loaded: LoadedDefinitions): () => Promise<PackageDefinitions> {
  let made: Promise<PackageDefinitions> | undefined;
  return () => {
    made ??= baseDefinitions().then((base) => over(base, loaded));
    return made;
  };
}

function over(base: DefinitionSource, loaded: LoadedDefinitions): PackageDefinitions {
  const find = (type: string, canonical: string): JsonObject | undefined =>
    (isDefinitionType(type) ? loaded.find(type, canonical) : undefined) ?? base.find(type, canonical);
  const structures = new Structures(base, loaded);
  return {
    structure: (canonical) => structures.structure(canonical),
    problemOf: (canonical) => structures.problemOf(canonical),
    find,
    ...codeMembership(find),
  };
}

/** Structures of packages, each with its snapshot, made once. */
class Structures {
  readonly #base: DefinitionSource;
  readonly #loaded: LoadedDefinitions;
  readonly #made = new Map<JsonObject, Structure | Failure>();
  readonly #making = new Set<JsonObject>();

  constructor(base: DefinitionSource, loaded: LoadedDefinitions) {
    this.#base = base;
    this.#loaded = loaded;
  }

  structure(canonical: string): Structure | undefined {
    const made = this.#of(canonical);
    return made instanceof Failure ? undefined : made;
  }

  problemOf(canonical: string): string | undefined {
    const made = this.#of(canonical);
    return made instanceof Failure ? made.message : undefined;
  }

  #of(canonical: string): Structure | Failure | undefined {
    const definition = this.#loaded.find('StructureDefinition', canonical);
    if (definition === undefined) return this.#base.structure(canonical);
    const known = this.#made.get(definition);
    if (known !== undefined) return known;
    const made = this.#make(definition, canonical);
    this.#made.set(definition, made);
    return made;
  }

  #make(definition: JsonObject, canonical: string): Structure | Failure {
    if (isWhole(definition)) return definition as unknown as Structure;
    if (this.#making.has(definition) || this.#making.size >= BASES_MAX) {
      return new Failure('structure', `${canonical} is based on itself, or on too many others.`);
    }
    this.#making.add(definition);
    try {
      return withSnapshot(definition, (base) => this.#needed(base));
    } catch (error) {
      if (error instanceof Failure) return error;
      // written by anybody: whatever is wrong with it is wrong with it alone
      return new Failure('structure', `No snapshot can be made of ${canonical}.`, { cause: error });
    } finally {
      this.#making.delete(definition);
    }
  }

  /** A base or a type. Throws its Failure where there is one, so that the reason is told and not its absence. */
  #needed(canonical: string): Structure | undefined {
    const made = this.#of(canonical);
    if (made instanceof Failure) throw made;
    return made;
  }
}

function isWhole(definition: JsonObject): boolean {
  const { snapshot } = definition;
  return isObject(snapshot) && Array.isArray(snapshot.element) && snapshot.element.length > 0;
}
