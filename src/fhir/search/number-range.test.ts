import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberRange } from './number-range.ts';

describe('numberRange', () => {
  it.each([
    ['100', 100, 99.5, 100.5],
    ['100.00', 100, 99.995, 100.005],
    ['5.4', 5.4, 5.35, 5.45],
    ['-5.4', -5.4, -5.45, -5.35],
    ['0', 0, -0.5, 0.5],
    ['1e2', 100, 50, 150],
    ['5.40e-3', 0.0054, 0.005395, 0.005405],
    ['+7', 7, 6.5, 7.5],
  ])('%s is %d, from %d to %d', (text, value, lo, hi) => {
    expect(numberRange(text)).toEqual({ value, lo, hi });
  });

  it('has the number itself within, however many digits it has', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const range = numberRange(String(number));
        if (range === undefined) return Math.abs(number) > 1e308;
        return range.lo <= number && number < range.hi;
      }),
      { numRuns: 2000, seed: 20261124, examples: [[66.89999999999999], [1e18], [5e-324], [0]] },
    );
  });

  it.each(['', 'x', '1,5', '1.', '.5', '1e', '0x10', 'NaN', 'Infinity', '1e999', '--1'])(
    '%j is none',
    (text) => {
      expect(numberRange(text)).toBeUndefined();
    },
  );
});
