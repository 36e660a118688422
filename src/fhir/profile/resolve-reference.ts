/**
 * What a reference points at, as far as the resource itself, the Bundle around it and the caller know.
 * http://hl7.org/fhir/R4/references.html, http://hl7.org/fhir/R4/bundle.html#references
 */
import { isArray, isObject, type JsonObject } from '../json-access.ts';
import type { BundleFrame, ProfileRun, Scope } from './profile-run.ts';

export interface ResolvedTarget {
  readonly resource: JsonObject;
  readonly how: 'contained' | 'bundled' | 'elsewhere';
  /** Where it stands in what is validated, and in which scope; absent where it is elsewhere. */
  readonly place?: { readonly path: string; readonly scope: Scope };
}

/** The target; undefined where nobody here knows it. */
export function resolveReference(
  run: ProfileRun,
  scope: Scope,
  reference: string,
): ResolvedTarget | undefined {
  if (reference.startsWith('#')) return contained(scope, reference.slice(1));
  for (let i = scope.bundles.length - 1; i >= 0; i--) {
    const frame = scope.bundles[i];
    const found = frame === undefined ? undefined : bundled(frame, scope.bundles.slice(0, i + 1), reference);
    if (found !== undefined) return found;
  }
  const resource = run.options.resolve?.(reference);
  return resource === undefined ? undefined : { resource, how: 'elsewhere' };
}

function contained(scope: Scope, id: string): ResolvedTarget | undefined {
  const { root, rootPath } = scope;
  if (id === '') return { resource: root, how: 'contained', place: { path: rootPath, scope } };
  if (!isArray(root.contained)) return undefined;
  for (const [i, one] of root.contained.entries()) {
    if (!isObject(one) || one.id !== id) continue;
    const path = `${rootPath}.contained[${i}]`;
    return { resource: one, how: 'contained', place: { path, scope: { ...scope, resource: one } } };
  }
  return undefined;
}

/** The entry whose fullUrl is the reference, made absolute by the fullUrl of the entry that it stands in. */
function bundled(
  frame: BundleFrame,
  bundles: readonly BundleFrame[],
  reference: string,
): ResolvedTarget | undefined {
  const target = absolute(reference, frame.fullUrl);
  if (target === undefined) return undefined;
  const entry = entriesOf(frame.bundle).get(target);
  if (entry === undefined) return undefined;
  const { resource, index } = entry;
  const path = `${frame.path}.entry[${index}].resource`;
  const scope = {
    resource,
    root: resource,
    rootPath: path,
    bundles: [...bundles.slice(0, -1), { ...frame, fullUrl: target }],
  };
  return { resource, how: 'bundled', place: { path, scope } };
}

/** A relative reference starts from where its entry lies; without a fullUrl it starts from nowhere. */
function absolute(reference: string, fullUrl: string | undefined): string | undefined {
  const plain = reference.split('/_history/', 1)[0]?.split('#', 1)[0] ?? reference;
  if (/^[a-z][a-z0-9+.-]*:/i.test(plain)) return plain;
  if (fullUrl === undefined) return undefined;
  const steps = plain.split('/');
  if (steps.length !== 2) return undefined;
  if (fullUrl.startsWith('urn:')) return fullUrl.slice(0, fullUrl.lastIndexOf(':') + 1) + steps[1];
  return `${fullUrl.split('/').slice(0, -2).join('/')}/${plain}`;
}

interface Entry {
  readonly resource: JsonObject;
  readonly index: number;
}

const entries = new WeakMap<JsonObject, ReadonlyMap<string, Entry>>();

function entriesOf(bundle: JsonObject): ReadonlyMap<string, Entry> {
  const known = entries.get(bundle);
  if (known !== undefined) return known;
  const made = new Map<string, Entry>();
  for (const [index, entry] of (isArray(bundle.entry) ? bundle.entry : []).entries()) {
    if (!isObject(entry) || typeof entry.fullUrl !== 'string' || !isObject(entry.resource)) continue;
    if (!made.has(entry.fullUrl)) made.set(entry.fullUrl, { resource: entry.resource, index });
  }
  entries.set(bundle, made);
  return made;
}
