/**
 * An address that is not percent-encoded UTF-8 never reaches a door: the HTTP layer refuses it. This says
 * so in the words of the door it was meant for.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { logFailedRequest } from '../base/failed-request.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { SETTINGS } from '../base/settings.ts';
import { inForm } from './answer-form.ts';
import { failureAnswer } from './failure-answer.ts';
import type { FhirAnswer } from './fhir-call.ts';
import { answerForm } from './negotiation.ts';
import { sendAnswer } from './send-answer.ts';

/** For Fastify's `frameworkErrors`: an OperationOutcome below /fhir, plain text elsewhere. */
export function badAddressAnswer(
  log: Log,
): (error: Error, request: FastifyRequest, reply: FastifyReply) => void {
  return (_error, request, reply) => {
    const failure = new Failure(
      'invalid',
      'The address is not percent-encoded UTF-8: encode "%" itself as %25.',
    );
    const failed = { requestId: request.id, method: request.method, route: 'none' };
    if ((request.raw.url ?? '').startsWith('/fhir')) {
      reply.hijack();
      const answer = failureAnswer(failure, failed, log);
      void inFormOf(answer, request).then((written) => sendAnswer(reply.raw, written, request.id));
      return;
    }
    logFailedRequest(log, failed, failure);
    reply.code(400).header('X-Request-Id', request.id);
    reply.type('text/plain; charset=utf-8').send(failure.message);
  };
}

/** As Accept asks; where that cannot be, in JSON. `_format` is part of the address, which nobody can read. */
async function inFormOf(answer: FhirAnswer, request: FastifyRequest): Promise<FhirAnswer> {
  try {
    const form = answerForm(request.raw.headers, '');
    return form === undefined ? answer : await inForm(answer, form, DEFAULTS);
  } catch {
    return answer;
  }
}

/** An OperationOutcome is small: no limit is near. */
const DEFAULTS = {
  xmlSliceBytes: SETTINGS.xmlSliceBytes.default,
  jsonDepthMax: SETTINGS.jsonDepthMax.default,
};
