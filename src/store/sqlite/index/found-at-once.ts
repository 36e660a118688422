/**
 * What can be found as soon as it is there, and what waits to be indexed with others (late-index.ts): before
 * nearly every message is written, what it speaks of is looked for by its identifiers, and the person's open
 * stay.
 */
import { unreachable } from '../../../base/assert.ts';
import type { Filter, SearchQuery } from '../../../fhir/search-query.ts';
import type { Scope } from '../../scope.ts';

/** Whether resources of this type are found at once by everything. */
export const isTypeAtOnce = (type: string): boolean => type === 'Patient' || type === 'Encounter';

/** Whether values of this parameter of a type are found at once. */
export const isFoundAtOnce = (type: string, code: string): boolean =>
  code === 'identifier' || isTypeAtOnce(type);

/**
 * The types whose late rows a search goes through: its own, where it is not found at once, of chains and of
 * includes; `all` where it follows references of any type.
 */
export function lateTypes(query: SearchQuery, scope: Scope): readonly string[] | 'all' {
  const sources = [...query.include, ...query.revinclude].map(({ source }) => source);
  if (sources.includes('*')) return 'all';
  const late = new Set<string>(sources);
  for (const { type, filters } of [query, ...(query.also ?? [])]) {
    if (scope.persons !== 'all') late.add(type);
    for (const { by } of query.sort) if (by.kind === 'parameter') addParameter(type, by.parameter.code, late);
    for (const filter of filters) addFilter(filter, type, scope, late);
  }
  return [...late].filter((one) => !isTypeAtOnce(one));
}

function addParameter(type: string, code: string, late: Set<string>): void {
  if (!isFoundAtOnce(type, code)) late.add(type);
}

function addFilter(filter: Filter, type: string, scope: Scope, late: Set<string>): void {
  switch (filter.kind) {
    case 'parameter':
      addParameter(type, filter.parameter.code, late);
      // asked of more rows than those of the values (prepare-write, thereCode)
      if (filter.values.some(({ kind }) => kind === 'token-text')) late.add(type);
      return;
    case 'missing':
      late.add(type);
      return;
    case 'chain':
      addParameter(type, filter.parameter.code, late);
      for (const target of filter.targets) addHop(target.filter, target.type, scope, late);
      return;
    case 'has':
      addParameter(filter.source, filter.parameter.code, late);
      addHop(filter.filter, filter.source, scope, late);
      return;
    case 'and':
    case 'or':
      for (const one of filter.filters) addFilter(one, type, scope, late);
      return;
    case 'not':
      addFilter(filter.filter, type, scope, late);
      return;
    case 'full-text':
      late.add(type);
      return;
    case 'id':
    case 'last-updated': // they stand in the version itself
      return;
    default:
      unreachable(filter);
  }
}

function addHop(filter: Filter, type: string, scope: Scope, late: Set<string>): void {
  if (scope.persons !== 'all') late.add(type);
  addFilter(filter, type, scope, late);
}
