/**
 * Moments as clocks in Europe/London show them: what source systems write into messages and letters,
 * without an offset.
 */
import { monthName } from '../../base/months.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The last Sunday of a month at 01:00 UTC, when the clocks change. */
function lastSunday(year: number, month: number): number {
  const end = Date.UTC(year, month + 1, 0);
  return end - new Date(end).getUTCDay() * DAY + HOUR;
}

/** Summer time since 1996: from the last Sunday of March to that of October. */
function local(at: number): string {
  const year = new Date(at).getUTCFullYear();
  const isSummer = at >= lastSunday(year, 2) && at < lastSunday(year, 9);
  return new Date(isSummer ? at + HOUR : at).toISOString();
}

/** `20261118093000` */
export function hl7Time(at: number): string {
  return local(at).slice(0, 19).replace(/[-:T]/g, '');
}

/** `202611180930`, as most systems write times of admission. */
export function hl7Minute(at: number): string {
  return hl7Time(at).slice(0, 12);
}

/** `18 November 2026` */
export function londonDay(at: number): string {
  const [year = '', month = '', day = ''] = local(at).slice(0, 10).split('-');
  return `${Number(day)} ${monthName(Number(month))} ${year}`;
}

/** `18 November 2026, 09:30` */
export function londonMinute(at: number): string {
  return `${londonDay(at)}, ${local(at).slice(11, 16)}`;
}
