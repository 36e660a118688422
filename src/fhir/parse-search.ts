/**
 * The parameters of a search → SearchQuery. Whatever is not supported is refused by name, because a
 * filter that is silently left out answers with the wrong people. http://hl7.org/fhir/R4/search.html
 */
import { isId } from '../base/brands.ts';
import { Failure, type Issue } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { isResourceType, searchParameter, searchParametersOf, whyNotIndexed } from './definitions.ts';
import { nearNames } from './near-names.ts';
import type { ResourceType } from './resource.ts';
import { badValue, parseDate, parseFilterValues, splitUnescaped } from './search-filter.ts';
import type { Filter, Include, SearchQuery, SortKey } from './search-query.ts';
import type { SearchParameter } from './search-value.ts';

type SearchSettings = Pick<Settings, 'pageSizeDefault' | 'pageSizeMax' | 'searchClausesMax'>;

export interface SearchOptions {
  /** `Prefer: handling=strict`: an unknown parameter is an error and not a warning. */
  readonly strict: boolean;
  readonly settings: SearchSettings;
}

export interface ParsedSearch {
  readonly query: SearchQuery;
  /** What was left out or changed, for the OperationOutcome in the answer. */
  readonly warnings: readonly Issue[];
}

/** Parameters that say how to answer over HTTP and mean nothing here. */
const NOT_OURS: ReadonlySet<string> = new Set(['_format', '_pretty']);
/** R4 parameters of every type that come in a later version. */
const LATER: ReadonlySet<string> = new Set([
  '_has',
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

/** The parts of a query while it is read. */
interface Draft {
  readonly type: ResourceType;
  readonly options: SearchOptions;
  readonly warnings: Issue[];
  readonly filters: Filter[];
  readonly include: Include[];
  readonly revinclude: Include[];
  sort: readonly SortKey[] | undefined;
  count: number | undefined;
  total: SearchQuery['total'] | undefined;
  clauses: number;
}

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
  const draft: Draft = {
    type,
    options,
    warnings: [],
    filters: [],
    include: [],
    revinclude: [],
    sort: undefined,
    count: undefined,
    total: undefined,
    clauses: 0,
  };
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

/** Adds to the number of parameters and alternatives, which is limited. */
function count(draft: Draft, clauses: number): void {
  draft.clauses += clauses;
  const max = draft.options.settings.searchClausesMax;
  if (draft.clauses > max) {
    throw new Failure('too-costly', `The search has more than ${max} parameters and values. Ask in parts.`);
  }
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
    case '_include':
      draft.include.push(includeOf(draft, name, value));
      return;
    case '_revinclude':
      draft.revinclude.push(includeOf(draft, name, value));
      return;
    default:
      takeFilter(draft, name, value);
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

/** `Source:parameter[:Target]`, for either direction. */
function includeOf(draft: Draft, name: '_include' | '_revinclude', value: string): Include {
  const of = name === '_include' ? `, with Type ${draft.type}` : '';
  const form = `Type:parameter or Type:parameter:Target${of}`;
  if (value.includes('*'))
    throw new Failure('not-supported', `"${name}" with a wildcard is not supported: expected ${form}.`);
  const [source = '', code = '', target, ...rest] = value.split(':');
  if (!isResourceType(source) || code === '' || rest.length > 0) throw badValue(name, form);
  if (name === '_include' && source !== draft.type) throw badValue(name, form);
  const found = searchParameter(source, code);
  if (found === undefined) {
    throw new Failure('not-supported', `"${name}" names "${shown(code)}". ${hint(source, code)}`);
  }
  const parameter = indexed(source, found, name);
  if (parameter.kind !== 'reference') {
    throw new Failure('value', `"${name}" names ${source}.${parameter.code}, which is no reference.`);
  }
  if (target !== undefined && !isResourceType(target)) throw badValue(name, form);
  const aimed = name === '_revinclude' ? draft.type : target;
  if (aimed !== undefined && parameter.targets.length > 0 && !parameter.targets.includes(aimed)) {
    throw new Failure('value', `"${name}": ${source}.${parameter.code} never refers to ${aimed}.`);
  }
  if (name === '_revinclude' && target !== undefined && target !== draft.type) throw badValue(name, form);
  return { source, parameter, ...(target === undefined ? {} : { target }) };
}

function takeFilter(draft: Draft, name: string, value: string): void {
  const code = name.split(/[:.]/, 1)[0] ?? '';
  if (LATER.has(code)) throw notSupported(`"${code}" is not supported yet.`);
  if (/^_(rev)?include$/.test(code))
    throw notSupported(`"${shown(name)}": modifiers of "${code}" are not supported.`);
  const parameter = searchParameter(draft.type, code);
  if (parameter === undefined) {
    takeUnknown(draft, name, code);
    return;
  }
  if (name.includes('.')) throw notSupported(`"${shown(name)}": chained parameters are not supported yet.`);
  if (name.includes(':')) throw notSupported(`"${shown(name)}": modifiers are not supported yet.`);
  const values = parseFilterValues(indexed(draft.type, parameter, undefined), value);
  count(draft, values.length - 1);
  draft.filters.push({ kind: 'parameter', parameter, values });
}

function notSupported(text: string): Failure {
  return new Failure('not-supported', text);
}

/** The parameter, where it has an index. `where` names the control parameter that speaks of it. */
function indexed(type: ResourceType, parameter: SearchParameter, where: string | undefined): SearchParameter {
  const reason = whyNotIndexed(type, parameter.code);
  if (reason === undefined) return parameter;
  const by = where === undefined ? '' : ` in "${where}"`;
  throw notSupported(`${type} search parameter "${parameter.code}"${by} is not supported yet: ${reason}.`);
}

function takeUnknown(draft: Draft, name: string, code: string): void {
  const text = `"${shown(name)}" is not known. ${hint(draft.type, code)}`;
  if (draft.options.strict) throw notSupported(text);
  draft.warnings.push({
    severity: 'warning',
    code: 'not-supported',
    text: `${text} It was left out of the search.`,
  });
}

function hint(type: string, code: string): string {
  const near = nearNames(code, [
    ...searchParametersOf(type).keys(),
    '_count',
    '_sort',
    '_include',
    '_revinclude',
  ]);
  const names = near.length === 0 ? '' : ` Near it: ${near.join(', ')}.`;
  return `${type} has no search parameter of that name.${names}`;
}

/** A name as a message may repeat it: it could be anything that somebody put into a URL. */
function shown(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_:.-]{0,63}$/.test(name) ? name : '(a name that is none)';
}
