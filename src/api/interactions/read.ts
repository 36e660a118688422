/** Read: the current version. R4 http://hl7.org/fhir/R4/http.html#read. */
import { binaryAnswer } from '../binary-content.ts';
import { unlessHeld } from '../conditions.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';
import { idOf, typeOf } from '../interaction.ts';
import { requireKnown } from '../page-links.ts';

export const read: Interaction = {
  code: 'read',
  level: 'instance',
  routes: [{ method: 'GET', shape: 'instance' }],
  summary: 'The current version of a resource',
  handle: answerRead,
};

async function answerRead(call: FhirCall): Promise<FhirAnswer> {
  if (call.prefer.strict) requireKnown(call.pairs, ['_format', '_pretty'], 'a read');
  const stored = await call.session.read(typeOf(call), idOf(call));
  return stored.type === 'Binary' ? binaryAnswer(call, stored) : unlessHeld(call.headers, stored);
}
