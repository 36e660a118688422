/** The condition of a write on the version that it replaces. */
import { Failure } from '../../base/failure.ts';

/** Throws Failure `conflict` (412) where the current version is not the one asked for, `absent` none. */
export function checkIfMatch(
  ifMatch: string | undefined,
  current: { readonly version: number; readonly deleted: boolean } | undefined,
): void {
  if (ifMatch === undefined) return;
  const there = current !== undefined && !current.deleted;
  if (ifMatch === 'absent' ? !there : there && String(current.version) === ifMatch) return;
  throw new Failure(
    'conflict',
    there
      ? `The resource is at version ${current.version}, not ${ifMatch}. Read it again and repeat the change.`
      : 'The resource is not there (any more). Read it again and repeat the change.',
    { status: 412 },
  );
}
