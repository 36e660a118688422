/** Update, and create under the client's id. R4 http://hl7.org/fhir/R4/http.html#update and #upsert. */
import { Failure } from '../../base/failure.ts';
import type { Identified, Resource } from '../../fhir/resource.ts';
import { writtenAnswer } from '../answers.ts';
import { ifMatchOf, mustBeAbsent } from '../conditions.ts';
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

/** The resource, which must carry the id of the address. Throws Failure `invalid`. */
export function requireSameId(
  resource: Resource,
  id: string,
  place = resource.resourceType as string,
): Identified {
  if (resource.id === id) return resource as Identified;
  throw new Failure(
    'invalid',
    resource.id === undefined
      ? 'An update must carry the id of its address inside the resource too.'
      : 'The id inside the resource is another than the id of the address: they must be the same.',
    { expression: `${place}.id` },
  );
}
