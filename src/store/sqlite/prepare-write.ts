/**
 * A write made ready for the writer: the wire text without version and time, and what it is found by. Pure,
 * and by far the dearer half of a write, so it runs on the caller's thread, and crosses to the writer's
 * packed (pack-requests.ts).
 */

import type { Id, InstantMs } from '../../base/brands.ts';
import { isoInstant } from '../../base/clock.ts';
import { indexOf } from '../../fhir/compartments.ts';
import { withDecimalsOf, writeJson } from '../../fhir/exact-decimals.ts';
import { eachReference, parseReference } from '../../fhir/references.ts';
import type { Resource } from '../../fhir/resource.ts';
import { LABEL_MARK } from './label-mark.ts';

/**
 * What a version is found by; flat lists, as they are packed to cross to the writer and inserted there: an
 * object for each value would cost more than its insert.
 */
export interface FlatIndex {
  /** code, system, value, … (tokens, and URIs under their own system) */
  readonly terms: readonly string[];
  /** code, type, id, …; code '' for references that no search parameter covers */
  readonly references: readonly string[];
  /** code, normalised text, … */
  readonly strings: readonly string[];
  readonly dateCodes: readonly string[];
  /** lo, hi, … */
  readonly dates: readonly number[];
  /** code, system, unit, …; values beside them */
  readonly quantityUnits: readonly string[];
  readonly quantities: readonly number[];
}

export interface PreparedWrite {
  /** Everything after `"lastUpdated":"…"`: the rest of meta, and of the resource. */
  readonly tail: string;
  readonly index: FlatIndex;
  /** Ids of the Patients in whose compartment it lies. */
  readonly patients: readonly string[];
  /** `meta.security` codes between U+001F, null for none. */
  readonly labels: string | null;
}

/** Terms that are no tokens live under systems no token can have. */
export const URI_SYSTEM = '\u0001uri';
export const URL_SYSTEM = '\u0001url';

/**
 * Under which code it is kept that an element is there which has no value: one of its own, so that nothing
 * else that goes through the values of a parameter meets it.
 */
export const thereCode = (code: string): string => `${code}:there`;

/** The wire text of a version. The store's own stamps come first; all else stands as it was given. */
export function wireText(type: string, id: string, version: number, at: InstantMs, tail: string): string {
  return (
    `{"resourceType":"${type}","id":"${id}",` +
    `"meta":{"versionId":"${version}","lastUpdated":"${isoInstant(at)}"${tail}`
  );
}

/**
 * Makes a resource ready to be written under `id`. It has been validated; `id`, `meta.versionId` and
 * `meta.lastUpdated` in it are not looked at.
 */
export function prepareWrite(resource: Resource, id: Id): PreparedWrite {
  const { meta } = resource;
  const subject = resource.id === id ? resource : { ...resource, id };
  const { values, patients } = indexOf(subject);
  const tail = tailOf(resource);
  const codes = (meta?.security ?? []).map((label) => label.code ?? '').filter((code) => code !== '');
  return {
    tail,
    index: flatten(values, resource, tail),
    patients,
    labels: codes.length === 0 ? null : `${LABEL_MARK}${codes.join(LABEL_MARK)}${LABEL_MARK}`,
  };
}

/**
 * Cut from the text of the whole, where what goes before stands first in it, and meta there or last, as they
 * nearly always do: copying the resource without them costs more than writing it.
 */
function tailOf(resource: Resource): string {
  const { resourceType, id, meta } = resource;
  const names = Object.keys(resource);
  const others = id === undefined ? 1 : 2;
  const hasHead = names[0] === 'resourceType' && (id === undefined || names[1] === 'id');
  const isMetaFirst = meta === undefined || names[others] === 'meta';
  if (!hasHead || !(isMetaFirst || names.at(-1) === 'meta')) return tailOfCopy(resource);
  const text = writeJson(resource);
  const metaText = meta === undefined ? '' : `,"meta":${writeJson(meta)}`;
  const start = `{"resourceType":"${resourceType}"`.length + (id === undefined ? 0 : `,"id":"${id}"`.length);
  return (
    restOfMeta(meta) +
    (isMetaFirst
      ? text.slice(start + metaText.length)
      : `${text.slice(start, text.length - metaText.length - 1)}}`)
  );
}

function tailOfCopy(resource: Resource): string {
  const { resourceType: _type, id: _id, meta, ...rest } = resource;
  const text = writeJson(withDecimalsOf(resource, rest));
  return restOfMeta(meta) + (text === '{}' ? '}' : `,${text.slice(1)}`);
}

/** What goes on after the store's own stamps, with the brace that ends meta. */
function restOfMeta(meta: Resource['meta']): string {
  if (meta === undefined) return '}';
  const { versionId: _version, lastUpdated: _time, ...rest } = meta;
  const text = writeJson(withDecimalsOf(meta, rest));
  return text === '{}' ? '}' : `,${text.slice(1)}`;
}

type Values = ReturnType<typeof indexOf>['values'];

function flatten(values: Values, resource: Resource, text: string): FlatIndex {
  const flat = {
    terms: [] as string[],
    references: [] as string[],
    strings: [] as string[],
    dateCodes: [] as string[],
    dates: [] as number[],
    quantityUnits: [] as string[],
    quantities: [] as number[],
  };
  const covered = new Set<string>();
  for (const value of values) {
    switch (value.kind) {
      case 'token':
        flat.terms.push(value.code, value.system, value.value);
        break;
      case 'uri':
        flat.terms.push(value.code, URI_SYSTEM, value.value);
        break;
      case 'reference-url':
        flat.terms.push(value.code, URL_SYSTEM, value.url);
        break;
      case 'there':
        flat.terms.push(thereCode(value.code), '', '');
        break;
      case 'reference':
        flat.references.push(value.code, value.type, value.id);
        covered.add(`${value.type}/${value.id}`);
        break;
      case 'string':
        flat.strings.push(value.code, value.norm);
        break;
      case 'date':
        flat.dateCodes.push(value.code);
        flat.dates.push(value.lo, value.hi);
        break;
      case 'quantity':
        flat.quantityUnits.push(value.code, value.system, value.unit);
        flat.quantities.push(value.value);
        break;
      case 'number':
        flat.quantityUnits.push(value.code, '', '');
        flat.quantities.push(value.value);
    }
  }
  if (isAllCovered(text, covered)) return flat;
  eachReference(resource, (one) => {
    const reference = parseReference(one);
    if (reference.kind !== 'local' || covered.has(`${reference.type}/${reference.id}`)) return;
    covered.add(`${reference.type}/${reference.id}`);
    flat.references.push('', reference.type, reference.id);
  });
  return flat;
}

const REFERENCE = '"reference":"';

/**
 * Whether no reference in the text can be a local one that is not covered. Going through a text is far quicker
 * than going through members; where it finds one, the members decide.
 */
function isAllCovered(text: string, covered: ReadonlySet<string>): boolean {
  for (let at = text.indexOf(REFERENCE); at >= 0; at = text.indexOf(REFERENCE, at)) {
    at += REFERENCE.length;
    const reference = text.slice(at, text.indexOf('"', at));
    if (!covered.has(reference) && parseReference(reference).kind === 'local') return false;
  }
  return true;
}
