/**
 * A part of a resource: its summary, its text, its data, or named elements. What is mandatory stays, so that
 * the part is a resource still, and a tag says that it is a part: nobody should take it for the whole or
 * write it back. http://hl7.org/fhir/R4/search.html#summary and #elements
 */
import type { Settings } from '../base/settings.ts';
import { structure } from './definitions.ts';
import { withDecimalsOf, writeJson } from './exact-decimals.ts';
import { isObject } from './json-access.ts';
import { parseJson } from './parse-json.ts';
import type { ElementRow } from './structure-table.ts';

/** `true`: what R4 marks as summary. `text`: the narrative. `data`: all but the narrative. */
export type Subset =
  | { readonly kind: 'true' | 'text' | 'data' }
  | { readonly kind: 'elements'; readonly names: readonly string[] };

type Json = Readonly<Record<string, unknown>>;

const SUBSETTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
  display: 'Resource encoded in summary mode',
} as const;

/** JSON text of a part of the resource in `bytes`; decimals stay as they were written. */
export function subsetBytes(
  bytes: Uint8Array,
  subset: Subset,
  settings: Pick<Settings, 'jsonDepthMax'>,
): Buffer {
  const resource = parseJson(bytes, settings);
  return isObject(resource) ? Buffer.from(writeJson(subsetOf(resource, subset))) : Buffer.from(bytes);
}

function subsetOf(resource: Json, subset: Subset): Json {
  const type = String(resource.resourceType);
  const rows = rowsByName(type);
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(resource)) {
    const row = rowOf(rows, name);
    if (!ALWAYS.has(name) && (row === undefined || !stays(row, subset))) continue;
    const part = subset.kind === 'true' && row !== undefined ? summaryOf(value, row, name) : value;
    if (part !== undefined) kept[name] = part;
    if (name === 'id') kept.meta = {}; // its place, where there is none
  }
  kept.meta = tagged(resource.meta);
  return withDecimalsOf(resource, kept);
}

/** Without these it is no resource, or could be read wrongly. */
const ALWAYS: ReadonlySet<string> = new Set([
  'resourceType',
  'id',
  'meta',
  'implicitRules',
  'modifierExtension',
]);

function stays(row: ElementRow, subset: Subset): boolean {
  switch (subset.kind) {
    case 'true':
      return row.s === 1 || row.min > 0;
    case 'text':
      return row.n === 'text' || row.min > 0;
    case 'data':
      return row.n !== 'text';
    case 'elements':
      return row.min > 0 || subset.names.includes(row.n);
  }
}

function tagged(meta: unknown): Json {
  const before = isObject(meta) ? meta : {};
  const tags = Array.isArray(before.tag) ? before.tag : [];
  return { ...before, tag: [...tags, SUBSETTED] };
}

/** What is marked in the types of elements and in backbone elements too; undefined where nothing is left. */
function summaryOf(value: unknown, row: ElementRow, name: string): unknown {
  if (Array.isArray(value)) {
    const parts = value.map((one) => summaryOf(one, row, name)).filter((one) => one !== undefined);
    return parts.length === 0 ? undefined : withDecimalsOf(value, parts);
  }
  if (!isObject(value) || name.startsWith('_')) return value;
  const type = row.t.length === 1 ? row.t[0] : row.t.find((one) => name === row.n + capital(one));
  // the content of an extension is not marked, nor is anything below a resource within this one
  if (type === undefined || type === 'Extension' || structure.types[type] === undefined) return value;
  if (structure.resources.includes(type) || type === 'Resource') return value;
  const rows = rowsByName(type);
  const kept: Record<string, unknown> = {};
  for (const [member, inner] of Object.entries(value)) {
    const its = rowOf(rows, member);
    if (its === undefined || (its.s !== 1 && its.min === 0 && its.n !== 'id')) continue;
    const part = summaryOf(inner, its, member);
    if (part !== undefined) kept[member] = part;
  }
  return Object.keys(kept).length === 0 ? undefined : withDecimalsOf(value, kept);
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const byTable = new Map<string, ReadonlyMap<string, ElementRow>>();

/** JSON name → row: `valueQuantity` for a choice. */
function rowsByName(table: string): ReadonlyMap<string, ElementRow> {
  const made = byTable.get(table);
  if (made !== undefined) return made;
  const rows = new Map<string, ElementRow>();
  for (const row of structure.types[table] ?? []) {
    if (row.c === 1) for (const type of row.t) rows.set(row.n + capital(type), row);
    else rows.set(row.n, row);
  }
  byTable.set(table, rows);
  return rows;
}

const rowOf = (rows: ReadonlyMap<string, ElementRow>, name: string): ElementRow | undefined =>
  rows.get(name.startsWith('_') ? name.slice(1) : name);
