/**
 * The answer of a GraphQL query while it grows. With @flatten several values come under one name, so that
 * whether a name holds one value or a list is known only at the end. Decimals stay as they were written.
 * http://hl7.org/fhir/R4/graphql.html#list
 */
import { Failure } from '../../../base/failure.ts';
import { isForgotten, setWrittenDecimal } from '../../../fhir/exact-decimals.ts';

/** `one`: more than one value is an error; `open`: a list only where there are several. */
export type Holding = 'list' | 'one' | 'open';

/** A number with the text that it was written as. */
export class Decimal {
  readonly value: number;
  readonly text: string;

  constructor(value: number, text: string) {
    this.value = value;
    this.text = text;
  }
}

interface Slot {
  readonly values: unknown[];
  holding: Holding;
}

export class GraphqlResult {
  readonly #slots = new Map<string, Slot>();

  /** The list of values under a name; an empty one does not show unless `keep` says so. */
  slot(key: string, holding: Holding): unknown[] {
    const known = this.#slots.get(key);
    if (known !== undefined) {
      if (holding !== 'open') known.holding = holding;
      return known.values;
    }
    const made: Slot = { values: [], holding };
    this.#slots.set(key, made);
    return made.values;
  }

  /**
   * As plain values. Throws Failure `invalid` where a name that is said to hold one value holds several.
   * `kept` are names that show as empty lists.
   */
  value(kept: ReadonlySet<string> = new Set()): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    for (const [key, { values, holding }] of this.#slots) {
      if (values.length === 0 && !kept.has(key)) continue;
      if (holding === 'one' && values.length > 1) {
        throw new Failure('invalid', `"${key.slice(0, 60)}" is marked @singleton and has several values.`);
      }
      if (holding === 'list' || values.length !== 1) {
        const list: unknown[] = [];
        for (const [i, value] of values.entries()) put(list, String(i), value);
        put(out, key, list);
      } else put(out, key, values[0]);
    }
    return out;
  }
}

/** Defined and not assigned: a name may be `__proto__`. */
function put(holder: object, name: string, value: unknown): void {
  const plain = value instanceof Decimal ? value.value : value;
  Object.defineProperty(holder, name, { value: plain, enumerable: true, writable: true, configurable: true });
  if (value instanceof Decimal && isForgotten(value.text)) setWrittenDecimal(holder, name, value.text);
}
