/**
 * An address that is not percent-encoded UTF-8 never reaches a door: the HTTP layer refuses it. This says
 * so in the words of the door it was meant for.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '../base/failure.ts';
import { silentLog } from '../base/log.ts';
import { failureAnswer } from './failure-answer.ts';
import { sendAnswer } from './send-answer.ts';

/** For Fastify's `frameworkErrors`: an OperationOutcome below /fhir, plain text elsewhere. */
export function answerBadAddress(_error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const failure = new Failure(
    'invalid',
    'The address is not percent-encoded UTF-8: encode "%" itself as %25.',
  );
  if ((request.raw.url ?? '').startsWith('/fhir')) {
    reply.hijack();
    sendAnswer(reply.raw, failureAnswer(failure, request.id, silentLog), request.id);
    return;
  }
  reply.code(400).header('X-Request-Id', request.id).type('text/plain; charset=utf-8').send(failure.message);
}
