/**
 * Update, create under the client's id, and update of what a condition finds. R4
 * http://hl7.org/fhir/R4/http.html#update, #upsert and #cond-update.
 */

import { assert } from '../../base/assert.ts';
import type { Issue } from '../../base/failure.ts';
import type { Resource } from '../../fhir/resource.ts';
import { conditionQuery, ifMatchOf, mustBeAbsent } from '../../records/conditions.ts';
import { requireSameId } from '../../records/given-resource.ts';
import { submitFound, updateFound } from '../../records/submit-found.ts';
import type { Commit } from '../../store/store.ts';
import { writtenAnswer } from '../answers.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';
import { idOf, onlyCommitted, typeOf } from '../interaction.ts';
import { writtenResource } from '../written-resource.ts';

export const update: Interaction = {
  code: 'update',
  level: 'instance',
  routes: [
    { method: 'PUT', shape: 'instance' },
    { method: 'PUT', shape: 'type' },
  ],
  summary: 'A new version of a resource, by id or by a condition, or a new one',
  handle: answerUpdate,
};

async function answerUpdate(call: FhirCall): Promise<FhirAnswer> {
  const { resource, warnings } = writtenResource(call);
  if (call.id === undefined) return answerConditional(call, resource, warnings);
  const identified = requireSameId(resource, idOf(call));
  const ifMatch = mustBeAbsent(call.headers) ? 'absent' : ifMatchOf(call.headers);
  const commit = await call.session.submit([
    { op: 'put', resource: identified, ...(ifMatch === undefined ? {} : { ifMatch }) },
  ]);
  return answerOf(call, commit, warnings);
}

async function answerConditional(
  call: FhirCall,
  resource: Resource,
  warnings: readonly Issue[],
): Promise<FhirAnswer> {
  const query = conditionQuery(call.context.settings, typeOf(call), call.pairs);
  const wanted = mustBeAbsent(call.headers) ? 'absent' : ifMatchOf(call.headers);
  const commit = await submitFound(call.session, query, 1, 'update', ([found]) => [
    updateFound(resource, found, query, wanted),
  ]);
  assert(commit !== undefined, 'an update writes');
  return answerOf(call, commit, warnings);
}

function answerOf(call: FhirCall, commit: Commit, warnings: readonly Issue[]): FhirAnswer {
  return writtenAnswer(call.context, onlyCommitted(commit), call.prefer, warnings);
}
