/**
 * HTTP from node to node: kept-alive connections, a time limit on every call, a byte limit on every answer.
 */
import { Agent, type IncomingMessage, request } from 'node:http';
import type { Actor, Purpose } from '../access/actor.ts';
import type { OdsCode } from '../base/brands.ts';
import type { TokenSigner } from './node-token.ts';

export interface PeerCall {
  readonly to: OdsCode;
  /** The peer's address from the directory. */
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** Under `/network`. */
  readonly path: string;
  readonly actor: Actor;
  readonly purpose: Purpose;
  readonly requestId: string;
  readonly body?: Buffer;
  readonly timeoutMs: number;
  readonly bytesMax: number;
  readonly signal?: AbortSignal;
}

/**
 * `refused`: nobody listens there, which is evidence; `late`: no whole answer in time, but a part of one
 * where it had begun; `garbage`: not HTTP, or too much.
 */
export type PeerAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: Buffer }
  | { readonly kind: 'late'; readonly hasBegun: boolean }
  | { readonly kind: 'refused' }
  | { readonly kind: 'garbage' };

export class PeerClient {
  readonly #signer: TokenSigner;
  readonly #agent = new Agent({ keepAlive: true, keepAliveMsecs: 5000, maxSockets: 32, scheduling: 'lifo' });

  constructor(signer: TokenSigner) {
    this.#signer = signer;
  }

  async call(call: PeerCall): Promise<PeerAnswer> {
    const token = await this.#signer.token(call.to, call.actor, call.purpose);
    const first = await exchange(call, token, this.#agent);
    // a kept connection that the peer had closed meanwhile says nothing about the peer: once more, on a new
    // one
    return first === 'stale' ? asAnswer(await exchange(call, token, undefined)) : first;
  }

  close(): void {
    this.#agent.destroy();
  }
}

const asAnswer = (answer: PeerAnswer | 'stale'): PeerAnswer =>
  answer === 'stale' ? { kind: 'refused' } : answer;

function exchange(call: PeerCall, token: string, agent: Agent | undefined): Promise<PeerAnswer | 'stale'> {
  return new Promise((resolve) => {
    const outgoing = request(`${call.url}/network${call.path}`, {
      method: call.method,
      agent: agent ?? false,
      headers: {
        authorization: `Bearer ${token}`,
        'x-request-id': call.requestId,
        ...(call.body === undefined
          ? {}
          : { 'content-type': 'application/octet-stream', 'content-length': call.body.length }),
      },
    });
    let isOver = false;
    let heardBefore = 0;
    outgoing.on('socket', (socket) => {
      heardBefore = socket.bytesRead; // of earlier answers on a kept connection
    });
    const end = (answer: PeerAnswer | 'stale'): void => {
      isOver = true;
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', abort);
      resolve(answer);
    };
    const abort = (): void => {
      if (isOver) return;
      end({ kind: 'late', hasBegun: (outgoing.socket?.bytesRead ?? 0) > heardBefore });
      outgoing.destroy();
    };
    // after a busy moment the timer is looked at before the socket: what has arrived meanwhile is read first
    const timer = setTimeout(() => setImmediate(abort), call.timeoutMs);
    call.signal?.addEventListener('abort', abort, { once: true });
    if (call.signal?.aborted) abort();
    outgoing.on('response', (response) => void collect(response, call.bytesMax).then(end));
    outgoing.on('error', (error: NodeJS.ErrnoException) => end(meaning(error, outgoing.reusedSocket)));
    outgoing.end(call.body);
  });
}

function meaning(error: NodeJS.ErrnoException, reused: boolean): PeerAnswer | 'stale' {
  if (error.code === 'ECONNREFUSED') return { kind: 'refused' };
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return reused ? 'stale' : { kind: 'refused' };
  return { kind: 'garbage' };
}

function collect(response: IncomingMessage, bytesMax: number): Promise<PeerAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > bytesMax) {
        resolve({ kind: 'garbage' });
        response.destroy();
      }
    });
    response.on('end', () =>
      resolve(
        response.complete
          ? { kind: 'answer', status: response.statusCode ?? 0, body: Buffer.concat(chunks, bytes) }
          : { kind: 'refused' },
      ),
    );
    response.on('error', () => resolve({ kind: 'refused' }));
  });
}
