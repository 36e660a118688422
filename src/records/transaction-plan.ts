/**
 * A transaction, planned before anything is done: every entry read, routed and validated, ids drawn,
 * references between entries and conditional ones resolved. What is left is one commit. All that is wrong
 * is told at once. R4 "Transaction Processing Rules", http://hl7.org/fhir/R4/http.html#trules.
 */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import type { Id, VersionId } from '../base/brands.ts';
import { Failure, type Issue } from '../base/failure.ts';
import type { Ids } from '../base/ids.ts';
import type { Settings } from '../base/settings.ts';
import type { Identified, Resource, ResourceType } from '../fhir/resource.ts';
import type { SearchQuery } from '../fhir/search-query.ts';
import type { WriteOp } from '../store/store.ts';
import { conditionQuery, ifMatchOf, mustBeAbsent } from './conditions.ts';
import { requireSameId, requireType, underId } from './given-resource.ts';
import type { ProfileRules } from './profile-rules.ts';
import { type EntryMethod, entryErrors, RANK, type RequestEntry, readEntry } from './request-entry.ts';
import type { WantedVersion } from './submit-found.ts';
import { type Patch, patchIn } from './submit-patched.ts';

/** An entry that writes. `id` is the one it will have, drawn already for a create. */
export interface PlannedWrite {
  readonly entry: RequestEntry;
  readonly type: ResourceType;
  readonly id: Id;
  readonly op: WriteOp;
  /** What the organisation's profiles remarked without refusing. */
  readonly warnings?: readonly Issue[];
  /** Absent where all is known: what the write depends on must be looked for first. */
  readonly pending?: Pending;
}

/** A write of what a condition finds, or of what a patch makes; its op is not the final one. */
export type Pending =
  | {
      readonly kind: 'update';
      readonly query: SearchQuery;
      readonly resource: Resource;
      readonly wanted: WantedVersion;
    }
  | { readonly kind: 'delete'; readonly query: SearchQuery; readonly ifMatch: VersionId | undefined }
  | {
      readonly kind: 'patch';
      readonly query?: SearchQuery;
      readonly patch: Patch;
      readonly ifMatch: VersionId | undefined;
    };

/** What the address of an entry means. */
export interface EntryRoute {
  readonly interaction: { readonly code: string };
  readonly type: ResourceType | undefined;
  readonly id: Id | undefined;
}

export interface PlanParts {
  /** Absolute address of the FHIR base, which an entry may write in front of its url. */
  readonly base: string;
  readonly settings: Settings;
  readonly ids: Ids;
  /** Absent where the organisation asks for no more than R4. */
  readonly profiles?: ProfileRules;
  /** For a path without its query. Throws Failure where nothing is there. */
  route(method: EntryMethod, path: string): EntryRoute;
}

export interface TransactionPlan {
  /** In the order of doing: deletions, creations, updates. */
  readonly writes: readonly PlannedWrite[];
  readonly reads: readonly RequestEntry[];
}

/** Errors that one answer tells; a Bundle that is wrong throughout is not listed whole. */
const ISSUES_TOLD = 50;
/** Entries planned before other requests get their turn. */
const ENTRIES_A_TURN = 250;

/** Reads and checks every entry. Throws Failure with the issues of all entries, each at its expression. */
export async function planTransaction(parts: PlanParts, raw: readonly unknown[]): Promise<TransactionPlan> {
  const writes: PlannedWrite[] = [];
  const reads: RequestEntry[] = [];
  const failures: Failure[] = [];
  for (const [index, one] of raw.entries()) {
    // a check against profiles takes as long as the planning of many
    const isLong = parts.profiles !== undefined && index > 0;
    if (isLong || index % ENTRIES_A_TURN === ENTRIES_A_TURN - 1) await turnOfOthers();
    try {
      const entry = readEntry(one, index, parts.base);
      if (entry.method === 'GET') {
        routeOf(parts, entry); // throws where nothing is there
        reads.push(entry);
      } else {
        writes.push(planWrite(parts, entry));
      }
    } catch (thrown) {
      failures.push(placed(thrown, `Bundle.entry[${index}]`));
      if (failures.length >= ISSUES_TOLD) break;
    }
  }
  if (failures.length === 0) failures.push(...overlaps(writes));
  const [first] = failures;
  if (first !== undefined) throw together(first, failures);
  return { writes: writes.sort((a, b) => RANK[a.entry.method] - RANK[b.entry.method]), reads };
}

function routeOf(parts: PlanParts, { method, url }: RequestEntry): EntryRoute {
  return parts.route(method, url.split('?', 1)[0] ?? '');
}

/** The write of one entry, validated and held to what the organisation asks. Throws Failure at the entry. */
export function planWrite(parts: PlanParts, entry: RequestEntry): PlannedWrite {
  const write = routedWrite(parts, entry);
  const resource = parts.profiles === undefined ? undefined : resourceOf(write.op);
  if (resource === undefined) return write;
  const warnings = parts.profiles?.hold(resource, `${entry.place}.resource`) ?? [];
  return warnings.length === 0 ? write : { ...write, warnings };
}

function routedWrite(parts: PlanParts, entry: RequestEntry): PlannedWrite {
  const match = routeOf(parts, entry);
  const { code } = match.interaction;
  const type = match.type;
  if (type !== undefined) {
    switch (code) {
      case 'create':
        return planCreate(parts, entry, type);
      case 'update':
        return match.id === undefined
          ? planConditionalUpdate(parts, entry, type)
          : planUpdate(entry, type, match.id);
      case 'delete':
        return planDelete(parts, entry, type, match.id);
      case 'patch':
        return planPatch(parts, entry, type, match.id);
    }
  }
  throw new Failure('not-supported', `"${code}" by ${entry.method} is not supported inside a transaction.`, {
    expression: `${entry.place}.request`,
  });
}

function planCreate(parts: PlanParts, entry: RequestEntry, type: ResourceType): PlannedWrite {
  const id = parts.ids.next();
  const resource = underId(validResource(entry, type), id);
  const condition = entry.headers['if-none-exist'];
  const ifNoneExist: { ifNoneExist?: SearchQuery } =
    condition === undefined ? {} : { ifNoneExist: conditionQuery(parts.settings, type, String(condition)) };
  return { entry, type, id, op: { op: 'create', resource, id, ...ifNoneExist } };
}

function wantedVersion(entry: RequestEntry): WantedVersion {
  return mustBeAbsent(entry.headers) ? 'absent' : ifMatchOf(entry.headers);
}

function planUpdate(entry: RequestEntry, type: ResourceType, id: Id): PlannedWrite {
  const resource = requireSameId(validResource(entry, type), id, `${entry.place}.resource`);
  const ifMatch = wantedVersion(entry);
  return { entry, type, id, op: { op: 'put', resource, ...(ifMatch === undefined ? {} : { ifMatch }) } };
}

function planConditionalUpdate(parts: PlanParts, entry: RequestEntry, type: ResourceType): PlannedWrite {
  const resource = validResource(entry, type);
  const query = conditionOf(parts, entry, type);
  const id = (resource.id as Id | undefined) ?? parts.ids.next();
  const op = { op: 'create', resource: underId(resource, id), id, ifNoneExist: query } as const;
  return { entry, type, id, op, pending: { kind: 'update', query, resource, wanted: wantedVersion(entry) } };
}

function planDelete(
  parts: PlanParts,
  entry: RequestEntry,
  type: ResourceType,
  named: Id | undefined,
): PlannedWrite {
  const ifMatch = ifMatchOf(entry.headers);
  if (named !== undefined) {
    const op = { op: 'delete', type, id: named, ...(ifMatch === undefined ? {} : { ifMatch }) } as const;
    return { entry, type, id: named, op };
  }
  // where nothing is found, an id that nothing has is deleted: each entry has its op
  const id = parts.ids.next();
  const pending = { kind: 'delete', query: conditionOf(parts, entry, type), ifMatch } as const;
  return { entry, type, id, op: { op: 'delete', type, id }, pending };
}

function planPatch(
  parts: PlanParts,
  entry: RequestEntry,
  type: ResourceType,
  named: Id | undefined,
): PlannedWrite {
  if (entry.resource === undefined) {
    const text = 'An entry that patches needs its resource: Parameters, or a Binary that holds a JSON Patch.';
    throw new Failure('required', text, { expression: `${entry.place}.resource` });
  }
  const id = named ?? parts.ids.next();
  const query = named === undefined ? { query: conditionOf(parts, entry, type) } : {};
  const patch = patchIn(entry.resource, parts.settings);
  const pending = { kind: 'patch', patch, ifMatch: ifMatchOf(entry.headers), ...query } as const;
  return { entry, type, id, op: { op: 'delete', type, id }, pending };
}

/** The condition in the address of an entry. Throws Failure as conditionQuery does. */
function conditionOf(parts: PlanParts, { url }: RequestEntry, type: ResourceType): SearchQuery {
  const at = url.indexOf('?');
  return conditionQuery(parts.settings, type, at < 0 ? '' : url.slice(at + 1));
}

function validResource(entry: RequestEntry, type: ResourceType): Resource {
  const place = `${entry.place}.resource`;
  if (entry.resource === undefined) {
    throw new Failure('required', `An entry that is sent by ${entry.method} needs its resource.`, {
      expression: place,
    });
  }
  const resource = requireType(entry.resource, type, place);
  const issues = entryErrors(resource, entry.place);
  const [first] = issues;
  if (first !== undefined) throw new Failure(first.code, first.text, { issues });
  return resource;
}

/** Two entries must not write one resource, have one fullUrl, or create under one condition. */
export function overlaps(writes: readonly PlannedWrite[]): Failure[] {
  const failures: Failure[] = [];
  const seen = new Map<string, RequestEntry>();
  const once = (key: string, what: string, { entry }: PlannedWrite): void => {
    const before = seen.get(key);
    if (before === undefined) {
      seen.set(key, entry);
      return;
    }
    const text = `Entries ${before.index} and ${entry.index} ${what}: a transaction may do so once.`;
    failures.push(new Failure('duplicate', text, { status: 400, expression: entry.place }));
  };
  for (const write of writes) {
    once(`${write.type}/${write.id}`, 'write the same resource', write);
    if (write.entry.fullUrl !== undefined && write.op.op !== 'delete') {
      once(`fullUrl ${write.entry.fullUrl}`, 'have the same fullUrl', write);
    }
    const condition = write.entry.headers['if-none-exist'];
    if (condition !== undefined && write.op.op === 'create') {
      once(`condition ${write.type}?${String(condition)}`, 'create under the same condition', write);
    }
    if (write.pending?.kind === 'update') {
      once(`condition ${write.entry.url}`, 'create or update under the same condition', write);
    }
  }
  return failures;
}

/** A failure with the entry it belongs to, where it does not say so itself. */
export function placed(thrown: unknown, place: string): Failure {
  if (!(thrown instanceof Failure)) throw thrown;
  const issues = thrown.issues.map((issue) =>
    issue.expression?.startsWith('Bundle.') === true ? issue : { ...issue, expression: place },
  );
  const detail = { issues, cause: thrown, ...(thrown.status === undefined ? {} : { status: thrown.status }) };
  return new Failure(thrown.code, thrown.message, detail);
}

function together(first: Failure, failures: readonly Failure[]): Failure {
  const issues: readonly Issue[] = failures.flatMap((failure) => failure.issues).slice(0, ISSUES_TOLD);
  return new Failure(first.code, first.message, {
    issues,
    cause: first,
    ...(first.status === undefined ? {} : { status: first.status }),
  });
}

/** The resource that an op writes; undefined for a deletion. */
export function resourceOf(op: WriteOp): Resource | Identified | undefined {
  return op.op === 'delete' ? undefined : op.resource;
}
