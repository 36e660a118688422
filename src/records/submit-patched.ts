/**
 * Patching: read, change, check, and write on the condition that nobody wrote meanwhile. Patches of one resource
 * take turns here, so that many at once do not undo one another's work again and again.
 * R4 http://hl7.org/fhir/R4/http.html#patch.
 */
import type { Id, VersionId } from '../base/brands.ts';
import { Failure, type Issue } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { isObject, type JsonObject } from '../fhir/json-access.ts';
import { applyJsonPatch } from '../fhir/json-patch.ts';
import { parseJson } from '../fhir/parse-json.ts';
import { applyPathPatch } from '../fhir/path-patch.ts';
import type { Identified, ResourceType } from '../fhir/resource.ts';
import type { SearchQuery } from '../fhir/search-query.ts';
import type { Commit, Stored } from '../store/store.ts';
import { requireType, requireValid } from './given-resource.ts';
import type { ProfileRules } from './profile-rules.ts';
import type { RecordSession } from './session.ts';
import { searchTarget } from './session-audit.ts';
import { findOne } from './submit-found.ts';

/** What is to be changed, in one of the two forms. */
export type Patch =
  | { readonly kind: 'json'; readonly operations: unknown }
  | { readonly kind: 'path'; readonly parameters: JsonObject };

export interface PatchParts {
  readonly settings: Settings;
  /** Absent where the organisation asks for no more than R4. */
  readonly profiles?: ProfileRules;
}

export interface Patched {
  readonly resource: Identified;
  readonly warnings: readonly Issue[];
}

/**
 * A stored version with the patch applied, valid again. Throws Failure as the two patches do, with what
 * validation found where the patch breaks the resource, and `invalid` where it changes its type or id.
 */
export function patched(stored: Stored, patch: Patch, { settings, profiles }: PatchParts): Patched {
  const before = parseJson(stored.bytes, settings);
  const after =
    patch.kind === 'json'
      ? applyJsonPatch(before, patch.operations, settings)
      : applyPathPatch(before, patch.parameters, settings);
  const resource = requireType(after, undefined);
  if (resource.resourceType !== stored.type || resource.id !== stored.id) {
    throw new Failure('invalid', 'A patch cannot change the type or the id of a resource.', {
      expression: resource.resourceType === stored.type ? `${stored.type}.id` : 'resourceType',
    });
  }
  return { resource: resource as Identified, warnings: requireValid(resource, undefined, profiles) };
}

export interface PatchTarget {
  readonly type: ResourceType;
  readonly id: Id;
  readonly ifMatch?: VersionId | undefined;
  /** The condition by which it was found. */
  readonly query?: SearchQuery;
}

/** Somebody else may write, by other ways, between the look and the commit. */
const ATTEMPTS = 8;

/**
 * Patches one resource in a commit of its own. Throws Failure as `patched` does, `not-found`, `deleted`,
 * `forbidden`, and `conflict` (412) where ifMatch names another version.
 */
export async function submitPatched(
  session: RecordSession,
  parts: PatchParts,
  target: PatchTarget,
  patch: Patch,
): Promise<{ readonly commit: Commit; readonly warnings: readonly Issue[] }> {
  const { type, id, ifMatch, query } = target;
  await session.permitWrite('update', type, `${type}/${id}`);
  return inTurn(`${type}/${id}`, async () => {
    for (let attempt = 1; ; attempt++) {
      const current = await session.read(type, id);
      requireVersion(current, ifMatch);
      const { resource, warnings } = patched(current, patch, parts);
      const foundBy = query === undefined ? {} : { foundBy: { query } };
      try {
        const commit = await session.submit([
          { op: 'put', resource, ifMatch: current.versionId, ...foundBy },
        ]);
        return { commit, warnings };
      } catch (thrown) {
        const isLate = thrown instanceof Failure && thrown.code === 'conflict';
        if (!isLate || ifMatch !== undefined || attempt === ATTEMPTS) throw thrown;
      }
    }
  });
}

/** Throws Failure `conflict` (412) where this is not the version that the client has seen. */
export function requireVersion(current: Stored, ifMatch: VersionId | undefined): void {
  if (ifMatch === undefined || ifMatch === current.versionId) return;
  throw new Failure(
    'conflict',
    `The resource is at version ${current.versionId}, not ${ifMatch}. Read it again and repeat the change.`,
    { status: 412 },
  );
}

/** Patches one after the other what the condition finds. Throws `not-found`, `multiple-matches` (412). */
export async function submitPatchedFound(
  session: RecordSession,
  parts: PatchParts,
  query: SearchQuery,
  ifMatch: VersionId | undefined,
  patch: Patch,
): Promise<{ readonly commit: Commit; readonly warnings: readonly Issue[] }> {
  await session.permitWrite('update', query.type, searchTarget(query));
  for (let attempt = 1; ; attempt++) {
    const { id } = await toBePatched(session, query);
    try {
      return await submitPatched(session, parts, { type: query.type, id, ifMatch, query }, patch);
    } catch (thrown) {
      const isLate = thrown instanceof Failure && thrown.code === 'lock-error';
      if (!isLate || attempt === ATTEMPTS) throw thrown;
    }
  }
}

/** Throws Failure `not-found`, `multiple-matches` (412). */
export async function toBePatched(session: RecordSession, query: SearchQuery): Promise<Stored> {
  const found = await findOne(session, query);
  if (found === undefined) throw new Failure('not-found', `The condition finds no ${query.type} to patch.`);
  return found;
}

const JSON_PATCH = 'application/json-patch+json';

/**
 * The patch that a resource of a Bundle entry stands for: Parameters, or a Binary that holds a JSON Patch.
 * Throws Failure `not-supported` or `invalid`.
 */
export function patchIn(resource: unknown, settings: Settings): Patch {
  if (isObject(resource) && resource.resourceType === 'Binary') {
    requireValid(resource);
    const { contentType, data } = resource;
    if (
      String(contentType).split(';', 1)[0]?.trim().toLowerCase() !== JSON_PATCH ||
      typeof data !== 'string'
    ) {
      throw new Failure('not-supported', `A Binary that patches has data of type ${JSON_PATCH}.`);
    }
    return { kind: 'json', operations: parseJson(Buffer.from(data, 'base64'), settings) };
  }
  requireType(resource, 'Parameters');
  requireValid(resource);
  return { kind: 'path', parameters: resource as JsonObject };
}

/** The last of those who wait for a resource, each after the one before. */
const waiting = new Map<string, Promise<unknown>>();

async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = waiting.get(key) ?? Promise.resolve();
  const mine = before.then(work, work);
  waiting.set(key, mine);
  try {
    return await mine;
  } finally {
    if (waiting.get(key) === mine) waiting.delete(key);
  }
}
