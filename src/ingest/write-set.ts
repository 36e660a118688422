/**
 * What one message will write, gathered by business identifier: each resource is found once, changed any number of
 * times, and becomes one op, or none where nothing in it changed. The sender's identifiers are the identity; ids are
 * ours.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Identifier } from 'fhir/r4.d.ts';
import type { Id, InstantMs, VersionId } from '../base/brands.ts';
import type { Ids } from '../base/ids.ts';
import { withDecimalsOf } from '../fhir/exact-decimals.ts';
import type { Identified, Resource, ResourceOf, ResourceType } from '../fhir/resource.ts';
import type { WriteOp } from '../store/store.ts';

/** A resource as the node holds it. */
export interface Known<T extends Resource = Resource> {
  readonly id: Id;
  readonly versionId: VersionId;
  readonly lastUpdated: InstantMs;
  readonly resource: T;
}

/** Finds what the node holds, by business identifier. */
export interface Lookup {
  /** Every resource of the type that carries one of the identifiers; each once. */
  find<T extends ResourceType>(
    type: T,
    identifiers: readonly Identifier[],
  ): Promise<readonly Known<ResourceOf<T>>[]>;
  /** The visits of a patient that have not ended. */
  openEncounters(patient: Id): Promise<readonly Known<ResourceOf<'Encounter'>>[]>;
}

interface Draft {
  readonly id: Id;
  readonly known: Known | undefined;
  /** As it will be; as it is where nothing was set. */
  resource: Resource | undefined;
}

/** `Patient|https://…|123`: the key under which resources are drafted and remembered. */
export function lookupKey(type: ResourceType, { system, value }: Identifier): string {
  return `${type}|${system ?? ''}|${value ?? ''}`;
}

export class WriteSet {
  readonly #lookup: Lookup;
  readonly #ids: Ids;
  /** `meta.source` of what is written. */
  readonly #source: string;
  readonly #drafts = new Map<Id, Draft>();
  readonly #byKey = new Map<string, Draft>();

  constructor(lookup: Lookup, ids: Ids, source: string) {
    this.#lookup = lookup;
    this.#ids = ids;
    this.#source = source;
  }

  /** The resources with one of the identifiers, as they will be after what was set so far. */
  async find<T extends ResourceType>(
    type: T,
    identifiers: readonly Identifier[],
  ): Promise<readonly { id: Id; resource: ResourceOf<T> }[]> {
    const drafted = identifiers
      .map((one) => this.#byKey.get(lookupKey(type, one)))
      .filter((one) => one !== undefined);
    const missing = identifiers.filter((one) => !this.#byKey.has(lookupKey(type, one)));
    const found = missing.length === 0 ? [] : await this.#lookup.find(type, missing);
    const all = [...drafted, ...found.map((known) => this.#draftOf(known))];
    return [...new Set(all)].flatMap(({ id, resource }) =>
      resource === undefined ? [] : [{ id, resource: resource as ResourceOf<T> }],
    );
  }

  async openEncounters(patient: Id): Promise<readonly { id: Id; resource: ResourceOf<'Encounter'> }[]> {
    const found = await this.#lookup.openEncounters(patient);
    return found.map((known) => {
      const draft = this.#draftOf(known);
      return { id: draft.id, resource: (draft.resource ?? known.resource) as ResourceOf<'Encounter'> };
    });
  }

  /** Sets a resource that is found by `identifier`, or makes it. Returns its id. */
  async upsert<T extends ResourceType>(
    type: T,
    identifier: Identifier,
    make: (before: ResourceOf<T> | undefined) => ResourceOf<T>,
  ): Promise<Id> {
    const [before] = await this.find(type, [identifier]);
    const resource = make(before?.resource);
    return before === undefined ? this.create(resource, [identifier]) : this.replace(before.id, resource);
  }

  /** A new resource, found from now on by these identifiers. */
  create(resource: Resource, identifiers: readonly Identifier[]): Id {
    const draft: Draft = { id: this.#ids.next(), known: undefined, resource };
    this.#drafts.set(draft.id, draft);
    for (const one of identifiers) this.#byKey.set(lookupKey(resource.resourceType, one), draft);
    return draft.id;
  }

  /** Sets what a resource that was found or created will be. */
  replace(id: Id, resource: Resource): Id {
    const draft = this.#drafts.get(id);
    if (draft === undefined) throw new Error('replaced before it was found');
    draft.resource = resource;
    return id;
  }

  /** One op for each resource that is new or changed, in the order in which they were met. */
  ops(): readonly WriteOp[] {
    const ops: WriteOp[] = [];
    for (const { id, known, resource } of this.#drafts.values()) {
      if (resource === undefined) continue;
      if (known === undefined) {
        ops.push({ op: 'create', id, resource: this.#stamped(resource, id) });
      } else if (resource !== known.resource && !isSame(resource, known.resource)) {
        ops.push({ op: 'put', resource: this.#stamped(resource, id), ifMatch: known.versionId });
      }
    }
    return ops;
  }

  /** When the newest of what these writes replace was written; undefined where they replace nothing. */
  newestReplaced(): InstantMs | undefined {
    let newest: InstantMs | undefined;
    for (const { known, resource } of this.#drafts.values()) {
      if (known === undefined || resource === undefined || resource === known.resource) continue;
      if (isSame(resource, known.resource)) continue;
      if (newest === undefined || known.lastUpdated > newest) newest = known.lastUpdated;
    }
    return newest;
  }

  #draftOf(known: Known): Draft {
    const present = this.#drafts.get(known.id);
    if (present !== undefined) return present;
    const draft: Draft = { id: known.id, known, resource: known.resource };
    this.#drafts.set(known.id, draft);
    for (const one of identifiersOf(known.resource)) {
      this.#byKey.set(lookupKey(known.resource.resourceType, one), draft);
    }
    return draft;
  }

  /** With the id and the source, which stand where the wire has them. */
  #stamped(resource: Resource, id: Id): Identified {
    const { versionId: _version, lastUpdated: _time, ...others } = resource.meta ?? {};
    const meta = { ...others, source: this.#source };
    const head = { resourceType: resource.resourceType, id, meta };
    return withDecimalsOf(resource, Object.assign(head, resource, { id, meta }));
  }
}

/** The business identifiers that a resource carries. */
export function identifiersOf(resource: Resource): readonly Identifier[] {
  const identifier = 'identifier' in resource ? resource.identifier : undefined;
  return Array.isArray(identifier) ? identifier : [];
}

/** Same content, whatever its version, its id and its source. */
function isSame(one: Resource, other: Resource): boolean {
  return isDeepStrictEqual(bare(one), bare(other));
}

function bare(resource: Resource): object {
  const { id: _id, meta, ...rest } = resource;
  const { versionId: _version, lastUpdated: _time, source: _source, ...restOfMeta } = meta ?? {};
  return Object.keys(restOfMeta).length === 0 ? rest : { ...rest, meta: restOfMeta };
}
