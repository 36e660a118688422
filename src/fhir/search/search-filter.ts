/**
 * The value of one search parameter, as a URL writes it, read to what a store compares: alternatives by
 * comma, escapes, prefixes, and the range that a written precision covers.
 * http://hl7.org/fhir/R4/search.html §3.1.1.4–3.1.1.5.
 */
import { isId } from '../../base/brands.ts';
import { Failure } from '../../base/failure.ts';
import { dateRange } from '../date-range.ts';
import { isResourceType, searchParameterRow } from '../definitions.ts';
import { parseReference } from '../references.ts';
import type { FilterValue, Prefix } from '../search-query.ts';
import { normaliseText, type SearchParameter } from '../search-value.ts';
import type { SearchParameterRow } from '../structure-table.ts';
import { conversion, isUcum, UCUM } from '../ucum.ts';
import { numberRange } from './number-range.ts';
import { phoneticKey } from './phonetic-key.ts';

/** The system that R4 gives to true and false. */
const SPECIAL_VALUES = 'http://terminology.hl7.org/CodeSystem/special-values';

/**
 * The alternatives of one parameter. Throws Failure `value`, naming the parameter and the form that is
 * expected but never the value, which may identify a person.
 */
export function parseFilterValues(parameter: SearchParameter, text: string): readonly FilterValue[] {
  return splitUnescaped(text, ',').flatMap((one) => {
    if (one.trim() === '') throw badValue(parameter.code, 'a value (one is empty)');
    return parseOne(parameter, one);
  });
}

function parseOne(
  parameter: SearchParameter,
  text: string,
  row = searchParameterRow(parameter.on, parameter.code),
): readonly FilterValue[] {
  switch (parameter.kind) {
    case 'token':
      return tokens(parameter, text, row);
    case 'string':
      return [stringValue(parameter.code, unescaped(text))];
    case 'reference':
      return referenceValues(parameter, unescaped(text), row);
    case 'date': {
      const { prefix, lo, hi } = parseDate(parameter.code, unescaped(text));
      return [{ kind: 'date', prefix, lo, hi }];
    }
    case 'uri':
      return [{ kind: 'uri', value: unescaped(text) }];
    case 'number': {
      const { prefix, rest } = takePrefix(unescaped(text));
      return [{ kind: 'number', prefix, ...numberOf(parameter.code, rest, 'a number, such as gt0.8') }];
    }
    case 'quantity':
      return [quantityValue(parameter.code, text)];
    case 'composite':
      return [compositeValue(parameter, text, row?.parts ?? [])];
    case 'special':
      if (parameter.code === 'near') return [nearValue(parameter.code, text)];
      throw new Failure('not-supported', `Searching by "${parameter.code}" is not supported.`);
  }
}

type Row = SearchParameterRow | undefined;

/** `code$value`: a value for each part. */
function compositeValue(
  parameter: SearchParameter,
  text: string,
  parts: readonly SearchParameterRow[],
): FilterValue {
  const texts = splitUnescaped(text, '$');
  const form = `${parts.map(({ kind }) => kind).join('$')}, a value for each of its parts`;
  if (texts.length !== parts.length || texts.some((one) => one.trim() === ''))
    throw badValue(parameter.code, form);
  return {
    kind: 'composite',
    parts: parts.map((row, i) => parseOne(partOf(parameter, row), texts[i] ?? '', row)),
  };
}

/** A part of a composite as a parameter; its code is the composite's, by which it is spoken of. */
function partOf({ on, code, url }: SearchParameter, row: SearchParameterRow): SearchParameter {
  return {
    code,
    on,
    url,
    kind: row.kind as SearchParameter['kind'],
    targets: (row.targets ?? []) as SearchParameter['targets'],
  };
}

/** Failure `value` that names the parameter and the form expected. */
export function badValue(code: string, form: string): Failure {
  return new Failure('value', `The value of "${code}" cannot be read: expected ${form}.`);
}

/** Parts between marks that no backslash stands before; the escapes stay in the parts. */
export function splitUnescaped(text: string, mark: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === mark) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

/** A part without the backslashes of its escapes. */
export function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\([\\|,$])/g, '$1') : text;
}

const TOKEN_FORM = 'code, system|code, |code or system|';

function tokens(parameter: SearchParameter, text: string, row: Row): readonly FilterValue[] {
  const parts = splitUnescaped(text, '|').map(unescaped);
  if (parts.length > 2)
    throw badValue(parameter.code, `${TOKEN_FORM} (a "|" inside a code is written "\\|")`);
  const [first = '', second] = parts;
  const value = second === undefined ? first : second;
  const truth = row?.types.length === 1 && row.types[0] === 'boolean';
  if (truth && value !== 'true' && value !== 'false') throw badValue(parameter.code, 'true or false');
  if (second === undefined || (truth && first === SPECIAL_VALUES)) return [{ kind: 'token', value }];
  if (first === '' && second === '') throw badValue(parameter.code, TOKEN_FORM);
  const filter: FilterValue = { kind: 'token', system: first, ...(second === '' ? {} : { value: second }) };
  // A code element has no system of its own: what its value set implies is kept as none.
  if (row?.systems?.includes(first) !== true) return [filter];
  return second === ''
    ? [filter, { kind: 'token', system: '' }]
    : [filter, { kind: 'token', system: '', value }];
}

function stringValue(code: string, text: string): FilterValue {
  const norm = code === 'phonetic' ? phoneticKey(text) : normaliseText(text);
  if (norm === '') throw badValue(code, 'text');
  return { kind: 'string', norm };
}

const REFERENCE_FORM = 'id, Type/id or an absolute URL';

function referenceValues(parameter: SearchParameter, text: string, row: Row): readonly FilterValue[] {
  if (!isId(text)) return [referenceElsewhere(parameter, text)];
  const [only, ...others] = parameter.targets;
  const byId: FilterValue =
    others.length === 0 && only !== undefined
      ? { kind: 'reference', type: only, id: text }
      : { kind: 'reference', id: text };
  // a canonical may be any text, also one that looks like an id
  const types = row?.types ?? [];
  return types.includes('canonical') ? [byId, { kind: 'reference-url', url: text }] : [byId];
}

function referenceElsewhere(parameter: SearchParameter, text: string): FilterValue {
  const reference = parseReference(text);
  if (reference.kind === 'local') {
    if (!isResourceType(reference.type))
      throw badValue(parameter.code, `${REFERENCE_FORM}, with a type of FHIR R4`);
    return { kind: 'reference', type: reference.type, id: reference.id };
  }
  if (reference.kind === 'contained' || !/^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(text)) {
    throw badValue(parameter.code, REFERENCE_FORM);
  }
  return { kind: 'reference-url', url: text };
}

const PREFIX = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[0-9+-])/;

function takePrefix(text: string): { prefix: Prefix; rest: string } {
  const match = PREFIX.exec(text);
  return match === null
    ? { prefix: 'eq', rest: text }
    : { prefix: match[1] as Prefix, rest: text.slice(match[0].length) };
}

/**
 * A date with its prefix, as the span in milliseconds UTC that its precision covers. A "+" that came as
 * a space, because the URL did not escape it, is mended. Throws Failure `value`.
 */
export function parseDate(code: string, text: string): { prefix: Prefix; lo: number; hi: number } {
  const { prefix, rest } = takePrefix(text);
  const range = dateRange(rest.replace(/ (?=\d\d:\d\d$)/, '+'));
  if (range === undefined) {
    throw badValue(
      code,
      'a date that exists (2013, 2013-01, 2013-01-14, 2013-01-14T10:00Z), such as ge2013-01-14',
    );
  }
  return { prefix, lo: range.lo, hi: range.hi };
}

function numberOf(code: string, text: string, form: string): { value: number; lo: number; hi: number } {
  const range = numberRange(text);
  if (range === undefined) throw badValue(code, form);
  return range;
}

const QUANTITY_FORM = 'a number, number|system|code or number||code, such as gt5.4||mg';

function quantityValue(code: string, text: string): FilterValue {
  const parts = splitUnescaped(text, '|').map(unescaped);
  if (parts.length !== 1 && parts.length !== 3) throw badValue(code, QUANTITY_FORM);
  const { prefix, rest } = takePrefix(parts[0] ?? '');
  const range = numberOf(code, rest, QUANTITY_FORM);
  const [, system = '', unit = ''] = parts;
  if (system !== '' && unit === '') throw badValue(code, QUANTITY_FORM);
  if (system === UCUM && !isUcum(unit)) {
    throw badValue(
      code,
      `a unit of UCUM behind ${UCUM} (case counts: mm[Hg], mmol/L, 10*9/L), or number||unit to compare it as text`,
    );
  }
  return {
    kind: 'quantity',
    prefix,
    ...range,
    ...(system === '' ? {} : { system }),
    ...(unit === '' ? {} : { unit }),
  };
}

const NEAR_FORM =
  'latitude|longitude, with |distance|unit where it is not 10 km, such as 51.5|-0.1|5|km (km, m, [mi_us] or mi)';
/** R4: "If the distance is omitted, then the server can use its own discretion". */
const NEAR_KM = 10;
/** Half way round the earth: everything. */
const NEAR_KM_MAX = 20_100;

/** R4 Location.near. */
function nearValue(code: string, text: string): FilterValue {
  const [lat = '', long = '', far = '', unit = ''] = splitUnescaped(text, '|').map(unescaped);
  const [latitude, longitude] = [lat, long].map((one) => numberRange(one)?.value ?? Number.NaN);
  const distance = far === '' ? NEAR_KM : (numberRange(far)?.value ?? Number.NaN);
  const inKm = conversion(unit === '' ? 'km' : unit === 'mi' ? '[mi_us]' : unit, 'km');
  const distanceKm = inKm?.(distance) ?? Number.NaN;
  const isPlace = Math.abs(latitude ?? Number.NaN) <= 90 && Math.abs(longitude ?? Number.NaN) <= 180;
  if (!isPlace || !(distanceKm >= 0 && distanceKm <= NEAR_KM_MAX)) throw badValue(code, NEAR_FORM);
  return { kind: 'near', latitude: latitude ?? 0, longitude: longitude ?? 0, distanceKm };
}
