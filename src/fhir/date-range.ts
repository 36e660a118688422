/**
 * A FHIR date, dateTime or instant as the span of time that its precision covers, in milliseconds UTC,
 * both ends inclusive. A date without a time zone is taken as UTC (R4 Search §3.1.1.4.5 leaves it to
 * the server).
 */
export interface DateRange {
  readonly lo: number;
  readonly hi: number;
}

/** The ends of time that a JavaScript date can hold: what an open end of a period is kept as. */
export const BEGINNING_OF_TIME = -8.64e15;
export const END_OF_TIME = 8.64e15;

const DAY_MS = 86_400_000;
const FORM = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;

/**
 * The span that `text` names: `2013-01` is the whole month. Minutes without seconds and times without a
 * zone are read too (searches may use them; validation refuses them in resources). Undefined where the
 * text is no date, or names a day or time that does not exist.
 */
export function dateRange(text: string): DateRange | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const year = Number(match[1]);
  if (match[2] === undefined) return { lo: dayMs(year, 1, 1), hi: dayMs(year + 1, 1, 1) - 1 };
  const month = Number(match[2]);
  if (month < 1 || month > 12) return undefined;
  if (match[3] === undefined) {
    return { lo: dayMs(year, month, 1), hi: dayMs(year, month, daysIn(year, month)) + DAY_MS - 1 };
  }
  const day = Number(match[3]);
  if (day < 1 || day > daysIn(year, month)) return undefined;
  const midnight = dayMs(year, month, day);
  if (match[4] === undefined) return { lo: midnight, hi: midnight + DAY_MS - 1 };
  return timeRange(midnight, match);
}

function timeRange(midnight: number, match: RegExpExecArray): DateRange | undefined {
  const hour = Number(match[4]);
  const minute = Number(match[5]);
  const second = Number(match[6] ?? 0);
  const zone = zoneMs(match[8]);
  if (hour > 23 || minute > 59 || second > 60 || zone === undefined) return undefined;
  const at = midnight + hour * 3_600_000 + minute * 60_000 + second * 1000 - zone;
  if (match[6] === undefined) return { lo: at, hi: at + 59_999 };
  const fraction = match[7];
  if (fraction === undefined) return { lo: at, hi: at + 999 };
  const lo = at + Number(fraction.slice(0, 3).padEnd(3, '0'));
  return { lo, hi: lo + (fraction.length >= 3 ? 0 : 10 ** (3 - fraction.length) - 1) };
}

/** Milliseconds that the zone is ahead of UTC; undefined where there is no such zone. */
function zoneMs(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 14 || minutes > 59) return undefined;
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days of a month of the Gregorian calendar, months from 1. */
export function daysIn(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return leap ? 29 : (DAYS[month - 1] ?? 0);
}

/** Midnight UTC of a day, counted in whole days so that years below 100 stay what they are. */
function dayMs(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return (era * 146_097 + dayOfEra - 719_468) * DAY_MS;
}
