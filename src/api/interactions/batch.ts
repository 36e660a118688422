/**
 * Batch: independent requests in one Bundle, each with its own answer; one that fails stops no other.
 * R4 http://hl7.org/fhir/R4/http.html#transaction.
 */
import { Failure } from '../../base/failure.ts';
import { isObject } from '../../fhir/json-access.ts';
import { eachReference } from '../../fhir/references.ts';
import { RANK, type RequestEntry, readEntry } from '../../records/request-entry.ts';
import { type BundleEntry, bundleBytes } from '../bundle-bytes.ts';
import { rawEntries } from '../bundle-request.ts';
import { ReadBudget, responseEntry } from '../entry-response.ts';
import { entryFailureAnswer } from '../failure-answer.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';

export const batch: Interaction = {
  code: 'batch',
  level: 'system',
  routes: [{ method: 'POST', shape: 'base' }],
  summary: 'Independent requests in one Bundle',
  handle: answerBatch,
};

async function answerBatch(call: FhirCall): Promise<FhirAnswer> {
  const raw = rawEntries(call);
  const answers: BundleEntry[] = new Array(raw.length);
  const fullUrls = temporaryUrls(raw);
  const budget = new ReadBudget(call.context.settings);
  const ranks: RequestEntry[][] = [[], [], [], []];
  raw.forEach((one, index) => {
    try {
      const entry = readEntry(one, index, call.context.base);
      requireIndependent(entry, fullUrls);
      ranks[RANK[entry.method]]?.push(entry);
    } catch (thrown) {
      answers[index] = responseEntry(failed(call, thrown), 'outcome');
    }
  });
  let done = 0;
  for (const entries of ranks) {
    await inLanes(call.context.settings.batchLanesMax, byTarget(entries), async (same) => {
      for (const entry of same) {
        answers[entry.index] = await answerEntry(call, entry, budget);
        call.later?.tell(`${++done} of ${raw.length} entries`);
      }
    });
  }
  return { status: 200, body: bundleBytes({ type: 'batch-response', entries: answers }), cache: 'no-store' };
}

async function answerEntry(call: FhirCall, entry: RequestEntry, budget: ReadBudget): Promise<BundleEntry> {
  call.later?.signal.throwIfAborted();
  const reads = entry.method === 'GET';
  try {
    if (reads) budget.require();
  } catch (thrown) {
    return responseEntry(failed(call, thrown), 'outcome');
  }
  const answer = await call.context.answer({
    session: call.session,
    method: entry.method,
    url: entry.url,
    headers: entry.headers,
    prefer: { ...call.prefer, return: call.prefer.return ?? 'minimal' },
    body: entry.resource === undefined ? { kind: 'none' } : { kind: 'resource', resource: entry.resource },
  });
  const isOutcome = !reads && call.prefer.return === 'OperationOutcome';
  return budget.spend(responseEntry(answer, isOutcome ? 'outcome' : 'resource'));
}

function failed(call: FhirCall, thrown: unknown): FhirAnswer {
  return entryFailureAnswer(thrown, call.session.asker.requestId, call.context.log);
}

/** Entries that touch one resource stay in their order; the rest go side by side. */
function byTarget(entries: readonly RequestEntry[]): readonly (readonly RequestEntry[])[] {
  const groups = new Map<string, RequestEntry[]>();
  for (const entry of entries) {
    const isNew = entry.method === 'POST' || entry.method === 'GET';
    const key = isNew ? `#${entry.index}` : entry.url;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}

async function inLanes<T>(
  lanes: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(lanes, items.length)) }, lane));
}

/** Names that only this Bundle knows. */
function temporaryUrls(raw: readonly unknown[]): ReadonlySet<string> {
  const urls = new Set<string>();
  for (const entry of raw) {
    if (isObject(entry) && typeof entry.fullUrl === 'string' && entry.fullUrl.startsWith('urn:'))
      urls.add(entry.fullUrl);
  }
  return urls;
}

/** In a batch no entry may lean on another. Throws Failure `invalid`. */
function requireIndependent(entry: RequestEntry, fullUrls: ReadonlySet<string>): void {
  if (fullUrls.size === 0 || entry.resource === undefined) return;
  eachReference(entry.resource, (reference) => {
    if (!fullUrls.has(reference)) return;
    throw new Failure('invalid', 'Entries of a batch cannot refer to one another: send a transaction.', {
      expression: `${entry.place}.resource`,
    });
  });
}
