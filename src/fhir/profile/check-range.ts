/**
 * minValue[x] and maxValue[x], for numbers, dates and quantities (by UCUM where the units differ), and the
 * extensions that bound a date by a duration before now. What cannot be compared is left.
 * http://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.minValue_x_
 */
import fhirpath from 'fhirpath';
import { isObject, type JsonObject } from '../json-access.ts';
import type { ElementDefinition } from './definition-source.ts';
import type { Focus, ProfileRun } from './profile-run.ts';

/** Reports a value below the least or above the most that the element allows. */
export function checkRange(
  run: ProfileRun,
  { item }: Focus,
  definition: ElementDefinition,
  profile: string | undefined,
): void {
  for (const name in definition) {
    if (!name.startsWith('minValue') && !name.startsWith('maxValue')) continue;
    const order = compareValues(item.value, definition[name]);
    if (order === undefined) continue;
    if (name.startsWith('min') && order < 0) {
      run.error('value', item.path, 'The value is less than the smallest that is allowed here.', profile);
    } else if (name.startsWith('max') && order > 0) {
      run.error('value', item.path, 'The value is more than the largest that is allowed here.', profile);
    }
  }
}

/**
 * Below 0, 0 or above 0 as `a` is less, equal or more; undefined where the two cannot be compared: other
 * types, units that do not convert, dates of which one holds the other.
 */
export function compareValues(a: unknown, b: unknown): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (isObject(a) && isObject(b)) return compareQuantities(a, b);
  return undefined;
}

/** Dates and times as far as both are precise; with zones, as instants. */
function compareTexts(a: string, b: string): number | undefined {
  const [left, right] = [Date.parse(a), Date.parse(b)];
  if (a.length > 16 && b.length > 16 && !Number.isNaN(left) && !Number.isNaN(right)) return left - right;
  const length = Math.min(a.length, b.length);
  const [x, y] = [a.slice(0, length), b.slice(0, length)];
  if (x !== y) return x < y ? -1 : 1;
  return a.length === b.length ? 0 : undefined;
}

const UCUM = 'http://unitsofmeasure.org';

function compareQuantities(a: JsonObject, b: JsonObject): number | undefined {
  if (typeof a.value !== 'number' || typeof b.value !== 'number') return undefined;
  if (a.system === b.system && a.code === b.code) return a.value - b.value;
  if (a.system !== UCUM || b.system !== UCUM || typeof a.code !== 'string' || typeof b.code !== 'string') {
    return undefined;
  }
  const converted: unknown = fhirpath.ucumUtils.convertUnitTo(a.code, a.value, b.code);
  if (!isObject(converted) || converted.status !== 'succeeded' || typeof converted.toVal !== 'number') {
    return undefined;
  }
  return converted.toVal - b.value;
}
