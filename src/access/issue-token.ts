/**
 * Making the demo's tokens: real signed JWTs under the node's own key, for whoever has the node's folder.
 * The node's pages and the command line make them here, so that both make the same. Claims:
 * docs/reference/personas.md.
 */
import { SignJWT } from 'jose';
import type { NhsNumber, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { systemRandom, timeOrderedIds } from '../base/ids.ts';
import type { Settings } from '../base/settings.ts';
import { PERSONAS, type Persona } from './personas.ts';
import { nodeIssuer, type TokenKey } from './token-key.ts';

interface TokenIssue {
  readonly ods: OdsCode;
  readonly clock: Clock;
  readonly settings: Pick<Settings, 'tokenLifeHours'>;
}

/**
 * A token for a persona of this node, signed with its key; `nhsNumber` for `patient` and no other. Throws Failure
 * `required` or `invalid` where number and persona do not go together.
 */
export async function issueToken(
  key: TokenKey,
  { ods, clock, settings }: TokenIssue,
  persona: Persona,
  nhsNumber: NhsNumber | undefined,
): Promise<string> {
  if (persona === 'patient' && nhsNumber === undefined) {
    throw new Failure(
      'required',
      'A patient token needs the NHS number of the patient: add --patient NHSNUMBER.',
    );
  }
  if (persona !== 'patient' && nhsNumber !== undefined) {
    throw new Failure('invalid', `Only a patient token carries an NHS number; ${persona} does not.`);
  }
  const row = PERSONAS[persona];
  const now = Math.floor(clock.now() / 1000);
  return new SignJWT({
    name: row.name,
    role: persona,
    org: ods,
    purpose: row.purpose,
    ...(nhsNumber === undefined ? {} : { nhs_number: nhsNumber }),
  })
    .setProtectedHeader({ alg: 'ES256', kid: key.kid, typ: 'JWT' })
    .setIssuer(nodeIssuer(ods))
    .setAudience(nodeIssuer(ods))
    .setSubject(`persona:${persona}`)
    .setIssuedAt(now)
    .setExpirationTime(now + settings.tokenLifeHours * 3600)
    .setJti(timeOrderedIds(clock, systemRandom).next())
    .sign(key.privateKey);
}
