/**
 * What keeps a continuity copy closed: a key for each person, derived from the source's own secret;
 * AES-256-GCM over each segment, bound to source, person and place in the order; the key in three Shamir
 * shares of which two are enough, each sealed to its holder (X25519, HKDF-SHA-256, AES-256-GCM).
 */
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { combine, split } from 'shamir-secret-sharing';
import type { OdsCode } from '../base/brands.ts';
import type { JsonWebKeyOkp } from '../base/node-config.ts';
import type { Pseudonym } from './pseudonym.ts';

const SHARES = 3;
export const SHARES_NEEDED = 2;
const NONCE = 12;
const TAG = 16;

/** The key of one person's copy at one source. */
export function personKey(secret: Buffer, p: Pseudonym): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), `openward copy ${p}`, 32));
}

/**
 * Where a segment belongs; sealed in, so that none can be moved, left out in between or passed off as
 * another's.
 */
export interface SegmentPlace {
  readonly source: OdsCode;
  readonly p: Pseudonym;
  readonly name: string;
  /** The segment that this one follows; '' for a base, which follows none. */
  readonly after: string;
}

const placeText = ({ source, p, name, after }: SegmentPlace): Buffer =>
  Buffer.from(`${source}|${p}|${name}|${after}`);

/** Compresses and seals. */
export function sealSegment(key: Buffer, place: SegmentPlace, plain: Buffer): Buffer {
  return seal(key, placeText(place), deflateRawSync(plain, { level: 1 }));
}

/** Throws where anything was changed, or the key or place is not the one it was sealed with. */
export function openSegment(key: Buffer, place: SegmentPlace, sealed: Buffer, bytesMax: number): Buffer {
  return inflateRawSync(unseal(key, placeText(place), sealed), { maxOutputLength: bytesMax });
}

/** The three shares of a key: two custodians and the guardian, in that order. */
export async function splitKey(key: Buffer): Promise<Buffer[]> {
  return (await split(new Uint8Array(key), SHARES, SHARES_NEEDED)).map((share) => Buffer.from(share));
}

export async function joinKey(shares: readonly Buffer[]): Promise<Buffer> {
  return Buffer.from(await combine(shares.map((share) => new Uint8Array(share))));
}

/** Seals a share so that only the holder of the X25519 key can read it. */
export function sealTo(holder: JsonWebKeyOkp, text: Buffer): Buffer {
  const once = generateKeyPairSync('x25519');
  const theirs = createPublicKey({
    key: { kty: holder.kty, crv: holder.crv, x: holder.x } as never,
    format: 'jwk',
  });
  const ours = Buffer.from(String(once.publicKey.export({ format: 'jwk' }).x), 'base64url');
  const key = agreed(once.privateKey, theirs, ours);
  return Buffer.concat([ours, seal(key, ours, text)]);
}

/** Throws where it was not sealed to this key. */
export function unsealWith(key: KeyObject, sealed: Buffer): Buffer {
  const once = sealed.subarray(0, 32);
  const theirs = createPublicKey({
    key: { kty: 'OKP', crv: 'X25519', x: once.toString('base64url') } as never,
    format: 'jwk',
  });
  return unseal(agreed(key, theirs, once), once, sealed.subarray(32));
}

function agreed(privateKey: KeyObject, publicKey: KeyObject, salt: Buffer): Buffer {
  return Buffer.from(
    hkdfSync('sha256', diffieHellman({ privateKey, publicKey }), salt, 'openward share', 32),
  );
}

function seal(key: Buffer, bound: Buffer, plain: Buffer): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(bound);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function unseal(key: Buffer, bound: Buffer, sealed: Buffer): Buffer {
  const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE)).setAAD(bound);
  cipher.setAuthTag(sealed.subarray(sealed.length - TAG));
  return Buffer.concat([cipher.update(sealed.subarray(NONCE, sealed.length - TAG)), cipher.final()]);
}
