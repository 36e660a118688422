/** fixed[x] and pattern[x]: http://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.fixed_x_ */
import { isArray, isObject } from '../json-access.ts';

/** Whether two JSON values are the same, whatever the order of their members. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isArray(a) && isArray(b)) return a.length === b.length && a.every((one, i) => isSame(one, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => isSame(a[name], b[name]));
}

/**
 * Whether `value` has at least what `pattern` says: primitives are the same, objects have its members, each
 * item of an array of the pattern is met by some item.
 */
export function hasPattern(value: unknown, pattern: unknown): boolean {
  if (isArray(pattern)) {
    return isArray(value) && pattern.every((one) => value.some((item) => hasPattern(item, one)));
  }
  if (isObject(pattern)) {
    if (!isObject(value)) return false;
    for (const name in pattern) if (!hasPattern(value[name], pattern[name])) return false;
    return true;
  }
  return value === pattern;
}
