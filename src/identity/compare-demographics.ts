/**
 * Whether two Patient records may be one person, by name, birth date, gender and postcode. It never joins
 * anything: only a verified NHS number does. It finds pairs for people to look at (two people with one name
 * and birth date, one person under two records) and contradictions between records that claim one number.
 * Symmetric.
 */

import { normaliseText } from '../fhir/search-value.ts';
import type { Patient } from './patient-identity.ts';

type FieldAgreement = 'agree' | 'close' | 'differ' | 'missing';

export interface DemographicsComparison {
  /** `same`: nothing speaks against it and the address speaks for it; `possible`: a person must look. */
  readonly verdict: 'same' | 'possible' | 'different';
  readonly fields: Readonly<Record<DemographicField, FieldAgreement>>;
}

type DemographicField = 'family' | 'given' | 'birthDate' | 'gender' | 'postcode';

/**
 * Evidence for and against, in the manner of Fellegi and Sunter: a birth date is shared by few, a gender by
 * half; people move, so another postcode says little.
 */
const WEIGHTS: Readonly<Record<DemographicField, Readonly<Record<FieldAgreement, number>>>> = {
  family: { agree: 4, close: 2, differ: -4, missing: 0 },
  given: { agree: 3, close: 1.5, differ: -3, missing: 0 },
  birthDate: { agree: 6, close: 2, differ: -6, missing: 0 },
  gender: { agree: 0.5, close: 0, differ: -3, missing: 0 },
  postcode: { agree: 4, close: 1, differ: -1, missing: 0 },
};
const POSSIBLE = 6;

/**
 * Compares two Patients; the order does not matter. Reads every name and address that is not marked as wrong.
 */
export function compareDemographics(a: Patient, b: Patient): DemographicsComparison {
  const fields = {
    ...compareWholeNames(a, b),
    birthDate: bestOf(birthDatesOf(a), birthDatesOf(b), compareDates),
    gender: bestOf(gendersOf(a), gendersOf(b), (x, y) => (x === y ? 'agree' : 'differ')),
    postcode: bestOf(postcodesOf(a), postcodesOf(b), comparePostcodes),
  };
  return { verdict: verdictOf(fields), fields };
}

/** True where both have one name and one birth date: what a person must be warned of before choosing. */
export function isNamesake(a: Patient, b: Patient): boolean {
  const { fields } = compareDemographics(a, b);
  return fields.family === 'agree' && fields.given === 'agree' && fields.birthDate === 'agree';
}

/**
 * True where two records cannot well be one person's: another birth date and another name. Missing values
 * contradict nothing. For records that claim one NHS number.
 */
export function contradicts(a: Patient, b: Patient): boolean {
  const { family, given, birthDate } = compareDemographics(a, b).fields;
  return birthDate === 'differ' && (family === 'differ' || given === 'differ');
}

function verdictOf(fields: DemographicsComparison['fields']): DemographicsComparison['verdict'] {
  const found = Object.values(fields);
  const agreeing = found.filter((one) => one === 'agree').length;
  const whole = !found.includes('differ') && agreeing >= 4;
  if (whole && fields.birthDate === 'agree' && fields.postcode === 'agree') return 'same';
  let score = 0;
  for (const field of Object.keys(WEIGHTS) as DemographicField[]) score += WEIGHTS[field][fields[field]];
  return score >= POSSIBLE ? 'possible' : 'different';
}

/** Family with family and given with given; where neither fits, crosswise: forms swap them. */
function compareWholeNames(a: Patient, b: Patient): Record<'family' | 'given', FieldAgreement> {
  const family = bestOf(familiesOf(a), familiesOf(b), compareNames);
  const given = bestOf(givensOf(a), givensOf(b), compareNames);
  if (family !== 'differ' || given !== 'differ') return { family, given };
  const crossed = [
    bestOf(familiesOf(a), givensOf(b), compareNames),
    bestOf(givensOf(a), familiesOf(b), compareNames),
  ];
  return crossed.includes('differ') ? { family, given } : { family: 'close', given: 'close' };
}

const ORDER: readonly FieldAgreement[] = ['agree', 'close', 'differ', 'missing'];

/** The best agreement between any of these and any of those. */
function bestOf(
  these: readonly string[],
  those: readonly string[],
  compare: (x: string, y: string) => FieldAgreement,
): FieldAgreement {
  let best: FieldAgreement = 'missing';
  for (const x of these) {
    for (const y of those) {
      const found = compare(x, y);
      if (ORDER.indexOf(found) < ORDER.indexOf(best)) best = found;
    }
  }
  return best;
}

/** Every family name, maiden and former ones too; without hyphens and apostrophes. */
function familiesOf(patient: Patient): readonly string[] {
  return distinct((patient.name ?? []).map((name) => letters(name.family ?? '')));
}

/** First given names, of every name; second ones are too common to tell people apart. */
function givensOf(patient: Patient): readonly string[] {
  return distinct((patient.name ?? []).map((name) => letters(name.given?.[0] ?? '')));
}

function birthDatesOf(patient: Patient): readonly string[] {
  return distinct([patient.birthDate ?? '']);
}

function gendersOf(patient: Patient): readonly string[] {
  return patient.gender === 'male' || patient.gender === 'female' ? [patient.gender] : [];
}

/** ZZ99 postcodes stand for "no fixed abode" and the like and say nothing. */
function postcodesOf(patient: Patient): readonly string[] {
  return distinct(
    (patient.address ?? []).map((one) => (one.postalCode ?? '').replace(/\s+/g, '').toUpperCase()),
  ).filter((code) => !code.startsWith('ZZ99'));
}

function compareNames(x: string, y: string): FieldAgreement {
  if (x === y) return 'agree';
  const [short, long] = x.length <= y.length ? [x, y] : [y, x];
  if (short.length === 1) return long.startsWith(short) ? 'close' : 'differ';
  if (short.length >= 3 && long.startsWith(short)) return 'close';
  return short.length >= 4 && isOneEditApart(short, long) ? 'close' : 'differ';
}

/** Close: written less precisely, one part mistyped, or day and month the wrong way round. */
function compareDates(x: string, y: string): FieldAgreement {
  if (x === y) return x.length === 10 ? 'agree' : 'close';
  if (x.length < 10 || y.length < 10) return x.startsWith(y) || y.startsWith(x) ? 'close' : 'differ';
  const [xYear = '', xMonth = '', xDay = ''] = x.split('-');
  const [yYear = '', yMonth = '', yDay = ''] = y.split('-');
  const equal = Number(xYear === yYear) + Number(xMonth === yMonth) + Number(xDay === yDay);
  const swapped = xYear === yYear && xMonth === yDay && xDay === yMonth;
  return equal === 2 || swapped ? 'close' : 'differ';
}

/** Close: the same district, or one character mistyped. */
function comparePostcodes(x: string, y: string): FieldAgreement {
  if (x === y) return 'agree';
  const [short, long] = x.length <= y.length ? [x, y] : [y, x];
  const near = short.length > 4 && short.slice(0, -3) === long.slice(0, -3);
  return near || (short.length >= 4 && isOneEditApart(short, long)) ? 'close' : 'differ';
}

/** One letter added, changed, or two neighbours swapped. */
function isOneEditApart(short: string, long: string): boolean {
  if (long.length - short.length > 1) return false;
  let start = 0;
  while (start < short.length && short[start] === long[start]) start++;
  const rest = (text: string, skip: number): string => text.slice(start + skip);
  if (short.length < long.length) return rest(short, 0) === rest(long, 1);
  return (
    rest(short, 1) === rest(long, 1) ||
    (short[start] === long[start + 1] && short[start + 1] === long[start] && rest(short, 2) === rest(long, 2))
  );
}

function letters(text: string): string {
  return normaliseText(text).replace(/[^\p{L}\p{N}]/gu, '');
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].filter((text) => text !== '');
}
