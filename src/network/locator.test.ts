import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NetworkUnderTest, openNetworkUnderTest, until } from '../../test/network-under-test.ts';
import { condition, patient } from '../../test/person-under-test.ts';
import type { NhsNumber } from '../base/brands.ts';
import type { Settings } from '../base/settings.ts';
import { pseudonymiser } from './pseudonym.ts';
import type { SharedRecord } from './shared-record.ts';

const ANN = '9990000018' as NhsNumber;
const BOB = '9990000026' as NhsNumber;
const KEY = Buffer.alloc(32, 7).toString('base64url');
const P = pseudonymiser(KEY);

let network: NetworkUnderTest;
async function open(settings: Partial<Settings> = {}): Promise<void> {
  network = await openNetworkUnderTest(
    [
      { ods: 'X01', kind: 'exchange' },
      { ods: 'GP1', kind: 'gp' },
      { ods: 'GP2', kind: 'gp' },
      { ods: 'RX1', kind: 'acute' },
      { ods: 'PH1', kind: 'pharmacy' },
      { ods: 'SH1', kind: 'community', isProtected: true },
    ],
    settings,
  );
  await network.node('GP1').put(patient('a', ANN, { practice: 'GP2' }), patient('b', BOB));
  await network.node('RX1').put(patient('ann', ANN, { practice: 'GP2' }), condition('c', 'ann', 'Known'));
  await network
    .node('PH1')
    .put(patient('bob', BOB), patient('ann', ANN, { labels: ['V'] }), condition('c', 'ann', 'Hidden'));
  await network.node('SH1').put(patient('ann', ANN), condition('c', 'ann', 'Protected'));
  await network.settled();
}
const everybody = ['GP1', 'GP2', 'PH1', 'RX1'];

const ask = (nhsNumber = ANN, ods = 'GP1'): Promise<SharedRecord> => {
  const node = network.node(ods);
  return node.network.sharedRecords.assemble(nhsNumber, {}, node.asker('gp'));
};
const named = (record: SharedRecord): string[] => record.sources.map((source) => source.ods).sort();
const pointers = (): Promise<string> =>
  readFile(join(network.folder, 'X01', 'network', 'pointers.ndjson'), 'utf8').catch(() => '');

describe('the locator', () => {
  beforeAll(() => open(), 60_000);
  afterAll(() => network.close());

  it('names who holds something, and always the registered practice though it holds nothing', async () => {
    const record = await ask();
    expect(named(record)).toEqual(['GP1', 'GP2', 'RX1']);
    expect(record.sources.find((one) => one.ods === 'GP2')).toMatchObject({ status: 'live' });
    expect(record.locatorAsAt).toBeGreaterThan(Date.now() - 60_000);
    expect(named(await ask(BOB))).toEqual(['GP1', 'PH1']);
  });

  it('keeps pseudonyms only: the exchange has neither a number nor the key', async () => {
    expect(await pointers()).toContain(P(ANN));
    const folder = join(network.folder, 'X01');
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = await readFile(join(entry.parentPath, entry.name));
      for (const text of [ANN, BOB, KEY]) expect(bytes.includes(text), entry.name).toBe(false);
    }
  });

  it('is kept by a node for the people it knows, and for nobody else', async () => {
    const kept = await readFile(join(network.folder, 'RX1', 'network', 'located.ndjson'), 'utf8');
    expect(kept).toContain(P(ANN));
    expect(kept).not.toContain(P(BOB));
  });

  it('shows nobody a service that must not show: neither pointer, nor issue, nor copy', async () => {
    expect(await pointers()).toContain('=SH1');
    expect((await pointers()).replace('=SH1', '')).not.toContain('SH1');
    const record = await ask();
    expect(JSON.stringify(record.sources)).not.toMatch(/SH1|PH1/);
    expect(Buffer.concat(record.entries.map((one) => one.bytes)).toString()).not.toMatch(/Hidden|Protected/);
    for (const ods of ['X01', 'GP1', 'GP2', 'RX1', 'PH1']) {
      const { blobs } = network.node(ods).store;
      expect(await blobs.list('copy-SH1', undefined, 10), ods).toEqual([]);
      const copies = await blobs.list('copy-PH1', undefined, 100);
      expect(
        copies.filter((name) => name.startsWith(P(ANN))),
        ods,
      ).toEqual([]);
    }
  });

  it('outlives the exchange: its last answer is used, also after a restart, with its age', async () => {
    const before = await ask();
    await network.node('X01').kill();
    await network.node('GP1').restart();
    const record = await ask();
    expect(named(record)).toEqual(['GP1', 'GP2', 'RX1']);
    expect(record.locatorAsAt).toBeLessThanOrEqual(before.askedAt);
    expect(record.sources.find((one) => one.ods === 'RX1')?.status).toBe('live');
    await network.node('X01').restart();
  });

  it('is kept as it is now though nobody asked: who came to hold something is named without the exchange', async () => {
    await network.node('RX1').put(patient('bob', BOB), condition('bobs', 'bob', 'New'));
    await network.settled();
    const kept = join(network.folder, 'GP1', 'network', 'located.ndjson');
    await until('heard', async () => {
      const lines = (await readFile(kept, 'utf8')).split('\n').filter((line) => line.includes(P(BOB)));
      return lines.at(-1)?.includes('RX1') === true;
    });
    await network.node('X01').kill();
    expect(named(await ask(BOB))).toEqual(['GP1', 'PH1', 'RX1']);
    await network.node('X01').restart();
    await network.node('RX1').remove('Condition', 'bobs');
    await network.node('RX1').remove('Patient', 'bob');
    await until('gone', async () => !named(await ask(BOB)).includes('RX1'));
  });

  it('has everything after the exchange was started again', async () => {
    await network.node('X01').restart();
    expect(await pointers()).toContain(P(BOB));
    await until('named', async () => named(await ask(BOB)).join() === 'GP1,PH1');
  });

  it('that is missing: every organisation that may be known of is asked', async () => {
    await network.node('X01').kill();
    await network.node('GP1').kill();
    await rm(join(network.folder, 'GP1', 'network', 'located.ndjson'));
    await network.node('GP1').restart();
    const record = await ask();
    expect(named(record)).toEqual(everybody);
    expect(record.locatorAsAt).toBeUndefined();
    await network.node('X01').restart();
    await until('named', async () => named(await ask()).length === 3);
  });

  it('follows changes: a new record is named, one that is gone is not', async () => {
    await network.node('RX1').put(patient('bob', BOB));
    await until('named', async () => named(await ask(BOB)).includes('RX1'));
    await network.node('RX1').remove('Patient', 'bob');
    await until('gone', async () => !named(await ask(BOB)).includes('RX1'));
  });

  it('that lost its pointers gets them again, and until then who has not spoken is asked', async () => {
    await network.node('RX1').kill();
    await network.node('X01').kill();
    await rm(join(network.folder, 'X01', 'network', 'pointers.ndjson'));
    await network.node('X01').restart();
    await until('told again', async () => (await pointers()).includes(P(BOB)));
    // the hospital is dead and cannot speak, so its copies would be missed if nobody knew that it was not heard
    await until('asked', async () => {
      const record = await ask(BOB);
      return record.sources.some((one) => one.ods === 'RX1' && one.status !== 'live');
    });
    expect(named(await ask())).toContain('RX1');
    await network.node('RX1').restart();
    await until('spoken', async () => named(await ask(BOB)).join() === 'GP1,PH1');
  });

  it('takes pointers from an organisation about itself only, and answers machinery only', async () => {
    const body = { pointers: [{ p: P(BOB), holds: true }], isAll: true };
    expect(await network.node('GP2').call('X01', '/locator/publish', body)).toMatchObject({ status: 200 });
    await until('named', async () => named(await ask(BOB)).join() === 'GP1,GP2,PH1');
    const look = { pseudonyms: [P(BOB)] };
    expect(await network.node('GP2').call('X01', '/locator/lookup', look, 'gp')).toMatchObject({
      status: 403,
    });
  });

  it('takes back the pointer and the copy of a person who becomes protected', async () => {
    await network.node('RX1').put(patient('ann', ANN, { labels: ['V'], practice: 'GP2' }));
    await until('not named', async () => !named(await ask()).includes('RX1'));
    await network.settled();
    await network.node('RX1').kill();
    expect(named(await ask())).toEqual(['GP1', 'GP2']);
  });
});

describe('a locator that is older than its limit', () => {
  beforeAll(() => open({ locatorFreshHours: 0 }), 60_000);
  afterAll(() => network.close());

  it('is not relied on: every organisation that may be known of is asked', async () => {
    await network.node('X01').kill();
    await until('asked', async () => named(await ask()).length > 3);
    const record = await ask();
    expect(named(record)).toEqual(everybody);
    // the pharmacy holds the person under a label that nobody outside may know of: it reads as if it held nothing
    expect(record.sources.find((one) => one.ods === 'PH1')).toMatchObject({ status: 'live' });
    expect(record.entries.filter((one) => one.source === 'PH1')).toEqual([]);
  });
});
