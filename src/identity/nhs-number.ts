/**
 * The NHS number: ten digits, the last one a modulus-11 check digit (weights 10 to 2), shown 3-3-4. What
 * people paste is forgiven its spaces and dashes and nothing else, and each kind of mistake has its own
 * words, since "invalid" alone makes a person type the same thing again. NHS data dictionary, "NHS NUMBER".
 */
import type { NhsNumber } from '../base/brands.ts';

type NhsNumberProblem = 'empty' | 'national-insurance' | 'letters' | 'length' | 'placeholder' | 'check-digit';

export type ParsedNhsNumber =
  | { readonly ok: true; readonly nhsNumber: NhsNumber }
  | { readonly ok: false; readonly problem: NhsNumberProblem; readonly text: string };

const PROBLEM_TEXT: Readonly<Record<Exclude<NhsNumberProblem, 'length'>, string>> = {
  empty: 'No NHS number was given. It has 10 digits, such as 999 000 0018.',
  'national-insurance':
    'This looks like a National Insurance number. The NHS number has 10 digits and no letters.',
  letters: 'An NHS number holds digits only. Remove everything but its 10 digits.',
  placeholder: 'Ten zeros are not an NHS number. Leave it out where the number is not known.',
  'check-digit':
    'This is not a valid NHS number: its last digit does not fit. Look for a wrong or swapped digit.',
};

/** White space of any kind, and the dashes that word processors and forms put between groups. */
const SEPARATORS = /[\s\u00a0\u2000-\u200b\u202f\ufeff\-\u2010-\u2015\u2212]/g;
const NATIONAL_INSURANCE = /^[A-Z]{2}\d{6}[A-D]?$/i;
const TEN_DIGITS = /^\d{10}$/;

/**
 * The NHS number in `text`, spaces and dashes forgiven. Where it is none, which mistake it is and a sentence
 * for the person who typed it; the sentence never repeats what was typed.
 */
export function parseNhsNumber(text: string): ParsedNhsNumber {
  const digits = text.replace(SEPARATORS, '');
  if (digits === '') return problem('empty');
  if (NATIONAL_INSURANCE.test(digits)) return problem('national-insurance');
  if (!/^\d+$/.test(digits)) return problem('letters');
  if (digits.length !== 10) {
    return {
      ok: false,
      problem: 'length',
      text: `An NHS number has 10 digits; this has ${digits.length}. Look for a missing or doubled one.`,
    };
  }
  if (digits === '0000000000') return problem('placeholder');
  if (checkDigit(digits) !== digits.charCodeAt(9) - 48) return problem('check-digit');
  return { ok: true, nhsNumber: digits as NhsNumber };
}

/** `999 000 0018` */
export function formatNhsNumber(nhsNumber: NhsNumber): string {
  return `${nhsNumber.slice(0, 3)} ${nhsNumber.slice(3, 6)} ${nhsNumber.slice(6)}`;
}

/**
 * The NHS number that begins with these nine digits; undefined where none does (one in eleven, whose check
 * digit would be 10) or where `nineDigits` are not nine digits.
 */
export function nhsNumberFrom(nineDigits: string): NhsNumber | undefined {
  if (!/^\d{9}$/.test(nineDigits) || nineDigits === '000000000') return undefined;
  const check = checkDigit(nineDigits);
  return check === undefined ? undefined : (`${nineDigits}${check}` as NhsNumber);
}

/** True where `text` is exactly ten digits with a right check digit, as identifiers in resources must be. */
export function isNhsNumber(text: string): text is NhsNumber {
  return TEN_DIGITS.test(text) && text !== '0000000000' && checkDigit(text) === text.charCodeAt(9) - 48;
}

function checkDigit(digits: string): number | undefined {
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += (digits.charCodeAt(i) - 48) * (10 - i);
  const check = 11 - (sum % 11);
  return check === 10 ? undefined : check === 11 ? 0 : check;
}

function problem(kind: Exclude<NhsNumberProblem, 'length'>): ParsedNhsNumber {
  return { ok: false, problem: kind, text: PROBLEM_TEXT[kind] };
}
