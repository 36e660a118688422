/** Creates, reads, updates and deletes as they come together, durable and audited, beside node:http sending the answers that reads get. */
import { type Benchmark, median, request, startBare, startNode } from './harness.ts';
import { fill, observation } from './sample-data.ts';

const ROUNDS = 5;
const SECONDS = 2;
const CLIENTS = 32;
const PEOPLE = 100;
/** Twenty requests: two creates, twelve reads, five updates, one delete. */
const TURN = 'RRURCRRURRDRURRURCRU';

export const benchmark: Benchmark = {
  name: 'mixed',
  about: `creates, reads, updates and deletes 10:60:25:5, ${CLIENTS} clients`,
  async run(bench) {
    const node = await startNode(bench);
    const paths = await fill(node.port, node.token, PEOPLE, 1000);
    const headers = { Authorization: `Bearer ${node.token}` };
    const writing = { ...headers, 'Content-Type': 'application/fhir+json' };
    const requests = Array.from({ length: 2000 }, (_, n) => {
      const path = paths[n % 900] ?? '';
      switch (TURN[n % TURN.length]) {
        case 'C':
          return request('POST', '/fhir/Observation', writing, JSON.stringify(observation(n, PEOPLE)));
        case 'U':
          return request(
            'PUT',
            path,
            writing,
            JSON.stringify({ ...observation(n % 900, PEOPLE), status: 'amended' }),
          );
        case 'D':
          return request('DELETE', paths[900 + (n % 100)] ?? '', headers);
        default:
          return request('GET', path, headers);
      }
    });
    const barePort = await startBare(bench, node, paths);
    const reads = paths.map((path) => request('GET', path, headers));
    const shared = { connections: CLIENTS, seconds: SECONDS };
    const plan = { ...shared, port: node.port, requests, expect: [200, 201, 204] };
    const barePlan = { ...shared, port: barePort, requests: reads, expect: 200 };
    await bench.load(plan);
    await bench.load(barePlan);
    const ours = [];
    const bare = [];
    for (let round = 0; round < ROUNDS; round++) {
      bare.push(await bench.load(barePlan));
      ours.push(await bench.load(plan));
      bench.say(
        `round ${round + 1}: ${Math.round(ours.at(-1)?.perSecond ?? 0)}/s, bare ${Math.round(bare.at(-1)?.perSecond ?? 0)}/s`,
      );
    }
    return [
      {
        name: 'requests',
        value: median(ours.map((one) => one.perSecond)),
        unit: '/s',
        limit: { name: 'bare node:http', value: median(bare.map((one) => one.perSecond)) },
        goal: { atLeastOfLimit: 0.3 },
        note: `p95 ${median(ours.map((one) => one.p95Ms)).toFixed(1)} ms, ${ours.reduce((sum, one) => sum + one.errors, 0)} errors`,
      },
    ];
  },
};
