/**
 * The parameters of a search → SearchQuery. Whatever is not supported is refused by name, because a
 * filter that is silently left out answers with the wrong people. http://hl7.org/fhir/R4/search.html
 */
import { isId } from '../base/brands.ts';
import { Failure, type Issue } from '../base/failure.ts';
import { searchParameter } from './definitions.ts';
import { isLinked, takeLinked } from './parse-chain.ts';
import { isInclude, takeInclude } from './parse-include.ts';
import type { ResourceType } from './resource.ts';
import {
  count,
  type Draft,
  emptyDraft,
  hint,
  indexed,
  notSupported,
  type SearchOptions,
  shown,
  takeUnknown,
} from './search-draft.ts';
import { badValue, parseDate, splitUnescaped } from './search-filter.ts';
import { parseFilter } from './search-modifiers.ts';
import type { SearchQuery, SortKey } from './search-query.ts';

export interface ParsedSearch {
  readonly query: SearchQuery;
  /** What was left out or changed, for the OperationOutcome in the answer. */
  readonly warnings: readonly Issue[];
}

/** Parameters that say how to answer over HTTP and mean nothing here. */
const NOT_OURS: ReadonlySet<string> = new Set(['_format', '_pretty']);
/** R4 parameters of every type that come in a later version. */
const LATER: ReadonlySet<string> = new Set([
  '_text',
  '_content',
  '_filter',
  '_list',
  '_contained',
  '_containedType',
  '_summary',
  '_elements',
  '_query',
  '_score',
]);

/**
 * Reads decoded name and value pairs in the order of the URL. Throws Failure `not-supported` naming a
 * parameter that is unknown (strict) or not supported, `value` naming one whose value cannot be read,
 * `too-costly` beyond settings.searchClausesMax. No message repeats a value.
 */
export function parseSearch(
  type: ResourceType,
  pairs: readonly (readonly [string, string])[],
  options: SearchOptions,
): ParsedSearch {
  const draft = emptyDraft(type, options);
  for (const [name, value] of pairs) {
    if (NOT_OURS.has(name)) continue;
    if (value.trim() === '') throw badValue(shown(name), 'a value (it is empty)');
    count(draft, 1);
    takePair(draft, name, value);
  }
  return { query: queryOf(draft), warnings: draft.warnings };
}

function queryOf(draft: Draft): SearchQuery {
  return {
    type: draft.type,
    filters: draft.filters,
    sort: draft.sort ?? [],
    count: draft.count ?? draft.options.settings.pageSizeDefault,
    total: draft.total ?? 'none',
    include: draft.include,
    revinclude: draft.revinclude,
  };
}

function takePair(draft: Draft, name: string, value: string): void {
  switch (name) {
    case '_id':
      draft.filters.push({ kind: 'id', ids: idsOf(draft, value) });
      return;
    case '_lastUpdated':
      draft.filters.push({ kind: 'last-updated', ...parseDate('_lastUpdated', value) });
      return;
    case '_count':
      draft.count = once(name, draft.count, countOf(draft, value));
      return;
    case '_sort':
      draft.sort = once(name, draft.sort, sortOf(draft, value));
      return;
    case '_total':
      draft.total = once(name, draft.total, totalOf(value));
      return;
    default:
      if (isInclude(name)) takeInclude(draft, name, value);
      else if (isLinked(name)) takeLinked(draft, name, value, takePair);
      else takeFilter(draft, name, value);
  }
}

function once<T>(name: string, before: T | undefined, now: T): T {
  if (before !== undefined) throw new Failure('value', `"${name}" is given more than once.`);
  return now;
}

function idsOf(draft: Draft, value: string): readonly string[] {
  const ids = splitUnescaped(value, ',');
  count(draft, ids.length - 1);
  if (!ids.every(isId))
    throw badValue('_id', 'ids of 1 to 64 letters, digits, "-" or ".", separated by commas');
  return ids;
}

function countOf(draft: Draft, value: string): number {
  const max = draft.options.settings.pageSizeMax;
  if (!/^\d{1,15}$/.test(value)) throw badValue('_count', 'a whole number, 0 or more');
  const wanted = Number(value);
  if (wanted <= max) return wanted;
  draft.warnings.push({
    severity: 'warning',
    code: 'too-costly',
    text: `"_count" is over the limit; pages have ${max} matches. Follow the "next" link for the rest.`,
  });
  return max;
}

function totalOf(value: string): SearchQuery['total'] {
  if (value === 'none' || value === 'estimate' || value === 'accurate') return value;
  throw badValue('_total', 'none, estimate or accurate');
}

function sortOf(draft: Draft, value: string): readonly SortKey[] {
  const keys = value.split(',');
  count(draft, keys.length - 1);
  return keys.map((key): SortKey => {
    const descending = key.startsWith('-');
    const code = descending ? key.slice(1) : key;
    if (code === '_id') return { by: { kind: 'id' }, descending };
    if (code === '_lastUpdated') return { by: { kind: 'last-updated' }, descending };
    const parameter = searchParameter(draft.type, code);
    if (parameter === undefined) {
      throw new Failure('not-supported', `"_sort" names "${shown(code)}". ${hint(draft.type, code)}`);
    }
    return { by: { kind: 'parameter', parameter: indexed(draft.type, parameter, '_sort') }, descending };
  });
}

function takeFilter(draft: Draft, name: string, value: string): void {
  const code = name.split(/[:.]/, 1)[0] ?? '';
  if (LATER.has(code)) throw notSupported(`"${code}" is not supported yet.`);
  const parameter = searchParameter(draft.type, code);
  if (parameter === undefined) {
    takeUnknown(draft, name, code);
    return;
  }
  const modifier = name.includes(':') ? name.slice(code.length + 1) : undefined;
  if (code === '_id' || code === '_lastUpdated')
    throw notSupported(`"${shown(name)}": "${code}" has no modifiers.`);
  const filter = parseFilter(indexed(draft.type, parameter, undefined), modifier, value);
  if (filter.kind === 'parameter') count(draft, filter.values.length - 1);
  draft.filters.push(filter);
}
