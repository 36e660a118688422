/**
 * Delete: gone for reads and searches, there in the history; twice is as once. R4
 * http://hl7.org/fhir/R4/http.html#delete.
 */
import { ifMatchOf } from '../../records/conditions.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';
import { idOf, onlyCommitted, typeOf } from '../interaction.ts';

export const deletion: Interaction = {
  code: 'delete',
  level: 'instance',
  routes: [{ method: 'DELETE', shape: 'instance' }],
  summary: 'Deletes a resource; its history stays',
  handle: answerDelete,
};

async function answerDelete(call: FhirCall): Promise<FhirAnswer> {
  const ifMatch = ifMatchOf(call.headers);
  const commit = await call.session.submit([
    { op: 'delete', type: typeOf(call), id: idOf(call), ...(ifMatch === undefined ? {} : { ifMatch }) },
  ]);
  const { outcome, versionId, lastUpdated } = onlyCommitted(commit);
  return {
    status: 204,
    cache: 'check',
    ...(outcome === 'deleted' ? { version: { versionId, lastUpdated } } : {}),
  };
}
