/**
 * What a modifier makes of a search parameter, by http://hl7.org/fhir/R4/search.html#modifiers, over the elements that the parameter's own
 * expression selects.
 */
import type { JsonObject } from '../../src/fhir/json-access.ts';
import type { SearchParameter } from '../../src/fhir/search-value.ts';
import { plain } from '../naive-search.ts';
import type { Selected } from '../search-expressions.ts';
import { elementsOf, valuesOf } from './element-values.ts';
import { between, hasAsked, unescaped } from './value-tests.ts';

type Json = Readonly<Record<string, unknown>>;
const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {};
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map(objectOf) : []);
const textOf = (value: unknown): readonly string[] =>
  typeof value === 'string' && value !== '' ? [value] : [];

/** Whether a resource has what `text` asks for under a modifier. `now` in milliseconds UTC. */
export function fitsModified(
  parameter: SearchParameter,
  modifier: string,
  text: string,
  resource: JsonObject,
  now: number,
): boolean {
  const elements = elementsOf(parameter, resource);
  const strings = valuesOf(parameter, resource).flatMap((one) => ('text' in one ? one.text : []));
  const asks = (holds: (asked: string) => boolean): boolean => between(text, ',').some(holds);
  switch (modifier) {
    case 'missing':
      return (text === 'true') !== isThere(parameter, resource);
    case 'not':
      return !hasAsked(parameter, text, resource, now);
    case 'exact':
      return asks((asked) => strings.includes(unescaped(asked)));
    case 'contains':
      return asks((asked) => strings.some((one) => plain(one).includes(plain(unescaped(asked)))));
    case 'text':
      return asks((asked) =>
        elements.flatMap(wordsOf).some((one) => plain(one).startsWith(plain(unescaped(asked)))),
      );
    case 'of-type':
      return asks((asked) => elements.some((one) => isOfType(objectOf(one.value), asked)));
    case 'identifier':
      return asks((asked) =>
        elements.some(({ value }) => isIdentifier(objectOf(objectOf(value).identifier), asked)),
      );
    case 'below':
      return asks((asked) => strings.some((one) => isBelow(one, unescaped(asked))));
    case 'above':
      return asks((asked) => strings.some((one) => isBelow(unescaped(asked), one)));
    default:
      return asks((asked) => hasAsked(parameter, `${modifier}/${asked.split('/').at(-1)}`, resource, now));
  }
}

/** R4: "usually equates to not having the relevant element"; of a quantity without a number there is nothing to find. */
function isThere(parameter: SearchParameter, resource: JsonObject): boolean {
  if (valuesOf(parameter, resource).length > 0) return true;
  if (parameter.kind === 'reference') return elementsOf(parameter, resource).length > 0;
  return parameter.kind === 'token' && elementsOf(parameter, resource).some((one) => wordsOf(one).length > 0);
}

/** "CodeableConcept.text, Coding.display, or Identifier.type.text" */
function wordsOf({ type, value }: Selected): readonly string[] {
  const json = objectOf(value);
  if (type === 'Coding') return textOf(json.display);
  if (type === 'Identifier') return textOf(objectOf(json.type).text);
  if (type !== 'CodeableConcept') return [];
  return [...textOf(json.text), ...listOf(json.coding).flatMap(({ display }) => textOf(display))];
}

/** `system|code|value`: the type of an identifier and its value. */
function isOfType(identifier: Json, asked: string): boolean {
  const [system, code, value] = between(asked, '|').map(unescaped);
  const types = listOf(objectOf(identifier.type).coding);
  return identifier.value === value && types.some((one) => one.system === system && one.code === code);
}

function isIdentifier({ system, value }: Json, asked: string): boolean {
  const [first = '', second] = between(asked, '|').map(unescaped);
  if (second === undefined) return value === first;
  const isSystem = first === '' ? system === undefined : system === first;
  return isSystem && (second === '' || value === second) && (system !== undefined || value !== undefined);
}

/** Whether one URL is another, or goes on below it. */
function isBelow(url: string, above: string): boolean {
  return `${url}/`.startsWith(`${above.replace(/\/$/, '')}/`);
}
