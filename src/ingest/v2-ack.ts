/**
 * The answer to a message: MSA-1 AA (on disk), AE (try again) or AR (never valid). It is given when everything is
 * done, so the accept and the application acknowledgement of the enhanced mode are one; MSH-15 and MSH-16 decide
 * whether there is one at all. HL7 v2.5.1 §2.9, §2.15.1, §2.15.5; table 0357.
 */
import type { IssueType } from '../base/failure.ts';
import type { Warning } from './v2/mapping.ts';
import { escapeText } from './v2-escape.ts';
import type { Header } from './v2-header.ts';

export type AckCode = 'AA' | 'AE' | 'AR';

export interface Ack {
  readonly code: AckCode;
  /** Segments ended by CR. */
  readonly text: string;
  /** What went wrong, for whoever has no wire between: the text says it as HL7 does. */
  readonly problem?: { readonly issue: IssueType; readonly text: string };
  /** Resources that the message wrote; absent where it wrote none, or came before. */
  readonly written?: number;
}

export interface AckParts {
  readonly code: AckCode;
  /** MSH-10 of the answer. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly problem?: { readonly issue: IssueType; readonly text: string };
  readonly warnings?: readonly Warning[];
}

/** Table 0357 for what went wrong. */
const ERRORS: Partial<Record<IssueType, readonly [code: string, text: string]>> = {
  structure: ['100', 'Segment sequence error'],
  required: ['101', 'Required field missing'],
  value: ['102', 'Data type error'],
  'not-supported': ['201', 'Unsupported event code'],
  'multiple-matches': ['204', 'Unknown key identifier'],
  conflict: ['204', 'Unknown key identifier'],
  duplicate: ['205', 'Duplicate key identifier'],
};
const INTERNAL = ['207', 'Application internal error'] as const;

/** The answer's text, in the delimiters of the message. */
export function ackFor(header: Header, { code, id, at, problem, warnings = [] }: AckParts): Ack {
  const { delimiters } = header;
  const { field, component } = delimiters;
  const join = (fields: readonly string[]): string => fields.join(field).replace(trailing(field), '');
  const trigger = header.event.split('^')[1] ?? '';
  const msh = [
    `MSH${field}${encodingCharacters(delimiters)}`,
    header.receivingApplication,
    header.receivingFacility,
    header.sendingApplication,
    header.sendingFacility,
    `${new Date(at).toISOString().slice(0, 19).replace(/[-:T]/g, '')}+0000`,
    '',
    ['ACK', trigger, 'ACK'].join(component),
    id,
    header.processingId || 'P',
    header.version || '2.4',
  ];
  const text = problem === undefined ? '' : escapeText(problem.text, delimiters);
  const msa = join(['MSA', code, escapeText(header.controlId, delimiters), text]);
  const lines = [msa];
  if (problem !== undefined) lines.push(join(errorSegment(header, problem)));
  // before 2.5 an ERR has no severity, and a warning would be read as an error
  if (hasSeverity(header.version)) {
    for (const one of warnings) lines.push(join(warningSegment(header, one)));
  }
  const all = [join(withCharset(msh, lines)), ...lines];
  const said = { code, text: all.map((line) => `${line}\r`).join('') };
  return problem === undefined ? said : { ...said, problem };
}

function encodingCharacters(delimiters: Header['delimiters']): string {
  const { component, repetition, escapeMark, subcomponent, truncation } = delimiters;
  return `${component}${repetition}${escapeMark}${subcomponent}${truncation}`;
}

function trailing(field: string): RegExp {
  return new RegExp(`\\u{${field.codePointAt(0)?.toString(16)}}+$`, 'u');
}

function withCharset(msh: readonly string[], lines: readonly string[]): readonly string[] {
  const isPlain = [...msh, ...lines].every((one) => /^[\u0020-\u007e]*$/.test(one));
  return isPlain ? msh : [...msh, '', '', '', '', '', 'UNICODE UTF-8'];
}

function hasSeverity(version: string): boolean {
  return /^2\.[5-9]/.test(version);
}

function errorSegment(
  { delimiters, version }: Header,
  { issue, text }: NonNullable<AckParts['problem']>,
): readonly string[] {
  const [code, name] = ERRORS[issue] ?? INTERNAL;
  const { component, subcomponent } = delimiters;
  if (!hasSeverity(version)) {
    return ['ERR', `${component}${component}${component}${[code, name, 'HL70357'].join(subcomponent)}`];
  }
  const coded = [code, name, 'HL70357'].join(component);
  return ['ERR', '', '', coded, 'E', '', '', '', escapeText(text, delimiters)];
}

function warningSegment({ delimiters }: Header, { field, text }: Warning): readonly string[] {
  const { component } = delimiters;
  const [segment = '', position = ''] = field.split('-');
  const location = position === '' ? segment : [segment, '1', position].join(component);
  const coded = ['102', 'Data type error', 'HL70357'].join(component);
  return ['ERR', '', location, coded, 'W', '', '', '', escapeText(text, delimiters)];
}

/** Whether the sender wants this answer: HL7 table 0155 for MSH-15 and MSH-16, always in the original mode. */
export function isWanted({ acceptAnswer, applicationAnswer }: Header, code: AckCode): boolean {
  if (acceptAnswer === '' && applicationAnswer === '') return true;
  return [acceptAnswer, applicationAnswer].some(
    (when) => when === 'AL' || (when === 'SU' && code === 'AA') || (when === 'ER' && code !== 'AA'),
  );
}
