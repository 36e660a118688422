/**
 * The id that ties a request to its answer, its audit row and the logs: the caller's own where it is fit,
 * or a new one.
 */
import type { IncomingMessage } from 'node:http';

const FIT = /^[A-Za-z0-9._:-]{1,64}$/;

/**
 * `X-Request-Id` of the request; `otherwise` where there is none, or one that is no plain short name (it
 * goes into audit rows, logs and a header).
 */
export function requestIdOf(request: IncomingMessage, otherwise: string): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && FIT.test(given) ? given : otherwise;
}
