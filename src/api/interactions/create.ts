/** Create, and create unless it exists. R4 http://hl7.org/fhir/R4/http.html#create and #ccreate. */

import { conditionQuery } from '../../records/conditions.ts';
import { writtenAnswer } from '../answers.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';
import { onlyCommitted, typeOf } from '../interaction.ts';
import { writtenResource } from '../written-resource.ts';

export const create: Interaction = {
  code: 'create',
  level: 'type',
  routes: [{ method: 'POST', shape: 'type' }],
  summary: 'A new resource under an id that the server gives',
  handle: answerCreate,
};

async function answerCreate(call: FhirCall): Promise<FhirAnswer> {
  const type = typeOf(call);
  const { resource, warnings } = writtenResource(call);
  const condition = call.headers['if-none-exist'];
  const commit = await call.session.submit([
    {
      op: 'create',
      resource,
      ...(condition === undefined
        ? {}
        : { ifNoneExist: conditionQuery(call.context.settings, type, String(condition)) }),
    },
  ]);
  return writtenAnswer(call.context, onlyCommitted(commit), call.prefer, warnings);
}
