/**
 * Thirty shapes of search over 1,000, 4,000 and 16,000 people of nineteen resources each: what becomes of the time of a page, and of pages a
 * second, as the store grows. And a person's whole record of 1,000 resources.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import {
  type Bench,
  type Benchmark,
  type BenchNode,
  CLI,
  type Measure,
  median,
  request,
  startNode,
  until,
} from './harness.ts';
import { observation, patient, person, transactionOf } from './sample-data.ts';

const SIZES = [1000, 4000, 16_000] as const;
const SECONDS = 1;
const CLIENTS = 8;

/** Each from a number: person, code or day by it. All give a page of ten at most. */
const SHAPES: Readonly<Record<string, (n: number) => string>> = {
  'patient by number': (n) => `Patient?identifier=https://fhir.nhs.uk/BENCH1/Id/mrn|MRN${n}`,
  'patient by family and birth date': (n) => `Patient?family=Family${n % 97}&birthdate=${birthDate(n)}`,
  'patient by start of a name': (n) => `Patient?name=fam&given=given${n % 31}`,
  'patient by exact family': (n) => `Patient?family:exact=Family${n % 97}`,
  'patient by postcode': (n) => `Patient?address-postalcode=EX${n % 20} ${n % 9}AB`,
  'patients without a phone': () => 'Patient?phone:missing=true',
  'patients born in a year': (n) => `Patient?birthdate=19${10 + (n % 80)}`,
  'results of a person': (n) => `Observation?patient=bench-p${n}`,
  'results of a person by code': (n) => `Observation?patient=bench-p${n}&code=http://loinc.org|${code(n)}`,
  'results of a person, newest first': (n) => `Observation?patient=bench-p${n}&_sort=-date`,
  'results of a person since a day': (n) => `Observation?patient=bench-p${n}&date=ge2026-01-05`,
  'results of a person over a value': (n) => `Observation?patient=bench-p${n}&value-quantity=gt50||mmol/L`,
  'results of a person by code and value': (n) =>
    `Observation?patient=bench-p${n}&code-value-quantity=${code(n)}$gt10`,
  'results by code': (n) => `Observation?code=${code(n)}`,
  'results by code and state': (n) => `Observation?code=${code(n)}&status=final`,
  'results not final': () => 'Observation?status:not=final',
  'results of a day by code': (n) => `Observation?code=${code(n)}&date=${day(n)}`,
  'results by words of the code': (n) => `Observation?code:text=analyte ${n % 50}`,
  'results of people of a name': (n) => `Observation?subject:Patient.family=Family${n % 97}&code=${code(n)}`,
  'results with their person': (n) => `Observation?code=${code(n)}&_include=Observation:subject`,
  'people with a result': (n) => `Patient?_has:Observation:patient:code=${code(n)}&family=Family${n % 97}`,
  'person with what refers to it': (n) => `Patient?_id=bench-p${n}&_revinclude=Observation:subject`,
  'conditions of a person': (n) => `Condition?patient=bench-p${n}&clinical-status=active`,
  'conditions by code': (n) => `Condition?code=http://snomed.info/sct|${3_000_000 + (n % 40)}`,
  'medicines of a person': (n) => `MedicationRequest?patient=bench-p${n}&status=active`,
  'allergies of a person': (n) => `AllergyIntolerance?patient=bench-p${n}`,
  'stays of a person': (n) => `Encounter?patient=bench-p${n}&_include=Encounter:subject`,
  'stays of a day': (n) => `Encounter?date=${day(n)}&class=IMP`,
  'three by id': (n) => `Observation?_id=bench-o${n},bench-o${n + 1},bench-o${n + 2}`,
  'what changed lately, by code': (n) => `Observation?_lastUpdated=ge2020-01-01&code=${code(n)}`,
};

const code = (n: number): string => `${2000 + (n % 50)}-1`;
const day = (n: number): string => new Date(Date.UTC(2026, 0, 1 + (n % 20))).toISOString().slice(0, 10);
const birthDate = (n: number): string => `19${10 + (n % 80)}-0${1 + (n % 9)}-1${n % 10}`;

export const benchmark: Benchmark = {
  name: 'growth',
  about: `${Object.keys(SHAPES).length} shapes of search over ${SIZES.join(', ')} people; a whole record of 1,000 resources`,
  async run(bench) {
    const measured: Measured[] = [];
    const measures: Measure[] = [];
    for (const people of SIZES) {
      const node = await filled(bench, people);
      measured.push(await shapes(bench, node, people));
      if (people === SIZES[0]) measures.push(await wholeRecord(bench, node));
      process.kill(node.pid, 'SIGTERM');
    }
    const [small, ...others] = measured;
    const large = others.at(-1);
    if (small === undefined || large === undefined) throw new Error('two sizes are needed');
    const worst = Object.keys(SHAPES).map((name) => ({
      name,
      slower: (large.p50.get(name) ?? 0) / (small.p50.get(name) ?? 1),
      kept: (large.perSecond.get(name) ?? 0) / (small.perSecond.get(name) ?? 1),
    }));
    for (const { name, slower, kept } of worst)
      bench.say(`${name}: p50 × ${slower.toFixed(2)}, throughput × ${kept.toFixed(2)}`);
    const slowest = worst.reduce((a, b) => (a.slower > b.slower ? a : b));
    const least = worst.reduce((a, b) => (a.kept < b.kept ? a : b));
    const grown = `${SIZES[0]} → ${SIZES.at(-1)} people`;
    const errors = measured.reduce((sum, one) => sum + one.errors, 0);
    return [
      ...measures,
      {
        name: `p50 of a page, ${grown}, the shape that grew most`,
        value: slowest.slower,
        unit: '×',
        goal: { atMost: 1.5 },
        note: `${slowest.name}; ${worst.filter(({ slower }) => slower <= 1.5).length} of ${worst.length} within`,
      },
      {
        name: `pages a second kept, ${grown}, the shape that kept least`,
        value: least.kept,
        unit: '×',
        goal: { atLeast: 0.65 },
        note: `${least.name}; ${worst.filter(({ kept }) => kept >= 0.65).length} of ${worst.length} within; ${errors} errors`,
      },
    ];
  },
};

interface Measured {
  readonly p50: ReadonlyMap<string, number>;
  readonly perSecond: ReadonlyMap<string, number>;
  readonly errors: number;
}

async function shapes(bench: Bench, node: BenchNode, people: number): Promise<Measured> {
  const headers = { Authorization: `Bearer ${node.token}` };
  const p50 = new Map<string, number>();
  const perSecond = new Map<string, number>();
  let errors = 0;
  for (const [name, path] of Object.entries(SHAPES)) {
    const requests = Array.from({ length: 200 }, (_, i) => {
      const [type, query = ''] = path((i * 7919) % people).split('?');
      return request('GET', `/fhir/${type}?${encodeURI(query).replaceAll('|', '%7C')}&_count=10`, headers);
    });
    const plan = { port: node.port, connections: CLIENTS, seconds: SECONDS, requests, expect: 200 };
    await bench.load({ ...plan, seconds: SECONDS / 2 });
    const result = await bench.load(plan);
    p50.set(name, result.p50Ms);
    perSecond.set(name, result.perSecond);
    errors += result.errors;
    if (result.errors > 0) bench.say(`${name}: ${result.errors} errors`);
  }
  bench.say(`${people} people: ${[...p50].map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`).join(', ')}`);
  return { p50, perSecond, errors };
}

/** A node with so many people, imported while it is stopped. */
async function filled(bench: Bench, people: number): Promise<BenchNode> {
  const node = await startNode(bench);
  process.kill(node.pid, 'SIGTERM');
  await until('node has stopped', 20, async () => !(await isUp(node.port)));
  const file = join(bench.folder('people'), 'people.ndjson');
  const out = createWriteStream(file);
  for (let n = 0; n < people; n++) {
    for (const resource of person(n))
      if (!out.write(`${JSON.stringify(resource)}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  const run = spawnSync(process.execPath, [CLI, 'import', file, '--config', node.config, '--json'], {
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`import ended with ${run.status}: ${run.stderr}`);
  return startNode(bench, { folder: node.folder });
}

async function isUp(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/livez`).then(
    () => true,
    () => false,
  );
}

async function wholeRecord(bench: Bench, node: BenchNode): Promise<Measure> {
  const resources = [
    { ...patient(0), id: 'bench-whole' },
    ...Array.from({ length: 999 }, (_, n) => ({
      ...observation(n, 1),
      id: `bench-whole-${n}`,
      subject: { reference: 'Patient/bench-whole' },
    })),
  ];
  const headers = { Authorization: `Bearer ${node.token}` };
  const put = await fetch(`http://127.0.0.1:${node.port}/fhir`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/fhir+json' },
    body: transactionOf(resources),
  });
  if (!put.ok) throw new Error(`filling: ${put.status} ${await put.text()}`);
  const requests = [request('GET', '/fhir/Patient/bench-whole/$everything?_count=1000', headers)];
  const plan = { port: node.port, connections: 1, seconds: 2, requests, expect: 200 };
  await bench.load(plan);
  const results = [await bench.load(plan), await bench.load(plan), await bench.load(plan)];
  const bytes = (results[0]?.bytes ?? 0) / (results[0]?.count ?? 1);
  return {
    name: '$everything of 1,000 resources, median',
    value: median(results.map((one) => one.p50Ms)),
    unit: 'ms',
    goal: { atMost: 5 },
    note: `${Math.round(bytes / 1000)} kB; ${results.reduce((sum, one) => sum + one.errors, 0)} errors`,
  };
}
