import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type NetworkUnderTest, openNetworkUnderTest, until } from '../../test/network-under-test.ts';
import { condition, dissent, patient } from '../../test/person-under-test.ts';
import type { Role } from '../access/actor.ts';
import type { NhsNumber } from '../base/brands.ts';
import type { AuditRow } from '../store/audit.ts';
import { type Member, withCustodians } from './directory.ts';
import { pseudonymiser } from './pseudonym.ts';
import type { SharedRecord, SourceReport } from './shared-record.ts';

const ANN = '9990000018' as NhsNumber;
const BOB = '9990000026' as NhsNumber;
const P = pseudonymiser(Buffer.alloc(32, 7).toString('base64url'))(ANN);

let network: NetworkUnderTest;
let custodians: readonly string[];

beforeAll(async () => {
  network = await openNetworkUnderTest([
    { ods: 'X01', kind: 'exchange' },
    { ods: 'GP1', kind: 'gp' },
    { ods: 'RX1', kind: 'acute' },
    { ods: 'PH1', kind: 'pharmacy' },
    { ods: 'CO1', kind: 'community' },
  ]);
  const members = JSON.parse(await readFile(join(network.folder, 'members.json'), 'utf8')) as Member[];
  custodians = withCustodians(members).organisations.find((one) => one.ods === 'RX1')?.custodians ?? [];
  await network.node('GP1').put(patient('a', ANN));
  await network.node('RX1').put(
    patient('ann', ANN),
    patient('bob', BOB),
    ...['everybody', 'secret'].map((id) => ({
      resourceType: 'Practitioner',
      id,
      name: [{ family: `Doctor for ${id}` }],
    })),
    ...Array.from({ length: 12 }, (_, i) => condition(`c${i}`, 'ann', `Problem ${i}`)),
    condition('plain', 'ann', 'Seen by everybody', { asserter: 'everybody' }),
    condition('restricted', 'ann', 'Restricted', { labels: ['R'] }),
    condition('secret', 'ann', 'Very restricted', { labels: ['V'], asserter: 'secret' }),
    condition('bobs', 'bob', 'Bob’s problem'),
  );
  await network.settled();
}, 60_000);
/** Whoever was killed is back, and everything is copied, before the next test. */
afterEach(async () => {
  for (const ods of ['X01', 'GP1', 'RX1', 'PH1', 'CO1'])
    if (!network.node(ods).isRunning()) await network.node(ods).restart();
  await network.settled();
  await when('live');
}, 60_000);
afterAll(() => network.close());

const ask = (role: Role = 'gp'): Promise<SharedRecord> => {
  const node = network.node('GP1');
  return node.network.sharedRecords.assemble(ANN, {}, node.asker(role, role === 'patient' ? ANN : undefined));
};
const report = (record: SharedRecord): SourceReport | undefined =>
  record.sources.find((source) => source.ods === 'RX1');
const shown = (record: SharedRecord): string[] =>
  record.entries.filter((entry) => entry.source === 'RX1').map((entry) => `${entry.type}/${entry.id}`);
async function when(status: string, role: Role = 'gp'): Promise<SharedRecord> {
  let record: SharedRecord | undefined;
  await until(`RX1 is ${status}`, async () => {
    record = await ask(role);
    return report(record)?.status === status;
  });
  if (record === undefined) throw new Error('never asked');
  return record;
}
const rows = (ods: string): Promise<readonly AuditRow[]> =>
  network.node(ods).store.auditRows({ chain: 'writes', count: 10_000 });

describe('a continuity copy', () => {
  it('shows each role what the source would have shown it, and what only hidden entries name is hidden too', async () => {
    const roles = ['gp', 'nurse', 'patient', 'pharmacist'] as const;
    const live = await Promise.all(roles.map((role) => ask(role)));
    await network.node('RX1').kill();
    await when('copy');
    for (const [i, role] of roles.entries()) {
      const copy = await ask(role);
      expect(report(copy)?.status, role).toBe('copy');
      expect(shown(copy).sort(), role).toEqual(shown(live[i] as SharedRecord).sort());
    }
    const asGp = shown(await ask('gp'));
    expect(asGp).toContain('Condition/restricted');
    expect(asGp).toContain('Practitioner/everybody');
    expect(asGp).not.toContain('Condition/secret');
    expect(asGp).not.toContain('Practitioner/secret');
    expect(shown(await ask('nurse'))).not.toContain('Condition/restricted');
    expect(shown(await ask('patient'))).toContain('Condition/secret');
  });

  it('of somebody who has said no is refused, and shows nothing', async () => {
    await network.node('RX1').put(dissent('no', 'ann'));
    await network.settled();
    await network.node('RX1').kill();
    const record = await when('refused');
    expect(report(record)).toMatchObject({ rule: 'consent' });
    expect(shown(record)).toEqual([]);
    await network.node('RX1').restart();
    await network.node('RX1').remove('Consent', 'no');
  });

  it('has what the source wrote last, changed and deleted, and what an entry refers to as it is now', async () => {
    const source = network.node('RX1');
    await source.put(condition('new', 'ann', 'New'), condition('c1', 'ann', 'Changed'));
    await source.remove('Condition', 'c0');
    await source.put({ resourceType: 'Practitioner', id: 'everybody', name: [{ family: 'Married name' }] });
    await network.settled();
    await source.kill();
    const record = await when('copy');
    expect(shown(record)).toContain('Condition/new');
    expect(shown(record)).not.toContain('Condition/c0');
    const text = record.entries.map((entry) => entry.bytes.toString()).join('\n');
    expect(text).toContain('Changed');
    expect(text).toContain('Married name');
    expect(text).not.toContain('Doctor for everybody');
  });

  it('has what was acknowledged in a quiet moment, though the node is killed at once', async () => {
    await network.node('RX1').put(condition('last', 'ann', 'Acknowledged and killed'));
    await network.node('RX1').kill();
    expect(shown(await when('copy'))).toContain('Condition/last');
  });

  it('opens with the source and one custodian dead, and says that it is unavailable with two', async () => {
    await network.node('RX1').kill();
    const [first = '', second = ''] = custodians.filter((ods) => ods !== 'GP1');
    await when('copy');
    await network.node(first).kill();
    expect(shown(await when('copy'))).toContain('Condition/c2');
    await network.node('X01').kill();
    if (second !== '') await network.node(second).kill();
    const record = await when('unavailable');
    expect(report(record)?.asAt).toBeDefined();
    expect(shown(record)).toEqual([]);
  });

  it('is opened by rows at the opener and at each holder, and the source hears of it when it is back', async () => {
    const begun = Date.now();
    await network.node('RX1').kill();
    await when('copy');
    const opened = (await rows('GP1')).filter((row) => row.action === 'open-copy');
    expect(opened.at(-1)).toMatchObject({ persons: ['a'], detail: { source: 'RX1' }, actor: { role: 'gp' } });
    const holders = [...custodians, 'X01'];
    const released = await Promise.all(holders.map(rows));
    const releases = released.map((list) =>
      list.filter((row) => row.action === 'release-share' && row.at >= begun),
    );
    expect(releases.filter((list) => list.length > 0).length).toBeGreaterThanOrEqual(2);
    for (const row of releases.flat())
      expect(row).toMatchObject({
        actor: { role: 'gp', organisation: 'GP1' },
        purpose: 'direct-care',
        detail: { source: 'RX1', p: P },
      });
    await network.node('RX1').restart();
    await when('live');
    await until('told', async () => {
      const told = (await rows('RX1')).filter((row) => row.detail?.told !== undefined);
      return (
        told.some((row) => row.action === 'open-copy' && row.persons.includes('ann')) &&
        told.some((row) => row.action === 'release-share' && row.detail?.organisation === 'GP1')
      );
    });
    const told = (await rows('RX1')).filter((row) => row.detail?.told !== undefined);
    const keys = told.map((row) => `${row.action} ${row.requestId} ${row.detail?.told} ${row.detail?.when}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('stays closed: a holder gives no share while it sees the source, nor to a role that sees no records', async () => {
    const [holder = ''] = custodians.filter((ods) => ods !== 'GP1');
    const body = { source: 'RX1', p: P };
    const gp = network.node('GP1');
    expect(await gp.call(holder, '/copies/release', body, 'gp')).toMatchObject({ status: 403 });
    await network.node('RX1').kill();
    await when('copy');
    expect(await gp.call(holder, '/copies/release', body, 'gp')).toMatchObject({ status: 200 });
    for (const role of ['node', 'engineer', 'analyst', 'privacy-officer', 'system'] as const)
      expect(await gp.call(holder, '/copies/release', body, role), role).toMatchObject({ status: 403 });
  });

  it('leaves nothing to read at its custodians: no content, no number', async () => {
    for (const ods of ['X01', 'PH1', 'CO1', 'GP1']) {
      const folder = join(network.folder, ods);
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const bytes = await readFile(join(entry.parentPath, entry.name));
        for (const text of ['Problem 3', 'Bob’s problem', 'Doctor for', BOB])
          expect(bytes.includes(text), `${ods} ${entry.name} ${text}`).toBe(false);
      }
    }
  });
});

describe('a custodian', () => {
  const segments = async (ods: string): Promise<number> =>
    (await network.node(ods).store.blobs.list('copy-RX1', undefined, 1000)).length;

  it('that was away gets what it missed', async () => {
    const [holder = ''] = custodians.filter((ods) => ods !== 'GP1');
    await network.node(holder).kill();
    await network.node('RX1').put(condition('meanwhile', 'ann', 'While it was away'));
    await network.node(holder).restart();
    await network.settled();
    await network.node('RX1').kill();
    expect(shown(await when('copy'))).toContain('Condition/meanwhile');
  });

  it('that has lost its copies gets them all again, though nothing changes', async () => {
    const [holder = ''] = custodians.filter((ods) => ods !== 'GP1');
    const before = await segments(holder);
    expect(before).toBeGreaterThan(0);
    const { store } = network.node(holder);
    for (const space of ['copy-RX1', 'share-RX1', 'copy-shelf'])
      for (const name of await store.blobs.list(space, undefined, 1000))
        await store.blobs.delete(space, name);
    await network.node(holder).restart();
    await until('pushed again', async () => (await segments(holder)) >= 2);
  });

  it('the source comes back to after a restart: it goes on from where it was', async () => {
    await network.node('RX1').put(condition('before', 'ann', 'Before the restart'));
    await network.node('RX1').restart();
    await network.node('RX1').put(condition('after', 'ann', 'After the restart'));
    await network.settled();
    await network.node('RX1').kill();
    const record = await when('copy');
    expect(shown(record)).toContain('Condition/before');
    expect(shown(record)).toContain('Condition/after');
  });

  it('holds back a record that vanishes, and the record says so', async () => {
    const source = network.node('RX1');
    const added = ['new', 'meanwhile', 'before', 'after', 'last'];
    const gone = [...added, ...Array.from({ length: 12 }, (_, i) => `c${i}`)];
    for (const id of gone) await source.remove('Condition', id);
    await network.settled();
    await source.kill();
    const record = await when('copy');
    expect(shown(record)).toContain('Condition/plain');
    expect(report(record)?.diagnostics).toContain('held back');
  });
});
