/** Durable creates and transactions, validated, indexed and audited, beside a loop of overwrite and fdatasync on the same disk. */
import { join } from 'node:path';
import { type Benchmark, limit, median, request, startNode } from './harness.ts';
import { fill, observation, patient, transactionOf } from './sample-data.ts';

const ROUNDS = 5;
const SECONDS = 2;
const CLIENTS = 32;

export const benchmark: Benchmark = {
  name: 'create',
  about: `durable create, ${CLIENTS} clients; transactions of one person and nine results, 8 clients`,
  async run(bench) {
    const node = await startNode(bench);
    await fill(node.port, node.token, 100, 100);
    const headers = { Authorization: `Bearer ${node.token}`, 'Content-Type': 'application/fhir+json' };
    const creates = Array.from({ length: 640 }, (_, n) =>
      request('POST', '/fhir/Observation', headers, JSON.stringify(observation(n, 100))),
    );
    const transactions = Array.from({ length: 64 }, (_, n) =>
      request(
        'POST',
        '/fhir',
        headers,
        transactionOf([patient(n), ...Array.from({ length: 9 }, (_, i) => observation(n * 9 + i, 100))]),
      ),
    );
    const plan = { port: node.port, connections: CLIENTS, seconds: SECONDS, requests: creates, expect: 201 };
    const several = {
      port: node.port,
      connections: 8,
      seconds: SECONDS,
      requests: transactions,
      expect: 200,
    };
    await bench.load(plan);
    await bench.load(several);
    const ours = [];
    const bundles = [];
    const syncs = [];
    for (let round = 0; round < ROUNDS; round++) {
      syncs.push(limit([join(import.meta.dirname, 'limits/fdatasync.ts'), node.folder, String(SECONDS)]));
      ours.push(await bench.load(plan));
      bundles.push(await bench.load(several));
      bench.say(
        `round ${round + 1}: ${Math.round(ours.at(-1)?.perSecond ?? 0)} creates/s, ${Math.round(syncs.at(-1) ?? 0)} fdatasync/s`,
      );
    }
    const sync = { name: 'overwrite fdatasync', value: median(syncs) };
    return [
      {
        name: 'creates',
        value: median(ours.map((one) => one.perSecond)),
        unit: '/s',
        limit: sync,
        goal: { atLeastOfLimit: 0.8 },
        note: `p50 ${median(ours.map((one) => one.p50Ms)).toFixed(1)} ms, ${ours.reduce((sum, one) => sum + one.errors, 0)} errors`,
      },
      {
        name: 'transactions of 10',
        value: median(bundles.map((one) => one.perSecond)),
        unit: '/s',
        limit: sync,
        note: `p50 ${median(bundles.map((one) => one.p50Ms)).toFixed(1)} ms, ${bundles.reduce((sum, one) => sum + one.errors, 0)} errors`,
      },
    ];
  },
};
