/**
 * An audit row: who did what, to whose record, why, through which request. Every read and write has
 * one. Rows form a hash chain (records/audit-chain says how they are hashed), so that a changed,
 * lost or moved row shows.
 */
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
