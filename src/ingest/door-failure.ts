/**
 * How the HTTP doors of this room answer what goes wrong: as an OperationOutcome with the status that its
 * code has.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { logFailedRequest } from '../base/failed-request.ts';
import { Failure, httpStatusOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { outcomeOfFailure } from '../fhir/operation-outcome.ts';

/** Sets the handlers of errors and of unknown addresses of this plugin. */
export function answerFailures(server: FastifyInstance, log: Log): void {
  server.setErrorHandler((error, request, reply) => sendFailure(error, request, reply, log));
  server.setNotFoundHandler((request, reply) =>
    sendFailure(new Failure('not-found', 'There is nothing at this address.'), request, reply, log),
  );
}

/** Whatever is thrown leaves as an OperationOutcome; what no one expected without any of its own words. */
function sendFailure(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  const failure = failureOf(error, request.id);
  const { id: requestId, method, routeOptions } = request;
  logFailedRequest(log, { requestId, method, route: routeOptions.url ?? 'none' }, failure);
  const status = httpStatusOf(failure);
  if (status === 401) reply.header('WWW-Authenticate', 'Bearer');
  return reply
    .code(status)
    .type('application/fhir+json; charset=utf-8')
    .send(JSON.stringify(outcomeOfFailure(failure)));
}

function failureOf(error: unknown, requestId: string): Failure {
  if (error instanceof Failure) return error;
  const status = (error as { readonly statusCode?: unknown } | null)?.statusCode;
  if (status === 413) return new Failure('too-long', 'The body is larger than this address takes.');
  if (status === 415)
    return new Failure('not-supported', 'A body of this type is not read here.', { status });
  if (typeof status === 'number' && status < 500)
    return new Failure('structure', 'The request cannot be read: its body is not what this address takes.');
  return new Failure('exception', `Something went wrong inside this server. Log id: ${requestId}.`, {
    cause: error,
  });
}
