/**
 * Bundles: http://hl7.org/fhir/R4/bundle.html. Addresses of entries, what a document or message begins with,
 * links that may stand once, and that a document or message holds what it speaks of.
 */
import { isArray, isObject, type JsonObject } from '../json-access.ts';
import type { ProfileRun } from './profile-run.ts';
import { resolveReference } from './resolve-reference.ts';

/** Relations of links that lead to one page: http://hl7.org/fhir/R4/bundle.html#links */
const ONCE: ReadonlySet<string> = new Set(['self', 'first', 'previous', 'prev', 'next', 'last']);
const FIRST: Readonly<Record<string, string>> = { document: 'Composition', message: 'MessageHeader' };

/** Holds a Bundle to the rules about its entries as a whole. */
export function checkBundle(run: ProfileRun, bundle: JsonObject, path: string): void {
  const entries = isArray(bundle.entry) ? bundle.entry : [];
  checkLinks(run, bundle, path);
  const wanted = FIRST[String(bundle.type)];
  const first = isObject(entries[0]) ? entries[0].resource : undefined;
  if (wanted !== undefined && (!isObject(first) || first.resourceType !== wanted)) {
    const text = `The first entry of a ${String(bundle.type)} must be a ${wanted}.`;
    run.error('invalid', entries.length > 0 ? `${path}.entry[0]` : path, text);
  }
  for (const [i, entry] of entries.entries()) {
    if (isObject(entry)) checkFullUrl(run, bundle, entry, `${path}.entry[${i}]`);
  }
  if (wanted !== undefined && isObject(first)) checkFirst(run, bundle, path, first);
}

function checkLinks(run: ProfileRun, bundle: JsonObject, path: string): void {
  const seen = new Set<string>();
  for (const [i, link] of (isArray(bundle.link) ? bundle.link : []).entries()) {
    const relation = isObject(link) ? link.relation : undefined;
    if (typeof relation !== 'string') continue;
    if (seen.has(relation) && ONCE.has(relation)) {
      run.error(
        'invalid',
        `${path}.link[${i}]`,
        `A link with the relation "${relation}" may stand only once.`,
      );
    }
    seen.add(relation);
  }
}

function checkFullUrl(run: ProfileRun, bundle: JsonObject, entry: JsonObject, path: string): void {
  const { fullUrl, resource } = entry;
  if (fullUrl === undefined) {
    if (bundle.type === 'document' || bundle.type === 'message') {
      run.error('required', path, `Every entry of a ${bundle.type} must have a fullUrl.`);
    }
    return;
  }
  if (typeof fullUrl !== 'string') return;
  if (!/^(?:https?:\/\/|urn:(?:uuid|oid):|[a-z][a-z0-9+.-]*:)/i.test(fullUrl)) {
    run.error('invalid', path, 'The fullUrl must be absolute: http(s)://… or urn:uuid:….');
    return;
  }
  const id = isObject(resource) ? resource.id : undefined;
  if (typeof id !== 'string' || !isObject(resource)) return;
  const restful = /^https?:\/\/.*\/([A-Za-z]+)\/([A-Za-z0-9.-]{1,64})$/.exec(fullUrl);
  if (restful !== null && restful[1] === resource.resourceType && restful[2] !== id) {
    run.error('invalid', path, 'The fullUrl must end with the type and the id of the resource.');
  }
}

/** What the first entry of a document or message refers to is in it. */
const HELD: Readonly<Record<string, readonly string[]>> = {
  Composition: [
    'subject',
    'encounter',
    'author',
    'attester.party',
    'custodian',
    'event.detail',
    'section.entry',
  ],
  MessageHeader: ['focus'],
};

function checkFirst(run: ProfileRun, bundle: JsonObject, path: string, first: JsonObject): void {
  const entry = isArray(bundle.entry) && isObject(bundle.entry[0]) ? bundle.entry[0] : {};
  const fullUrl = typeof entry.fullUrl === 'string' ? entry.fullUrl : undefined;
  const at = `${path}.entry[0].resource`;
  const scope = { resource: first, root: first, rootPath: at, bundles: [{ bundle, path, fullUrl }] };
  for (const steps of HELD[String(first.resourceType)] ?? []) {
    for (const found of referencesAt(first, steps.split('.'), at)) {
      if (resolveReference(run, scope, found.reference) !== undefined) continue;
      const text = `A ${String(bundle.type)} must hold what its first entry refers to, by fullUrl.`;
      run.error('not-found', found.path, text);
    }
  }
}

interface Found {
  readonly reference: string;
  readonly path: string;
}

function referencesAt(value: unknown, steps: readonly string[], path: string): readonly Found[] {
  if (!isObject(value)) return [];
  const [step, ...rest] = steps;
  if (step === undefined) {
    return typeof value.reference === 'string' ? [{ reference: value.reference, path }] : [];
  }
  const next = value[step];
  const inner = step === 'section' ? referencesAt(next, steps, `${path}.section`) : [];
  if (!isArray(next)) return [...referencesAt(next, rest, `${path}.${step}`), ...inner];
  return next.flatMap((one, i) => [
    ...referencesAt(one, rest, `${path}.${step}[${i}]`),
    ...(step === 'section' ? referencesAt(one, steps, `${path}.${step}[${i}]`) : []),
  ]);
}
