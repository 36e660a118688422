/**
 * Transaction: a Bundle of requests of which all are done or none, in one durable commit.
 * R4 http://hl7.org/fhir/R4/http.html#transaction.
 */

import { assert } from '../../base/assert.ts';
import type { Issue } from '../../base/failure.ts';
import type { RequestEntry } from '../../records/request-entry.ts';
import { submitTransaction } from '../../records/submit-transaction.ts';
import { planTransaction } from '../../records/transaction-plan.ts';
import type { Committed } from '../../store/store.ts';
import { writtenAnswer } from '../answers.ts';
import { type BundleEntry, bundleBytes } from '../bundle-bytes.ts';
import { rawEntries } from '../bundle-request.ts';
import { ReadBudget, responseEntry } from '../entry-response.ts';
import { entryFailureAnswer } from '../failure-answer.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';

export const transaction: Interaction = {
  code: 'transaction',
  level: 'system',
  routes: [{ method: 'POST', shape: 'base' }],
  summary: 'Requests in one Bundle, all done or none',
  handle: answerTransaction,
};

async function answerTransaction(call: FhirCall): Promise<FhirAnswer> {
  const plan = await planTransaction(call.context, rawEntries(call));
  const answers: BundleEntry[] = [];
  call.later?.signal.throwIfAborted();
  const commit =
    plan.writes.length === 0 ? undefined : await submitTransaction(call.session, call.context, plan.writes);
  plan.writes.forEach((write, i) => {
    const committed = commit?.entries[i];
    assert(committed !== undefined, 'a commit tells of each op');
    answers[write.entry.index] = writtenEntry(call, committed, write.warnings);
  });
  const budget = new ReadBudget(call.context.settings);
  for (const entry of plan.reads) answers[entry.index] = await answerRead(call, entry, budget);
  return {
    status: 200,
    body: bundleBytes({ type: 'transaction-response', entries: answers }),
    cache: 'no-store',
  };
}

function writtenEntry(call: FhirCall, committed: Committed, warnings: readonly Issue[] = []): BundleEntry {
  if (committed.outcome === 'deleted' || committed.outcome === 'absent') {
    const { versionId, lastUpdated } = committed;
    const version = committed.outcome === 'deleted' ? { version: { versionId, lastUpdated } } : {};
    return responseEntry({ status: 204, cache: 'no-store', ...version }, 'resource');
  }
  const prefer = { ...call.prefer, return: call.prefer.return ?? ('minimal' as const) };
  const bodyIs = prefer.return === 'OperationOutcome' ? 'outcome' : 'resource';
  return responseEntry(writtenAnswer(call.context, committed, prefer, warnings), bodyIs);
}

/** What a GET finds after the writes. The commit is done, so one that fails says so in its own entry. */
async function answerRead(call: FhirCall, entry: RequestEntry, budget: ReadBudget): Promise<BundleEntry> {
  try {
    budget.require();
  } catch (thrown) {
    const { requestId } = call.session.asker;
    return responseEntry(entryFailureAnswer(thrown, requestId, call.context.log), 'outcome');
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
