/**
 * What a client sends to be kept: parsed with limits, of the type that the address says, and valid.
 * R4 http://hl7.org/fhir/R4/http.html#create and #update.
 */
import { Failure, type Issue } from '../base/failure.ts';
import { parseJson } from '../fhir/parse-json.ts';
import type { Resource } from '../fhir/resource.ts';
import { requireType, requireValid } from '../records/given-resource.ts';
import { binaryOf, contentSent } from './binary-content.ts';
import type { OpenCall } from './fhir-call.ts';

export interface WrittenResource {
  readonly resource: Resource;
  /** What validation remarked without refusing. */
  readonly warnings: readonly Issue[];
}

/**
 * The resource in the body. Throws Failure: `structure` (no JSON), `invalid` (another type), or what
 * validation found.
 */
export function writtenResource(call: OpenCall): WrittenResource {
  const parsed = parsedBody(call);
  return {
    resource: requireType(parsed, call.type),
    warnings: requireValid(parsed, undefined, call.context.profiles),
  };
}

/**
 * The JSON value in the body, also where it came as XML, with the depth limit kept. Throws Failure `required`
 * where there is none.
 */
export function parsedBody(call: OpenCall): unknown {
  if (call.body.kind === 'resource') return call.body.resource;
  if (call.body.kind === 'none' || call.body.bytes.length === 0) {
    throw new Failure('required', 'The request has no body: send the resource as JSON or XML.');
  }
  const { bytes, mediaType } = call.body;
  if (call.type === 'Binary' && contentSent(call.method, call.path, call.headers) !== undefined)
    return binaryOf(call, mediaType, bytes);
  return parseJson(bytes, call.context.settings);
}
