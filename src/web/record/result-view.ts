/**
 * Results and measurements as series: the newest value of each test with its unit, range, flag and the
 * value before. A series is one test by its code and unit; values are never converted, averaged or joined
 * into one. The flag is the source's; where it gave none, the value is compared with the one plain range
 * that came with it.
 */
import type { Observation, ObservationReferenceRange, Quantity } from 'fhir/r4.d.ts';
import { writtenNumber } from '../../fhir/exact-decimals.ts';
import type { Moment } from '../moment.ts';
import { momentOf, newestFirst } from '../moment.ts';
import { groupsOf, identifierKeys } from './business-keys.ts';
import { type Entry, isOf } from './entry.ts';
import {
  type Amount,
  amountOf,
  amountText,
  conceptText,
  plainText,
  rangeText,
  ratioText,
} from './resource-text.ts';

export type ResultFlag = 'critical' | 'high' | 'low' | 'abnormal' | 'normal';

/** One value: of an Observation, or of one of its components. */
export interface ResultValue {
  readonly entry: Entry<Observation>;
  /** Told again by another source under the same identifier. */
  readonly same: readonly Entry<Observation>[];
  readonly name: string;
  /** A number with its unit; undefined where the value is words. */
  readonly amount: Amount | undefined;
  /** The value in words, where it is no number; or why there is none. */
  readonly words: string | undefined;
  /** Told in words, or as yes or no: nothing that is counted or measured. */
  readonly isTold: boolean;
  /** As the source gave it, without a space rule: dialects put their own in. */
  readonly range: (space: string) => string | undefined;
  readonly flag: ResultFlag | undefined;
  /** Whether the flag is the source's word, or was read off the range. */
  readonly flagFrom: 'source' | 'range' | undefined;
  /** `final`, `preliminary`, `corrected` … */
  readonly status: string | undefined;
  readonly when: Moment | undefined;
  readonly notes: readonly string[];
}

export interface ResultSeries {
  readonly key: string;
  readonly name: string;
  readonly latest: ResultValue;
  /** The one before, by the time of the test. */
  readonly previous: ResultValue | undefined;
  readonly count: number;
}

export interface ResultView {
  readonly laboratory: readonly ResultSeries[];
  readonly measurements: readonly ResultSeries[];
  /** Social history, surveys, notes of an examination, and what has no category. */
  readonly other: readonly ResultSeries[];
}

const LAB = ['laboratory', 'LAB', 'HM', 'CH', 'MB', 'SP'];
/** Consciousness is told in a word, and is a vital sign all the same. */
const MEASURED = 'vital-signs';
/** What a clinician found: a weight is a measurement, a note of the consultation is none. */
const EXAMINED = 'exam';

/** All Observations among `entries` as series, abnormal ones first and then the newest. */
export function resultView(entries: readonly Entry[]): ResultView {
  const observations = entries
    .filter((entry) => isOf(entry, 'Observation'))
    .filter((entry) => entry.resource.status !== 'cancelled')
    .sort((a, b) => newestFirst(a.when, b.when));
  const groups = groupsOf(observations, (entry) => identifierKeys(entry.resource.identifier));
  const values = groups.flatMap(([entry, ...same]) =>
    same.every((other) => saysTheSame(entry, other))
      ? valuesOf(entry, same)
      : [entry, ...same].flatMap((one) => valuesOf(one, [])),
  );
  const series = {
    laboratory: [] as ResultValue[],
    measurements: [] as ResultValue[],
    other: [] as ResultValue[],
  };
  for (const value of values) series[categoryOf(value)].push(value);
  return {
    laboratory: seriesOf(series.laboratory),
    measurements: seriesOf(series.measurements),
    other: seriesOf(series.other),
  };
}

/** How many tests there are, of every kind. */
export function seriesCount({ laboratory, measurements, other }: ResultView): number {
  return laboratory.length + measurements.length + other.length;
}

/** The value as text; `quantity` writes a number and its unit as its dialect does. */
export function valueText(
  { amount, words }: ResultValue,
  quantity: (value: string, unit: string | undefined) => string,
): string {
  if (amount === undefined) return words ?? 'No value';
  return `${amount.comparator ?? ''}${quantity(amount.value, amount.unit)}`;
}

/**
 * The value of an Observation, and those of its components. Empty for a panel that only holds others
 * together.
 */
export function valuesOf(
  entry: Entry<Observation>,
  same: readonly Entry<Observation>[],
): readonly ResultValue[] {
  const { resource } = entry;
  const own = oneValue(entry, same, resource, conceptText(resource.code) ?? 'Test not named');
  const components = (resource.component ?? []).map((component) =>
    oneValue(entry, same, component, conceptText(component.code) ?? 'Part not named'),
  );
  const holdsOthers = (resource.hasMember?.length ?? 0) > 0 || components.length > 0;
  return own.amount === undefined && own.words === undefined && holdsOthers
    ? components
    : [own, ...components];
}

type Valued = Pick<
  Observation,
  | 'valueQuantity'
  | 'valueCodeableConcept'
  | 'valueString'
  | 'valueBoolean'
  | 'valueInteger'
  | 'valueRange'
  | 'valueRatio'
  | 'valueTime'
  | 'valueDateTime'
  | 'valuePeriod'
  | 'dataAbsentReason'
  | 'interpretation'
  | 'referenceRange'
>;

function oneValue(
  entry: Entry<Observation>,
  same: readonly Entry<Observation>[],
  valued: Valued,
  name: string,
): ResultValue {
  const amount = amountOf(valued.valueQuantity);
  const flag = flagOf(valued, amount);
  return {
    entry,
    same,
    name,
    amount,
    words: amount === undefined ? wordsBeside(name, valued) : undefined,
    isTold: (valued.valueString ?? valued.valueCodeableConcept ?? valued.valueBoolean) !== undefined,
    range: (space) => rangeOf(valued.referenceRange, space),
    flag: flag?.flag,
    flagFrom: flag?.from,
    status: entry.resource.status,
    when: entry.when,
    notes: (entry.resource.note ?? [])
      .map((note) => plainText(note.text))
      .filter((note) => note !== undefined),
  };
}

/**
 * A finding whose value only says its name again (`Breathing room air`: `Breathing room air`) is said once:
 * beside its name stands that it was recorded.
 */
function wordsBeside(name: string, valued: Valued): string | undefined {
  const words = wordsOf(valued);
  return words?.toLowerCase() === name.toLowerCase() ? 'Recorded' : words;
}

function wordsOf(valued: Valued): string | undefined {
  const concept = conceptText(valued.valueCodeableConcept) ?? plainText(valued.valueString);
  if (concept !== undefined) return concept;
  if (valued.valueBoolean !== undefined) return valued.valueBoolean ? 'Yes' : 'No';
  const integer = writtenNumber(valued, 'valueInteger');
  if (integer !== undefined) return integer;
  const range = rangeText(valued.valueRange, ' ') ?? ratioText(valued.valueRatio, ' ');
  if (range !== undefined) return range;
  if (valued.valueTime !== undefined) return valued.valueTime;
  const text = valued.valueDateTime ?? valued.valuePeriod?.start;
  const moment = momentOf(text);
  if (moment !== undefined) return text?.slice(0, 10);
  const absent = conceptText(valued.dataAbsentReason);
  return absent === undefined ? undefined : `No value: ${absent}`;
}

function rangeOf(
  ranges: readonly ObservationReferenceRange[] | undefined,
  space: string,
): string | undefined {
  const texts = (ranges ?? []).flatMap((range) => {
    const text = rangeText(range, space) ?? range.text?.trim();
    if (text === undefined || text === '') return [];
    const whom = [conceptText(range.type), ...(range.appliesTo ?? []).map(conceptText)]
      .filter((one) => one !== undefined && !/^normal/i.test(one))
      .join(', ');
    return [whom === '' ? text : `${text} (${whom})`];
  });
  return texts.length === 0 ? undefined : texts.join('; ');
}

const FLAGS: Readonly<Record<string, ResultFlag>> = {
  HH: 'critical',
  LL: 'critical',
  AA: 'critical',
  HU: 'critical',
  LU: 'critical',
  H: 'high',
  '>': 'high',
  L: 'low',
  '<': 'low',
  A: 'abnormal',
  POS: 'abnormal',
  DET: 'abnormal',
  R: 'abnormal',
  N: 'normal',
  NEG: 'normal',
  ND: 'normal',
};

function flagOf(
  valued: Valued,
  amount: Amount | undefined,
): { readonly flag: ResultFlag; readonly from: 'source' | 'range' } | undefined {
  for (const concept of valued.interpretation ?? []) {
    for (const coding of concept.coding ?? []) {
      const flag = FLAGS[coding.code ?? ''];
      if (flag !== undefined) return { flag, from: 'source' };
    }
  }
  // any interpretation that we do not know is shown in its own words, and ours does not stand beside it
  if ((valued.interpretation?.length ?? 0) > 0) return undefined;
  const flag = compared(valued, amount);
  return flag === undefined ? undefined : { flag, from: 'range' };
}

/**
 * Above or below the one plain range that came with the value, in the value's own unit; undefined
 * otherwise.
 */
function compared(valued: Valued, amount: Amount | undefined): ResultFlag | undefined {
  const range = valued.referenceRange?.[0];
  if (amount === undefined || amount.comparator !== undefined) return undefined;
  if (range === undefined || valued.referenceRange?.length !== 1) return undefined;
  if (range.age !== undefined || (range.appliesTo?.length ?? 0) > 0) return undefined;
  const unit = (quantity: Quantity | undefined): string | undefined => quantity?.code ?? quantity?.unit;
  const value = valued.valueQuantity?.value;
  const comparable = (end: Quantity | undefined): boolean =>
    end?.value === undefined || unit(end) === undefined || unit(end) === unit(valued.valueQuantity);
  if (value === undefined || !comparable(range.low) || !comparable(range.high)) return undefined;
  if (range.low?.value !== undefined && value < range.low.value) return 'low';
  if (range.high?.value !== undefined && value > range.high.value) return 'high';
  return range.low?.value === undefined && range.high?.value === undefined ? undefined : 'normal';
}

/** Whether two tellings agree; where they do not, both are shown on their own. */
function saysTheSame(a: Entry<Observation>, b: Entry<Observation>): boolean {
  const text = (entry: Entry<Observation>): string =>
    valuesOf(entry, [])
      .map(
        (value) =>
          `${value.name} ${value.amount === undefined ? value.words : amountText(value.amount, ' ')}`,
      )
      .join('; ');
  return a.resource.status === b.resource.status && text(a) === text(b);
}

function categoryOf({ entry, isTold }: ResultValue): keyof ResultView {
  const codes = (entry.resource.category ?? []).flatMap((category) =>
    (category.coding ?? []).map((coding) => coding.code ?? ''),
  );
  if (codes.some((code) => LAB.includes(code))) return 'laboratory';
  if (codes.includes(MEASURED) || (codes.includes(EXAMINED) && !isTold)) return 'measurements';
  return 'other';
}

function seriesOf(values: readonly ResultValue[]): readonly ResultSeries[] {
  const byTest = new Map<string, ResultValue[]>();
  for (const value of values) {
    const key = `${testKey(value)} ${value.amount?.unit ?? ''}`;
    byTest.set(key, [...(byTest.get(key) ?? []), value]);
  }
  return [...byTest]
    .flatMap(([key, group]) => {
      const [latest, previous] = group.sort((a, b) => newestFirst(a.when, b.when));
      return latest === undefined ? [] : [{ key, name: latest.name, latest, previous, count: group.length }];
    })
    .sort((a, b) => rank(a) - rank(b) || newestFirst(a.latest.when, b.latest.when));
}

/** The test by its first coded name; by its words where it has no code. */
function testKey(value: ResultValue): string {
  const { resource } = value.entry;
  const named = [resource, ...(resource.component ?? [])].find((one) => conceptText(one.code) === value.name);
  const coding = named?.code?.coding?.find((one) => one.system !== undefined && one.code !== undefined);
  return coding === undefined ? value.name.toLowerCase() : `${coding.system}|${coding.code}`;
}

function rank(series: ResultSeries): number {
  const { flag } = series.latest;
  if (flag === 'critical') return 0;
  return flag === undefined || flag === 'normal' ? 2 : 1;
}
