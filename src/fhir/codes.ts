/**
 * What codes mean, as far as a search needs it (`:in`, `:not-in`, `:above`, `:below`): asked before the store
 * is, so that a query stays plain data. Fed from the resources that a node holds, and from what its packages
 * carry. http://hl7.org/fhir/R4/search.html#token
 */

/** Codes of one value set. */
export interface CodeSet {
  readonly codes: readonly { readonly system: string; readonly codes: readonly string[] }[];
  /** Systems of which every code is in it. */
  readonly systems: readonly string[];
}

export interface Codes {
  /** Undefined where nobody has it. Throws Failure `not-supported`, naming it, where it cannot be expanded. */
  valueSet(url: string): Promise<CodeSet | undefined>;
  /**
   * The code itself and all that lies below it, or above it. Undefined where nobody has the system with its
   * hierarchy.
   */
  hierarchy(
    system: string,
    code: string,
    direction: 'above' | 'below',
  ): Promise<readonly string[] | undefined>;
}
