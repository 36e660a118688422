/**
 * The parameters of a query, in the order given: from the text of an address to names and values, and back.
 * application/x-www-form-urlencoded, as R4 searches use it. http://hl7.org/fhir/R4/search.html
 */
import { Failure } from '../base/failure.ts';

/** Name and value of each parameter, decoded, in the order given. */
export type Pairs = readonly (readonly [string, string])[];

/** The parameters of a query or a form. Throws Failure `invalid` where a percent sign begins no byte. */
export function pairsOf(text: string): Pairs {
  if (text === '') return [];
  return text
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      return at < 0
        ? ([decoded(part), ''] as const)
        : ([decoded(part.slice(0, at)), decoded(part.slice(at + 1))] as const);
    });
}

function decoded(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new Failure('invalid', 'A parameter is not percent-encoded UTF-8: encode "%" itself as %25.');
  }
}

/** Parameters as they go into a link. */
export function queryOf(pairs: Pairs): string {
  return pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
}
