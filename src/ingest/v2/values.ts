/**
 * OBX-5 by its type (OBX-2) → Observation.value[x]; OBX-7 → reference range; OBX-8 → interpretation. What does not
 * have the form of its type is kept as text, with a warning. HL7 v2.5.1 §7.4.2.
 */
import type { Attachment, Observation, ObservationReferenceRange, Quantity } from 'fhir/r4.d.ts';
import { isForgotten, setWrittenDecimal } from '../../fhir/exact-decimals.ts';
import { part, type Repetition, repetitions, type Segment, textOf, wholeText } from '../v2-message.ts';
import { concept, conceptIn } from './code-systems.ts';
import { given, type Mapping, timed, timeFrom, warn } from './mapping.ts';
import { type Unit, unitIn } from './units.ts';

export type ObservedValue = Pick<
  Observation,
  | 'valueQuantity'
  | 'valueString'
  | 'valueCodeableConcept'
  | 'valueDateTime'
  | '_valueDateTime'
  | 'valueTime'
  | 'valueRange'
  | 'valueRatio'
  | 'valuePeriod'
>;

/** Types whose consecutive OBX of one code are the lines of one text. */
export const TEXT_TYPES: ReadonlySet<string> = new Set(['TX', 'FT', 'ST', '']);

const NUMBER = /^([<>]=?|[≤≥])?\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))$/;
const COMPARATORS = { '<': '<', '>': '>', '<=': '<=', '>=': '>=', '≤': '<=', '≥': '>=' } as const;

/** A quantity from a number with or without a comparator; undefined where the text is no number. */
function quantityOf(text: string, unit: Unit): Quantity | undefined {
  const match = NUMBER.exec(text.trim());
  if (match === null) return undefined;
  const [, comparator, written = ''] = match;
  const json = written
    .replace(/^\+/, '')
    .replace(/^(-?)(?:0+(?=\d))?(?=\d|\.)/, '$1')
    .replace(/^(-?)\./, '$10.')
    .replace(/\.$/, '');
  const quantity: Quantity = {
    value: Number(json),
    ...(comparator === undefined ? {} : { comparator: COMPARATORS[comparator as keyof typeof COMPARATORS] }),
    ...unit,
  };
  if (isForgotten(json)) setWrittenDecimal(quantity, 'value', json);
  return quantity;
}

/** The value of an OBX; an empty object where it has none (or one that is an attachment). */
export function valueIn(mapping: Mapping, obx: Segment): ObservedValue {
  const values = repetitions(obx, 5);
  const [first] = values;
  if (first === undefined) return {};
  const type = textOf(obx, 2).toUpperCase();
  const unit = unitIn(repetitions(obx, 6)[0]);
  switch (type) {
    case 'NM':
      return numeric(mapping, obx, unit);
    case '': {
      warn(
        mapping,
        'OBX-2',
        'A value has no type; it was taken for a number where it is one, else for text.',
      );
      const quantity = quantityOf(wholeText(obx, 5), unit);
      return quantity === undefined ? textual(obx) : { valueQuantity: quantity };
    }
    case 'SN':
      return structured(obx, first, unit);
    case 'CQ': {
      const quantity = quantityOf(part(first, 1), quantityUnit(first, unit));
      return quantity === undefined ? textual(obx) : { valueQuantity: quantity };
    }
    case 'CE':
    case 'CWE':
    case 'CNE':
    case 'CF': {
      const value = conceptIn(mapping, first, 'OBX-5');
      if (value === undefined) return {};
      if (values.length === 1) return { valueCodeableConcept: value };
      const all = values.map((one) => conceptIn(mapping, one, 'OBX-5')).filter((one) => one !== undefined);
      const text = all.map((one) => one.text ?? one.coding?.[0]?.code ?? '').join('; ');
      return {
        valueCodeableConcept: {
          ...given(
            'coding',
            all.flatMap((one) => one.coding ?? []),
          ),
          text,
        },
      };
    }
    case 'DT':
    case 'TS':
    case 'DTM': {
      const time = timeFrom(mapping, part(first, 1), 'OBX-5');
      return time === undefined ? textual(obx) : timed('valueDateTime', time);
    }
    case 'TM':
      return timeOfDay(obx, part(first, 1));
    case 'DR': {
      const period = {
        ...timed('start', timeFrom(mapping, part(first, 1), 'OBX-5')),
        ...timed('end', timeFrom(mapping, part(first, 2), 'OBX-5')),
      };
      return Object.keys(period).length === 0 ? textual(obx) : { valuePeriod: period };
    }
    case 'ED':
    case 'RP':
      return {};
    default:
      return textual(obx);
  }
}

function quantityUnit(value: Repetition, unit: Unit): Unit {
  if (unit.unit !== undefined) return unit;
  const components = [part(value, 2, 1), part(value, 2, 2), part(value, 2, 3)];
  return unitIn({ components, delimiters: value.delimiters });
}

/** The value as text: repetitions are lines. */
function textual(obx: Segment): ObservedValue {
  const text = plainText(obx);
  return text === '' ? {} : { valueString: text };
}

/** OBX-5 as text: repetitions are lines, other delimiters are what they look like. */
export function plainText(obx: Segment): string {
  const raw = wholeText(obx, 5);
  const mark = obx.delimiters.repetition;
  const lines = repetitions(obx, 5).length > 1 ? raw.split(mark) : [raw];
  return lines
    .join('\n')
    .replace(/[ \t]+$/gm, '')
    .trim();
}

function numeric(mapping: Mapping, obx: Segment, unit: Unit): ObservedValue {
  const quantity = quantityOf(wholeText(obx, 5), unit);
  if (quantity !== undefined) return { valueQuantity: quantity };
  warn(mapping, 'OBX-5', 'A value of type NM is not a number; it was kept as text, with its unit.');
  const text = [plainText(obx), unit.unit ?? ''].filter((one) => one !== '').join(' ');
  return text === '' ? {} : { valueString: text };
}

/** SN: comparator, number, separator, number. */
function structured(obx: Segment, value: Repetition, unit: Unit): ObservedValue {
  const [comparator = '', low = '', separator = '', high = ''] = [1, 2, 3, 4].map((n) => part(value, n));
  const first = quantityOf(`${comparator === '=' ? '' : comparator}${low}`, unit);
  const second = quantityOf(high, unit);
  if (separator === '' && high === '' && first !== undefined) return { valueQuantity: first };
  if (first !== undefined && second !== undefined && first.comparator === undefined) {
    if (separator === '-') return { valueRange: { low: first, high: second } };
    if (separator === ':' || separator === '/')
      return { valueRatio: { numerator: first, denominator: second } };
  }
  const text = [`${comparator}${low}${separator}${high}`, unit.unit ?? '']
    .filter((one) => one !== '')
    .join(' ');
  return text === '' ? textual(obx) : { valueString: text };
}

function timeOfDay(obx: Segment, text: string): ObservedValue {
  const match = /^([01]\d|2[0-3])([0-5]\d)(?:([0-5]\d)(\.\d{1,4})?)?$/.exec(text);
  if (match === null) return textual(obx);
  const [, hour, minute, second = '00', fraction = ''] = match;
  return { valueTime: `${hour}:${minute}:${second}${fraction}` };
}

/** ED and RP as attachments: their content, or where it is. */
export function attachmentsIn(mapping: Mapping, obx: Segment): readonly Attachment[] {
  const type = textOf(obx, 2).toUpperCase();
  const title = textOf(obx, 3, 2) || textOf(obx, 3);
  if (type === 'RP') {
    return repetitions(obx, 5)
      .map((one) => ({ url: part(one, 1), contentType: contentType(part(one, 3), part(one, 4)) }))
      .filter((one) => /^[a-z][a-z0-9+.-]*:\S+$/i.test(one.url))
      .map((one) => ({ ...given('contentType', one.contentType), url: one.url, ...given('title', title) }));
  }
  if (type !== 'ED') return [];
  const found: Attachment[] = [];
  for (const one of repetitions(obx, 5)) {
    const data = encapsulated(part(one, 5), part(one, 4).toUpperCase());
    if (data === undefined) {
      warn(mapping, 'OBX-5', 'Encapsulated data could not be read; it is in the raw message only.');
      continue;
    }
    found.push({
      ...given('contentType', contentType(part(one, 2), part(one, 3))),
      data,
      ...given('title', title),
    });
  }
  return found;
}

function encapsulated(data: string, encoding: string): string | undefined {
  if (data === '') return undefined;
  if (encoding === 'BASE64') {
    const clean = data.replace(/\s+/g, '');
    return /^[A-Za-z0-9+/]+={0,2}$/.test(clean) && clean.length % 4 === 0 ? clean : undefined;
  }
  if (encoding === 'HEX')
    return /^(?:[0-9A-Fa-f]{2})+$/.test(data) ? Buffer.from(data, 'hex').toString('base64') : undefined;
  return Buffer.from(data, 'utf8').toString('base64');
}

const SUBTYPES: Readonly<Record<string, string>> = {
  PDF: 'application/pdf',
  RTF: 'application/rtf',
  'X-HL7-CDA-LEVEL-ONE': 'text/xml',
  HTML: 'text/html',
  XML: 'text/xml',
  JPEG: 'image/jpeg',
  JPG: 'image/jpeg',
  PNG: 'image/png',
  GIF: 'image/gif',
  TIFF: 'image/tiff',
  PLAIN: 'text/plain',
  TEXT: 'text/plain',
};

function contentType(type: string, subtype: string): string {
  const known = SUBTYPES[subtype.toUpperCase()] ?? SUBTYPES[type.toUpperCase()];
  if (known !== undefined) return known;
  const media = type.toLowerCase();
  const fit = /^(?:text|image|audio|video|application)$/.test(media) && /^[A-Za-z0-9.+-]+$/.test(subtype);
  return fit ? `${media}/${subtype.toLowerCase()}` : 'application/octet-stream';
}

const RANGE = /^(-?\d+(?:\.\d+)?)\s*(?:-|–|to)\s*(-?\d+(?:\.\d+)?)$/;
const ONE_SIDED = /^(<=?|>=?|≤|≥)\s*(-?\d+(?:\.\d+)?)$/;
/** Some laboratories print `[ 27 - 35 ]` or `(27-35)`. */
const BRACKETED = /^(?:\[([^[\]]*)\]|\(([^()]*)\))$/;

/** OBX-7: its text always, low and high where it tells them. */
export function rangesIn(obx: Segment): ObservationReferenceRange[] {
  const text = wholeText(obx, 7).trim();
  if (text === '') return [];
  const unit = unitIn(repetitions(obx, 6)[0]);
  const brackets = BRACKETED.exec(text);
  const bare = (brackets?.[1] ?? brackets?.[2] ?? text).trim();
  if (bare === '') return [];
  const both = RANGE.exec(bare);
  if (both !== null) {
    const low = quantityOf(both[1] ?? '', unit);
    const high = quantityOf(both[2] ?? '', unit);
    return [{ ...given('low', low), ...given('high', high), text }];
  }
  const one = ONE_SIDED.exec(bare);
  const bound = one === null ? undefined : quantityOf(one[2] ?? '', unit);
  if (bound === undefined) return [{ text }];
  return [one?.[1]?.startsWith('<') || one?.[1] === '≤' ? { high: bound, text } : { low: bound, text }];
}

const INTERPRETATION = 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation';
const INTERPRETATIONS = new Set(
  'L H LL HH LU HU N A AA S R I MS VS POS NEG IND U D B W < > SDD NR RR WR DET ND E IE'.split(' '),
);

/** OBX-8, table 0078; what is not in it stays text. */
export function interpretationsIn(obx: Segment): Observation['interpretation'] {
  return repetitions(obx, 8).map((one) => {
    const code = part(one, 1).toUpperCase();
    return INTERPRETATIONS.has(code) ? concept(INTERPRETATION, code) : { text: part(one, 2) || part(one, 1) };
  });
}
