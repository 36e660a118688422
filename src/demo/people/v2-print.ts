/**
 * HL7 v2 as source systems print it: fields by their number, text escaped, segments ended by CR. The source
 * systems of the demo are programs of their own, so this knows nothing of the node's reader. HL7 v2.4 and
 * 2.5.1, §2.5 and §2.7 (escape sequences).
 */

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\E\\',
  '|': '\\F\\',
  '^': '\\S\\',
  '&': '\\T\\',
  '~': '\\R\\',
  '\n': '\\.br\\',
};

/** Text as it may stand in a field. */
export function text(plain: string): string {
  return plain.replace(/[\\|^&~\n]/g, (one) => ESCAPES[one] ?? one);
}

/**
 * Components, each plain text or a list of sub-components; trailing empty ones are left out, as senders do.
 */
export function components(...parts: readonly (string | readonly string[])[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? text(part) : part.map(text).join('&')))
    .join('^')
    .replace(/\^+$/, '');
}

/** Repetitions of a field; empty ones are left out. */
export function repetitions(...fields: readonly (string | undefined)[]): string {
  return fields.filter((one) => one !== undefined && one !== '').join('~');
}

/** A segment: encoded fields by their number. */
export function segment(name: string, fields: Readonly<Record<number, string>>): string {
  const last = Math.max(0, ...Object.keys(fields).map(Number));
  const all = Array.from({ length: last }, (_, i) => fields[i + 1] ?? '');
  return [name, ...all].join('|').replace(/\|+$/, '');
}

export interface MessageHeader {
  readonly application: string;
  readonly facility: string;
  /** Local time, without an offset. */
  readonly sentAt: string;
  /** `ADT^A01^ADT_A01` */
  readonly type: string;
  readonly controlId: string;
  readonly version: '2.4' | '2.5.1';
  /** MSH-18 */
  readonly charset: 'UNICODE UTF-8' | '8859/1';
}

/** A message. MSH-1 and MSH-2 are counted as the standard counts them. */
export function message(header: MessageHeader, segments: readonly string[]): string {
  const msh = segment('MSH', {
    1: '^~\\&',
    2: text(header.application),
    3: text(header.facility),
    4: 'OPENWARD',
    5: text(header.facility),
    6: header.sentAt,
    8: header.type,
    9: text(header.controlId),
    10: 'P',
    11: header.version,
    16: 'GBR',
    17: header.charset,
  });
  return [msh, ...segments].map((one) => `${one}\r`).join('');
}
