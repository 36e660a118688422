/**
 * What the three histories share: their parameters, and the Bundle that tells each version with the request
 * that made it. R4 http://hl7.org/fhir/R4/http.html#history.
 */
import type { InstantMs } from '../base/brands.ts';
import { isoInstant } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { dateRange } from '../fhir/date-range.ts';
import type { Pairs } from '../fhir/query-pairs.ts';
import type { Deleted, HistoryQuery, HistoryTarget, Stored } from '../store/store.ts';
import { etagOf, resourceUrl } from './answers.ts';
import { type BundleEntry, bundleBytes } from './bundle-bytes.ts';
import type { FhirAnswer, FhirCall, FhirContext } from './fhir-call.ts';
import { lastValue } from './negotiation.ts';
import { oneValue, sinceOf } from './operation-parameters.ts';
import { CURSOR, countOf, pageLinks, requireKnown } from './page-links.ts';

const KNOWN = ['_count', '_since', '_at', '_format', '_pretty', CURSOR];

/** One page of the history of what `target` names, at the address of the call. */
export async function historyAnswer(call: FhirCall, target: Partial<HistoryTarget>): Promise<FhirAnswer> {
  const { context, pairs } = call;
  requireKnown(pairs, KNOWN, 'the history');
  const count = countOf(call, context.settings.pageSizeDefault);
  if (count === 0) throw new Failure('value', 'A history page holds at least one version: _count=1 or more.');
  const [since, at, cursor] = [sinceOf(pairs), atOf(pairs), lastValue(pairs, CURSOR)];
  const query: HistoryQuery = {
    ...target,
    ...(since === undefined ? {} : { since }),
    ...(at === undefined ? {} : { at }),
  };
  const page = await call.session.history(query, { count, ...(cursor === undefined ? {} : { cursor }) });
  const body = bundleBytes({
    type: 'history',
    ...(page.total === undefined ? {} : { total: page.total }),
    links: pageLinks(`${context.base}/${call.path}`, pairs, page.next),
    entries: page.entries.map((version) => historyEntry(context, version)),
  });
  return { status: 200, body, cache: 'check' };
}

/** `_at`: the span that a date or time names. Throws Failure `value`. */
function atOf(pairs: Pairs): HistoryQuery['at'] {
  // an unencoded "+" of an offset arrives as a space
  const text = oneValue(pairs, '_at')?.replace(' ', '+');
  if (text === undefined) return undefined;
  const range = dateRange(text);
  if (range === undefined) {
    throw new Failure('value', '_at must be a date or time without a prefix, such as 2026-11 or an instant.');
  }
  return range as { lo: InstantMs; hi: InstantMs };
}

function historyEntry(context: FhirContext, version: Stored | Deleted): BundleEntry {
  const url = `${version.type}/${version.id}`;
  const response = { etag: etagOf(version.versionId), lastModified: isoInstant(version.lastUpdated) };
  const fullUrl = resourceUrl(context, version.type, version.id);
  if (version.deleted) {
    return {
      fullUrl,
      request: { method: 'DELETE', url },
      response: { status: '204 No Content', ...response },
    };
  }
  const status = version.versionId === '1' ? '201 Created' : '200 OK';
  return {
    fullUrl,
    resource: version.bytes,
    request: { method: 'PUT', url },
    response: { status, ...response },
  };
}
