/**
 * Errors of the disk, as SQLite tells them, in words that a client can act on.
 * https://sqlite.org/rescode.html
 */
import { Failure } from '../../base/failure.ts';

/** `no-store` where the disk is full or broken, `exception` otherwise; a Failure stays what it is. */
export function diskFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { errcode, errstr } = error as { errcode?: number; errstr?: string };
  const primary = errcode === undefined ? undefined : errcode & 0xff;
  if (primary === 13 || primary === 10) {
    return new Failure(
      'no-store',
      'Nothing was written: the disk is full or cannot be written. Reading goes on.',
      { cause: error },
    );
  }
  return new Failure(
    'exception',
    `The store could not write (${errstr ?? 'unknown cause'}). Nothing was written.`,
    {
      cause: error,
    },
  );
}
