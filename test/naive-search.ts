/**
 * R4's rules of matching (http://hl7.org/fhir/R4/search.html §3.1.1.4), written down a second time and as plainly as can be, to hold the
 * index against: what values an element has, what one may ask for to find it, and whether a value fits what was asked.
 */
import { createRequire } from 'node:module';
import { resourceTypes, searchParameterRow } from '../src/fhir/definitions.ts';
import { phoneticKey } from '../src/fhir/search/phonetic-key.ts';
import type { SearchParameter } from '../src/fhir/search-value.ts';
import type { Selected } from './search-expressions.ts';

/** One value of one element. */
export type Atom =
  | { readonly kind: 'token'; readonly system?: string; readonly code?: string }
  | { readonly kind: 'reference'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'uri'; readonly text: string }
  | { readonly kind: 'date'; readonly lo: number; readonly hi: number; readonly texts: readonly string[] }
  | {
      readonly kind: 'measure';
      readonly value: number;
      readonly system?: string;
      readonly code?: string;
      readonly unit?: string;
    };

/** A value as a URL writes it, and whether an atom fits it. */
export interface Asked {
  readonly text: string;
  readonly fits: (atom: Atom) => boolean;
}

type Json = Readonly<Record<string, unknown>>;
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

/** The atoms of one element. */
export function atomsOf(parameter: SearchParameter, { type, value }: Selected): readonly Atom[] {
  const json = (typeof value === 'object' && value !== null ? value : {}) as Json;
  switch (parameter.kind) {
    case 'token':
      return tokensOf(type, value, json);
    case 'reference':
      return referencesOf(type, value, json).map((each) => ({ kind: 'reference', text: each }));
    case 'string':
      return stringsOf(parameter.code, type, value, json).map((each) => ({ kind: 'string', text: each }));
    case 'uri':
      return [{ kind: 'uri', text: String(value) }];
    case 'date':
      return datesOf(type, value, json);
    case 'number':
      return numbersOf(type, value, json).map((each) => ({ kind: 'measure', value: each }));
    default:
      return quantitiesOf(type, json);
  }
}

function token(system: unknown, code: unknown): Atom[] {
  const [s, c] = [text(system), text(code)];
  if (s === undefined && c === undefined) return [];
  return [
    { kind: 'token', ...(s === undefined ? {} : { system: s }), ...(c === undefined ? {} : { code: c }) },
  ];
}

function tokensOf(type: string, value: unknown, json: Json): Atom[] {
  if (type === 'Coding') return token(json.system, json.code);
  if (type === 'CodeableConcept')
    return list(json.coding).flatMap((each) => token((each as Json).system, (each as Json).code));
  if (type === 'Identifier') return token(json.system, json.value);
  if (type === 'ContactPoint') return token(undefined, json.value);
  return token(undefined, String(value));
}

function referencesOf(type: string, value: unknown, json: Json): string[] {
  if ((resourceTypes as readonly string[]).includes(type))
    return json.id === undefined ? [] : [`${type}/${json.id}`];
  const written = text(type === 'Reference' ? json.reference : value);
  if (written === undefined || written.startsWith('#')) return [];
  const unversioned = written.replace(/\/_history\/[^/]+$/, '');
  if (/^[A-Z]\w+\/[A-Za-z0-9.-]{1,64}$/.test(unversioned)) return [unversioned];
  // a canonical is found with its version and without
  return type === 'canonical' && written.includes('|') ? [written, written.split('|')[0] ?? ''] : [written];
}

function stringsOf(code: string, type: string, value: unknown, json: Json): string[] {
  const parts =
    type === 'HumanName'
      ? // R4 Patient.phonetic: "a portion of either family or given name"
        ['family', 'given', 'text', ...(code === 'phonetic' ? [] : ['prefix', 'suffix'])]
      : type === 'Address'
        ? ['line', 'city', 'district', 'state', 'postalCode', 'country', 'text']
        : undefined;
  const all = parts === undefined ? [value] : parts.flatMap((part) => list(json[part]));
  return all.flatMap((each) => text(each) ?? []).filter((each) => plain(each) !== '');
}

/** "case and combining-character insensitive" */
export const plain = (written: string): string =>
  [...written.normalize('NFKD')]
    .filter((letter) => !/\p{Mark}/u.test(letter))
    .join('')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .join(' ');

const FOREVER = 8.64e15;

/** The moments that a date as it is written may be. */
export function moments(written: string): { lo: number; hi: number } {
  const zone = /(Z|[+-]\d\d:\d\d)$/.exec(written.slice(10))?.[0];
  const local = zone === undefined ? written : written.slice(0, -zone.length);
  const at = (iso: string): number => Date.parse(`${iso}${zone ?? 'Z'}`);
  const full = `${local}${'0000-01-01T00:00:00.000'.slice(local.length)}`;
  const lo = at(full);
  const next = new Date(Date.parse(`${full}Z`));
  if (local.length === 4) next.setUTCFullYear(next.getUTCFullYear() + 1);
  else if (local.length === 7) next.setUTCMonth(next.getUTCMonth() + 1);
  else if (local.length === 10) next.setUTCDate(next.getUTCDate() + 1);
  else if (local.length === 16) next.setUTCMinutes(next.getUTCMinutes() + 1);
  else if (local.length === 19) next.setUTCSeconds(next.getUTCSeconds() + 1);
  else next.setUTCMilliseconds(next.getUTCMilliseconds() + 10 ** Math.max(0, 23 - local.length));
  return { lo, hi: lo + (next.getTime() - Date.parse(`${full}Z`)) - 1 };
}

function period(start: string | undefined, end: string | undefined): Atom[] {
  if (start === undefined && end === undefined) return [];
  const lo = start === undefined ? -FOREVER : moments(start).lo;
  const hi = end === undefined ? FOREVER : moments(end).hi;
  return [{ kind: 'date', lo, hi, texts: [start ?? [], end ?? []].flat() }];
}

function datesOf(type: string, value: unknown, json: Json): Atom[] {
  if (type === 'Period') return period(text(json.start), text(json.end));
  if (type !== 'Timing') return [{ kind: 'date', ...moments(String(value)), texts: [String(value)] }];
  const events = list(json.event).map(String);
  const bounds = ((json.repeat as Json | undefined)?.boundsPeriod ?? {}) as Json;
  const spans = [
    ...events.map((each) => ({ ...moments(each), texts: [each] })),
    ...period(text(bounds.start), text(bounds.end)).flatMap((each) => (each.kind === 'date' ? [each] : [])),
  ];
  if (spans.length === 0) return [];
  return [
    {
      kind: 'date',
      lo: Math.min(...spans.map((each) => each.lo)),
      hi: Math.max(...spans.map((each) => each.hi)),
      texts: spans.flatMap((each) => each.texts),
    },
  ];
}

function numbersOf(type: string, value: unknown, json: Json): number[] {
  if (type !== 'Range') return [Number(value)];
  return [json.low, json.high].flatMap(
    (end) => ((end as Json | undefined)?.value as number | undefined) ?? [],
  );
}

function quantitiesOf(type: string, json: Json): Atom[] {
  if (type === 'Range')
    return [json.low, json.high].flatMap((end) => quantitiesOf('Quantity', (end ?? {}) as Json));
  if (type === 'SampledData') {
    const origin = json.origin as Json;
    const samples = String(json.data).split(' ').map(Number).filter(Number.isFinite);
    const at = (sample: number): number => Number(origin.value ?? 0) + sample * Number(json.factor ?? 1);
    const ends = [Math.min(...samples.map(at)), Math.max(...samples.map(at))];
    return ends.flatMap((value) => quantitiesOf('Quantity', { ...origin, value }));
  }
  if (typeof json.value !== 'number') return [];
  const { value } = json;
  if (type === 'Money') {
    const code = text(json.currency);
    return [
      { kind: 'measure', value, ...(code === undefined ? {} : { system: 'urn:iso:std:iso:4217', code }) },
    ];
  }
  const [system, code, unit] = [text(json.system), text(json.code), text(json.unit)];
  return [
    {
      kind: 'measure',
      value,
      ...(system === undefined ? {} : { system }),
      ...(code === undefined ? {} : { code }),
      ...(unit === undefined ? {} : { unit }),
    },
  ];
}

/** What can be asked so as to find these atoms: every way of writing each of them, each once. */
export function askedOf(parameter: SearchParameter, atoms: readonly Atom[]): readonly Asked[] {
  const asked = new Map<string, Asked>();
  for (const atom of atoms) for (const one of askedFor(parameter, atom)) asked.set(one.text, one);
  return [...asked.values()];
}

const escaped = (value: string): string => value.replace(/[\\|,$]/g, '\\$&');

function askedFor(parameter: SearchParameter, atom: Atom): readonly Asked[] {
  switch (atom.kind) {
    case 'token':
      return askToken(parameter, atom);
    case 'reference':
      return askReference(parameter, atom.text);
    case 'string':
      return askString(parameter, atom.text);
    case 'uri':
      return [{ text: escaped(atom.text), fits: (one) => one.kind === 'uri' && one.text === atom.text }];
    case 'date':
      return atom.texts.flatMap(askDate);
    default:
      return askMeasure(atom);
  }
}

function askToken(parameter: SearchParameter, { system, code }: Extract<Atom, { kind: 'token' }>): Asked[] {
  const implied = searchParameterRow(parameter.on, parameter.code)?.systems ?? [];
  const inSystem = (one: Extract<Atom, { kind: 'token' }>, wanted: string): boolean =>
    one.system === wanted || (one.system === undefined && implied.includes(wanted));
  const fits =
    (test: (one: Extract<Atom, { kind: 'token' }>) => boolean): Asked['fits'] =>
    (one) =>
      one.kind === 'token' && test(one);
  const asked: Asked[] = [];
  if (code !== undefined) {
    asked.push({ text: escaped(code), fits: fits((one) => one.code === code) });
    asked.push(
      system === undefined
        ? { text: `|${escaped(code)}`, fits: fits((one) => one.code === code && one.system === undefined) }
        : {
            text: `${escaped(system)}|${escaped(code)}`,
            fits: fits((one) => one.code === code && inSystem(one, system)),
          },
    );
  }
  if (system !== undefined)
    asked.push({ text: `${escaped(system)}|`, fits: fits((one) => inSystem(one, system)) });
  return asked;
}

function askReference({ targets }: SearchParameter, written: string): Asked[] {
  const exact: Asked = {
    text: escaped(written),
    fits: (one) => one.kind === 'reference' && one.text === written,
  };
  const [type = '', id] = /^[A-Z]\w+\/[^/]+$/.test(written) ? written.split('/') : [];
  if (id === undefined || !(targets as readonly string[]).includes(type)) return [exact];
  const fits: Asked['fits'] = (one) =>
    one.kind === 'reference' && targets.some((target) => one.text === `${target}/${id}`);
  return [exact, { text: id, fits }];
}

function askString({ code }: SearchParameter, written: string): Asked[] {
  if (code === 'phonetic') {
    const key = phoneticKey(written);
    if (key === '') return [];
    return [
      {
        text: escaped(written),
        fits: (one) => one.kind === 'string' && phoneticKey(one.text).startsWith(key),
      },
    ];
  }
  const starts = (wanted: string): Asked => ({
    text: escaped(wanted),
    fits: (one) => one.kind === 'string' && plain(one.text).startsWith(plain(wanted)),
  });
  return [written, written.toUpperCase(), written.slice(0, 3)].filter((one) => plain(one) !== '').map(starts);
}

/** A stored span against the span asked for, by R4's table of prefixes. */
const DATE_PREFIXES: Readonly<
  Record<string, (one: { lo: number; hi: number }, asked: { lo: number; hi: number }) => boolean>
> = {
  '': (one, asked) => asked.lo <= one.lo && one.hi <= asked.hi,
  ne: (one, asked) => !(asked.lo <= one.lo && one.hi <= asked.hi),
  gt: (one, asked) => one.hi > asked.hi,
  lt: (one, asked) => one.lo < asked.lo,
  ge: (one, asked) => one.hi > asked.hi || (asked.lo <= one.lo && one.hi <= asked.hi),
  le: (one, asked) => one.lo < asked.lo || (asked.lo <= one.lo && one.hi <= asked.hi),
  sa: (one, asked) => one.lo > asked.hi,
  eb: (one, asked) => one.hi < asked.lo,
};

function askDate(written: string): Asked[] {
  const asked = moments(written);
  return Object.entries(DATE_PREFIXES).map(([prefix, holds]) => ({
    text: `${prefix}${written}`,
    fits: (one) => one.kind === 'date' && holds(one, asked),
  }));
}

const NUMBER_PREFIXES: Readonly<Record<string, (value: number, asked: number, half: number) => boolean>> = {
  '': (value, asked, half) => within(value, asked, half),
  ne: (value, asked, half) => !within(value, asked, half),
  gt: (value, asked) => value > asked,
  lt: (value, asked) => value < asked,
  ge: (value, asked) => value >= asked,
  le: (value, asked) => value <= asked,
  sa: (value, asked) => value > asked,
  eb: (value, asked) => value < asked,
  ap: (value, asked) => value >= asked - Math.abs(asked) * 0.1 && value <= asked + Math.abs(asked) * 0.1,
};

/** Within half a unit of the last place that was written; the upper border is out. Rounded as decimals are. */
function within(value: number, asked: number, half: number): boolean {
  const distance = Number((value - asked).toPrecision(12));
  return distance >= -half && distance < half;
}

const UCUM = 'http://unitsofmeasure.org';
const { UcumLhcUtils } = createRequire(import.meta.url)('@lhncbc/ucum-lhc');
const ucum = UcumLhcUtils.getInstance();

/** The value in another unit of UCUM; undefined where it measures something else. */
function inUnit(
  { value, system, code }: Extract<Atom, { kind: 'measure' }>,
  wanted: string,
): number | undefined {
  if (system !== UCUM || code === undefined) return undefined;
  if (code === wanted) return value;
  const { status, toVal } = ucum.convertUnitTo(code, value, wanted);
  return status === 'succeeded' ? Number(toVal.toPrecision(13)) : undefined;
}

const isUcum = (code: string): boolean => {
  const { status, ucumCode } = ucum.validateUnitString(code);
  return status === 'valid' && ucumCode === code;
};

function askMeasure({ value, system, code, unit }: Extract<Atom, { kind: 'measure' }>): Asked[] {
  const written = String(value);
  const [, decimals = '', exponent = '0'] = /^-?\d+(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(written) ?? [];
  const half = Number(`5e${Number(exponent) - decimals.length - 1}`);
  const units: readonly (readonly [string, (one: Extract<Atom, { kind: 'measure' }>) => boolean])[] = [
    ['', () => true],
    ...(code === undefined ? [] : [[`||${escaped(code)}`, hasUnit(code)] as const]),
    ...(unit === undefined ? [] : [[`||${escaped(unit)}`, hasUnit(unit)] as const]),
    ...(system === undefined || code === undefined || system === UCUM
      ? []
      : [
          [
            `|${escaped(system)}|${escaped(code)}`,
            (one: Extract<Atom, { kind: 'measure' }>) => one.system === system && one.code === code,
          ] as const,
        ]),
  ];
  const converted =
    system === UCUM && code !== undefined && isUcum(code)
      ? Object.entries(NUMBER_PREFIXES).map(([prefix, holds]) => ({
          text: `${prefix}${written}|${UCUM}|${escaped(code)}`,
          fits: (one: Atom): boolean => {
            const own = one.kind === 'measure' ? inUnit(one, code) : undefined;
            return own !== undefined && holds(own, value, half);
          },
        }))
      : [];
  const asked = units.flatMap(([suffix, fitsUnit]) =>
    Object.entries(NUMBER_PREFIXES).map(([prefix, holds]) => ({
      text: `${prefix}${written}${suffix}`,
      fits: (one: Atom) => one.kind === 'measure' && holds(one.value, value, half) && fitsUnit(one),
    })),
  );
  return [...asked, ...converted];
}

/** `||mg`: the code, or the unit as people write it. */
const hasUnit =
  (wanted: string) =>
  (one: Extract<Atom, { kind: 'measure' }>): boolean =>
    one.code === wanted || one.unit === wanted;
