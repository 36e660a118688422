/**
 * The one place where this door turns what was thrown into an answer. A Failure becomes its
 * OperationOutcome and status; whatever else is a defect: `exception` with a log id, no stack and no data
 * of a person. R4 http://hl7.org/fhir/R4/http.html#Status-Codes.
 */
import { Failure, httpStatusOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { outcomeOfFailure } from '../fhir/operation-outcome.ts';
import type { FhirAnswer } from './fhir-call.ts';

/** The answer for anything thrown; logs defects under the request's id. */
export function failureAnswer(thrown: unknown, requestId: string, log: Log): FhirAnswer {
  const failure = asFailure(thrown, requestId, log);
  const status = httpStatusOf(failure);
  const body = Buffer.from(JSON.stringify(outcomeOfFailure(failure)));
  const headers = headersFor(failure, status);
  return { status, body, cache: 'no-store', ...(headers === undefined ? {} : { headers }) };
}

/** A Failure as it is; an error of the HTTP layer in our words; anything else as `exception`, logged. */
function asFailure(thrown: unknown, requestId: string, log: Log): Failure {
  if (thrown instanceof Failure) {
    if (httpStatusOf(thrown) >= 500 && thrown.code !== 'not-supported') {
      log.warn({ requestId, code: thrown.code }, 'request failed');
    }
    return thrown;
  }
  const transport = transportFailure(thrown);
  if (transport !== undefined) return transport;
  // an error's own text may quote what it choked on, so only its kind and place are logged
  const error = thrown instanceof Error ? thrown : new Error('not an Error');
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  log.error({ requestId, error: error.name, at: frames.slice(0, 12).map((line) => line.trim()) }, 'defect');
  return new Failure(
    'exception',
    `Something went wrong inside this server. Read before you send a write again. Log id: ${requestId}.`,
    { cause: thrown },
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
  if (status === 503 || status === 429) return ['Retry-After', '1'];
  return undefined;
}
