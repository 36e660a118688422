/**
 * A search with its value sets and hierarchies expanded to lists of codes, before a store is asked: so a query
 * is plain data, and a store needs to know nothing of terminology.
 */
import { Failure } from '../base/failure.ts';
import type { Codes } from './codes.ts';
import { searchParameterRow } from './definitions.ts';
import type { ResourceType } from './resource.ts';
import type { Filter, FilterValue, SearchQuery } from './search-query.ts';
import type { SearchParameter } from './search-value.ts';

type Of<K extends FilterValue['kind']> = Extract<FilterValue, { kind: K }>;

/** Whether there is anything to expand: nearly no search has it. */
export function needsCodes({ filters, also }: SearchQuery): boolean {
  return filters.some(filterNeeds) || also?.some((one) => one.filters.some(filterNeeds)) === true;
}

function filterNeeds(filter: Filter): boolean {
  switch (filter.kind) {
    case 'parameter':
      return filter.values.some(isUnexpanded);
    case 'chain':
      return filter.targets.some((target) => filterNeeds(target.filter));
    case 'has':
    case 'not':
      return filterNeeds(filter.filter);
    case 'and':
    case 'or':
      return filter.filters.some(filterNeeds);
    default:
      return false;
  }
}

const isUnexpanded = (value: FilterValue): boolean =>
  value.kind === 'value-set' || value.kind === 'hierarchy';

/**
 * The same query with lists of codes. Throws Failure `not-supported` naming the value set or the system that
 * nobody here can expand.
 */
export async function expandedQuery(query: SearchQuery, codes: Codes): Promise<SearchQuery> {
  const filters = await all(query.filters, codes);
  if (query.also === undefined) return { ...query, filters };
  const also: { type: ResourceType; filters: readonly Filter[] }[] = [];
  for (const one of query.also) also.push({ ...one, filters: await all(one.filters, codes) });
  return { ...query, filters, also };
}

async function all(filters: readonly Filter[], codes: Codes): Promise<readonly Filter[]> {
  const out: Filter[] = [];
  for (const filter of filters) out.push(filterNeeds(filter) ? await expanded(filter, codes) : filter);
  return out;
}

async function expanded(filter: Filter, codes: Codes): Promise<Filter> {
  switch (filter.kind) {
    case 'parameter': {
      const values: FilterValue[] = [];
      for (const value of filter.values) values.push(await expandedValue(filter.parameter, value, codes));
      return { ...filter, values };
    }
    case 'chain': {
      const targets: { type: ResourceType; filter: Filter }[] = [];
      for (const target of filter.targets)
        targets.push({ ...target, filter: await expanded(target.filter, codes) });
      return { ...filter, targets };
    }
    case 'has':
    case 'not':
      return { ...filter, filter: await expanded(filter.filter, codes) };
    case 'and':
    case 'or':
      return { ...filter, filters: await all(filter.filters, codes) };
    default:
      return filter;
  }
}

async function expandedValue(
  parameter: SearchParameter,
  value: FilterValue,
  codes: Codes,
): Promise<FilterValue> {
  if (value.kind === 'value-set') return withImplied(parameter, await ofValueSet(parameter, value, codes));
  if (value.kind === 'hierarchy') return withImplied(parameter, await ofHierarchy(parameter, value, codes));
  return value;
}

async function ofValueSet(
  { code }: SearchParameter,
  { url }: Of<'value-set'>,
  codes: Codes,
): Promise<Of<'codes'>> {
  const set = await codes.valueSet(url);
  if (set === undefined) {
    throw new Failure(
      'not-supported',
      `"${code}": nobody here has the value set ${shownUrl(url)}. ` +
        'Store it on this node, or load the package that has it.',
    );
  }
  return { kind: 'codes', ...set };
}

async function ofHierarchy(
  { code: name }: SearchParameter,
  { system, code, direction }: Of<'hierarchy'>,
  codes: Codes,
): Promise<Of<'codes'>> {
  const found = await codes.hierarchy(system, code, direction);
  if (found === undefined) {
    throw new Failure(
      'not-supported',
      `"${name}:${direction}": nobody here has the hierarchy of ${shownUrl(system)}. Store the CodeSystem on this ` +
        'node, or load the package that has it.',
    );
  }
  return { kind: 'codes', codes: [{ system, codes: found }], systems: [] };
}

/** A canonical names no person; what is none is not repeated. */
const shownUrl = (url: string): string =>
  /^[\w:/.#?=&|%+~@-]{1,300}$/.test(url) ? url : '(an address that is none)';

/** A code element has no system of its own: what its value set implies is kept as none. */
function withImplied({ on, code }: SearchParameter, set: Of<'codes'>): Of<'codes'> {
  const implied = searchParameterRow(on, code)?.systems ?? [];
  const bare = set.codes.filter(({ system }) => implied.includes(system));
  const whole = set.systems.some((system) => implied.includes(system));
  return {
    ...set,
    codes: [...set.codes, ...bare.map(({ codes }) => ({ system: '', codes }))],
    systems: whole ? [...set.systems, ''] : set.systems,
  };
}
