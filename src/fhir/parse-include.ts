/**
 * `_include` and `_revinclude`, with `:iterate` (or `:recurse`, as it was called before R4) and wildcards.
 * http://hl7.org/fhir/R4/search.html#revinclude
 */
import { Failure } from '../base/failure.ts';
import { isResourceType, searchParameter } from './definitions.ts';
import { literalReference } from './parse-chain.ts';
import type { ResourceType } from './resource.ts';
import { type Draft, hint, indexed, notSupported, shown } from './search-draft.ts';
import { badValue } from './search-filter.ts';
import type { Include } from './search-query.ts';

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
  const searched = draft.type;
  const ofSearched = isReverse || iterate ? '' : `, with Type ${searched}`;
  const form = `Type:parameter, Type:parameter:Target, Type:* or *${ofSearched}`;
  if (value === '*') return { source: '*', parameter: '*', ...again };
  const [source = '', code = '', target, ...rest] = value.split(':');
  if (!isResourceType(source) || code === '' || rest.length > 0) throw badValue(name, form);
  if (target !== undefined && !isResourceType(target)) throw badValue(name, form);
  if (!isReverse && !iterate && source !== searched) throw badValue(name, form);
  if (isReverse && !iterate && target !== undefined && target !== searched) throw badValue(name, form);
  const aim = target === undefined ? {} : { target };
  if (code === '*') return { source, parameter: '*', ...aim, ...again };
  const found = searchParameter(source, code);
  if (found === undefined) throw notSupported(`"${name}" names "${shown(code)}". ${hint(source, code)}`);
  const parameter = literalReference(source, indexed(source, found, name), name);
  const aimed: ResourceType | undefined = isReverse && !iterate ? searched : target;
  if (aimed !== undefined && parameter.targets.length > 0 && !parameter.targets.includes(aimed)) {
    throw new Failure('value', `"${name}": ${source}.${parameter.code} never refers to ${aimed}.`);
  }
  return { source, parameter, ...aim, ...again };
}
