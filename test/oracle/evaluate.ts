/**
 * A search evaluated over a plain array, by http://hl7.org/fhir/R4/search.html and nothing else: slow, and as plain as can be. What an
 * asker may not see is taken out of the array before (scope-rule.ts), so that no rule in here has to think of it.
 */
import { searchParameter, searchParametersOf } from '../../src/fhir/definitions.ts';
import type { ResourceType } from '../../src/fhir/resource.ts';
import { phoneticKey } from '../../src/fhir/search/phonetic-key.ts';
import { type Atom, moments, plain } from '../naive-search.ts';
import { pointedAt, valuesOf } from './element-values.ts';
import { expressionOf, holds } from './filter-expression.ts';
import { fitsModified } from './modified.ts';
import { compareKeys, sortKeyOf } from './sort-keys.ts';
import { hasAsked, spanFits } from './value-tests.ts';
import type { Kept } from './world.ts';

/** Name and value of each parameter of the URL, decoded. */
export type Pairs = readonly (readonly [string, string])[];

/** What can be asked about, and the moment of asking in milliseconds UTC. */
export interface View {
  /** Everything that shows. */
  readonly here: readonly Kept[];
  /** What a chain may lead through: all of `here`, but for a page link, which goes by nothing closed since. */
  readonly linked: readonly Kept[];
  readonly now: number;
}

/** Result parameters: they select nothing. */
const RESULT = /^_(type|count|sort|total|include|revinclude|summary|elements)(:|$)/;

/** Every match, in the order that `_sort` asks for. */
export function matchesOf(type: ResourceType | '*', pairs: Pairs, view: View): readonly Kept[] {
  const filters = pairs.filter(([name]) => !RESULT.test(name));
  const named = pairs.find(([name]) => name === '_type')?.[1].split(',');
  const isOfType = (one: Kept): boolean =>
    type === '*' ? named === undefined || named.includes(one.type) : one.type === type;
  const matches = view.here.filter(
    (one) => isOfType(one) && filters.every(([name, value]) => fits(one, name, value, view)),
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
  if (name === '_filter')
    return holds(expressionOf(value), (path, operator, asked) =>
      fits(one, `${path}~${operator}`, asked, view),
    );
  if (name.startsWith('_has:')) return isReferredTo(one, name, value, view);
  if (name.includes('.')) return leadsTo(one, name, value, view);
  if (name === '_list') return isReferredTo(one, `_has:List:item:_id`, value, view);
  if (name.includes('~')) return isCompared(one, name, value, view);
  if (name === '_id') return value.split(',').includes(one.id);
  if (name === '_lastUpdated') {
    const [, prefix = 'eq', text = ''] = /^([a-z]{2})?(.*)$/.exec(value) ?? [];
    return spanFits(prefix, { lo: one.at, hi: one.at }, moments(text), view.now);
  }
  const [code = '', modifier] = name.split(':');
  const parameter = searchParameter(one.type, code);
  // a chain may lead to several types, of which some do not have what is asked for
  if (parameter === undefined) return false;
  return modifier === undefined
    ? hasAsked(parameter, value, one.resource, view.now)
    : fitsModified(parameter, modifier, value, one.resource, view.now);
}

/** A comparison of `_filter`, its operator behind the name of the parameter. */
function isCompared(one: Kept, name: string, value: string, view: View): boolean {
  const [code = '', operator = ''] = name.split('~');
  const text = value.replace(/[\\,]/g, '\\$&');
  if (code === '_id') return operator === 'eq' ? one.id === value : one.id !== value;
  if (code === '_lastUpdated') return fits(one, code, `${operator === 'po' ? 'eq' : operator}${value}`, view);
  const parameter = searchParameter(one.type, code);
  if (parameter === undefined) return false;
  if (operator === 'pr') return fits(one, `${code}:missing`, value === 'true' ? 'false' : 'true', view);
  switch (parameter.kind) {
    case 'string':
      return valuesOf(parameter, one.resource).some((each) => isText(each, code, operator, value));
    case 'date':
      return operator === 'po'
        ? valuesOf(parameter, one.resource).some((each) => isOverlap(each, moments(value)))
        : hasAsked(parameter, operator + text, one.resource, view.now);
    case 'number':
    case 'quantity':
      return hasAsked(parameter, operator + text, one.resource, view.now);
    case 'uri':
      // "ss": the value subsumes what is there
      if (operator !== 'eq') return fits(one, `${code}:${operator === 'ss' ? 'below' : 'above'}`, text, view);
      return hasAsked(parameter, text, one.resource, view.now);
    default:
      return hasAsked(parameter, text, one.resource, view.now);
  }
}

function isText(each: Atom, code: string, operator: string, value: string): boolean {
  if (each.kind !== 'string') return false;
  const of = code === 'phonetic' ? phoneticKey : plain;
  const [kept, asked] = [of(each.text), of(value)];
  if (kept === '') return false;
  switch (operator) {
    case 'eq':
      return kept === asked;
    case 'ne':
      return kept !== asked;
    case 'co':
      return kept.includes(asked);
    case 'sw':
      return kept.startsWith(asked);
    default:
      return kept.endsWith(asked);
  }
}

const isOverlap = (each: Atom, { lo, hi }: { lo: number; hi: number }): boolean =>
  each.kind === 'date' && each.lo <= hi && each.hi >= lo;

/** `subject:Patient.name=x`: one of those that it refers to fits. */
function leadsTo(one: Kept, name: string, value: string, view: View): boolean {
  const [, head = '', rest = ''] = /^([^.]+)\.(.+)$/.exec(name) ?? [];
  const [code = '', type] = head.split(':');
  const names = pointsAt(one, code);
  return view.linked.some(
    (other) =>
      names.includes(nameOf(other)) &&
      (type === undefined || other.type === type) &&
      fits(other, rest, value, view),
  );
}

/** `_has:Observation:subject:code=x`: one of those that refer to it fits. */
function isReferredTo(one: Kept, name: string, value: string, view: View): boolean {
  const [, source = '', code = '', rest = ''] = /^_has:([^:]+):([^:]+):(.+)$/.exec(name) ?? [];
  return view.linked.some(
    (other) =>
      other.type === source && pointsAt(other, code).includes(nameOf(one)) && fits(other, rest, value, view),
  );
}

const nameOf = ({ type, id }: Kept): string => `${type}/${id}`;

/** What a resource refers to by a parameter of its type; `*`: by any. */
function pointsAt(one: Kept, code: string): readonly string[] {
  const parameters = [...searchParametersOf(one.type).values()].filter(
    (each) => each.kind === 'reference' && (code === '*' || each.code === code),
  );
  return parameters.flatMap((parameter) => pointedAt(parameter, one.resource));
}

/** What `_include` and `_revinclude` add to a page of matches: each once, and no match. */
export function includedWith(page: readonly Kept[], pairs: Pairs, view: View): readonly Kept[] {
  const added = new Set<Kept>();
  for (let round = 0; ; round++) {
    const from = [...page, ...added];
    const before = added.size;
    for (const [name, value] of pairs) {
      if (round === 0 ? !/^_(rev)?include/.test(name) : !/^_(rev)?include:/.test(name)) continue;
      for (const one of broughtBy(name, value, from, view)) if (!page.includes(one)) added.add(one);
    }
    if (added.size === before) return [...added];
  }
}

function broughtBy(name: string, value: string, from: readonly Kept[], view: View): readonly Kept[] {
  const [source = '', code = '*', target] = value.split(':');
  const isSource = (one: Kept): boolean => source === '*' || one.type === source;
  const isTarget = (one: Kept): boolean => target === undefined || one.type === target;
  if (name.startsWith('_include')) {
    const names = from.filter(isSource).flatMap((one) => pointsAt(one, code));
    return view.here.filter((one) => isTarget(one) && names.includes(nameOf(one)));
  }
  const names = from.filter(isTarget).map(nameOf);
  return view.here.filter((one) => isSource(one) && pointsAt(one, code).some((each) => names.includes(each)));
}
