/**
 * What the node holds, by business identifier: a search through the way in, and a bounded memory of what messages
 * change again and again (patients, visits and what hangs on them). The memory follows the node's changes, so that
 * a change by another door is not written over; If-Match catches what is under way at the same moment.
 */
import type { Identifier } from 'fhir/r4.d.ts';
import type { Id, InstantMs, VersionId } from '../base/brands.ts';
import { isoInstant } from '../base/clock.ts';
import type { Settings } from '../base/settings.ts';
import { searchParameter } from '../fhir/definitions.ts';
import { withDecimalsOf } from '../fhir/exact-decimals.ts';
import { parseJson } from '../fhir/parse-json.ts';
import type { Resource, ResourceOf, ResourceType } from '../fhir/resource.ts';
import type { Filter, SearchQuery } from '../fhir/search-query.ts';
import type { RecordSession } from '../records/session.ts';
import type { Change, Commit, Stored, WriteOp } from '../store/store.ts';
import { identifiersOf, type Known, type Lookup, lookupKey } from './write-set.ts';

/** Types that later messages ask for again. */
const REMEMBERED: ReadonlySet<string> = new Set(['Patient', 'Encounter', 'AllergyIntolerance', 'Condition']);
/** Most matches of one lookup: more than one is a fault already, and is only looked at to say so. */
const MATCHES_MAX = 10;

interface Entry {
  readonly known: Known;
  readonly keys: readonly string[];
}

export class KnownRecords {
  readonly #settings: Settings;
  readonly #byKey = new Map<string, Entry>();
  readonly #byId = new Map<Id, Entry>();
  /** Rises with each change: what was read before one is not remembered after it. */
  #epoch = 0;
  #trusted = true;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** A lookup that searches as this session's asker. */
  as(session: RecordSession): Lookup {
    return {
      find: (type, identifiers) => this.#find(session, type, identifiers),
      openEncounters: (patient) => this.#openEncounters(session, patient),
    };
  }

  /** Remembers what a commit of these ops made. */
  committed(ops: readonly WriteOp[], commit: Commit): void {
    for (const [i, op] of ops.entries()) {
      const entry = commit.entries[i];
      if (entry === undefined || op.op === 'delete' || !REMEMBERED.has(entry.type)) continue;
      const { id, versionId, lastUpdated } = entry;
      const meta = { ...op.resource.meta, versionId, lastUpdated: isoInstant(lastUpdated) };
      const resource = withDecimalsOf(op.resource, { ...op.resource, id, meta });
      this.#remember({ id, versionId, lastUpdated, resource });
    }
  }

  /** Lets go of what others have changed. */
  changed(change: Change): void {
    this.#epoch += 1;
    for (const { id, versionId, deleted } of change.entries) {
      const entry = this.#byId.get(id);
      if (entry === undefined) continue;
      if (deleted || Number(versionId) > Number(entry.known.versionId)) this.#forget(entry);
    }
  }

  /** Lets go of everything: a commit met something other than what was remembered. */
  forgetAll(): void {
    this.#epoch += 1;
    this.#byKey.clear();
    this.#byId.clear();
  }

  /** From now on nothing is remembered: the node's changes can no longer be followed. */
  distrust(): void {
    this.#trusted = false;
    this.forgetAll();
  }

  async #find<T extends ResourceType>(
    session: RecordSession,
    type: T,
    identifiers: readonly Identifier[],
  ): Promise<readonly Known<ResourceOf<T>>[]> {
    const remembered = identifiers.map((one) => this.#byKey.get(lookupKey(type, one)));
    if (remembered.length > 0 && remembered.every((one) => one !== undefined)) {
      return [...new Set(remembered)].map((one) => one.known as Known<ResourceOf<T>>);
    }
    const values = identifiers.flatMap(({ system, value }) =>
      value === undefined ? [] : [{ kind: 'token' as const, system: system ?? '', value }],
    );
    if (values.length === 0) return [];
    return this.#search<T>(session, type, [
      { kind: 'parameter', parameter: parameterOf(type, 'identifier'), values },
    ]);
  }

  async #openEncounters(
    session: RecordSession,
    patient: Id,
  ): Promise<readonly Known<ResourceOf<'Encounter'>>[]> {
    const values = [{ kind: 'reference' as const, type: 'Patient', id: patient }];
    const open = ['in-progress', 'planned', 'arrived', 'triaged', 'onleave'];
    return this.#search(session, 'Encounter', [
      { kind: 'parameter', parameter: parameterOf('Encounter', 'subject'), values },
      {
        kind: 'parameter',
        parameter: parameterOf('Encounter', 'status'),
        values: open.map((value) => ({ kind: 'token', value })),
      },
    ]);
  }

  async #search<T extends ResourceType>(
    session: RecordSession,
    type: T,
    filters: readonly Filter[],
  ): Promise<readonly Known<ResourceOf<T>>[]> {
    const epoch = this.#epoch;
    const page = await session.lookUp({ ...ALL, type, filters });
    const found = page.entries.map((stored) => this.#knownFrom<T>(stored));
    if (REMEMBERED.has(type) && epoch === this.#epoch) for (const known of found) this.#remember(known);
    return found;
  }

  #knownFrom<T extends ResourceType>({ id, versionId, lastUpdated, bytes }: Stored): Known<ResourceOf<T>> {
    return { id, versionId, lastUpdated, resource: parseJson(bytes, this.#settings) as ResourceOf<T> };
  }

  #remember(known: { id: Id; versionId: VersionId; lastUpdated: InstantMs; resource: Resource }): void {
    if (!this.#trusted) return;
    const before = this.#byId.get(known.id);
    if (before !== undefined) this.#forget(before);
    if (this.#byId.size >= this.#settings.v2RecordsRememberedMax) {
      const oldest = this.#byId.values().next().value;
      if (oldest !== undefined) this.#forget(oldest);
    }
    const keys = identifiersOf(known.resource).map((one) => lookupKey(known.resource.resourceType, one));
    const entry: Entry = { known, keys };
    this.#byId.set(known.id, entry);
    for (const key of keys) this.#byKey.set(key, entry);
  }

  #forget(entry: Entry): void {
    this.#byId.delete(entry.known.id);
    for (const key of entry.keys) if (this.#byKey.get(key) === entry) this.#byKey.delete(key);
  }
}

const ALL: Omit<SearchQuery, 'type' | 'filters'> = {
  sort: [],
  count: MATCHES_MAX,
  total: 'none',
  include: [],
  revinclude: [],
};

function parameterOf(type: ResourceType, code: string): NonNullable<ReturnType<typeof searchParameter>> {
  const parameter = searchParameter(type, code);
  if (parameter === undefined) throw new Error(`${type} has no search parameter ${code}`);
  return parameter;
}
