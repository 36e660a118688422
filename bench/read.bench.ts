/** Reading by id, with token and audit, beside node:http sending the same bytes; again on a disk whose sync takes 5 ms longer. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import {
  type Bench,
  type Benchmark,
  type Measure,
  median,
  request,
  startBare,
  startNode,
} from './harness.ts';
import { fill } from './sample-data.ts';

const ROUNDS = 5;
const SECONDS = 2;
const CLIENTS = 32;

export const benchmark: Benchmark = {
  name: 'read',
  about: `read by id, ${CLIENTS} clients, token checked and audited`,
  async run(bench) {
    return [
      ...(await measure(bench, '', undefined)),
      ...(await measure(bench, ', fsync + 5 ms', slowSync(bench))),
    ];
  },
};

async function measure(bench: Bench, label: string, preload: string | undefined): Promise<Measure[]> {
  const node = await startNode(bench, preload === undefined ? {} : { preload });
  const paths = await fill(node.port, node.token, 100, 1000);
  const headers = { authorization: `Bearer ${node.token}` };
  const barePort = await startBare(bench, node, paths);
  const requests = paths.map((path) => request('GET', path, { Authorization: headers.authorization }));
  const plan = (port: number) => ({ port, connections: CLIENTS, seconds: SECONDS, requests, expect: 200 });
  await bench.load(plan(node.port)); // warm
  await bench.load(plan(barePort));
  const ours = [];
  const bare = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await bench.load(plan(barePort)));
    ours.push(await bench.load(plan(node.port)));
    bench.say(
      `round ${round + 1}: ${Math.round(ours.at(-1)?.perSecond ?? 0)}/s, bare ${Math.round(bare.at(-1)?.perSecond ?? 0)}/s`,
    );
  }
  const errors = ours.reduce((sum, one) => sum + one.errors, 0);
  return [
    {
      name: `reads${label}`,
      value: median(ours.map((one) => one.perSecond)),
      unit: '/s',
      limit: { name: 'bare node:http', value: median(bare.map((one) => one.perSecond)) },
      goal: { atLeastOfLimit: 0.5 },
      note: `${errors} errors`,
    },
    {
      name: `p99${label}`,
      value: median(ours.map((one) => one.p99Ms)),
      unit: 'ms',
      limit: { name: 'bare node:http', value: median(bare.map((one) => one.p99Ms)) },
      goal: { atMostOfLimit: 3 },
    },
  ];
}

/** Builds the preload library. Throws where there is no C compiler: a benchmark left out silently would read as met. */
export function slowSync(bench: Bench): string {
  const out = join(bench.folder('slow-fsync'), 'slow-fsync.so');
  const { status, stderr } = spawnSync(
    'cc',
    ['-shared', '-fPIC', '-O2', '-o', out, join(import.meta.dirname, 'slow-fsync.c'), '-ldl'],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`The slowed disk needs a C compiler ("cc"): ${stderr}`);
  return out;
}
