/**
 * Bytes → JSON value, for everything that comes from outside. One scan of the text bounds the nesting
 * before anything recursive sees it; an error tells line, column and what was expected, and nothing of
 * the content. http://hl7.org/fhir/R4/json.html
 */
import { isUtf8 } from 'node:buffer';
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { isForgotten, keepDecimals, type WrittenDecimal } from './exact-decimals.ts';
import { isObject } from './json-access.ts';
import { findJsonError } from './json-error.ts';

const SPACE = 0x20;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const SMALL_E = 0x65;
const LARGE_E = 0x45;

/**
 * The JSON value in `bytes` (UTF-8, with or without a byte order mark). Throws Failure `structure` for
 * what is no JSON, for names that come twice in one object (the first would be silently lost) and for
 * bytes that are not UTF-8; `too-costly` (status 400) where it is nested deeper than
 * settings.jsonDepthMax.
 */
export function parseJson(bytes: Uint8Array, settings: Pick<Settings, 'jsonDepthMax'>): unknown {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const text = decode(start === 0 ? bytes : bytes.subarray(start));
  const { members, decimals } = scan(text, settings.jsonDepthMax);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw syntaxFailure(text);
  }
  if (membersOf(value) !== members) {
    throw new Failure('structure', 'A JSON object has the same name twice. Give each name once.');
  }
  if (decimals.length > 0) keepDecimals(value, decimals);
  return value;
}

interface Scanned {
  readonly members: number;
  readonly decimals: readonly WrittenDecimal[];
}

/**
 * Counts the members (colons outside strings), notes decimals to keep, and throws where brackets nest too
 * deep. It leaps from quote to quote, so that what stands inside strings, by far the most, is never looked
 * at.
 */
function scan(text: string, depthMax: number): Scanned {
  const decimals: WrittenDecimal[] = [];
  let depth = 0;
  let members = 0;
  let numbers = 0;
  for (let i = 0; i < text.length; ) {
    const quote = text.indexOf('"', i);
    const gapEnd = quote < 0 ? text.length : quote;
    for (; i < gapEnd; i++) {
      const c = text.charCodeAt(i);
      if (c <= SPACE || c === COMMA) continue;
      if (c === COLON) {
        members++;
      } else if (c === 0x7b || c === 0x5b) {
        if (++depth > depthMax) throw tooDeep(text, i, depthMax);
      } else if (c === 0x7d || c === 0x5d) {
        depth--;
      } else if (c === MINUS || isDigit(c)) {
        const end = endOfNumber(text, i);
        if (end - i > 1) noteDecimal(decimals, text, i, end, numbers);
        numbers++;
        i = end - 1;
      }
    }
    i = quote < 0 ? text.length : afterString(text, quote);
  }
  return { members, decimals };
}

/** Where the string that begins at `quote` has ended: the end of the text where it never does. */
function afterString(text: string, quote: number): number {
  for (let end = text.indexOf('"', quote + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    // an even number of backslashes before it are all escaped themselves
    if ((end - before) % 2 === 1) return end + 1;
  }
  return text.length;
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

/** The first character after a number, or after what stands where one should be: JSON.parse judges it. */
function endOfNumber(text: string, start: number): number {
  let i = start + 1;
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (!isDigit(c) && c !== POINT && c !== MINUS && c !== PLUS && c !== SMALL_E && c !== LARGE_E) break;
  }
  return i;
}

/**
 * A short number is never forgotten unless it ends in zero, is negative or has an exponent; all else is
 * tried.
 */
function noteDecimal(
  decimals: WrittenDecimal[],
  text: string,
  start: number,
  end: number,
  ordinal: number,
): void {
  const first = text.charCodeAt(start);
  const last = text.charCodeAt(end - 1);
  if (end - start < 9 && last !== ZERO && first !== MINUS && !hasExponent(text, start, end)) return;
  const number = text.slice(start, end);
  if (isForgotten(number)) decimals.push({ ordinal, text: number });
}

function hasExponent(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c === SMALL_E || c === LARGE_E) return true;
  }
  return false;
}

function tooDeep(text: string, at: number, depthMax: number): Failure {
  const before = text.slice(0, at).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  const place = `line ${before.length}, column ${column}`;
  return new Failure(
    'too-costly',
    `The JSON is nested deeper than ${depthMax} levels (${place}); setting jsonDepthMax.`,
    { status: 400 },
  );
}

function decode(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new Failure('structure', 'The body is not UTF-8. Send JSON in UTF-8.');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function syntaxFailure(text: string): Failure {
  const { line, column, expected } = findJsonError(text);
  return new Failure('structure', `Not valid JSON: expected ${expected} at line ${line}, column ${column}.`);
}

/** Members of all objects in a value; the depth has been bounded. */
function membersOf(value: unknown): number {
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item === 'object' && item !== null) members += membersOf(item);
    }
  } else if (isObject(value)) {
    for (const name in value) {
      members++;
      const item = value[name];
      if (typeof item === 'object' && item !== null) members += membersOf(item);
    }
  }
  return members;
}
