/**
 * The load generator of every HTTP benchmark: N keep-alive connections, one request in flight on each, for a number of seconds.
 * It speaks HTTP over bare sockets so that it costs little beside the server on two cores; it is the same for a limit and for Openward.
 * `node load-http.ts PLAN.json` → one line of JSON on stdout.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

export interface LoadPlan {
  /** This machine unless it is given. */
  readonly host?: string;
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** Whole requests as they go over the wire; each connection starts at its own place in the list and goes round. */
  readonly requests: readonly string[];
  /** Status that every answer must have; several where the requests differ. */
  readonly expect: number | readonly number[];
}

export interface LoadResult {
  readonly perSecond: number;
  readonly count: number;
  readonly errors: number;
  readonly bytes: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** Whether what has come ends so, in whatever pieces it came. */
function endsWith(pieces: readonly Buffer[], end: Buffer): boolean {
  const tail = Buffer.concat(pieces.slice(-end.length));
  return tail.subarray(-end.length).equals(end);
}

/** Runs a plan; an answer with another status, or a lost connection, is an error. */
export async function load(plan: LoadPlan): Promise<LoadResult> {
  const requests = plan.requests.map((request) => Buffer.from(request));
  const expected = new Set([plan.expect].flat());
  const latencies: number[] = [];
  let errors = 0;
  let bytes = 0;
  const start = performance.now();
  const end = start + plan.seconds * 1000;
  await Promise.all(Array.from({ length: plan.connections }, (_, index) => runConnection(index)));
  const seconds = (performance.now() - start) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return {
    perSecond: latencies.length / seconds,
    count: latencies.length,
    errors,
    bytes,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    maxMs: latencies.at(-1) ?? 0,
  };

  function runConnection(index: number): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect({ port: plan.port, host: plan.host ?? '127.0.0.1', noDelay: true });
      let next = Math.floor((index * requests.length) / plan.connections);
      let begun = 0;
      let pending: Buffer[] = [];
      let have = 0;
      let need = -1;
      let isChunked = false;
      const send = (): void => {
        if (performance.now() >= end) {
          socket.end();
          resolve();
          return;
        }
        begun = performance.now();
        need = -1;
        pending = [];
        have = 0;
        socket.write(requests[next++ % requests.length] as Buffer);
      };
      socket.on('connect', send);
      socket.on('data', (chunk) => {
        pending.push(chunk);
        have += chunk.length;
        if (need < 0) {
          const all = pending.length === 1 ? chunk : Buffer.concat(pending);
          pending = [all];
          const headEnd = all.indexOf(HEAD_END);
          if (headEnd < 0) return;
          const head = all.toString('latin1', 0, headEnd);
          const status = Number(head.slice(9, 12));
          if (!expected.has(status)) errors++;
          const length = /content-length: (\d+)/i.exec(head);
          isChunked = /transfer-encoding: chunked/i.test(head);
          need = headEnd + 4 + (length === null ? 0 : Number(length[1]));
        }
        if (isChunked ? endsWith(pending, LAST_CHUNK) : have >= need) {
          bytes += have;
          latencies.push(performance.now() - begun);
          send();
        }
      });
      socket.on('error', () => {
        errors++;
        resolve();
      });
      socket.on('close', () => resolve());
    });
  }
}

if (process.argv[1] === import.meta.filename) {
  const plan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as LoadPlan;
  process.stdout.write(`${JSON.stringify(await load(plan))}\n`);
}
