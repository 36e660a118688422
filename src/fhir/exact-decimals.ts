/**
 * Decimals as they were written. A number in JavaScript forgets that 5.40 was measured to two places;
 * FHIR says that it must not be forgotten. What JSON.stringify would write otherwise is remembered beside
 * the object that holds it, so that all code goes on reading plain numbers.
 * http://hl7.org/fhir/R4/json.html#decimal
 */
import { isObject } from './json-access.ts';

/**
 * A number of a JSON text that JavaScript would write otherwise: the how manieth number it is, and its
 * text.
 */
export interface WrittenDecimal {
  readonly ordinal: number;
  readonly text: string;
}

const written = new WeakMap<object, Map<string, string>>();
/** Until the first one is remembered, nobody looks. */
let some = false;

/** Remembers how one number is written: `text` is a JSON number whose value `holder[name]` is. */
export function setWrittenDecimal(holder: object, name: string, text: string): void {
  const names = written.get(holder) ?? new Map<string, string>();
  names.set(name, text);
  written.set(holder, names);
  some = true;
}

/** Whether JavaScript would write this JSON number otherwise. */
export function isForgotten(text: string): boolean {
  return String(Number(text)) !== text;
}

/**
 * Remembers the decimals of a parsed text. Numbers are counted in the order of the text, which is the
 * order of the members of what was parsed from it.
 */
export function keepDecimals(value: unknown, decimals: readonly WrittenDecimal[]): void {
  let ordinal = 0;
  let next = 0;
  const visit = (holder: Members): void => {
    if (Array.isArray(holder)) {
      for (let i = 0; i < holder.length; i++) look(holder as Members, i);
    } else {
      for (const name in holder) look(holder, name);
    }
  };
  const look = (holder: Members, name: string | number): void => {
    const child = holder[name];
    if (typeof child === 'number') {
      const decimal = decimals[next];
      if (decimal?.ordinal === ordinal) {
        setWrittenDecimal(holder, String(name), decimal.text);
        next += 1;
      }
      ordinal += 1;
    } else if (typeof child === 'object' && child !== null && next < decimals.length) {
      visit(child as Members);
    }
  };
  if (typeof value === 'object' && value !== null) visit(value as Members);
}

type Members = Readonly<Record<string | number, unknown>>;

/**
 * For a copy of the members of an object: its decimals are written as those of the first. Returns the
 * copy.
 */
export function withDecimalsOf<T extends object>(from: object, copy: T): T {
  const names = written.get(from);
  // each its own: a patch may change one of them
  if (names !== undefined) written.set(copy, new Map(names));
  return copy;
}

/** JSON.stringify, with each decimal as it was written. */
export function writeJson(value: unknown): string {
  if (!some || !holdsDecimals(value)) return JSON.stringify(value);
  return JSON.stringify(value, function (this: object, name: string, child: unknown) {
    if (typeof child !== 'number') return child;
    const text = written.get(this)?.get(name);
    // a number that was changed since is written as it is now
    return text === undefined || Number(text) !== child ? child : rawJson(text);
  });
}

function holdsDecimals(value: unknown): boolean {
  if (Array.isArray(value)) return written.has(value) || value.some(holdsDecimals);
  if (!isObject(value)) return false;
  if (written.has(value)) return true;
  for (const name in value) {
    const child = value[name];
    if (typeof child === 'object' && child !== null && holdsDecimals(child)) return true;
  }
  return false;
}

const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

/** The number `holder[name]` as it was written; undefined where it is no number. */
export function writtenNumber(holder: object, name: string): string | undefined {
  const value = (holder as Readonly<Record<string, unknown>>)[name];
  if (typeof value !== 'number') return undefined;
  const text = written.get(holder)?.get(name);
  return text === undefined || Number(text) !== value ? String(value) : text;
}

/** A deep copy of a JSON value, its decimals as they were written. */
export function copyOf<T>(value: T): T {
  return copied(value) as T;
}

function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return withDecimalsOf(value, value.map(copied));
  const copy: Record<string, unknown> = {};
  for (const [name, child] of Object.entries(value)) {
    // "__proto__" would be set and not kept
    if (name !== '__proto__') copy[name] = copied(child);
  }
  return withDecimalsOf(value, copy);
}
