/**
 * Binary: what a client sends or asks for as it is, without FHIR around it. Content goes out as a download that
 * no browser runs, since it comes from anywhere and the pages have the same origin.
 * R4 http://hl7.org/fhir/R4/binary.html#rest.
 */
import { Failure } from '../base/failure.ts';
import { isObject } from '../fhir/json-access.ts';
import { parseJson } from '../fhir/parse-json.ts';
import type { Stored } from '../store/store.ts';
import { unlessHeld } from './conditions.ts';
import type { FhirAnswer, Method, OpenCall, RequestHeaders } from './fhir-call.ts';
import { isFhirType, lastValue } from './negotiation.ts';

/** Whether a request to this path may carry, or ask for, content of any type. */
export function isBinaryPath(path: string): boolean {
  return path === 'Binary' || path.startsWith('Binary/');
}

/** The type of content that is sent as it is; undefined where the body is FHIR, or not for a Binary. */
export function contentSent(method: Method, path: string, headers: RequestHeaders): string | undefined {
  const isWrite = method === 'POST' || method === 'PUT';
  if (!isWrite || !/^Binary(\/[^/]+)?\/?$/.test(path) || path.endsWith('/_search')) return undefined;
  const type = String(headers['content-type'] ?? '').trim();
  return type === '' || isFhirType(type) ? undefined : type;
}

/** The Binary that content stands for, under the id of the address. */
export function binaryOf(call: OpenCall, contentType: string, bytes: Buffer): object {
  const context = call.headers['x-security-context'];
  return {
    resourceType: 'Binary',
    ...(call.id === undefined ? {} : { id: call.id }),
    contentType,
    ...(context === undefined ? {} : { securityContext: { reference: String(context) } }),
    ...(bytes.length === 0 ? {} : { data: bytes.toString('base64') }),
  };
}

/** Whether a read asks for the resource: by `_format`, or by a FHIR type in Accept. */
export function asksForResource(headers: RequestHeaders, format: string | undefined): boolean {
  if (format !== undefined) return true;
  const { accept } = headers;
  return accept !== undefined && String(accept).split(',').some(isFhirType);
}

/**
 * A stored Binary: its content, or the resource where that was asked for or there is no content. Throws Failure
 * `not-supported` (406) where the client takes neither.
 */
export function binaryAnswer(call: OpenCall, stored: Stored): FhirAnswer {
  const answer = unlessHeld(call.headers, stored);
  if (answer.status === 304) return answer;
  const binary = parseJson(stored.bytes, call.context.settings);
  if (!isObject(binary) || typeof binary.data !== 'string') return answer;
  const contentType = typeof binary.contentType === 'string' ? binary.contentType : '';
  const isOwn = String(call.headers.accept ?? '').trim() === contentType;
  if (!isOwn && asksForResource(call.headers, lastValue(call.pairs, '_format'))) return answer;
  if (!accepts(call.headers, contentType)) {
    throw new Failure(
      'not-supported',
      'The content is of another type than Accept allows: ask for */*, or for the resource as application/fhir+json.',
      { status: 406 },
    );
  }
  const context = isObject(binary.securityContext) ? binary.securityContext.reference : undefined;
  return {
    ...answer,
    body: Buffer.from(binary.data, 'base64'),
    contentType: MEDIA_TYPE.test(contentType) ? contentType : 'application/octet-stream',
    headers: [
      ...['Content-Disposition', 'attachment', 'X-Content-Type-Options', 'nosniff'],
      ...['Content-Security-Policy', "default-src 'none'; sandbox"],
      ...(typeof context === 'string' && /^[\w\-./:]{1,200}$/.test(context)
        ? ['X-Security-Context', context]
        : []),
    ],
  };
}

const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+( ?; ?[\w-]+="?[\w.:+-]+"?)*$/;

function accepts({ accept }: RequestHeaders, contentType: string): boolean {
  if (accept === undefined) return true;
  const [type = ''] = contentType.toLowerCase().split(';');
  const [family = ''] = type.split('/');
  return String(accept)
    .split(',')
    .map((range) => range.split(';', 1)[0]?.trim().toLowerCase())
    .some((range) => range === '*/*' || range === type.trim() || range === `${family}/*`);
}
