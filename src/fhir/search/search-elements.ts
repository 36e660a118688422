/**
 * The elements that a search parameter selects in a resource, as they stand there: what the modifiers look
 * at that ask for more than the index keeps (text of a code, type of an identifier, the identifier in a
 * reference). By the same compiled functions that make the index.
 */
import { SEARCH_FUNCTIONS } from '../generated/search-functions.ts';
import { isObject, type JsonObject } from '../json-access.ts';
import type { SearchEmitter } from './search-emitter.ts';

export interface SearchElement {
  /** How the index reads it: `concept`, `identifier`, `reference` … */
  readonly as: keyof SearchEmitter;
  readonly value: unknown;
  /** What a reference must point at to count (`where(resolve() is Patient)`). */
  readonly type?: string;
}

let wanted = '';
let out: SearchElement[] = [];

const take =
  (as: keyof SearchEmitter) =>
  (code: string, value: unknown, type?: unknown): void => {
    if (code !== wanted) return;
    out.push(typeof type === 'string' ? { as, value, type } : { as, value });
  };

const collector: SearchEmitter = {
  coding: take('coding'),
  concept: take('concept'),
  identifier: take('identifier'),
  contactPoint: take('contactPoint'),
  truth: take('truth'),
  codeText: take('codeText'),
  deceased: take('deceased'),
  text: take('text'),
  humanName: take('humanName'),
  phoneticName: take('phoneticName'),
  phoneticText: take('phoneticText'),
  address: take('address'),
  moment: take('moment'),
  period: take('period'),
  timing: take('timing'),
  quantity: take('quantity'),
  money: take('money'),
  range: take('range'),
  sampledData: take('sampledData'),
  number: take('number'),
  numberRange: take('numberRange'),
  uri: take('uri'),
  reference: take('reference'),
  referenceTo: take('referenceTo'),
  canonical: take('canonical'),
  inlineResource: take('inlineResource'),
};

/** What the parameter `code` selects in the resource; empty for an unknown type. */
export function searchElements(resource: JsonObject, code: string): readonly SearchElement[] {
  const { resourceType } = resource;
  const index = typeof resourceType === 'string' ? SEARCH_FUNCTIONS[resourceType] : undefined;
  const found: SearchElement[] = [];
  if (index === undefined || !isObject(resource)) return found;
  wanted = code;
  out = found;
  index(resource, collector);
  out = [];
  return found;
}
