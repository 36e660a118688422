/**
 * A resource as somebody gave it, before it is kept: that it is one, of the type and id that are asked for,
 * and where in a Bundle its faults are. R4 http://hl7.org/fhir/R4/http.html#create and #update.
 */
import type { Id } from '../base/brands.ts';
import { Failure, type Issue } from '../base/failure.ts';
import { withDecimalsOf } from '../fhir/exact-decimals.ts';
import type { Identified, Resource, ResourceType } from '../fhir/resource.ts';
import { validate } from '../fhir/validate.ts';
import type { ProfileRules } from './profile-rules.ts';

/** `Patient.name[0]` seen from the Bundle: `Bundle.entry[2].resource.name[0]`. */
export function inPlace(issue: Issue, place: string): Issue {
  return { ...issue, expression: (issue.expression ?? '').replace(/^[A-Za-z]*/, place) };
}

/** The value as a resource of `type`. Throws Failure `structure` or `invalid`. */
export function requireType(value: unknown, type: ResourceType | undefined, place?: string): Resource {
  const at = place === undefined ? {} : { expression: place };
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new Failure('structure', 'A resource is a JSON object.', at);
  }
  const actual = (value as { resourceType?: unknown }).resourceType;
  if (typeof actual !== 'string') {
    throw new Failure('structure', 'The resource does not say its "resourceType".', at);
  }
  if (type !== undefined && actual !== type) {
    throw new Failure(
      'invalid',
      `The address says ${type}, the resource says "${actual.slice(0, 60)}": they must be the same.`,
      { expression: place ?? 'resourceType' },
    );
  }
  return value as Resource;
}

/** The resource under the id that the server gives it, whatever the client called it. */
export function underId(resource: Resource, id: Id): Resource {
  if (resource.id === id) return resource;
  // one that had no id gets it where others have theirs
  const copy =
    resource.id === undefined
      ? Object.assign({ resourceType: resource.resourceType, id }, resource)
      : { ...resource, id };
  return withDecimalsOf(resource, copy);
}

/** The resource, which must carry the id of the address. Throws Failure `invalid`. */
export function requireSameId(
  resource: Resource,
  id: string,
  place = resource.resourceType as string,
): Identified {
  if (resource.id === id) return resource as Identified;
  throw new Failure(
    'invalid',
    resource.id === undefined
      ? 'An update must carry the id of its address inside the resource too.'
      : 'The id inside the resource is another than the id of the address: they must be the same.',
    { expression: `${place}.id` },
  );
}

/**
 * Checks the whole structure, then what the organisation asks on top, where it does. Returns warnings; throws Failure
 * with every error, each at its expression.
 */
export function requireValid(resource: unknown, place?: string, rules?: ProfileRules): readonly Issue[] {
  const issues = validate(resource);
  const errors = issues.filter((issue) => issue.severity === 'error' || issue.severity === 'fatal');
  const [first] = errors;
  if (first === undefined) return rules === undefined ? issues : [...issues, ...rules.hold(resource, place)];
  const placed = place === undefined ? errors : errors.map((issue) => inPlace(issue, place));
  throw new Failure(first.code, first.text, {
    issues: placed,
    ...(placed[0]?.expression === undefined ? {} : { expression: placed[0].expression }),
  });
}
