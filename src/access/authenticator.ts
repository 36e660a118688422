/**
 * Tokens of this node: ES256 JWTs, signed and verified with the node's own key. Real tokens, really checked
 * on every call; verifying costs 84 µs, so a token that has been verified is remembered, and only its expiry
 * is looked at again. RFC 7519, RFC 8725 (one algorithm, fixed; issuer and audience checked).
 */
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { InstantMs, NhsNumber, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import type { Actor, Purpose } from './actor.ts';
import { issueToken } from './issue-token.ts';
import { isPersona, PERSONAS, type Persona } from './personas.ts';
import { nodeIssuer, openTokenKey, type TokenKey } from './token-key.ts';

/** Who a token speaks for. One object per token, so that it can be compared and kept. */
export interface Authenticated {
  readonly actor: Actor;
  readonly purpose: Purpose;
}

export interface Authenticator {
  /**
   * The bearer of this token: the `Authorization` header's value, or the bare token. Throws Failure `login`
   * (none given), `security` (not a token, forged, another node's, another algorithm) or `expired`; all are
   * 401 and say what to do.
   */
  authenticate(bearer: string | undefined): Promise<Authenticated>;
  /**
   * A demo token for a persona; `nhsNumber` for `patient` and no other. Throws Failure `required` or
   * `invalid`.
   */
  issue(persona: Persona, nhsNumber?: NhsNumber): Promise<string>;
}

export interface AuthenticatorParts {
  readonly ods: OdsCode;
  /** Holds `token.jwk.json`, which is made where it is absent. */
  readonly keysFolder: string;
  readonly clock: Clock;
  readonly settings: Pick<Settings, 'tokenLifeHours' | 'tokenCacheMax'>;
}

/** Longer than any token that we issue; a longer text is not looked into. */
const TOKEN_LENGTH_MAX = 4_096;

/**
 * Opens the node's token key, making it on first use. Throws Failure `exception` where the key file is not a
 * key.
 */
export async function openAuthenticator(parts: AuthenticatorParts): Promise<Authenticator> {
  return new NodeAuthenticator(parts, await openTokenKey(parts.keysFolder));
}

interface Verified {
  readonly who: Authenticated;
  readonly expiresAt: InstantMs;
}

class NodeAuthenticator implements Authenticator {
  readonly #parts: AuthenticatorParts;
  readonly #key: TokenKey;
  readonly #issuer: string;
  /** By the token's whole text, with its scheme and without: a changed byte is another key. Oldest first. */
  readonly #verified = new Map<string, Verified>();

  constructor(parts: AuthenticatorParts, key: TokenKey) {
    this.#parts = parts;
    this.#key = key;
    this.#issuer = nodeIssuer(parts.ods);
  }

  async authenticate(bearer: string | undefined): Promise<Authenticated> {
    const known = bearer === undefined ? undefined : this.#verified.get(bearer);
    if (known !== undefined && known.expiresAt > this.#parts.clock.now()) return known.who;
    const token = tokenIn(bearer);
    const verified = this.#verified.get(token) ?? (await this.#verify(token));
    if (verified.expiresAt <= this.#parts.clock.now()) throw expired();
    this.#remember(token, verified);
    if (bearer === `Bearer ${token}`) this.#remember(bearer, verified);
    return verified.who;
  }

  #remember(text: string, verified: Verified): void {
    if (this.#verified.has(text)) return;
    if (this.#verified.size >= this.#parts.settings.tokenCacheMax) {
      const oldest = this.#verified.keys().next();
      if (oldest.done !== true) this.#verified.delete(oldest.value);
    }
    this.#verified.set(text, verified);
  }

  issue(persona: Persona, nhsNumber?: NhsNumber): Promise<string> {
    return issueToken(this.#key, this.#parts, persona, nhsNumber);
  }

  async #verify(token: string): Promise<Verified> {
    let claims: JWTPayload;
    try {
      const { payload } = await jwtVerify(token, this.#key.publicKey, {
        algorithms: ['ES256'],
        issuer: this.#issuer,
        audience: this.#issuer,
        requiredClaims: ['exp', 'iat', 'sub', 'jti'],
        currentDate: new Date(this.#parts.clock.now()),
      });
      claims = payload;
    } catch (error) {
      throw this.#refusal(token, error);
    }
    return {
      who: this.#authenticatedBy(claims),
      expiresAt: ((claims.exp ?? 0) * 1000) as InstantMs,
    };
  }

  #authenticatedBy(claims: JWTPayload): Authenticated {
    const { sub, name, role, org, purpose, nhs_number: nhsNumber } = claims;
    const fits =
      typeof sub === 'string' &&
      typeof name === 'string' &&
      typeof role === 'string' &&
      isPersona(role) &&
      org === this.#parts.ods &&
      PERSONAS[role].purposes.some((one) => one === purpose) &&
      (role === 'patient') === (typeof nhsNumber === 'string' && /^\d{10}$/.test(nhsNumber)) &&
      (role === 'patient' || nhsNumber === undefined);
    if (!fits) throw new Failure('security', `The token's claims do not fit together. ${NEW_TOKEN}`);
    const id = role === 'patient' ? `${sub}:${String(nhsNumber)}` : sub;
    const actor: Actor = {
      id,
      name,
      role,
      organisation: this.#parts.ods,
      ...(role === 'patient' ? { patient: nhsNumber as NhsNumber } : {}),
    };
    return Object.freeze({ actor: Object.freeze(actor), purpose: purpose as Purpose });
  }

  /** Says which mistake it is without trusting anything that the token says. */
  #refusal(token: string, error: unknown): Failure {
    if (error instanceof errors.JWTExpired) return expired();
    let issuer: unknown;
    let algorithm: unknown;
    try {
      algorithm = decodeProtectedHeader(token).alg;
      issuer = decodeJwt(token).iss;
    } catch {
      return new Failure('security', `The bearer token is not a JSON Web Token. ${NEW_TOKEN}`, {
        cause: error,
      });
    }
    if (algorithm !== 'ES256') {
      return new Failure('security', `The token must be signed with ES256. ${NEW_TOKEN}`, { cause: error });
    }
    if (issuer !== this.#issuer) {
      return new Failure(
        'security',
        'This token was issued by another node, and each node accepts its own only. ' +
          `Get one here: openward token --node ${this.#parts.ods}.`,
        { cause: error },
      );
    }
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      return new Failure('security', `The token's signature is not this node's. ${NEW_TOKEN}`, {
        cause: error,
      });
    }
    return new Failure('security', `The token's claims are not acceptable. ${NEW_TOKEN}`, { cause: error });
  }
}

const NEW_TOKEN = 'Get a new one: openward token --node ODS --as PERSONA.';

function expired(): Failure {
  return new Failure('expired', `The token has expired. ${NEW_TOKEN}`);
}

function tokenIn(bearer: string | undefined): string {
  if (bearer === undefined || bearer === '') {
    throw new Failure('login', `A bearer token is required (Authorization: Bearer …). ${NEW_TOKEN}`);
  }
  const token = /^bearer /i.test(bearer) ? bearer.slice(7).trim() : bearer;
  if (token === '') throw new Failure('login', `The bearer token is empty. ${NEW_TOKEN}`);
  if (token.length > TOKEN_LENGTH_MAX || token.includes(' ')) {
    throw new Failure('security', `The Authorization header does not hold a bearer token. ${NEW_TOKEN}`);
  }
  return token;
}
