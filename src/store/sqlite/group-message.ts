/** What crosses between the store and its writer thread. Plain data; failures cross as their parts. */
import { Failure, type Issue, type IssueType } from '../../base/failure.ts';
import type { SearchQuery } from '../../fhir/search-query.ts';
import type { Scope } from '../scope.ts';
import type { FoundBy } from '../store.ts';
import type { TextState } from './index/text-index.ts';
import type { PreparedWrite } from './prepare-write.ts';

export type PreparedOp =
  | {
      readonly op: 'create';
      readonly type: string;
      readonly id: string;
      readonly write: PreparedWrite;
      readonly ifNoneExist?: SearchQuery;
      readonly expected?: string;
      readonly within?: Scope;
    }
  | {
      readonly op: 'put';
      readonly type: string;
      readonly id: string;
      readonly write: PreparedWrite;
      readonly ifMatch?: string;
      readonly onlyIfChanged?: true;
      readonly foundBy?: FoundBy;
    }
  | {
      readonly op: 'delete';
      readonly type: string;
      readonly id: string;
      readonly ifMatch?: string;
      readonly foundBy?: FoundBy;
    };

export interface BlobChange {
  readonly space: string;
  readonly name: string;
  /** Absent: deleted. */
  readonly bytes?: Uint8Array;
}

export interface WriteRequest {
  readonly n: number;
  /** The node's clock when it was asked for (ms). */
  readonly now: number;
  readonly ops: readonly PreparedOp[];
  /** auditText of the draft; absent for blobs alone, which are no access to a record. */
  readonly audit?: string;
  readonly blobs: readonly BlobChange[];
}

export interface Written {
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'deleted' | 'existing' | 'absent';
  readonly id: string;
  readonly version: number;
  readonly at: number;
  readonly rid: number;
  /** Patients in whose compartment the version lay that this one replaces; absent where there was none. */
  readonly before?: readonly string[];
}

export type WriteReply =
  | { readonly n: number; readonly seq: number; readonly at: number; readonly written: readonly Written[] }
  | { readonly n: number; readonly failure: FailureParts };

/** All replies of one durable group; none where the writer was asked to index. */
export interface GroupReply {
  readonly replies: readonly WriteReply[];
  /** Up to this commit everything can be found by its values. */
  readonly indexedSeq: number;
  /** Why nothing more could be indexed. */
  readonly indexFailure?: FailureParts;
  /** How far the index of full text is, where there is news of it, and why it goes no further. */
  readonly text?: TextState;
  readonly textFailure?: FailureParts;
}

export interface FailureParts {
  readonly code: IssueType;
  readonly text: string;
  readonly status?: number;
  readonly issues: readonly Issue[];
  /** Which op of the request failed. */
  readonly op?: number;
}

export function failureParts(failure: Failure): FailureParts {
  return {
    code: failure.code,
    text: failure.message,
    issues: failure.issues,
    ...(failure.status === undefined ? {} : { status: failure.status }),
    ...(failure.op === undefined ? {} : { op: failure.op }),
  };
}

/** What each op of a request gives, one after the other; what one of them throws says which it was. */
export function eachOp<O, T>(ops: readonly O[], act: (op: O) => T): T[] {
  const done: T[] = [];
  try {
    for (const op of ops) done.push(act(op));
  } catch (error) {
    throw error instanceof Failure ? failureFrom({ ...failureParts(error), op: done.length }) : error;
  }
  return done;
}

export function failureFrom(parts: FailureParts): Failure {
  return new Failure(parts.code, parts.text, {
    issues: parts.issues,
    ...(parts.status === undefined ? {} : { status: parts.status }),
    ...(parts.op === undefined ? {} : { op: parts.op }),
  });
}
