/**
 * Tokens from node to node: EdDSA JWTs of a minute's life, signed by the asking node, for one answering node,
 * carrying who asks in what role for which organisation and why. RFC 7519.
 */
import type { KeyObject } from 'node:crypto';
import { importJWK, jwtVerify, SignJWT } from 'jose';
import type { Actor, Asker, Purpose } from '../access/actor.ts';
import { isPersona } from '../access/personas.ts';
import type { InstantMs, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Ids } from '../base/ids.ts';
import type { JsonWebKeyOkp } from '../base/node-config.ts';
import { parseNhsNumber } from '../identity/nhs-number.ts';

interface TokenSignerParts {
  readonly ods: OdsCode;
  readonly key: KeyObject;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly lifeSeconds: number;
}

const CACHED_MAX = 5000;

/** Makes tokens, and gives the same one again while it has half of its life left. */
export class TokenSigner {
  readonly #parts: TokenSignerParts;
  readonly #cache = new Map<string, { readonly token: Promise<string>; readonly until: number }>();

  constructor(parts: TokenSignerParts) {
    this.#parts = parts;
  }

  token(to: OdsCode, actor: Actor, purpose: Purpose): Promise<string> {
    const { clock, lifeSeconds } = this.#parts;
    const key = JSON.stringify([to, actor, purpose]);
    const now = clock.now();
    const known = this.#cache.get(key);
    if (known !== undefined && known.until > now) return known.token;
    if (this.#cache.size >= CACHED_MAX) this.#cache.clear();
    const token = this.#sign(to, actor, purpose, now);
    this.#cache.set(key, { token, until: now + lifeSeconds * 500 });
    return token;
  }

  #sign(to: OdsCode, actor: Actor, purpose: Purpose, now: InstantMs): Promise<string> {
    const { ods, ids, lifeSeconds, key } = this.#parts;
    const seconds = Math.floor(now / 1000);
    return new SignJWT({ actor, purpose })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' })
      .setIssuer(ods)
      .setAudience(to)
      .setSubject(actor.id)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + lifeSeconds)
      .setJti(ids.next())
      .sign(key);
  }
}

interface TokenCheckerParts {
  readonly ods: OdsCode;
  readonly clock: Clock;
  readonly lifeSeconds: number;
  /** The signing key of an organisation in the directory. */
  readonly keyOf: (ods: OdsCode) => JsonWebKeyOkp | undefined;
}

export interface Caller {
  /** The organisation whose node calls. */
  readonly from: OdsCode;
  readonly actor: Actor;
  readonly purpose: Purpose;
}

/** Clocks of two nodes may differ by this much. */
const SKEW_SECONDS = 30;

export class TokenChecker {
  readonly #parts: TokenCheckerParts;
  readonly #cache = new Map<string, Checked>();

  constructor(parts: TokenCheckerParts) {
    this.#parts = parts;
  }

  /** Who calls. Throws Failure `login`, `security` or `expired`, all 401. */
  async check(authorization: string | undefined): Promise<Caller> {
    const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw new Failure('login', 'Calls between nodes need the calling node’s token.');
    const now = this.#parts.clock.now();
    const known = this.#cache.get(token);
    // a key that the directory no longer names takes its tokens with it
    if (known !== undefined && known.until > now && this.#parts.keyOf(known.caller.from)?.x === known.key)
      return known.caller;
    const checked = await this.#verify(token, now);
    if (this.#cache.size >= CACHED_MAX) this.#cache.clear();
    this.#cache.set(token, checked);
    return checked.caller;
  }

  async #verify(token: string, now: InstantMs): Promise<Checked> {
    const from = issuerIn(token);
    const jwk = from === undefined ? undefined : this.#parts.keyOf(from);
    if (from === undefined || jwk === undefined) {
      throw new Failure('security', 'The calling node is not in the directory that this node holds.');
    }
    try {
      const { payload } = await jwtVerify(
        token,
        await importJWK({ kty: jwk.kty, crv: jwk.crv, x: jwk.x }, 'EdDSA'),
        {
          algorithms: ['EdDSA'],
          issuer: from,
          audience: this.#parts.ods,
          clockTolerance: SKEW_SECONDS,
          currentDate: new Date(now),
          requiredClaims: ['exp', 'iat', 'jti', 'actor', 'purpose'],
          maxTokenAge: this.#parts.lifeSeconds,
        },
      );
      const actor = actorIn(payload.actor, from);
      const purpose = PURPOSES.find((one) => one === payload.purpose);
      if (purpose === undefined) throw new Error('there is no such purpose');
      const until = Math.min(Number(payload.exp), Number(payload.iat) + this.#parts.lifeSeconds) * 1000;
      return { caller: { from, actor, purpose }, key: jwk.x, until };
    } catch (cause) {
      throw new Failure('security', 'The calling node’s token is forged, for another node, or out of date.', {
        cause,
      });
    }
  }
}

/** A token that was checked: whose, with which key, and until when (ms) it may be used again. */
interface Checked {
  readonly caller: Caller;
  readonly key: string;
  readonly until: number;
}

const PURPOSES: readonly Purpose[] = [
  'direct-care',
  'patient-access',
  'emergency',
  'administration',
  'secondary-use',
];

/**
 * The actor whom a member vouches for: of its own organisation, in a role there is, a patient with a number
 * and nobody else with one.
 */
function actorIn(claim: unknown, from: OdsCode): Actor {
  const { id, name, role, organisation, patient } = claim as Readonly<Record<keyof Actor, unknown>>;
  if (typeof id !== 'string' || typeof name !== 'string' || typeof role !== 'string')
    throw new Error('the actor is not one');
  if (organisation !== from) throw new Error('the actor is of another organisation');
  if (role !== 'node' && !isPersona(role)) throw new Error('there is no such role');
  const actor = { id, name, role, organisation: from } as const;
  if (role !== 'patient') {
    if (patient !== undefined) throw new Error('only a patient has a number of their own');
    return actor;
  }
  const parsed = parseNhsNumber(String(patient));
  if (!parsed.ok) throw new Error('a patient needs a number');
  return { ...actor, patient: parsed.nhsNumber };
}

/**
 * The issuer as the token claims it, to find the key by; nothing else is believed before the signature holds.
 */
function issuerIn(token: string): OdsCode | undefined {
  try {
    const { iss } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      iss?: unknown;
    };
    return typeof iss === 'string' ? (iss as OdsCode) : undefined;
  } catch {
    return undefined;
  }
}

/** The node's machinery as an actor: locator feed, copies, notices. */
export function machinery(ods: OdsCode, requestId: string): Asker {
  return {
    actor: { id: `node:${ods}`, name: `Node of ${ods}`, role: 'node', organisation: ods },
    purpose: 'administration',
    requestId,
  };
}
