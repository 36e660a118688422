/**
 * Units of UCUM: whether a code is one, and numbers from one unit to another. A search asks when it is asked, so
 * that no write converts anything. The tables are loaded when they are first needed (40 ms, 4 MB).
 * https://ucum.org/ucum
 */
import { createRequire } from 'node:module';

/** The system of UCUM's units. */
export const UCUM = 'http://unitsofmeasure.org';

/** What is used of @lhncbc/ucum-lhc, which has no types. */
interface UcumTables {
  validateUnitString(unit: string): { readonly status: string; readonly ucumCode: string | null };
  convertUnitTo(
    from: string,
    value: number,
    to: string,
  ): { readonly status: string; readonly toVal: number | null };
}

const require = createRequire(import.meta.url);
let tables: UcumTables | undefined;

function ucum(): UcumTables {
  if (tables === undefined) {
    const { UcumLhcUtils } = require('@lhncbc/ucum-lhc') as {
      readonly UcumLhcUtils: { getInstance(): UcumTables };
    };
    tables = UcumLhcUtils.getInstance();
  }
  return tables;
}

const REMEMBERED_MAX = 2_000;

/** Whether the code is a unit of UCUM, as it is written: `mm[Hg]`, not `mmHg`. */
export function isUcum(unit: string): boolean {
  if (unit.length > UNIT_LENGTH_MAX) return false;
  const known = units.get(unit);
  if (known !== undefined) return known;
  const { status, ucumCode } = ucum().validateUnitString(unit);
  return remember(units, unit, status === 'valid' && ucumCode === unit);
}

/** The longest that stands in practice is half of this; longer ones would cost too much to read. */
const UNIT_LENGTH_MAX = 100;

const units = new Map<string, boolean>();

/** From one unit to another. */
export type Conversion = (value: number) => number;

const conversions = new Map<string, Conversion | 'none'>();

/**
 * How a number of unit `from` is said in `to`, rounded to 13 digits, so that 1 g is 1000 mg. Undefined where the
 * two do not measure the same (mmol and mg without a substance), one of them is no unit, or more of one is less
 * of the other (pH).
 */
export function conversion(from: string, to: string): Conversion | undefined {
  const key = `${from} ${to}`;
  const known = conversions.get(key);
  if (known !== undefined) return known === 'none' ? undefined : known;
  const made = from === to ? same : makeConversion(from, to);
  remember(conversions, key, made ?? 'none');
  return made;
}

const same: Conversion = (value) => value;

function makeConversion(from: string, to: string): Conversion | undefined {
  if (!isUcum(from) || !isUcum(to)) return undefined;
  const convert = (value: number): number | undefined => {
    const { status, toVal } = ucum().convertUnitTo(from, value, to);
    return status === 'succeeded' && toVal !== null && Number.isFinite(toVal) ? toVal : undefined;
  };
  const [one, two, zero] = [convert(1), convert(2), convert(0)];
  if (one === undefined || two === undefined || !(two > one)) return undefined;
  if (zero === 0) return (value) => rounded(value * one);
  return (value) => rounded(convert(value) ?? Number.NaN);
}

const rounded = (value: number): number => Number(value.toPrecision(13));

function remember<T>(known: Map<string, T>, key: string, value: T): T {
  if (known.size >= REMEMBERED_MAX) known.clear();
  known.set(key, value);
  return value;
}
