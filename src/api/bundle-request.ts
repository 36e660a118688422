/**
 * A Bundle of requests: what batch and transaction share. Each entry is read on its own, so that an error
 * names the entry it is in. R4 http://hl7.org/fhir/R4/http.html#transaction.
 */
import { Failure, type Issue } from '../base/failure.ts';
import { isObject, type JsonObject } from '../fhir/json-access.ts';
import { validate } from '../fhir/validate.ts';
import type { FhirAnswer, FhirCall, Method, RequestHeaders } from './fhir-call.ts';
import type { Interaction } from './interaction.ts';
import { inPlace, parsedBody, requireType, requireValid } from './written-resource.ts';

/** One entry as it was sent. */
export interface RequestEntry {
  readonly index: number;
  /** `Bundle.entry[2]` */
  readonly place: string;
  readonly method: Method;
  /** Below the base, without a slash in front. */
  readonly url: string;
  readonly fullUrl: string | undefined;
  readonly resource: unknown;
  readonly headers: RequestHeaders;
}

/**
 * The first rank is done first: deletions, creations, updates, then reads, whatever the order in the
 * Bundle.
 */
export const RANK: Readonly<Record<Method, number>> = { DELETE: 0, POST: 1, PUT: 2, PATCH: 2, GET: 3 };

/** One route for both interactions, since they have one address: the Bundle says which it is. */
export function byBundleType(batch: Interaction, transaction: Interaction): Interaction {
  return {
    code: 'batch-or-transaction',
    level: 'system',
    routes: [{ method: 'POST', shape: 'base' }],
    summary: 'A Bundle of requests: a batch of independent ones, or a transaction of all or none',
    handle(call: FhirCall): Promise<FhirAnswer> {
      const bundle = parsedBody(call);
      requireType(bundle, 'Bundle');
      const { type } = bundle as { type?: unknown };
      const parsed: FhirCall = { ...call, body: { kind: 'resource', resource: bundle } };
      if (type === 'batch') return batch.handle(parsed);
      if (type === 'transaction') return transaction.handle(parsed);
      throw new Failure(
        'value',
        `A Bundle of type "${String(type).slice(0, 40)}" is no request: post a batch or a transaction here.`,
        { expression: 'Bundle.type' },
      );
    },
  };
}

/**
 * The entries of a parsed batch or transaction, not yet read. Checks the Bundle around the resources.
 * Throws Failure `too-costly` (413) over the setting bundleEntriesMax, or what validation found.
 */
export function rawEntries(call: FhirCall): readonly unknown[] {
  const bundle = parsedBody(call) as JsonObject;
  const entries = bundle.entry ?? [];
  if (!Array.isArray(entries)) {
    throw new Failure('structure', 'Bundle.entry must be a list.', { expression: 'Bundle.entry' });
  }
  const most = call.context.settings.bundleEntriesMax;
  if (entries.length > most) {
    throw new Failure(
      'too-costly',
      `A Bundle may hold ${most} entries (setting bundleEntriesMax): send less at a time.`,
      {
        status: 413,
        expression: 'Bundle.entry',
      },
    );
  }
  requireValid(bundle.entry === undefined ? bundle : { ...bundle, entry: entries.map(withoutResource) });
  return entries;
}

/** The resources are validated one by one, in their places; here the Bundle around them. */
function withoutResource(entry: unknown): unknown {
  if (!isObject(entry)) return entry;
  const { resource: _apart, ...rest } = entry;
  return rest;
}

/**
 * Reads one entry. Throws Failure with the expression of what is wrong. `base` is stripped from an
 * absolute url.
 */
export function readEntry(entry: unknown, index: number, base: string): RequestEntry {
  const place = `Bundle.entry[${index}]`;
  if (!isObject(entry) || !isObject(entry.request)) {
    throw new Failure('required', 'An entry of a batch or transaction needs its request.', {
      expression: `${place}.request`,
    });
  }
  const { request } = entry;
  return {
    index,
    place,
    method: methodOf(request.method, place),
    url: urlOf(request.url, base, place),
    fullUrl: typeof entry.fullUrl === 'string' ? entry.fullUrl : undefined,
    resource: entry.resource,
    headers: conditionsOf(request),
  };
}

function methodOf(method: unknown, place: string): Method {
  switch (method) {
    case 'GET':
    case 'POST':
    case 'PUT':
    case 'DELETE':
    case 'PATCH':
      return method;
    case 'HEAD':
      return 'GET';
    default:
      throw new Failure('value', 'The method of an entry is GET, POST, PUT or DELETE.', {
        expression: `${place}.request.method`,
      });
  }
}

function urlOf(url: unknown, base: string, place: string): string {
  if (typeof url !== 'string' || /^\/*(\?|$)/.test(url)) {
    throw new Failure('required', 'An entry needs the url of its request.', {
      expression: `${place}.request.url`,
    });
  }
  if (url.startsWith(`${base}/`)) return url.slice(base.length + 1);
  if (/^[a-z][a-z0-9+.-]*:/i.test(url)) {
    throw new Failure(
      'value',
      'The url of an entry lies on this server: write it without the address in front.',
      {
        expression: `${place}.request.url`,
      },
    );
  }
  return url.replace(/^\/+/, '');
}

function conditionsOf(request: JsonObject): RequestHeaders {
  const headers: Record<string, string> = {};
  if (typeof request.ifMatch === 'string') headers['if-match'] = request.ifMatch;
  if (typeof request.ifNoneMatch === 'string') headers['if-none-match'] = request.ifNoneMatch;
  if (typeof request.ifNoneExist === 'string') headers['if-none-exist'] = request.ifNoneExist;
  if (typeof request.ifModifiedSince === 'string') {
    const at = new Date(request.ifModifiedSince);
    if (!Number.isNaN(at.getTime())) headers['if-modified-since'] = at.toUTCString();
  }
  return headers;
}

/** Errors of a resource, placed in its entry; warnings are left out. */
export function entryErrors(resource: unknown, place: string): readonly Issue[] {
  return validate(resource)
    .filter((issue) => issue.severity === 'error' || issue.severity === 'fatal')
    .map((issue) => inPlace(issue, `${place}.resource`));
}
