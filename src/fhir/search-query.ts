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
  /** Starts with, on normalised text. */
  | { readonly kind: 'string'; readonly norm: string }
  /** `type` undefined: any target type with that id. */
  | { readonly kind: 'reference'; readonly type?: string; readonly id: string }
  | { readonly kind: 'reference-url'; readonly url: string }
  /** Milliseconds UTC, inclusive: the range that the written precision covers. */
  | { readonly kind: 'date'; readonly prefix: Prefix; readonly lo: number; readonly hi: number }
  | { readonly kind: 'uri'; readonly value: string }
  /** `lo` ≤ implied range < `hi` of the written precision: 5.4 is 5.35 to 5.45. `unit` undefined: any. */
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
    };

/** One parameter of the query: its values are alternatives, filters are all to hold. */
export type Filter =
  | { readonly kind: 'id'; readonly ids: readonly string[] }
  | { readonly kind: 'last-updated'; readonly prefix: Prefix; readonly lo: number; readonly hi: number }
  | {
      readonly kind: 'parameter';
      readonly parameter: SearchParameter;
      readonly values: readonly FilterValue[];
    };

export interface SortKey {
  readonly by:
    | { readonly kind: 'id' }
    | { readonly kind: 'last-updated' }
    | { readonly kind: 'parameter'; readonly parameter: SearchParameter };
  readonly descending: boolean;
}

/** `_include=Source:parameter[:target]` and, with the same parts, `_revinclude`. */
export interface Include {
  readonly source: ResourceType;
  readonly parameter: SearchParameter;
  readonly target?: ResourceType;
}

export interface SearchQuery {
  readonly type: ResourceType;
  readonly filters: readonly Filter[];
  readonly sort: readonly SortKey[];
  /** Matches a page at most. 0 asks for the count alone. */
  readonly count: number;
  readonly total: 'none' | 'estimate' | 'accurate';
  readonly include: readonly Include[];
  readonly revinclude: readonly Include[];
  /** Where the page before ended: opaque, made by the store; holds the snapshot's seq. */
  readonly cursor?: string;
}
