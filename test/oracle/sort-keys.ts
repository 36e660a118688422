/**
 * What a resource is sorted by. R4: where it has several values, the one that comes first in the order asked for; what has none comes
 * last, either way round. Text is compared without case and accents, as it is searched.
 */
import { searchParameter } from '../../src/fhir/definitions.ts';
import { phoneticKey } from '../../src/fhir/search/phonetic-key.ts';
import { type Atom, plain } from '../naive-search.ts';
import { valuesOf } from './element-values.ts';
import type { Kept } from './world.ts';

export type SortKey = number | string | undefined;

/** The value of one resource under one key of `_sort`. */
export function sortKeyOf(one: Kept, code: string, descending: boolean): SortKey {
  if (code === '_id') return one.id;
  if (code === '_lastUpdated') return one.at;
  const parameter = searchParameter(one.type, code);
  if (parameter === undefined) throw new Error(`${one.type} has no search parameter ${code}`);
  const keys = valuesOf(parameter, one.resource).flatMap((value) => keyOf(value, code, descending) ?? []);
  return keys.sort((a, b) => compareKeys(a, b, descending))[0];
}

function keyOf(value: Atom, code: string, descending: boolean): SortKey {
  switch (value.kind) {
    case 'date':
      return descending ? value.hi : value.lo;
    case 'measure':
      return value.value;
    case 'string':
      return code === 'phonetic' ? phoneticKey(value.text) || undefined : plain(value.text);
    case 'token':
      return value.code ?? '';
    case 'uri':
      return value.text;
    case 'reference':
      return /^[A-Z][A-Za-z]+\/([A-Za-z0-9.-]{1,64})$/.exec(value.text)?.[1];
  }
}

/** In the order asked for; what is undefined comes last. */
export function compareKeys(a: SortKey, b: SortKey, descending: boolean): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : Buffer.compare(bytes(a), bytes(b));
  return descending ? -order : order;
}

const bytes = (key: string | number): Buffer => Buffer.from(String(key));
