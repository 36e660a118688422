/**
 * An HL7 v2 message as data: segments, fields, repetitions, components and sub-components under the delimiters that
 * its own header declares. Fields are kept as they were written and taken apart when they are asked for, so that
 * printing gives back exactly what was read. HL7 v2.5.1 §2.5 (segments, fields), §2.7 (escape sequences).
 */
import { Failure } from '../base/failure.ts';
import { escapeText, unescapeText } from './v2-escape.ts';

/** The characters of MSH-1 and MSH-2; those that the header does not declare are ''. */
export interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escapeMark: string;
  readonly subcomponent: string;
  /** HL7 v2.7 truncation character. */
  readonly truncation: string;
}

export const USUAL_DELIMITERS: Delimiters = {
  field: '|',
  component: '^',
  repetition: '~',
  escapeMark: '\\',
  subcomponent: '&',
  truncation: '',
};

export interface Segment {
  /** `PID` */
  readonly name: string;
  /**
   * Field n at index n, encoded; index 0 is the name. For MSH, 1 is the field separator and 2 the encoding characters.
   */
  readonly fields: readonly string[];
  readonly delimiters: Delimiters;
}

export interface Message {
  readonly delimiters: Delimiters;
  /** The header first. */
  readonly segments: readonly Segment[];
}

/** One repetition of a field, still encoded. */
export interface Repetition {
  /** Component n at index n - 1. */
  readonly components: readonly string[];
  readonly delimiters: Delimiters;
}

/** Leaves of a field to be written: repetitions → components → sub-components. */
export type FieldTree = readonly (readonly (readonly string[])[])[];

const SEGMENT_NAME = /^[A-Z][A-Z0-9]{2}$/;
/** Everything below a space but tab, line feed and carriage return, and DEL. */
const CONTROL = /[^\P{Cc}\t\n\r\u0080-\u009f]/u;

/**
 * The message in `text`, segments ended by CR, LF or CRLF. Throws Failure `structure` saying what is wrong: no MSH,
 * delimiters that cannot be, a line that is no segment, control characters (binary). The text is never repeated.
 */
export function parseMessage(text: string): Message {
  const clean = text.startsWith('\ufeff') ? text.slice(1) : text;
  const start = /^[\r\n]*/.exec(clean)?.[0].length ?? 0;
  if (!clean.startsWith('MSH', start)) {
    throw new Failure('structure', 'This is not an HL7 v2 message: it does not begin with an MSH segment.');
  }
  if (CONTROL.test(clean)) {
    throw new Failure(
      'structure',
      'The message holds control characters: it is binary, or was cut or mixed up.',
    );
  }
  const lines = segmentLines(clean.slice(start));
  const delimiters = delimitersOf(lines[0] ?? '');
  return { delimiters, segments: lines.map((line, i) => segmentOf(line, i, delimiters)) };
}

/** The message as text: each segment ended by CR. */
export function printMessage(message: Message): string {
  return message.segments.map((segment) => `${printSegment(segment)}\r`).join('');
}

function printSegment({ name, fields, delimiters }: Segment): string {
  const separator = delimiters.field;
  if (name !== 'MSH') return fields.join(separator);
  return `MSH${separator}${fields.slice(2).join(separator)}`;
}

/** With CR in the text, CR ends a segment and LF beside it is white space; without any, LF ends it. */
function segmentLines(text: string): string[] {
  const lines = text.includes('\r')
    ? text.split(/\r\n|\n?\r/).map((line) => line.replace(/^\n+/, ''))
    : text.split('\n');
  return lines.filter((line) => line.trim() !== '');
}

function delimitersOf(header: string): Delimiters {
  const field = header.charAt(3);
  const encoding = header.slice(4).split(field, 1)[0] ?? '';
  const [component = '', repetition = '', escapeMark = '', subcomponent = '', truncation = ''] = encoding;
  const all = [field, ...encoding];
  const fit = all.every((one) => /^[!-/:-@[-`{-~]$/.test(one)) && new Set(all).size === all.length;
  if (field === '' || encoding.length < 2 || encoding.length > 5 || !fit) {
    throw new Failure(
      'structure',
      'MSH-1 and MSH-2 must declare the delimiters, as in MSH|^~\\&: different from each other, ' +
        'printable ASCII, no letters or digits.',
    );
  }
  return { field, component, repetition, escapeMark, subcomponent, truncation };
}

function segmentOf(line: string, index: number, delimiters: Delimiters): Segment {
  const fields = line.split(delimiters.field);
  const name = fields[0] ?? '';
  if (!SEGMENT_NAME.test(name)) {
    throw new Failure(
      'structure',
      `Segment ${index + 1} does not begin with a segment name of three characters.`,
    );
  }
  // MSH-1 is the separator itself, so everything after it moves up by one
  if (name === 'MSH') fields.splice(1, 0, delimiters.field);
  return { name, fields, delimiters };
}

/** A segment from leaves: field n is `fields[n - 1]`; a text is one leaf. Not for MSH. */
export function segmentFrom(
  name: string,
  fields: readonly (string | FieldTree)[],
  delimiters: Delimiters = USUAL_DELIMITERS,
): Segment {
  return { name, fields: [name, ...fields.map((field) => encodeField(field, delimiters))], delimiters };
}

/** An encoded field; trailing empty components and sub-components are left out. */
export function encodeField(field: string | FieldTree, delimiters: Delimiters): string {
  if (typeof field === 'string') return escapeText(field, delimiters);
  const { repetition, component, subcomponent } = delimiters;
  return field
    .map((components) =>
      withoutTrailing(
        components.map((leaves) =>
          withoutTrailing(leaves.map((leaf) => escapeText(leaf, delimiters))).join(subcomponent),
        ),
      ).join(component),
    )
    .join(repetition);
}

/** The leaves of an encoded field, trailing empty ones left out: the inverse of encodeField. */
export function decodeField(encoded: string, delimiters: Delimiters): FieldTree {
  return splitRepetitions(encoded, delimiters).map((one) =>
    withoutTrailing(one.components).map((component) =>
      withoutTrailing(
        splitOn(component, delimiters.subcomponent).map((leaf) => unescapeText(leaf, delimiters)),
      ),
    ),
  );
}

function withoutTrailing(texts: readonly string[]): readonly string[] {
  let length = texts.length;
  while (length > 0 && texts[length - 1] === '') length--;
  return texts.slice(0, length);
}

function splitOn(text: string, mark: string): readonly string[] {
  return mark === '' || !text.includes(mark) ? [text] : text.split(mark);
}

function splitRepetitions(encoded: string, delimiters: Delimiters): readonly Repetition[] {
  return splitOn(encoded, delimiters.repetition).map((one) => ({
    components: splitOn(one, delimiters.component),
    delimiters,
  }));
}

/** What v2 calls the null: delete what is there. An empty field says nothing at all. */
const DELETE = '""';

/** Whether a field was left out, asks for deletion, or has a value. */
export function fieldState(segment: Segment | undefined, n: number): 'empty' | 'delete' | 'value' {
  const raw = segment?.fields[n] ?? '';
  if (raw === '') return 'empty';
  if (raw === DELETE) return 'delete';
  return isBlank(raw, segment?.delimiters ?? USUAL_DELIMITERS) ? 'empty' : 'value';
}

/** Nothing but delimiters and spaces: `^^^`. */
function isBlank(raw: string, { component, repetition, subcomponent }: Delimiters): boolean {
  for (const one of raw) {
    if (one !== component && one !== repetition && one !== subcomponent && one !== ' ') return false;
  }
  return true;
}

/** The field as it was written, escape sequences and all; '' where it is not there. */
export function rawField(segment: Segment | undefined, n: number): string {
  return segment?.fields[n] ?? '';
}

/** The repetitions of a field that say something. */
export function repetitions(segment: Segment | undefined, n: number): readonly Repetition[] {
  const raw = segment?.fields[n] ?? '';
  if (segment === undefined || raw === '' || raw === DELETE) return [];
  return splitRepetitions(raw, segment.delimiters).filter((one) =>
    one.components.some((component) => component.trim() !== '' && component !== DELETE),
  );
}

/** Decoded text of a component (counted from 1), or of one of its sub-components; '' where absent or null. Trimmed. */
export function part(repetition: Repetition | undefined, component: number, subcomponent = 1): string {
  const encoded = repetition?.components[component - 1];
  if (repetition === undefined || encoded === undefined || encoded === '' || encoded === DELETE) return '';
  const leaf = splitOn(encoded, repetition.delimiters.subcomponent)[subcomponent - 1] ?? '';
  return leaf === DELETE ? '' : unescapeText(leaf, repetition.delimiters).trim();
}

/** Decoded text of a component in the first repetition of a field; '' where there is none. */
export function textOf(segment: Segment | undefined, n: number, component = 1, subcomponent = 1): string {
  const raw = segment?.fields[n];
  if (segment === undefined || raw === undefined || raw === '' || raw === DELETE) return '';
  const first = splitOn(raw, segment.delimiters.repetition)[0] ?? '';
  return part(
    { components: splitOn(first, segment.delimiters.component), delimiters: segment.delimiters },
    component,
    subcomponent,
  );
}

/** A whole field as decoded text, delimiters in it taken for text: for ST, TX and FT, which hold no components. */
export function wholeText(segment: Segment | undefined, n: number): string {
  const raw = segment?.fields[n] ?? '';
  return segment === undefined || raw === DELETE ? '' : unescapeText(raw, segment.delimiters);
}

/** The first segment of that name. */
export function segmentNamed(message: Message, name: string): Segment | undefined {
  return message.segments.find((one) => one.name === name);
}
