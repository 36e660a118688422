import { describe, expect, it } from 'vitest';
import type { InstantMs } from '../base/brands.ts';
import { calendarSpan, type Moment, momentAt, momentOf, newestFirst, sameDay } from './moment.ts';

const moment = (text: string): Moment => {
  const found = momentOf(text);
  if (found === undefined) throw new Error(`${text} is no moment`);
  return found;
};

describe('a moment', () => {
  it.each([
    ['2018', 'year'],
    ['2018-08', 'month'],
    ['2018-08-06', 'day'],
    ['2018-08-06T17:30:00+01:00', 'minute'],
    ['2018-08-06T17:30:00.123Z', 'minute'],
  ])('%s keeps the precision that was given: %s', (text, precision) => {
    expect(moment(text).precision).toBe(precision);
  });

  it.each([
    '',
    'yesterday',
    '2018-13',
    '2018-02-30',
    '2018-02-30T10:00:00Z',
    '06-08-2018',
    '2018-08-06T25:00:00Z',
  ])('"%s" is none', (text) => {
    expect(momentOf(text)).toBeUndefined();
  });

  it('is shown as clocks in London show it, in summer and in winter', () => {
    expect(moment('2018-08-06T16:30:00Z')).toMatchObject({ hour: 17, minute: 30, day: 6 });
    expect(moment('2018-12-06T16:30:00Z')).toMatchObject({ hour: 16, minute: 30 });
    expect(momentAt(Date.UTC(2018, 7, 6, 23, 30) as InstantMs)).toMatchObject({ day: 7, hour: 0 });
  });

  it('puts the newest first, and what has no moment last', () => {
    const list = [undefined, moment('2017'), moment('2018-08-06'), undefined, moment('2018-08-07')];
    expect(list.sort(newestFirst).map((one) => one?.order)).toEqual([
      moment('2018-08-07').order,
      moment('2018-08-06').order,
      moment('2017').order,
      undefined,
      undefined,
    ]);
  });

  it('is the same day only where both say their day', () => {
    expect(sameDay(moment('2018-08-06'), moment('2018-08-06T05:00:00Z'))).toBe(true);
    expect(sameDay(moment('2018'), moment('2018-01-01'))).toBe(false);
  });

  it('counts years, months and days as a calendar does', () => {
    expect(calendarSpan(moment('1945-07-14'), moment('2006-07-13'))).toEqual({
      years: 60,
      months: 11,
      days: 29,
    });
    expect(calendarSpan(moment('2024-01-31'), moment('2024-03-01'))).toEqual({
      years: 0,
      months: 1,
      days: 1,
    });
    expect(calendarSpan(moment('2020-02-29'), moment('2021-02-28'))).toEqual({
      years: 0,
      months: 11,
      days: 30,
    });
  });
});
