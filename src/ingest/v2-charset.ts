/**
 * From the bytes of a message to its text, by the character set of MSH-18 (HL7 table 0211). What cannot be decoded
 * as it says is refused and never guessed at: a name with a wrong letter finds the wrong person.
 */
import { isAscii } from 'node:buffer';
import { Failure } from '../base/failure.ts';

/**
 * MSH-18 → a label of the WHATWG Encoding standard. Windows-1252 is ISO-8859-1 with the printable characters that
 * senders use.
 */
const LABELS: ReadonlyMap<string, string> = new Map([
  ['ASCII', 'ascii'],
  ['ISO IR6', 'ascii'],
  ['UNICODE', 'utf-8'],
  ['UNICODE UTF-8', 'utf-8'],
  ['UTF-8', 'utf-8'],
  ['UTF8', 'utf-8'],
  ['8859/1', 'windows-1252'],
  ['ISO-8859-1', 'windows-1252'],
  ['8859/2', 'iso-8859-2'],
  ['8859/3', 'iso-8859-3'],
  ['8859/4', 'iso-8859-4'],
  ['8859/5', 'iso-8859-5'],
  ['8859/6', 'iso-8859-6'],
  ['8859/7', 'iso-8859-7'],
  ['8859/8', 'iso-8859-8'],
  ['8859/9', 'windows-1254'],
  ['8859/15', 'iso-8859-15'],
]);

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The text of a message. Without MSH-18 it is UTF-8 where that fits, else ISO-8859-1. Throws Failure `structure` for a
 * set that is not known and for bytes that are not in the set that is stated.
 */
export function decodeMessage(bytes: Buffer): string {
  const stated = statedCharset(bytes);
  const label = LABELS.get(stated);
  if (stated !== '' && label === undefined) {
    throw new Failure(
      'structure',
      'MSH-18 names a character set that is not known here. Send UNICODE UTF-8.',
    );
  }
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (label === 'ascii') throw undecodable();
  try {
    if (label === undefined || label === 'utf-8') return utf8.decode(bytes);
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    if (label === undefined) return new TextDecoder('windows-1252').decode(bytes);
    throw undecodable();
  }
}

function undecodable(): Failure {
  return new Failure(
    'structure',
    'The message is not in the character set that MSH-18 states. Send UNICODE UTF-8, or 8859/1 for ISO-8859-1.',
  );
}

/** The first repetition of MSH-18, upper case; '' where the header has none. Delimiters are ASCII in every set. */
function statedCharset(bytes: Buffer): string {
  const head = bytes
    .subarray(0, 2_000)
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .replace(/^[\r\n]+/, '');
  const header = head.split(/[\r\n]/, 1)[0] ?? '';
  const separator = header.charAt(3);
  if (!header.startsWith('MSH') || separator === '') return '';
  const repetition = header.charAt(5);
  const field = header.split(separator)[17] ?? '';
  return (field.split(repetition, 1)[0] ?? '').trim().toUpperCase();
}
