/**
 * Whether a resource has what one parameter of a URL asks for, read from the text of the URL by the words of
 * http://hl7.org/fhir/R4/search.html and from nothing that the project's own parser makes of it.
 */
import { isResourceType, searchParameterRow } from '../../src/fhir/definitions.ts';
import type { JsonObject } from '../../src/fhir/json-access.ts';
import { phoneticKey } from '../../src/fhir/search/phonetic-key.ts';
import type { SearchParameter } from '../../src/fhir/search-value.ts';
import { type Atom, moments, plain } from '../naive-search.ts';
import { componentsOf } from '../search-expressions.ts';
import { border, compareDecimals, type Decimal, decimal, tenthAway } from './decimal.ts';
import { groupsOf, valuesOf } from './element-values.ts';

/** The parts of a text between `mark`s that no backslash stands before; escapes stay in the parts. */
export function between(text: string, mark: string): readonly string[] {
  const parts = [''];
  const last = (): string => parts.at(-1) ?? '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') parts[parts.length - 1] = last() + text[i++] + (text[i] ?? '');
    else if (text[i] === mark) parts.push('');
    else parts[parts.length - 1] = last() + text[i];
  }
  return parts;
}

/** `\,` is a comma, `\|` a bar, `\$` a dollar, `\\` a backslash. */
export const unescaped = (text: string): string => text.replace(/\\([,|$\\])/g, '$1');

/** Whether a resource has a value that is one of those that `text` asks for. `now` in milliseconds UTC. */
export function hasAsked(
  parameter: SearchParameter,
  text: string,
  resource: JsonObject,
  now: number,
): boolean {
  if (parameter.kind === 'composite') return hasPair(parameter, text, resource, now);
  const values = valuesOf(parameter, resource);
  return between(text, ',').some((one) => values.some(testOf(parameter, one, now)));
}

/** `code$value`: both of one element. */
function hasPair(parameter: SearchParameter, text: string, resource: JsonObject, now: number): boolean {
  const parts = componentsOf(parameter);
  const groups = groupsOf(parameter, resource);
  return between(text, ',').some((pair) => {
    const asked = between(pair, '$');
    return groups.some((group) =>
      parts.every((part, i) => group[i]?.some(testOf(part, asked[i] ?? '', now)) === true),
    );
  });
}

type Test = (value: Atom) => boolean;

const tests = new Map<string, Test>();

function testOf(parameter: SearchParameter, text: string, now: number): Test {
  const key = `${parameter.on} ${parameter.code} ${parameter.url} ${text} ${now}`;
  const known = tests.get(key);
  if (known !== undefined) return known;
  const made = makeTest(parameter, text, now);
  tests.set(key, made);
  return made;
}

function makeTest(parameter: SearchParameter, text: string, now: number): Test {
  switch (parameter.kind) {
    case 'token':
      return tokenTest(parameter, text);
    case 'string':
      return stringTest(parameter.code, unescaped(text));
    case 'reference':
      return referenceTest(parameter, unescaped(text));
    case 'uri':
      return (value) => value.kind === 'uri' && value.text === unescaped(text);
    case 'date':
      return dateTest(text, now);
    case 'number':
    case 'quantity':
      return measureTest(text);
    default:
      throw new Error(`no rule for ${parameter.kind}`);
  }
}

function tokenTest(parameter: SearchParameter, text: string): Test {
  const [first = '', second] = between(text, '|').map(unescaped);
  const implied = searchParameterRow(parameter.on, parameter.code)?.systems ?? [];
  return (value) => {
    if (value.kind !== 'token') return false;
    const { system, code } = value;
    if (second === undefined) return code === first;
    if (second !== '' && code !== second) return false;
    if (first === '') return system === undefined;
    return system === first || (system === undefined && implied.includes(first));
  };
}

function stringTest(code: string, text: string): Test {
  if (code === 'phonetic') {
    const key = phoneticKey(text);
    return (value) => value.kind === 'string' && phoneticKey(value.text).startsWith(key);
  }
  return (value) => value.kind === 'string' && plain(value.text).startsWith(plain(text));
}

/** `id`: of any type that the parameter may point at; `Type/id`; an absolute URL, or a canonical, as it stands. */
function referenceTest({ targets }: SearchParameter, text: string): Test {
  const [type = ''] = text.split('/');
  const isId = /^[A-Za-z0-9.-]{1,64}$/.test(text);
  const wanted = isId ? [text, ...targets.map((target) => `${target}/${text}`)] : [text];
  const named = isResourceType(type) ? [text.replace(/\/_history\/.*$/, '')] : [];
  return (value) => value.kind === 'reference' && [...wanted, ...named].includes(value.text);
}

const PREFIX = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)$/s;

interface Span {
  readonly lo: number;
  readonly hi: number;
}

/** R4's table of prefixes: the span of what is kept against the span of what is asked. */
function dateTest(text: string, now: number): Test {
  const [, prefix = 'eq', rest = ''] = PREFIX.exec(text) ?? [];
  const asked = moments(rest);
  return (value) => value.kind === 'date' && spanFits(prefix, value, asked, now);
}

/** Whether the span of what is kept fits a prefix and the span of what is asked. */
export function spanFits(prefix: string, kept: Span, asked: Span, now: number): boolean {
  const contained = asked.lo <= kept.lo && kept.hi <= asked.hi;
  const above = kept.hi > asked.hi;
  const below = kept.lo < asked.lo;
  // "10% of the gap between now and the date"
  const slack = Math.abs(now - asked.lo) * 0.1;
  switch (prefix) {
    case 'eq':
      return contained;
    case 'ne':
      return !contained;
    case 'gt':
      return above;
    case 'lt':
      return below;
    case 'ge':
      return above || contained;
    case 'le':
      return below || contained;
    case 'sa':
      return kept.lo > asked.hi;
    case 'eb':
      return kept.hi < asked.lo;
    default:
      return kept.lo <= asked.hi + slack && kept.hi >= asked.lo - slack;
  }
}

function measureTest(text: string): Test {
  const parts = between(text, '|').map(unescaped);
  const [, prefix = 'eq', rest = ''] = PREFIX.exec(parts[0] ?? '') ?? [];
  const [, system = '', unit = ''] = parts;
  const asked = decimal(rest);
  return (value) => {
    if (value.kind !== 'measure') return false;
    const inAsked = (kept: Decimal): Decimal => {
      const places = system === UCUM && value.system === UCUM ? placesBetween(value.code, unit) : 0;
      return { ...kept, exponent: kept.exponent + (places ?? 0) };
    };
    const kept = inAsked(decimal(String(value.value)));
    const from = (other: typeof kept): number => compareDecimals(kept, other);
    const within = from(border(asked, -1)) >= 0 && from(border(asked, 1)) < 0;
    const fitsNumber: Readonly<Record<string, boolean>> = {
      eq: within,
      ne: !within,
      gt: from(asked) > 0,
      sa: from(asked) > 0,
      lt: from(asked) < 0,
      eb: from(asked) < 0,
      ge: from(asked) >= 0,
      le: from(asked) <= 0,
      ap: from(tenthAway(asked, -1)) >= 0 && from(tenthAway(asked, 1)) <= 0,
    };
    if (fitsNumber[prefix] !== true) return false;
    if (unit === '') return true;
    if (system === UCUM && value.system === UCUM && placesBetween(value.code, unit) !== undefined)
      return true;
    if (system !== '') return value.system === system && value.code === unit;
    return value.code === unit || value.unit === unit;
  };
}

const UCUM = 'http://unitsofmeasure.org';
/** Powers of ten of the units that made data has, of the gram and of the mole in a litre. */
const MAGNITUDES: Readonly<Record<string, readonly [string, number]>> = {
  g: ['g', 0],
  mg: ['g', -3],
  ug: ['g', -6],
  kg: ['g', 3],
  'mmol/L': ['mol/L', -3],
  'umol/L': ['mol/L', -6],
};

/** By how many places the number moves from one unit to the other; undefined where they measure something else. */
function placesBetween(from: string | undefined, to: string): number | undefined {
  const [dimension, magnitude = 0] = MAGNITUDES[from ?? ''] ?? [];
  const [other, wanted = 0] = MAGNITUDES[to] ?? [];
  return dimension === undefined || dimension !== other ? undefined : magnitude - wanted;
}
