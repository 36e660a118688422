/**
 * The way in: every read and write of every door passes through a session, which decides, does and audits in
 * one step. A session is bound to one asker and is cheap to make, one per request.
 */

import type { Asker } from '../access/actor.ts';
import type { Id, InstantMs, Seq, VersionId } from '../base/brands.ts';
import type { ResourceType } from '../fhir/resource.ts';
import type { SearchQuery } from '../fhir/search-query.ts';
import type { AuditDraft } from '../store/audit.ts';
import type {
  BlobWrite,
  Change,
  Commit,
  CompartmentQuery,
  Deleted,
  HistoryQuery,
  Page,
  PageRequest,
  SearchPage,
  Stored,
  WriteOp,
} from '../store/store.ts';

/** What doors and the network hold: `records.as(asker)`. */
export interface Records {
  as(asker: Asker): RecordSession;
}

export interface RecordSession {
  readonly asker: Asker;
  /**
   * The current version. Throws Failure `not-found` (also where it is out of scope), `deleted`, `forbidden`.
   */
  read(type: ResourceType, id: Id): Promise<Stored>;
  readVersion(type: ResourceType, id: Id, versionId: VersionId): Promise<Stored>;
  /**
   * Newest first, deletions with them, of one resource (throws `not-found`), of a type or of all that the
   * asker may see; a page of the latter two may hold less than asked for and still have a next one.
   */
  history(query: HistoryQuery, page: PageRequest): Promise<Page<Stored | Deleted>>;
  search(query: SearchQuery): Promise<SearchPage>;
  /**
   * As `search`, for what a write of the source system is about to be built on. Nothing of it leaves the
   * node, so it has no audit row of its own: that of the write, or of the refusal, follows. Role `system`
   * only; throws `forbidden`.
   */
  lookUp(query: SearchQuery): Promise<SearchPage>;
  /**
   * Everything of the Patient records given; each must be in scope. To an asker of another organisation it is
   * a disclosure: the share policy decides, and its row is durable before the answer. Throws `not-found`,
   * `forbidden`, `suppressed`.
   */
  compartment(query: CompartmentQuery): Promise<Page<Stored>>;
  /**
   * Decides on every op, then commits all or none with the audit row. Resources must have been validated by
   * the caller's door.
   */
  submit(ops: readonly WriteOp[], options?: SubmitOptions): Promise<Commit>;
  /**
   * An audit row of its own for acts that no other method records: a disclosure, a refusal, the opening of a
   * copy. Durable when it resolves.
   */
  note(note: AuditNote): Promise<void>;
  /**
   * What a feed brought, as it came, and what is known of what was refused; undefined where there is none of
   * that name. Throws Failure `forbidden`: raw messages are the source system's alone, the notes about
   * refused ones the engineer's too.
   */
  kept(space: KeptSpace, name: string): Promise<Buffer | undefined>;
  /** Names in `space` that sort after `after`, at most `count`, in order. Throws as `kept` does. */
  keptNames(space: KeptSpace, after: string | undefined, count: number): Promise<readonly string[]>;
  /**
   * Writes on notes about refused messages what became of them, with an audit row in the same durable commit.
   * The engineer may, too; throws Failure `forbidden`.
   */
  settle(letters: readonly LetterWrite[], detail: NonNullable<AuditDraft['detail']>): Promise<void>;
  /**
   * Whether the asker may do something at a door that no other method decides on; what then touches the store
   * decides and audits for itself. Throws Failure `forbidden` with its audit row in the log.
   */
  permit(act: DoorAct): Promise<void>;
  /**
   * Whether the asker may write this type at all, before a condition looks for what to write. Throws Failure
   * `forbidden` with its audit row in the log; `target` is what the row says was wanted.
   */
  permitWrite(action: AuditDraft['action'], type: ResourceType, target: string): Promise<void>;
  /** As `permit`, for a read that no other method records: the row of one that is permitted is in the log, too. */
  permitRead(act: DoorAct): Promise<void>;
  /** Commits after `after`; role `node` and `system` only. */
  changes(after: Seq, signal: AbortSignal): AsyncIterable<Change>;
  /** The newest seq. */
  head(): Promise<Seq>;
}

/** What is asked of a door: by which rule it is decided, and what its audit row says was wanted of what. */
export interface DoorAct {
  readonly rule: 'feeds' | 'messages' | 'import';
  readonly action: AuditDraft['action'];
  readonly target: string;
}

/**
 * What is kept beside resources: messages as they came, notes on those that were refused (nothing of a
 * person in them), and notes on what an import has taken.
 */
export type KeptSpace = 'v2-messages' | 'v2-dead-letters' | 'imports';

export interface KeptWrite extends BlobWrite {
  readonly space: KeptSpace;
}

/** A note on a message that was refused. */
export interface LetterWrite extends KeptWrite {
  readonly space: 'v2-dead-letters';
}

export interface SubmitOptions {
  /** Written in the same durable commit: the raw message behind the ops. */
  readonly blobs?: readonly KeptWrite[];
  /** What the audit row calls the act; taken from the ops where left out. */
  readonly action?: AuditDraft['action'];
  readonly detail?: AuditDraft['detail'];
}

export interface AuditNote {
  readonly action: AuditDraft['action'];
  readonly targets: readonly string[];
  readonly persons: readonly string[];
  readonly outcome: AuditDraft['outcome'];
  readonly detail?: AuditDraft['detail'];
  readonly at?: InstantMs;
}
