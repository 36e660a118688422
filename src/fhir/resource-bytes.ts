/**
 * Whether bytes are one whole resource, without building it: what another node sent goes on as it came, and
 * must neither break the Bundle it is joined into nor end early and forge what follows. A walk over the bytes
 * allocates nothing, where JSON.parse makes an object of every element only to throw it away (docs/adr/0009).
 * RFC 8259; http://hl7.org/fhir/R4/json.html
 */
import { isUtf8 } from 'node:buffer';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const SMALL_U = 0x75;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;

/** No place: the bytes are not JSON. */
const NONE = -1;

/** 1 for what goes on inside a string without a closer look: neither quote, backslash nor control character. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, c) =>
  Number(c >= SPACE && c !== QUOTE && c !== BACKSLASH),
);

/**
 * Whether `bytes` are UTF-8 and exactly one JSON object, no deeper than `depthMax`, that begins as the store
 * writes a resource of this type and id and says neither again.
 */
export function isResourceBytes(bytes: Buffer, type: string, id: string, depthMax: number): boolean {
  const head = `{"resourceType":"${type}","id":"${id}"`;
  if (bytes.toString('latin1', 0, head.length) !== head || !isUtf8(bytes)) return false;
  let at = spaceEnd(bytes, head.length);
  while (bytes[at] === COMMA) {
    const name = spaceEnd(bytes, at + 1);
    const nameEnd = bytes[name] === QUOTE ? stringEnd(bytes, name + 1) : NONE;
    if (nameEnd === NONE || isTaken(bytes, name, nameEnd)) return false;
    at = memberEnd(bytes, nameEnd, depthMax - 1);
    if (at === NONE) return false;
  }
  return bytes[at] === CLOSE_BRACE && at === bytes.length - 1;
}

/** A name that the head has said already. An escape could hide one, and no element needs an escape. */
function isTaken(bytes: Buffer, start: number, end: number): boolean {
  const length = end - start - 2;
  for (let at = start + 1; at < end - 1; at++) if (bytes[at] === BACKSLASH) return true;
  if (length !== 2 && length !== 12) return false;
  const name = bytes.toString('latin1', start + 1, end - 1);
  return name === 'id' || name === 'resourceType';
}

/** After the value of a member whose name ended at `at`, and the space behind it. */
function memberEnd(bytes: Uint8Array, at: number, depth: number): number {
  const colon = bytes[at] === COLON ? at : spaceEnd(bytes, at);
  if (bytes[colon] !== COLON) return NONE;
  const end = valueEnd(bytes, spaceEnd(bytes, colon + 1), depth);
  return end === NONE ? NONE : spaceEnd(bytes, end);
}

function valueEnd(bytes: Uint8Array, at: number, depth: number): number {
  const c = bytes[at];
  if (c === QUOTE) return stringEnd(bytes, at + 1);
  if (c === OPEN_BRACE) return depth <= 0 ? NONE : objectEnd(bytes, spaceEnd(bytes, at + 1), depth - 1);
  if (c === OPEN_BRACKET) return depth <= 0 ? NONE : arrayEnd(bytes, spaceEnd(bytes, at + 1), depth - 1);
  if (c === MINUS || isDigit(c)) return numberEnd(bytes, at);
  return wordEnd(bytes, at);
}

function objectEnd(bytes: Uint8Array, start: number, depth: number): number {
  if (bytes[start] === CLOSE_BRACE) return start + 1;
  for (let at = start; ; at = spaceEnd(bytes, at + 1)) {
    const nameEnd = bytes[at] === QUOTE ? stringEnd(bytes, at + 1) : NONE;
    if (nameEnd === NONE) return NONE;
    at = memberEnd(bytes, nameEnd, depth);
    if (at === NONE) return NONE;
    if (bytes[at] === CLOSE_BRACE) return at + 1;
    if (bytes[at] !== COMMA) return NONE;
  }
}

function arrayEnd(bytes: Uint8Array, start: number, depth: number): number {
  if (bytes[start] === CLOSE_BRACKET) return start + 1;
  for (let at = start; ; at = spaceEnd(bytes, at + 1)) {
    const end = valueEnd(bytes, at, depth);
    if (end === NONE) return NONE;
    at = spaceEnd(bytes, end);
    if (bytes[at] === CLOSE_BRACKET) return at + 1;
    if (bytes[at] !== COMMA) return NONE;
  }
}

/** After the closing quote of a string whose opening quote is behind. */
function stringEnd(bytes: Uint8Array, start: number): number {
  const end = bytes.length;
  let at = start;
  for (;;) {
    while (at < end && PLAIN[bytes[at] as number] === 1) at++;
    const c = bytes[at];
    if (c === QUOTE) return at + 1;
    if (c !== BACKSLASH) return NONE;
    at = escapeEnd(bytes, at + 1);
    if (at === NONE) return NONE;
  }
}

const ESCAPES: ReadonlySet<number | undefined> = new Set(Buffer.from('"\\/bfnrt'));

function escapeEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== SMALL_U) return ESCAPES.has(bytes[at]) ? at + 1 : NONE;
  for (let i = at + 1; i <= at + 4; i++) {
    const c = (bytes[i] ?? 0) | 0x20;
    if (!isDigit(bytes[i]) && !(c >= 0x61 && c <= 0x66)) return NONE;
  }
  return at + 5;
}

function isDigit(c: number | undefined): boolean {
  return c !== undefined && c >= ZERO && c <= NINE;
}

/** After a number: no leading zeros, digits on both sides of the point, an exponent with digits. */
function numberEnd(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start;
  if (bytes[at] === ZERO) at++;
  else at = digitsEnd(bytes, at);
  if (at !== NONE && bytes[at] === POINT) at = digitsEnd(bytes, at + 1);
  if (at !== NONE && ((bytes[at] ?? 0) | 0x20) === 0x65) {
    const signed = bytes[at + 1] === MINUS || bytes[at + 1] === 0x2b;
    at = digitsEnd(bytes, signed ? at + 2 : at + 1);
  }
  return at;
}

/** After one digit or more. */
function digitsEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isDigit(bytes[at])) at++;
  return at === start ? NONE : at;
}

const WORDS = ['true', 'false', 'null'].map((word) => Buffer.from(word));

function wordEnd(bytes: Uint8Array, start: number): number {
  const word = WORDS.find((one) => one.every((c, i) => bytes[start + i] === c));
  return word === undefined ? NONE : start + word.length;
}

function spaceEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  for (let c = bytes[at]; c === SPACE || c === 0x0a || c === 0x0d || c === 0x09; c = bytes[at]) at++;
  return at;
}
