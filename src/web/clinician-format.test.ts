import { describe, expect, it } from 'vitest';
import {
  clinicianAge,
  clinicianDate,
  clinicianDateTime,
  clinicianDuration,
  clinicianName,
  clinicianNumber,
  clinicianQuantity,
  clinicianTime,
  spokenDateTime,
} from './clinician-format.ts';
import { type Moment, momentOf } from './moment.ts';

const moment = (text: string): Moment => {
  const found = momentOf(text);
  if (found === undefined) throw new Error(`${text} is no moment`);
  return found;
};

describe('the clinician’s dialect', () => {
  it.each([
    ['2018-08-06', '06-Aug-2018', '06-Aug-2018', '6 August 2018'],
    ['2018-08', 'Aug-2018', 'Aug-2018', 'August 2018'],
    ['2018', '2018', '2018', '2018'],
    ['2018-08-06T16:30:00Z', '06-Aug-2018', '06-Aug-2018 17:30', '6 August 2018 17:30'],
    ['2018-08-05T23:00:00Z', '06-Aug-2018', '06-Aug-2018 00:00', '6 August 2018 00:00'],
  ])('writes %s as %s, %s, and says %s', (text, date, dateTime, spoken) => {
    expect(clinicianDate(moment(text))).toBe(date);
    expect(clinicianDateTime(moment(text))).toBe(dateTime);
    expect(spokenDateTime(moment(text))).toBe(spoken);
  });

  it('invents no hour', () => {
    expect(clinicianTime(moment('2018-08-06'))).toBe('');
  });

  it.each([
    ['1945-07-14', '2006-08-01', '61y'],
    ['2016-01-10', '2024-06-15', '8y 5m'],
    ['2023-05-01', '2024-08-04', '15m 3d'],
    ['2024-06-01', '2024-07-30', '8w 3d'],
    ['2024-06-01', '2024-06-13', '12d'],
    ['1945', '2006-08-01', 'Approx 61y'],
    ['1945-07', '2006-08-01', 'Approx 61y'],
  ])('somebody born %s is at %s %s old', (born, at, age) => {
    expect(clinicianAge(moment(born), moment(at))).toBe(age);
  });

  it('has no age before birth', () => {
    expect(clinicianAge(moment('2024-06-01'), moment('2024-05-31'))).toBeUndefined();
  });

  it.each([
    [{ family: 'Smith', given: ['John'], prefix: ['Mr'] }, 'SMITH, John (Mr)'],
    [{ family: 'Núñez-Brontë', given: ['Zoë', 'Ann'] }, 'NÚÑEZ-BRONTË, Zoë Ann'],
    [{ family: 'Smith' }, 'SMITH'],
    [{ given: ['Cher'] }, 'Cher'],
    [{ text: 'Baby of Smith' }, 'Baby of Smith'],
    [{ family: ' ', text: '' }, undefined],
    [undefined, undefined],
  ])('writes the name %j as %s', (name, words) => {
    expect(clinicianName(name)).toBe(words);
  });

  it.each([
    ['.5', '0.5'],
    ['0.50', '0.5'],
    ['1000', '1,000'],
    ['1234567.80', '1,234,567.8'],
    ['0', '0'],
    ['007', '7'],
    ['-2.0', '-2'],
    ['about 5', 'about 5'],
    ['', ''],
  ])('writes the number %s as %s', (recorded, shown) => {
    expect(clinicianNumber(recorded)).toBe(shown);
  });

  it('puts a space that does not break before a unit, and none before %', () => {
    expect(clinicianQuantity('250', 'mg')).toBe('250\u00a0mg');
    expect(clinicianQuantity('98', '%')).toBe('98%');
    expect(clinicianQuantity('3', undefined)).toBe('3');
  });

  it.each([
    [3120, '2d 4hr'],
    [35, '35min'],
    [0, '0min'],
    [60, '1hr'],
  ])('%i minutes are %s', (minutes, words) => {
    expect(clinicianDuration(minutes)).toBe(words);
  });
});
