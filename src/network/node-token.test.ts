import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Actor } from '../access/actor.ts';
import type { InstantMs, NhsNumber, OdsCode } from '../base/brands.ts';
import { systemClock } from '../base/clock.ts';
import { timeOrderedIds } from '../base/ids.ts';
import { type NodeKeys, openNodeKeys } from './keys.ts';
import { TokenChecker, TokenSigner } from './node-token.ts';

const GP1 = 'GP1' as OdsCode;
const RX1 = 'RX1' as OdsCode;
let now: number;
const clock = { ...systemClock, now: () => now as InstantMs };
const ids = timeOrderedIds(systemClock);
let gp: NodeKeys;
let other: NodeKeys;
let directory: Map<string, NodeKeys>;
const doctor: Actor = { id: 'd1', name: 'Dr A', role: 'gp', organisation: GP1 };

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'openward-token-'));
  gp = await openNodeKeys(join(folder, 'gp'));
  other = await openNodeKeys(join(folder, 'other'));
});
beforeEach(() => {
  now = Date.parse('2026-01-01T00:00:00Z');
  directory = new Map([['GP1', gp]]);
});

const signer = (keys = gp, ods = GP1): TokenSigner =>
  new TokenSigner({ ods, key: keys.signing, clock, ids, lifeSeconds: 60 });
const checker = (ods = RX1): TokenChecker =>
  new TokenChecker({
    ods,
    clock,
    lifeSeconds: 60,
    keyOf: (one) => directory.get(one)?.publicKeys().signingKey,
  });
const bearer = async (token: Promise<string>): Promise<string> => `Bearer ${await token}`;
const signed = (claims: object, life = '60s'): Promise<string> =>
  new SignJWT({ actor: doctor, purpose: 'direct-care', ...claims })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuer('GP1')
    .setAudience('RX1')
    .setIssuedAt(now / 1000)
    .setExpirationTime(new Date(now + Number.parseInt(life, 10) * 1000))
    .setJti('j')
    .sign(gp.signing);

describe('a token from node to node', () => {
  it('carries actor, role, organisation and purpose', async () => {
    const caller = await checker().check(await bearer(signer().token(RX1, doctor, 'emergency')));
    expect(caller).toEqual({ from: 'GP1', actor: doctor, purpose: 'emergency' });
  });

  it('carries the number of a patient, and of nobody else', async () => {
    const patient: Actor = { ...doctor, role: 'patient', patient: '9990000018' as NhsNumber };
    const caller = await checker().check(await bearer(signer().token(RX1, patient, 'patient-access')));
    expect(caller.actor.patient).toBe('9990000018');
    for (const actor of [
      { ...doctor, patient: '9990000018' },
      { ...doctor, role: 'patient' },
      { ...doctor, role: 'patient', patient: '9990000019' },
      { ...doctor, role: 'king' },
      { ...doctor, organisation: 'RX9' },
      'somebody',
    ]) {
      await expect(checker().check(await bearer(signed({ actor })))).rejects.toMatchObject({
        code: 'security',
      });
    }
    await expect(checker().check(await bearer(signed({ purpose: 'curiosity' })))).rejects.toMatchObject({
      code: 'security',
    });
  });

  it('is for one node: another refuses it', async () => {
    const token = await bearer(signer().token(RX1, doctor, 'direct-care'));
    await expect(checker('MH1' as OdsCode).check(token)).rejects.toMatchObject({ code: 'security' });
  });

  it('by a key that is not the issuer’s in the directory is forged', async () => {
    const forged = await bearer(signer(other).token(RX1, doctor, 'direct-care'));
    await expect(checker().check(forged)).rejects.toMatchObject({ code: 'security' });
    const stranger = await bearer(signer(other, 'ZZZ' as OdsCode).token(RX1, doctor, 'direct-care'));
    await expect(checker().check(stranger)).rejects.toMatchObject({ code: 'security' });
    const [head, body] = (await signer().token(RX1, doctor, 'direct-care')).split('.');
    await expect(checker().check(`Bearer ${head}.${body}.`)).rejects.toMatchObject({ code: 'security' });
    await expect(checker().check('Bearer nonsense')).rejects.toMatchObject({ code: 'security' });
    await expect(checker().check(undefined)).rejects.toMatchObject({ code: 'login' });
  });

  it('lasts a minute, also where it was checked before', async () => {
    const token = await bearer(signer().token(RX1, doctor, 'direct-care'));
    const same = checker();
    await same.check(token);
    now += 59_000;
    await same.check(token);
    now += 32_000; // 30 s are granted to clocks that differ
    await expect(same.check(token)).rejects.toMatchObject({ code: 'security' });
    await expect(checker().check(token)).rejects.toMatchObject({ code: 'security' });
  });

  it('that says it lives longer is refused: the life is the checker’s to say', async () => {
    const long = await bearer(signed({}, '86400s'));
    await checker().check(long);
    now += 91_000;
    await expect(checker().check(long)).rejects.toMatchObject({ code: 'security' });
  });

  it('goes with its key: one that the directory no longer names is refused at once', async () => {
    const token = await bearer(signer().token(RX1, doctor, 'direct-care'));
    const same = checker();
    await same.check(token);
    directory.set('GP1', other);
    await expect(same.check(token)).rejects.toMatchObject({ code: 'security' });
    directory.delete('GP1');
    await expect(same.check(token)).rejects.toMatchObject({ code: 'security' });
  });

  it('is made once and used again for half of its life', async () => {
    const one = signer();
    const first = await one.token(RX1, doctor, 'direct-care');
    now += 29_000;
    expect(await one.token(RX1, doctor, 'direct-care')).toBe(first);
    expect(await one.token(RX1, { ...doctor, role: 'nurse' }, 'direct-care')).not.toBe(first);
    now += 2_000;
    expect(await one.token(RX1, doctor, 'direct-care')).not.toBe(first);
  });
});
