/** Vread: one version. R4 http://hl7.org/fhir/R4/http.html#vread. */
import { binaryAnswer } from '../binary-content.ts';
import { unlessHeld } from '../conditions.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';
import { idOf, typeOf, versionIdOf } from '../interaction.ts';

export const vread: Interaction = {
  code: 'vread',
  level: 'instance',
  routes: [{ method: 'GET', shape: 'version' }],
  summary: 'One version of a resource',
  handle: answerVread,
};

async function answerVread(call: FhirCall): Promise<FhirAnswer> {
  const stored = await call.session.readVersion(typeOf(call), idOf(call), versionIdOf(call));
  return stored.type === 'Binary' ? binaryAnswer(call, stored) : unlessHeld(call.headers, stored);
}
