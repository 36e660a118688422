/** Decimals compared as they are written, digit by digit: no rounding can make two that differ the same. */

/** `digits` × 10^`exponent`. */
export interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

/** Reads `5.40e-3`. Throws where `text` is no decimal. */
export function decimal(text: string): Decimal {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) throw new Error(`${text} is no decimal`);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(whole + fraction);
  return { digits: sign === '-' ? -digits : digits, exponent: Number(exponent) - fraction.length };
}

/** Below 0, 0 or above 0, as `a` is below, the same as or above `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const least = Math.min(a.exponent, b.exponent);
  const scaled = (one: Decimal): bigint => one.digits * 10n ** BigInt(one.exponent - least);
  const difference = scaled(a) - scaled(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Half a unit of the last place above (1) or below (-1): the borders that the written precision implies. */
export function border({ digits, exponent }: Decimal, side: 1 | -1): Decimal {
  return { digits: digits * 10n + BigInt(5 * side), exponent: exponent - 1 };
}

/** A tenth of its size above (1) or below (-1). */
export function tenthAway({ digits, exponent }: Decimal, side: 1 | -1): Decimal {
  const size = digits < 0n ? -digits : digits;
  return { digits: digits * 10n + BigInt(side) * size, exponent: exponent - 1 };
}
