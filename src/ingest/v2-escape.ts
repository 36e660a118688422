/**
 * Escape sequences within text: `\F\ \S\ \T\ \R\ \E\ \P\` for delimiters, `\Xdd…\` for characters, `\.br\` and its
 * kin for lines. What is not a sequence that we know is left as it is written: nothing is lost. HL7 v2.5.1 §2.7.
 */
import type { Delimiters } from './v2-message.ts';

/** `text` as it may stand in a field: every delimiter, line end and control character escaped. */
export function escapeText(text: string, delimiters: Delimiters): string {
  const mark = delimiters.escapeMark;
  if (mark === '') return text;
  let out = '';
  for (const one of text) out += escaped(one, delimiters);
  return out;
}

function escaped(one: string, delimiters: Delimiters): string {
  const mark = delimiters.escapeMark;
  switch (one) {
    case mark:
      return `${mark}E${mark}`;
    case delimiters.field:
      return `${mark}F${mark}`;
    case delimiters.component:
      return `${mark}S${mark}`;
    case delimiters.subcomponent:
      return `${mark}T${mark}`;
    case delimiters.repetition:
      return `${mark}R${mark}`;
    case delimiters.truncation:
      return `${mark}P${mark}`;
    case '\n':
      return `${mark}.br${mark}`;
    default: {
      const code = one.charCodeAt(0);
      if (code >= 0x20 && code !== 0x7f) return one;
      return `${mark}X${code.toString(16).toUpperCase().padStart(2, '0')}${mark}`;
    }
  }
}

/** The text that an encoded leaf stands for. */
export function unescapeText(encoded: string, delimiters: Delimiters): string {
  const mark = delimiters.escapeMark;
  if (mark === '' || !encoded.includes(mark)) return encoded;
  let out = '';
  let at = 0;
  while (at < encoded.length) {
    const open = encoded.indexOf(mark, at);
    const close = open < 0 ? -1 : encoded.indexOf(mark, open + 1);
    if (close < 0) break;
    const meant = meaningOf(encoded.slice(open + 1, close), delimiters);
    if (meant === undefined) {
      // not a sequence: the second mark may open one of its own
      out += encoded.slice(at, close);
      at = close;
    } else {
      out += encoded.slice(at, open) + meant;
      at = close + 1;
    }
  }
  return out + encoded.slice(at);
}

const LINE_COMMANDS = /^\.(br|sp|sk|fi|nf|in|ti|ce)\+?(-?\d{1,3})?$/;

function meaningOf(sequence: string, delimiters: Delimiters): string | undefined {
  switch (sequence) {
    case 'F':
      return delimiters.field;
    case 'S':
      return delimiters.component;
    case 'T':
      return delimiters.subcomponent;
    case 'R':
      return delimiters.repetition;
    case 'E':
      return delimiters.escapeMark;
    case 'P':
      return delimiters.truncation === '' ? undefined : delimiters.truncation;
    case 'H':
    case 'N':
      return '';
    default:
      break;
  }
  if (/^X(?:[0-9A-Fa-f]{2})+$/.test(sequence)) return fromHex(sequence.slice(1));
  const command = LINE_COMMANDS.exec(sequence);
  if (command === null) return undefined;
  const count = Math.min(Math.max(Number(command[2] ?? 1), 1), 100);
  switch (command[1]) {
    case 'br':
    case 'ce':
      return '\n';
    case 'sp':
      return '\n'.repeat(count);
    case 'sk':
      return ' '.repeat(count);
    default:
      // fill and indent modes change the look of what follows, not what it says
      return '';
  }
}

/** Bytes as UTF-8 where they are, as ISO-8859-1 otherwise. */
function fromHex(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}
