/** Search by person and by code with a page of ten, beside node:http sending the same bytes. */
import { type Benchmark, type Measure, median, request, startBare, startNode } from './harness.ts';
import { fill } from './sample-data.ts';

const ROUNDS = 3;
const SECONDS = 2;

export const benchmark: Benchmark = {
  name: 'search',
  about: 'search by person and code over 20,000 results, 16 clients',
  async run(bench) {
    const node = await startNode(bench);
    await fill(node.port, node.token, 500, 20_000);
    const headers = { Authorization: `Bearer ${node.token}` };
    const shapes: Readonly<Record<string, (n: number) => string>> = {
      'by person': (n) => `/fhir/Observation?patient=bench-p${n % 500}&_count=10`,
      'by person and code': (n) =>
        `/fhir/Observation?patient=bench-p${n % 500}&code=http://loinc.org|${2000 + (n % 50)}-1&_count=10`,
      'newest of a code': (n) => `/fhir/Observation?code=${2000 + (n % 50)}-1&_sort=-date&_count=10`,
    };
    const measures: Measure[] = [];
    for (const [name, path] of Object.entries(shapes)) {
      const paths = Array.from({ length: 200 }, (_, n) => path(n));
      const barePort = await startBare(bench, node, paths);
      const requests = paths.map((one) => request('GET', one, headers));
      const plan = (port: number) => ({ port, connections: 16, seconds: SECONDS, requests, expect: 200 });
      await bench.load(plan(node.port));
      const ours = [];
      const bare = [];
      for (let round = 0; round < ROUNDS; round++) {
        bare.push(await bench.load(plan(barePort)));
        ours.push(await bench.load(plan(node.port)));
      }
      measures.push({
        name,
        value: median(ours.map((one) => one.perSecond)),
        unit: '/s',
        limit: { name: 'bare node:http', value: median(bare.map((one) => one.perSecond)) },
        note: `p95 ${median(ours.map((one) => one.p95Ms)).toFixed(1)} ms, ${ours.reduce((sum, one) => sum + one.errors, 0)} errors`,
      });
    }
    return measures;
  },
};
