/**
 * The MLLP door: listens, and hands each connection's messages to the intake. What the node changes by other doors is
 * followed, so that nothing is mapped from what is no longer so. HL7 v2.5.1 appendix C (MLLP release 1).
 */
import { createServer, type Server } from 'node:net';
import type { Asker } from '../access/actor.ts';
import { Failure } from '../base/failure.ts';
import { Intake, type IntakeParts } from './intake.ts';
import { KnownRecords } from './known-records.ts';
import { MllpConnection } from './mllp-connection.ts';

export interface MllpOptions extends Omit<IntakeParts, 'known'> {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

export interface Mllp {
  readonly port: number;
  /** Takes no more messages; resolves when those that were begun have been answered. */
  close(): Promise<void>;
}

/** Listens. Throws Failure `conflict` where the port is taken or may not be used. */
export async function openMllp(options: MllpOptions): Promise<Mllp> {
  const { settings, log } = options;
  const known = new KnownRecords(settings);
  const ended = new AbortController();
  const following = await follow(options, known, ended.signal);
  const intake = new Intake({ ...options, known });
  const connections = new Set<MllpConnection>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = new MllpConnection(socket, { intake, settings, log });
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  });
  server.maxConnections = settings.mllpConnectionsMax;
  server.on('drop', () => log.warn({}, 'an MLLP connection was turned away (setting mllpConnectionsMax)'));
  try {
    await listen(server, options);
  } catch (error) {
    ended.abort();
    throw error;
  }
  return {
    port: portOf(server),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      await Promise.all([...connections].map((one) => one.close()));
      await closed;
      ended.abort();
      await following.stopped;
    },
  };
}

function listen(server: Server, { host, port }: MllpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new Failure(
          'conflict',
          `MLLP cannot listen on ${host}:${port} (${codeOf(cause)}). Choose another "mllp" port.`,
          { cause },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.name;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Lets go of what others change from now on. Resolves when it has begun; `stopped` when the signal has ended it. */
async function follow(
  { config, ids, log, records }: MllpOptions,
  known: KnownRecords,
  signal: AbortSignal,
): Promise<{ readonly stopped: Promise<void> }> {
  const asker: Asker = {
    actor: { id: 'feed:mllp', name: 'MLLP', role: 'system', organisation: config.ods },
    purpose: 'administration',
    requestId: ids.next(),
  };
  const session = records.as(asker);
  const head = await session.head();
  const stopped = (async () => {
    try {
      for await (const change of session.changes(head, signal)) known.changed(change);
    } catch {
      log.warn({}, 'the changes of the node can no longer be followed; HL7 v2 is mapped from the disk alone');
    }
    known.distrust();
  })();
  return { stopped };
}
