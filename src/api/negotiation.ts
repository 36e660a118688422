/**
 * What the client can read, what it sends, and what it prefers: FHIR JSON or XML, the first where both do.
 * R4 "Content types and encodings" and "Return preference", http://hl7.org/fhir/R4/http.html#mime-type.
 */
import { Failure } from '../base/failure.ts';
import { type Pairs, pairsOf } from '../fhir/query-pairs.ts';
import type { RequestHeaders } from './fhir-call.ts';

export const FHIR_JSON = 'application/fhir+json; charset=utf-8';
export const FHIR_XML = 'application/fhir+xml; charset=utf-8';

const JSON_TYPES = ['application/fhir+json', 'application/json', 'text/json'];
const XML_TYPES = ['application/fhir+xml', 'application/xml', 'text/xml'];
const SENT_JSON: ReadonlySet<string> = new Set(JSON_TYPES);
const SENT_XML: ReadonlySet<string> = new Set(XML_TYPES);
/** What a client may ask for → what it gets. */
const FORMATS: ReadonlyMap<string, 'json' | 'xml'> = new Map([
  ['json', 'json'],
  ['xml', 'xml'],
  ...JSON_TYPES.map((type) => [type, 'json'] as const),
  ...XML_TYPES.map((type) => [type, 'xml'] as const),
]);
const RANGES: ReadonlyMap<string, 'json' | 'xml'> = new Map([
  ...FORMATS,
  ['*/*', 'json'],
  ['application/*', 'json'],
  ['text/*', 'json'],
]);
export const FORM = 'application/x-www-form-urlencoded';
/** The text of a GraphQL query. */
export const GRAPHQL = 'application/graphql';
export const JSON_PATCH = 'application/json-patch+json';

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

/** How an answer is to be written where that is not the stored JSON as it is. */
export interface AnswerForm {
  readonly format: 'json' | 'xml';
  /** Indented for people. */
  readonly pretty: boolean;
}

/**
 * What the answer is to be written as; undefined: JSON, as it is stored. `_format` goes before Accept.
 * `query` is that of the address. Throws Failure `not-supported` (406) naming the format asked for.
 */
export function answerForm(headers: RequestHeaders, query: string): AnswerForm | undefined {
  const { accept } = headers;
  const isPlain = accept === undefined || accept === '*/*' || accept === 'application/fhir+json';
  if (query === '' && isPlain) return undefined;
  const asked = formAsked(query);
  const format = asked.format ?? (isPlain ? 'json' : formatOfAccept(String(accept)));
  return format === 'json' && !asked.pretty ? undefined : { format, pretty: asked.pretty };
}

/**
 * What `_format` and `_pretty` of a query or form ask for. Throws Failure `not-supported` (406), or `value`
 * where `_pretty` is neither true nor false.
 */
export function formAsked(query: string): {
  readonly format: AnswerForm['format'] | undefined;
  readonly pretty: boolean;
} {
  const pairs = query.includes('_format=') || query.includes('_pretty=') ? pairsOf(query) : [];
  const format = lastValue(pairs, '_format');
  const pretty = lastValue(pairs, '_pretty') ?? 'false';
  if (pretty !== 'true' && pretty !== 'false') {
    throw new Failure('value', 'Parameter "_pretty" is "true" or "false".');
  }
  return {
    format: format === undefined ? undefined : formatNamed(format),
    pretty: pretty === 'true',
  };
}

function formatNamed(text: string): AnswerForm['format'] {
  // a "+" in an address is a space once decoded
  const { type, version } = mediaRange(text.replace(/^application\/fhir /, 'application/fhir+'));
  const format = FORMATS.get(type);
  if (format === undefined) throw notAcceptable(type);
  if (!isR4(version)) throw notAcceptable(`FHIR version ${version}`);
  return format;
}

/** The format that the client likes best; of several, the one it named first, and JSON for `*` `/*`. */
function formatOfAccept(accept: string): AnswerForm['format'] {
  const ranges = accept.split(',').map(mediaRange);
  const fit = ranges.filter((range) => RANGES.has(range.type) && range.quality > 0);
  const read = fit.filter((range) => isR4(range.version));
  const [first] = fit.length > 0 ? fit : ranges;
  if (read.length === 0) {
    throw notAcceptable(fit.length > 0 ? `FHIR version ${first?.version}` : (first?.type ?? ''));
  }
  const best = read.reduce((one, other) => (other.quality > one.quality ? other : one));
  return RANGES.get(best.type) ?? 'json';
}

function notAcceptable(what: string): Failure {
  return new Failure(
    'not-supported',
    `"${what.slice(0, 100)}" is not supported: ask for FHIR R4 as application/fhir+json or application/fhir+xml ` +
      '(Accept, or _format=json, _format=xml).',
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
 * The media type of a request body, lower case: JSON, XML, a form where `forms` allows one, or a JSON Patch.
 * Throws Failure `not-supported` (415) naming what was sent.
 */
export function sentMediaType(headers: RequestHeaders, forms: boolean, patches = false): string {
  const header = headers['content-type'];
  if (header === 'application/fhir+json' && headers['content-encoding'] === undefined) return header;
  const { type, version, charset } = mediaRange(String(header ?? ''));
  const refuse = (text: string): Failure => new Failure('not-supported', text, { status: 415 });
  const isOther = (forms && type === FORM) || (patches && type === JSON_PATCH);
  if (!SENT_JSON.has(type) && !SENT_XML.has(type) && !isOther) {
    const what = type === '' ? 'A body without a Content-Type' : `A body of type "${type.slice(0, 100)}"`;
    const also = forms ? `, or ${FORM}` : patches ? ` (a Parameters), or ${JSON_PATCH}` : '';
    throw refuse(`${what} is not read: send application/fhir+json or application/fhir+xml${also}.`);
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

/** Whether a body of this media type, as `sentMediaType` gives it, is FHIR XML. */
export function isXml(mediaType: string): boolean {
  return SENT_XML.has(mediaType);
}

/** Whether a media type, with or without parameters, is one of those by which FHIR goes. */
export function isFhirType(text: string): boolean {
  const { type, quality } = mediaRange(text);
  return quality > 0 && (SENT_JSON.has(type) || SENT_XML.has(type));
}

/** The last value of a parameter; undefined where it is not given. */
export function lastValue(pairs: Pairs, name: string): string | undefined {
  return pairs.findLast(([key]) => key === name)?.[1];
}
