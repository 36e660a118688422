/**
 * Whether the asker holds a version already. R4 "Conditional read", http://hl7.org/fhir/R4/http.html#cread.
 */
import type { InstantMs, VersionId } from '../base/brands.ts';
import { etagOf } from './answers.ts';
import type { RequestHeaders } from './fhir-call.ts';

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
