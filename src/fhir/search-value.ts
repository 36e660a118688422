/**
 * What a resource can be found by: the output of the compiled index functions and the input of the
 * store's index. R4 "Search", http://hl7.org/fhir/R4/search.html.
 */
import type { ResourceType } from './resource.ts';

export type SearchParameterKind =
  | 'token'
  | 'reference'
  | 'string'
  | 'date'
  | 'uri'
  | 'quantity'
  | 'number'
  | 'composite'
  | 'special';

/** A search parameter as it applies to one resource type. */
export interface SearchParameter {
  /** The code used in a URL: `birthdate`. */
  readonly code: string;
  /** The type whose resources it finds. */
  readonly on: ResourceType;
  readonly kind: SearchParameterKind;
  /** Types that a reference may point at; empty for all others. */
  readonly targets: readonly ResourceType[];
  /** Canonical URL of the SearchParameter definition. */
  readonly url: string;
}

/** One value under one parameter. `code` is the parameter's code. */
export type SearchValue =
  /** `system` is '' where the element has none; `value` is the code, boolean, identifier value … as text. */
  | { readonly kind: 'token'; readonly code: string; readonly system: string; readonly value: string }
  /** `norm` is normalised (normaliseText); `exact` is as written. */
  | { readonly kind: 'string'; readonly code: string; readonly norm: string; readonly exact: string }
  /** A reference to a resource of this server: type and id; `version` where the reference was versioned. */
  | { readonly kind: 'reference'; readonly code: string; readonly type: string; readonly id: string }
  /** A reference elsewhere (absolute URL, urn:, canonical) kept as its text. */
  | { readonly kind: 'reference-url'; readonly code: string; readonly url: string }
  /** Milliseconds UTC, inclusive both ends; open ends are -8.64e15 and 8.64e15. */
  | { readonly kind: 'date'; readonly code: string; readonly lo: number; readonly hi: number }
  | { readonly kind: 'uri'; readonly code: string; readonly value: string }
  /**
   * `system` and `unit` are '' where absent; `unit` is Quantity.code, or Quantity.unit where there is
   * no code.
   */
  | {
      readonly kind: 'quantity';
      readonly code: string;
      readonly system: string;
      readonly unit: string;
      readonly value: number;
    }
  | { readonly kind: 'number'; readonly code: string; readonly value: number }
  /**
   * An element that is there and has none of these: text without a code, an identifier in place of a
   * reference. Only a modifier finds it, so it is not missing.
   */
  | { readonly kind: 'there'; readonly code: string };

/**
 * Text as string search compares it: decomposed, combining marks dropped, lower case, white space
 * folded to one space and trimmed. R4: "case and combining-character insensitive".
 */
export function normaliseText(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim();
}

/** Printable ASCII words with single spaces between them: nothing but the case to fold. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/;
