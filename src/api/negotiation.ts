/**
 * What the client can read, what it sends, and what it prefers. JSON only: XML is refused by name.
 * R4 "Content types and encodings" and "Return preference", http://hl7.org/fhir/R4/http.html#mime-type.
 */
import { Failure } from '../base/failure.ts';
import type { Pairs } from '../fhir/query-pairs.ts';
import type { RequestHeaders } from './fhir-call.ts';

export const FHIR_JSON = 'application/fhir+json; charset=utf-8';

const JSON_FORMATS: ReadonlySet<string> = new Set([
  'json',
  'application/json',
  'application/fhir+json',
  'text/json',
]);
const JSON_RANGES: ReadonlySet<string> = new Set([...JSON_FORMATS, '*/*', 'application/*', 'text/*']);
const SENT_JSON: ReadonlySet<string> = new Set(['application/fhir+json', 'application/json', 'text/json']);
export const FORM = 'application/x-www-form-urlencoded';

export interface Preferences {
  readonly return: 'minimal' | 'representation' | 'OperationOutcome' | undefined;
  /** Unknown or unsupported search parameters fail where true; they are reported otherwise. */
  readonly strict: boolean;
}

const noPreferences: Preferences = { return: undefined, strict: false };

/** `Prefer: return=…` and `handling=…`; what is not known is ignored, as RFC 7240 asks. */
export function preferencesOf(headers: RequestHeaders): Preferences {
  const prefer = headers.prefer;
  if (prefer === undefined) return noPreferences;
  let returned: Preferences['return'];
  let strict = false;
  for (const part of String(prefer).split(/[,;]/)) {
    const [name, value] = part
      .trim()
      .split('=', 2)
      .map((side) => side.trim().replace(/^"(.*)"$/, '$1'));
    if (
      name === 'return' &&
      (value === 'minimal' || value === 'representation' || value === 'OperationOutcome')
    ) {
      returned = value;
    }
    if (name === 'handling') strict = value === 'strict';
  }
  return { return: returned, strict };
}

/**
 * Refuses what cannot be answered in JSON. `_format` goes before Accept.
 * Throws Failure `not-supported` (406) naming the format asked for.
 */
export function requireJsonAnswer(headers: RequestHeaders, format: string | undefined): void {
  if (format !== undefined) {
    // a "+" in an address is a space once decoded
    const { type, version } = mediaRange(format.replace(/^application\/fhir /, 'application/fhir+'));
    if (!JSON_FORMATS.has(type)) throw notAcceptable(type);
    if (!isR4(version)) throw notAcceptable(`FHIR version ${version}`);
    return;
  }
  const accept = headers.accept;
  if (accept === undefined || accept === '*/*' || accept === 'application/fhir+json') return;
  const ranges = String(accept).split(',').map(mediaRange);
  const fit = ranges.filter((range) => JSON_RANGES.has(range.type) && range.quality > 0);
  if (fit.some((range) => isR4(range.version))) return;
  const [first] = fit.length > 0 ? fit : ranges;
  throw notAcceptable(fit.length > 0 ? `FHIR version ${first?.version}` : (first?.type ?? ''));
}

function notAcceptable(what: string): Failure {
  const name = /xml/.test(what) ? 'FHIR XML' : `"${what.slice(0, 100)}"`;
  return new Failure(
    'not-supported',
    `${name} is not supported yet: ask for FHIR R4 as application/fhir+json (Accept, or _format=json).`,
    { status: 406 },
  );
}

interface MediaRange {
  readonly type: string;
  readonly quality: number;
  readonly version: string | undefined;
  readonly charset: string | undefined;
}

function mediaRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const value = (name: string): string | undefined =>
    parameters
      .find((parameter) => parameter.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .replace(/^"(.*)"$/, '$1');
  const quality = Number(value('q') ?? '1');
  return {
    type,
    quality: Number.isNaN(quality) ? 1 : quality,
    version: value('fhirversion'),
    charset: value('charset'),
  };
}

function isR4(version: string | undefined): boolean {
  return version === undefined || version === '4.0' || version === '4.0.1';
}

/**
 * The media type of a request body, lower case: JSON, or a form where `forms` allows one.
 * Throws Failure `not-supported` (415) naming what was sent.
 */
export function sentMediaType(headers: RequestHeaders, forms: boolean): string {
  const header = headers['content-type'];
  if (header === 'application/fhir+json') return header;
  const { type, version, charset } = mediaRange(String(header ?? ''));
  const refuse = (text: string): Failure => new Failure('not-supported', text, { status: 415 });
  if (!SENT_JSON.has(type) && !(forms && type === FORM)) {
    const what = type === '' ? 'A body without a Content-Type' : `A body of type "${type.slice(0, 100)}"`;
    throw refuse(`${what} is not read: send application/fhir+json${forms ? ` or ${FORM}` : ''}.`);
  }
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    throw refuse(`Character set "${charset.slice(0, 40)}" is not read: send UTF-8.`);
  }
  if (!isR4(version))
    throw refuse(`FHIR version "${version?.slice(0, 20)}" is not read: send FHIR R4 (4.0).`);
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw refuse(`Content-Encoding "${String(encoding).slice(0, 40)}" is not read: send the body as it is.`);
  }
  return type;
}

/** The last value of a parameter; undefined where it is not given. */
export function lastValue(pairs: Pairs, name: string): string | undefined {
  return pairs.findLast(([key]) => key === name)?.[1];
}
