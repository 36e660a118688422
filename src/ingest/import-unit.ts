/**
 * What an import hands over and what becomes of it: the shapes that the command line, the door and the
 * importer share. A unit is taken whole or not at all, and known again by its content, so that an import that
 * was stopped can be started again.
 */
import { hash } from 'node:crypto';
import type { IssueType } from '../base/failure.ts';

export type UnitKind =
  /** A Bundle or a single resource. */
  | 'json'
  /** Lines of NDJSON, each a resource. */
  | 'ndjson'
  /** HL7 v2 messages, each ended by FS CR as in MLLP. */
  | 'hl7v2';

export interface ImportUnit {
  readonly kind: UnitKind;
  readonly bytes: Buffer;
}

/** One thing that was not taken, and why. */
export interface Reject {
  /**
   * Which line or message of the unit, counted from 0; absent where it is the whole unit or an entry of a
   * Bundle.
   */
  readonly part?: number;
  readonly code: IssueType;
  /** What is wrong and how to mend it; names nobody. */
  readonly reason: string;
  /** FHIRPath, such as `Bundle.entry[2].resource.name`. */
  readonly expression?: string;
}

export type UnitOutcome =
  | {
      readonly kind: 'taken';
      /** It was taken before, by an earlier run or in this one; nothing was done. */
      readonly before: boolean;
      /** Versions written. */
      readonly resources: number;
      /** Found to be there already just so. */
      readonly unchanged: number;
      readonly rejects: readonly Reject[];
    }
  /** It refers by condition to something that is not there yet: to be tried again after the others. */
  | { readonly kind: 'waits'; readonly rejects: readonly Reject[] };

/** Where units go: a node's importer, or a running node over HTTP. */
export interface ImportTarget {
  /**
   * Takes a unit; durable when it resolves. With `last` nothing waits any more: what finds nothing is
   * rejected. Throws Failure where the import cannot go on: `no-store` (disk full), `forbidden`, `transient`.
   */
  take(unit: ImportUnit, last: boolean): Promise<UnitOutcome>;
  /** Durable commits so far. */
  commits(): number;
}

/** Under this a unit is remembered: its kind and the SHA-256, in hex, of its bytes. */
export function unitName({ kind, bytes }: ImportUnit): string {
  return `${kind}-${hash('sha256', bytes)}`;
}
