/**
 * Delete, by id or by a condition: gone for reads and searches, there in the history; twice is as once. R4
 * http://hl7.org/fhir/R4/http.html#delete and #3.1.0.7.1.
 */
import { conditionQuery, ifMatchOf } from '../../records/conditions.ts';
import { deleteFound, submitFound } from '../../records/submit-found.ts';
import type { Committed } from '../../store/store.ts';
import { outcomeBytes } from '../answers.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';
import { idOf, typeOf } from '../interaction.ts';

export const deletion: Interaction = {
  code: 'delete',
  level: 'instance',
  routes: [
    { method: 'DELETE', shape: 'instance' },
    { method: 'DELETE', shape: 'type' },
  ],
  summary: 'Deletes a resource, by id or by a condition; its history stays',
  handle: answerDelete,
};

async function answerDelete(call: FhirCall): Promise<FhirAnswer> {
  const ifMatch = ifMatchOf(call.headers);
  if (call.id !== undefined) {
    const commit = await call.session.submit([
      { op: 'delete', type: typeOf(call), id: idOf(call), ...(ifMatch === undefined ? {} : { ifMatch }) },
    ]);
    return answerOf(call, commit.entries);
  }
  const { settings } = call.context;
  const query = conditionQuery(settings, typeOf(call), call.pairs);
  const most = Math.max(1, settings.conditionalDeleteMax);
  const commit = await submitFound(call.session, query, most, 'delete', (found) =>
    deleteFound(found, query, ifMatch),
  );
  return answerOf(call, commit?.entries ?? []);
}

function answerOf(call: FhirCall, entries: readonly Committed[]): FhirAnswer {
  const deleted = entries.filter((one) => one.outcome === 'deleted');
  const [only, ...others] = deleted;
  const version =
    only === undefined || others.length > 0
      ? {}
      : { version: { versionId: only.versionId, lastUpdated: only.lastUpdated } };
  if (call.prefer.return !== 'OperationOutcome') return { status: 204, cache: 'check', ...version };
  const text =
    deleted.length === 0 ? 'There was nothing to delete.' : `${typeOf(call)}: ${deleted.length} deleted.`;
  const body = outcomeBytes([{ severity: 'information', code: 'informational', text }]);
  return { status: 200, body, cache: 'check', ...version };
}
