/**
 * A Bundle in JSON taken apart into what stands around its entries and each entry, without parsing what is
 * passed over, so that a large one need not be converted at one go. The bytes are JSON that this node has
 * written or checked. http://hl7.org/fhir/R4/bundle.html
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;

export interface BundlePieces {
  /** JSON text of the Bundle without its entries. */
  readonly frame: string;
  /** JSON text of one entry after the other. */
  entries(): Generator<Buffer, void>;
  /** After the last entry: whether nothing but the end follows, so that `frame` was all there is. */
  isWhole(): boolean;
}

/** The pieces; undefined where the bytes are no Bundle with entries, or do not say so at once. */
export function bundlePieces(bytes: Buffer): BundlePieces | undefined {
  if (!bytes.toString('latin1', 0, 24).startsWith('{"resourceType":"Bundle"')) return undefined;
  let at = 1;
  while (bytes[at] === QUOTE) {
    const nameEnd = stringEnd(bytes, at + 1);
    const value = spaceEnd(bytes, spaceEnd(bytes, nameEnd) + 1);
    if (bytes.toString('latin1', at, nameEnd) === '"entry"' && bytes[value] === OPEN_BRACKET) {
      const before = bytes.toString('utf8', 0, at).replace(/,\s*$/, '');
      return piecesFrom(bytes, `${before}}`, value + 1);
    }
    const next = spaceEnd(bytes, valueEnd(bytes, value));
    if (bytes[next] !== COMMA) return undefined;
    at = spaceEnd(bytes, next + 1);
  }
  return undefined;
}

function piecesFrom(bytes: Buffer, frame: string, start: number): BundlePieces {
  let at = spaceEnd(bytes, start);
  return {
    frame,
    *entries() {
      while (bytes[at] !== CLOSE_BRACKET && at < bytes.length) {
        const end = valueEnd(bytes, at);
        yield bytes.subarray(at, end);
        at = spaceEnd(bytes, end);
        if (bytes[at] === COMMA) at = spaceEnd(bytes, at + 1);
      }
    },
    isWhole: () => bytes[spaceEnd(bytes, at + 1)] === CLOSE_BRACE,
  };
}

/** After a value that begins at `start`. */
function valueEnd(bytes: Uint8Array, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; ) {
    const c = bytes[at] ?? 0;
    if (c === QUOTE) {
      at = stringEnd(bytes, at + 1);
      if (depth === 0) return at;
      continue;
    }
    if (c === OPEN_BRACE || c === OPEN_BRACKET) depth++;
    else if (c === CLOSE_BRACE || c === CLOSE_BRACKET) {
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && (c === COMMA || c <= SPACE)) return at;
    at++;
  }
  return bytes.length;
}

/** After the closing quote of a string whose characters begin at `start`. */
function stringEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length) {
    const c = bytes[at++];
    if (c === QUOTE) return at;
    if (c === BACKSLASH) at++;
  }
  return at;
}

function spaceEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && (bytes[at] ?? 0) <= SPACE) at++;
  return at;
}
