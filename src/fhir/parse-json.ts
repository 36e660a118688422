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
const QUOTE = 0x22;
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
  const given = start === 0 ? bytes : bytes.subarray(start);
  const text = decode(given);
  const { members, decimals } = scan(given, settings.jsonDepthMax);
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
 * deep. Over bytes, and over runs of spaces in a loop of their own: most of what comes is indented.
 */
function scan(bytes: Uint8Array, depthMax: number): Scanned {
  const decimals: WrittenDecimal[] = [];
  let depth = 0;
  let members = 0;
  let numbers = 0;
  for (let i = 0; i < bytes.length; ) {
    const c = bytes[i++] ?? 0;
    if (c <= SPACE) {
      while (bytes[i] === SPACE) i++;
    } else if (c === QUOTE) {
      i = afterString(bytes, i);
    } else if (c === COLON) {
      members++;
    } else if (c === 0x7b || c === 0x5b) {
      if (++depth > depthMax) throw tooDeep(bytes, i - 1, depthMax);
    } else if (c === 0x7d || c === 0x5d) {
      depth--;
    } else if (c === MINUS || isDigit(c)) {
      const end = endOfNumber(bytes, i);
      if (end > i) noteDecimal(decimals, bytes, i - 1, end, numbers);
      numbers++;
      i = end;
    }
  }
  return { members, decimals };
}

/** Where the string has ended whose characters begin at `i`: past the end of the text where it never does. */
function afterString(bytes: Uint8Array, i: number): number {
  let at = i;
  while (at < bytes.length) {
    const c = bytes[at++];
    if (c === QUOTE) return at;
    if (c === BACKSLASH) at++;
  }
  return at;
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

/** The first byte after a number, or after what stands where one should be: JSON.parse judges it. */
function endOfNumber(bytes: Uint8Array, start: number): number {
  let i = start;
  for (; i < bytes.length; i++) {
    const c = bytes[i] ?? 0;
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
  bytes: Uint8Array,
  start: number,
  end: number,
  ordinal: number,
): void {
  const isShort = end - start < 9 && bytes[end - 1] !== ZERO && bytes[start] !== MINUS;
  if (isShort && !hasExponent(bytes, start, end)) return;
  const number = Buffer.from(bytes.subarray(start, end)).toString('latin1');
  if (isForgotten(number)) decimals.push({ ordinal, text: number });
}

function hasExponent(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const c = bytes[i];
    if (c === SMALL_E || c === LARGE_E) return true;
  }
  return false;
}

function tooDeep(bytes: Uint8Array, at: number, depthMax: number): Failure {
  const before = decode(bytes.subarray(0, at)).split('\n');
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
