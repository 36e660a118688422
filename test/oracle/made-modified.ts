/** Filters with a modifier, and pairs of composite parameters, of chance. */
import fc from 'fast-check';
import type { SearchParameter } from '../../src/fhir/search-value.ts';
import { componentsOf, isResolved } from '../search-expressions.ts';
import { CODES, IDS, oneOf, SYSTEMS, TEXTS, URIS } from './value-pools.ts';

type Text = fc.Arbitrary<string>;
type Pair = readonly [string, string];

const escaped = (text: string): string => text.replace(/[\\,|$]/g, '\\$&');
const truth = oneOf(['true', 'false']);
/** Nothing but marks is no text to look for. */
const word: Text = fc
  .tuple(oneOf(TEXTS), fc.nat(3), fc.nat(3))
  .map(([text, from, how]) => {
    const part = [...text].slice(from).join('');
    return how === 0 ? part.toUpperCase() : how === 1 ? text : part;
  })
  .filter((text) => text.trim() !== '')
  .map(escaped);
const token: Text = fc.oneof(
  oneOf(CODES).map(escaped),
  fc.tuple(oneOf(SYSTEMS).map(escaped), oneOf(['', ...CODES]).map(escaped)).map((parts) => parts.join('|')),
  oneOf(CODES).map((code) => `|${escaped(code)}`),
);
const identifierOfType: Text = fc
  .tuple(oneOf(SYSTEMS), oneOf(CODES), oneOf(CODES))
  .map((parts) => parts.map(escaped).join('|'));
/** URNs have no hierarchy. */
const url: Text = fc
  .tuple(oneOf(URIS.filter((one) => one.startsWith('http'))), oneOf(['', '', '/', '/more', '#']))
  .map(([text, end]) => (end === '#' ? text.slice(0, text.lastIndexOf('/')) : text + end));

/** Parameters of one modifier, and what each may be asked; `plain` is what the parameter is asked without one. */
function modifiersOf(
  parameter: SearchParameter,
  plain: Text,
  types: readonly string[],
): readonly (readonly [string, Text])[] {
  const { kind, code, targets } = parameter;
  const missing: readonly (readonly [string, Text])[] = isResolved(parameter) ? [] : [['missing', truth]];
  switch (kind) {
    case 'token':
      return [
        ...missing,
        ['not', plain],
        ['text', word],
        ...(code === 'identifier' ? [['of-type', identifierOfType] as const] : []),
      ];
    case 'string':
      // the key of a sound has neither case nor accents
      return code === 'phonetic'
        ? missing
        : [...missing, ['exact', oneOf(TEXTS).map(escaped)], ['contains', word]];
    case 'reference':
      return [
        ...missing,
        ...(isResolved(parameter) ? [] : [['identifier', token] as const]),
        ...targets.filter((one) => types.includes(one)).map((type) => [type, oneOf(IDS)] as const),
      ];
    case 'uri':
      return [...missing, ['below', url], ['above', url]];
    default:
      return missing;
  }
}

/** The parameter with one of its modifiers; undefined where it has none. */
export function modifiedFilter(
  parameter: SearchParameter,
  plain: Text,
  types: readonly string[],
): fc.Arbitrary<Pair> | undefined {
  const all = modifiersOf(parameter, plain, types);
  if (all.length === 0) return undefined;
  return fc.oneof(
    ...all.map(([modifier, text]) => text.map((value): Pair => [`${parameter.code}:${modifier}`, value])),
  );
}

/** A composite parameter, with a value for each part. */
export function pairFilter(
  parameter: SearchParameter,
  textOf: (part: SearchParameter) => Text,
): fc.Arbitrary<Pair> {
  const pair = fc.tuple(...componentsOf(parameter).map(textOf)).map((parts) => parts.join('$'));
  return fc.array(pair, { minLength: 1, maxLength: 2 }).map((pairs): Pair => [parameter.code, pairs.join()]);
}
