/**
 * When care was: `start` and `end` of $everything are about this and not about when something was written.
 * R4 http://hl7.org/fhir/R4/patient-operation-everything.html.
 */
import { Failure } from '../../base/failure.ts';
import { BEGINNING_OF_TIME, type DateRange, dateRange, END_OF_TIME } from '../../fhir/date-range.ts';
import { isObject, type JsonObject } from '../../fhir/json-access.ts';
import type { Pairs } from '../../fhir/query-pairs.ts';
import { searchValues } from '../../fhir/search-values.ts';
import type { Stored } from '../../store/store.ts';
import { oneValue } from '../operation-parameters.ts';

/** Dates that are about a person or an entry in a directory, and not about care. */
const NO_CARE: ReadonlySet<string> = new Set([
  'Patient',
  'RelatedPerson',
  'Person',
  'Practitioner',
  'PractitionerRole',
  'Organization',
  'Location',
  'HealthcareService',
  'Medication',
  'Substance',
  'Device',
]);

/** What goes on from its first date until it is said to have ended. */
const GOES_ON: ReadonlySet<string> = new Set(['Condition', 'AllergyIntolerance', 'Flag', 'EpisodeOfCare']);
const ENDED: ReadonlySet<string> = new Set(['resolved', 'inactive', 'remission']);

/**
 * The days that are asked for, an open end where one is left out; undefined where neither is given. Throws
 * Failure `value`.
 */
export function careDates(pairs: Pairs): DateRange | undefined {
  const [start, end] = [oneValue(pairs, 'start'), oneValue(pairs, 'end')];
  if (start === undefined && end === undefined) return undefined;
  const range = {
    lo: start === undefined ? BEGINNING_OF_TIME : read('start', start).lo,
    hi: end === undefined ? END_OF_TIME : read('end', end).hi,
  };
  if (range.lo > range.hi) throw new Failure('value', '"start" must not be after "end".');
  return range;
}

function read(name: string, text: string): DateRange {
  const range = dateRange(text);
  if (range !== undefined) return range;
  throw new Failure('value', `"${name}" must be a date such as 2026-11-23.`);
}

/**
 * Whether any of the resource's dates of care lies in the range. One that names no such date, or is no matter
 * of care, is within: leaving it out would say that it is not there.
 */
export function isWithin(stored: Stored, range: DateRange): boolean {
  if (NO_CARE.has(stored.type)) return true;
  const resource: unknown = JSON.parse(stored.bytes.toString('utf8'));
  if (!isObject(resource)) return true;
  const dates = searchValues(resource).filter(
    (value) => value.kind === 'date' && value.code !== '_lastUpdated',
  );
  if (dates.length === 0) return true;
  const ranges = dates.filter(
    (value): value is Extract<typeof value, { kind: 'date' }> => value.kind === 'date',
  );
  if (GOES_ON.has(stored.type)) {
    const lo = Math.min(...ranges.map((one) => one.lo));
    const hi = hasEnded(resource) ? Math.max(...ranges.map((one) => one.hi)) : END_OF_TIME;
    return lo <= range.hi && hi >= range.lo;
  }
  return ranges.some((one) => one.lo <= range.hi && one.hi >= range.lo);
}

function hasEnded(resource: JsonObject): boolean {
  if (resource.abatementDateTime !== undefined || resource.abatementPeriod !== undefined) return true;
  const status = resource.clinicalStatus ?? resource.status;
  if (typeof status === 'string') return ENDED.has(status) || status === 'finished';
  const codings = isObject(status) && Array.isArray(status.coding) ? status.coding : [];
  return codings.some((one) => isObject(one) && typeof one.code === 'string' && ENDED.has(one.code));
}
