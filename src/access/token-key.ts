/**
 * The node's token key: an ES256 private JWK in the node's own key folder, mode 0600. Made on first use by
 * whoever comes first, the node or the command line, so making it is atomic: a link that fails where the file
 * is there.
 */
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose';
import type { OdsCode } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import { systemRandom } from '../base/ids.ts';

export interface TokenKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** `https://openward.org/node/RCB`: issuer and audience of a node's tokens. */
export function nodeIssuer(ods: OdsCode): string {
  return `https://openward.org/node/${ods}`;
}

/**
 * The key in `folder`, made where there is none. Throws Failure `exception` where the file does not hold an
 * ES256 private key: it is not replaced, since a person must know why tokens stop working.
 */
export async function openTokenKey(folder: string): Promise<TokenKey> {
  const path = join(folder, 'token.jwk.json');
  let text = await readIfThere(path);
  if (text === undefined) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await placeNewKey(folder, path);
    text = await readFile(path, 'utf8');
  }
  return keyIn(text);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function placeNewKey(folder: string, path: string): Promise<void> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  const draft = join(folder, `.token.${systemRandom.bytes(8).toString('hex')}`);
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ ...jwk, kid, alg: 'ES256', use: 'sig' })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error; // another process was first: its key is the key
  } finally {
    await unlink(draft);
  }
}

async function keyIn(text: string): Promise<TokenKey> {
  try {
    const jwk = JSON.parse(text) as JWK;
    const { kty, crv, x, y } = jwk;
    if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined || jwk.d === undefined) {
      throw new Error('not a private key on P-256');
    }
    const publicKey = await importJWK({ kty, crv, x, y }, 'ES256');
    const privateKey = await importJWK(jwk, 'ES256');
    if (publicKey instanceof Uint8Array || privateKey instanceof Uint8Array)
      throw new Error('not a key pair');
    return { kid: jwk.kid ?? (await calculateJwkThumbprint(jwk)), privateKey, publicKey };
  } catch (cause) {
    throw new Failure(
      'exception',
      'keys/token.jwk.json does not hold an ES256 private key. Restore it, or remove it to have a new one ' +
        'made; tokens issued under the old one stop working.',
      { cause },
    );
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
