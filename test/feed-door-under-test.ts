/** The door of feeds in front of a node that takes HL7 v2, with real tokens. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { type Authenticator, openAuthenticator } from '../src/access/authenticator.ts';
import { silentLog } from '../src/base/log.ts';
import type { FeedConfig } from '../src/base/node-config.ts';
import { feedDoor } from '../src/ingest/feed-door.ts';
import { type MllpUnderTest, openMllpUnderTest } from './mllp-under-test.ts';
import { HERE } from './records-under-test.ts';

export interface FeedDoorUnderTest {
  readonly node: MllpUnderTest;
  readonly server: FastifyInstance;
  readonly authenticator: Authenticator;
  close(): Promise<void>;
}

/** Mounted at /feeds. */
export async function openFeedDoorUnderTest(given: readonly FeedConfig[]): Promise<FeedDoorUnderTest> {
  const node = await openMllpUnderTest(given);
  const folder = await mkdtemp(join(tmpdir(), 'openward-keys-'));
  const { clock, feeds, records, settings } = node;
  const authenticator = await openAuthenticator({ ods: HERE, keysFolder: folder, clock, settings });
  const server = fastify({ logger: false });
  const intake = node.intake();
  const options = { records, intake, authenticator, feeds, settings, clock, log: silentLog };
  await server.register(feedDoor, { ...options, prefix: '/feeds' });
  return {
    node,
    server,
    authenticator,
    async close() {
      await server.close();
      await node.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
