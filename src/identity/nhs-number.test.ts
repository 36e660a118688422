import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatNhsNumber, isNhsNumber, nhsNumberFrom, parseNhsNumber } from './nhs-number.ts';

const nineDigits = fc.integer({ min: 1, max: 999_999_999 }).map((n) => String(n).padStart(9, '0'));

describe('NHS number', () => {
  it.each(['9990000018', '9990000026', '9990000034', '9990000042', '9990000050', '9000000009', '9999999999'])(
    'accepts %s',
    (text) => {
      expect(parseNhsNumber(text)).toEqual({ ok: true, nhsNumber: text });
    },
  );

  it.each(['999 000 0018', '999-000-0018', ' 9990000018\t', '999\u00a0000\u2009001\u20118', '999–000—0018'])(
    'forgives the separators in %j',
    (text) => {
      expect(parseNhsNumber(text)).toEqual({ ok: true, nhsNumber: '9990000018' });
    },
  );

  it.each([
    ['', 'empty'],
    [' - ', 'empty'],
    ['QQ 12 34 56 C', 'national-insurance'],
    ['qq123456', 'national-insurance'],
    ['999000001O', 'letters'],
    ['999.000.0018', 'letters'],
    ['٩٩٩٠٠٠٠٠١٨', 'letters'],
    ['999000001', 'length'],
    ['99900000180', 'length'],
    ['0000000000', 'placeholder'],
    ['9991234560', 'check-digit'],
    ['9990000019', 'check-digit'],
  ])('says of %j that it is %s', (text, problem) => {
    const parsed = parseNhsNumber(text);
    expect(parsed).toMatchObject({ ok: false, problem });
    if (!parsed.ok && text.trim().length > 3) expect(parsed.text).not.toContain(text);
  });

  it('has words of its own for each problem', () => {
    const texts = ['', 'QQ123456C', '99900A0018', '999', '0000000000', '9990000019'].map((text) => {
      const parsed = parseNhsNumber(text);
      return parsed.ok ? 'accepted' : parsed.text;
    });
    expect(new Set(texts).size).toBe(6);
    expect(texts).not.toContain('accepted');
  });

  it('is read back from how it is shown, 3-3-4', () => {
    fc.assert(
      fc.property(nineDigits, (digits) => {
        const nhsNumber = nhsNumberFrom(digits);
        if (nhsNumber === undefined) {
          for (let check = 0; check < 10; check++) expect(parseNhsNumber(`${digits}${check}`).ok).toBe(false);
          return;
        }
        expect(formatNhsNumber(nhsNumber)).toMatch(/^\d{3} \d{3} \d{4}$/);
        expect(parseNhsNumber(formatNhsNumber(nhsNumber))).toEqual({ ok: true, nhsNumber });
        expect(isNhsNumber(nhsNumber)).toBe(true);
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  it('shows every single wrong digit and every swap of two neighbours', () => {
    fc.assert(
      fc.property(nineDigits, fc.nat(9), fc.integer({ min: 1, max: 9 }), (digits, at, by) => {
        const nhsNumber = nhsNumberFrom(digits);
        fc.pre(nhsNumber !== undefined);
        const wrong = [...(nhsNumber ?? '')];
        wrong[at] = String((Number(wrong[at]) + by) % 10);
        expect(isNhsNumber(wrong.join(''))).toBe(false);
        const swapped = [...(nhsNumber ?? '')];
        const next = (at + 1) % 10;
        fc.pre(next !== 0 && swapped[at] !== swapped[next]);
        [swapped[at], swapped[next]] = [swapped[next] ?? '', swapped[at] ?? ''];
        expect(isNhsNumber(swapped.join(''))).toBe(false);
      }),
      { seed: 2, numRuns: 2_000 },
    );
  });
});
