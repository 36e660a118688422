/**
 * One request inside a Bundle: what batch, transaction and import share. Each entry is read on its own, so
 * that an error names the entry it is in. R4 http://hl7.org/fhir/R4/http.html#transaction.
 */
import { Failure, type Issue } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { isObject, type JsonObject } from '../fhir/json-access.ts';
import { validate } from '../fhir/validate.ts';
import { inPlace, requireValid } from './given-resource.ts';

export type EntryMethod = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';

/** Request headers by lower-case name, as node:http gives them. */
export type EntryHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** One entry as it was sent. */
export interface RequestEntry {
  readonly index: number;
  /** `Bundle.entry[2]` */
  readonly place: string;
  readonly method: EntryMethod;
  /** Below the base, without a slash in front. */
  readonly url: string;
  readonly fullUrl: string | undefined;
  readonly resource: unknown;
  readonly headers: EntryHeaders;
}

/**
 * The first rank is done first: deletions, creations, updates, then reads, whatever the order in the
 * Bundle.
 */
export const RANK: Readonly<Record<EntryMethod, number>> = { DELETE: 0, POST: 1, PUT: 2, PATCH: 2, GET: 3 };

/**
 * The entries of a Bundle, not yet read; what is around them has been checked. Throws Failure `too-costly`
 * (413) where there are too many, or what validation found.
 */
export function entriesOf(
  bundle: JsonObject,
  { bundleEntriesMax: most }: Pick<Settings, 'bundleEntriesMax'>,
): readonly unknown[] {
  const entries = bundle.entry ?? [];
  if (!Array.isArray(entries)) {
    throw new Failure('structure', 'Bundle.entry must be a list.', { expression: 'Bundle.entry' });
  }
  if (entries.length > most) {
    throw new Failure(
      'too-costly',
      `A Bundle may hold ${most} entries (setting bundleEntriesMax): send less at a time.`,
      { status: 413, expression: 'Bundle.entry' },
    );
  }
  requireValid(bundle.entry === undefined ? bundle : { ...bundle, entry: entries.map(withoutResource) });
  return entries;
}

/** The resources are validated one by one, in their places; here the Bundle around them. */
function withoutResource(entry: unknown): unknown {
  return isObject(entry) && entry.resource !== undefined ? { ...entry, resource: STAND_IN } : entry;
}

const STAND_IN = { resourceType: 'Binary', contentType: 'text/plain' };

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

function methodOf(method: unknown, place: string): EntryMethod {
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

function conditionsOf(request: JsonObject): EntryHeaders {
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
