/**
 * Links of a page: `self` says what was understood, `next` carries the store's cursor with every
 * parameter of the search. R4 http://hl7.org/fhir/R4/http.html#paging and search.html#self.
 */
import { Failure } from '../base/failure.ts';
import { type Pairs, queryOf } from '../fhir/query-pairs.ts';
import type { BundleLink } from './bundle-bytes.ts';
import type { OpenCall } from './fhir-call.ts';
import { lastValue } from './negotiation.ts';

/** The parameter that holds a cursor; opaque to clients, who follow links and never make it. */
export const CURSOR = '_cursor';

/**
 * `self`, `first` on a further page (it begins anew, at the newest moment), and `next` where there is a page
 * after this one. `url` is absolute and without a query.
 */
export function pageLinks(url: string, understood: Pairs, next: string | undefined): readonly BundleLink[] {
  const links: BundleLink[] = [{ relation: 'self', url: withQuery(url, understood) }];
  const rest = understood.filter(([name]) => name !== CURSOR);
  if (rest.length < understood.length) links.push({ relation: 'first', url: withQuery(url, rest) });
  if (next !== undefined) {
    links.push({ relation: 'next', url: withQuery(url, [...rest, [CURSOR, next]]) });
  }
  return links;
}

function withQuery(url: string, pairs: Pairs): string {
  return pairs.length === 0 ? url : `${url}?${queryOf(pairs)}`;
}

/** `_count`, at most the setting pageSizeMax; `otherwise` where it is not given. Throws Failure `value`. */
export function countOf(call: OpenCall, otherwise: number): number {
  const text = lastValue(call.pairs, '_count');
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new Failure('value', '_count must be a whole number, 0 or more.');
  return Math.min(Number(text), call.context.settings.pageSizeMax);
}

/**
 * Refuses parameters that this address does not know. Where leaving one out widens the answer, as
 * `_since` does, ignoring it would be a silent wrong answer. Throws Failure `not-supported` naming it.
 */
export function requireKnown(pairs: Pairs, known: readonly string[], what: string): void {
  for (const [name] of pairs) {
    if (known.includes(name)) continue;
    throw new Failure('not-supported', `Parameter "${name.slice(0, 60)}" is not supported on ${what}.`);
  }
}
