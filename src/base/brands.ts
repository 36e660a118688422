/**
 * Branded strings and numbers: values whose meaning the compiler keeps apart.
 * A brand is put on only where the value has been checked (identity/, fhir/, store/).
 */
declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** A FHIR logical id: `[A-Za-z0-9\-.]{1,64}`. */
export type Id = Branded<string, 'Id'>;
/** A FHIR version id; opaque to clients, a decimal counter here. */
export type VersionId = Branded<string, 'VersionId'>;
/** A store-wide commit number: 1, 2, 3 … without gaps that a reader can see. */
export type Seq = Branded<number, 'Seq'>;
/** Ten digits with a right check digit. Made by identity/nhs-number only. */
export type NhsNumber = Branded<string, 'NhsNumber'>;
/** An Organisation Data Service code, upper case. Made by `odsCode` only. */
export type OdsCode = Branded<string, 'OdsCode'>;
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type InstantMs = Branded<number, 'InstantMs'>;

const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const ODS = /^[A-Z0-9]{3,12}$/;

/** True where `text` may be a FHIR logical id. */
export function isId(text: string): text is Id {
  return ID.test(text);
}

/** The ODS code in `text`, upper-cased; undefined where it cannot be one. */
export function odsCode(text: string): OdsCode | undefined {
  const upper = text.trim().toUpperCase();
  return ODS.test(upper) ? (upper as OdsCode) : undefined;
}
