/**
 * A node's own key pairs: Ed25519 to sign what it says to others, X25519 so that others can seal shares to
 * it. Made on first start, readable by the node's user only, never sent anywhere; the public halves go into
 * the directory.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import type { JsonWebKeyOkp } from '../base/node-config.ts';

/** What other nodes may know of a node's keys. */
export interface PublicKeys {
  readonly signingKey: JsonWebKeyOkp;
  readonly sealingKey: JsonWebKeyOkp;
}

export interface NodeKeys {
  readonly signing: KeyObject;
  readonly sealing: KeyObject;
  /** 32 bytes from which the keys of people's continuity copies are derived; known to this node alone. */
  readonly copySecret: Buffer;
  publicKeys(): PublicKeys;
}

interface KeptKeys {
  readonly signing: JsonWebKeyOkp;
  readonly sealing: JsonWebKeyOkp;
  readonly copySecret: string;
}

/**
 * The keys in `<folder>/node.jwk.json`, made where there are none. Throws Failure `exception` where the file
 * is damaged.
 */
export async function openNodeKeys(folder: string): Promise<NodeKeys> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'node.jwk.json');
  const kept = (await read(path)) ?? (await make(path));
  const { signing, sealing } = kept;
  return {
    signing: createPrivateKey({ key: signing as never, format: 'jwk' }),
    sealing: createPrivateKey({ key: sealing as never, format: 'jwk' }),
    copySecret: Buffer.from(kept.copySecret, 'base64url'),
    publicKeys: () => ({ signingKey: withoutSecret(signing), sealingKey: withoutSecret(sealing) }),
  };
}

function withoutSecret({ kty, crv, x }: JsonWebKeyOkp): JsonWebKeyOkp {
  return { kty, crv, x };
}

async function read(path: string): Promise<KeptKeys | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const kept = JSON.parse(text) as KeptKeys;
    if (kept.signing.crv === 'Ed25519' && kept.sealing.crv === 'X25519' && kept.copySecret.length >= 43)
      return kept;
  } catch {
    // said below
  }
  throw new Failure(
    'exception',
    `${path} does not hold this node's keys. Put it back from a backup of the node's folder.`,
  );
}

/**
 * Writes aside and links into place, so that of two processes one wins whole and the other uses what it made.
 */
async function make(path: string): Promise<KeptKeys> {
  const jwk = (pair: { privateKey: KeyObject }): JsonWebKeyOkp =>
    pair.privateKey.export({ format: 'jwk' }) as unknown as JsonWebKeyOkp;
  const kept: KeptKeys = {
    signing: jwk(generateKeyPairSync('ed25519')),
    sealing: jwk(generateKeyPairSync('x25519')),
    copySecret: randomBytes(32).toString('base64url'),
  };
  const aside = `${path}.${process.pid}`;
  await writeFile(aside, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
  await chmod(aside, 0o600);
  try {
    await link(aside, path);
    return kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const other = await read(path);
    if (other === undefined) throw error;
    return other;
  } finally {
    await unlink(aside);
  }
}
