import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { originalTime, parseV2Time } from './v2-time.ts';

const london = (text: string) => parseV2Time(text, 'Europe/London');

describe('an HL7 time', () => {
  it.each([
    ['2026', '2026'],
    ['202611', '2026-11'],
    ['20261101', '2026-11-01'],
    // Greenwich in winter, an hour ahead in summer
    ['202611011200', '2026-11-01T12:00:00Z'],
    ['202607011200', '2026-07-01T11:00:00Z'],
    ['2026070112', '2026-07-01T11:00:00Z'],
    ['20260701003000', '2026-06-30T23:30:00Z'],
    ['20261101120000.25', '2026-11-01T12:00:00.250Z'],
    ['20261101120000+0000', '2026-11-01T12:00:00Z'],
    ['20261101120000-0500', '2026-11-01T17:00:00Z'],
    ['20260701120000+0530', '2026-07-01T06:30:00Z'],
    // the clocks go forward at 01:00 on 29 March and back at 02:00 on 25 October
    ['20260329005959', '2026-03-29T00:59:59Z'],
    ['20260329020000', '2026-03-29T01:00:00Z'],
    ['20260329013000', '2026-03-29T01:30:00Z'],
    ['20261025003000', '2026-10-24T23:30:00Z'],
    ['20261025013000', '2026-10-25T00:30:00Z'],
    ['20261025020000', '2026-10-25T02:00:00Z'],
    // British Standard Time: no winter time in 1970
    ['197001151200', '1970-01-15T11:00:00Z'],
  ])('%s in London is %s', (text, value) => {
    expect(london(text)?.value).toBe(value);
  });

  it.each([
    '',
    '0',
    '20261301',
    '20260230',
    '2026063125',
    '202606011260',
    'yesterday',
    '2026-11-01',
    '20261101120000+2500',
  ])('%s is none', (text) => {
    expect(london(text)).toBe(undefined);
  });

  it('keeps the text where the value says something else than it', () => {
    expect(originalTime(london('20261101') ?? never())).toBe(undefined);
    expect(originalTime(london('20261101120000+0000') ?? never())).toBe(undefined);
    for (const text of ['20261101120000', '20261101120000-0500', '202611011200+0000']) {
      expect(originalTime(london(text) ?? never())).toEqual({
        extension: [{ url: 'https://openward.org/Extension/original-time', valueString: text }],
      });
    }
  });

  it('is by the feed’s zone', () => {
    expect(parseV2Time('20260701120000', 'America/New_York')?.value).toBe('2026-07-01T16:00:00Z');
    expect(parseV2Time('20260701120000', 'Asia/Kolkata')?.value).toBe('2026-07-01T06:30:00Z');
  });

  it('shows London’s clock for every second of many years, but for the hours that never were', () => {
    const format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'Europe/London',
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    const local = (at: number): string => format.format(at).replace(/\D/g, '');
    const year = { min: Date.UTC(1975, 0), max: Date.UTC(2040, 0) };
    fc.assert(
      fc.property(fc.integer(year), (at) => {
        const text = local(Math.floor(at / 1000) * 1000);
        expect(local(london(text)?.at ?? 0)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });
});

function never(): never {
  throw new Error('no time');
}
