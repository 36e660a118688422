/**
 * One source's part of a shared record as it travels from node to node: a line of JSON that says what comes,
 * then the stored bytes of each entry one after the other. The reader cuts by the lengths in the line and
 * checks that each piece is what the line says (person-check); what is sent on are the bytes as they came.
 */
import { type Id, type InstantMs, isId, type NhsNumber } from '../base/brands.ts';
import { isResourceType } from '../fhir/definitions.ts';
import type { ResourceType } from '../fhir/resource.ts';
import { isNhsNumber } from '../identity/nhs-number.ts';
import { areOfPerson } from './person-check.ts';
import type { Coverage, RefusalRule } from './shared-record.ts';

/** The moment that stands for "never": a feed that was not heard yet has no age. */
export const NEVER = 0 as InstantMs;

/**
 * Whether a source has what it should: `behind` names the kinds that a late feed leaves behind. NEVER for as-at
 * or since where one of its feeds has not been heard yet.
 */
export interface SourceState {
  readonly asAt: InstantMs;
  readonly coverage: readonly Coverage[];
  readonly behind: readonly { readonly kind: ResourceType; readonly since: InstantMs }[];
  /** Messages that were refused and are missing; left out where there are none. */
  readonly refused?: number;
}

export interface SourceEntry {
  readonly type: ResourceType;
  readonly id: Id;
  readonly bytes: Buffer;
}

export type SourceAnswer =
  | {
      readonly kind: 'record';
      readonly state: SourceState;
      /**
       * The Patient records there that are the person; none where nothing is held, or nothing that may be
       * known of.
       */
      readonly patients: readonly Id[];
      /** The numbers that it has verified of the person. */
      readonly nhsNumbers: readonly NhsNumber[];
      readonly entries: readonly SourceEntry[];
    }
  | {
      readonly kind: 'refused';
      readonly rule: RefusalRule;
      readonly text: string;
      readonly state: SourceState;
    }
  /** More than one answer may hold: nothing is cut silently. */
  | { readonly kind: 'too-large'; readonly text: string; readonly state: SourceState };

type Line =
  | {
      readonly kind: 'record';
      readonly state: SourceState;
      /** Whom the answer is about: an answer to another question shows. */
      readonly nhsNumber: string;
      readonly patients: readonly string[];
      /** A node of an earlier release leaves them out. */
      readonly nhsNumbers?: readonly string[];
      readonly table: readonly (readonly [string, string, number])[];
    }
  | Exclude<SourceAnswer, { kind: 'record' }>;

/** The answer about this person as bytes to send. */
export function encodeAnswer(answer: SourceAnswer, nhsNumber: NhsNumber): Buffer {
  if (answer.kind !== 'record') return Buffer.from(`${JSON.stringify(answer)}\n`);
  const { kind, state, patients, nhsNumbers } = answer;
  const table = answer.entries.map(({ type, id, bytes }) => [type, id, bytes.length] as const);
  const line: Line = { kind, state, nhsNumber, patients, nhsNumbers, table };
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(line)}\n`),
    ...answer.entries.map((entry) => entry.bytes),
  ]);
}

/** What was asked, as far as the answer is held to it. */
export interface Question {
  readonly nhsNumber: NhsNumber;
  /** Kinds or a time were asked for, so the answer need not have the Patient in it. */
  readonly isFiltered: boolean;
  readonly entriesMax: number;
  /** Nesting of an entry's JSON. */
  readonly depthMax: number;
}

/**
 * What the bytes say, or undefined where they are no answer to the question: then nothing of them is used.
 */
export function decodeAnswer(body: Buffer, question: Question): SourceAnswer | undefined {
  const end = body.indexOf(0x0a);
  if (end < 0) return undefined;
  const line = readLine(body.toString('utf8', 0, end));
  if (line === undefined) return undefined;
  if (line.kind !== 'record') return line;
  if (line.nhsNumber !== question.nhsNumber || line.table.length > question.entriesMax) return undefined;
  const entries: SourceEntry[] = [];
  let at = end + 1;
  for (const [type, id, length] of line.table) {
    const bytes = body.subarray(at, at + length);
    if (!isResourceType(type) || !isId(id) || bytes.length !== length) return undefined;
    entries.push({ type, id, bytes });
    at += length;
  }
  const { kind, state, patients, nhsNumbers = [] } = line;
  if (at !== body.length || !patients.every(isId) || !nhsNumbers.every(isNhsNumber)) return undefined;
  return areOfPerson(question.nhsNumber, patients, entries, !question.isFiltered, question.depthMax)
    ? { kind, state, patients, nhsNumbers, entries }
    : undefined;
}

const RULES: readonly string[] = [
  'consent',
  'role',
  'label',
  'identity',
  'quarantine',
] satisfies readonly RefusalRule[];

function readLine(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Line;
    if (!isState(line.state)) return undefined;
    switch (line.kind) {
      case 'record':
        return Array.isArray(line.patients) &&
          Array.isArray(line.nhsNumbers ?? []) &&
          line.table.every(
            ([type, id, length]) =>
              typeof type === 'string' && typeof id === 'string' && Number.isInteger(length) && length > 0,
          )
          ? line
          : undefined;
      case 'refused':
        return RULES.includes(line.rule) && typeof line.text === 'string' ? line : undefined;
      case 'too-large':
        return typeof line.text === 'string' ? line : undefined;
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

/** Whether something a peer or a copy says of its state has the shape of one. */
export function isState(state: SourceState): boolean {
  return (
    isInstant(state.asAt) &&
    state.coverage.every(
      (one) => isResourceType(one.kind) && isInstant(one.asAt) && /^\d{4}(-\d{2}){0,2}$/.test(one.since),
    ) &&
    state.behind.every((one) => isResourceType(one.kind) && isInstant(one.since)) &&
    (state.refused === undefined || (Number.isSafeInteger(state.refused) && state.refused > 0))
  );
}

/** Whether a number that a peer sent is a moment that can be written down. */
export function isInstant(at: unknown): at is InstantMs {
  return Number.isInteger(at) && (at as number) >= 0 && (at as number) <= INSTANT_MAX;
}

/** The last moment of the year 9999: FHIR writes years in four digits. */
const INSTANT_MAX = 253_402_300_799_999;
