/**
 * Resources that come without requests (NDJSON, collections, search results, single files) and entries of a
 * batch, as writes: what has an id is put under it, what has none is created. Each stands for itself, so one
 * that is wrong is rejected and the others are taken; but for those that would then refer to nothing.
 */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import { Failure } from '../../base/failure.ts';
import { isObject } from '../../fhir/json-access.ts';
import { eachReference } from '../../fhir/references.ts';
import type { Identified } from '../../fhir/resource.ts';
import { requireType, requireValid } from '../../records/given-resource.ts';
import { type EntryMethod, type RequestEntry, readEntry } from '../../records/request-entry.ts';
import { type PlannedWrite, type PlanParts, planWrite } from '../../records/transaction-plan.ts';
import type { Reject } from '../import-unit.ts';

/** A resource with the place it came from. */
export interface Given {
  readonly index: number;
  /** `Bundle.entry[2]`, or '' where the resource stands alone. */
  readonly place: string;
  readonly fullUrl: string | undefined;
  readonly resource: unknown;
  /** Which line of the unit it is, for NDJSON. */
  readonly part?: number;
}

export interface PlannedResource {
  readonly write: PlannedWrite;
  readonly part?: number;
}

export interface ResourcesPlan {
  readonly planned: readonly PlannedResource[];
  readonly rejects: readonly Reject[];
}

/** Work between two turns of others, in resources. */
const AT_ONCE = 250;

/** Plans resources that say nothing of what is to be done with them. */
export async function planResources(parts: PlanParts, given: readonly Given[]): Promise<ResourcesPlan> {
  return plan(parts, given, (one) => planResource(parts, one));
}

/** Plans the entries of a batch. */
export async function planBatch(parts: PlanParts, entries: readonly unknown[]): Promise<ResourcesPlan> {
  const given = entries.map((entry, index) => ({
    index,
    place: `Bundle.entry[${index}]`,
    fullUrl: undefined,
    resource: entry,
  }));
  return plan(parts, given, ({ resource: entry, index }) => {
    const read = readEntry(entry, index, parts.base);
    if (read.method === 'GET') {
      throw new Failure('not-supported', 'An import writes: take the reading entries out.', {
        expression: `${read.place}.request`,
      });
    }
    const write = planWrite(parts, read);
    requireKnown([write]);
    return write;
  });
}

/**
 * An import joins units into commits, and finds nothing for one while another is under way. Throws Failure
 * `not-supported` at the entry for what must be looked for first.
 */
export function requireKnown(writes: readonly PlannedWrite[]): void {
  const pending = writes.find((write) => write.pending !== undefined);
  if (pending === undefined) return;
  throw new Failure(
    'not-supported',
    'An import takes no updates or deletions by a condition and no patches: send this one to the FHIR address.',
    { expression: `${pending.entry.place}.request` },
  );
}

async function plan(
  { profiles }: PlanParts,
  given: readonly Given[],
  make: (one: Given) => PlannedWrite,
): Promise<ResourcesPlan> {
  const planned: PlannedResource[] = [];
  const rejects: Reject[] = [];
  for (const [i, one] of given.entries()) {
    // a check against profiles takes as long as the planning of many
    if ((profiles !== undefined && i > 0) || i % AT_ONCE === AT_ONCE - 1) await turnOfOthers();
    const part = one.part === undefined ? {} : { part: one.part };
    try {
      planned.push({ write: make(one), ...part });
    } catch (thrown) {
      rejects.push(rejectOf(thrown, one.place, one.part));
    }
  }
  return withoutOrphans({ planned, rejects });
}

function planResource(
  { ids, profiles }: PlanParts,
  { index, place, fullUrl, resource: given }: Given,
): PlannedWrite {
  const resource = requireType(given, undefined);
  requireValid(resource, place === '' ? undefined : `${place}.resource`, profiles);
  const type = resource.resourceType;
  const isPut = resource.id !== undefined;
  const entry: RequestEntry = {
    index,
    place,
    method: (isPut ? 'PUT' : 'POST') satisfies EntryMethod,
    url: isPut ? `${type}/${resource.id}` : type,
    fullUrl,
    resource,
    headers: {},
  };
  if (!isPut) {
    const id = ids.next();
    return { entry, type, id, op: { op: 'create', resource, id } };
  }
  const identified = resource as Identified;
  return {
    entry,
    type,
    id: identified.id,
    op: { op: 'put', resource: identified, onlyIfChanged: true },
  };
}

/** Takes out what refers to an entry of the Bundle that is not there or was rejected, until nothing does. */
export function withoutOrphans({ planned, rejects }: ResourcesPlan): ResourcesPlan {
  let kept = planned;
  const all = [...rejects];
  for (;;) {
    const urls = new Set(kept.map(({ write }) => write.entry.fullUrl));
    const next = kept.filter(({ write, part }) => {
      if (write.op.op === 'delete') return true;
      let orphan = false;
      eachReference(write.op.resource, (reference) => {
        if (reference.startsWith('urn:uuid:') && !urls.has(reference)) orphan = true;
      });
      if (!orphan) return true;
      const failure = new Failure(
        'invalid',
        'It refers to an entry that is not in this Bundle or was rejected: mend or add that one.',
      );
      all.push(rejectOf(failure, write.entry.place, part));
      return false;
    });
    if (next.length === kept.length) return { planned: kept, rejects: all };
    kept = next;
  }
}

/** What was thrown as a reject; what is no Failure is a defect and is thrown on. */
export function rejectOf(thrown: unknown, place: string, part?: number): Reject {
  if (!(thrown instanceof Failure)) throw thrown;
  const [first] = thrown.issues;
  const expression = first?.expression ?? thrown.expression ?? place;
  const more = thrown.issues.length - 1;
  return {
    ...(part === undefined ? {} : { part }),
    code: thrown.code,
    reason: more > 0 ? `${thrown.message} (and ${more} more)` : thrown.message,
    ...(expression === '' ? {} : { expression }),
  };
}

/** The resources of a Bundle that asks for nothing; what a search says about itself is left out. */
export function givenEntries(entries: readonly unknown[]): readonly Given[] {
  return entries.flatMap((entry, index) => {
    const place = `Bundle.entry[${index}]`;
    if (!isObject(entry)) return [{ index, place, fullUrl: undefined, resource: undefined }];
    if (isObject(entry.search) && entry.search.mode === 'outcome') return [];
    const fullUrl = typeof entry.fullUrl === 'string' ? entry.fullUrl : undefined;
    return [{ index, place, fullUrl, resource: entry.resource }];
  });
}
