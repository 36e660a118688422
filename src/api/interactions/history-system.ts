/** History of all that a node holds, newest first. R4 http://hl7.org/fhir/R4/http.html#history. */
import { historyAnswer } from '../history-answer.ts';
import type { Interaction } from '../interaction.ts';

export const historySystem: Interaction = {
  code: 'history-system',
  level: 'system',
  routes: [{ method: 'GET', shape: 'base-history' }],
  summary: 'Every version of every resource, newest first',
  handle: (call) => historyAnswer(call, {}),
};
