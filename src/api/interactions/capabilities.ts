/**
 * Capabilities: what this server can do; the one address that asks for no token. R4
 * http://hl7.org/fhir/R4/http.html#capabilities.
 */
import { Failure } from '../../base/failure.ts';
import type { FhirAnswer, OpenCall } from '../fhir-call.ts';
import type { OpenInteraction } from '../interaction.ts';
import { lastValue } from '../negotiation.ts';
import { requireKnown } from '../page-links.ts';
import { inPart, OF_A_READ, partAsked } from '../resource-part.ts';

export const capabilities: OpenInteraction = {
  code: 'capabilities',
  level: 'system',
  open: true,
  routes: [{ method: 'GET', shape: 'metadata' }],
  summary: 'What this server can do (no token needed)',
  handle: answerCapabilities,
};

async function answerCapabilities(call: OpenCall): Promise<FhirAnswer> {
  const mode = lastValue(call.pairs, 'mode') ?? 'full';
  if (mode !== 'full' && mode !== 'normative') {
    throw new Failure(
      'not-supported',
      `Mode "${mode.slice(0, 40)}" of the CapabilityStatement is not built yet.`,
      {
        status: 501,
      },
    );
  }
  requireKnown(call.pairs, ['mode', ...OF_A_READ], 'the CapabilityStatement');
  const part = partAsked(call.pairs, 'CapabilityStatement');
  const whole: FhirAnswer = { status: 200, body: call.context.capabilityStatement(), cache: 'check' };
  return part === undefined ? whole : inPart(whole, part, call.context.settings);
}
