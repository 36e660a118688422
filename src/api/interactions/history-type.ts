/** History of a type, newest first, deletions with it. R4 http://hl7.org/fhir/R4/http.html#history. */
import { historyAnswer } from '../history-answer.ts';
import type { Interaction } from '../interaction.ts';
import { typeOf } from '../interaction.ts';

export const historyType: Interaction = {
  code: 'history-type',
  level: 'type',
  routes: [{ method: 'GET', shape: 'type-history' }],
  summary: 'Every version of every resource of a type, newest first',
  handle: (call) => historyAnswer(call, { type: typeOf(call) }),
};
