import { describe, expect, it } from 'vitest';
import { type Moment, momentOf } from './moment.ts';
import {
  patientDate,
  patientDateTime,
  patientDay,
  patientDuration,
  patientName,
  patientQuantity,
  patientText,
  patientTimeRange,
} from './patient-format.ts';

const moment = (text: string): Moment => {
  const found = momentOf(text);
  if (found === undefined) throw new Error(`${text} is no moment`);
  return found;
};

describe('the patient’s dialect', () => {
  it.each([
    ['2018-08-06', '6 August 2018', '6 August 2018', 'Monday 6 August 2018'],
    ['2018-08', 'August 2018', 'August 2018', 'August 2018'],
    ['2018', '2018', '2018', '2018'],
    ['2018-08-06T16:30:00Z', '6 August 2018', '6 August 2018 at 5:30pm', 'Monday 6 August 2018'],
    ['2018-08-06T08:00:00Z', '6 August 2018', '6 August 2018 at 9am', 'Monday 6 August 2018'],
    ['2018-08-06T11:00:00Z', '6 August 2018', '6 August 2018 at midday', 'Monday 6 August 2018'],
    ['2018-08-05T23:00:00Z', '6 August 2018', '6 August 2018 at midnight', 'Monday 6 August 2018'],
    ['2018-08-05T23:05:00Z', '6 August 2018', '6 August 2018 at 12:05am', 'Monday 6 August 2018'],
  ])('writes %s as %s, %s, %s', (text, date, dateTime, day) => {
    expect(patientDate(moment(text))).toBe(date);
    expect(patientDateTime(moment(text))).toBe(dateTime);
    expect(patientDay(moment(text))).toBe(day);
  });

  it('says a range with "to"', () => {
    expect(patientTimeRange(moment('2018-08-06T13:00:00Z'), moment('2018-08-06T17:00:00Z'))).toBe(
      '2pm to 6pm',
    );
  });

  it.each([
    [390, '6 hours 30 minutes'],
    [60, '1 hour'],
    [2880, '2 days'],
    [0, 'less than a minute'],
  ])('%i minutes are %s', (minutes, words) => {
    expect(patientDuration(minutes)).toBe(words);
  });

  it.each([
    [{ family: 'Smith', given: ['John'], prefix: ['Mr'] }, 'John Smith'],
    [{ text: 'Baby of Smith' }, 'Baby of Smith'],
    [undefined, undefined],
  ])('writes the name %j as %s', (name, words) => {
    expect(patientName(name)).toBe(words);
  });

  it('writes the numbers in a text so too', () => {
    expect(patientText('Sodium 140\u00a0mmol/L, pulse 75\u00a0per minute, 98%')).toBe(
      'Sodium 140mmol/L, pulse 75 per minute, 98%',
    );
  });

  it.each([
    ['250', 'mg', '250mg'],
    ['2', 'tablets', '2 tablets'],
    ['18', 'per minute', '18 per minute'],
    ['3', undefined, '3'],
  ])('writes %s %s as %s', (value, unit, words) => {
    expect(patientQuantity(value, unit)).toBe(words);
  });
});
