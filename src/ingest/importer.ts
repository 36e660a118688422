/**
 * Takes units of an import into this node, each in one durable commit together with the note that it was
 * taken: so a unit that is sent again, after a crash or by another run, has no second effect, though its
 * resources get new ids. Everything passes through records as the source system: validated, indexed, audited.
 */
import { type Id, isId } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import type { Ids } from '../base/ids.ts';
import type { Settings } from '../base/settings.ts';
import { isResourceType } from '../fhir/definitions.ts';
import { isObject, type JsonObject } from '../fhir/json-access.ts';
import { parseJson } from '../fhir/parse-json.ts';
import { requireType } from '../records/given-resource.ts';
import type { ProfileRules } from '../records/profile-rules.ts';
import { type EntryMethod, entriesOf } from '../records/request-entry.ts';
import type { KeptWrite, RecordSession, SubmitOptions } from '../records/session.ts';
import { opsOf, type ResolvedWrites, resolveWrites, submitResolved } from '../records/submit-transaction.ts';
import {
  type EntryRoute,
  type PlannedWrite,
  type PlanParts,
  planTransaction,
} from '../records/transaction-plan.ts';
import { Conditions, conditionalTargets } from '../records/transaction-references.ts';
import type { Commit } from '../store/store.ts';
import {
  type Given,
  givenEntries,
  type PlannedResource,
  planBatch,
  planResources,
  type ResourcesPlan,
  rejectOf,
  requireKnown,
  withoutOrphans,
} from './files/plan-resources.ts';
import { takeMessages } from './files/take-messages.ts';
import { type ImportUnit, type Reject, type UnitOutcome, unitName } from './import-unit.ts';
import type { Intake } from './intake.ts';

export interface ImporterParts {
  readonly settings: Settings;
  readonly ids: Ids;
  /** Takes HL7 v2 messages, as they come by MLLP. */
  readonly intake: Pick<Intake, 'take'>;
  /** Absolute address of the node's FHIR base. */
  readonly base: string;
  /** Absent where the organisation asks for no more than R4. */
  readonly profiles?: ProfileRules;
}

/** Where the notes of what was taken lie, by unitName. */
const LEDGER = 'imports';

/** How long a unit waits for others before it is committed alone. */
const COMPANY_MS = 5;

/** A unit of which nothing was written. */
const NOTHING = { kind: 'taken', before: false, resources: 0, unchanged: 0 } as const;

/** What is remembered of a unit that was taken. */
interface Note {
  readonly resources: number;
  readonly rejects: readonly Reject[];
}

/** A unit read and ready to be committed. */
interface Ready {
  readonly resolved: ResolvedWrites;
  readonly rejects: readonly Reject[];
}

/** A ready unit that waits to share a commit with others. */
interface Held extends Ready {
  readonly session: RecordSession;
  readonly name: string;
  resolve(outcome: UnitOutcome): void;
  reject(error: unknown): void;
}

export class Importer {
  readonly #parts: ImporterParts;
  readonly #plan: PlanParts;
  /** One unit is planned at a time, so that units are handed to the store in the order in which they came. */
  #planning: Promise<unknown> = Promise.resolve();
  /** Units that have come and are not planned yet. */
  #queued = 0;
  /** Runs while units wait for others to share their commit. */
  #alone: NodeJS.Timeout | undefined;
  #held: Held[] = [];
  #heldWrites = 0;
  /**
   * Commits under way by unit, and by which each `Type/id` is being put: two of one resource must not
   * overtake.
   */
  readonly #underWay = new Map<string, Promise<unknown>>();
  readonly #puts = new Map<string, Promise<unknown>>();

  constructor(parts: ImporterParts) {
    this.#parts = parts;
    const { base, settings, ids, profiles } = parts;
    this.#plan = { base, settings, ids, route, ...(profiles === undefined ? {} : { profiles }) };
  }

  /** As ImportTarget.take, in the name of the session's asker. */
  take(session: RecordSession, unit: ImportUnit, last: boolean): Promise<UnitOutcome> {
    if (unit.kind === 'hl7v2') return takeMessages(this.#parts.intake, unit.bytes);
    this.#queued++;
    clearTimeout(this.#alone);
    return new Promise((resolve, reject) => {
      this.#planning = this.#planning.then(async () => {
        try {
          const name = unitName(unit);
          const ready = await this.#ready(session, name, unit, last);
          if ('kind' in ready) resolve(ready);
          else if (ready.resolved.writes.length === 0) resolve({ ...NOTHING, rejects: ready.rejects });
          else await this.#hold({ ...ready, session, name, resolve, reject });
        } catch (error) {
          reject(error);
        }
        this.#queued--;
        if (this.#isDue()) await this.#flush();
        else if (this.#queued === 0) this.#flushSoon();
      });
    });
  }

  async #noted(session: RecordSession, name: string): Promise<UnitOutcome | undefined> {
    if (this.#held.some((one) => one.name === name)) await this.#flush();
    await this.#underWay.get(name);
    const bytes = await session.kept(LEDGER, name);
    if (bytes === undefined) return undefined;
    const { rejects } = JSON.parse(bytes.toString()) as Note;
    return { ...NOTHING, before: true, rejects };
  }

  /** What depends on what is there is written alone, and nothing that came after it before it. */
  async #hold(one: Held): Promise<void> {
    const alone = one.resolved.writes.some(isConditional);
    if (alone || this.#held[0]?.session !== one.session) await this.#flush();
    this.#held.push(one);
    this.#heldWrites += one.resolved.writes.length;
    if (!alone) return;
    await this.#flush();
    await this.#underWay.get(one.name);
  }

  /** Full commits cost least, but the writer is not left idle for long. */
  #isDue(): boolean {
    const { importCommitResources: full } = this.#parts.settings;
    return this.#heldWrites >= (this.#underWay.size === 0 ? full / 4 : full);
  }

  /** When no more units come: the next one may still be on its way from the disk, or from a client. */
  #flushSoon(): void {
    clearTimeout(this.#alone);
    this.#alone = setTimeout(() => {
      this.#planning = this.#planning.then(() => this.#flush());
    }, COMPANY_MS);
  }

  /**
   * Hands what is held to the store and does not wait for it, but for what is under way to the same
   * resources.
   */
  async #flush(): Promise<void> {
    const held = this.#held;
    if (held.length === 0) return;
    this.#held = [];
    this.#heldWrites = 0;
    const keys = held.flatMap(({ resolved }) =>
      resolved.writes.flatMap(({ op, type, id }) => (op.op === 'create' ? [] : [`${type}/${id}`])),
    );
    await Promise.all(new Set(keys.map((key) => this.#puts.get(key))));
    const done = this.#commit(held);
    for (const { name } of held) this.#underWay.set(name, done);
    for (const key of keys) this.#puts.set(key, done);
    void done.then(() => {
      for (const { name } of held) this.#underWay.delete(name);
      for (const key of keys) if (this.#puts.get(key) === done) this.#puts.delete(key);
    });
  }

  /** All units in one commit. Never rejects. */
  async #commit(held: readonly Held[]): Promise<void> {
    const [first, ...others] = held;
    if (first === undefined) return;
    const options = submitOptions(held);
    try {
      if (others.length === 0) tell(held, await submitResolved(first.session, first.resolved, options));
      else
        tell(
          held,
          await first.session.submit(
            held.flatMap(({ resolved }) => opsOf(resolved)),
            options,
          ),
        );
    } catch (thrown) {
      for (const one of held) fail(one, thrown);
    }
  }

  async #ready(
    session: RecordSession,
    name: string,
    unit: ImportUnit,
    last: boolean,
  ): Promise<Ready | UnitOutcome> {
    const noted = await this.#noted(session, name);
    if (noted !== undefined) return noted;
    try {
      const conditions = new Conditions(this.#parts.settings, session);
      if (unit.kind === 'ndjson') return await this.#ofLines(conditions, unit.bytes, last);
      return await this.#ofJson(conditions, parseJson(unit.bytes, this.#parts.settings), last);
    } catch (thrown) {
      const rejects = [rejectOf(stopping(thrown), '')];
      if (!last && isNotThereYet(thrown)) return { kind: 'waits', rejects };
      return { ...NOTHING, rejects };
    }
  }

  async #ofJson(conditions: Conditions, value: unknown, last: boolean): Promise<Ready> {
    if (!isObject(value) || value.resourceType !== 'Bundle') {
      const plan = await planResources(this.#plan, [
        { index: 0, place: '', fullUrl: undefined, resource: value },
      ]);
      return this.#resolve(conditions, plan, last);
    }
    requireType(value, 'Bundle');
    const entries = entriesOf(value, NO_LIMIT);
    switch (kindOfBundle(value)) {
      case 'transaction': {
        const { writes } = await planTransaction(this.#plan, entries);
        requireKnown(writes);
        return { resolved: await this.#retrying(() => resolveWrites(conditions, writes)), rejects: [] };
      }
      case 'batch':
        return this.#resolve(conditions, await planBatch(this.#plan, entries), last);
      case 'resources':
        return this.#resolve(conditions, await planResources(this.#plan, givenEntries(entries)), last);
    }
  }

  async #ofLines(conditions: Conditions, bytes: Buffer, last: boolean): Promise<Ready> {
    const given: Given[] = [];
    const rejects: Reject[] = [];
    let part = 0;
    for (let start = 0; start < bytes.length; part++) {
      const end = bytes.indexOf(0x0a, start);
      const line = bytes.subarray(start, end < 0 ? bytes.length : end);
      start = end < 0 ? bytes.length : end + 1;
      if (isBlank(line)) continue;
      try {
        const resource = parseJson(line, this.#parts.settings);
        given.push({ index: part, place: '', fullUrl: undefined, resource, part });
      } catch (thrown) {
        rejects.push(rejectOf(thrown, '', part));
      }
    }
    const plan = await planResources(this.#plan, given);
    return this.#resolve(conditions, { planned: plan.planned, rejects: [...rejects, ...plan.rejects] }, last);
  }

  /**
   * References of resources of which each stands for itself: those whose condition finds nothing are rejected
   * alone.
   */
  async #resolve(conditions: Conditions, plan: ResourcesPlan, last: boolean): Promise<Ready> {
    const writesOf = ({ planned }: ResourcesPlan) => planned.map((one) => one.write);
    try {
      const resolved = await this.#retrying(() => resolveWrites(conditions, writesOf(plan)));
      return { resolved, rejects: plan.rejects };
    } catch (thrown) {
      if (!last && isNotThereYet(thrown)) throw thrown;
      stopping(thrown);
    }
    const rejects = [...plan.rejects];
    const planned: PlannedResource[] = [];
    for (const one of plan.planned) {
      try {
        await conditionalTargets(conditions, [one.write]);
        planned.push(one);
      } catch (thrown) {
        rejects.push(rejectOf(stopping(thrown), one.write.entry.place, one.part));
      }
    }
    const kept = withoutOrphans({ planned, rejects });
    return { resolved: await resolveWrites(conditions, writesOf(kept)), rejects: kept.rejects };
  }

  /** What a condition does not find may be in a commit that is under way. */
  async #retrying<T>(look: () => Promise<T>): Promise<T> {
    try {
      return await look();
    } catch (thrown) {
      await this.#flush();
      if (!isNotThereYet(thrown) || this.#underWay.size === 0) throw thrown;
      await Promise.all(this.#underWay.values());
      return look();
    }
  }
}

function submitOptions(held: readonly Held[]): SubmitOptions {
  const blobs = held.map(({ name, resolved, rejects }): KeptWrite => {
    const note: Note = { resources: resolved.writes.length, rejects };
    return { space: LEDGER, name, bytes: Buffer.from(JSON.stringify(note)) };
  });
  return { action: 'import', detail: { units: held.length, unit: held[0]?.name ?? '' }, blobs };
}

function isConditional({ op }: PlannedWrite): boolean {
  return op.op === 'create' ? op.ifNoneExist !== undefined : op.ifMatch !== undefined;
}

/** Tells each unit what its part of the commit came to. */
function tell(held: readonly Held[], commit: Commit): void {
  let start = 0;
  for (const { resolved, rejects, resolve } of held) {
    const entries = commit.entries.slice(start, start + resolved.writes.length);
    start += resolved.writes.length;
    const written = entries.filter((one) => WRITTEN.has(one.outcome)).length;
    resolve({
      kind: 'taken',
      before: false,
      resources: written,
      unchanged: entries.length - written,
      rejects,
    });
  }
}

const WRITTEN: ReadonlySet<string> = new Set(['created', 'updated', 'deleted']);

function fail({ resolve, reject }: Held, thrown: unknown): void {
  try {
    const rejects = [rejectOf(stopping(thrown), '')];
    resolve({ ...NOTHING, rejects });
  } catch (error) {
    reject(error);
  }
}

/** The Bundles of an import are bounded by their bytes. */
const NO_LIMIT = { bundleEntriesMax: Number.POSITIVE_INFINITY };

/** A condition that finds nothing (412), which another unit may mend. */
function isNotThereYet(thrown: unknown): boolean {
  return thrown instanceof Failure && thrown.code === 'not-found' && thrown.status === 412;
}

/** With these nothing more can be taken, whatever comes next. */
const STOPPING: ReadonlySet<string> = new Set(['no-store', 'forbidden', 'transient', 'exception', 'timeout']);

/** Throws what ends the import; gives back what concerns this input alone. */
function stopping(thrown: unknown): unknown {
  if (!(thrown instanceof Failure) || STOPPING.has(thrown.code)) throw thrown;
  return thrown;
}

/** What is done with a Bundle. Throws Failure `not-supported` for one that is no data to be kept. */
function kindOfBundle({ type }: JsonObject): 'transaction' | 'batch' | 'resources' {
  switch (type) {
    case 'transaction':
    case 'batch':
      return type;
    case 'collection':
    case 'searchset':
    case 'document':
      return 'resources';
    default:
      throw new Failure(
        'not-supported',
        `A Bundle of type "${String(type).slice(0, 40)}" is no data to import: ` +
          'make it a transaction, a batch or a collection.',
        { expression: 'Bundle.type' },
      );
  }
}

/** The addresses of entries that write. */
function route(method: EntryMethod, path: string): EntryRoute {
  const [type = '', id, ...more] = path.split('/');
  if (!isResourceType(type) || more.length > 0) {
    throw new Failure(
      'not-found',
      'The url of an entry is Type (to create) or Type/id (to update or delete).',
    );
  }
  const code = { POST: 'create', PUT: 'update', DELETE: 'delete', PATCH: 'patch', GET: 'read' }[method];
  if ((method === 'POST') !== (id === undefined) || (id !== undefined && !isId(id))) {
    throw new Failure('not-supported', `${method} is not possible at the url of this entry.`);
  }
  return { interaction: { code }, type, id: id as Id | undefined };
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
