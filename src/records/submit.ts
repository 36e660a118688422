/**
 * Writing: decide on every op, then commit all or none with the audit row, then tell the person index. The
 * source system may write everything at its node; people only what their role writes, for patients that the
 * organisation holds, and never over what they may not see.
 */
import type { Asker } from '../access/actor.ts';
import { decide, decideLabels, type Refusal, refuse } from '../access/policy.ts';
import { type Id, isId } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import { patientsOf } from '../fhir/compartments.ts';
import type { Resource, ResourceType } from '../fhir/resource.ts';
import { type Scope, wholeScope } from '../store/scope.ts';
import type { Commit, Snapshot, WriteOp } from '../store/store.ts';
import { underId } from './given-resource.ts';
import type { SubmitOptions } from './session.ts';
import { auditDraft, writeAction, writeTargets } from './session-audit.ts';
import type { SessionParts } from './store-session.ts';

/** See RecordSession.submit. Throws Failure `forbidden`, and what Store.commit throws. */
export async function submitOps(
  parts: SessionParts,
  asker: Asker,
  given: readonly WriteOp[],
  options: SubmitOptions,
): Promise<Commit> {
  const { store, persons, clock } = parts;
  const named = given.map((op) => withId(op, parts));
  /**
   * Whose records the versions lie in that will be replaced; those of the new ones are added by the store.
   */
  const replaced = new Set<string>();
  const { targets, detail } = writeTargets(named);
  const act = {
    action: options.action ?? writeAction(named),
    targets,
    detail: { ...detail, ...options.detail },
  };

  const decided = await decideOps(parts, asker, named, replaced);
  const { scope } = decided;
  const refusal = decided.refusal ?? decideLabels(asker, labelsIn(named));
  if (refusal !== undefined) {
    await store.auditReads([
      auditDraft(asker, clock.now(), {
        action: 'refuse',
        targets,
        persons: [...new Set([...replaced, ...personsIn(named)])],
        outcome: 'refused',
        detail: { rule: refusal.rule, act: act.action },
      }),
    ]);
    throw new Failure('forbidden', refusal.text);
  }

  const ops = scope === undefined ? named : named.map((op) => within(op, scope));
  const touched = await persons.before(ops);
  const draft = auditDraft(asker, clock.now(), { ...act, persons: [...replaced], outcome: 'ok' });
  try {
    const commit = await store.commit(ops, draft, options.blobs);
    persons.committed(touched);
    if (ops.length > 0) await parts.answering.wait?.(commit.seq);
    return commit;
  } catch (error) {
    await auditFailure(parts, { ...draft, persons: [...new Set([...replaced, ...personsIn(ops)])] }, error);
    throw error;
  }
}

/** Codes of the security labels that the new versions carry. */
function labelsIn(ops: readonly WriteOp[]): readonly string[] {
  return ops.flatMap((op) =>
    op.op === 'delete' ? [] : (op.resource.meta?.security?.flatMap(({ code }) => code ?? []) ?? []),
  );
}

/** What a condition may find: what the asker may not see counts as not there. */
function within(op: WriteOp, scope: Scope): WriteOp {
  if (op.op === 'create') return { ...op, within: scope };
  return op.foundBy === undefined ? op : { ...op, foundBy: { ...op.foundBy, within: scope } };
}

/**
 * An attempt that changed nothing leaves a row as well; where even that fails, the first failure is the one
 * told.
 */
async function auditFailure(
  { store, log }: SessionParts,
  draft: ReturnType<typeof auditDraft>,
  error: unknown,
): Promise<void> {
  const reason = error instanceof Failure ? error.code : 'exception';
  try {
    await store.auditReads([{ ...draft, outcome: 'failed', detail: { ...draft.detail, reason } }]);
  } catch (cause) {
    log.warn(
      { reason, cause: cause instanceof Error ? cause.message : 'unknown' },
      'a failed write left no row',
    );
  }
}

function withId(op: WriteOp, { ids }: SessionParts): WriteOp {
  if (op.op !== 'create') return op;
  const id = op.id ?? ids.next();
  return { ...op, id, resource: underId(op.resource, id) };
}

/** Whose records the ops would have been in, where the store was not asked to write them. */
function personsIn(ops: readonly WriteOp[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const op of ops) {
    if (op.op === 'delete') continue;
    const id = op.op === 'create' ? op.id : op.resource.id;
    const persons =
      op.resource.resourceType === 'Patient' && id !== undefined ? [id] : patientsOf(op.resource);
    for (const person of persons) found.add(person);
  }
  return found;
}

/**
 * The first refusal among the ops, or what the asker may see (left out: everything). Adds to `touched` whose
 * record the versions that will be replaced were in, where it had to look at them.
 */
async function decideOps(
  parts: SessionParts,
  asker: Asker,
  ops: readonly WriteOp[],
  touched: Set<string>,
): Promise<{ readonly refusal?: Refusal; readonly scope?: Scope }> {
  if (asker.actor.role === 'node' && ops.length === 0 && asker.actor.organisation === parts.ods) return {};
  let snapshot: Snapshot | undefined;
  let scope: Scope | undefined;
  for (const type of typesOf(ops)) {
    const decision = decide({
      asker,
      at: parts.ods,
      action: 'write',
      own: [],
      ...(type === undefined ? {} : { type }),
    });
    if (decision.kind === 'refuse') return { refusal: decision };
    scope = decision.scope;
  }
  const isSystem = asker.actor.role === 'system';
  for (const op of ops) {
    if (isSystem && op.op !== 'delete') continue;
    snapshot ??= await parts.store.snapshot();
    const refusal = await decideOp(snapshot, scope ?? wholeScope, op, touched, isSystem);
    if (refusal !== undefined) return { refusal };
  }
  return isSystem || scope === undefined ? {} : { scope };
}

/**
 * No op at all (a raw message kept as it came) is decided as a write of no type: the source system's alone.
 */
function typesOf(ops: readonly WriteOp[]): Iterable<ResourceType | undefined> {
  if (ops.length === 0) return [undefined];
  return new Set(ops.map((op) => (op.op === 'delete' ? op.type : op.resource.resourceType)));
}

async function decideOp(
  snapshot: Snapshot,
  scope: Scope,
  op: WriteOp,
  touched: Set<string>,
  isSystem: boolean,
): Promise<Refusal | undefined> {
  const current = op.op === 'create' ? undefined : await currentOf(snapshot, op);
  if (current !== undefined) for (const person of current.persons) touched.add(person);
  if (isSystem) return undefined;
  if (current !== undefined && op.op !== 'create' && !(await isVisible(snapshot, scope, op))) {
    return refuse('label', 'What is kept under this id is not yours to change.');
  }
  if (op.op === 'delete') return undefined;
  return closedPatient(snapshot, scope, op.resource);
}

async function currentOf(
  snapshot: Snapshot,
  op: Exclude<WriteOp, { op: 'create' }>,
): Promise<{ readonly persons: readonly Id[] } | undefined> {
  const { type, id } = keyOf(op);
  const current = await snapshot.read(type, id, wholeScope);
  return current === undefined || current.deleted ? undefined : current;
}

async function isVisible(
  snapshot: Snapshot,
  scope: Scope,
  op: Exclude<WriteOp, { op: 'create' }>,
): Promise<boolean> {
  const { type, id } = keyOf(op);
  return (await snapshot.read(type, id, scope)) !== undefined;
}

function keyOf(op: Exclude<WriteOp, { op: 'create' }>): { type: ResourceType; id: Id } {
  return op.op === 'delete' ? op : { type: op.resource.resourceType, id: op.resource.id };
}

const NOT_HELD =
  'The resource is about a patient whom this organisation does not hold, or whose record is closed to you.';

/** Who may not see a record may not write into it either. */
async function closedPatient(
  snapshot: Snapshot,
  scope: Scope,
  resource: Resource,
): Promise<Refusal | undefined> {
  for (const person of patientsOf(resource)) {
    if (isId(person) && (await isThere(snapshot, person, scope))) continue;
    // the row says which; to the asker, that there is such a record would tell of what is closed
    const isClosed = isId(person) && (await isThere(snapshot, person, wholeScope));
    return refuse(isClosed ? 'label' : 'identity', NOT_HELD);
  }
  return undefined;
}

async function isThere(snapshot: Snapshot, id: Id, scope: Scope): Promise<boolean> {
  const patient = await snapshot.read('Patient', id, scope);
  return patient !== undefined && !patient.deleted;
}
