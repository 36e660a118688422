/**
 * The record as one list, newest first. A row is one event: a test report with the results that it names, a
 * set of measurements taken together, or a single entry. What one source gave the same identifier as
 * another stands in one row, every telling with its source; nothing is left out. Filters and page come from
 * the address.
 */
import type { Reference } from 'fhir/r4.d.ts';
import type { OdsCode } from '../../base/brands.ts';
import { groupsOf, identifierKeys } from './business-keys.ts';
import { type Description, type Detail, describe, type EntryKind, SUPPORTING_TYPES } from './describe.ts';
import { type Entry, isOf } from './entry.ts';
import type { RecordView } from './record-view.ts';
import type { References } from './resource-text.ts';

export interface TimelineRow {
  readonly entry: Entry;
  readonly description: Description;
  /** What belongs to the event, each with its value. */
  readonly parts: readonly Detail[];
  /** The same thing told under the same identifier by others, or again. */
  readonly same: readonly {
    readonly entry: Entry;
    readonly description: Description;
    readonly differs: boolean;
  }[];
}

export interface TimelineFilter {
  readonly source?: OdsCode;
  readonly kind?: EntryKind;
  /** From 1. */
  readonly page: number;
}

export interface TimelinePage {
  readonly rows: readonly TimelineRow[];
  /** Rows that fit the filter. */
  readonly total: number;
  readonly page: number;
  readonly pages: number;
  /** Kinds and sources that have rows at all: what can be filtered by. */
  readonly kinds: ReadonlyMap<EntryKind, number>;
  readonly sources: ReadonlyMap<OdsCode, number>;
}

/** One page of the filtered list; a page past the end is the last one. */
export function timelinePage(view: RecordView, filter: TimelineFilter, pageSize: number): TimelinePage {
  const all = timelineRows(view.entries, view.references);
  const kinds = new Map<EntryKind, number>();
  const sources = new Map<OdsCode, number>();
  for (const row of all) {
    kinds.set(row.description.kind, (kinds.get(row.description.kind) ?? 0) + 1);
    for (const ods of sourcesOf(row)) sources.set(ods, (sources.get(ods) ?? 0) + 1);
  }
  const fitting = all.filter(
    (row) =>
      (filter.kind === undefined || row.description.kind === filter.kind) &&
      (filter.source === undefined || sourcesOf(row).has(filter.source)),
  );
  const pages = Math.max(1, Math.ceil(fitting.length / pageSize));
  const page = Math.min(Math.max(1, filter.page), pages);
  return {
    rows: fitting.slice((page - 1) * pageSize, page * pageSize),
    total: fitting.length,
    page,
    pages,
    kinds,
    sources,
  };
}

function sourcesOf(row: TimelineRow): ReadonlySet<OdsCode> {
  return new Set([row.entry, ...row.same.map((one) => one.entry)].map((entry) => entry.source.ods));
}

/** All rows; `entries` newest first. */
export function timelineRows(entries: readonly Entry[], references: References): readonly TimelineRow[] {
  const events = entries.filter((entry) => !SUPPORTING_TYPES.includes(entry.resource.resourceType));
  const groups = groupsOf(events, keysOf);
  const owned = ownedBy(groups, references);
  const sets = measuredTogether(groups.map(([lead]) => lead).filter((lead) => !owned.has(lead)));
  const rows: TimelineRow[] = [];
  for (const [entry, ...others] of groups) {
    if (owned.has(entry)) continue;
    const set = sets.get(entry);
    if (set !== undefined && others.length === 0) {
      if (set[0] === entry) rows.push(setRow(set, references));
      continue;
    }
    rows.push(rowOf(entry, others, references));
  }
  return rows;
}

/**
 * An identifier joins only what is of one type: an order's number on its result makes them two events, not
 * one.
 */
function keysOf(entry: Entry): readonly string[] {
  const { resource } = entry;
  const { identifier } = resource as { identifier?: unknown };
  if (!Array.isArray(identifier)) return [];
  return identifierKeys(identifier).map((key) => `${resource.resourceType} ${key}`);
}

function rowOf(entry: Entry, others: readonly Entry[], references: References): TimelineRow {
  const description = describe(entry, references);
  const told = (one: Description): string => JSON.stringify([one.title, one.status, one.details]);
  return {
    entry,
    description,
    parts: membersOf(entry, references).flatMap((member) => partsOf(member, references)),
    same: others.map((other) => {
      const otherwise = describe(other, references);
      return { entry: other, description: otherwise, differs: told(otherwise) !== told(description) };
    }),
  };
}

/** Results that a report or a panel of the same source names are parts of it, and no rows of their own. */
function ownedBy(groups: readonly (readonly Entry[])[], references: References): ReadonlySet<Entry> {
  const owned = new Set<Entry>();
  const owners = new Map<Entry, Entry>();
  const alone = new Set(groups.filter((group) => group.length === 1).map((group) => group[0]));
  for (const group of groups) {
    for (const owner of group) {
      for (const member of membersOf(owner, references)) {
        // a panel inside a panel ends here: what names each other in a circle stays a row
        if (!alone.has(member) || owners.get(owner) === member || owned.has(owner)) continue;
        owners.set(member, owner);
        owned.add(member);
      }
    }
  }
  return owned;
}

function membersOf(entry: Entry, references: References): readonly Entry[] {
  const named: readonly Reference[] = isOf(entry, 'DiagnosticReport')
    ? (entry.resource.result ?? [])
    : isOf(entry, 'Observation')
      ? (entry.resource.hasMember ?? [])
      : [];
  return named
    .map((reference) => references.entry(entry, reference))
    .filter((member) => member !== undefined)
    .filter((member) => member !== entry && member.source === entry.source && isOf(member, 'Observation'));
}

function partsOf(entry: Entry, references: References): readonly Detail[] {
  const { title, details } = describe(entry, references);
  const own = { label: title, text: details.map((detail) => detail.text).join('; ') };
  const inner = membersOf(entry, references).map((member) => describe(member, references));
  return [
    ...(own.text === '' || (own.text === 'No value recorded' && inner.length > 0) ? [] : [own]),
    ...inner.map((one) => ({ label: one.title, text: one.details.map((detail) => detail.text).join('; ') })),
  ];
}

/** Measurements of one source at one minute, by each of them; none where there is only one. */
function measuredTogether(leads: readonly Entry[]): ReadonlyMap<Entry, readonly Entry[]> {
  const byMoment = new Map<string, Entry[]>();
  for (const entry of leads) {
    if (!isMeasurement(entry) || entry.when?.precision !== 'minute') continue;
    const { year, month, day, hour, minute } = entry.when;
    const key = [entry.source.ods, year, month, day, hour, minute].join(' ');
    const set = byMoment.get(key) ?? [];
    set.push(entry);
    byMoment.set(key, set);
  }
  const sets = new Map<Entry, readonly Entry[]>();
  for (const set of byMoment.values()) if (set.length > 1) for (const entry of set) sets.set(entry, set);
  return sets;
}

function isMeasurement(entry: Entry): boolean {
  if (!isOf(entry, 'Observation') || (entry.resource.hasMember ?? []).length > 0) return false;
  return (entry.resource.category ?? []).some((category) =>
    (category.coding ?? []).some((coding) => coding.code === 'vital-signs'),
  );
}

function setRow(set: readonly [Entry, ...Entry[]] | readonly Entry[], references: References): TimelineRow {
  const [entry] = set;
  if (entry === undefined) throw new Error('a set has at least one measurement');
  const first = describe(entry, references);
  return {
    entry,
    description: { ...first, what: 'Measurements', title: `${set.length} measurements`, details: [] },
    parts: set.flatMap((one) => partsOf(one, references)),
    same: [],
  };
}
