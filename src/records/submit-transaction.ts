/**
 * The writes of a transaction, once planned, as one commit: references between entries and conditional ones become
 * `Type/id`, what a condition finds is not made again, and where somebody else made it meanwhile, it is looked for
 * anew. R4 "Transaction Processing Rules", http://hl7.org/fhir/R4/http.html#trules.
 */
import type { Id } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import type { Commit, WriteOp } from '../store/store.ts';
import type { RecordSession, SubmitOptions } from './session.ts';
import { type PlannedWrite, placed } from './transaction-plan.ts';
import {
  Conditions,
  conditionalTargets,
  entryTargets,
  relink,
  resolveReferences,
} from './transaction-references.ts';

/** Somebody else may create, between the look and the commit, what a condition had not found. */
const ATTEMPTS = 4;

/**
 * Commits all writes or none; the commit's entries are in the order of `writes`, whose resources are changed in place.
 * Throws Failure at the entry: `not-found` (412, a conditional reference finds nothing), `multiple-matches`, `invalid` (a
 * `urn:uuid:` that names no entry), `conflict`; and what `submit` throws.
 */
export async function submitTransaction(
  session: RecordSession,
  settings: Settings,
  writes: readonly PlannedWrite[],
  options: SubmitOptions = {},
): Promise<Commit> {
  const conditions = new Conditions(settings, session);
  const conditional = await conditionalTargets(conditions, writes);
  let known = await existing(conditions, writes);
  resolveReferences(writes, entryTargets(writes, known), conditional);
  for (let attempt = 1; ; attempt++) {
    try {
      return await session.submit(
        writes.map((write) => expecting(write, known)),
        options,
      );
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code !== 'lock-error' || attempt === ATTEMPTS) throw thrown;
      conditions.forget();
      const before = known;
      known = await existing(conditions, writes);
      relink(writes, before, known);
    }
  }
}

/** What the conditions of creates find now: those writes create nothing. */
async function existing(
  conditions: Conditions,
  writes: readonly PlannedWrite[],
): Promise<Map<PlannedWrite, Id>> {
  const known = new Map<PlannedWrite, Id>();
  for (const write of writes) {
    const query = write.op.op === 'create' ? write.entry.headers['if-none-exist'] : undefined;
    if (query === undefined) continue;
    try {
      const id = await conditions.find(write.type, String(query));
      if (id !== undefined) known.set(write, id);
    } catch (thrown) {
      throw placed(thrown, `${write.entry.place}.request.ifNoneExist`);
    }
  }
  return known;
}

/** References were written by what a condition found; the commit must find the same. */
function expecting(write: PlannedWrite, known: ReadonlyMap<PlannedWrite, Id>): WriteOp {
  const { op } = write;
  if (op.op !== 'create' || op.ifNoneExist === undefined) return op;
  return { ...op, expected: known.get(write) ?? 'none' };
}
