/**
 * A search evaluated over a plain array, by http://hl7.org/fhir/R4/search.html and nothing else: slow, and as plain as can be. What an
 * asker may not see is taken out of the array before (scope-rule.ts), so that no rule in here has to think of it.
 */
import { searchParameter } from '../../src/fhir/definitions.ts';
import type { ResourceType } from '../../src/fhir/resource.ts';
import type { SearchParameter } from '../../src/fhir/search-value.ts';
import { moments } from '../naive-search.ts';
import { pointedAt } from './element-values.ts';
import { compareKeys, sortKeyOf } from './sort-keys.ts';
import { hasAsked, spanFits } from './value-tests.ts';
import type { Kept } from './world.ts';

/** Name and value of each parameter of the URL, decoded. */
export type Pairs = readonly (readonly [string, string])[];

/** What can be asked about: everything that shows, and the moment of asking in milliseconds UTC. */
export interface View {
  readonly here: readonly Kept[];
  readonly now: number;
}

/** Result parameters: they select nothing. */
const RESULT = /^_(count|sort|total|include|revinclude|summary|elements)(:|$)/;

/** Every match, in the order that `_sort` asks for. */
export function matchesOf(type: ResourceType, pairs: Pairs, view: View): readonly Kept[] {
  const filters = pairs.filter(([name]) => !RESULT.test(name));
  const matches = view.here.filter(
    (one) => one.type === type && filters.every(([name, value]) => fits(one, name, value, view)),
  );
  const sort = pairs.find(([name]) => name === '_sort')?.[1];
  return sort === undefined ? matches : [...matches].sort((a, b) => compareBy(sort, a, b));
}

/** Below 0, 0 or above 0, as `a` comes before `b`, at the same place, or after it. */
export function compareBy(sort: string, a: Kept, b: Kept): number {
  for (const key of sort.split(',')) {
    const descending = key.startsWith('-');
    const code = key.replace(/^-/, '');
    const order = compareKeys(sortKeyOf(a, code, descending), sortKeyOf(b, code, descending), descending);
    if (order !== 0) return order;
  }
  return 0;
}

function fits(one: Kept, name: string, value: string, view: View): boolean {
  if (name === '_id') return value.split(',').includes(one.id);
  if (name === '_lastUpdated') {
    const [, prefix = 'eq', text = ''] = /^([a-z]{2})?(.*)$/.exec(value) ?? [];
    return spanFits(prefix, { lo: one.at, hi: one.at }, moments(text), view.now);
  }
  return hasAsked(parameterOf(one.type, name), value, one.resource, view.now);
}

function parameterOf(type: string, code: string): SearchParameter {
  const parameter = searchParameter(type, code);
  if (parameter === undefined) throw new Error(`${type} has no search parameter ${code}`);
  return parameter;
}

/** What `_include` and `_revinclude` add to a page of matches: each once, and no match. */
export function includedWith(page: readonly Kept[], pairs: Pairs, view: View): readonly Kept[] {
  const added = pairs.flatMap(([name, value]) => {
    const [source = '', code = '', target] = value.split(':');
    if (name === '_include') {
      const names = page.filter((one) => one.type === source).flatMap((one) => pointsAt(one, code));
      return view.here.filter(
        (one) => names.includes(nameOf(one)) && (target === undefined || one.type === target),
      );
    }
    if (name === '_revinclude') {
      const names = page.map(nameOf);
      return view.here.filter(
        (one) => one.type === source && pointsAt(one, code).some((each) => names.includes(each)),
      );
    }
    return [];
  });
  return [...new Set(added)].filter((one) => !page.includes(one));
}

const nameOf = ({ type, id }: Kept): string => `${type}/${id}`;

const pointsAt = (one: Kept, code: string): readonly string[] =>
  pointedAt(parameterOf(one.type, code), one.resource);
