/**
 * What every mapper needs beside its segment: whose message it is, in which time zone, where the resources come
 * from, and where to say what could not be taken over. Nothing is dropped in silence.
 */
import type { Element } from 'fhir/r4.d.ts';
import type { OdsCode } from '../../base/brands.ts';
import { type Segment, textOf } from '../v2-message.ts';
import { originalTime, parseV2Time, type V2Time } from '../v2-time.ts';

/** Something in the message that was left out or changed; kept with the message, for people to look at. */
export interface Warning {
  /** `PID-7` */
  readonly field: string;
  /** What was wrong and what was done about it; never the value. */
  readonly text: string;
}

export interface Mapping {
  /** The organisation whose node it is. */
  readonly ods: OdsCode;
  readonly organisation: string;
  /** IANA zone of times without an offset. */
  readonly zone: string;
  /** For `meta.source`: the feed, the event and the kept message. */
  readonly source: string;
  /** When the message was made (MSH-7), or arrived where it does not say. */
  readonly sent: V2Time;
  readonly warnings: Warning[];
}

/** Records a warning, each once. */
export function warn(mapping: Mapping, field: string, text: string): void {
  if (mapping.warnings.some((one) => one.field === field && one.text === text)) return;
  mapping.warnings.push({ field, text });
}

/** The time in a field; undefined where there is none. One that cannot be read is left out with a warning. */
export function timeIn(mapping: Mapping, segment: Segment | undefined, n: number): V2Time | undefined {
  const text = textOf(segment, n);
  return text === '' ? undefined : timeFrom(mapping, text, `${segment?.name}-${n}`);
}

/** The time in a text that came from `field`. */
export function timeFrom(mapping: Mapping, text: string, field: string): V2Time | undefined {
  if (text === '') return undefined;
  const time = parseV2Time(text, mapping.zone);
  if (time === undefined) warn(mapping, field, 'This is not an HL7 time; it was left out.');
  return time;
}

/** `{name: value}` and, where something was added to what was written, `{_name: original text}`. */
export function timed<N extends string>(name: N, time: V2Time | undefined): Timed<N> {
  if (time === undefined) return {};
  const beside = originalTime(time);
  return { [name]: time.value, ...(beside === undefined ? {} : { [`_${name}`]: beside }) } as Timed<N>;
}

/** As `timed`, for an R4 instant: a bare date stands for its first moment, with the text kept. */
export function timedInstant<N extends string>(name: N, time: V2Time | undefined): Timed<N> {
  if (time === undefined || time.date.length < 10) return {};
  if (time.instant !== undefined) return timed(name, time);
  return timed(name, { ...time, value: `${time.date}T00:00:00Z`, original: time.date.replaceAll('-', '') });
}

export type Timed<N extends string> = { [K in N]?: string } & { [K in `_${N}`]?: Element };

/** `{name: value}`, or nothing where there is no value or an empty list. */
export function given<N extends string, T>(name: N, value: T | undefined): { [K in N]?: T } {
  const empty = value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
  return empty ? {} : ({ [name]: value } as { [K in N]?: T });
}

/** Text that may stand in a URI or a code: runs of anything else become one dash. */
export function slug(text: string): string {
  return text.replace(/[^A-Za-z0-9.]+/g, '-').replace(/^-+|-+$/g, '');
}
