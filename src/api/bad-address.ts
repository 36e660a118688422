/**
 * An address that is not percent-encoded UTF-8 never reaches a door: the HTTP layer refuses it. This says
 * so in the words of the door it was meant for.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { logFailedRequest } from '../base/failed-request.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { failureAnswer } from './failure-answer.ts';
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
      sendAnswer(reply.raw, failureAnswer(failure, failed, log), request.id);
      return;
    }
    logFailedRequest(log, failed, failure);
    reply.code(400).header('X-Request-Id', request.id);
    reply.type('text/plain; charset=utf-8').send(failure.message);
  };
}
