/**
 * The one place where this door turns what was thrown into an answer. A Failure becomes its
 * OperationOutcome and status; whatever else is a defect: `exception` with a log id, no stack and no data
 * of a person. R4 http://hl7.org/fhir/R4/http.html#Status-Codes.
 */
import { type FailedRequest, logFailedRequest } from '../base/failed-request.ts';
import { Failure, httpStatusOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { outcomeOfFailure } from '../fhir/operation-outcome.ts';
import type { FhirAnswer } from './fhir-call.ts';

/** The answer for anything thrown; logs it as a failed request. */
export function failureAnswer(thrown: unknown, request: FailedRequest, log: Log): FhirAnswer {
  const failure = asFailure(thrown, request.requestId);
  logFailedRequest(log, request, failure);
  return answerOf(failure);
}

/**
 * The same for an entry of a batch, which is no request: only what the node could not do is logged, and not
 * ten thousand refusals.
 */
export function entryFailureAnswer(
  thrown: unknown,
  requestId: string,
  log: Log,
  interaction = 'none',
): FhirAnswer {
  const failure = asFailure(thrown, requestId);
  const entry = { requestId, method: 'entry', route: `fhir ${interaction}` };
  if (httpStatusOf(failure) >= 500) logFailedRequest(log, entry, failure);
  return answerOf(failure);
}

function answerOf(failure: Failure): FhirAnswer {
  const status = httpStatusOf(failure);
  const body = Buffer.from(JSON.stringify(outcomeOfFailure(failure)));
  const headers = headersFor(failure, status);
  return { status, body, cache: 'no-store', ...(headers === undefined ? {} : { headers }) };
}

/** A Failure as it is; an error of the HTTP layer in our words; anything else as `exception`. */
function asFailure(thrown: unknown, requestId: string): Failure {
  if (thrown instanceof Failure) return thrown;
  return (
    transportFailure(thrown) ??
    new Failure(
      'exception',
      `Something went wrong inside this server. Read before you send a write again. Log id: ${requestId}.`,
      { cause: thrown },
    )
  );
}

/** What Fastify says of a body that it could not read. */
function transportFailure(thrown: unknown): Failure | undefined {
  const code = (thrown as { code?: unknown } | null)?.code;
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Failure(
        'too-long',
        'The body is larger than this server reads (setting bodyBytesMax): send less at a time.',
      );
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new Failure('invalid', 'The body is not as long as Content-Length says: send it whole.');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return new Failure('not-supported', 'A body of this type is not read: send application/fhir+json.', {
        status: 415,
      });
    case 'ECONNRESET':
      return new Failure('incomplete', 'The connection ended before the body did.', { status: 400 });
    default:
      return undefined;
  }
}

function headersFor(failure: Failure, status: number): readonly string[] | undefined {
  if (status === 401) {
    const expired = failure.code === 'expired' ? ', error_description="the token has expired"' : '';
    const error = failure.code === 'login' ? '' : ` error="invalid_token"${expired}`;
    return ['WWW-Authenticate', error === '' ? 'Bearer' : `Bearer${error}`];
  }
  if (failure.allow !== undefined) return ['Allow', failure.allow.join(', ')];
  if (status === 503 || status === 429) return ['Retry-After', '1'];
  return undefined;
}
