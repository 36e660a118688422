import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InstantMs, NhsNumber, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import { Failure, httpStatusOf } from '../base/failure.ts';
import { type Authenticator, openAuthenticator } from './authenticator.ts';
import { PERSONAS, type Persona } from './personas.ts';

const ODS = 'RCB' as OdsCode;
const NUMBER = '9990000018' as NhsNumber;

let folder: string;
let now: number;
let clock: Clock;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openward-token-'));
  now = Date.parse('2026-11-23T09:00:00Z');
  clock = { now: () => now as InstantMs, monotonicMs: () => now };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (ods = ODS, keysFolder = folder, tokenCacheMax = 100): Promise<Authenticator> =>
  openAuthenticator({ ods, keysFolder, clock, settings: { tokenLifeHours: 8, tokenCacheMax } });

async function failure(promise: Promise<unknown>): Promise<Failure> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof Failure)) throw new Error(`expected a Failure, not ${String(error)}`);
  expect(httpStatusOf(error)).toBe(401);
  return error;
}

describe('token key', () => {
  it('is made once, for its owner alone, and leaves nothing else behind', async () => {
    const keysFolder = join(folder, 'keys');
    const all = await Promise.all([open(ODS, keysFolder), open(ODS, keysFolder), open(ODS, keysFolder)]);
    expect(await readdir(keysFolder)).toEqual(['token.jwk.json']);
    expect((await stat(join(keysFolder, 'token.jwk.json'))).mode & 0o777).toBe(0o600);
    for (const issuer of all) {
      const token = await issuer.issue('gp');
      for (const other of all) expect((await other.authenticate(token)).actor.role).toBe('gp');
    }
  });

  it('is not replaced where the file holds something else', async () => {
    await writeFile(join(folder, 'token.jwk.json'), '{"kty":"oct","k":"AA"}');
    await expect(open()).rejects.toThrow(/does not hold an ES256 private key/);
    expect(await readFile(join(folder, 'token.jwk.json'), 'utf8')).toBe('{"kty":"oct","k":"AA"}');
  });
});

describe('authenticator', () => {
  it.each(Object.keys(PERSONAS) as Persona[])('accepts the token it issued for %s', async (persona) => {
    const authenticator = await open();
    const patient = persona === 'patient' ? NUMBER : undefined;
    const token = await authenticator.issue(persona, patient);
    const { actor, purpose } = await authenticator.authenticate(`Bearer ${token}`);
    expect(actor).toEqual({
      id: patient === undefined ? `persona:${persona}` : `persona:patient:${patient}`,
      name: PERSONAS[persona].name,
      role: persona,
      organisation: ODS,
      ...(patient === undefined ? {} : { patient }),
    });
    expect(purpose).toBe(PERSONAS[persona].purpose);
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'ES256', kid: expect.stringMatching(/.{20}/) });
    expect(decodeJwt(token)).toMatchObject({
      iss: 'https://openward.org/node/RCB',
      aud: 'https://openward.org/node/RCB',
      exp: now / 1000 + 8 * 3600,
    });
  });

  it('gives the same objects for the same token, bare or with its scheme', async () => {
    const authenticator = await open();
    const token = await authenticator.issue('nurse');
    const first = await authenticator.authenticate(token);
    expect(await authenticator.authenticate(`bearer ${token}`)).toBe(first);
    expect(Object.isFrozen(first.actor)).toBe(true);
  });

  it('refuses to issue what no token may say', async () => {
    const authenticator = await open();
    await expect(authenticator.issue('patient')).rejects.toMatchObject({ code: 'required' });
    await expect(authenticator.issue('gp', NUMBER)).rejects.toMatchObject({ code: 'invalid' });
  });

  it.each([undefined, '', 'Bearer ', 'Bearer    '])('asks for a token where it gets %j', async (bearer) => {
    expect((await failure((await open()).authenticate(bearer))).code).toBe('login');
  });

  it.each(['nonsense', 'Basic dXNlcjpwYXNz', 'a.b.c', `Bearer ${'x'.repeat(100_000)}`, 'Bearer a b'])(
    'refuses what is no token',
    async (bearer) => {
      expect((await failure((await open()).authenticate(bearer))).code).toBe('security');
    },
  );

  it('looks at the expiry each time, remembered or not', async () => {
    const authenticator = await open();
    const token = await authenticator.issue('gp');
    await authenticator.authenticate(token);
    now += 8 * 3_600_000 - 1;
    await authenticator.authenticate(token);
    now += 1;
    expect((await failure(authenticator.authenticate(token))).code).toBe('expired');
    expect((await failure(authenticator.authenticate(token))).code).toBe('expired');
    expect((await failure((await open()).authenticate(token))).code).toBe('expired');
  });

  it('refuses a token with any part changed, also after the true one was remembered', async () => {
    const authenticator = await open();
    const token = await authenticator.issue('patient', NUMBER);
    await authenticator.authenticate(token);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const claims = JSON.stringify({ ...decodeJwt(token), role: 'system', nhs_number: undefined });
    const forged = [header, Buffer.from(claims).toString('base64url'), signature].join('.');
    const flipped = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    for (const one of [forged, flipped]) {
      const error = await failure(authenticator.authenticate(one));
      expect(error.code).toBe('security');
      expect(error.message).toMatch(/signature/);
    }
  });

  it('refuses alg none, another algorithm, and a stranger’s key under our name', async () => {
    const authenticator = await open();
    const claims = decodeJwt(await authenticator.issue('system'));
    const none = new UnsecuredJWT(claims).encode();
    const shared = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode('x'.repeat(32)));
    const { privateKey } = await generateKeyPair('ES256');
    const stranger = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
    expect((await failure(authenticator.authenticate(none))).message).toMatch(/ES256/);
    expect((await failure(authenticator.authenticate(shared))).message).toMatch(/ES256/);
    expect((await failure(authenticator.authenticate(stranger))).message).toMatch(/signature/);
  });

  it('refuses another node’s token and says where to get one', async () => {
    const other = await open('A82001' as OdsCode, join(folder, 'other'));
    const error = await failure((await open()).authenticate(await other.issue('gp')));
    expect(error.code).toBe('security');
    expect(error.message).toMatch(/another node.*openward token --node RCB/s);
    const sameKey = await open('A82001' as OdsCode);
    expect((await failure((await open()).authenticate(await sameKey.issue('gp')))).message).toMatch(
      /another node/,
    );
  });

  it.each([
    ['another organisation', { org: 'A82001' }],
    ['a role that does not exist', { role: 'superuser' }],
    ['the machinery’s role', { role: 'node' }],
    ['a purpose that is not the role’s', { purpose: 'secondary-use' }],
    ['a number on a nurse', { nhs_number: NUMBER }],
    ['a patient without a number', { role: 'patient', purpose: 'patient-access' }],
    ['a patient with nonsense for a number', { role: 'patient', purpose: 'patient-access', nhs_number: 'x' }],
    ['no name', { name: 7 }],
  ])('refuses claims that do not fit: %s', async (_, change) => {
    const authenticator = await open();
    const claims = { ...decodeJwt(await authenticator.issue('nurse')), ...change };
    const error = await failure(authenticator.authenticate(await signedByUs(claims)));
    expect(error.message).toMatch(/do not fit/);
  });

  it.each(['exp', 'iat', 'sub', 'jti'] as const)('refuses a token without %s', async (claim) => {
    const authenticator = await open();
    const claims = decodeJwt(await authenticator.issue('nurse'));
    delete claims[claim];
    expect((await failure(authenticator.authenticate(await signedByUs(claims)))).code).toBe('security');
  });

  it('remembers no more tokens than its setting says, and still accepts the others', async () => {
    const authenticator = await open(ODS, folder, 2);
    const tokens = await Promise.all([1, 2, 3, 4].map(() => authenticator.issue('gp')));
    const inTurn = async (order: readonly number[]) => {
      const found: Awaited<ReturnType<Authenticator['authenticate']>>[] = [];
      for (const i of order) found[i] = await authenticator.authenticate(tokens[i]);
      return found;
    };
    const first = await inTurn([0, 1, 2, 3]);
    const again = await inTurn([3, 2, 1, 0]);
    expect(again[3]).toBe(first[3]);
    expect(again[0]).not.toBe(first[0]);
    expect(again.every(({ actor }) => actor.role === 'gp')).toBe(true);
  });

  async function signedByUs(claims: Record<string, unknown>): Promise<string> {
    const { openTokenKey } = await import('./token-key.ts');
    const { privateKey } = await openTokenKey(folder);
    return new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
  }
});
