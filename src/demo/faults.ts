/**
 * Faults that a demo node can be told to have: answering one byte a second, never, or in nonsense. They work
 * on the connection, below HTTP, so that nothing of the node's own code knows of them. The supervisor tells
 * the process by an IPC message `{fault}` and hears `{faultNow}` back; a node that nobody supervises has
 * none. Demo only: app.ts uses it where the configuration has `demo`.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** What the process of a node can be told; `cut-feed` is the source system's and never reaches the node. */
export const NODE_FAULTS = ['slow', 'hang', 'garbage', 'none'] as const;
export type NodeFault = (typeof NODE_FAULTS)[number];

/** One byte at a time, this far apart. */
const BYTE_MS = 1000;

/** For Fastify's `serverFactory`: a plain HTTP server whose new connections have the fault of the hour. */
export function faultyServerFactory(): (handler: RequestListener) => Server {
  return (handler) => {
    const server = createServer(handler);
    const accept = server.listeners('connection')[0];
    if (accept === undefined) throw new Error('the HTTP server accepts nothing');
    const sockets = new Set<Socket>();
    let fault: NodeFault = 'none';
    const drop = (): void => {
      for (const socket of sockets) socket.destroy();
    };
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      serve(fault, socket, (stream) => accept.call(server, stream));
    });
    process.on('message', (told) => {
      const next = faultIn(told);
      if (next === undefined) return;
      fault = next;
      drop(); // connections that were kept open would go on as before
      process.send?.({ faultNow: next });
    });
    const close = server.close.bind(server);
    server.close = (done) => {
      if (fault !== 'none') drop();
      return close(done);
    };
    return server;
  };
}

function faultIn(told: unknown): NodeFault | undefined {
  const fault = (told as { readonly fault?: unknown } | null)?.fault;
  return NODE_FAULTS.find((one) => one === fault);
}

function serve(fault: NodeFault, socket: Socket, accept: (stream: Duplex) => void): void {
  switch (fault) {
    case 'none':
      accept(socket);
      break;
    case 'slow':
      accept(new Trickle(socket));
      break;
    case 'hang':
      socket.on('error', () => socket.destroy());
      socket.resume();
      break;
    case 'garbage':
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.end(nonsense(socket.remotePort ?? 0)));
      break;
  }
}

/** By turns: bytes that are no HTTP, an answer that is no FHIR, and a Bundle that breaks off. */
function nonsense(turn: number): Buffer {
  const bytes = Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 167 + turn * 13) % 256));
  const answer = (body: Buffer): Buffer =>
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: ${body.length}\r\n\r\n`,
      ),
      body,
    ]);
  const kinds = [
    bytes,
    answer(bytes),
    answer(
      Buffer.from('{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Pa'),
    ),
  ];
  return kinds[turn % kinds.length] ?? bytes;
}

/** Reads as the socket does, writes one byte a second. */
class Trickle extends Duplex {
  readonly #socket: Socket;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', (chunk) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    let at = 0;
    const next = (): void => {
      if (at === chunk.length || this.destroyed) {
        done();
        return;
      }
      this.#socket.write(chunk.subarray(at, at + 1));
      at++;
      this.#timer = setTimeout(next, BYTE_MS);
    };
    next();
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#socket.destroy();
    done(error);
  }
}
