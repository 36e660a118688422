/** Vread: one version. R4 http://hl7.org/fhir/R4/http.html#vread. */
import { binaryAnswer } from '../binary-content.ts';
import { unlessHeld } from '../conditions.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';
import { idOf, typeOf, versionIdOf } from '../interaction.ts';
import { requireKnown } from '../page-links.ts';
import { inPart, OF_A_READ, partAsked } from '../resource-part.ts';

export const vread: Interaction = {
  code: 'vread',
  level: 'instance',
  routes: [{ method: 'GET', shape: 'version' }],
  summary: 'One version of a resource',
  handle: answerVread,
};

async function answerVread(call: FhirCall): Promise<FhirAnswer> {
  if (call.prefer.strict) requireKnown(call.pairs, OF_A_READ, 'a read of a version');
  const type = typeOf(call);
  const part = partAsked(call.pairs, type);
  const stored = await call.session.readVersion(type, idOf(call), versionIdOf(call));
  const answer = stored.type === 'Binary' ? binaryAnswer(call, stored) : unlessHeld(call.headers, stored);
  return part === undefined ? answer : inPart(answer, part, call.context.settings);
}
