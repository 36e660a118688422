/**
 * Search within one type, by address or by form. R4 http://hl7.org/fhir/R4/http.html#search and search.html.
 */
import { parseSearch } from '../../fhir/parse-search.ts';
import type { Interaction } from '../interaction.ts';
import { typeOf } from '../interaction.ts';
import { searchAnswer } from '../search-answer.ts';

export const searchType: Interaction = {
  code: 'search-type',
  level: 'type',
  routes: [
    { method: 'GET', shape: 'type' },
    { method: 'POST', shape: 'type-search' },
  ],
  summary: 'Resources of one type that fit every parameter',
  handle: (call) => {
    const type = typeOf(call);
    return searchAnswer(call, type, (pairs, options) => parseSearch(type, pairs, options));
  },
};
