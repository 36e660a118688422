/**
 * What every search answers with: a page joined from stored bytes, or from parts of them where `_summary` or
 * `_elements` ask for those; warnings ride along as an outcome entry. R4
 * http://hl7.org/fhir/R4/search.html.
 */
import { Failure } from '../base/failure.ts';
import type { ParsedSearch } from '../fhir/parse-search.ts';
import { type Pairs, pairsOf } from '../fhir/query-pairs.ts';
import type { SearchOptions } from '../fhir/search-draft.ts';
import type { SearchQuery } from '../fhir/search-query.ts';
import { subsetBytes } from '../fhir/subset-resource.ts';
import type { SearchPage, Stored } from '../store/store.ts';
import { outcomeBytes, resourceUrl } from './answers.ts';
import { type BundleEntry, bundleBytes } from './bundle-bytes.ts';
import type { FhirAnswer, FhirCall, FhirContext } from './fhir-call.ts';
import { FORM, lastValue } from './negotiation.ts';
import { CURSOR, pageLinks } from './page-links.ts';

/** Reads the parameters of one kind of search. */
type Parse = (pairs: Pairs, options: SearchOptions) => ParsedSearch;

/** Parameters of the answer's form, which are no part of the search. */
const OF_THE_FORM: ReadonlySet<string> = new Set(['_format', '_pretty', CURSOR]);

/**
 * Answers a search; `path` is where it is asked, below the base. Parameters of the address and of a form are
 * taken together.
 */
export async function searchAnswer(call: FhirCall, path: string, parse: Parse): Promise<FhirAnswer> {
  const { context } = call;
  const pairs = [...call.pairs, ...formPairs(call)];
  const asked = pairs.filter(([name]) => !OF_THE_FORM.has(name));
  const parsed = parse(asked, { strict: call.prefer.strict, settings: context.settings });
  const { query, warnings } = parsed;
  const cursor = lastValue(pairs, CURSOR);
  const page = await call.session.search(cursor === undefined ? query : { ...query, cursor });
  const understood = warnings.length === 0 ? pairs : understoodPairs(context, query, pairs, parse);
  const body = bundleBytes({
    type: 'searchset',
    ...(page.total === undefined ? {} : { total: page.total }),
    links: pageLinks(path === '' ? context.base : `${context.base}/${path}`, understood, page.next),
    entries: pageEntries(context, page, parsed),
  });
  return { status: 200, body, cache: 'check' };
}

function pageEntries(
  context: FhirContext,
  page: SearchPage,
  { subset, warnings }: Pick<ParsedSearch, 'subset' | 'warnings'>,
): BundleEntry[] {
  const entry = (stored: Stored, search: 'match' | 'include'): BundleEntry => {
    // named elements are those of what was searched for
    const isWhole = subset === undefined || (subset.kind === 'elements' && search === 'include');
    return {
      fullUrl: resourceUrl(context, stored.type, stored.id),
      resource: isWhole ? stored.bytes : subsetBytes(stored.bytes, subset, context.settings),
      search,
    };
  };
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
function understoodPairs(context: FhirContext, query: SearchQuery, pairs: Pairs, parse: Parse): Pairs {
  // which types are searched decides what is understood of the others
  const types = pairs.filter(([name]) => name === '_type');
  const options = { strict: true, settings: context.settings };
  const isUnderstood = (pair: Pairs[number]): boolean => {
    if (OF_THE_FORM.has(pair[0])) return true;
    try {
      return parse(pair[0] === '_type' ? types : [...types, pair], options).warnings.length === 0;
    } catch {
      return false;
    }
  };
  return pairs
    .map((pair) => (pair[0] === '_count' ? (['_count', String(query.count)] as const) : pair))
    .filter(isUnderstood);
}
