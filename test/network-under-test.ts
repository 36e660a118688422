/**
 * Whole networks in one process: real stores, real sockets, real keys; each node can be closed, hung, or cut
 * off.
 */

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import type { Asker, Role } from '../src/access/actor.ts';
import { PERSONAS } from '../src/access/personas.ts';
import type { NhsNumber, OdsCode } from '../src/base/brands.ts';
import { systemClock } from '../src/base/clock.ts';
import { timeOrderedIds } from '../src/base/ids.ts';
import { silentLog } from '../src/base/log.ts';
import type { FeedConfig, NodeConfig, OrganisationKind } from '../src/base/node-config.ts';
import { effectiveSettings, type Settings } from '../src/base/settings.ts';
import type { Identified } from '../src/fhir/resource.ts';
import { openNodeKeys } from '../src/network/keys.ts';
import { TokenSigner } from '../src/network/node-token.ts';
import { type Network, openNetwork } from '../src/network/open-network.ts';
import { type PeerAnswer, type PeerCall, PeerClient } from '../src/network/peer-client.ts';
import { type Feeds, openFeeds } from '../src/records/feeds.ts';
import { type OpenedRecords, openRecords } from '../src/records/open-records.ts';
import { openStore } from '../src/store/open-store.ts';
import type { Store } from '../src/store/store.ts';
import { freePort } from './free-ports.ts';

export interface NodeUnderTest {
  readonly ods: OdsCode;
  readonly config: NodeConfig;
  readonly network: Network;
  readonly records: OpenedRecords;
  readonly store: Store;
  readonly feeds: Feeds;
  /** Writes as the organisation's source system. */
  put(...resources: object[]): Promise<void>;
  remove(type: string, id: string): Promise<void>;
  asker(role: Role, patient?: NhsNumber): Asker;
  isRunning(): boolean;
  /** As if killed: sockets closed at once, nothing said. */
  kill(): Promise<void>;
  /** In the place of a killed node: accepts and does what `answer` says with each connection. */
  replace(answer: (socket: Socket) => void): Promise<void>;
  /** The node again, after kill or replace. */
  restart(): Promise<void>;
  /** A call to another node as this one's machinery or people make it. */
  call(to: string, path: string, body: object, role?: Role): Promise<PeerAnswer>;
}

export interface NetworkUnderTest {
  readonly folder: string;
  node(ods: string): NodeUnderTest;
  /** Resolves when every pointer is published and every copy pushed. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

interface MemberSpec {
  readonly ods: string;
  readonly kind: OrganisationKind;
  readonly name?: string;
  readonly feeds?: readonly FeedConfig[];
  readonly isProtected?: boolean;
}

/** Waits until `probe` holds, at most ten seconds. */
export async function until(what: string, probe: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await probe()) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`${what}: not within 10 s`);
}

/** Opens a network whose first member is the exchange. */
export async function openNetworkUnderTest(
  specs: readonly MemberSpec[],
  settings: Partial<Settings> = {},
): Promise<NetworkUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'openward-network-'));
  const members = await Promise.all(specs.map((spec, i) => memberOf(spec, i, folder)));
  await writeFile(join(folder, 'members.json'), JSON.stringify(members));
  const exchange = members[0];
  if (exchange === undefined) throw new Error('no exchange');
  const nodes = new Map<string, NodeUnderTest>();
  for (const [i, spec] of specs.entries()) {
    const member = members[i];
    if (member === undefined) continue;
    const config: NodeConfig = {
      ods: member.ods,
      name: member.name,
      kind: spec.kind,
      host: '127.0.0.1',
      port: member.port,
      data: join(folder, spec.ods),
      feeds: spec.feeds ?? [],
      isProtected: spec.isProtected === true,
      failureDomain: member.failureDomain,
      exchange: { url: exchange.url, publicKey: exchange.signingKey },
      ...(spec.kind === 'exchange'
        ? { members: join(folder, 'members.json') }
        : { locatorKey: Buffer.alloc(32, 7).toString('base64url') }),
    };
    const urlOf = (ods: string): string => members.find((one) => one.ods === ods)?.url ?? '';
    nodes.set(spec.ods, await openNode(config, { ...effectiveSettings([settings], {}) }, urlOf));
  }
  const all = [...nodes.values()];
  return {
    folder,
    node(ods) {
      const node = nodes.get(ods);
      if (node === undefined) throw new Error(`no node ${ods}`);
      return node;
    },
    async settled() {
      await until('published and copied', async () => {
        const said = await Promise.all(all.map((node) => statusOf(node.config)));
        return said.every((one) => one?.published === true && one.copiesWaiting === 0);
      });
      await new Promise((done) => setTimeout(done, 600)); // the next "through" of each source
    },
    async close() {
      await Promise.all(all.map((node) => node.kill()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function statusOf(
  config: NodeConfig,
): Promise<{ published: boolean; copiesWaiting: number } | undefined> {
  const answer = await fetch(`http://127.0.0.1:${config.port}/network/status`).catch(() => undefined);
  return answer?.ok ? ((await answer.json()) as { published: boolean; copiesWaiting: number }) : undefined;
}

async function memberOf({ ods, kind, name, isProtected = false }: MemberSpec, i: number, folder: string) {
  const keys = await openNodeKeys(join(folder, ods, 'keys'));
  const port = await freePort();
  return {
    ods: ods as OdsCode,
    name: name ?? `Organisation ${ods}`,
    kind,
    isProtected,
    port,
    url: `http://127.0.0.1:${port}`,
    failureDomain: { site: `site-${i}`, supplier: `supplier-${i}`, ring: `ring-${i}` },
    ...keys.publicKeys(),
  };
}

interface Open {
  readonly network: Network;
  readonly records: OpenedRecords;
  readonly store: Store;
  readonly feeds: Feeds;
  readonly server: FastifyInstance;
}

async function openNode(
  config: NodeConfig,
  settings: Settings,
  urlOf: (ods: string) => string,
): Promise<NodeUnderTest> {
  let open: Open | undefined = await start(config, settings);
  let stand: Server | undefined;
  const now = (): Open => {
    if (open === undefined) throw new Error(`${config.ods} is not running`);
    return open;
  };
  const node: NodeUnderTest = {
    ods: config.ods,
    config,
    get network() {
      return now().network;
    },
    get records() {
      return now().records;
    },
    get store() {
      return now().store;
    },
    get feeds() {
      return now().feeds;
    },
    async put(...resources) {
      await now()
        .records.records.as(node.asker('system'))
        .submit(resources.map((resource) => ({ op: 'put', resource: resource as Identified })));
    },
    async remove(type, id) {
      await now()
        .records.records.as(node.asker('system'))
        .submit([{ op: 'delete', type: type as 'Patient', id: id as Identified['id'] }]);
    },
    asker(role, patient) {
      const purpose = role === 'node' ? 'administration' : (PERSONAS[role].purposes[0] ?? 'administration');
      return {
        actor: {
          id: `test:${role}`,
          name: role,
          role,
          organisation: config.ods,
          ...(patient === undefined ? {} : { patient }),
        },
        purpose,
        requestId: `test-${role}`,
      };
    },
    isRunning: () => open !== undefined,
    async kill() {
      stand?.close();
      stand = undefined;
      if (open === undefined) return;
      const { server, network, store, feeds } = open;
      open = undefined;
      server.server.closeAllConnections();
      await server.close();
      await network.close();
      await feeds.close();
      await store.close();
    },
    async replace(answer) {
      await node.kill();
      stand = createServer(answer).listen(config.port, '127.0.0.1');
      await once(stand, 'listening');
    },
    async restart() {
      await node.kill();
      open = await start(config, settings);
    },
    call: (to, path, body, role = 'node') =>
      callFrom(config, { to: to as OdsCode, url: urlOf(to), path, ...node.asker(role) }, body),
  };
  return node;
}

async function callFrom(
  { ods, data }: NodeConfig,
  call: Pick<PeerCall, 'to' | 'url' | 'path' | 'actor' | 'purpose' | 'requestId'>,
  body: object,
): Promise<PeerAnswer> {
  const key = (await openNodeKeys(join(data, 'keys'))).signing;
  const ids = timeOrderedIds(systemClock);
  const client = new PeerClient(new TokenSigner({ ods, key, clock: systemClock, ids, lifeSeconds: 60 }));
  const answer = await client.call({
    ...call,
    method: 'POST',
    body: Buffer.from(JSON.stringify(body)),
    timeoutMs: 5000,
    bytesMax: 10_000_000,
  });
  client.close();
  return answer;
}

async function start(config: NodeConfig, settings: Settings): Promise<Open> {
  const ids = timeOrderedIds(systemClock);
  const shared = { settings, clock: systemClock, ids, log: silentLog };
  const store = await openStore({ folder: join(config.data, 'store'), ...shared });
  const records = await openRecords({ store, ods: config.ods, kind: config.kind, ...shared });
  const feeds = await openFeeds({ feeds: config.feeds, folder: config.data, clock: systemClock });
  const keys = await openNodeKeys(join(config.data, 'keys'));
  const network = await openNetwork({ config, ...records, feeds, keys, blobs: store.blobs, ...shared });
  const server = fastify();
  await server.register(network.door, { prefix: '/network' });
  await server.listen({ host: '127.0.0.1', port: config.port });
  await network.start();
  return { network, records, store, feeds, server };
}
