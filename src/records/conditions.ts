/**
 * The conditions of a write: If-Match, If-None-Match, If-None-Exist, and the search of a conditional
 * reference. R4 "Managing Resource Contention" and "Conditional create",
 * http://hl7.org/fhir/R4/http.html#concurrency, #ccreate.
 */
import type { VersionId } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { asksFullText } from '../fhir/full-text.ts';
import { parseSearch } from '../fhir/parse-search.ts';
import { type Pairs, pairsOf } from '../fhir/query-pairs.ts';
import type { ResourceType } from '../fhir/resource.ts';
import type { SearchQuery } from '../fhir/search-query.ts';
import type { EntryHeaders } from './request-entry.ts';

const ETAG = /^(?:W\/)?"([A-Za-z0-9\-.]{1,64})"$/;

/**
 * The version that an update or delete demands. Throws Failure `value` where the header is no single
 * ETag.
 */
export function ifMatchOf(headers: EntryHeaders): VersionId | undefined {
  const header = headers['if-match'];
  if (header === undefined) return undefined;
  const version = ETAG.exec(String(header).trim())?.[1];
  if (version === undefined) {
    throw new Failure('value', 'If-Match must be one ETag as the server gave it, such as W/"3".');
  }
  return version as VersionId;
}

/**
 * True where `If-None-Match: *` demands that nothing is there yet. Throws Failure `value` where a write has
 * another one: to ignore it would be to write over what it was meant to keep.
 */
export function mustBeAbsent(headers: EntryHeaders): boolean {
  const header = headers['if-none-match'];
  if (header === undefined) return false;
  if (String(header).trim() === '*') return true;
  throw new Failure(
    'value',
    'If-None-Match of a write is "*": nothing may be there yet. Use If-Match for a version.',
  );
}

/**
 * The search behind If-None-Exist, the address of a conditional write, or a conditional reference; what is
 * unknown in it always fails, since a condition that is only half understood finds the wrong resource. Throws
 * Failure `invalid`, `not-supported`.
 */
export function conditionQuery(
  settings: Settings,
  type: ResourceType,
  condition: string | Pairs,
): SearchQuery {
  const pairs = typeof condition === 'string' ? pairsOf(condition.replace(/^\?/, '')) : condition;
  const { query: search } = parseSearch(type, pairs, { strict: true, settings });
  if (asksFullText(search)) {
    throw new Failure('not-supported', `"_text" and "_content" cannot be part of a condition on ${type}.`);
  }
  if (search.filters.length === 0) {
    throw new Failure('invalid', `A condition on ${type} needs at least one search parameter.`);
  }
  return { ...search, count: 2, total: 'none', include: [], revinclude: [], sort: [] };
}
