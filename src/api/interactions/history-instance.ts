/** History of one resource, newest first, deletions with it. R4 http://hl7.org/fhir/R4/http.html#history. */
import { historyAnswer } from '../history-answer.ts';
import type { Interaction } from '../interaction.ts';
import { idOf, typeOf } from '../interaction.ts';

export const historyInstance: Interaction = {
  code: 'history-instance',
  level: 'instance',
  routes: [{ method: 'GET', shape: 'instance-history' }],
  summary: 'Every version of a resource, newest first',
  handle: (call) => historyAnswer(call, { type: typeOf(call), id: idOf(call) }),
};
