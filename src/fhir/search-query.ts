/**
 * A search, parsed: what api makes from a URL (fhir/parse-search) and what a store answers. Plain
 * data, so that it crosses a thread boundary and a second database reads it unchanged.
 */
import type { ResourceType } from './resource.ts';
import type { SearchParameter } from './search-value.ts';

/** R4 prefixes for ordered values; `eq` where none was written. */
export type Prefix = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap';

export type FilterValue =
  /**
   * `system` undefined: any system; '' : only without a system. `value` undefined: any code of the
   * system.
   */
  | { readonly kind: 'token'; readonly system?: string; readonly value?: string }
  /**
   * `:text`: CodeableConcept.text, Coding.display or Identifier.type.text starts with it, normalised as strings
   * are (normaliseText).
   */
  | { readonly kind: 'token-text'; readonly norm: string }
  /** `:of-type`: an identifier with this value whose type has this coding. */
  | { readonly kind: 'token-of-type'; readonly system: string; readonly code: string; readonly value: string }
  /**
   * `:in`, `:above` and `:below` as they are asked. Nobody but fhir/expand-codes reads them: it puts `codes` in
   * their place before a store is asked, and a store refuses what it left.
   */
  | { readonly kind: 'value-set'; readonly url: string }
  | {
      readonly kind: 'hierarchy';
      readonly direction: 'above' | 'below';
      readonly system: string;
      readonly code: string;
    }
  /**
   * Any of these codes. `systems` are those whose every code counts. Codes of
   * a system that the parameter's own element implies stand under the system '' as well.
   */
  | {
      readonly kind: 'codes';
      readonly codes: readonly { readonly system: string; readonly codes: readonly string[] }[];
      readonly systems: readonly string[];
    }
  /** Starts with, on normalised text. */
  | { readonly kind: 'string'; readonly norm: string }
  /** `:contains`: anywhere, on normalised text. */
  | { readonly kind: 'string-contains'; readonly norm: string }
  /** `:exact`: the whole as written, case and accents too; `norm` is the same text normalised. */
  | { readonly kind: 'string-exact'; readonly text: string; readonly norm: string }
  /** Of `_filter`: all of the text, its end, or anything else, on normalised text. */
  | {
      readonly kind: 'string-compared';
      readonly how: 'equal' | 'unequal' | 'ends';
      readonly norm: string;
    }
  /** `type` undefined: any target type with that id. */
  | { readonly kind: 'reference'; readonly type?: string; readonly id: string }
  | { readonly kind: 'reference-url'; readonly url: string }
  /** `:identifier`: Reference.identifier, by a token. */
  | { readonly kind: 'reference-identifier'; readonly system?: string; readonly value?: string }
  /** Milliseconds UTC, inclusive: the range that the written precision covers. */
  | { readonly kind: 'date'; readonly prefix: Prefix; readonly lo: number; readonly hi: number }
  /** `po` of `_filter`: a period that has a moment in common with this one. */
  | { readonly kind: 'date-overlap'; readonly lo: number; readonly hi: number }
  | { readonly kind: 'uri'; readonly value: string }
  /** `:below`: the same URL, or one that goes on behind it with `/`. */
  | { readonly kind: 'uri-below'; readonly value: string }
  /** `:above`: any of these: the URL itself and what it lies below. */
  | { readonly kind: 'uri-above'; readonly values: readonly string[] }
  /**
   * `lo` ≤ implied range < `hi` of the written precision: 5.4 is 5.35 to 5.45. `unit` undefined: any. Under
   * the system of UCUM every unit of the same kind is found, converted; else the unit is compared as text.
   */
  | {
      readonly kind: 'quantity';
      readonly prefix: Prefix;
      readonly value: number;
      readonly lo: number;
      readonly hi: number;
      readonly system?: string;
      readonly unit?: string;
    }
  | {
      readonly kind: 'number';
      readonly prefix: Prefix;
      readonly value: number;
      readonly lo: number;
      readonly hi: number;
    }
  /** One list of alternatives for each component; all are to hold of values within one element. */
  | { readonly kind: 'composite'; readonly parts: readonly (readonly FilterValue[])[] }
  /** Location.near: degrees of WGS 84, and how far away at most. */
  | {
      readonly kind: 'near';
      readonly latitude: number;
      readonly longitude: number;
      readonly distanceKm: number;
    };

/** One parameter of the query, which looks at one resource alone: its values are alternatives. */
export type SimpleFilter =
  | { readonly kind: 'id'; readonly ids: readonly string[] }
  | { readonly kind: 'last-updated'; readonly prefix: Prefix; readonly lo: number; readonly hi: number }
  | {
      readonly kind: 'parameter';
      readonly parameter: SearchParameter;
      readonly values: readonly FilterValue[];
      /**
       * `:not` and `:not-in`: what none of the values fits, also where the parameter has no value at all.
       */
      readonly negated?: true;
    }
  /**
   * `:missing`: whether the parameter's expression selects nothing that a search could find, with whatever
   * modifier: a CodeableConcept of text alone and a Reference of an identifier alone are there, a Quantity
   * without a value is missing.
   */
  | { readonly kind: 'missing'; readonly parameter: SearchParameter; readonly missing: boolean }
  /** `_text` looks into the narrative, `_content` into every text of the resource. */
  | { readonly kind: 'full-text'; readonly over: 'narrative' | 'content'; readonly query: TextQuery };

/** What a full text is asked for: R4 leaves the language open; words, "phrases", OR, AND, NOT, brackets, word*. */
export type TextQuery =
  /** The words follow each other; `prefix`: the last may go on. Each is normalised as strings are. */
  | { readonly kind: 'words'; readonly words: readonly string[]; readonly prefix: boolean }
  | { readonly kind: 'and' | 'or'; readonly of: readonly TextQuery[] }
  | { readonly kind: 'not'; readonly of: TextQuery };

/**
 * What a resource is found by; the filters of a query are all to hold. Where another resource has a say, it
 * must itself show in the asker's scope and in the snapshot, at every hop.
 */
export type Filter =
  | SimpleFilter
  /**
   * `subject:Patient.name=…`: the reference leads to a resource that is of one of these types and fits its
   * filter. Each type once; where the URL names none, every target that has the parameter.
   */
  | {
      readonly kind: 'chain';
      readonly parameter: SearchParameter;
      readonly targets: readonly ChainTarget[];
    }
  /** `_has:Observation:patient:code=…`: a resource of `source` refers here by `parameter` and fits. */
  | {
      readonly kind: 'has';
      readonly source: ResourceType;
      readonly parameter: SearchParameter;
      readonly filter: Filter;
    }
  | { readonly kind: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter };

export interface ChainTarget {
  readonly type: ResourceType;
  readonly filter: Filter;
}

export interface SortKey {
  readonly by:
    | { readonly kind: 'id' }
    | { readonly kind: 'last-updated' }
    | { readonly kind: 'parameter'; readonly parameter: SearchParameter };
  readonly descending: boolean;
}

/**
 * `_include=Source:parameter[:target]` and, with the same parts, `_revinclude`; `*` is any type, and any
 * search parameter that is a reference. With `iterate` it starts also from what was included, until
 * nothing new comes.
 */
export interface Include {
  readonly source: ResourceType | '*';
  readonly parameter: SearchParameter | '*';
  readonly target?: ResourceType;
  readonly iterate?: true;
}

/** What a search of several types asks of one of them. */
export interface TypedFilters {
  readonly type: ResourceType;
  readonly filters: readonly Filter[];
}

export interface SearchQuery {
  readonly type: ResourceType;
  readonly filters: readonly Filter[];
  /** Further types of a search across types, each with its own filters: what any of them finds is a match. */
  readonly also?: readonly TypedFilters[];
  /** No type was named: those that the asker may not read are left out, where they would be refused. */
  readonly anyType?: true;
  readonly sort: readonly SortKey[];
  /** Matches a page at most. 0 asks for the count alone. */
  readonly count: number;
  readonly total: 'none' | 'estimate' | 'accurate';
  readonly include: readonly Include[];
  readonly revinclude: readonly Include[];
  /** Where the page before ended: opaque, made by the store; holds the snapshot's seq. */
  readonly cursor?: string;
}
