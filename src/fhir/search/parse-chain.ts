/**
 * Filters that look at another resource: chained parameters (`subject:Patient.name`) and reverse chaining
 * (`_has:Observation:patient:code`), each within the other to any depth up to a limit.
 * http://hl7.org/fhir/R4/search.html#chaining and #has
 */
import { Failure } from '../../base/failure.ts';
import { isResourceType, searchParameter, searchParameterRow } from '../definitions.ts';
import type { ResourceType } from '../resource.ts';
import {
  type Draft,
  hint,
  indexed,
  leaveOut,
  notSupported,
  shown,
  type Take,
  takeUnknown,
} from '../search-draft.ts';
import type { ChainTarget, Filter } from '../search-query.ts';
import type { SearchParameter } from '../search-value.ts';

/** Whether a name leads to another resource. */
export function isLinked(name: string): boolean {
  return name.startsWith('_has:') || name.includes('.');
}

/**
 * Reads a name that leads to another resource; `take` reads what is asked of that one. Throws Failure
 * `value` where it leads nowhere, `not-supported`, and `too-costly` beyond the limits.
 */
export function takeLinked(draft: Draft, name: string, value: string, take: Take): void {
  const max = draft.options.settings.searchChainMax;
  if (draft.links >= max) {
    throw new Failure(
      'too-costly',
      `"${shown(name)}" goes on beyond ${max} references in a row (setting searchChainMax). Chain fewer.`,
    );
  }
  if (name.startsWith('_has:')) takeHas(draft, name, value, take);
  else takeChain(draft, name, value, take);
}

function takeChain(draft: Draft, name: string, value: string, take: Take): void {
  const dot = name.indexOf('.');
  const [code = '', type, ...more] = name.slice(0, dot).split(':');
  const found = searchParameter(draft.type, code);
  if (found === undefined) {
    takeUnknown(draft, name, code);
    return;
  }
  const parameter = literalReference(draft.type, indexed(draft.type, found, undefined), name);
  if (more.length > 0 || (type !== undefined && !isResourceType(type)) || dot === name.length - 1)
    throw badForm(name, 'parameter.parameter or parameter:Type.parameter, with a type of FHIR R4');
  if (type !== undefined && !parameter.targets.includes(type)) {
    throw new Failure('value', `"${shown(name)}": ${draft.type}.${code} never refers to ${type}.`);
  }
  const targets = targetsOf(draft, type === undefined ? parameter.targets : [type], name, value, take);
  if (targets.length > 0) draft.filters.push({ kind: 'chain', parameter, targets });
}

function targetsOf(
  draft: Draft,
  types: readonly ResourceType[],
  name: string,
  value: string,
  take: Take,
): ChainTarget[] {
  const rest = name.slice(name.indexOf('.') + 1);
  const only = types.length === 1;
  const clauses = draft.budget.clauses;
  const targets = types.flatMap((type): ChainTarget[] => {
    if (!only && !leadsOn(type, rest)) return [];
    draft.budget.clauses = clauses; // the values are the same for each type
    const filter = filterOn(draft, type, rest, value, take, only);
    return filter === undefined ? [] : [{ type, filter }];
  });
  if (targets.length === 0 && !only) {
    leaveOut(draft, `"${shown(name)}" is not known: no type that it can lead to has "${shown(rest)}".`);
  }
  return targets;
}

/** Whether a type among others has the reference that a chain goes on by: `focus` is no reference everywhere. */
function leadsOn(type: ResourceType, name: string): boolean {
  if (name.startsWith('_has:') || !name.includes('.')) return true;
  const [code = ''] = name.split(/[:.]/, 1);
  return searchParameter(type, code)?.kind === 'reference';
}

function takeHas(draft: Draft, name: string, value: string, take: Take): void {
  const [, source = '', code = '', rest = ''] = /^_has:([^:.]+):([^:.]+):(.+)$/s.exec(name) ?? [];
  if (!isResourceType(source)) throw badForm(name, '_has:Type:reference:parameter, with a type of FHIR R4');
  const found = searchParameter(source, code);
  if (found === undefined) {
    leaveOut(draft, `"${shown(name)}" is not known. ${hint(source, code)}`);
    return;
  }
  const parameter = literalReference(source, indexed(source, found, '_has'), name);
  if (!parameter.targets.includes(draft.type)) {
    throw new Failure('value', `"${shown(name)}": ${source}.${code} never refers to ${draft.type}.`);
  }
  const filter = filterOn(draft, source, rest, value, take, true);
  if (filter !== undefined) draft.filters.push({ kind: 'has', source, parameter, filter });
}

/** What is asked of the resource at the other end; undefined where its type has no such parameter. */
function filterOn(
  draft: Draft,
  type: ResourceType,
  name: string,
  value: string,
  take: Take,
  isOnly: boolean,
): Filter | undefined {
  const max = draft.options.settings.searchPathsMax;
  draft.budget.paths += 1;
  if (draft.budget.paths > max) {
    throw new Failure(
      'too-costly',
      `Chained through all types, the search has more than ${max} paths (setting searchPathsMax). Name the ` +
        'type of each reference: subject:Patient.name.',
    );
  }
  const [head = ''] = name.split(/[:.]/, 1);
  if (OF_THE_ANSWER.has(head)) {
    throw new Failure('value', `"${head}" says how to answer: it cannot stand behind a reference.`);
  }
  const filters: Filter[] = [];
  const options = isOnly ? draft.options : { ...draft.options, strict: false };
  const warnings = isOnly ? draft.warnings : [];
  take({ ...draft, type, filters, options, warnings, links: draft.links + 1 }, name, value);
  const [first, ...others] = filters;
  return others.length === 0 ? first : { kind: 'and', filters };
}

const OF_THE_ANSWER: ReadonlySet<string> = new Set([
  '_count',
  '_sort',
  '_total',
  '_include',
  '_revinclude',
  '_summary',
  '_elements',
  '_contained',
  '_containedType',
  '_format',
  '_pretty',
]);

/**
 * The parameter, where it holds references that name a resource. One that may hold canonical URLs names a
 * resource by its `url`, which no join of the index follows: its matches would be found in part.
 */
export function literalReference(
  type: ResourceType,
  parameter: SearchParameter,
  name: string,
): SearchParameter {
  if (parameter.kind !== 'reference') {
    throw new Failure('value', `"${shown(name)}" names ${type}.${parameter.code}, which is no reference.`);
  }
  if (searchParameterRow(type, parameter.code)?.types.includes('canonical') === true) {
    throw notSupported(
      `"${shown(name)}": ${type}.${parameter.code} refers by canonical URL, which is not followed. ` +
        'Search for the resource by its "url" first.',
    );
  }
  return parameter;
}

function badForm(name: string, form: string): Failure {
  return new Failure('value', `"${shown(name)}" cannot be read: expected ${form}.`);
}
