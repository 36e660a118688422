/**
 * Whether the asker holds a version already. R4 "Conditional read", http://hl7.org/fhir/R4/http.html#cread.
 */
import type { InstantMs, VersionId } from '../base/brands.ts';
import type { Stored } from '../store/store.ts';
import { etagOf, storedAnswer } from './answers.ts';
import type { FhirAnswer, RequestHeaders } from './fhir-call.ts';

/** A stored version, untouched; 304 without it where the asker holds it already. */
export function unlessHeld(headers: RequestHeaders, stored: Stored): FhirAnswer {
  const answer = storedAnswer(stored);
  if (!isHeld(headers, stored)) return answer;
  const { body: _held, ...rest } = answer;
  return { ...rest, status: 304 };
}

/**
 * True where the asker holds this version already, so that 304 is the answer. If-None-Match goes before
 * the date.
 */
function isHeld(
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
