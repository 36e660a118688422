/**
 * A session over the store: decide → do → audit, for one asker. A read's row is in the log before its answer
 * leaves; a write's row, a disclosure's and a note's is in the durable commit. A refusal and a miss leave a
 * row too, and one that tells people apart who mistyped from people who tried another's record, though both
 * hear "not found".
 */
import type { Asker } from '../access/actor.ts';
import { type Decision, decide, type Refusal, refuse } from '../access/policy.ts';
import { applySharePolicy, shareScope } from '../access/share-policy.ts';
import type { Id, Seq, VersionId } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import type { ResourceType } from '../fhir/resource.ts';
import type { SearchQuery, TypedFilters } from '../fhir/search-query.ts';
import { type Scope, wholeScope } from '../store/scope.ts';
import type {
  Change,
  Commit,
  CompartmentQuery,
  Deleted,
  HistoryQuery,
  HistoryTarget,
  Page,
  PageRequest,
  SearchPage,
  Snapshot,
  Stored,
  WriteOp,
} from '../store/store.ts';
import type { BeforeAnswer, RecordsParts } from './open-records.ts';
import type { StorePersonIndex } from './person-index.ts';
import { withCodes } from './search-codes.ts';
import type { AuditNote, DoorAct, KeptSpace, LetterWrite, RecordSession, SubmitOptions } from './session.ts';
import { type Act, auditDraft, historyTarget, personsOf, searchTarget } from './session-audit.ts';
import { submitOps } from './submit.ts';

export interface SessionParts extends RecordsParts {
  readonly persons: StorePersonIndex;
  readonly answering: { readonly wait?: BeforeAnswer };
}

const NO_PERSONS: readonly Id[] = [];

/**
 * Whether the newest version that is not a deletion is in scope. A label or another subject that came later
 * closes what was written before it: otherwise the history would tell what the record no longer does.
 */
async function isOpenNow(snapshot: Snapshot, target: HistoryTarget, scope: Scope): Promise<boolean> {
  const newest = (await snapshot.history(target, { count: 2 }, wholeScope)).entries.find(
    (one) => !one.deleted,
  );
  if (newest === undefined) return true;
  const { type, id } = target;
  return (await snapshot.readVersion(type, id, newest.versionId, scope)) !== undefined;
}

/**
 * Whether one of these Patients is closed by a label on it: then so is the whole record, for a part of it
 * would look like all.
 */
async function isClosed(snapshot: Snapshot, persons: readonly Id[], scope: Scope): Promise<boolean> {
  if (scope.hiddenLabels.length === 0) return false;
  const all = { ...scope, hiddenLabels: [] };
  for (const id of persons) {
    if ((await snapshot.read('Patient', id, scope)) !== undefined) continue;
    if ((await snapshot.read('Patient', id, all)) !== undefined) return true;
  }
  return false;
}

const CLOSED = refuse('label', 'This record is restricted beyond your role.');

export class StoreSession implements RecordSession {
  readonly asker: Asker;
  readonly #parts: SessionParts;

  constructor(parts: SessionParts, asker: Asker) {
    this.#parts = parts;
    this.asker = asker;
  }

  async read(type: ResourceType, id: Id): Promise<Stored> {
    const scope = await this.#mayRead('read', type, `${type}/${id}`);
    const snapshot = await this.#parts.store.snapshot();
    const found = await snapshot.read(type, id, scope);
    return this.#answerOne('read', found, scope, `${type}/${id}`, () => snapshot.read(type, id, wholeScope));
  }

  async readVersion(type: ResourceType, id: Id, versionId: VersionId): Promise<Stored> {
    const target = `${type}/${id}/_history/${versionId}`;
    const scope = await this.#mayRead('read', type, target);
    const snapshot = await this.#parts.store.snapshot();
    const isOpen = await isOpenNow(snapshot, { type, id }, scope);
    const found = isOpen ? await snapshot.readVersion(type, id, versionId, scope) : undefined;
    return this.#answerOne('read', found, scope, target, () =>
      snapshot.readVersion(type, id, versionId, wholeScope),
    );
  }

  async history(query: HistoryQuery, page: PageRequest): Promise<Page<Stored | Deleted>> {
    const name = historyTarget(query);
    const scope = await this.#mayRead('history', query.type, name);
    const snapshot = await this.#parts.store.snapshot();
    const { type, id } = query;
    const one = type === undefined || id === undefined ? undefined : { type, id };
    const isOpen = one === undefined || (await isOpenNow(snapshot, one, scope));
    const found = isOpen
      ? await this.#tried('history', [name], () => snapshot.history(query, page, scope))
      : { entries: [], total: 0 };
    if (one !== undefined && found.entries.length === 0 && page.cursor === undefined) {
      const [hidden] = (await snapshot.history(one, { count: 1 }, wholeScope)).entries;
      const isNarrowed = query.since !== undefined || query.at !== undefined;
      const isThere = isNarrowed && isOpen && (await snapshot.history(one, { count: 1 }, scope)).total !== 0;
      if (!isThere) throw await this.#missing('history', name, hidden);
    }
    const persons = personsOf(found.entries);
    await this.#auditRead({
      action: 'history',
      targets: [name],
      persons,
      outcome: 'ok',
      ...(one === undefined ? { detail: { versions: found.entries.length } } : {}),
    });
    return found;
  }

  async search(query: SearchQuery): Promise<SearchPage> {
    const target = searchTarget(query);
    const [permitted, scope] = await this.#maySearch(query, target);
    const snapshot = await this.#parts.store.snapshot();
    const found = await this.#tried('search', [target], async () =>
      snapshot.search(await withCodes(permitted, snapshot, scope, this.#parts), scope),
    );
    await this.#auditRead({
      action: 'search',
      targets: [target],
      persons: personsOf(found.entries, found.included),
      outcome: 'ok',
      detail: {
        matches: found.entries.length,
        included: found.included.length,
        ...(found.total === undefined ? {} : { total: found.total }),
      },
    });
    return found;
  }

  async lookUp(query: SearchQuery): Promise<SearchPage> {
    const decision = decide({
      asker: this.asker,
      at: this.#parts.ods,
      action: 'messages',
      own: NO_PERSONS,
    });
    if (decision.kind === 'refuse')
      throw await this.#refused(decision, searchTarget(query), NO_PERSONS, 'search');
    return (await this.#parts.store.snapshot()).search(query, decision.scope);
  }

  async compartment(query: CompartmentQuery): Promise<Page<Stored>> {
    const local = this.asker.actor.organisation === this.#parts.ods;
    const scope = local ? await this.#mayOpen(query.persons) : await this.#mayDisclose(query.persons);
    const snapshot = await this.#parts.store.snapshot();
    if (await isClosed(snapshot, query.persons, scope)) {
      const act = refusal(CLOSED, targetOf(query.persons), query.persons, local ? 'everything' : 'disclose');
      if (local) await this.#auditRead(act);
      else await this.#parts.store.commit([], this.#draft(act));
      throw local ? notFound() : new Failure('suppressed', CLOSED.text);
    }
    const action = local ? 'everything' : 'disclose';
    const targets = query.persons.map((id) => `Patient/${id}`);
    const found = await this.#tried(action, targets, () => snapshot.compartment(query, scope), query.persons);
    const act: Act = {
      action,
      targets,
      persons: query.persons,
      outcome: 'ok',
      detail: { resources: found.entries.length },
    };
    if (local) await this.#auditRead(act);
    else await this.#parts.store.commit([], this.#draft(act));
    return found;
  }

  submit(ops: readonly WriteOp[], options: SubmitOptions = {}): Promise<Commit> {
    return submitOps(this.#parts, this.asker, ops, options);
  }

  async note(note: AuditNote): Promise<void> {
    const at = note.at ?? this.#parts.clock.now();
    await this.#parts.store.commit([], auditDraft(this.asker, at, note));
  }

  async kept(space: KeptSpace, name: string): Promise<Buffer | undefined> {
    await this.#maySeeKept(space);
    const bytes = await this.#parts.store.blobs.get(space, name);
    // a miss tells nothing about anybody, and is what every new message begins with
    if (bytes !== undefined) await this.#auditRead(keptAct(`${space}/${name}`));
    return bytes;
  }

  async keptNames(space: KeptSpace, after: string | undefined, count: number): Promise<readonly string[]> {
    await this.#maySeeKept(space);
    const names = await this.#parts.store.blobs.list(space, after, count);
    await this.#auditRead({ ...keptAct(space), detail: { matches: names.length } });
    return names;
  }

  #maySeeKept(space: KeptSpace): Promise<void> {
    const rule = space === 'v2-messages' ? 'messages' : 'feeds';
    return this.permit({ rule, action: 'read', target: space });
  }

  async settle(letters: readonly LetterWrite[], detail: NonNullable<AuditNote['detail']>): Promise<void> {
    const [action, target] = ['update', 'v2-dead-letters'] as const;
    await this.permit({ rule: 'feeds', action, target });
    const act: Act = { action, targets: [target], persons: NO_PERSONS, outcome: 'ok', detail };
    await this.#parts.store.commit([], this.#draft(act), letters);
  }

  async permit({ rule, action, target }: DoorAct): Promise<void> {
    const decision = decide({ asker: this.asker, at: this.#parts.ods, action: rule, own: NO_PERSONS });
    if (decision.kind === 'refuse') throw await this.#refused(decision, target, NO_PERSONS, action);
  }

  async permitWrite(action: Act['action'], type: ResourceType, target: string): Promise<void> {
    const decision = decide({
      asker: this.asker,
      at: this.#parts.ods,
      action: 'write',
      own: NO_PERSONS,
      type,
    });
    if (decision.kind === 'refuse') throw await this.#refused(decision, target, NO_PERSONS, action);
  }

  async permitRead(act: DoorAct): Promise<void> {
    await this.permit(act);
    await this.#auditRead({
      action: act.action,
      targets: [act.target],
      persons: NO_PERSONS,
      outcome: 'ok',
    });
  }

  async *changes(after: Seq, signal: AbortSignal): AsyncIterable<Change> {
    const decision = decide({ asker: this.asker, at: this.#parts.ods, action: 'changes', own: NO_PERSONS });
    if (decision.kind === 'refuse') throw await this.#refused(decision, 'changes', NO_PERSONS);
    await this.#auditRead({
      action: 'read',
      targets: ['changes'],
      persons: NO_PERSONS,
      outcome: 'ok',
      detail: { after },
    });
    yield* this.#parts.store.changes(after, signal);
  }

  async head(): Promise<Seq> {
    return (await this.#parts.store.snapshot()).seq;
  }

  /** Scope for reading a type; a refusal is audited and thrown. */
  async #mayRead(action: Act['action'], type: ResourceType | undefined, target: string): Promise<Scope> {
    const own = await this.#own();
    const decision: Decision = decide({
      asker: this.asker,
      at: this.#parts.ods,
      action: action === 'everything' ? 'record' : 'read',
      own,
      ...(type === undefined ? {} : { type }),
    });
    if (decision.kind === 'permit') return decision.scope;
    throw await this.#refused(decision, target, NO_PERSONS, action);
  }

  /**
   * Scope for a search of one type or several; a refusal is audited and thrown. Where no type was named, the
   * search is of those that may be read.
   */
  async #maySearch(query: SearchQuery, target: string): Promise<readonly [SearchQuery, Scope]> {
    const { also, anyType, ...first } = query;
    if (also === undefined) return [query, await this.#mayRead('search', query.type, target)];
    const own = await this.#own();
    const parts: TypedFilters[] = [];
    let scope: Scope | undefined;
    let refusal: Refusal | undefined;
    for (const part of [first, ...also]) {
      const { type, filters } = part;
      const decision = decide({ asker: this.asker, at: this.#parts.ods, action: 'read', own, type });
      if (decision.kind === 'refuse') {
        refusal = decision;
        continue;
      }
      scope ??= decision.scope; // it is the same for every type that may be read
      parts.push({ type, filters });
    }
    const [head, ...others] = parts;
    if (scope === undefined || head === undefined || (refusal !== undefined && anyType !== true))
      throw await this.#refused(refusal ?? CLOSED, target, NO_PERSONS, 'search');
    return [{ ...first, ...head, also: others }, scope];
  }

  /** Scope for the whole record of these Patients, at the asker's own organisation. */
  async #mayOpen(persons: readonly Id[]): Promise<Scope> {
    const scope = await this.#mayRead('everything', undefined, targetOf(persons));
    const outside = scope.persons === 'all' ? undefined : persons.find((id) => !scope.persons.includes(id));
    if (outside === undefined) return scope;
    await this.#auditRead({
      action: 'refuse',
      targets: persons.map((id) => `Patient/${id}`),
      persons,
      outcome: 'refused',
      detail: { rule: 'identity', act: 'everything' },
    });
    throw notFound();
  }

  /**
   * Scope for what another organisation may have of these Patients; a refusal is durable before it is told.
   */
  async #mayDisclose(persons: readonly Id[]): Promise<Scope> {
    const policy = await this.#parts.persons.sharePolicy(persons);
    const answer = applySharePolicy(policy, this.asker, this.#parts.clock.now());
    if (answer.kind === 'permit') return shareScope(answer, persons);
    await this.#parts.store.commit([], this.#draft(refusal(answer, targetOf(persons), persons, 'disclose')));
    throw new Failure('suppressed', answer.text);
  }

  /** The Patients that a patient is here; none for staff. */
  async #own(): Promise<readonly Id[]> {
    const { patient, role } = this.asker.actor;
    if (role !== 'patient' || patient === undefined) return NO_PERSONS;
    const match = await this.#parts.persons.locate(patient);
    return match.kind === 'one' ? match.patients : NO_PERSONS;
  }

  async #answerOne(
    action: Act['action'],
    found: Stored | Deleted | undefined,
    scope: Scope,
    target: string,
    look: () => Promise<Stored | Deleted | undefined>,
  ): Promise<Stored> {
    if (found === undefined)
      throw await this.#missing(action, target, isWhole(scope) ? undefined : await look());
    if (found.deleted) {
      await this.#auditRead({
        action,
        targets: [target],
        persons: NO_PERSONS,
        outcome: 'failed',
        detail: { reason: 'deleted' },
      });
      throw new Failure('deleted', 'This resource has been deleted. Its history is still there.');
    }
    await this.#auditRead({ action, targets: [target], persons: found.persons, outcome: 'ok' });
    return found;
  }

  /** What `work` finds. Where it fails, that is a row too: how far it came tells of what there is. */
  async #tried<T>(
    action: Act['action'],
    targets: readonly string[],
    work: () => Promise<T>,
    persons = NO_PERSONS,
  ): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      const reason = thrown instanceof Failure ? thrown.code : 'exception';
      await this.#auditRead({ action, targets, persons, outcome: 'failed', detail: { reason } });
      throw thrown;
    }
  }

  /** Audits a miss, and where something was there that the asker may not see, says so in the row alone. */
  async #missing(
    action: Act['action'],
    target: string,
    hidden: Stored | Deleted | undefined,
  ): Promise<Failure> {
    if (hidden === undefined) {
      await this.#auditRead({
        action,
        targets: [target],
        persons: NO_PERSONS,
        outcome: 'failed',
        detail: { reason: 'not-found' },
      });
    } else {
      await this.#auditRead({
        action: 'refuse',
        targets: [target],
        persons: hidden.persons,
        outcome: 'refused',
        detail: { rule: 'scope', act: action },
      });
    }
    return notFound();
  }

  async #refused(
    decision: Refusal,
    target: string,
    persons: readonly Id[],
    act: Act['action'] = 'read',
  ): Promise<Failure> {
    await this.#auditRead(refusal(decision, target, persons, act));
    return new Failure('forbidden', decision.text);
  }

  #auditRead(act: Act): Promise<void> {
    return this.#parts.store.auditReads([this.#draft(act)]);
  }

  #draft(act: Act): ReturnType<typeof auditDraft> {
    return auditDraft(this.asker, this.#parts.clock.now(), act);
  }
}

function refusal(decision: Refusal, target: string, persons: readonly Id[], act: Act['action']): Act {
  return {
    action: 'refuse',
    targets: [target],
    persons,
    outcome: 'refused',
    detail: { rule: decision.rule, act },
  };
}

function keptAct(target: string): Act {
  return { action: 'read', targets: [target], persons: NO_PERSONS, outcome: 'ok' };
}

function targetOf(persons: readonly Id[]): string {
  return persons.map((id) => `Patient/${id}`).join(',');
}

function isWhole(scope: Scope): boolean {
  return scope.persons === 'all' && scope.types === 'all' && scope.hiddenLabels.length === 0;
}

/** The same words whether it is not there or not for this asker. */
function notFound(): Failure {
  return new Failure(
    'not-found',
    'There is no such resource here, or it is not yours to see. Check its type and id.',
  );
}
