/**
 * Whether one value of a resource fits one that a search asks for: R4's rules of matching, in memory, the same as a
 * store's index answers them. For pairs of a composite parameter. http://hl7.org/fhir/R4/search.html §3.1.1.4.
 */
import { unreachable } from '../../base/assert.ts';
import type { FilterValue, Prefix } from '../search-query.ts';
import type { SearchValue } from '../search-value.ts';
import { type Conversion, conversion, UCUM } from '../ucum.ts';

/** `now` (ms) is what "approximately" is measured from. Modifiers are not asked of pairs, and fit nothing. */
export function valueFits(asked: FilterValue, found: SearchValue, now: number): boolean {
  switch (asked.kind) {
    case 'token':
      return found.kind === 'token' && isToken(asked, found);
    case 'string':
      return found.kind === 'string' && found.norm.startsWith(asked.norm);
    case 'uri':
      return found.kind === 'uri' && found.value === asked.value;
    case 'reference':
      return (
        found.kind === 'reference' &&
        found.id === asked.id &&
        (asked.type === undefined || asked.type === found.type)
      );
    case 'reference-url':
      return found.kind === 'reference-url' && found.url === asked.url;
    case 'date':
      return found.kind === 'date' && isInDate(asked, found, now);
    case 'number':
      return found.kind === 'number' && isInNumber(asked, found.value, (value) => value);
    case 'quantity': {
      const toIts = found.kind === 'quantity' ? toUnit(asked, found) : undefined;
      return found.kind === 'quantity' && toIts !== undefined && isInNumber(asked, found.value, toIts);
    }
    default:
      return false;
  }
}

/** Undefined asks for any; a system of '' for none. */
export const isToken = (
  asked: { readonly system?: string; readonly value?: string },
  found: { readonly system: string; readonly value: string },
): boolean =>
  (asked.system === undefined || asked.system === found.system) &&
  (asked.value === undefined || asked.value === found.value);

/** How what is asked is said in the unit of the value; undefined where it cannot be. */
function toUnit(
  asked: { readonly system?: string; readonly unit?: string },
  found: { readonly system: string; readonly unit: string },
): Conversion | undefined {
  if (asked.unit === undefined || (asked.system === undefined && asked.unit === found.unit))
    return (value) => value;
  if (asked.system !== found.system) return undefined;
  if (asked.unit === found.unit) return (value) => value;
  return asked.system === UCUM ? conversion(asked.unit, found.unit) : undefined;
}

interface Span {
  readonly lo: number;
  readonly hi: number;
}

function isInDate(asked: Span & { readonly prefix: Prefix }, { lo, hi }: Span, now: number): boolean {
  const within = lo >= asked.lo && hi <= asked.hi;
  switch (asked.prefix) {
    case 'eq':
      return within;
    case 'ne':
      return !within;
    case 'gt':
      return hi > asked.hi;
    case 'lt':
      return lo < asked.lo;
    case 'ge':
      return hi > asked.hi || within;
    case 'le':
      return lo < asked.lo || within;
    case 'sa':
      return lo > asked.hi;
    case 'eb':
      return hi < asked.lo;
    case 'ap': {
      const slack = Math.abs(now - asked.lo) * 0.1;
      return lo <= asked.hi + slack && hi >= asked.lo - slack;
    }
    default:
      return unreachable(asked.prefix);
  }
}

function isInNumber(
  { prefix, value: asked, lo, hi }: Span & { readonly prefix: Prefix; readonly value: number },
  value: number,
  toIts: Conversion,
): boolean {
  switch (prefix) {
    case 'eq':
      return value >= toIts(lo) && value < toIts(hi);
    case 'ne':
      return value < toIts(lo) || value >= toIts(hi);
    case 'gt':
    case 'sa':
      return value > toIts(asked);
    case 'lt':
    case 'eb':
      return value < toIts(asked);
    case 'ge':
      return value >= toIts(asked);
    case 'le':
      return value <= toIts(asked);
    case 'ap': {
      const slack = Math.abs(asked) * 0.1;
      return value >= toIts(asked - slack) && value <= toIts(asked + slack);
    }
    default:
      return unreachable(prefix);
  }
}
