/**
 * What an entry of a batch or transaction response says. R4
 * http://hl7.org/fhir/R4/http.html#transaction-response.
 */
import { STATUS_CODES } from 'node:http';
import { isoInstant } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { etagOf } from './answers.ts';
import type { BundleEntry } from './bundle-bytes.ts';
import type { FhirAnswer } from './fhir-call.ts';

/**
 * An answer as an entry. `bodyIs` tells what the bytes are: the resource, or an OperationOutcome about
 * what was done; of an answer over 399 it is always the latter.
 */
export function responseEntry(answer: FhirAnswer, bodyIs: 'resource' | 'outcome'): BundleEntry {
  const { status, version, location } = answer;
  const body = answer.inBundle ?? (answer.body === undefined ? undefined : bytesOf(answer.body));
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

/** Counts what the entries of one Bundle read, which is limited: each may be a page of a search. */
export class ReadBudget {
  readonly #max: number;
  #spent = 0;

  constructor(settings: Pick<Settings, 'bundleBytesMax'>) {
    this.#max = settings.bundleBytesMax;
  }

  /** Throws Failure `too-costly` where the entries before have used it up. */
  require(): void {
    if (this.#spent < this.#max) return;
    throw new Failure(
      'too-costly',
      'The entries before this one read as much as one Bundle may (setting bundleBytesMax): ask apart.',
      { status: 413 },
    );
  }

  spend(entry: BundleEntry): BundleEntry {
    this.#spent += entry.resource?.length ?? 0;
    return entry;
  }
}

function bytesOf(body: Buffer | readonly Buffer[]): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.concat(body);
}
