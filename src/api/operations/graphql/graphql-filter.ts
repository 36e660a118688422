/**
 * Which items of a list element a GraphQL query wants: by the values of their own elements, by FHIRPath, from
 * where on and how many. http://hl7.org/fhir/R4/graphql.html#list
 */
import { Failure } from '../../../base/failure.ts';
import type { Settings } from '../../../base/settings.ts';
import type { PathFunction } from '../../../fhir/fhir-path.ts';
import { compileForeign } from '../../../fhir/foreign-path.ts';
import { isObject } from '../../../fhir/json-access.ts';
import { type Arguments, numberOf, oneOf } from './graphql-arguments.ts';
import { type Field, fieldOf } from './graphql-types.ts';

type Limits = Pick<Settings, 'fhirPathLengthMax' | 'fhirPathMs'>;

/** Functions with which a short expression can keep a processor busy for as long as it likes. */
const BUSY =
  /\b(matches\w*|replaceMatches|repeat\w*|aggregate|descendants|combine|resolve|memberOf|trace)\s*\(/;

/** The expression, ready. Throws Failure `not-supported` where it may not be used here, `invalid`. */
export function pathOf(expression: string, type: string, settings: Limits): PathFunction {
  const busy = BUSY.exec(expression)?.[1];
  if (busy !== undefined) {
    throw new Failure('not-supported', `FHIRPath "${busy}()" is not supported in a query.`);
  }
  return compileForeign(expression, type, settings);
}

/** The items that fit every argument, in their order. `items` are those of a list element. */
export function filtered(
  items: readonly unknown[],
  field: Field,
  given: Arguments,
  settings: Limits,
): readonly unknown[] {
  if (given.size === 0) return items;
  const [type] = field.types;
  let kept = items;
  for (const [name, values] of given) {
    if (name === '_count' || name === '_offset') continue;
    if (name === 'fhirpath') {
      const path = pathOf(oneOf(given, name) ?? '', type ?? '', settings);
      kept = kept.filter((item) => isTrue(path(item)));
      continue;
    }
    const member = type === undefined ? undefined : fieldOf(type, name);
    if (member === undefined || member.types.length > 0) {
      throw new Failure('invalid', `"${field.json}" cannot be filtered by "${name.slice(0, 60)}".`);
    }
    kept = kept.filter((item) => isObject(item) && has(item[member.json], values));
  }
  const offset = numberOf(given, '_offset') ?? 0;
  const count = numberOf(given, '_count') ?? kept.length;
  return offset === 0 && count >= kept.length ? kept : kept.slice(offset, offset + count);
}

function has(value: unknown, wanted: readonly string[]): boolean {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.some((one) => one !== undefined && one !== null && wanted.includes(String(one)));
}

const isTrue = (values: readonly unknown[]): boolean =>
  values.length > 0 && !(values.length === 1 && values[0] === false);
