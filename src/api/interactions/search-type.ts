/**
 * Search within one type, by address or by form. The page is joined from stored bytes; warnings ride
 * along as an outcome entry. R4 http://hl7.org/fhir/R4/http.html#search and search.html.
 */
import type { Issue } from '../../base/failure.ts';
import { Failure } from '../../base/failure.ts';
import { parseSearch } from '../../fhir/parse-search.ts';
import { type Pairs, pairsOf } from '../../fhir/query-pairs.ts';
import type { ResourceType } from '../../fhir/resource.ts';
import type { SearchQuery } from '../../fhir/search-query.ts';
import type { SearchPage, Stored } from '../../store/store.ts';
import { outcomeBytes, resourceUrl } from '../answers.ts';
import { type BundleEntry, bundleBytes } from '../bundle-bytes.ts';
import type { FhirAnswer, FhirCall, FhirContext } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';
import { typeOf } from '../interaction.ts';
import { FORM, lastValue } from '../negotiation.ts';
import { CURSOR, pageLinks } from '../page-links.ts';

/** Parameters of the answer's form, which are no part of the search. */
const OF_THE_FORM: ReadonlySet<string> = new Set(['_format', '_pretty', CURSOR]);

export const searchType: Interaction = {
  code: 'search-type',
  level: 'type',
  routes: [
    { method: 'GET', shape: 'type' },
    { method: 'POST', shape: 'type-search' },
  ],
  summary: 'Resources of one type that fit every parameter',
  handle: answerSearch,
};

async function answerSearch(call: FhirCall): Promise<FhirAnswer> {
  const type = typeOf(call);
  const { context } = call;
  const pairs = [...call.pairs, ...formPairs(call)];
  const asked = pairs.filter(([name]) => !OF_THE_FORM.has(name));
  const options = { strict: call.prefer.strict, settings: context.settings };
  const { query, warnings } = parseSearch(type, asked, options);
  const cursor = lastValue(pairs, CURSOR);
  const page = await call.session.search(cursor === undefined ? query : { ...query, cursor });
  const understood = warnings.length === 0 ? pairs : understoodPairs(context, query, pairs);
  const body = bundleBytes({
    type: 'searchset',
    ...(page.total === undefined ? {} : { total: page.total }),
    links: pageLinks(`${context.base}/${type}`, understood, page.next),
    entries: pageEntries(context, page, warnings),
  });
  return { status: 200, body, cache: 'check' };
}

function pageEntries(context: FhirContext, page: SearchPage, warnings: readonly Issue[]): BundleEntry[] {
  const entry = (stored: Stored, search: 'match' | 'include'): BundleEntry => ({
    fullUrl: resourceUrl(context, stored.type, stored.id),
    resource: stored.bytes,
    search,
  });
  const entries = page.entries.map((stored) => entry(stored, 'match'));
  for (const stored of page.included) entries.push(entry(stored, 'include'));
  if (warnings.length > 0) entries.push({ resource: outcomeBytes(warnings), search: 'outcome' });
  return entries;
}

function formPairs(call: FhirCall): Pairs {
  if (call.method !== 'POST' || call.body.kind === 'none') return [];
  if (call.body.kind === 'bytes' && call.body.mediaType === FORM) {
    return pairsOf(call.body.bytes.toString('utf8'));
  }
  throw new Failure('not-supported', `A search by POST is sent as ${FORM}.`, { status: 415 });
}

/** What the links may repeat: parameters that were taken, with the page size that was honoured. */
function understoodPairs(context: FhirContext, query: SearchQuery, pairs: Pairs): Pairs {
  return pairs
    .map((pair) => (pair[0] === '_count' ? (['_count', String(query.count)] as const) : pair))
    .filter((pair) => isUnderstood(context, query.type, pair));
}

/** Whether a parameter, alone, would be taken under strict handling. */
function isUnderstood(context: FhirContext, type: ResourceType, pair: readonly [string, string]): boolean {
  if (OF_THE_FORM.has(pair[0])) return true;
  try {
    return parseSearch(type, [pair], { strict: true, settings: context.settings }).warnings.length === 0;
  } catch {
    return false;
  }
}
