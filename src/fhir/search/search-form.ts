/**
 * How a search wants its resources: whole, a summary, some elements, or counted. `_contained` stands here too,
 * for the one value of it that is answered. http://hl7.org/fhir/R4/search.html#summary and #elements
 */
import { Failure } from '../../base/failure.ts';
import { structure } from '../definitions.ts';
import { type Draft, leaveOut, notSupported } from '../search-draft.ts';
import type { Subset } from '../subset-resource.ts';
import { badValue } from './search-filter.ts';

/** Reads `_summary`; a repeated one is refused. Throws Failure `value`. */
export function takeSummary(draft: Draft, value: string): void {
  if (draft.summary !== undefined) throw new Failure('value', '"_summary" is given more than once.');
  if (!isSummary(value)) throw badValue('_summary', 'true, text, data, count or false');
  draft.summary = value;
}

const SUMMARIES = ['true', 'text', 'data', 'count', 'false'] as const;
type Summary = (typeof SUMMARIES)[number];

function isSummary(value: string): value is Summary {
  return (SUMMARIES as readonly string[]).includes(value);
}

/** Reads `_elements`: elements at the root of what is searched. Those that no type has are reported. */
export function takeElements(draft: Draft, value: string): void {
  if (draft.elements !== undefined) throw new Failure('value', '"_elements" is given more than once.');
  const names = value.split(',').map((name) => name.trim());
  const known = names.filter((name) =>
    draft.types.some((type) => structure.types[type]?.some((row) => row.n === name)),
  );
  if (known.length < names.length) {
    leaveOut(draft, '"_elements" names what is no element at the root of the resources that are searched.');
  }
  draft.elements = known;
}

/** Reads `_contained`: resources within others are found by way of those alone. */
export function takeContained(value: string): void {
  if (value === 'false') return;
  if (value !== 'true' && value !== 'both') throw badValue('_contained', 'true, both or false');
  throw notSupported(
    '"_contained" is supported as false alone: contained resources have no index of their own.',
  );
}

/** What is left of each resource; undefined where it goes out whole. Throws Failure `value`. */
export function subsetOf({ summary, elements, include, revinclude }: Draft): Subset | undefined {
  const cuts = summary !== undefined && summary !== 'false';
  if (elements !== undefined && cuts && summary !== 'count') {
    throw new Failure('value', '"_elements" and "_summary" ask for two things: leave one of them out.');
  }
  if (elements !== undefined) return { kind: 'elements', names: elements };
  if (!cuts || summary === 'count') return undefined;
  if (summary === 'text' && include.length + revinclude.length > 0) {
    throw new Failure('value', '"_summary" as text brings no included resources: leave the includes out.');
  }
  return { kind: summary };
}
