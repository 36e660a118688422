/**
 * How pages speak to clinicians: 06-Aug-2018, 17:30, SMITH, John (Mr), 250 mg. One of two dialects; never
 * mixed on a page. After the Common User Interface guidance (ISB 1500 to 1508, deprecated, kept as house
 * rules); reference: ux 1.3 and 1.5.
 */
import type { HumanName } from 'fhir/r4.d.ts';
import { monthName } from '../base/months.ts';
import { calendarSpan, type Moment } from './moment.ts';

/** What stands where nothing was recorded; never blank, never a question mark. */
export const NOT_RECORDED = 'Not recorded';

/** `06-Aug-2018`, or as much as was recorded: `Aug-2018`, `2018`. */
export function clinicianDate(moment: Moment): string {
  if (moment.precision === 'year') return String(moment.year);
  const month = monthName(moment.month).slice(0, 3);
  if (moment.precision === 'month') return `${month}-${moment.year}`;
  return `${two(moment.day)}-${month}-${moment.year}`;
}

/** `17:30`, midnight `00:00`; empty where no time was recorded. */
export function clinicianTime(moment: Moment): string {
  return moment.precision === 'minute' ? `${two(moment.hour)}:${two(moment.minute)}` : '';
}

/** `06-Aug-2018 17:30`; the date alone where no time was recorded. */
export function clinicianDateTime(moment: Moment): string {
  const time = clinicianTime(moment);
  return time === '' ? clinicianDate(moment) : `${clinicianDate(moment)} ${time}`;
}

/** The same for a screen reader: `6 August 2018 17:30`. */
export function spokenDateTime(moment: Moment): string {
  const month = monthName(moment.month);
  if (moment.precision === 'year') return String(moment.year);
  if (moment.precision === 'month') return `${month} ${moment.year}`;
  const date = `${moment.day} ${month} ${moment.year}`;
  const time = clinicianTime(moment);
  return time === '' ? date : `${date} ${time}`;
}

/** `2d 4hr`, `35min`; zero units are left out, less than a minute is `0min`. */
export function clinicianDuration(minutes: number): string {
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  const rest = Math.floor(minutes % 60);
  const parts = [days > 0 ? `${days}d` : '', hours > 0 ? `${hours}hr` : '', rest > 0 ? `${rest}min` : ''];
  const shown = parts.filter((part) => part !== '');
  return shown.length === 0 ? '0min' : shown.join(' ');
}

/** `61y`, `8y 5m`, `15m 3d`, `8w 3d`, `12d`: finer the younger. Undefined before birth. */
export function clinicianAge(born: Moment, at: Moment): string | undefined {
  if (at.order < born.order) return undefined;
  if (born.precision === 'year') return `Approx ${at.year - born.year}y`;
  const { years, months, days } = calendarSpan(born, at);
  if (born.precision === 'month')
    return years >= 18 ? `Approx ${years}y` : `Approx ${pair(years, 'y', months, 'm')}`;
  if (years >= 18) return `${years}y`;
  if (years >= 2) return pair(years, 'y', months, 'm');
  if (years >= 1) return pair(12 + months, 'm', days, 'd');
  const whole = dayNumber(at) - dayNumber(born);
  return whole >= 28 ? pair(Math.floor(whole / 7), 'w', whole % 7, 'd') : `${whole}d`;
}

/** `SMITH, John (Mr)`; the name as one text where it was recorded so, undefined where there is none. */
export function clinicianName(name: HumanName | undefined): string | undefined {
  const family = name?.family?.trim() ?? '';
  const given = (name?.given ?? [])
    .map((part) => part.trim())
    .join(' ')
    .trim();
  const prefix = (name?.prefix ?? [])
    .map((part) => part.trim())
    .join(' ')
    .trim();
  if (family === '' && given === '') {
    const text = name?.text?.trim();
    return text === undefined || text === '' ? undefined : text;
  }
  const joined = [family.toLocaleUpperCase('en-GB'), given].filter((part) => part !== '').join(', ');
  return prefix === '' ? joined : `${joined} (${prefix})`;
}

/** `250 mg`, the space one that does not break; `98 %` is written `98%`. */
export function clinicianQuantity(value: string, unit: string | undefined): string {
  if (unit === undefined || unit === '') return value;
  return unit === '%' ? `${value}%` : `${value}\u00a0${unit}`;
}

/** `0.5`, never `.5` or `0.50`; `1,000`. Takes the digits as recorded and changes no digit that counts. */
export function clinicianNumber(recorded: string): string {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(recorded.trim());
  if (match === null || (match[2] === '' && (match[3] ?? '') === '')) return recorded;
  const whole = (match[2] ?? '').replace(/^0+(?=\d)/, '') || '0';
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${match[1]}${grouped}${fraction === '' ? '' : `.${fraction}`}`;
}

const two = (value: number): string => String(value).padStart(2, '0');

const dayNumber = (moment: Moment): number =>
  Date.UTC(moment.year, moment.month - 1, moment.day) / 86_400_000;

function pair(major: number, majorUnit: string, minor: number, minorUnit: string): string {
  return minor === 0 ? `${major}${majorUnit}` : `${major}${majorUnit} ${minor}${minorUnit}`;
}
