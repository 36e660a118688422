/**
 * What a client sends to be kept: parsed with limits, of the type that the address says, and valid.
 * R4 http://hl7.org/fhir/R4/http.html#create and #update.
 */
import { Failure, type Issue } from '../base/failure.ts';
import { parseJson } from '../fhir/parse-json.ts';
import type { Resource } from '../fhir/resource.ts';
import { validate } from '../fhir/validate.ts';
import { inPlace, requireType } from '../records/given-resource.ts';
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
  return { resource: requireType(parsed, call.type), warnings: requireValid(parsed) };
}

/** The JSON value in the body, with the depth limit kept. Throws Failure `required` where there is none. */
export function parsedBody(call: OpenCall): unknown {
  if (call.body.kind === 'resource') return call.body.resource;
  if (call.body.kind === 'none' || call.body.bytes.length === 0) {
    throw new Failure('required', 'The request has no body: send the resource as JSON.');
  }
  return parseJson(call.body.bytes, call.context.settings);
}

/** Checks the whole structure. Returns warnings; throws Failure with every error, each at its expression. */
export function requireValid(resource: unknown, place?: string): readonly Issue[] {
  const issues = validate(resource);
  const errors = issues.filter((issue) => issue.severity === 'error' || issue.severity === 'fatal');
  const [first] = errors;
  if (first === undefined) return issues;
  const placed = place === undefined ? errors : errors.map((issue) => inPlace(issue, place));
  throw new Failure(first.code, first.text, {
    issues: placed,
    ...(placed[0]?.expression === undefined ? {} : { expression: placed[0].expression }),
  });
}
