import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../test/network-under-test.ts';
import type { InstantMs, OdsCode } from '../base/brands.ts';
import { systemClock } from '../base/clock.ts';
import { timeOrderedIds } from '../base/ids.ts';
import { Health, type HealthAnswer } from './health.ts';
import { openNodeKeys } from './keys.ts';
import { TokenSigner } from './node-token.ts';
import { PeerClient } from './peer-client.ts';

const RX1 = 'RX1' as OdsCode;
const MH1 = 'MH1' as OdsCode;

/**
 * A peer that answers probes as the test says, or takes the connection and never answers (as one that is
 * stopped does).
 */
class Peer {
  readonly ods: OdsCode;
  answer: 'well' | 'never' | 'recorded' | 'slowly' | 'trickling' = 'well';
  /** So many probes more are never answered. */
  unanswered = 0;
  up: Record<string, number> = {};
  said: Record<string, InstantMs> = {};
  server: Server;
  port = 0;
  #n = 0;
  readonly #sockets = new Set<Socket>();

  constructor(ods: OdsCode) {
    this.ods = ods;
    this.server = this.#make();
  }

  #make(): Server {
    const server = createServer((_request, response) => {
      if (this.answer === 'never' || this.unanswered-- > 0) return;
      if (this.answer === 'trickling') {
        response.writeHead(200, { 'content-length': 100 }).write('{');
        return;
      }
      if (this.answer !== 'recorded') this.#n++;
      const asAt = 1000 as InstantMs;
      const body: HealthAnswer = { ods: this.ods, n: this.#n, asAt, up: this.up, said: this.said };
      setTimeout(() => response.end(JSON.stringify(body)), this.answer === 'slowly' ? 300 : 0);
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    return server;
  }

  async open(): Promise<this> {
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  async kill(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.server.listening) await new Promise((done) => this.server.close(done));
    this.server = this.#make();
  }

  get place(): { ods: OdsCode; url: string } {
    return { ods: this.ods, url: `http://127.0.0.1:${this.port}` };
  }
}

let acute: Peer;
let mental: Peer;
let health: Health;
let client: PeerClient;
let returned: string[];

beforeEach(async () => {
  acute = await new Peer(RX1).open();
  mental = await new Peer(MH1).open();
  returned = [];
  const keys = await openNodeKeys(await mkdtemp(join(tmpdir(), 'openward-health-')));
  const parts = { ods: 'GP1' as OdsCode, clock: systemClock };
  const ids = timeOrderedIds(systemClock);
  client = new PeerClient(new TokenSigner({ ...parts, key: keys.signing, ids, lifeSeconds: 60 }));
  health = new Health({
    ...parts,
    client,
    intervalMs: 40,
    timeoutMs: 1000, // far more than a busy machine takes to answer a probe that is answered
    peers: () => [acute.place, mental.place],
    onReturn: (ods) => returned.push(ods),
  });
  health.start();
  await until('both are up', () => health.state(RX1) === 'up' && health.state(MH1) === 'up');
});
afterEach(async () => {
  health.close();
  client.close();
  await acute.kill();
  await mental.kill();
});

describe('the health of peers', () => {
  it('a killed one is out, and its last as-at is remembered', async () => {
    await acute.kill();
    await until('out', () => health.state(RX1) === 'down');
    expect(await health.isOut(acute.place)).toBe(true);
    expect(health.lastAsAt(RX1)).toBe(1000);
    expect(health.state(MH1)).toBe('up');
  });

  it('one that takes the connection and never answers, as a stopped process does, is out', async () => {
    acute.answer = 'never';
    await until('out', () => health.state(RX1) === 'down');
    expect(await health.isOut(acute.place)).toBe(true);
  });

  it('one that answers with a recording of itself is out', async () => {
    acute.answer = 'recorded';
    await until('out', () => health.state(RX1) === 'down');
  });

  it('one that is merely slow is not', async () => {
    acute.answer = 'slowly';
    for (let i = 0; i < 5; i++) expect(await health.isOut(acute.place)).toBe(false);
    expect(health.state(RX1)).toBe('up');
  });

  it('one that failed a single time is late, and not out before it fails again', async () => {
    expect(await health.isOut(acute.place)).toBe(false);
    acute.answer = 'slowly'; // so that being late lasts long enough to be seen
    acute.unanswered = 1;
    await until('late', () => health.state(RX1) === 'late');
    await until('up', () => health.state(RX1) === 'up');
    expect(returned).toEqual([]);
  });

  it.each([
    ['never', 'silent'],
    ['trickling', 'slow'],
    ['recorded', 'nonsense'],
  ] as const)(
    'one that answers %s since it was last looked at is out for whoever asks, and said to be %s',
    async (answer, symptom) => {
      const peer = await new Peer(RX1).open(); // nobody else makes its count go up
      const keys = await openNodeKeys(await mkdtemp(join(tmpdir(), 'openward-health-')));
      const parts = { ods: 'GP2' as OdsCode, clock: systemClock };
      const ids = timeOrderedIds(systemClock);
      const seldom = new Health({
        ...parts,
        client: new PeerClient(new TokenSigner({ ...parts, key: keys.signing, ids, lifeSeconds: 60 })),
        intervalMs: 60_000,
        timeoutMs: 400,
        peers: () => [peer.place],
        onReturn: () => undefined,
      });
      seldom.start();
      await until('up', () => seldom.state(RX1) === 'up');
      peer.answer = answer;
      expect(await Promise.all([1, 2, 3].map(() => seldom.isOut(peer.place)))).toEqual([true, true, true]);
      expect([seldom.state(RX1), seldom.symptom(RX1)]).toEqual(['down', symptom]);
      seldom.close();
      await peer.kill();
    },
  );

  it('one that is back is up again, and told of', async () => {
    await acute.kill();
    await until('out', () => health.state(RX1) === 'down');
    await acute.open();
    await until('up', () => health.state(RX1) === 'up');
    expect(returned).toEqual(['RX1']);
    expect(await health.isOut(acute.place)).toBe(false);
  });

  it('one that a peer of ours still sees is not out for us: it may be our own line that is cut', async () => {
    await acute.kill();
    await until('out', () => health.state(RX1) === 'down');
    mental.up = { RX1: 0 };
    await until('vouched for', async () => !(await health.isOut(acute.place)));
    expect(health.state(RX1)).toBe('down');
  });

  it('an as-at that we never heard ourselves is had from peers, but never one from the future', async () => {
    await acute.kill();
    await until('out', () => health.state(RX1) === 'down');
    const keys = await openNodeKeys(await mkdtemp(join(tmpdir(), 'openward-health-')));
    const parts = { ods: 'GP2' as OdsCode, clock: systemClock };
    const ids = timeOrderedIds(systemClock);
    const late = new Health({
      ...parts,
      client: new PeerClient(new TokenSigner({ ...parts, key: keys.signing, ids, lifeSeconds: 60 })),
      intervalMs: 40,
      timeoutMs: 1000, // far more than a busy machine takes to answer a probe that is answered
      peers: () => [acute.place, mental.place],
      onReturn: () => undefined,
    });
    mental.said = { RX1: (Date.now() + 60_000) as InstantMs, ZZZ: 5 as InstantMs };
    late.start();
    await until('up', () => late.state(MH1) === 'up');
    expect(late.lastAsAt(RX1)).toBeUndefined();
    expect(late.lastAsAt('ZZZ' as OdsCode)).toBeUndefined();
    mental.said = { RX1: 777 as InstantMs };
    await until('told', () => late.lastAsAt(RX1) === 777);
    late.close();
  });
});
