/**
 * HL7 times (DTM, TS, DT) as FHIR ones. A date stays a date of the precision it was written with. A time of day
 * becomes a UTC instant: by its own offset, or by the feed's time zone where it has none; the text as it was sent
 * is then kept beside it, since the zone was ours to add. HL7 v2.5.1 §2.A.22; R4 dateTime.
 */
import type { Element } from 'fhir/r4.d.ts';
import type { InstantMs } from '../base/brands.ts';
import { daysIn } from '../fhir/date-range.ts';

/** On `_element`: the HL7 text that a time was made from (valueString). */
const ORIGINAL_TIME = 'https://openward.org/Extension/original-time';

export interface V2Time {
  /** R4 dateTime: `2026`, `2026-11`, `2026-11-01`, `2026-11-01T12:00:00Z`. */
  readonly value: string;
  /** The local date that was written: YYYY[-MM[-DD]]. */
  readonly date: string;
  /** Set where a time of day was written: R4 instant, milliseconds where they were written. */
  readonly instant?: string;
  /** Start of what was written, for comparing. */
  readonly at: InstantMs;
  /** The HL7 text, where the value says less, or more, than it: no offset, another offset, no seconds. */
  readonly original?: string;
}

const DTM =
  /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,4}))?)?)?)?)?)?(?:([+-])(\d{2}):?(\d{2}))?$/;

/** A message says the same few times again and again. */
const recent = new Map<string, V2Time | undefined>();
const RECENT_MAX = 1_000;

/** The time in `text`; undefined where it is none (empty, 31 June, 25 o'clock). `zone` is an IANA name. */
export function parseV2Time(text: string, zone: string): V2Time | undefined {
  if (text === '') return undefined;
  const key = `${text} ${zone}`;
  const known = recent.get(key);
  if (known !== undefined || recent.has(key)) return known;
  if (recent.size >= RECENT_MAX) recent.clear();
  const time = timeOf(text, zone);
  recent.set(key, time);
  return time;
}

function timeOf(text: string, zone: string): V2Time | undefined {
  const match = DTM.exec(text.trim());
  if (match === null) return undefined;
  const [, year = '', month, day, hour, minute, second, fraction, sign, offsetHours, offsetMinutes] = match;
  if (!isDate(Number(year), month, day)) return undefined;
  const date = [year, month, day].filter((one) => one !== undefined).join('-');
  if (hour === undefined || day === undefined || month === undefined) {
    return {
      value: date,
      date,
      at: Date.UTC(Number(year), Number(month ?? 1) - 1, Number(day ?? 1)) as InstantMs,
    };
  }
  if (Number(hour) > 23 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 59) return undefined;
  const local = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute ?? 0),
    Number(second ?? 0),
    Number((fraction ?? '').slice(0, 3).padEnd(3, '0')),
  );
  const offset =
    sign === undefined
      ? offsetAt(local, zone)
      : (sign === '-' ? -1 : 1) * (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  if (Math.abs(offset) > 14 * 3_600_000) return undefined;
  const at = (local - offset) as InstantMs;
  const instant = new Date(at).toISOString().replace(fraction === undefined ? /\.\d{3}Z$/ : /^$/, 'Z');
  const told = sign !== undefined && offset === 0 && second !== undefined && (fraction ?? '').length <= 3;
  return { value: instant, date, instant, at, ...(told ? {} : { original: text.trim() }) };
}

function isDate(year: number, month: string | undefined, day: string | undefined): boolean {
  if (year < 1) return false;
  if (month === undefined) return true;
  if (Number(month) < 1 || Number(month) > 12) return false;
  return day === undefined || (Number(day) >= 1 && Number(day) <= daysIn(year, Number(month)));
}

/** What goes on `_element`, or undefined where the value tells it all. */
export function originalTime(time: V2Time): Element | undefined {
  return time.original === undefined
    ? undefined
    : { extension: [{ url: ORIGINAL_TIME, valueString: time.original }] };
}

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();
const OFFSETS_MAX = 20_000;
const HOUR_MS = 3_600_000;

/**
 * Milliseconds that `zone` is ahead of UTC at a local wall-clock time. An hour that comes twice in autumn is taken for
 * its first coming, one that spring leaves out for the time that the clocks would have shown unchanged.
 */
function offsetAt(localMs: number, zone: string): number {
  const key = `${Math.floor(localMs / (HOUR_MS / 4))} ${zone}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const before = utcOffset(localMs - 24 * HOUR_MS, zone);
  const first = localMs - before;
  const offset = utcOffset(first, zone) === before ? before : settled(localMs, first, before, zone);
  if (offsets.size >= OFFSETS_MAX) offsets.clear();
  offsets.set(key, offset);
  return offset;
}

function settled(localMs: number, first: number, before: number, zone: string): number {
  const after = utcOffset(first, zone);
  return utcOffset(localMs - after, zone) === after ? after : before;
}

function utcOffset(atMs: number, zone: string): number {
  const parts = new Map(
    formatFor(zone)
      .formatToParts(atMs)
      .map((one) => [one.type, Number(one.value)]),
  );
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const local = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour') % 24, of('minute'), of('second'));
  return local - Math.floor(atMs / 1000) * 1000;
}

function formatFor(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      calendar: 'gregory',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      hourCycle: 'h23',
    });
    formats.set(zone, format);
  }
  return format;
}
