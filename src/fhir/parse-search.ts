/**
 * The parameters of a search → SearchQuery. Whatever is not supported is refused by name, because a
 * filter that is silently left out answers with the wrong people. http://hl7.org/fhir/R4/search.html
 */
import { isId } from '../base/brands.ts';
import { Failure, type Issue } from '../base/failure.ts';
import { searchParameter, whyNotIndexed } from './definitions.ts';
import { parseFullText } from './full-text.ts';
import type { ResourceType } from './resource.ts';
import { isLinked, takeLinked } from './search/parse-chain.ts';
import { takeFilterExpression } from './search/parse-filter-expression.ts';
import { isInclude, takeInclude } from './search/parse-include.ts';
import { badValue, parseDate, splitUnescaped } from './search/search-filter.ts';
import { subsetOf, takeContained, takeElements, takeSummary } from './search/search-form.ts';
import { parseFilter } from './search/search-modifiers.ts';
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
import type { Filter, SearchQuery, SortKey } from './search-query.ts';
import type { SearchParameter } from './search-value.ts';
import type { Subset } from './subset-resource.ts';

export interface ParsedSearch {
  readonly query: SearchQuery;
  /** What was left out or changed, for the OperationOutcome in the answer. */
  readonly warnings: readonly Issue[];
  /** What is left of each resource that is found; undefined where it is whole. */
  readonly subset?: Subset;
}

/** Parameters that say how to answer over HTTP and mean nothing here. */
const NOT_OURS: ReadonlySet<string> = new Set(['_format', '_pretty']);
/** R4 parameters of every type that come in a later version. */
const LATER: ReadonlySet<string> = new Set(['_containedType', '_query', '_score']);

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
    if (!requireValue(name, value)) continue;
    count(draft, 1);
    takePair(draft, name, value);
  }
  return parsedOf(draft);
}

/** False where the parameter means nothing here. Throws Failure `value` where it has no value. */
export function requireValue(name: string, value: string): boolean {
  if (NOT_OURS.has(name)) return false;
  if (value.trim() === '') throw badValue(shown(name), 'a value (it is empty)');
  return true;
}

/** Whether a search may name this parameter of the type. */
export function isSearchable(type: ResourceType, code: string): boolean {
  return NEEDS_NO_INDEX.has(code) || whyNotIndexed(type, code) === undefined;
}

const NEEDS_NO_INDEX: ReadonlySet<string> = new Set(['_id', '_lastUpdated', '_text', '_content', '_filter']);

/** Whether a parameter says how to answer, and not what to find. */
export function isOfAnswer(name: string): boolean {
  return OF_ANSWER.has(name) || isInclude(name);
}

const OF_ANSWER: ReadonlySet<string> = new Set([
  '_count',
  '_sort',
  '_total',
  '_summary',
  '_elements',
  '_contained',
  '_containedType',
]);

/** What a draft says once all parameters are read. Throws Failure `value` where they contradict. */
export function parsedOf(draft: Draft): ParsedSearch {
  const subset = subsetOf(draft);
  const query = queryOf(draft);
  return {
    query: draft.summary === 'count' ? { ...query, count: 0, include: [], revinclude: [] } : query,
    warnings: draft.warnings,
    ...(subset === undefined ? {} : { subset }),
  };
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

/** Reads one parameter. Throws as parseSearch does. */
export function takePair(draft: Draft, name: string, value: string): void {
  switch (name) {
    case '_list':
      draft.filters.push(listFilter(draft, value));
      return;
    case '_filter':
      takeFilterExpression(draft, value);
      return;
    case '_summary':
      takeSummary(draft, value);
      return;
    case '_elements':
      takeElements(draft, value);
      return;
    case '_contained':
      takeContained(value);
      return;
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

/** What these Lists hold: a reference from the entry of a List that the asker may see. */
function listFilter(draft: Draft, value: string): Filter {
  if (value.startsWith('$')) {
    throw notSupported('"_list" by a functional name ($current-…) is not supported: give the id of a List.');
  }
  const ids = splitUnescaped(value, ',');
  count(draft, ids.length - 1);
  const parameter = searchParameter('List', 'item');
  if (!ids.every(isId) || parameter === undefined) throw badValue('_list', 'the id of a List');
  return { kind: 'has', source: 'List', parameter, filter: { kind: 'id', ids } };
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
    return { by: { kind: 'parameter', parameter: sortParameter(draft, code) }, descending };
  });
}

/** A parameter that every type searched has, and of the same kind in each: else there is no one order. */
function sortParameter(draft: Draft, code: string): SearchParameter {
  const [first, ...others] = draft.types.map((type) => {
    const parameter = searchParameter(type, code);
    if (parameter === undefined) throw notSupported(`"_sort" names "${shown(code)}". ${hint(type, code)}`);
    return indexed(type, parameter, '_sort');
  });
  if (first === undefined || others.some(({ kind }) => kind !== first.kind)) {
    throw notSupported(`"_sort" names "${shown(code)}", which is not of one kind in all types searched.`);
  }
  if (first.kind === 'composite' || first.kind === 'special')
    throw notSupported(`"_sort" names "${code}", whose values have no order.`);
  return first;
}

function takeFilter(draft: Draft, name: string, value: string): void {
  const code = name.split(/[:.]/, 1)[0] ?? '';
  if (name === '_text' || name === '_content') {
    const { filter, words } = parseFullText(name, value);
    count(draft, words - 1);
    draft.filters.push(filter);
    return;
  }
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
