/**
 * The conditions of a request: If-Match, If-None-Match, If-Modified-Since, If-None-Exist.
 * R4 "Managing Resource Contention" and "Conditional read", http://hl7.org/fhir/R4/http.html#concurrency.
 */
import type { InstantMs, VersionId } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import { parseSearch } from '../fhir/parse-search.ts';
import type { ResourceType } from '../fhir/resource.ts';
import type { SearchQuery } from '../fhir/search-query.ts';
import { etagOf } from './answers.ts';
import type { FhirContext, RequestHeaders } from './fhir-call.ts';
import { pairsOf } from './negotiation.ts';

const ETAG = /^(?:W\/)?"([A-Za-z0-9\-.]{1,64})"$/;

/**
 * The version that an update or delete demands. Throws Failure `value` where the header is no single
 * ETag.
 */
export function ifMatchOf(headers: RequestHeaders): VersionId | undefined {
  const header = headers['if-match'];
  if (header === undefined) return undefined;
  const version = ETAG.exec(String(header).trim())?.[1];
  if (version === undefined) {
    throw new Failure('value', 'If-Match must be one ETag as the server gave it, such as W/"3".');
  }
  return version as VersionId;
}

/** True where `If-None-Match: *` demands that nothing is there yet. */
export function mustBeAbsent(headers: RequestHeaders): boolean {
  return headers['if-none-match'] === '*';
}

/**
 * True where the asker holds this version already, so that 304 is the answer. If-None-Match goes before
 * the date.
 */
export function isHeld(
  headers: RequestHeaders,
  version: { readonly versionId: VersionId; readonly lastUpdated: InstantMs },
): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined) {
    const tag = etagOf(version.versionId).slice(2);
    return String(tags)
      .split(',')
      .some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
  }
  const since = headers['if-modified-since'];
  if (since === undefined) return false;
  const at = Date.parse(String(since));
  return !Number.isNaN(at) && Math.floor(version.lastUpdated / 1000) * 1000 <= at;
}

/**
 * The search behind If-None-Exist, or behind a conditional reference; what is unknown in it always fails,
 * since a condition that is only half understood finds the wrong resource. Throws Failure `invalid`,
 * `not-supported`.
 */
export function conditionQuery(context: FhirContext, type: ResourceType, query: string): SearchQuery {
  const pairs = pairsOf(query.replace(/^\?/, ''));
  const { query: search } = parseSearch(type, pairs, { strict: true, settings: context.settings });
  if (search.filters.length === 0) {
    throw new Failure('invalid', `A condition on ${type} needs at least one search parameter.`);
  }
  return { ...search, count: 2, total: 'none', include: [], revinclude: [], sort: [] };
}
