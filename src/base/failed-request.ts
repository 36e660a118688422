/**
 * One line in the log for each request that failed, under the id that its answer carries in X-Request-Id, so
 * that whoever was told "no" can be helped. It holds the route as it is written in the program, never the
 * address that was asked for, which could name a person.
 */
import { type Failure, httpStatusOf } from './failure.ts';
import type { Log } from './log.ts';

export interface FailedRequest {
  readonly requestId: string;
  readonly method: string;
  /** `/import/units`, `fhir read`; `none` where the address led nowhere. */
  readonly route: string;
}

/**
 * What the node could not do is a warning, what it refused is for information; a defect is an error, told by
 * its kind and place: its own text may quote what it choked on.
 */
export function logFailedRequest(log: Log, request: FailedRequest, failure: Failure): void {
  const status = httpStatusOf(failure);
  const fields = { ...request, status, code: failure.code };
  if (failure.code === 'exception' && failure.cause !== undefined) {
    log.error({ ...fields, ...kindAndPlace(failure.cause) }, 'defect');
  } else if (status >= 500 && failure.code !== 'not-supported') log.warn(fields, 'request failed');
  else log.info(fields, 'request refused');
}

const FRAMES_MAX = 12;

function kindAndPlace(thrown: unknown): { readonly error: string; readonly at: readonly string[] } {
  return { error: thrown instanceof Error ? thrown.name : 'not an Error', at: framesOf(thrown) };
}

/** Where it was thrown; an error's own text may quote what it choked on. */
export function framesOf(thrown: unknown): readonly string[] {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return frames.slice(0, FRAMES_MAX).map((line) => line.trim());
}
