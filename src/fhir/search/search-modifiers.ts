/**
 * What a modifier makes of a search parameter: `:missing`, `:exact`, `:in` and the rest, each for the kinds that
 * have it. http://hl7.org/fhir/R4/search.html §3.1.1.5.4 ff. A modifier that a kind has not is refused by
 * name, together with those that it has: left out, it would find the wrong people.
 */
import { isId } from '../../base/brands.ts';
import { Failure } from '../../base/failure.ts';
import { isResourceType, searchParameterRow } from '../definitions.ts';
import type { Filter, FilterValue } from '../search-query.ts';
import { normaliseText, type SearchParameter, type SearchParameterKind } from '../search-value.ts';
import { phoneticKey } from './phonetic-key.ts';
import { badValue, parseFilterValues, splitUnescaped, unescaped } from './search-filter.ts';

const MODIFIERS: Readonly<Record<SearchParameterKind, readonly string[]>> = {
  token: ['missing', 'text', 'not', 'in', 'not-in', 'below', 'above', 'of-type'],
  string: ['missing', 'exact', 'contains'],
  reference: ['missing', 'identifier'],
  uri: ['missing', 'below', 'above'],
  date: ['missing'],
  number: ['missing'],
  quantity: ['missing'],
  composite: [],
  special: [],
};

/**
 * One parameter of a search with its modifier, undefined for none, as a filter. Throws Failure `not-supported`
 * naming a modifier that the kind has not, `value` where the value cannot be read.
 */
export function parseFilter(parameter: SearchParameter, modifier: string | undefined, text: string): Filter {
  if (modifier === undefined)
    return { kind: 'parameter', parameter, values: parseFilterValues(parameter, text) };
  if (parameter.kind === 'reference' && isResourceType(modifier)) return ofType(parameter, modifier, text);
  if (!MODIFIERS[parameter.kind].includes(modifier)) throw unknownModifier(parameter, modifier);
  if (modifier === 'missing') return missing(parameter, text);
  const values = (read: (one: string) => readonly FilterValue[]): readonly FilterValue[] =>
    splitUnescaped(text, ',').flatMap((one) => {
      if (one.trim() === '') throw badValue(parameter.code, 'a value (one is empty)');
      return read(one);
    });
  switch (modifier) {
    case 'not':
      return { kind: 'parameter', parameter, values: parseFilterValues(parameter, text), negated: true };
    case 'not-in':
      return {
        kind: 'parameter',
        parameter,
        values: values((one) => inValueSet(parameter, one)),
        negated: true,
      };
    default:
      return { kind: 'parameter', parameter, values: values((one) => modified(parameter, modifier, one)) };
  }
}

function modified(parameter: SearchParameter, modifier: string, text: string): readonly FilterValue[] {
  const { code } = parameter;
  switch (modifier) {
    case 'exact':
      return [exact(code, unescaped(text))];
    case 'contains':
      return [{ kind: 'string-contains', norm: normOf(code, unescaped(text)) }];
    case 'text':
      return [{ kind: 'token-text', norm: normOf('', unescaped(text)) }];
    case 'of-type':
      return [identifierOfType(code, text)];
    case 'identifier':
      return [referenceIdentifier(code, text)];
    case 'in':
      return inValueSet(parameter, text);
    default:
      return parameter.kind === 'uri'
        ? [uriNear(code, modifier, unescaped(text))]
        : [inHierarchy(parameter, modifier === 'above' ? 'above' : 'below', text)];
  }
}

function unknownModifier({ code, kind, on }: SearchParameter, modifier: string): Failure {
  const name = /^[A-Za-z-]{1,40}$/.test(modifier) ? `":${modifier}"` : '(a name that is none)';
  const names = MODIFIERS[kind].map((one) => `:${one}`);
  const has = names.length === 0 ? 'none' : names.join(', ');
  const types = kind === 'reference' ? ' and the types that it may refer to, such as :Patient' : '';
  return new Failure(
    'not-supported',
    `The modifier ${name} of "${code}" is not known. ${on}.${code} is of kind ${kind}; its modifiers: ${has}${types}.`,
  );
}

function missing(parameter: SearchParameter, text: string): Filter {
  if (text !== 'true' && text !== 'false') throw badValue(`${parameter.code}:missing`, 'true or false');
  return { kind: 'missing', parameter, missing: text === 'true' };
}

/** `subject:Patient=23`: the type stands in the modifier, an id in the value. */
function ofType(parameter: SearchParameter, type: string, text: string): Filter {
  const { code, targets } = parameter;
  if (targets.length > 0 && !(targets as readonly string[]).includes(type)) {
    throw new Failure(
      'value',
      `"${code}:${type}": ${parameter.on}.${code} never refers to ${type}. It refers to ${targets.join(', ')}.`,
    );
  }
  const values = splitUnescaped(text, ',').map((one): FilterValue => {
    const id = unescaped(one);
    const bare = id.startsWith(`${type}/`) ? id.slice(type.length + 1) : id;
    if (!isId(bare)) throw badValue(`${code}:${type}`, `the id of a ${type}`);
    return { kind: 'reference', type, id: bare };
  });
  return { kind: 'parameter', parameter, values };
}

function normOf(code: string, text: string): string {
  const norm = code === 'phonetic' ? phoneticKey(text) : normaliseText(text);
  if (norm === '') throw badValue(code, 'text');
  return norm;
}

const exact = (code: string, text: string): FilterValue => ({
  kind: 'string-exact',
  text,
  norm: normOf(code, text),
});

const OF_TYPE_FORM = 'system|code|value, the type of the identifier and its value';

function identifierOfType(code: string, text: string): FilterValue {
  const parts = splitUnescaped(text, '|').map(unescaped);
  const [system = '', type = '', value = ''] = parts;
  if (parts.length !== 3 || parts.includes('')) throw badValue(`${code}:of-type`, OF_TYPE_FORM);
  return { kind: 'token-of-type', system, code: type, value };
}

const IDENTIFIER_FORM = 'value, system|value, |value or system|';

function referenceIdentifier(code: string, text: string): FilterValue {
  const parts = splitUnescaped(text, '|').map(unescaped);
  const [first = '', second] = parts;
  if (parts.length > 2 || (first === '' && (second ?? '') === ''))
    throw badValue(`${code}:identifier`, IDENTIFIER_FORM);
  if (second === undefined) return { kind: 'reference-identifier', value: first };
  return { kind: 'reference-identifier', system: first, ...(second === '' ? {} : { value: second }) };
}

function inValueSet(parameter: SearchParameter, text: string): readonly FilterValue[] {
  const url = unescaped(text);
  const isUrl = /^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(url);
  const id = /^ValueSet\/([A-Za-z0-9.-]{1,64})$/.test(url);
  if (!isUrl && !id) {
    throw badValue(
      `${parameter.code}:in`,
      'the canonical URL of a value set, or ValueSet/id of one of this node',
    );
  }
  return [{ kind: 'value-set', url }];
}

function inHierarchy(parameter: SearchParameter, direction: 'above' | 'below', text: string): FilterValue {
  const parts = splitUnescaped(text, '|').map(unescaped);
  const implied = searchParameterRow(parameter.on, parameter.code)?.systems ?? [];
  const [only] = implied;
  const [system, code = ''] =
    parts.length === 1 && implied.length === 1 && only !== undefined ? [only, parts[0]] : parts;
  if (system === undefined || system === '' || code === '' || parts.length > 2)
    throw badValue(`${parameter.code}:${direction}`, 'system|code');
  return { kind: 'hierarchy', direction, system, code };
}

/** R4: "URNs" have no hierarchy; of a URL it is that of its path. */
function uriNear(code: string, modifier: string, url: string): FilterValue {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*:\/\/[^/\s]+)(\/\S*)?$/.exec(url);
  if (match === null) throw badValue(`${code}:${modifier}`, 'an absolute URL (no URN)');
  const bare = url.endsWith('/') ? url.slice(0, -1) : url;
  if (modifier === 'below') return { kind: 'uri-below', value: bare };
  const origin = match[1] ?? '';
  const values = [url];
  for (let at = bare; at.length >= origin.length; at = at.slice(0, at.lastIndexOf('/'))) {
    if (!values.includes(at)) values.push(at);
    if (!values.includes(`${at}/`)) values.push(`${at}/`);
    if (at.length === origin.length) break;
  }
  return { kind: 'uri-above', values };
}
