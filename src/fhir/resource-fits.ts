/**
 * Whether a resource, in memory, fits one value of a search parameter: for what the index does not keep, because
 * keeping it would make every write dearer. A store narrows by its index first and then looks into the stored
 * bytes. http://hl7.org/fhir/R4/search.html §3.1.1.5.
 */
import { isArray, isObject, type JsonObject } from './json-access.ts';
import { type SearchElement, searchElements } from './search/search-elements.ts';
import { isToken, valueFits } from './search/value-fits.ts';
import type { FilterValue } from './search-query.ts';
import { normaliseText, type SearchValue } from './search-value.ts';
import { compositeValues, searchValues } from './search-values.ts';

/** Values that are asked of the resource itself; `any` is whatever a search could find. */
export type ResourceValue =
  | Extract<
      FilterValue,
      {
        kind:
          | 'token'
          | 'token-text'
          | 'token-of-type'
          | 'codes'
          | 'reference-identifier'
          | 'string-exact'
          | 'uri-below'
          | 'composite'
          | 'near';
      }
    >
  | { readonly kind: 'any' };

/**
 * A test of resources, made once for a search. `code` is the parameter's; `now` (ms) is what "approximately"
 * is measured from.
 */
export function resourceTest(
  code: string,
  asked: ResourceValue,
  now: number,
): (resource: JsonObject) => boolean {
  switch (asked.kind) {
    case 'any':
      return ofValues(code, () => true);
    case 'token':
      return ofValues(code, (one) => one.kind === 'token' && isToken(asked, one));
    case 'codes':
      return ofValues(code, inCodes(asked));
    case 'uri-below':
      return ofValues(
        code,
        (one) => one.kind === 'uri' && (one.value === asked.value || one.value.startsWith(`${asked.value}/`)),
      );
    case 'composite':
      return (resource) =>
        compositeValues(resource, code).some((group) =>
          asked.parts.every((alternatives, i) =>
            group.some(
              (one) => one.code === String(i) && alternatives.some((value) => valueFits(value, one, now)),
            ),
          ),
        );
    case 'near':
      return (resource) => isNear(resource, asked);
    case 'string-exact':
      return ofValues(code, (one) => one.kind === 'string' && one.exact === asked.text);
    case 'token-text':
      return ofElements(code, (element) =>
        textsOf(element).some((text) => normaliseText(text).startsWith(asked.norm)),
      );
    case 'token-of-type':
      return ofElements(code, (element) => isOfType(element, asked));
    case 'reference-identifier':
      return ofElements(code, (element) => isIdentifiedBy(element, asked));
  }
}

function ofValues(code: string, holds: (value: SearchValue) => boolean): (resource: JsonObject) => boolean {
  return (resource) => searchValues(resource).some((one) => one.code === code && holds(one));
}

function inCodes(asked: Extract<ResourceValue, { kind: 'codes' }>): (value: SearchValue) => boolean {
  const bySystem = new Map(asked.codes.map(({ system, codes }) => [system, new Set(codes)]));
  return (one) =>
    one.kind === 'token' &&
    (asked.systems.includes(one.system) || bySystem.get(one.system)?.has(one.value) === true);
}

function ofElements(
  code: string,
  holds: (element: SearchElement) => boolean,
): (resource: JsonObject) => boolean {
  return (resource) => searchElements(resource, code).some(holds);
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const listOf = (value: unknown): readonly unknown[] => (isArray(value) ? value : []);

/** R4 `:text`: "CodeableConcept.text, Coding.display, or Identifier.type.text". */
function textsOf({ as, value }: SearchElement): readonly string[] {
  if (!isObject(value)) return [];
  switch (as) {
    case 'coding':
      return [value.display].filter(isText);
    case 'concept':
      return [
        value.text,
        ...listOf(value.coding).map((one) => (isObject(one) ? one.display : undefined)),
      ].filter(isText);
    case 'identifier':
      return isObject(value.type) ? [value.type.text].filter(isText) : [];
    default:
      return [];
  }
}

function isOfType(
  { as, value }: SearchElement,
  asked: Extract<ResourceValue, { kind: 'token-of-type' }>,
): boolean {
  if (as !== 'identifier' || !isObject(value) || value.value !== asked.value) return false;
  return (
    isObject(value.type) &&
    listOf(value.type.coding).some(
      (one) => isObject(one) && one.code === asked.code && isSystem(asked.system, one.system),
    )
  );
}

/** As tokens: none asked for is any, '' is none. */
const isSystem = (asked: string | undefined, found: unknown): boolean =>
  asked === undefined || asked === (isText(found) ? found : '');

function isIdentifiedBy(
  { as, value, type }: SearchElement,
  asked: Extract<ResourceValue, { kind: 'reference-identifier' }>,
): boolean {
  if ((as !== 'reference' && as !== 'referenceTo') || !isObject(value) || !isObject(value.identifier))
    return false;
  // a reference that says of which type it is points at no other
  if (type !== undefined && value.type !== undefined && value.type !== type) return false;
  const { system, value: identifier } = value.identifier;
  return isSystem(asked.system, system) && (asked.value === undefined || asked.value === identifier);
}

const EARTH_RADIUS_KM = 6371.0088;
const RADIANS = Math.PI / 180;

/** Great circle; by the difference of latitudes alone where that is enough to say no. */
function isNear({ position }: JsonObject, asked: Extract<ResourceValue, { kind: 'near' }>): boolean {
  if (!isObject(position)) return false;
  const { latitude, longitude } = position;
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return false;
  const north = (latitude - asked.latitude) * RADIANS;
  if (Math.abs(north) * EARTH_RADIUS_KM > asked.distanceKm) return false;
  const east = (longitude - asked.longitude) * RADIANS;
  const a =
    Math.sin(north / 2) ** 2 +
    Math.cos(latitude * RADIANS) * Math.cos(asked.latitude * RADIANS) * Math.sin(east / 2) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(Math.min(1, a))) <= asked.distanceKm;
}
