import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { InstantMs, OdsCode } from '../base/brands.ts';
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { type Directory, type Member, signDirectory, withCustodians } from './directory.ts';
import { DirectoryKeeper } from './directory-keeper.ts';
import { type NodeKeys, openNodeKeys } from './keys.ts';

let folder: string;
let exchange: NodeKeys;
let now = 1_000_000;
const clock = { ...systemClock, now: () => now as InstantMs };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openward-directory-'));
  exchange = await openNodeKeys(join(folder, 'exchange'));
  now = 1_000_000;
});

function member(ods: string, site: string, kind: Member['kind'] = 'acute'): Member {
  const key = exchange.publicKeys();
  const failureDomain = { site, supplier: `supplier of ${site}`, ring: `ring of ${site}` };
  return { ods: ods as OdsCode, name: ods, kind, url: 'http://127.0.0.1:1', failureDomain, ...key };
}
function directory(version: number, members = [member('GP1', 'a', 'gp')]): Directory {
  const at = now as InstantMs;
  return { version, issuedAt: at, expiresAt: (at + 1000) as InstantMs, ...withCustodians(members) };
}
const open = (): Promise<DirectoryKeeper> =>
  DirectoryKeeper.open(folder, exchange.publicKeys().signingKey, clock, silentLog);

describe('the directory', () => {
  it('is taken where the exchange signed it, and is there again after a restart', async () => {
    const keeper = await open();
    expect(keeper.entries()).toEqual([]);
    expect(await keeper.take(await signDirectory(directory(1), exchange.signing))).toBe(true);
    expect(keeper.entry('GP1' as OdsCode)?.kind).toBe('gp');
    const again = await open();
    expect(again.entry('GP1' as OdsCode)?.kind).toBe('gp');
  });

  it('is refused where anybody else signed it, or a letter of it was changed, and the one in use stays', async () => {
    const keeper = await open();
    const genuine = await signDirectory(directory(1), exchange.signing);
    await keeper.take(genuine);
    const other = await openNodeKeys(join(folder, 'other'));
    const forged = await signDirectory(directory(2, [member('EVIL', 'b')]), other.signing);
    await expect(keeper.take(forged)).rejects.toMatchObject({ code: 'security' });
    const [head, body = '', signature] = genuine.split('.');
    const changed = Buffer.from(Buffer.from(body, 'base64url').toString().replace('GP1', 'GP9'));
    const spliced = `${head}.${changed.toString('base64url')}.${signature}`;
    await expect(keeper.take(spliced)).rejects.toMatchObject({ code: 'security' });
    expect(keeper.entries().map((entry) => entry.ods)).toEqual(['GP1']);
  });

  it('never goes back to an older version', async () => {
    const keeper = await open();
    await keeper.take(await signDirectory(directory(2), exchange.signing));
    const older = await signDirectory(directory(1, [member('OLD', 'b')]), exchange.signing);
    await expect(keeper.take(older)).rejects.toMatchObject({ code: 'security' });
    expect(keeper.entry('OLD' as OdsCode)).toBeUndefined();
  });

  it('is used past its date, and says so', async () => {
    const keeper = await open();
    await keeper.take(await signDirectory(directory(1), exchange.signing));
    expect(keeper.isExpired()).toBe(false);
    now += 1001;
    expect(keeper.isExpired()).toBe(true);
    expect(keeper.entry('GP1' as OdsCode)).toBeDefined();
    expect((await open()).isExpired()).toBe(true);
  });

  it('that was damaged on disk is not used, and the node waits for the exchange', async () => {
    const keeper = await open();
    await keeper.take(await signDirectory(directory(1), exchange.signing));
    const path = join(folder, 'directory.jws');
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, -3));
    expect((await open()).entries()).toEqual([]);
  });
});

describe('custodians', () => {
  it('differ from their source and from each other in site, supplier and ring where the network allows', () => {
    const members = ['a', 'a', 'b', 'b', 'c', 'c', 'd'].map((site, i) => member(`O${i}`, site));
    const { organisations, warnings } = withCustodians([member('X', 'x', 'exchange'), ...members]);
    const siteOf = new Map(members.map((one) => [one.ods, one.failureDomain.site]));
    for (const { ods, kind, custodians, guardian, failureDomain } of organisations) {
      if (kind === 'exchange') continue;
      const sites = [failureDomain.site, ...custodians.map((one) => siteOf.get(one))];
      expect(new Set(sites).size, ods).toBe(3);
      expect(guardian).toBe('X');
    }
    expect(warnings).toEqual([]);
  });

  it('are chosen all the same where nobody is apart, with a warning', () => {
    const { organisations, warnings } = withCustodians(['A', 'B', 'C'].map((ods) => member(ods, 'one')));
    for (const one of organisations) expect(one.custodians).toHaveLength(2);
    expect(warnings).toHaveLength(6);
  });
});
