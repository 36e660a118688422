/**
 * Search across types, by address or by form: of those that `_type` names, or of all. R4
 * http://hl7.org/fhir/R4/http.html#search.
 */
import { parseSearchAcross } from '../../fhir/parse-search-across.ts';
import type { Interaction } from '../interaction.ts';
import { searchAnswer } from '../search-answer.ts';

export const searchSystem: Interaction = {
  code: 'search-system',
  level: 'system',
  routes: [
    { method: 'GET', shape: 'base' },
    { method: 'POST', shape: 'base-search' },
  ],
  summary: 'Resources of several types that fit every parameter',
  handle: (call) => searchAnswer(call, '', parseSearchAcross),
};
