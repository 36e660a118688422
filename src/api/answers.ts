/**
 * The answers that several interactions share: a stored version, what a write left, an outcome.
 * R4 http://hl7.org/fhir/R4/http.html#ops and #return.
 */
import type { Id, InstantMs, VersionId } from '../base/brands.ts';
import type { Issue } from '../base/failure.ts';
import { operationOutcome } from '../fhir/operation-outcome.ts';
import type { ResourceType } from '../fhir/resource.ts';
import type { Committed, Stored } from '../store/store.ts';
import type { FhirAnswer, FhirContext } from './fhir-call.ts';
import type { Preferences } from './negotiation.ts';

/** A stored version, untouched. */
export function storedAnswer(stored: Stored): FhirAnswer {
  return {
    status: 200,
    body: stored.bytes,
    version: { versionId: stored.versionId, lastUpdated: stored.lastUpdated },
    cache: 'check',
  };
}

/**
 * What a create or update says: `return=` decides whether the resource, nothing or an outcome comes
 * along.
 */
export function writtenAnswer(
  context: FhirContext,
  committed: Committed,
  prefer: Preferences,
  warnings: readonly Issue[],
): FhirAnswer {
  const created = committed.outcome === 'created';
  const body = writtenBody(committed, prefer, warnings);
  return {
    status: created ? 201 : 200,
    version: { versionId: committed.versionId, lastUpdated: committed.lastUpdated },
    location: versionUrl(context, committed),
    cache: 'check',
    ...(body === undefined ? {} : { body }),
  };
}

function writtenBody(
  committed: Committed,
  prefer: Preferences,
  warnings: readonly Issue[],
): Buffer | undefined {
  if (prefer.return === 'minimal') return undefined;
  if (prefer.return === 'OperationOutcome') {
    const done: Issue = {
      severity: 'information',
      code: 'informational',
      text: `${committed.type}: ${committed.outcome}.`,
    };
    return outcomeBytes([done, ...warnings]);
  }
  return committed.bytes;
}

/** An OperationOutcome as JSON text. */
export function outcomeBytes(issues: readonly Issue[]): Buffer {
  return Buffer.from(JSON.stringify(operationOutcome(issues)));
}

/** FHIR has no empty lists: the element is there where it holds something. */
export function listed<K extends string, T>(name: K, items: readonly T[]): { [key in K]?: T[] } {
  return items.length === 0 ? {} : ({ [name]: [...items] } as { [key in K]: T[] });
}

/** Absolute address of the current version. */
export function resourceUrl(context: FhirContext, type: ResourceType, id: Id): string {
  return `${context.base}/${type}/${id}`;
}

/** Absolute address of one version. */
function versionUrl(
  context: FhirContext,
  version: { readonly type: ResourceType; readonly id: Id; readonly versionId: VersionId },
): string {
  return `${context.base}/${version.type}/${version.id}/_history/${version.versionId}`;
}

/** `W/"3"` */
export function etagOf(versionId: VersionId): string {
  return `W/"${versionId}"`;
}

const dates = new Map<number, string>();
const DATES_KEPT = 10_000;

/**
 * `Mon, 23 Nov 2026 08:15:30 GMT`: HTTP knows seconds only. Kept by second, since formatting shows on the
 * path of a read.
 */
export function httpDate(at: InstantMs): string {
  const second = Math.floor(at / 1000);
  const known = dates.get(second);
  if (known !== undefined) return known;
  const text = new Date(at).toUTCString();
  if (dates.size >= DATES_KEPT) dates.clear();
  dates.set(second, text);
  return text;
}
