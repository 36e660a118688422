/**
 * `_include` and `_revinclude`, with `:iterate` (or `:recurse`, as it was called before R4) and wildcards.
 * http://hl7.org/fhir/R4/search.html#revinclude
 */
import { Failure } from '../../base/failure.ts';
import { isResourceType, searchParameter } from '../definitions.ts';
import { type Draft, hint, indexed, notSupported, shown } from '../search-draft.ts';
import type { Include } from '../search-query.ts';
import { literalReference } from './parse-chain.ts';
import { badValue } from './search-filter.ts';

const NAME = /^(_include|_revinclude)(?::(iterate|recurse))?$/;

/** Whether this is one of the two, whatever modifier it has. */
export function isInclude(name: string): boolean {
  return /^_(rev)?include(?:$|:)/.test(name);
}

/**
 * Reads `Source:parameter[:Target]`, `Source:*` or `*`. Throws Failure `value` where it can never bring
 * anything, `not-supported` where it names what is not known.
 */
export function takeInclude(draft: Draft, name: string, value: string): void {
  const [, which, iterate] = NAME.exec(name) ?? [];
  if (which === undefined) {
    throw notSupported(`"${shown(name)}": the modifiers of includes are :iterate and :recurse.`);
  }
  const isReverse = which === '_revinclude';
  const include = partsOf(draft, name, value, isReverse, iterate !== undefined);
  (isReverse ? draft.revinclude : draft.include).push(include);
}

function partsOf(draft: Draft, name: string, value: string, isReverse: boolean, iterate: boolean): Include {
  const again = iterate ? { iterate: true as const } : {};
  const { types } = draft;
  const ofSearched =
    isReverse || iterate
      ? ''
      : `, with Type ${types.length > 3 ? 'one that is searched' : types.join(' or ')}`;
  const form = `Type:parameter, Type:parameter:Target, Type:* or *${ofSearched}`;
  if (value === '*') return { source: '*', parameter: '*', ...again };
  const [source = '', code = '', target, ...rest] = value.split(':');
  if (!isResourceType(source) || code === '' || rest.length > 0) throw badValue(name, form);
  if (target !== undefined && !isResourceType(target)) throw badValue(name, form);
  if (!isReverse && !iterate && !types.includes(source)) throw badValue(name, form);
  if (isReverse && !iterate && target !== undefined && !types.includes(target)) throw badValue(name, form);
  const aim = target === undefined ? {} : { target };
  if (code === '*') return { source, parameter: '*', ...aim, ...again };
  const found = searchParameter(source, code);
  if (found === undefined) throw notSupported(`"${name}" names "${shown(code)}". ${hint(source, code)}`);
  const parameter = literalReference(source, indexed(source, found, name), name);
  const aimed = target !== undefined ? [target] : isReverse && !iterate ? types : parameter.targets;
  if (!aimed.some((type) => parameter.targets.includes(type))) {
    const whom = aimed.length > 3 ? 'what is searched' : aimed.join(' or ');
    throw new Failure('value', `"${name}": ${source}.${parameter.code} never refers to ${whom}.`);
  }
  return { source, parameter, ...aim, ...again };
}
