/**
 * Which items of a list element a GraphQL query wants: by the values of their own elements, by FHIRPath, from
 * where on and how many. http://hl7.org/fhir/R4/graphql.html#list
 */
import { Failure } from '../../../base/failure.ts';
import type { Settings } from '../../../base/settings.ts';
import { type PathFunction, usesOf } from '../../../fhir/fhir-path.ts';
import { compileForeign, PathTime } from '../../../fhir/foreign-path.ts';
import { isObject } from '../../../fhir/json-access.ts';
import { type Arguments, numberOf, oneOf } from './graphql-arguments.ts';
import { type Field, fieldOf } from './graphql-types.ts';

type Limits = Pick<Settings, 'fhirPathLengthMax' | 'fhirPathMs'>;

/** Functions with which a short expression can keep a processor busy for as long as it likes. */
const BUSY =
  /^(matches\w*|replaceMatches|repeat\w*|aggregate|descendants|combine|resolve|memberOf|trace)$|[^\w]/;

/** The expressions of one query, which have one time between them; each is read once. */
export class QueryPaths {
  readonly #settings: Limits;
  readonly #time: PathTime;
  readonly #known = new Map<string, PathFunction>();

  constructor(settings: Limits) {
    this.#settings = settings;
    this.#time = new PathTime(settings);
  }

  /** The expression, ready. Throws Failure `not-supported` where it may not be used here, else as compileForeign. */
  path(expression: string, type: string): PathFunction {
    const key = `${type} ${expression}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const path = compileForeign(expression, type, this.#settings, this.#time);
    const busy = this.#time.spend(() => usesOf(expression)).functions.find((name) => BUSY.test(name));
    if (busy !== undefined) {
      throw new Failure('not-supported', `FHIRPath "${busy.slice(0, 40)}()" is not supported in a query.`);
    }
    this.#known.set(key, path);
    return path;
  }
}

/** The items that fit every argument, in their order. `items` are those of a list element. */
export function filtered(
  items: readonly unknown[],
  field: Field,
  given: Arguments,
  paths: QueryPaths,
): readonly unknown[] {
  if (given.size === 0) return items;
  const [type] = field.types;
  let kept = items;
  for (const [name, values] of given) {
    if (name === '_count' || name === '_offset') continue;
    if (name === 'fhirpath') {
      const path = paths.path(oneOf(given, name) ?? '', type ?? '');
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
