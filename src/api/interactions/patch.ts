/**
 * Patch, by id or by a condition: JSON Patch, or FHIRPath Patch as Parameters. R4
 * http://hl7.org/fhir/R4/http.html#patch and fhirpatch.html.
 */
import type { SearchQuery } from '../../fhir/search-query.ts';
import { conditionQuery, ifMatchOf } from '../../records/conditions.ts';
import { type Patch, patchIn, submitPatched, submitPatchedFound } from '../../records/submit-patched.ts';
import { writtenAnswer } from '../answers.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';
import { onlyCommitted, typeOf } from '../interaction.ts';
import { JSON_PATCH } from '../negotiation.ts';
import { parsedBody } from '../written-resource.ts';

export const patch: Interaction = {
  code: 'patch',
  level: 'instance',
  routes: [
    { method: 'PATCH', shape: 'instance' },
    { method: 'PATCH', shape: 'type' },
  ],
  summary: 'Changes parts of a resource, by id or by a condition: JSON Patch or FHIRPath Patch',
  handle: answerPatch,
};

async function answerPatch(call: FhirCall): Promise<FhirAnswer> {
  const { session, context } = call;
  const [type, ifMatch, given] = [typeOf(call), ifMatchOf(call.headers), patchOf(call)];
  const { commit, warnings } =
    call.id === undefined
      ? await submitPatchedFound(session, context, conditionOf(call), ifMatch, given)
      : await submitPatched(session, context, { type, id: call.id, ifMatch }, given);
  return writtenAnswer(call.context, onlyCommitted(commit), call.prefer, warnings);
}

function conditionOf(call: FhirCall): SearchQuery {
  return conditionQuery(call.context.settings, typeOf(call), call.pairs);
}

function patchOf(call: FhirCall): Patch {
  const body = parsedBody(call);
  if (call.body.kind === 'bytes' && call.body.mediaType === JSON_PATCH)
    return { kind: 'json', operations: body };
  return patchIn(body, call.context.settings);
}
