/**
 * A decimal as a search writes it, with the range that its precision implies: 5.4 is 5.35 to 5.45, 100
 * is 99.5 to 100.5, 1e2 is 50 to 150. http://hl7.org/fhir/R4/search.html#number
 */
export interface NumberRange {
  readonly value: number;
  /** Inclusive. */
  readonly lo: number;
  /** Exclusive. */
  readonly hi: number;
}

const FORM = /^([+-]?)(\d{1,40})(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,3}))?$/;

/** The number and its range; undefined where `text` is no decimal or too large to hold. */
export function numberRange(text: string): NumberRange | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const fraction = match[3] ?? '';
  const digits = BigInt(`${match[2]}${fraction}`) * (match[1] === '-' ? -1n : 1n);
  const exponent = Number(match[4] ?? 0) - fraction.length;
  // Decimal text again, so that 5.4 - 0.05 is 5.35 and not the sum of two roundings.
  const at = (tenths: bigint): number => Number(`${digits * 10n + tenths}e${exponent - 1}`);
  const value = Number(text);
  // so many digits that the border is the number itself once rounded: at least the number is within
  const hi = Math.max(at(5n), value + Math.max(Math.abs(value) * Number.EPSILON, Number.MIN_VALUE));
  const range = { value, lo: Math.min(at(-5n), value), hi };
  return Number.isFinite(range.lo) && Number.isFinite(range.hi) ? range : undefined;
}
