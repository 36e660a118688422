/**
 * References inside resources: what they point at, and finding or replacing all of them.
 * http://hl7.org/fhir/R4/references.html
 */
import { isId } from '../base/brands.ts';
import { isResourceType } from './definitions.ts';
import { isObject } from './json-access.ts';

/** A literal reference, read. `version` where it names one. */
export type ParsedReference =
  | { readonly kind: 'local'; readonly type: string; readonly id: string; readonly version?: string }
  | { readonly kind: 'contained'; readonly fragment: string }
  | { readonly kind: 'elsewhere'; readonly url: string };

const HISTORY = '/_history/';

/**
 * Reads a Reference.reference. Whatever is neither relative (to a type of R4) nor a fragment is elsewhere.
 */
export function parseReference(text: string): ParsedReference {
  if (text.startsWith('#')) return { kind: 'contained', fragment: text.slice(1) };
  const slash = text.indexOf('/');
  const type = slash < 0 ? '' : text.slice(0, slash);
  if (!isResourceType(type)) return { kind: 'elsewhere', url: text };
  const history = text.indexOf(HISTORY, slash);
  const id = history < 0 ? text.slice(slash + 1) : text.slice(slash + 1, history);
  if (!isId(id)) return { kind: 'elsewhere', url: text };
  if (history < 0) return { kind: 'local', type, id };
  const version = text.slice(history + HISTORY.length);
  return isId(version) ? { kind: 'local', type, id, version } : { kind: 'elsewhere', url: text };
}

/**
 * The type of R4 that a relative or absolute reference shows (`Patient/1`, `https://x/fhir/Patient/1`);
 * undefined otherwise.
 */
export function typeShownBy(reference: string): string | undefined {
  const history = reference.indexOf(HISTORY);
  const end = history < 0 ? reference.length : history;
  const slash = reference.lastIndexOf('/', end - 1);
  if (slash <= 0 || !isId(reference.slice(slash + 1, end))) return undefined;
  const type = reference.slice(reference.lastIndexOf('/', slash - 1) + 1, slash);
  return isResourceType(type) ? type : undefined;
}

/** Nesting beyond which nothing is visited; parseJson refuses such depth long before. */
const DEPTH_MAX = 512;

/**
 * Calls `visit` with every Reference.reference in the resource, contained resources and Bundle entries
 * included, in document order.
 */
export function eachReference(resource: unknown, visit: (reference: string) => void): void {
  walk(resource, 0, (holder) => visit(holder.reference));
}

/**
 * Replaces references in place: `replace` is given each Reference.reference and answers its new text, or
 * undefined to leave it.
 */
export function rewriteReferences(
  resource: unknown,
  replace: (reference: string) => string | undefined,
): void {
  walk(resource, 0, (holder) => {
    const text = replace(holder.reference);
    if (text !== undefined) holder.reference = text;
  });
}

function walk(value: unknown, depth: number, found: (holder: { reference: string }) => void): void {
  if (depth > DEPTH_MAX) return;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item === 'object') walk(item, depth + 1, found);
    }
    return;
  }
  if (!isObject(value)) return;
  const holder: object = value;
  if (isReference(holder)) found(holder);
  for (const name in value) {
    const child = value[name];
    if (typeof child === 'object' && child !== null) walk(child, depth + 1, found);
  }
}

/** Only Reference has a string called `reference`, but for ones that have a type of their own. */
function isReference(value: object): value is { reference: string } {
  return 'reference' in value && typeof value.reference === 'string' && !('resourceType' in value);
}
