/**
 * The same work against another FHIR R4 server in the same run: import by transactions, reads by id, searches. Every answer is compared before
 * anything is timed. `npm run bench -- peer --peer URL [--peer-token TOKEN]`; a server that asks for no token needs none.
 */
import { parseArgs } from 'node:util';
import { type Bench, type Benchmark, type Measure, median, request, startNode } from './harness.ts';
import { person, transactionOf } from './sample-data.ts';

const ROUNDS = 3;
const SECONDS = 3;
const CLIENTS = 16;
const PEOPLE = 400;
const LANES = 4;

interface Server {
  readonly name: string;
  readonly base: URL;
  readonly headers: Readonly<Record<string, string>>;
}

const SEARCHES: Readonly<Record<string, (n: number) => string>> = {
  'patient by number': (n) => `Patient?identifier=https://fhir.nhs.uk/BENCH1/Id/mrn%7CMRN${n}`,
  'patient by family and birth date': (n) => `Patient?family=Family${n % 97}&birthdate=ge1950-01-01`,
  'results of a person by code': (n) =>
    `Observation?patient=bench-p${n}&code=http://loinc.org%7C${2000 + (n % 50)}-1`,
  'results of a person of a day': (n) => `Observation?patient=bench-p${n}&date=ge2026-01-02`,
  'conditions of a person with their subject': (n) =>
    `Condition?patient=bench-p${n}&_include=Condition:subject`,
  'results of people of a name': (n) =>
    `Observation?subject:Patient.family=Family${n % 97}&code=${2000 + (n % 50)}-1`,
};

export const benchmark: Benchmark = {
  name: 'peer',
  about: 'the same work against another FHIR R4 server (--peer URL)',
  async run(bench) {
    const { values } = parseArgs({
      args: process.argv.slice(2),
      options: { peer: { type: 'string' }, 'peer-token': { type: 'string' } },
      allowPositionals: true,
    });
    if (values.peer === undefined) {
      bench.say('left out: no --peer URL was given');
      return [];
    }
    const node = await startNode(bench);
    const ours: Server = {
      name: 'Openward',
      base: new URL(`http://127.0.0.1:${node.port}/fhir`),
      headers: { Authorization: `Bearer ${node.token}` },
    };
    const token = values['peer-token'];
    const peer: Server = {
      name: `the server at ${values.peer}`,
      base: new URL(values.peer),
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    };
    if (peer.base.protocol !== 'http:') throw new Error('the load generator speaks http: only');
    const measures = [await imports(bench, ours, peer)];
    const paths = Array.from({ length: PEOPLE }, (_, n) => `Observation/bench-o${n}`);
    await compare(paths, ours, peer, (body) => JSON.stringify(withoutMeta(body)));
    measures.push(await timed(bench, 'reads by id', paths, ours, peer, 10));
    for (const [name, path] of Object.entries(SEARCHES)) {
      const searches = Array.from({ length: 100 }, (_, n) => `${path(n * 3)}&_count=50`);
      await compare(searches, ours, peer, foundIn);
      measures.push(await timed(bench, name, searches, ours, peer, 5));
    }
    return measures;
  },
};

/** People of each round by both, once to warm up; the rest timed in turns. */
async function imports(bench: Bench, ours: Server, peer: Server): Promise<Measure> {
  const rounds = ROUNDS + 1;
  const share = PEOPLE / rounds;
  const speeds = new Map<Server, number[]>([
    [ours, []],
    [peer, []],
  ]);
  for (let round = 0; round < rounds; round++) {
    for (const [server, perSecond] of speeds) {
      const numbers = Array.from({ length: share }, (_, i) => round * share + i);
      const begun = performance.now();
      let resources = 0;
      await Promise.all(
        Array.from({ length: LANES }, async () => {
          for (let n = numbers.shift(); n !== undefined; n = numbers.shift()) {
            const all = person(n);
            await post(server, transactionOf(all));
            resources += all.length;
          }
        }),
      );
      perSecond.push((resources * 1000) / (performance.now() - begun));
      bench.say(`${server.name}: ${Math.round(perSecond.at(-1) ?? 0)} resources/s`);
    }
  }
  const speed = (server: Server): number => median(speeds.get(server)?.slice(1) ?? []);
  return {
    name: 'import by transactions',
    value: speed(ours),
    unit: 'resources/s',
    limit: { name: peer.name, value: speed(peer) },
    goal: { atLeastOfLimit: 10 },
    note: `${PEOPLE} people`,
  };
}

async function post(server: Server, body: string): Promise<void> {
  const answer = await fetch(server.base, {
    method: 'POST',
    headers: { ...server.headers, 'content-type': 'application/fhir+json', accept: 'application/fhir+json' },
    body,
  });
  if (!answer.ok) throw new Error(`${server.name}: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}

/** Throws where the two do not say the same of a path. */
async function compare(
  paths: readonly string[],
  ours: Server,
  peer: Server,
  essence: (body: Body) => string,
): Promise<void> {
  for (const path of paths) {
    const [a, b] = await Promise.all([get(ours, path), get(peer, path)]);
    if (essence(a) !== essence(b))
      throw new Error(`${path}: the answers differ\n${essence(a)}\n${essence(b)}`);
  }
}

interface Body {
  readonly meta?: unknown;
  readonly entry?: readonly {
    readonly resource: { readonly resourceType: string; readonly id: string };
    readonly search?: { readonly mode?: string };
  }[];
}

async function get(server: Server, path: string): Promise<Body> {
  const headers = { ...server.headers, accept: 'application/fhir+json' };
  const answer = await fetch(addressOf(server, path), { headers });
  if (!answer.ok) throw new Error(`${server.name}: ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Body;
}

function addressOf(server: Server, path: string): URL {
  return new URL(`${server.base.pathname.replace(/\/$/, '')}/${path}`, server.base);
}

function withoutMeta({ meta: _meta, ...rest }: Body): object {
  return Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function foundIn({ entry = [] }: Body): string {
  return entry
    .filter(({ search }) => search?.mode !== 'outcome')
    .map(({ resource, search }) => `${search?.mode ?? 'match'} ${resource.resourceType}/${resource.id}`)
    .sort()
    .join('\n');
}

async function timed(
  bench: Bench,
  name: string,
  paths: readonly string[],
  ours: Server,
  peer: Server,
  times: number,
): Promise<Measure> {
  const load = (server: Server, seconds: number) =>
    bench.load({
      host: server.base.hostname,
      port: Number(server.base.port || 80),
      connections: CLIENTS,
      seconds,
      requests: paths.map((path) => {
        const { pathname, search } = addressOf(server, path);
        return request('GET', `${pathname}${search}`, { ...server.headers, Accept: 'application/fhir+json' });
      }),
      expect: 200,
    });
  await load(ours, SECONDS);
  await load(peer, SECONDS);
  const own = [];
  const others = [];
  for (let round = 0; round < ROUNDS; round++) {
    others.push(await load(peer, SECONDS));
    own.push(await load(ours, SECONDS));
  }
  const errors = [...own, ...others].reduce((sum, one) => sum + one.errors, 0);
  return {
    name,
    value: median(own.map((one) => one.perSecond)),
    unit: '/s',
    limit: { name: peer.name, value: median(others.map((one) => one.perSecond)) },
    goal: { atLeastOfLimit: times },
    note: `p50 ${median(own.map((one) => one.p50Ms)).toFixed(1)} ms and ${median(others.map((one) => one.p50Ms)).toFixed(1)} ms; ${errors} errors`,
  };
}
