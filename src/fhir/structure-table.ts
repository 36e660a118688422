/**
 * The shape of the tables that scripts/compile-definitions.ts makes from the R4 definitions: what the
 * script writes and what definitions.ts reads, kept in one place so that the two cannot part.
 */

/** One element of a type; short keys because there are some 8,000 of them. */
export interface ElementRow {
  /** Name without `[x]`: `value`. */
  readonly n: string;
  /** Type codes (`Quantity`), or the name of another table (`Patient.contact`). */
  readonly t: readonly string[];
  readonly min: number;
  /** 0: unbounded. */
  readonly max: number;
  /** 1: a choice, so that the JSON name is `n` followed by the type with a capital. */
  readonly c?: 1;
  /** 1: part of a summary. */
  readonly s?: 1;
  /** 1: an XML attribute (Element.id, Extension.url): a primitive that takes no `_name` beside it. */
  readonly a?: 1;
  /** Required binding: canonical URL of the value set. */
  readonly b?: string;
  /** Resource types that a Reference may point at; absent: any. */
  readonly r?: readonly string[];
}

export interface StructureTable {
  /** Resource types that instances can have, in alphabetical order. */
  readonly resources: readonly string[];
  readonly primitives: readonly string[];
  /** Table name (`Patient`, `Patient.contact`, `HumanName`) → its elements in the order of the definition. */
  readonly types: Readonly<Record<string, readonly ElementRow[]>>;
  /**
   * Value set → system → codes. Value sets that cannot be listed (UCUM, MIME types, currencies) are
   * absent.
   */
  readonly valueSets: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Required value sets that cannot be expanded, with the reason. */
  readonly unlisted: Readonly<Record<string, string>>;
  /** Resource type → parameters whose references put it into a Patient's compartment. */
  readonly patientCompartment: Readonly<Record<string, readonly string[]>>;
  /** The same of the other compartments, by the type that each is of. */
  readonly otherCompartments: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Resource type → its search parameters. */
  readonly searchParameters: Readonly<Record<string, readonly SearchParameterRow[]>>;
  /** Parameters without an index function: `Type.code` → reason. */
  readonly notIndexed: Readonly<Record<string, string>>;
}

export interface SearchParameterRow {
  readonly code: string;
  readonly kind: string;
  readonly url: string;
  /** Reference targets; absent where there are none. */
  readonly targets?: readonly string[];
  /** Types of the elements that the values are taken from. */
  readonly types: readonly string[];
  /** For tokens taken from a `code` element: the systems that its value set implies. */
  readonly systems?: readonly string[];
  /**
   * Of a composite: its parts. `code` is that of a parameter whose index holds all that the part may be, ''
   * where there is none.
   */
  readonly parts?: readonly SearchParameterRow[];
}
