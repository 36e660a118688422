/**
 * Search within a compartment: what is about a Patient, was done in an Encounter, by a Practitioner … of one
 * type, or of all. R4 http://hl7.org/fhir/R4/http.html#vsearch and compartmentdefinition.html.
 */
import { parseSearchAcross } from '../../fhir/parse-search-across.ts';
import type { Interaction } from '../interaction.ts';
import { idOf, typeOf } from '../interaction.ts';
import { searchAnswer } from '../search-answer.ts';

export const searchCompartment: Interaction = {
  code: 'search-compartment',
  level: 'system',
  routes: [{ method: 'GET', shape: 'compartment' }],
  summary: 'Resources in the compartment of one that fit every parameter',
  handle: (call) => {
    const [type, id] = [typeOf(call), idOf(call)];
    const member = decodeURIComponent(call.path).split('/')[2] ?? '*';
    return searchAnswer(call, `${type}/${id}/${member}`, (pairs, options) =>
      parseSearchAcross(pairs, options, { type, id, member }),
    );
  },
};
