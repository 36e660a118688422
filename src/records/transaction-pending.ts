/**
 * Entries of a transaction whose write depends on what there is: updates and deletions by a condition, and
 * patches. What is found is looked at before the commit, and the commit fails where it is no longer so. R4
 * "Transaction Processing Rules", http://hl7.org/fhir/R4/http.html#trules.
 */
import type { RecordSession } from './session.ts';
import { deleteFound, findOne, updateFound } from './submit-found.ts';
import { type PatchParts, patched, requireVersion, toBePatched } from './submit-patched.ts';
import { overlaps, type PlannedWrite, placed } from './transaction-plan.ts';

/**
 * The writes with the ops that what there is makes of them, in their order. Throws Failure at the entry:
 * `multiple-matches` (412), `not-found` (a patch of nothing), `conflict` (412), `duplicate` (400) where what was
 * found is written by another entry too.
 */
export async function settlePending(
  session: RecordSession,
  parts: PatchParts,
  writes: readonly PlannedWrite[],
): Promise<readonly PlannedWrite[]> {
  if (writes.every((write) => write.pending === undefined)) return writes;
  const settled: PlannedWrite[] = [];
  for (const write of writes) {
    try {
      settled.push(await settle(session, parts, write));
    } catch (thrown) {
      throw placed(thrown, write.entry.place);
    }
  }
  const [twice] = overlaps(settled);
  if (twice !== undefined) throw twice;
  return settled;
}

async function settle(session: RecordSession, parts: PatchParts, write: PlannedWrite): Promise<PlannedWrite> {
  const { pending, type, entry } = write;
  if (pending === undefined) return write;
  const action = pending.kind === 'delete' ? 'delete' : 'update';
  await session.permitWrite(action, type, pending.query === undefined ? `${type}/${write.id}` : type);
  switch (pending.kind) {
    case 'update': {
      const { query, resource, wanted } = pending;
      const found = await findOne(session, query);
      const op = updateFound(resource, found, query, wanted, `${entry.place}.resource`);
      return found === undefined
        ? { ...write, op: { ...write.op, expected: 'none' } as PlannedWrite['op'] }
        : { ...write, id: found.id, op };
    }
    case 'delete': {
      const found = await findOne(session, pending.query);
      const [op] = deleteFound(found === undefined ? [] : [found], pending.query, pending.ifMatch);
      return op === undefined || found === undefined ? write : { ...write, id: found.id, op };
    }
    case 'patch': {
      const { query, patch, ifMatch } = pending;
      const current =
        query === undefined ? await session.read(type, write.id) : await toBePatched(session, query);
      requireVersion(current, ifMatch);
      const { resource } = patched(current, patch, parts);
      const foundBy = query === undefined ? {} : { foundBy: { query } };
      return {
        ...write,
        id: current.id,
        op: { op: 'put', resource, ifMatch: current.versionId, ...foundBy },
      };
    }
  }
}
