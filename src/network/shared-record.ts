/**
 * The shared record: a person's whole record, put together when it is asked for. These are its
 * shapes; the outside form is in the contract ("The shared record").
 */
import type { Asker } from '../access/actor.ts';
import type { Id, InstantMs, NhsNumber, OdsCode } from '../base/brands.ts';
import type { OrganisationKind } from '../base/node-config.ts';
import type { ResourceType } from '../fhir/resource.ts';

/** `refused` never falls back to a copy. */
export type SourceStatus = 'live' | 'behind' | 'copy' | 'unavailable' | 'refused';
export type RefusalRule = 'consent' | 'role' | 'label' | 'identity' | 'quarantine';

/** What a node can say about one kind of information. A kind that is absent is not "none". */
export interface Coverage {
  readonly kind: ResourceType;
  /** YYYY-MM-DD */
  readonly since: string;
  readonly asAt: InstantMs;
}

/** What one source contributed, or why it did not. */
export interface SourceReport {
  readonly ods: OdsCode;
  readonly name: string;
  readonly kind: OrganisationKind;
  readonly status: SourceStatus;
  readonly rule?: RefusalRule;
  /**
   * When the holder last knew that it had every change that the source acknowledged; left out where it never
   * did.
   */
  readonly asAt?: InstantMs;
  readonly coverage: readonly Coverage[];
  /** Kinds that a late feed leaves behind, and since when; NEVER where none of them ever came. */
  readonly behind: readonly { readonly kind: ResourceType; readonly since: InstantMs }[];
  /** The same in plain words. */
  readonly diagnostics: string;
}

/** One resource, exactly as its node holds it. */
export interface SharedEntry {
  readonly source: OdsCode;
  readonly type: ResourceType;
  readonly id: Id;
  /** Absolute at its node. */
  readonly fullUrl: string;
  readonly bytes: Buffer;
}

export interface SharedRecord {
  /** As it was asked for. */
  readonly nhsNumber: NhsNumber;
  /** All numbers that the asker's organisation has verified of this person, the one in use first. */
  readonly nhsNumbers: readonly [NhsNumber, ...NhsNumber[]];
  readonly askedAt: InstantMs;
  readonly sources: readonly SourceReport[];
  readonly entries: readonly SharedEntry[];
  /** What is to be known of the record beside its sources: a number that was replaced, a part not reached. */
  readonly notes: readonly RecordNote[];
  /** Age of the locator's answer; undefined where there was none. */
  readonly locatorAsAt?: InstantMs;
  readonly directoryExpired: boolean;
}

export interface RecordNote {
  /** `gap`: something may be missing. */
  readonly kind: 'gap' | 'superseded';
  readonly text: string;
}

export interface SharedRecordQuery {
  readonly types?: readonly ResourceType[];
  readonly since?: InstantMs;
}

/** What doors see of the network. */
export interface SharedRecords {
  /**
   * Throws Failure `not-found` (unknown, ambiguous or no relationship), `forbidden`. Comes within the
   * deadline setting.
   */
  assemble(nhsNumber: NhsNumber, query: SharedRecordQuery, asker: Asker): Promise<SharedRecord>;
  /** The Bundle as bytes to send, joined from stored bytes, in pieces. */
  bundle(record: SharedRecord): readonly Buffer[];
  /** State of every organisation in the directory, as this node sees it now. */
  organisations(): readonly OrganisationState[];
}

export interface OrganisationState {
  readonly ods: OdsCode;
  readonly name: string;
  readonly kind: OrganisationKind;
  readonly url: string;
  readonly state: 'up' | 'late' | 'down' | 'unknown';
  readonly lastSeen?: InstantMs;
}
