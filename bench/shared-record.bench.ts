/**
 * The main job, on the whole demo network: shared records of people with all seven kinds of care organisation, eight at a time; the same
 * while an organisation is killed, with two dead, one slow and one hung, and without the exchange. Every answer is read: a source that
 * is not what it should be, or an entry too few, is counted and shown.
 */
import { spawnSync } from 'node:child_process';
import { Agent, get } from 'node:http';
import { freeBlock } from '../test/free-ports.ts';
import { type Bench, type Benchmark, CLI, firstLine, type Measure } from './harness.ts';

const CONCURRENCY = 8;
/** Nine nodes, and their MLLP ports above. */
const PORTS = Array.from({ length: 9 }, (_, k) => [k, 1000 + k]).flat();

interface Demo {
  readonly nodes: readonly {
    readonly ods: string;
    readonly kind: string;
    readonly fhir: string;
    readonly pid: number;
  }[];
  readonly people: readonly { readonly nhsNumber: string; readonly sources: readonly string[] }[];
}
interface Target {
  readonly url: string;
  readonly token: string;
  readonly nhsNumber: string;
}
interface Answer {
  readonly at: number;
  readonly ms: number;
  readonly status: number;
  readonly bytes: number;
  readonly total: number;
  readonly sources: Readonly<Record<string, string>>;
  readonly nhsNumber: string;
}

export const benchmark: Benchmark = {
  name: 'shared-record',
  about: `200 people, nine nodes; records of at least 400 resources, ${CONCURRENCY} at a time`,
  run: async (bench) => {
    const data = bench.folder('demo');
    const port = await freeBlock(PORTS);
    const begun = performance.now();
    const child = bench.start([
      CLI,
      'demo',
      '--json',
      '--people',
      '200',
      '--port',
      String(port),
      '--data',
      data,
    ]);
    const demo = JSON.parse(await firstLine(child)) as Demo;
    const measures: Measure[] = [
      { name: 'demo ready', value: (performance.now() - begun) / 1000, unit: 's', goal: { atMost: 60 } },
    ];
    measures.push(...(await scenarios(bench, demo, data)));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    return measures;
  },
};

async function scenarios(bench: Bench, demo: Demo, data: string): Promise<Measure[]> {
  const command = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args, '--data', data], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`openward ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const gp = demo.nodes.find((node) => node.kind === 'gp');
  if (gp === undefined) throw new Error('no GP practice');
  const token = command('token', '--node', gp.ods, '--as', 'gp');
  const kinds = new Map(demo.nodes.map((node) => [node.ods, node.kind]));
  const whole = demo.people.filter(
    (person) =>
      person.sources.includes(gp.ods) && new Set(person.sources.map((ods) => kinds.get(ods))).size >= 7,
  );
  const targets: Target[] = whole.map((person) => ({
    url: `${gp.fhir}/Patient/$shared-record?identifier=https://fhir.nhs.uk/Id/nhs-number|${person.nhsNumber}`,
    token,
    nhsNumber: person.nhsNumber,
  }));
  await run(targets, 5); // warm
  const calm = await run(targets, 8);
  const expected = new Map(calm.map((answer) => [answer.nhsNumber, answer.total]));
  const large = targets.filter((target) => (expected.get(target.nhsNumber) ?? 0) >= 400);
  bench.say(
    `${targets.length} people of ${gp.ods} with all kinds, ${large.length} of them with 400 resources or more`,
  );
  const steady = await run(large, 10);
  const mean = (numbers: readonly number[]): number =>
    numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
  const size = `${Math.round(mean(steady.map((a) => a.total)))} entries, ${Math.round(mean(steady.map((a) => a.bytes)) / 1000)} kB an answer`;
  const out: Measure[] = [
    p95(
      'warm',
      steady,
      150,
      `${size}; ${steady.length} answers, ${unwhole(steady, expected, ['live'])} not whole`,
    ),
  ];

  const victim = demo.nodes.find((node) => node.kind === 'acute');
  if (victim === undefined) throw new Error('no acute trust');
  const during = run(large, 8);
  await pause(2000);
  process.kill(victim.pid, 'SIGKILL');
  const killedAt = performance.now();
  const answers = await during;
  const after = answers.filter((answer) => answer.at > killedAt);
  out.push(
    p95(
      'one killed in the middle',
      answers,
      1000,
      `${failures(answers)} errors, ${unwhole(answers, expected, ['live', 'copy'])} not whole`,
    ),
    p95(
      'the first 3 s after the kill',
      after.filter((a) => a.at < killedAt + 3000),
      1000,
    ),
    p95(
      '5 s after the kill',
      after.filter((a) => a.at > killedAt + 5000),
      300,
    ),
  );
  command('demo', 'start', victim.ods);
  const back = await untilLive(large[0], victim.ods);
  out.push({ name: 'live again after start', value: back, unit: 's', goal: { atMost: 5 } });

  const [slow, hung, dead, dead2] = ['pharmacy', 'mental-health', 'community', 'urgent-care'].map(
    (kind) => demo.nodes.find((node) => node.kind === kind)?.ods ?? '',
  ) as [string, string, string, string];
  command('demo', 'fault', slow, 'slow');
  command('demo', 'fault', hung, 'hang');
  command('demo', 'stop', dead);
  command('demo', 'stop', dead2);
  const hurt = await run(large, 10);
  const named = hurt.filter((a) =>
    [slow, hung, dead, dead2].every((ods) => ['copy', 'unavailable'].includes(a.sources[ods] ?? '')),
  );
  const copies = hurt.filter((a) => a.total === expected.get(a.nhsNumber));
  out.push(
    p95(
      'two dead, one slow, one hung',
      hurt,
      1000,
      `${failures(hurt)} errors; all four named in ${named.length} of ${hurt.length}; every entry there in ${copies.length}`,
    ),
  );
  for (const ods of [slow, hung]) command('demo', 'fault', ods, 'none');
  for (const ods of [dead, dead2]) command('demo', 'start', ods);
  for (const ods of [slow, hung, dead, dead2]) await untilLive(large[0], ods);

  process.kill(demo.nodes[0]?.pid ?? 0, 'SIGKILL');
  await pause(1000);
  const alone = await run(large, 8);
  out.push(
    p95(
      'exchange dead',
      alone,
      300,
      `${failures(alone)} errors, ${unwhole(alone, expected, ['live'])} not whole`,
    ),
  );
  return out;
}

function p95(name: string, answers: readonly Answer[], goalMs: number, note?: string): Measure {
  const sorted = answers.map((answer) => answer.ms).sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? Number.NaN;
  const p50 = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return {
    name: `${name}: p95`,
    value,
    unit: 'ms',
    goal: { atMost: goalMs },
    note: `p50 ${p50.toFixed(0)} ms${note === undefined ? '' : `; ${note}`}`,
  };
}

const failures = (answers: readonly Answer[]): number =>
  answers.filter((answer) => answer.status !== 200).length;

function unwhole(
  answers: readonly Answer[],
  expected: ReadonlyMap<string, number>,
  allowed: readonly string[],
): number {
  return answers.filter(
    (answer) =>
      answer.status !== 200 ||
      answer.total !== expected.get(answer.nhsNumber) ||
      Object.values(answer.sources).some((status) => !allowed.includes(status)),
  ).length;
}

async function run(targets: readonly Target[], seconds: number): Promise<Answer[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const received: Received[] = [];
  const end = performance.now() + seconds * 1000;
  let next = 0;
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (performance.now() < end) {
        const target = targets[next++ % targets.length];
        if (target !== undefined) received.push(await receive(target, agent));
      }
    }),
  );
  agent.destroy();
  // read when the run is over: a client that reads 900 kB lets the other seven wait, and counts that as theirs
  return received.map(answerIn);
}

async function ask(target: Target): Promise<Answer> {
  return answerIn(await receive(target));
}

/** An answer that nobody has read yet. */
interface Received extends Pick<Answer, 'at' | 'ms' | 'status' | 'nhsNumber'> {
  readonly chunks: readonly Buffer[];
}

function answerIn({ chunks, ...received }: Received): Answer {
  const body = Buffer.concat(chunks);
  const what = received.status === 200 ? read(body) : { total: 0, sources: {} };
  return { ...received, bytes: body.length, ...what };
}

function receive(target: Target, agent?: Agent): Promise<Received> {
  const { nhsNumber } = target;
  const at = performance.now();
  return new Promise((resolve) => {
    const failed = (): void => resolve({ at, ms: performance.now() - at, status: 0, chunks: [], nhsNumber });
    get(
      target.url,
      { headers: { authorization: `Bearer ${target.token}` }, ...(agent === undefined ? {} : { agent }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', failed);
        response.on('end', () => {
          const ms = performance.now() - at;
          resolve({ at, ms, status: response.statusCode ?? 0, chunks, nhsNumber });
        });
      },
    ).on('error', failed);
  });
}

/** The sources' statuses, from the whole Bundle: parsed after the clock has stopped. */
function read(body: Buffer): { total: number; sources: Record<string, string> } {
  interface Issue {
    readonly details?: { readonly coding?: readonly { readonly code?: string }[] };
    readonly extension?: readonly {
      readonly url: string;
      readonly valueIdentifier?: { readonly value: string };
    }[];
  }
  interface Entry {
    readonly search: { readonly mode: string };
    readonly resource: { readonly issue?: readonly Issue[] };
  }
  const bundle = JSON.parse(body.toString()) as { total?: number; entry?: readonly Entry[] };
  const sources: Record<string, string> = {};
  const entries = bundle.entry ?? [];
  for (const issue of entries.find((entry) => entry.search.mode === 'outcome')?.resource.issue ?? []) {
    const ods = issue.extension?.find((one) => one.url.endsWith('/source'))?.valueIdentifier?.value;
    if (ods !== undefined) sources[ods] = issue.details?.coding?.[0]?.code ?? 'none';
  }
  return { total: entries.filter((entry) => entry.search.mode === 'match').length, sources };
}

async function untilLive(target: Target | undefined, ods: string): Promise<number> {
  const begun = performance.now();
  while (performance.now() - begun < 30_000) {
    if (target !== undefined && (await ask(target)).sources[ods] === 'live')
      return (performance.now() - begun) / 1000;
    await pause(100);
  }
  return Number.POSITIVE_INFINITY;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
