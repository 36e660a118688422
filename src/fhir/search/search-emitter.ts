/**
 * What the generated index functions tell: one method for each pair of parameter kind and element type.
 * `code` is the parameter's code, `value` the element as it stands in the JSON, checked by the method.
 */
import type { JsonObject } from '../json-access.ts';

export interface SearchEmitter {
  coding(code: string, value: unknown): void;
  concept(code: string, value: unknown): void;
  identifier(code: string, value: unknown): void;
  contactPoint(code: string, value: unknown): void;
  truth(code: string, value: unknown): void;
  /** A code, id, string or URI that is searched as a token. */
  codeText(code: string, value: unknown): void;
  /** `Patient.deceased.exists() and Patient.deceased != false` */
  deceased(code: string, patient: JsonObject): void;

  text(code: string, value: unknown): void;
  humanName(code: string, value: unknown): void;
  /** A name by its sound. */
  phoneticName(code: string, value: unknown): void;
  phoneticText(code: string, value: unknown): void;
  address(code: string, value: unknown): void;

  /** A date, dateTime or instant. */
  moment(code: string, value: unknown): void;
  period(code: string, value: unknown): void;
  timing(code: string, value: unknown): void;

  quantity(code: string, value: unknown): void;
  money(code: string, value: unknown): void;
  range(code: string, value: unknown): void;
  sampledData(code: string, value: unknown): void;
  number(code: string, value: unknown): void;
  numberRange(code: string, value: unknown): void;

  uri(code: string, value: unknown): void;
  reference(code: string, value: unknown): void;
  /** A reference only where it shows that it points at a resource of this type. */
  referenceTo(code: string, value: unknown, type: string): void;
  canonical(code: string, value: unknown): void;
  /** A resource that stands in the place of a reference: the first entry of a document or message. */
  inlineResource(code: string, value: unknown, types: readonly string[]): void;
}
