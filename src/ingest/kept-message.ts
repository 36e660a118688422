/**
 * What is kept of every message: its bytes as they came, with the answer that it got, under its sender and control id,
 * in the commit that makes it take effect. So a repeated message is known after a restart, and nothing is lost. Of a
 * message that was refused a dead letter tells why; it names nobody.
 */
import { hash } from 'node:crypto';
import type { IssueType } from '../base/failure.ts';
import type { KeptWrite, LetterWrite } from '../records/session.ts';
import type { Warning } from './v2/mapping.ts';
import type { AckCode } from './v2-ack.ts';
import type { Header } from './v2-header.ts';

export interface KeptMessage {
  readonly code: AckCode;
  /** The text of the answer. */
  readonly answer: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Of one that was refused, or that put right another one which was. */
  readonly deadLetter?: string;
  readonly issue?: IssueType;
  /** What was left out or changed. */
  readonly warnings?: readonly Warning[];
  /** Segments that the record has no place for. */
  readonly unmapped?: readonly string[];
  readonly raw: Buffer;
}

/** A message that was not taken, for people to look at: what the list of dead letters shows. */
export interface DeadLetter {
  readonly id: string;
  /** When it came: ISO 8601. */
  readonly at: string;
  readonly feed?: string;
  /** MSH-3 and MSH-4. */
  readonly sender: string;
  /** MSH-10; empty where it could not be read. */
  readonly controlId: string;
  /** `ADT^A01`; empty where it could not be read. */
  readonly event: string;
  /** `AR` never valid, `AE` something went wrong here. */
  readonly answer: AckCode;
  readonly code: IssueType;
  /** What was wrong and how to mend it. Names no person. */
  readonly reason: string;
  /** Bytes that are kept. */
  readonly bytes: number;
  /** When it was taken after all, as it was or put right under the same control id: ISO 8601. */
  readonly acceptedAt?: string;
  /** Somebody looked, and nothing is missing because of it. */
  readonly dismissed?: { readonly at: string; readonly reason: string };
}

/** A dead letter as it is kept: with the name of the message that it is about. */
export interface KeptDeadLetter extends DeadLetter {
  readonly message: string;
}

/** Whether a dead letter leaves nothing to do. */
export function isSettled({ acceptedAt, dismissed }: DeadLetter): boolean {
  return acceptedAt !== undefined || dismissed !== undefined;
}

const NAME_LENGTH_MAX = 400;

/** Under which name a message is kept: its sender and its control id; its content where it has none. */
export function messageName(header: Header, raw: Buffer): string {
  const { sendingApplication, sendingFacility, controlId } = header;
  if (controlId === '') return `unreadable/${hash('sha256', raw, 'hex')}`;
  const name = [sendingApplication, sendingFacility, controlId].map(encodeURIComponent).join('/');
  return name.length <= NAME_LENGTH_MAX ? name : `long/${hash('sha256', name, 'hex')}`;
}

/** Under which name a message is kept whose control id was used for another one. */
export function otherName(name: string, raw: Buffer): string {
  return `${name}/${hash('sha256', raw, 'hex').slice(0, 16)}`;
}

/**
 * Whether two messages are the same one sent twice. What follows the header decides: senders put a new time into MSH-7
 * when they send again.
 */
export function isSameMessage(one: Buffer, other: Buffer): boolean {
  return one.equals(other) || afterHeader(one) === afterHeader(other);
}

/** The segments after the header, whichever line ends they have; all where there is only one. */
function afterHeader(raw: Buffer): string {
  const lines = raw
    .toString('latin1')
    .split(/[\r\n]+/)
    .filter((line) => line !== '');
  return (lines.length < 2 ? lines : lines.slice(1)).join('\r');
}

/** The write that keeps a message. */
export function keepMessage(name: string, { raw, ...said }: KeptMessage): KeptWrite {
  const head = Buffer.from(`${JSON.stringify(said)}\n`);
  return { space: 'v2-messages', name, bytes: Buffer.concat([head, raw]) };
}

/** The message that was kept in these bytes. */
export function keptMessage(bytes: Buffer): KeptMessage {
  const end = bytes.indexOf(0x0a);
  const said = JSON.parse(bytes.toString('utf8', 0, end)) as Omit<KeptMessage, 'raw'>;
  return { ...said, raw: bytes.subarray(end + 1) };
}

/** The write that keeps a dead letter. */
export function keepDeadLetter(letter: KeptDeadLetter): LetterWrite {
  return { space: 'v2-dead-letters', name: letter.id, bytes: Buffer.from(JSON.stringify(letter)) };
}

/** The dead letter that was kept in these bytes. */
export function keptDeadLetter(bytes: Buffer): KeptDeadLetter {
  return JSON.parse(bytes.toString()) as KeptDeadLetter;
}
