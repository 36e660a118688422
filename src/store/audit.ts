/**
 * An audit row: who did what, to whose record, why, through which request. Every read and write has
 * one. Rows form a hash chain (auditHash), so that a changed,
 * lost or moved row shows.
 */
import { hash } from 'node:crypto';
import type { InstantMs } from '../base/brands.ts';

export type AuditAction =
  | 'create'
  | 'read'
  | 'update'
  | 'delete'
  | 'search'
  | 'history'
  | 'everything'
  | 'shared-record'
  | 'disclose'
  | 'open-copy'
  | 'release-share'
  | 'import'
  | 'ingest'
  | 'refuse'
  | 'export'
  | 'page';

export interface AuditDraft {
  readonly at: InstantMs;
  readonly action: AuditAction;
  readonly actor: {
    readonly id: string;
    readonly name: string;
    readonly role: string;
    readonly organisation: string;
  };
  readonly purpose: string;
  /** Ties the row to the HTTP request, HL7 message or job. */
  readonly requestId: string;
  /** `Type/id` of what was touched, or the search with its values left out; at most 20, then a count. */
  readonly targets: readonly string[];
  /** Patient ids (of this node) whose record it was. */
  readonly persons: readonly string[];
  readonly outcome: 'ok' | 'refused' | 'failed';
  /** Rule that refused, sources that answered, numbers that matter. No free text from people. */
  readonly detail?: Readonly<Record<string, string | number>>;
}

/** A kept row. `n` counts from 1 without gaps within its chain; `hash` covers the row and `before`. */
export interface AuditRow extends AuditDraft {
  readonly n: number;
  readonly before: string;
  readonly hash: string;
}

/** The draft with these persons added to its own, each once. */
export function withPersons(draft: AuditDraft, persons: Iterable<string>): AuditDraft {
  const all = new Set(draft.persons);
  for (const person of persons) all.add(person);
  return all.size === draft.persons.length ? draft : { ...draft, persons: [...all] };
}

/** What the first row of a chain has for `before`. */
export const CHAIN_START = '0'.repeat(64);

/**
 * The text of a draft as it is kept and hashed: JSON with its fields in this order. Put together from parts,
 * since each read has one, and the asker of a token is the same with each.
 */
export function auditText(draft: AuditDraft): string {
  const { at, action, actor, purpose, requestId, targets, persons, outcome, detail } = draft;
  return (
    `{"at":${JSON.stringify(at)},"action":"${action}","actor":${actorText(actor)},` +
    `"purpose":${JSON.stringify(purpose)},"requestId":${JSON.stringify(requestId)},` +
    `"targets":${JSON.stringify(targets)},"persons":${JSON.stringify(persons)},"outcome":"${outcome}"` +
    (detail === undefined ? '}' : `,"detail":${JSON.stringify(detail)}}`)
  );
}

const actorTexts = new WeakMap<AuditDraft['actor'], string>();

function actorText(actor: AuditDraft['actor']): string {
  const known = actorTexts.get(actor);
  if (known !== undefined) return known;
  const { id, name, role, organisation } = actor;
  const text = JSON.stringify({ id, name, role, organisation });
  // one that somebody may still change would be written as it was
  if (Object.isFrozen(actor)) actorTexts.set(actor, text);
  return text;
}

/** SHA-256, in hex, over the hash of the row before, this row's number and its text. */
export function auditHash(before: string, n: number, text: string): string {
  return hash('sha256', `${before}\n${n}\n${text}`);
}

/** A chain's row as a database keeps it. */
export interface KeptAuditRow {
  readonly n: number;
  readonly text: string;
  readonly hash: string;
}

/** Where a chain ends: its number of rows and the hash of the last one. */
export interface AuditEnd {
  readonly n: number;
  readonly hash: string;
}

/** The end of a chain without rows. */
export const NO_ROWS: AuditEnd = { n: 0, hash: CHAIN_START };

/**
 * Walks rows that follow on `from`, in order of n: the end that they lead to, or the first that is not what
 * was written. Only the end as it is remembered outside the rows shows whether a tail was cut off or put on
 * (an attacker who can write both can do both: only a copy of the end held elsewhere shows that).
 */
export function walkChain(
  from: AuditEnd,
  rows: Iterable<KeptAuditRow>,
): { readonly end: AuditEnd } | { readonly row: number; readonly reason: string } {
  let { n, hash: before } = from;
  for (const row of rows) {
    n++;
    if (row.n !== n) return { row: n, reason: `row ${n} is missing` };
    if (auditHash(before, n, row.text) !== row.hash)
      return { row: n, reason: `row ${n} is not what was written` };
    before = row.hash;
  }
  return { end: { n, hash: before } };
}
