/**
 * Transaction: a Bundle of requests of which all are done or none, in one durable commit.
 * R4 http://hl7.org/fhir/R4/http.html#transaction.
 */

import { assert } from '../../base/assert.ts';
import type { Id } from '../../base/brands.ts';
import { Failure } from '../../base/failure.ts';
import type { Commit, Committed, WriteOp } from '../../store/store.ts';
import { writtenAnswer } from '../answers.ts';
import { type BundleEntry, bundleBytes } from '../bundle-bytes.ts';
import { type RequestEntry, rawEntries } from '../bundle-request.ts';
import { ReadBudget, responseEntry } from '../entry-response.ts';
import { failureAnswer } from '../failure-answer.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';
import { type PlannedWrite, placed, planTransaction, type TransactionPlan } from '../transaction-plan.ts';
import {
  Conditions,
  conditionalTargets,
  entryTargets,
  relink,
  resolveReferences,
} from '../transaction-references.ts';

export const transaction: Interaction = {
  code: 'transaction',
  level: 'system',
  routes: [{ method: 'POST', shape: 'base' }],
  summary: 'Requests in one Bundle, all done or none',
  handle: answerTransaction,
};

/** Somebody else may create, between the look and the commit, what a condition had not found. */
const ATTEMPTS = 4;

async function answerTransaction(call: FhirCall): Promise<FhirAnswer> {
  const plan = await planTransaction(call.context, rawEntries(call));
  const answers: BundleEntry[] = [];
  const commit = await commitOf(call, plan);
  plan.writes.forEach((write, i) => {
    const committed = commit?.entries[i];
    assert(committed !== undefined, 'a commit tells of each op');
    answers[write.entry.index] = writtenEntry(call, committed);
  });
  const budget = new ReadBudget(call.context.settings);
  for (const entry of plan.reads) answers[entry.index] = await answerRead(call, entry, budget);
  return {
    status: 200,
    body: bundleBytes({ type: 'transaction-response', entries: answers }),
    cache: 'no-store',
  };
}

async function commitOf(call: FhirCall, plan: TransactionPlan): Promise<Commit | undefined> {
  const { writes } = plan;
  if (writes.length === 0) return undefined;
  const conditions = new Conditions(call.context, call.session);
  const conditional = await conditionalTargets(conditions, writes);
  let known = await existing(conditions, writes);
  resolveReferences(writes, entryTargets(writes, known), conditional);
  for (let attempt = 1; ; attempt++) {
    try {
      return await call.session.submit(writes.map((write) => expecting(write, known)));
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

function writtenEntry(call: FhirCall, committed: Committed): BundleEntry {
  if (committed.outcome === 'deleted' || committed.outcome === 'absent') {
    const { versionId, lastUpdated } = committed;
    const version = committed.outcome === 'deleted' ? { version: { versionId, lastUpdated } } : {};
    return responseEntry({ status: 204, cache: 'no-store', ...version }, 'resource');
  }
  const prefer = { ...call.prefer, return: call.prefer.return ?? ('minimal' as const) };
  const bodyIs = prefer.return === 'OperationOutcome' ? 'outcome' : 'resource';
  return responseEntry(writtenAnswer(call.context, committed, prefer, []), bodyIs);
}

/** What a GET finds after the writes. The commit is done, so one that fails says so in its own entry. */
async function answerRead(call: FhirCall, entry: RequestEntry, budget: ReadBudget): Promise<BundleEntry> {
  try {
    budget.require();
  } catch (thrown) {
    const { requestId } = call.session.asker;
    return responseEntry(failureAnswer(thrown, requestId, call.context.log), 'outcome');
  }
  const answer = await call.context.answer({
    session: call.session,
    method: entry.method,
    url: entry.url,
    headers: entry.headers,
    prefer: call.prefer,
    body: { kind: 'none' },
  });
  return budget.spend(responseEntry(answer, 'resource'));
}
