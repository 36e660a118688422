/** Update, and create under the client's id. R4 http://hl7.org/fhir/R4/http.html#update and #upsert. */
import { ifMatchOf, mustBeAbsent } from '../../records/conditions.ts';
import { requireSameId } from '../../records/given-resource.ts';
import { writtenAnswer } from '../answers.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';
import { idOf, onlyCommitted } from '../interaction.ts';
import { writtenResource } from '../written-resource.ts';

export const update: Interaction = {
  code: 'update',
  level: 'instance',
  routes: [{ method: 'PUT', shape: 'instance' }],
  summary: 'A new version of a resource, or a new one under this id',
  handle: answerUpdate,
};

async function answerUpdate(call: FhirCall): Promise<FhirAnswer> {
  const { resource, warnings } = writtenResource(call);
  const identified = requireSameId(resource, idOf(call));
  const ifMatch = mustBeAbsent(call.headers) ? 'absent' : ifMatchOf(call.headers);
  const commit = await call.session.submit([
    { op: 'put', resource: identified, ...(ifMatch === undefined ? {} : { ifMatch }) },
  ]);
  return writtenAnswer(call.context, onlyCommitted(commit), call.prefer, warnings);
}
