/** Creates on a disk whose sync takes 5 ms longer: how many commits share a sync, and how many syncs a create waits for. */
import { join } from 'node:path';
import { type Benchmark, limit, median, request, startNode } from './harness.ts';
import { slowSync } from './read.bench.ts';
import { fill, observation } from './sample-data.ts';

const ROUNDS = 3;
const SECONDS = 4;
const CLIENTS = 64;

export const benchmark: Benchmark = {
  name: 'group-commit',
  about: `durable create, ${CLIENTS} clients, fsync + 5 ms`,
  async run(bench) {
    const preload = slowSync(bench);
    const node = await startNode(bench, { preload });
    await fill(node.port, node.token, 100, 100);
    const headers = { Authorization: `Bearer ${node.token}`, 'Content-Type': 'application/fhir+json' };
    const requests = Array.from({ length: 640 }, (_, n) =>
      request('POST', '/fhir/Observation', headers, JSON.stringify(observation(n, 100))),
    );
    const plan = { port: node.port, connections: CLIENTS, seconds: SECONDS, requests, expect: 201 };
    await bench.load(plan);
    const perSync: number[] = [];
    const waits: number[] = [];
    const syncMs: number[] = [];
    let errors = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const program = join(import.meta.dirname, 'limits/fdatasync.ts');
      syncMs.push(1000 / limit([program, node.folder, '2'], { LD_PRELOAD: preload }));
      const before = await figures(node.port);
      const result = await bench.load(plan);
      const after = await figures(node.port);
      perSync.push((after.commits - before.commits) / (after.transactions - before.transactions));
      waits.push(result.p50Ms);
      errors += result.errors;
    }
    return [
      {
        name: 'commits that share a sync',
        value: median(perSync),
        unit: 'commits',
        goal: { atLeast: 28 },
        note: `${errors} errors`,
      },
      {
        name: 'p50 of a create',
        value: median(waits),
        unit: 'ms',
        limit: { name: 'one sync', value: median(syncMs) },
        goal: { atMostOfLimit: 2.5 },
      },
    ];
  },
};

async function figures(port: number): Promise<{ commits: number; transactions: number }> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const figure = (name: string): number =>
    Number(new RegExp(`^openward_${name} (\\d+)$`, 'm').exec(text)?.[1]);
  return { commits: figure('store_commits_total'), transactions: figure('store_transactions_total') };
}
