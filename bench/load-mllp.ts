/**
 * The load generator over MLLP: N connections, one message in flight on each, every message sent once. `node load-mllp.ts PLAN.json` → one
 * line of JSON. An answer other than AA is an error.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

export interface MllpPlan {
  readonly port: number;
  /** Messages per connection, in order. */
  readonly lanes: readonly (readonly string[])[];
}

export interface MllpResult {
  readonly perSecond: number;
  readonly count: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const END = Buffer.from([0x1c, 0x0d]);

async function load(plan: MllpPlan): Promise<MllpResult> {
  const latencies: number[] = [];
  let errors = 0;
  const begun = performance.now();
  await Promise.all(
    plan.lanes.map(
      (messages) =>
        new Promise<void>((resolve, reject) => {
          const socket = connect({ port: plan.port, host: '127.0.0.1', noDelay: true });
          let next = 0;
          let sent = 0;
          let answer = Buffer.alloc(0);
          const send = (): void => {
            const message = messages[next++];
            if (message === undefined) {
              socket.end();
              resolve();
              return;
            }
            sent = performance.now();
            socket.write(Buffer.concat([Buffer.from([0x0b]), Buffer.from(message), END]));
          };
          socket.on('connect', send);
          socket.on('error', reject);
          socket.on('data', (chunk) => {
            answer = Buffer.concat([answer, chunk]);
            if (!answer.includes(END)) return;
            if (!answer.includes('MSA|AA|')) errors++;
            answer = Buffer.alloc(0);
            latencies.push(performance.now() - sent);
            send();
          });
        }),
    ),
  );
  const seconds = (performance.now() - begun) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return {
    perSecond: latencies.length / seconds,
    count: latencies.length,
    errors,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

const plan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as MllpPlan;
process.stdout.write(`${JSON.stringify(await load(plan))}\n`);
