/**
 * Conditional writes: look for what a condition names, act on it, and look again where somebody else was
 * quicker. The store finds out which at the commit, so that of many at once each acts on what there is.
 * R4 "Conditional update", "Conditional delete" and "Conditional patch", http://hl7.org/fhir/R4/http.html#cond-update.
 */
import type { Id, VersionId } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import type { Resource, ResourceType } from '../fhir/resource.ts';
import type { SearchQuery } from '../fhir/search-query.ts';
import { severalMatches } from '../store/several-matches.ts';
import type { Commit, Stored, WriteOp } from '../store/store.ts';
import { underId } from './given-resource.ts';
import type { RecordSession } from './session.ts';
import { searchTarget } from './session-audit.ts';

/** Each time somebody else must have been quicker: more than this is no accident. */
const ATTEMPTS = 8;

/**
 * Commits what `act` makes of the matches, at most `most` of them; undefined where that is nothing. Throws
 * Failure `multiple-matches` (412) where there are more, `lock-error` where what is found goes on changing.
 */
export async function submitFound(
  session: RecordSession,
  query: SearchQuery,
  most: number,
  action: 'update' | 'delete',
  act: (found: readonly Stored[]) => readonly WriteOp[],
): Promise<Commit | undefined> {
  await session.permitWrite(action, query.type, searchTarget(query));
  for (let attempt = 1; ; attempt++) {
    const { entries } = await session.search({ ...query, count: most + 1 });
    if (entries.length > most) throw tooManyMatches(query.type, most);
    const ops = act(entries);
    if (ops.length === 0) return undefined;
    try {
      return await session.submit(ops);
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code !== 'lock-error' || attempt === ATTEMPTS) throw thrown;
    }
  }
}

function tooManyMatches(type: ResourceType, most: number): Failure {
  if (most === 1) return severalMatches(type);
  return new Failure(
    'multiple-matches',
    `The condition finds more than ${most} ${type} resources (setting conditionalDeleteMax). Make it narrower.`,
  );
}

/** What a condition finds that may find one. Throws Failure `multiple-matches` (412) where it finds others too. */
export async function findOne(session: RecordSession, query: SearchQuery): Promise<Stored | undefined> {
  const { entries } = await session.search({ ...query, count: 2 });
  if (entries.length > 1) throw severalMatches(query.type);
  return entries[0];
}

/** The condition of a write on the version that it finds. */
export type WantedVersion = VersionId | 'absent' | undefined;

/**
 * The op of a conditional update. Where nothing was found the resource is made, under its own id if it has one
 * that is free. Throws Failure `invalid` where it names another id than that of the one found, `conflict`
 * (412) where a version is demanded and there is none, or none and there is one.
 */
export function updateFound(
  resource: Resource,
  found: Stored | undefined,
  query: SearchQuery,
  wanted: WantedVersion,
  place = resource.resourceType as string,
): WriteOp {
  if (found === undefined) {
    if (wanted !== undefined && wanted !== 'absent') throw conflict('The condition finds nothing to update.');
    const id = resource.id === undefined ? {} : { id: resource.id as Id };
    return { op: 'create', resource, ...id, ifNoneExist: query, expected: 'none' };
  }
  if (wanted === 'absent') throw conflict('The condition finds a resource, and If-None-Match allows none.');
  if (resource.id !== undefined && resource.id !== found.id) {
    throw new Failure(
      'invalid',
      'The id inside the resource is another than that of the one which the condition finds: leave it out.',
      { expression: `${place}.id` },
    );
  }
  const identified = underId(resource, found.id) as Resource & { id: Id };
  const ifMatch = wanted === undefined ? {} : { ifMatch: wanted };
  return { op: 'put', resource: identified, foundBy: { query }, ...ifMatch };
}

/** The op of a deletion of the one that was found. Throws Failure `conflict` (412) as updateFound does. */
export function deleteFound(
  found: readonly Stored[],
  query: SearchQuery,
  wanted: VersionId | undefined,
): readonly WriteOp[] {
  const [one, ...others] = found;
  if (one === undefined) {
    if (wanted !== undefined) throw conflict('The condition finds nothing to delete.');
    return [];
  }
  const { type, id } = one;
  if (others.length === 0) {
    const ifMatch = wanted === undefined ? {} : { ifMatch: wanted };
    return [{ op: 'delete', type, id, foundBy: { query }, ...ifMatch }];
  }
  if (wanted !== undefined) throw conflict('If-Match names one version, and the condition finds several.');
  return found.map((each) => ({
    op: 'delete',
    type,
    id: each.id,
    foundBy: { query: { ...query, filters: [...query.filters, { kind: 'id', ids: [each.id] }] } },
  }));
}

function conflict(text: string): Failure {
  return new Failure('conflict', text, { status: 412 });
}
