/** A source that has just become slow or silent, and of whom nobody knows yet when it is asked. */
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NetworkUnderTest, openNetworkUnderTest } from '../../test/network-under-test.ts';
import { condition, patient } from '../../test/person-under-test.ts';
import type { NhsNumber } from '../base/brands.ts';
import type { SharedRecord } from './shared-record.ts';

const ANN = '9990000018' as NhsNumber;
const OTHERS = ['X01', 'GP1', 'MH1', 'CO1'];
let network: NetworkUnderTest;
const sockets = new Set<Socket>();

beforeAll(async () => {
  network = await openNetworkUnderTest(
    [
      { ods: 'X01', kind: 'exchange' },
      { ods: 'GP1', kind: 'gp' },
      { ods: 'RX1', kind: 'acute' },
      { ods: 'MH1', kind: 'mental-health' },
      { ods: 'CO1', kind: 'community' },
    ],
    // whoever is not asked to look does not: what is known of the source is from before
    { sharedRecordDeadlineMs: 6000, probeIntervalMs: 60_000, probeTimeoutMs: 400 },
  );
  await network.node('GP1').put(patient('a', ANN), condition('c', 'a', 'At the practice'));
  await network.node('RX1').put(patient('ann', ANN), condition('c', 'ann', 'At the hospital'));
  await network.settled();
}, 60_000);
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await network.close();
});

/** The hospital in this state, when all others have just seen it well. */
async function suddenly(answer: (socket: Socket) => void): Promise<void> {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await network.node('RX1').restart();
  for (const ods of OTHERS) await network.node(ods).restart();
  await expect.poll(async () => reportOf(await ask()).status, { timeout: 10_000 }).toBe('live');
  await network.node('RX1').replace((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => answer(socket));
  });
}

const ask = (): Promise<SharedRecord> => {
  const node = network.node('GP1');
  return node.network.sharedRecords.assemble(ANN, {}, node.asker('gp'));
};
const reportOf = (record: SharedRecord) => {
  const found = record.sources.find((source) => source.ods === 'RX1');
  if (found === undefined) throw new Error('not named');
  return found;
};

/** One byte at once, and one a second. */
function trickle(socket: Socket): void {
  const bytes = [...'HTTP/1.1 200 OK\r\n'];
  const next = (): void => {
    if (socket.destroyed) clearInterval(timer);
    else socket.write(bytes.shift() ?? ' ');
  };
  const timer = setInterval(next, 1000);
  next();
}

describe('the first to ask a source that has just become', () => {
  it.each([
    ['slow is given its copy, which says that it answers too slowly', trickle, /^It answers too slowly\./],
    [
      'silent is given its copy, which says that it does not answer',
      () => undefined,
      /^It does not answer\./,
    ],
  ] satisfies readonly (readonly [string, (socket: Socket) => void, RegExp])[])(
    '%s',
    async (_what, answer, words) => {
      await suddenly(answer);
      const opened = async (): Promise<number> =>
        (await network.node('GP1').store.auditRows({ chain: 'writes', count: 10_000 })).filter(
          (row) => row.action === 'open-copy' && row.actor.role === 'gp',
        ).length;
      const before = await opened();
      for (const _turn of ['first', 'again']) {
        const record = await ask();
        expect(reportOf(record)).toMatchObject({ status: 'copy' });
        expect(reportOf(record).diagnostics).toMatch(words);
        expect(
          record.entries
            .filter((one) => one.source === 'RX1')
            .map((one) => one.type)
            .sort(),
        ).toEqual(['Condition', 'Patient']);
      }
      expect((await opened()) - before).toBe(2);
    },
    40_000,
  );
});
