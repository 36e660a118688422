/**
 * The locator's pseudonym of a person: HMAC-SHA-256 of the NHS number under the members' key, which the
 * exchange does not have.
 */
import { createHmac } from 'node:crypto';
import type { NhsNumber } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';

export type Pseudonym = string & { readonly pseudonym: true };
export type Pseudonymise = (nhsNumber: NhsNumber) => Pseudonym;

/** `key` is 32 bytes in base64url. Throws Failure `value` for any other length. */
export function pseudonymiser(key: string): Pseudonymise {
  const bytes = Buffer.from(key, 'base64url');
  if (bytes.length !== 32)
    throw new Failure('value', 'The setting "locatorKey" must be 32 bytes in base64url.');
  return (nhsNumber) => createHmac('sha256', bytes).update(nhsNumber).digest('base64url') as Pseudonym;
}

/** Whether a text that another node sent can be a pseudonym. */
export function isPseudonym(text: unknown): text is Pseudonym {
  return typeof text === 'string' && /^[A-Za-z0-9_-]{43}$/.test(text);
}
