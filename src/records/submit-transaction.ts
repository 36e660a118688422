/**
 * The writes of a transaction, once planned, as one commit: references between entries and conditional ones
 * become `Type/id`, what a condition finds is not made again, and where somebody else made it meanwhile, it
 * is looked for anew. R4 "Transaction Processing Rules", http://hl7.org/fhir/R4/http.html#trules.
 */
import type { Id } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import { copyOf } from '../fhir/exact-decimals.ts';
import type { Identified } from '../fhir/resource.ts';
import type { Commit, WriteOp } from '../store/store.ts';
import type { RecordSession, SubmitOptions } from './session.ts';
import type { PatchParts } from './submit-patched.ts';
import { settlePending } from './transaction-pending.ts';
import { type PlannedWrite, placed } from './transaction-plan.ts';
import {
  Conditions,
  conditionalTargets,
  entryTargets,
  inParts,
  relink,
  resolveReferences,
} from './transaction-references.ts';

/** Somebody else may create, between the look and the commit, what a condition had not found. */
const ATTEMPTS = 4;

/** Writes whose references lead somewhere. */
export interface ResolvedWrites {
  readonly writes: readonly PlannedWrite[];
  /** What a condition found instead of creating. */
  readonly known: ReadonlyMap<PlannedWrite, Id>;
  readonly conditions: Conditions;
}

/**
 * Settles, resolves and commits: see settlePending, resolveWrites and submitResolved. Where what was found has
 * changed before the commit, all of it once more from what was planned.
 */
export async function submitTransaction(
  session: RecordSession,
  parts: PatchParts,
  writes: readonly PlannedWrite[],
): Promise<Commit> {
  const isPending = writes.some((write) => write.pending !== undefined);
  for (let attempt = 1; ; attempt++) {
    const settled = isPending ? await settlePending(session, parts, writes.map(copied)) : writes;
    try {
      return await submitResolved(
        session,
        await resolveWrites(new Conditions(parts.settings, session), settled),
      );
    } catch (thrown) {
      if (!isPending || !isLate(thrown, writes) || attempt === ATTEMPTS) throw thrown;
    }
  }
}

/** References are rewritten in place: what may be settled again is kept as it was planned. */
function copied(write: PlannedWrite): PlannedWrite {
  const { op, pending } = write;
  return {
    ...write,
    op: op.op === 'delete' ? op : { ...op, resource: copyOf(op.resource) as Identified },
    ...(pending?.kind === 'update' ? { pending: { ...pending, resource: copyOf(pending.resource) } } : {}),
  };
}

/** Whether somebody else wrote what a condition had found, or what a patch without If-Match was made of. */
function isLate(thrown: unknown, writes: readonly PlannedWrite[]): boolean {
  if (!(thrown instanceof Failure)) return false;
  if (thrown.code === 'lock-error') return true;
  return (
    thrown.code === 'conflict' &&
    writes.some(({ pending }) => pending?.kind === 'patch' && pending.ifMatch === undefined)
  );
}

/**
 * Looks for what conditions name and rewrites the references of the writes, in place. Throws Failure at the
 * entry: `not-found` (412, a conditional reference finds nothing), `multiple-matches`, `invalid` (a
 * `urn:uuid:` that names no entry).
 */
export async function resolveWrites(
  conditions: Conditions,
  writes: readonly PlannedWrite[],
): Promise<ResolvedWrites> {
  const conditional = await conditionalTargets(conditions, writes);
  const known = await existing(conditions, writes);
  resolveReferences(writes, entryTargets(writes, known), conditional);
  return { writes, known, conditions };
}

/**
 * Commits all writes or none; the commit's entries are in their order. Throws Failure `conflict` where what a
 * condition had found is gone, and what `submit` throws.
 */
export async function submitResolved(
  session: RecordSession,
  { writes, known: found, conditions }: ResolvedWrites,
  options: SubmitOptions = {},
): Promise<Commit> {
  let known = found;
  for (let attempt = 1; ; attempt++) {
    try {
      return await session.submit(opsOf({ writes, known, conditions }), options);
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      if (thrown.code !== 'lock-error' || attempt === ATTEMPTS) throw atEntry(thrown, writes);
      conditions.forget();
      const before = known;
      known = await existing(conditions, writes);
      relink(writes, before, known);
    }
  }
}

/** What failed in the commit, with the entry that it was about. */
function atEntry(failure: Failure, writes: readonly PlannedWrite[]): Failure {
  const entry = failure.op === undefined ? undefined : writes[failure.op]?.entry;
  return entry === undefined ? failure : placed(failure, entry.place);
}

/** The ops of resolved writes, in their order. */
export function opsOf({ writes, known }: ResolvedWrites): readonly WriteOp[] {
  return writes.map((write) => expecting(write, known));
}

/** What the conditions of creates find now: those writes create nothing. */
async function existing(
  conditions: Conditions,
  writes: readonly PlannedWrite[],
): Promise<Map<PlannedWrite, Id>> {
  const asking = writes.flatMap((write) => {
    const isCreate = write.op.op === 'create' && write.pending === undefined;
    const query = isCreate ? write.entry.headers['if-none-exist'] : undefined;
    return query === undefined ? [] : [{ write, query: String(query) }];
  });
  const found = await inParts(asking, async ({ write, query }) => {
    try {
      return await conditions.find(write.type, query);
    } catch (thrown) {
      throw placed(thrown, `${write.entry.place}.request.ifNoneExist`);
    }
  });
  const known = new Map<PlannedWrite, Id>();
  for (const [i, id] of found.entries()) {
    const write = asking[i]?.write;
    if (id !== undefined && write !== undefined) known.set(write, id);
  }
  return known;
}

/** References were written by what a condition found; the commit must find the same. */
function expecting(write: PlannedWrite, known: ReadonlyMap<PlannedWrite, Id>): WriteOp {
  const { op } = write;
  if (op.op !== 'create' || op.ifNoneExist === undefined) return op;
  return { ...op, expected: known.get(write) ?? 'none' };
}
