/**
 * The MLLP door: listens, and hands each connection's messages to the intake. HL7 v2.5.1 appendix C (MLLP release 1).
 */
import { createServer, type Server } from 'node:net';
import { Failure } from '../base/failure.ts';
import type { Intake } from './intake.ts';
import { MllpConnection } from './mllp-connection.ts';
import { type OpenIntakeParts, openIntake } from './open-intake.ts';

export interface MllpOptions extends OpenIntakeParts {
  /** The node's, where messages come in by other ways too; its own where left out. */
  readonly intake?: Intake;
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
  const { intake, close: closeIntake } =
    options.intake === undefined
      ? await openIntake(options)
      : { intake: options.intake, close: async () => undefined };
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
    await closeIntake();
    throw error;
  }
  return {
    port: portOf(server),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      await Promise.all([...connections].map((one) => one.close()));
      await closed;
      await closeIntake();
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
