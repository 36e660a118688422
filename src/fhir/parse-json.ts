/**
 * Bytes → JSON value, for everything that comes from outside. One scan of the bytes bounds the nesting
 * before anything recursive sees it; an error tells line, column and what was expected, and nothing of
 * the content. http://hl7.org/fhir/R4/json.html
 */
import { isUtf8 } from 'node:buffer';
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { isForgotten, keepDecimals, type WrittenDecimal } from './exact-decimals.ts';
import { isObject } from './json-access.ts';
import { findJsonError } from './json-error.ts';

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
  const { members, decimals } = scan(bytes, start, settings.jsonDepthMax);
  const text = decode(start === 0 ? bytes : bytes.subarray(start));
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

/** Counts the members (colons outside strings), notes decimals to keep, and throws where brackets nest too deep. */
function scan(bytes: Uint8Array, start: number, depthMax: number): Scanned {
  const decimals: WrittenDecimal[] = [];
  let depth = 0;
  let members = 0;
  let numbers = 0;
  for (let i = start; i < bytes.length; i++) {
    const c = bytes[i];
    if (c === QUOTE) {
      for (i++; i < bytes.length; i++) {
        const inner = bytes[i];
        if (inner === QUOTE) break;
        if (inner === BACKSLASH) i++;
      }
    } else if (c === COLON) {
      members++;
    } else if (c === 0x7b || c === 0x5b) {
      if (++depth > depthMax) throw tooDeep(bytes, start, i, depthMax);
    } else if (c === 0x7d || c === 0x5d) {
      depth--;
    } else if (c !== undefined && (c === MINUS || isDigit(c))) {
      const end = endOfNumber(bytes, i);
      if (end - i > 1) noteDecimal(decimals, bytes, i, end, numbers);
      numbers++;
      i = end - 1;
    }
  }
  return { members, decimals };
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

/** The first byte after a number, or after what stands where one should be: JSON.parse judges it. */
function endOfNumber(bytes: Uint8Array, start: number): number {
  let i = start + 1;
  for (; i < bytes.length; i++) {
    const c = bytes[i] ?? 0;
    if (!isDigit(c) && c !== POINT && c !== MINUS && c !== PLUS && c !== SMALL_E && c !== LARGE_E) break;
  }
  return i;
}

/** A short number is never forgotten unless it ends in zero, is negative or has an exponent; all else is tried. */
function noteDecimal(
  decimals: WrittenDecimal[],
  bytes: Uint8Array,
  start: number,
  end: number,
  ordinal: number,
): void {
  const last = bytes[end - 1];
  if (end - start < 9 && last !== ZERO && bytes[start] !== MINUS && !hasExponent(bytes, start, end)) return;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
  if (isForgotten(text)) decimals.push({ ordinal, text });
}

function hasExponent(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === SMALL_E || bytes[i] === LARGE_E) return true;
  return false;
}

function tooDeep(bytes: Uint8Array, start: number, at: number, depthMax: number): Failure {
  const { line, column } = placeOf(bytes, start, at);
  const text = `The JSON is nested deeper than ${depthMax} levels (line ${line}, column ${column}); setting jsonDepthMax.`;
  return new Failure('too-costly', text, { status: 400 });
}

function placeOf(bytes: Uint8Array, start: number, at: number): { line: number; column: number } {
  let line = 1;
  let lineStart = start;
  for (let i = start; i < at; i++) {
    if (bytes[i] === 0x0a) {
      line++;
      lineStart = i + 1;
    }
  }
  return { line, column: at - lineStart + 1 };
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
