/**
 * What an entry of a batch or transaction response says. R4
 * http://hl7.org/fhir/R4/http.html#transaction-response.
 */
import { STATUS_CODES } from 'node:http';
import { isoInstant } from '../base/clock.ts';
import { etagOf } from './answers.ts';
import type { BundleEntry } from './bundle-bytes.ts';
import type { FhirAnswer } from './fhir-call.ts';

/**
 * An answer as an entry. `bodyIs` tells what the bytes are: the resource, or an OperationOutcome about
 * what was done; of an answer over 399 it is always the latter.
 */
export function responseEntry(answer: FhirAnswer, bodyIs: 'resource' | 'outcome'): BundleEntry {
  const { status, version, location } = answer;
  const body = answer.body === undefined ? undefined : bytesOf(answer.body);
  const isOutcome = status >= 400 || bodyIs === 'outcome';
  return {
    ...(body === undefined || isOutcome ? {} : { resource: body }),
    response: {
      status: `${status} ${STATUS_CODES[status] ?? ''}`.trim(),
      ...(location === undefined ? {} : { location }),
      ...(version === undefined
        ? {}
        : { etag: etagOf(version.versionId), lastModified: isoInstant(version.lastUpdated) }),
      ...(body === undefined || !isOutcome ? {} : { outcome: body }),
    },
  };
}

function bytesOf(body: Buffer | readonly Buffer[]): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.concat(body);
}
