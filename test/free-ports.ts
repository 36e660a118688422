/**
 * Ports for servers under test: below those that the operating system gives to outgoing connections (32768
 * and up on Linux), since a server that is killed and started again must find its port free.
 */
import { createServer } from 'node:net';

const FIRST = 12_000;
const LAST = 30_000;
/** Where this process looks first, so that two that run side by side seldom meet. */
let next = FIRST + ((process.pid * 37) % (LAST - FIRST));

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return freeBlock([0]);
}

/** A port p such that p plus each of `offsets` is free now. */
export async function freeBlock(offsets: readonly number[]): Promise<number> {
  const width = Math.max(...offsets) + 1;
  for (;;) {
    const port = next;
    next += Math.min(width, 40);
    if (next > LAST) next = FIRST;
    if ((await Promise.all(offsets.map((offset) => isFree(port + offset)))).every(Boolean)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
