/**
 * The store port: versioned resources, their search index and audit rows in one commit. Writes are
 * data (`commit(ops, audit)`), never a transaction callback; reads go through a snapshot, which is a
 * predicate over `seq` and `until` and so the same in every database. Only records/ and app.ts call it.
 */
import type { Id, InstantMs, Seq, VersionId } from '../base/brands.ts';
import type { Identified, Resource, ResourceType } from '../fhir/resource.ts';
import type { SearchQuery } from '../fhir/search-query.ts';
import type { AuditDraft, AuditRow } from './audit.ts';
import type { Scope } from './scope.ts';

export type WriteOp =
  /**
   * A new resource under a new id; `id` where the caller has already drawn it (references inside a
   * transaction).
   */
  | {
      readonly op: 'create';
      readonly resource: Resource;
      readonly id?: Id;
      readonly ifNoneExist?: SearchQuery;
      /**
       * What the caller found by ifNoneExist and wrote references by. The commit throws Failure `lock-error`
       * and writes nothing where it finds something else, so that no reference leads to an id that was never
       * given. With `none` the id may be that of a resource that was deleted: it goes on from there.
       */
      readonly expected?: Id | 'none';
      /** Whom ifNoneExist may find: what the caller may not see counts as none. Everything where left out. */
      readonly within?: Scope;
    }
  /**
   * Update, or create under the caller's id. `ifMatch: 'absent'` demands that nothing is there. With
   * `onlyIfChanged` what is there already, byte for byte, is not written again: an extract may come every
   * night.
   */
  | {
      readonly op: 'put';
      readonly resource: Identified;
      readonly ifMatch?: VersionId | 'absent';
      readonly onlyIfChanged?: true;
      readonly foundBy?: FoundBy;
    }
  | {
      readonly op: 'delete';
      readonly type: ResourceType;
      readonly id: Id;
      readonly ifMatch?: VersionId;
      readonly foundBy?: FoundBy;
    };

/**
 * The search by which the caller found the resource of an op. The commit throws Failure `lock-error` and writes
 * nothing where it does not find this one, `multiple-matches` where it finds others too.
 */
export interface FoundBy {
  readonly query: SearchQuery;
  /** Whom the search may find; everything where left out. */
  readonly within?: Scope;
}

/** One version as it is kept. `bytes` is the wire JSON, sent out untouched. */
export interface Stored {
  readonly type: ResourceType;
  readonly id: Id;
  readonly versionId: VersionId;
  readonly lastUpdated: InstantMs;
  readonly seq: Seq;
  readonly bytes: Buffer;
  /**
   * Patients in whose compartment this version lies: whose record it is, for the audit row. Empty where it
   * lies in none.
   */
  readonly persons: readonly Id[];
  readonly deleted: false;
}

/** The version in which a resource was deleted. */
export interface Deleted {
  readonly type: ResourceType;
  readonly id: Id;
  readonly versionId: VersionId;
  readonly lastUpdated: InstantMs;
  readonly seq: Seq;
  /** In whose record lay what was deleted. */
  readonly persons: readonly Id[];
  readonly deleted: true;
}

export interface Committed {
  /**
   * `existing`: ifNoneExist found this one; `unchanged`: onlyIfChanged found the same. Nothing was written
   * for either.
   */
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'deleted' | 'existing' | 'absent';
  readonly type: ResourceType;
  readonly id: Id;
  readonly versionId: VersionId;
  readonly lastUpdated: InstantMs;
  /** The stored wire JSON; absent for deletions. */
  readonly bytes?: Buffer;
}

/** One durable commit: in the order of the ops given. */
export interface Commit {
  readonly seq: Seq;
  readonly at: InstantMs;
  readonly entries: readonly Committed[];
}

/** A commit as the changes feed tells it. */
export interface Change {
  readonly seq: Seq;
  readonly at: InstantMs;
  readonly entries: readonly ChangedResource[];
}

export interface ChangedResource {
  readonly type: ResourceType;
  readonly id: Id;
  readonly versionId: VersionId;
  readonly deleted: boolean;
  /** Patients in whose compartment this version or the one before lay. */
  readonly persons: readonly Id[];
}

export interface Page<T> {
  readonly entries: readonly T[];
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string;
  /** Matches in all, where it was asked for or is free to say. */
  readonly total?: number;
}

/** Matches and what `_include` and `_revinclude` bring along (each resource once, matches excluded). */
export interface SearchPage extends Page<Stored> {
  readonly included: readonly Stored[];
}

export interface HistoryTarget {
  readonly type: ResourceType;
  readonly id: Id;
}

/** Versions of one resource, of those of a type, or of all: what is left out does not narrow. */
export interface HistoryQuery {
  readonly type?: ResourceType;
  /** Only beside a type. */
  readonly id?: Id;
  /** Only versions written at or after. */
  readonly since?: InstantMs;
  /** Only versions that were current at some moment of this range, both ends in it; a deletion that fell into it. */
  readonly at?: { readonly lo: InstantMs; readonly hi: InstantMs };
}

export interface PageRequest {
  readonly count: number;
  readonly cursor?: string;
}

export interface CompartmentQuery {
  /** Patient ids: one person may have several records that a merge joined. */
  readonly persons: readonly Id[];
  readonly types?: readonly ResourceType[];
  /** Only versions written at or after. */
  readonly since?: InstantMs;
  /**
   * Also what those resources refer to outside any compartment (Practitioner, Organization, Medication …), to
   * any depth.
   */
  readonly withReferenced: boolean;
  readonly count: number;
  readonly cursor?: string;
}

export interface Snapshot {
  readonly seq: Seq;
  /** The current version at this snapshot; undefined where there never was one or it is out of scope. */
  read(type: ResourceType, id: Id, scope: Scope): Promise<Stored | Deleted | undefined>;
  readVersion(
    type: ResourceType,
    id: Id,
    versionId: VersionId,
    scope: Scope,
  ): Promise<Stored | Deleted | undefined>;
  /**
   * Newest first, deletions with them. Of a type and of all, only resources whose newest version is in scope
   * too, no total, and a page may hold less than was asked for, even nothing, and still have a next one: so
   * much work is done for one question and no more.
   */
  history(query: HistoryQuery, page: PageRequest, scope: Scope): Promise<Page<Stored | Deleted>>;
  search(query: SearchQuery, scope: Scope): Promise<SearchPage>;
  /** Everything that belongs to a person, for `$everything`, the shared record and continuity copies. */
  compartment(query: CompartmentQuery, scope: Scope): Promise<Page<Stored>>;
  /**
   * Patients whose compartment holds something that refers to one of these resources, itself or by way of
   * others outside any compartment. Others get their turn while it looks.
   */
  personsReferringTo(resources: readonly HistoryTarget[]): Promise<readonly Id[]>;
}

/** Raw messages and sealed copies: durable before `put` resolves, addressed by name, bounded by a limit. */
export interface Blobs {
  put(space: string, name: string, bytes: Buffer): Promise<void>;
  get(space: string, name: string): Promise<Buffer | undefined>;
  delete(space: string, name: string): Promise<void>;
  /** Names in `space` that sort after `after`, at most `count`, in order. */
  list(space: string, after: string | undefined, count: number): Promise<readonly string[]>;
}

export interface Store {
  /** A stable view: the newest commit, or the one that `at` names. */
  snapshot(at?: Seq): Promise<Snapshot>;
  /**
   * All of `ops` or none, on the disk before it resolves, with its audit row in the same commit. The
   * row's `persons` are those of the draft and those in whose compartment the written versions lie, or lay
   * the versions that they replace; what `ifNoneExist` found stands among its targets and its people among
   * the persons. All this is known here anyway, and dear to work out twice. `blobs` are written in the same
   * transaction. Throws Failure: `conflict` (ifMatch, status 412), `duplicate` (a create's id exists),
   * `multiple-matches` (ifNoneExist), `no-store` (disk full or the reserve reached).
   */
  commit(ops: readonly WriteOp[], audit: AuditDraft, blobs?: readonly BlobWrite[]): Promise<Commit>;
  /**
   * Appends audit rows of reads: in the log (survives kill -9) when it resolves, on the disk within 20 ms.
   * `transient` where the log is stalled.
   */
  auditReads(drafts: readonly AuditDraft[]): Promise<void>;
  /** Audit rows, oldest first, of both chains. */
  auditRows(filter: AuditFilter): Promise<readonly AuditRow[]>;
  /** Walks both hash chains; the first broken row, or undefined where all hold. */
  verifyAudit(): Promise<BrokenAudit | undefined>;
  /** Commits after `after`, in order; waits for new ones until the signal aborts. */
  changes(after: Seq, signal: AbortSignal): AsyncIterable<Change>;
  readonly blobs: Blobs;
  /** Counts since the store was opened, for metrics. */
  figures(): StoreFigures;
  close(): Promise<void>;
}

export interface StoreFigures {
  /** Commits acknowledged. */
  readonly commits: number;
  /** Transactions of the database that carried them: each one sync of the log. */
  readonly transactions: number;
  /** Commits that wait for the writer now. */
  readonly waiting: number;
  /** Searches that have a thread to themselves now. */
  readonly searches: number;
  /** Searches that wait for a thread now. */
  readonly searchesWaiting: number;
}

export interface BlobWrite {
  readonly space: string;
  readonly name: string;
  readonly bytes: Buffer;
}

export interface AuditFilter {
  readonly chain: 'writes' | 'reads';
  readonly after?: number;
  readonly count: number;
}

export interface BrokenAudit {
  readonly chain: 'writes' | 'reads';
  readonly row: number;
  readonly reason: string;
}
