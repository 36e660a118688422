/** What tests of a store write and ask: small resources, drafts of audit rows, searches as a URL writes them. */
import type { Id, InstantMs, VersionId } from '../src/base/brands.ts';
import { effectiveSettings, type Settings } from '../src/base/settings.ts';
import { parseSearch } from '../src/fhir/parse-search.ts';
import type { Identified, Resource, ResourceType } from '../src/fhir/resource.ts';
import type { SearchQuery } from '../src/fhir/search-query.ts';
import type { AuditDraft } from '../src/store/audit.ts';
import { type Scope, wholeScope } from '../src/store/scope.ts';
import type { Deleted, Page, SearchPage, Snapshot, Store, Stored, WriteOp } from '../src/store/store.ts';

export const id = (text: string): Id => text as Id;
export const version = (text: string): VersionId => text as VersionId;

/** A row to be; `given` replaces its parts. */
export function draft(given: Partial<AuditDraft> = {}): AuditDraft {
  return {
    at: 1_795_000_000_000 as InstantMs,
    action: 'update',
    actor: { id: 'persona:system', name: 'Source system', role: 'system', organisation: 'TST01' },
    purpose: 'direct-care',
    requestId: 'r1',
    targets: [],
    persons: [],
    outcome: 'ok',
    ...given,
  };
}

export function patient(name: string, more: object = {}): Identified {
  return { resourceType: 'Patient', id: id(name), ...more } as Identified;
}

/** An Observation about these Patients: the first as subject, the second as performer. */
export function observation(name: string, about: readonly string[] = [], more: object = {}): Identified {
  const [subject, performer] = about;
  return {
    resourceType: 'Observation',
    id: id(name),
    status: 'final',
    code: { coding: [{ system: 'urn:codes', code: 'hb' }] },
    ...(subject === undefined ? {} : { subject: { reference: `Patient/${subject}` } }),
    ...(performer === undefined ? {} : { performer: [{ reference: `Patient/${performer}` }] }),
    ...more,
  } as Identified;
}

export const labelled = (...codes: string[]): object => ({
  meta: { security: codes.map((code) => ({ code })) },
});

export function put(resource: Identified, ifMatch?: string): WriteOp {
  return {
    op: 'put',
    resource,
    ...(ifMatch === undefined ? {} : { ifMatch: ifMatch as VersionId | 'absent' }),
  };
}

export function remove(type: ResourceType, name: string, ifMatch?: string): WriteOp {
  return {
    op: 'delete',
    type,
    id: id(name),
    ...(ifMatch === undefined ? {} : { ifMatch: version(ifMatch) }),
  };
}

/** `Observation?code=hb&_count=2` as a query, refused where any of it is not understood. */
export function query(text: string, cursor?: string): SearchQuery {
  const [type = '', parameters = ''] = text.split('?');
  const settings: Settings = { ...effectiveSettings([], {}), searchClausesMax: 1_000_000 };
  const parsed = parseSearch(type as ResourceType, [...new URLSearchParams(parameters)], {
    strict: true,
    settings,
  });
  return cursor === undefined ? parsed.query : { ...parsed.query, cursor };
}

export const idsOf = (page: { readonly entries: readonly { readonly id: Id }[] }): string[] =>
  page.entries.map((entry) => entry.id);

/** One page of a search, of the newest snapshot where no other is given. */
export async function search(
  from: Store | Snapshot,
  text: string,
  { scope = wholeScope, cursor }: { readonly scope?: Scope; readonly cursor?: string } = {},
): Promise<SearchPage> {
  const snapshot = 'commit' in from ? await from.snapshot() : from;
  return snapshot.search(query(text, cursor), scope);
}

/** Every page of a search, as lists of ids. */
export async function pages(store: Store, text: string, scope: Scope = wholeScope): Promise<string[][]> {
  const all: string[][] = [];
  for (let cursor: string | undefined; ; ) {
    const page: Page<Stored> = await search(
      store,
      text,
      cursor === undefined ? { scope } : { scope, cursor },
    );
    all.push(idsOf(page));
    if (page.next === undefined) return all;
    cursor = page.next;
  }
}

/** The resource that a version holds; `deleted` or `absent` where it holds none. */
export function content(found: Stored | Deleted | undefined): Resource | 'deleted' | 'absent' {
  if (found === undefined) return 'absent';
  return found.deleted ? 'deleted' : (JSON.parse(found.bytes.toString('utf8')) as Resource);
}
