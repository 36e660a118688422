/**
 * Pages over a real network in one process: each node's door on a port of its own, so that the node behind
 * it can be killed and hung.
 */
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { openAuthenticator } from '../src/access/authenticator.ts';
import { systemClock } from '../src/base/clock.ts';
import { systemRandom, timeOrderedIds } from '../src/base/ids.ts';
import { type Log, silentLog } from '../src/base/log.ts';
import type { NodeConfig } from '../src/base/node-config.ts';
import { effectiveSettings, type Settings } from '../src/base/settings.ts';
import { webDoor } from '../src/web/web-door.ts';
import type { NodeUnderTest } from './network-under-test.ts';

export interface PagesUnderTest {
  readonly url: string;
  readonly server: FastifyInstance;
  close(): Promise<void>;
}

/** The pages of one node of a network; `demo` left out: as in real use. */
export async function openPagesUnderTest(
  node: NodeUnderTest,
  options: {
    readonly demo?: NodeConfig['demo'];
    readonly settings?: Partial<Settings>;
    readonly log?: Log;
  } = {},
): Promise<PagesUnderTest> {
  const settings = effectiveSettings([options.settings ?? {}], {});
  const ids = timeOrderedIds(systemClock, systemRandom);
  const { ods } = node;
  const server = fastify({ genReqId: () => ids.next() });
  await server.register(webDoor, {
    config: { ...node.config, ...(options.demo === undefined ? {} : { demo: options.demo }) },
    sharedRecords: {
      // looked up at each question, since a restarted node is another object
      assemble: (...question) => node.network.sharedRecords.assemble(...question),
      bundle: (record) => node.network.sharedRecords.bundle(record),
      organisations: () => node.network.sharedRecords.organisations(),
    },
    authenticator: await openAuthenticator({
      ods,
      keysFolder: join(node.config.data, 'keys'),
      clock: systemClock,
      settings,
    }),
    settings,
    clock: systemClock,
    log: options.log ?? silentLog,
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { url, server, close: () => server.close() };
}

/** A supervisor that answers as the demo's does, and remembers what it was told. */
export async function openSupervisorUnderTest(
  socketPath: string,
  state: { nodes: object[]; people: object[] },
): Promise<{ readonly told: string[]; readonly server: Server }> {
  const told: string[] = [];
  const server = createServer((request, answer) => {
    let body = '';
    request.on('data', (piece) => {
      body += piece;
    });
    request.on('end', () => {
      if (request.method === 'GET') return answer.end(JSON.stringify(state));
      told.push(`${request.url} ${body}`);
      if (body.includes('BAD'))
        return answer.writeHead(409).end(JSON.stringify({ error: 'It is stopped already.' }));
      return answer.end('{"ok":true}');
    });
  });
  await new Promise<void>((done) => server.listen(socketPath, done));
  return { told, server };
}
