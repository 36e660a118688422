/**
 * Parameters of an operation, from the address or from a Parameters resource, as name and text.
 * R4 http://hl7.org/fhir/R4/operations.html#request.
 */
import type { Parameters } from 'fhir/r4.d.ts';
import type { InstantMs } from '../base/brands.ts';
import { parseInstant } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { isResourceType } from '../fhir/definitions.ts';
import { isObject } from '../fhir/json-access.ts';
import type { Pairs } from '../fhir/query-pairs.ts';
import type { ResourceType } from '../fhir/resource.ts';
import { requireType, requireValid } from '../records/given-resource.ts';
import type { FhirCall, OpenCall } from './fhir-call.ts';
import { parsedBody } from './written-resource.ts';

/** One parameter of a Parameters resource, as it came. */
export type GivenParameter = NonNullable<Parameters['parameter']>[number];

/** Whether anything came along with the address. */
export function hasBody({ body }: OpenCall): boolean {
  return body.kind === 'resource' || (body.kind === 'bytes' && body.bytes.length > 0);
}

/**
 * Parameters of the address, then those of the body. Throws Failure where the body is no valid
 * Parameters.
 */
export function operationPairs(call: FhirCall): Pairs {
  if (!hasBody(call)) return call.pairs;
  const given = parametersIn(parsedBody(call));
  return [...call.pairs, ...given.map((one, i) => [one.name, parameterText(one, i)] as const)];
}

/**
 * What a Parameters resource holds. Resources in it are not looked into: what they must be is for the
 * operation to say. Throws Failure where it is no valid Parameters.
 */
export function parametersIn(body: unknown): readonly GivenParameter[] {
  requireType(body, 'Parameters');
  const { parameter } = body as Parameters;
  requireValid(
    Array.isArray(parameter) ? { ...(body as object), parameter: parameter.map(withoutResource) } : body,
  );
  return parameter ?? [];
}

function withoutResource(one: unknown): unknown {
  return isObject(one) && one.resource !== undefined ? { ...one, resource: STAND_IN } : one;
}

const STAND_IN = { resourceType: 'Binary', contentType: 'text/plain' };

/** The value as it would stand in an address; an Identifier as `system|value`. */
function parameterText(parameter: object, index: number): string {
  const named = Object.entries(parameter).find(([name]) => /^value[A-Z]/.test(name));
  const value: unknown = named?.[1];
  if (named?.[0] === 'valueIdentifier' && value !== null && typeof value === 'object') {
    const { system, value: text } = value as { system?: string; value?: string };
    return `${system ?? ''}|${text ?? ''}`;
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw new Failure('value', 'A parameter of this operation has a simple value or an Identifier.', {
    expression: `Parameters.parameter[${index}]`,
  });
}

/**
 * The one value of a parameter; undefined where it is not given. Throws Failure `value` where there are
 * several.
 */
export function oneValue(pairs: Pairs, name: string): string | undefined {
  const values = pairs.filter(([key]) => key === name);
  if (values.length > 1)
    throw new Failure('value', `Parameter "${name}" is given ${values.length} times: give it once.`);
  return values[0]?.[1];
}

/**
 * `_type`: resource types, separated by commas or repeated. Throws Failure `value` naming what is no
 * type.
 */
export function typesOf(pairs: Pairs): readonly ResourceType[] | undefined {
  const names = pairs.filter(([key]) => key === '_type').flatMap(([, value]) => value.split(','));
  if (names.length === 0) return undefined;
  const types = new Set<ResourceType>();
  for (const name of names.map((one) => one.trim())) {
    if (!isResourceType(name)) {
      throw new Failure('value', `_type names "${name.slice(0, 60)}", which is no R4 resource type.`);
    }
    types.add(name);
  }
  return [...types];
}

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

/** `_since`: an instant with its offset, or a date (its first moment, UTC). Throws Failure `value`. */
export function sinceOf(pairs: Pairs): InstantMs | undefined {
  // an unencoded "+" of an offset arrives as a space
  const text = oneValue(pairs, '_since')?.replace(' ', '+');
  if (text === undefined) return undefined;
  const at = INSTANT.test(text) ? parseInstant(text) : undefined;
  if (at === undefined) {
    throw new Failure('value', '_since must be an instant such as 2026-11-23T08:15:30Z, or a date.');
  }
  return at;
}
