/** The codes in a value of any type that a value set can be bound to. */
import { isArray, isObject } from '../json-access.ts';

export interface CodedValue {
  readonly system: string | undefined;
  readonly code: string;
}

/** Of a code, Coding, CodeableConcept or Quantity; empty where it has none. */
export function codesOf(value: unknown): readonly CodedValue[] {
  if (typeof value === 'string') return [{ system: undefined, code: value }];
  if (!isObject(value)) return [];
  if (isArray(value.coding)) return value.coding.flatMap(codesOf);
  if (typeof value.code !== 'string') return [];
  return [{ system: typeof value.system === 'string' ? value.system : undefined, code: value.code }];
}
