/**
 * One source's part of a shared record as it travels from node to node: a line of JSON that says what comes, then the stored bytes of
 * each entry one after the other. The reader cuts by the lengths in the line and checks that each piece is what the line says; it
 * parses no entry.
 */
import { type Id, type InstantMs, isId } from '../base/brands.ts';
import { isResourceType } from '../fhir/definitions.ts';
import type { ResourceType } from '../fhir/resource.ts';
import type { Coverage, RefusalRule } from './shared-record.ts';

/** Whether a source has what it should: `behind` names the kinds that a late feed leaves behind. */
export interface SourceState {
  readonly asAt: InstantMs;
  readonly coverage: readonly Coverage[];
  readonly behind: readonly { readonly kind: ResourceType; readonly since: InstantMs }[];
}

export interface SourceEntry {
  readonly type: ResourceType;
  readonly id: Id;
  readonly bytes: Buffer;
}

export type SourceAnswer =
  | { readonly kind: 'record'; readonly state: SourceState; readonly entries: readonly SourceEntry[] }
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
      readonly table: readonly (readonly [string, string, number])[];
    }
  | Exclude<SourceAnswer, { kind: 'record' }>;

/** The answer as bytes to send. */
export function encodeAnswer(answer: SourceAnswer): Buffer {
  if (answer.kind !== 'record') return Buffer.from(`${JSON.stringify(answer)}\n`);
  const table = answer.entries.map(({ type, id, bytes }) => [type, id, bytes.length] as const);
  const line: Line = { kind: 'record', state: answer.state, table };
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(line)}\n`),
    ...answer.entries.map((entry) => entry.bytes),
  ]);
}

/** What the bytes say, or undefined where they are not an answer: then nothing of them is used. */
export function decodeAnswer(body: Buffer): SourceAnswer | undefined {
  const end = body.indexOf(0x0a);
  if (end < 0) return undefined;
  const line = readLine(body.toString('utf8', 0, end));
  if (line === undefined) return undefined;
  if (line.kind !== 'record') return line;
  const entries: SourceEntry[] = [];
  let at = end + 1;
  for (const [type, id, length] of line.table) {
    const bytes = body.subarray(at, at + length);
    if (!isResourceType(type) || !isId(id) || bytes.length !== length || !isEntry(bytes, type, id))
      return undefined;
    entries.push({ type, id, bytes });
    at += length;
  }
  return at === body.length ? { kind: 'record', state: line.state, entries } : undefined;
}

/** Stored bytes begin with the type and the id that the store stamped there, and end with the resource. */
export function isEntry(bytes: Buffer, type: string, id: string): boolean {
  const head = `{"resourceType":"${type}","id":"${id}",`;
  return (
    bytes.length > head.length && bytes.toString('latin1', 0, head.length) === head && bytes.at(-1) === 0x7d
  );
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
        return line.table.every(
          ([type, id, length]) => typeof type === 'string' && typeof id === 'string' && length > 0,
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
    Number.isFinite(state.asAt) &&
    state.coverage.every(
      (one) => isResourceType(one.kind) && Number.isFinite(one.asAt) && typeof one.since === 'string',
    ) &&
    state.behind.every((one) => isResourceType(one.kind) && Number.isFinite(one.since))
  );
}
