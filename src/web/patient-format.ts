/**
 * How pages speak to patients: whole words, 12-hour clock, plain sentences for what is missing. One of two
 * dialects; never mixed on a page. NHS digital service manual, "Numbers, measurements, dates and time";
 * reference: ux 1.3.
 */
import type { HumanName } from 'fhir/r4.d.ts';
import { monthName } from '../base/months.ts';
import type { Moment } from './moment.ts';

/** `6 August 2018`, or as much of it as was recorded: `August 2018`, `2018`. */
export function patientDate(moment: Moment): string {
  if (moment.precision === 'year') return String(moment.year);
  if (moment.precision === 'month') return `${monthName(moment.month)} ${moment.year}`;
  return `${moment.day} ${monthName(moment.month)} ${moment.year}`;
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

/**
 * `Wednesday 6 August 2018`, for what somebody has to attend; as `patientDate` where the day is not known.
 */
export function patientDay(moment: Moment): string {
  if (moment.precision === 'year' || moment.precision === 'month') return patientDate(moment);
  const weekday = new Date(Date.UTC(moment.year, moment.month - 1, moment.day)).getUTCDay();
  return `${WEEKDAYS[weekday]} ${patientDate(moment)}`;
}

/** `5:30pm`, `9am`, `midday`, `midnight`; empty where no time was recorded. */
export function patientTime(moment: Moment): string {
  if (moment.precision !== 'minute') return '';
  const { hour, minute } = moment;
  if (minute === 0 && hour === 0) return 'midnight';
  if (minute === 0 && hour === 12) return 'midday';
  const twelve = hour % 12 === 0 ? 12 : hour % 12;
  const minutes = minute === 0 ? '' : `:${String(minute).padStart(2, '0')}`;
  return `${twelve}${minutes}${hour < 12 ? 'am' : 'pm'}`;
}

/** `6 August 2018 at 5:30pm`; the date alone where no time was recorded. */
export function patientDateTime(moment: Moment): string {
  const time = patientTime(moment);
  return time === '' ? patientDate(moment) : `${patientDate(moment)} at ${time}`;
}

/** `2pm to 6pm` */
export function patientTimeRange(from: Moment, to: Moment): string {
  return `${patientTime(from)} to ${patientTime(to)}`;
}

/** `6 hours 30 minutes`, `1 hour`, `less than a minute` */
export function patientDuration(minutes: number): string {
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  const rest = Math.floor(minutes % 60);
  const parts = [plural(days, 'day'), plural(hours, 'hour'), plural(rest, 'minute')].filter(
    (part) => part !== '',
  );
  return parts.length === 0 ? 'less than a minute' : parts.join(' ');
}

/** `John Smith`; the name as one text where it was recorded so, undefined where there is none. */
export function patientName(name: HumanName | undefined): string | undefined {
  const parts = [...(name?.given ?? []), name?.family ?? ''].map((part) => part.trim());
  const joined = parts.filter((part) => part !== '').join(' ');
  if (joined !== '') return joined;
  const text = name?.text?.trim();
  return text === undefined || text === '' ? undefined : text;
}

/** `250mg`, `120/80mmHg`: no space before a unit of letters; a space before a word: `2 tablets`. */
export function patientQuantity(value: string, unit: string | undefined): string {
  if (unit === undefined || unit === '') return value;
  return /^(tablet|capsule|dose|puff|drop|patch|item|ampoule|sachet|spray|unit|per |beat|breath)/i.test(unit)
    ? `${value} ${unit}`
    : `${value}${unit}`;
}

/** A text whose numbers and units are held together by a space, as this dialect writes them: `140mmol/L`. */
export function patientText(text: string): string {
  return text.replace(/(\d)\u00a0(\S+)/g, (_whole, digit: string, unit: string) =>
    patientQuantity(digit, unit === 'per' ? 'per ' : unit).trimEnd(),
  );
}

/** `1 day`, `2 days`; empty for none. */
function plural(count: number, word: string): string {
  if (count === 0) return '';
  return count === 1 ? `1 ${word}` : `${count} ${word}s`;
}
