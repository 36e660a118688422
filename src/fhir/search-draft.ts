/**
 * A search while it is read: what parse-search.ts and the readers of single kinds of parameters share. No
 * message repeats a value, which may identify a person.
 */
import { Failure, type Issue } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { searchParametersOf, whyNotIndexed } from './definitions.ts';
import { nearNames } from './near-names.ts';
import type { ResourceType } from './resource.ts';
import type { Filter, Include, SearchQuery, SortKey } from './search-query.ts';
import type { SearchParameter } from './search-value.ts';

export type SearchSettings = Pick<
  Settings,
  'pageSizeDefault' | 'pageSizeMax' | 'searchClausesMax' | 'searchChainMax' | 'searchPathsMax'
>;

export interface SearchOptions {
  /** `Prefer: handling=strict`: an unknown parameter is an error and not a warning. */
  readonly strict: boolean;
  readonly settings: SearchSettings;
}

/** The parts of a query while it is read. */
export interface Draft {
  readonly type: ResourceType;
  /** All types that the search is of; more than one where it goes across types. */
  readonly types: readonly ResourceType[];
  readonly options: SearchOptions;
  readonly warnings: Issue[];
  readonly filters: Filter[];
  readonly include: Include[];
  readonly revinclude: Include[];
  /** What the whole search has used up of its limits: one object, whatever is chained. */
  readonly budget: { clauses: number; paths: number };
  /** References between the type that is searched and this one. */
  readonly links: number;
  sort: readonly SortKey[] | undefined;
  count: number | undefined;
  total: SearchQuery['total'] | undefined;
  summary: 'true' | 'text' | 'data' | 'count' | 'false' | undefined;
  elements: readonly string[] | undefined;
}

/** Reads one parameter into a draft. */
export type Take = (draft: Draft, name: string, value: string) => void;

/** A search of this type, or these, with nothing in it yet. */
export function emptyDraft(
  type: ResourceType,
  options: SearchOptions,
  types: readonly ResourceType[] = [type],
): Draft {
  return {
    type,
    types,
    options,
    warnings: [],
    filters: [],
    include: [],
    revinclude: [],
    budget: { clauses: 0, paths: 0 },
    links: 0,
    sort: undefined,
    count: undefined,
    total: undefined,
    summary: undefined,
    elements: undefined,
  };
}

/** Adds to the number of parameters and alternatives. Throws Failure `too-costly` beyond the limit. */
export function count(draft: Draft, clauses: number): void {
  draft.budget.clauses += clauses;
  const max = draft.options.settings.searchClausesMax;
  if (draft.budget.clauses > max) {
    throw new Failure(
      'too-costly',
      `The search has more than ${max} parameters and values (setting searchClausesMax). Ask in parts.`,
    );
  }
}

/** Failure `not-supported`. */
export function notSupported(text: string): Failure {
  return new Failure('not-supported', text);
}

/**
 * The parameter, where it has an index. `where` names the control parameter that speaks of it. Throws
 * Failure `not-supported` with the reason.
 */
export function indexed(
  type: ResourceType,
  parameter: SearchParameter,
  where: string | undefined,
): SearchParameter {
  const reason = whyNotIndexed(type, parameter.code);
  if (reason === undefined) return parameter;
  const by = where === undefined ? '' : ` in "${where}"`;
  throw notSupported(`${type} search parameter "${parameter.code}"${by} is not supported yet: ${reason}.`);
}

/** A parameter that the type has not: an error where handling is strict, left out and said so otherwise. */
export function takeUnknown(draft: Draft, name: string, code: string): void {
  leaveOut(draft, `"${shown(name)}" is not known. ${hint(draft.type, code)}`);
}

/** The same with a text of one's own. */
export function leaveOut(draft: Draft, text: string): void {
  if (draft.options.strict) throw notSupported(text);
  draft.warnings.push({
    severity: 'warning',
    code: 'not-supported',
    text: `${text} It was left out of the search.`,
  });
}

/** That a type has no such parameter, and which are near it. */
export function hint(type: string, code: string): string {
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
export function shown(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_:.-]{0,127}$/.test(name) ? name : '(a name that is none)';
}
