/**
 * The bytes of a file as units: what kind of input it is shows in its first bytes, not in its name. NDJSON
 * and HL7 v2 are split as they come, so that a file may be larger than memory. Pure: bytes in, units out.
 */
import { Failure } from '../../base/failure.ts';
import type { Settings } from '../../base/settings.ts';
import type { ImportUnit, Reject, UnitKind } from '../import-unit.ts';

/** A unit, or a part of the input that cannot become one. */
export interface Piece {
  readonly unit?: ImportUnit;
  readonly reject?: Reject;
  /** Number of the first line or message of the unit in its file, counted from 1. */
  readonly first?: number;
  /** Bytes of the (unpacked) input up to and with this piece. */
  readonly end: number;
}

export type InputKind = UnitKind | 'unknown';

const LF = 0x0a;
const CR = 0x0d;
const VT = 0x0b;
const FS = 0x1c;
const END = Buffer.from([FS, CR]);

/** Enough to tell the kind. */
export const SNIFF_BYTES = 1 << 20;

type Limits = Pick<Settings, 'importInputBytesMax' | 'importChunkBytes'>;

/** What an input is, by its first bytes; `name` only tells NDJSON of one line from JSON. */
export function inputKind(start: Buffer, name: string): InputKind {
  let i = start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf ? 3 : 0;
  while (i < start.length && isSpace(start[i])) i++;
  const head = start.subarray(i, i + 4).toString('latin1');
  if (/^(MSH|FHS|BHS)[^A-Za-z0-9\s]/.test(head)) return 'hl7v2';
  if (!head.startsWith('{')) return 'unknown';
  if (/\.(ndjson|jsonl)(\.gz)?$/i.test(name)) return 'ndjson';
  return isLines(start.subarray(i)) ? 'ndjson' : 'json';
}

/** A first line that is a whole JSON object, and another object after it. */
function isLines(text: Buffer): boolean {
  const end = text.indexOf(LF);
  if (end < 0) return false;
  let next = end + 1;
  while (next < text.length && isSpace(text[next])) next++;
  if (text[next] !== 0x7b) return false;
  try {
    JSON.parse(text.subarray(0, end).toString());
    return true;
  } catch {
    return false;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === LF || byte === CR || byte === VT;
}

/** The units of an input of this kind. */
export async function* splitInput(
  kind: InputKind,
  chunks: AsyncIterable<Buffer>,
  limits: Limits,
): AsyncGenerator<Piece> {
  switch (kind) {
    case 'json':
      yield* wholeInput(chunks, limits);
      break;
    case 'ndjson':
      yield* gathered('ndjson', linesOf(chunks, limits), limits);
      break;
    case 'hl7v2':
      yield* gathered('hl7v2', messagesOf(chunks, limits), limits);
      break;
    case 'unknown':
      throw notAnInput();
  }
}

function notAnInput(): Failure {
  return new Failure(
    'structure',
    'This is no input: a FHIR Bundle or resource in JSON, NDJSON, or HL7 v2 (MSH, BHS or FHS first).',
  );
}

function tooLarge(limits: Limits): Failure {
  return new Failure(
    'too-long',
    `It is larger than ${limits.importInputBytesMax} bytes (setting importInputBytesMax): raise that, or split it.`,
  );
}

async function* wholeInput(chunks: AsyncIterable<Buffer>, limits: Limits): AsyncGenerator<Piece> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    length += chunk.length;
    if (length > limits.importInputBytesMax) throw tooLarge(limits);
  }
  const [only = Buffer.alloc(0)] = parts;
  yield { unit: { kind: 'json', bytes: parts.length < 2 ? only : Buffer.concat(parts) }, end: length };
}

/** A line or a message as it stood, or undefined for one that was too large to keep. */
interface Item {
  readonly bytes: Buffer | undefined;
  readonly end: number;
}

/** Several items a unit, so that they share a commit; a Bundle on a line is a unit of its own. */
async function* gathered(
  kind: 'ndjson' | 'hl7v2',
  items: AsyncIterable<Item>,
  limits: Limits,
): AsyncGenerator<Piece> {
  let held: Buffer[] = [];
  let size = 0;
  let first = 1;
  let next = 1;
  let end = 0;
  const unit = (): Piece => {
    const piece = { unit: { kind, bytes: Buffer.concat(held) }, first, end };
    held = [];
    size = 0;
    first = next;
    return piece;
  };
  for await (const item of items) {
    const alone = item.bytes === undefined || (kind === 'ndjson' && isBundle(item.bytes));
    if (alone || size + (item.bytes?.length ?? 0) > limits.importChunkBytes) {
      if (held.length > 0) yield unit();
    }
    end = item.end;
    next++;
    if (item.bytes === undefined) {
      const { code, message } = tooLarge(limits);
      yield { reject: { part: 0, code, reason: message }, first, end };
      first = next;
    } else if (alone) {
      yield { unit: { kind: 'json', bytes: item.bytes }, first, end };
      first = next;
    } else {
      held.push(item.bytes);
      size += item.bytes.length;
    }
  }
  if (held.length > 0) yield unit();
}

function isBundle(line: Buffer): boolean {
  return /^\s*\{\s*"resourceType"\s*:\s*"Bundle"/.test(line.subarray(0, 200).toString('latin1'));
}

/** Lines with their ends; one that is too large is passed over. */
async function* linesOf(chunks: AsyncIterable<Buffer>, limits: Limits): AsyncGenerator<Item> {
  let rest: Buffer[] = [];
  let size = 0;
  let at = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let lf = chunk.indexOf(LF); lf >= 0; lf = chunk.indexOf(LF, start)) {
      const line = chunk.subarray(start, lf + 1);
      at += line.length;
      size += line.length;
      yield itemOf([...rest, line], size, at, limits);
      rest = [];
      size = 0;
      start = lf + 1;
    }
    const left = chunk.subarray(start);
    at += left.length;
    size += left.length;
    if (size <= limits.importInputBytesMax) rest.push(left);
    else rest = [];
  }
  if (size > 0) yield itemOf([...rest, Buffer.from('\n')], size, at, limits);
}

function itemOf(parts: readonly Buffer[], size: number, end: number, limits: Limits): Item {
  if (size > limits.importInputBytesMax) return { bytes: undefined, end };
  return { bytes: parts.length === 1 ? parts[0] : Buffer.concat(parts), end };
}

/** MSH at the beginning of a segment begins a message, whatever frames or files them. */
const MESSAGE = /(?<=^|[^\P{Cc}\t\u0080-\u009f])MSH[^A-Za-z0-9\s]/gu;
/** Headers and trailers of batches and files (HL7 v2.5.1 §2.10.3): they frame messages and are none. */
const BATCH = /(^|[\r\n])(?:FHS|BHS|BTS|FTS)[^\r\n]*(?=[\r\n]|$)/g;

/** Line ends and the marks of MLLP frames around a message. */
const AROUND = /^(?:\s|[^\P{Cc}\u0080-\u009f])+|(?:\s|[^\P{Cc}\u0080-\u009f])+$/gu;

/**
 * Messages, each ended by FS CR. What stands before the first one and is no batch header makes a message that
 * is rejected.
 */
async function* messagesOf(chunks: AsyncIterable<Buffer>, limits: Limits): AsyncGenerator<Item> {
  let held = '';
  let at = 0;
  const item = (text: string): Item | undefined => {
    const end = at;
    if (text.length > limits.importInputBytesMax) return { bytes: undefined, end };
    const clean = text.replace(BATCH, '$1').replace(AROUND, '');
    if (clean === '') return undefined;
    return { bytes: Buffer.concat([Buffer.from(clean, 'latin1'), END]), end };
  };
  for await (const chunk of chunks) {
    held += chunk.toString('latin1');
    at += chunk.length;
    const starts = [...held.matchAll(MESSAGE)].map((match) => match.index);
    let from = 0;
    for (const start of starts) {
      if (start === 0) continue;
      const whole = item(held.slice(from, start));
      if (whole !== undefined) yield whole;
      from = start;
    }
    held = held.slice(from);
    if (held.length > 2 * limits.importInputBytesMax) throw tooLarge(limits);
  }
  const last = item(held);
  if (last !== undefined) yield last;
}
