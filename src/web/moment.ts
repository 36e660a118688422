/**
 * A moment as a person wrote it: FHIR's date, dateTime and instant keep the precision they were given, and
 * no page may invent a day or an hour that nobody recorded. Times are shown as clocks in London show them.
 * R4 http://hl7.org/fhir/R4/datatypes.html#dateTime.
 */
import type { InstantMs } from '../base/brands.ts';

export interface Moment {
  readonly precision: 'year' | 'month' | 'day' | 'minute';
  readonly year: number;
  /** 1 to 12; 1 where the precision is less. */
  readonly month: number;
  readonly day: number;
  /** 0 to 23 */
  readonly hour: number;
  readonly minute: number;
  /** Milliseconds from 1970 for ordering; the start of the day, month or year where that is all there is. */
  readonly order: number;
}

const SHAPE =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?)?)?$/;

/**
 * The moment in a FHIR date, dateTime or instant; undefined where the text is none of these or names no
 * real day.
 */
export function momentOf(text: string | undefined): Moment | undefined {
  const match = text === undefined ? null : SHAPE.exec(text);
  if (text === undefined || match === null) return undefined;
  const [, year, month, day, hour] = match;
  const fields = { year: Number(year), month: Number(month ?? 1), day: Number(day ?? 1) };
  const order = Date.UTC(fields.year, fields.month - 1, fields.day);
  const real = new Date(order);
  if (real.getUTCMonth() !== fields.month - 1 || real.getUTCDate() !== fields.day) return undefined;
  if (hour !== undefined) {
    const at = Date.parse(text);
    return Number.isNaN(at) ? undefined : momentAt(at as InstantMs);
  }
  const precision = day !== undefined ? 'day' : month !== undefined ? 'month' : 'year';
  return { precision, ...fields, hour: 0, minute: 0, order };
}

const LONDON = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/London',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  hourCycle: 'h23',
});

/** An instant as clocks in London show it. */
export function momentAt(at: InstantMs): Moment {
  const parts = new Map(LONDON.formatToParts(at).map((part) => [part.type, Number(part.value)]));
  const field = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return {
    precision: 'minute',
    year: field('year'),
    month: field('month'),
    day: field('day'),
    hour: field('hour'),
    minute: field('minute'),
    order: at,
  };
}

/** Whether both fall on the same day in London; false where either does not say its day. */
export function sameDay(a: Moment, b: Moment): boolean {
  const known = (one: Moment): boolean => one.precision === 'day' || one.precision === 'minute';
  return known(a) && known(b) && a.year === b.year && a.month === b.month && a.day === b.day;
}

/** Newest first; what has no moment comes last. */
export function newestFirst(a: Moment | undefined, b: Moment | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  return b.order - a.order;
}

/** Whole years, months and days from one date to a later one, counted as a calendar does. */
export function calendarSpan(
  from: Moment,
  to: Moment,
): { readonly years: number; readonly months: number; readonly days: number } {
  let months = (to.year - from.year) * 12 + to.month - from.month;
  let days = to.day - from.day;
  if (days < 0) {
    months--;
    // the day in the month before `to`, or that month's last day where it is shorter
    const last = new Date(Date.UTC(to.year, to.month - 1, 0)).getUTCDate();
    days = Math.max(0, last - from.day) + to.day;
  }
  return { years: Math.floor(months / 12), months: months % 12, days };
}
