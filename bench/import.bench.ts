/**
 * Import of the Synthea bundles of the fixtures into an empty node: parsed, validated, every search parameter indexed, audited, durable; beside
 * SQLite inserting the same rows in commits of the same number.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  type Bench,
  type Benchmark,
  type BenchNode,
  CLI,
  limit,
  type Measure,
  median,
  startNode,
  until,
} from './harness.ts';

const FIXTURES = '../shared/fixtures/synthea-r4-2019';

export const benchmark: Benchmark = {
  name: 'import',
  about: 'Synthea bundles into an empty node',
  async run(bench) {
    if (!existsSync(FIXTURES)) {
      bench.say(`left out: ${FIXTURES} is not here`);
      return [];
    }
    const node = await startNode(bench);
    process.kill(node.pid, 'SIGTERM');
    await until('node has stopped', 10, async () => !isRunning(node.pid));
    const repeated = bench.folder('repeated');
    for (let n = 1; n <= TIMES; n++) repeat(repeated, n);
    return [
      measure(
        'as they are, by a process just started',
        Array.from({ length: ROUNDS }, () => round(bench, node, FIXTURES)),
      ),
      measure(`${TIMES} times over, each time other people`, [round(bench, node, repeated)]),
    ];
  },
};

function measure(name: string, rounds: readonly Round[]): Measure {
  const { resources, rows, commits } = rounds[0] ?? { resources: 0, rows: 0, commits: 0 };
  return {
    name,
    value: median(rounds.map((one) => one.perSecond)),
    unit: 'resources/s',
    limit: { name: 'bare inserts of the same rows', value: median(rounds.map((one) => one.barePerSecond)) },
    goal: { atLeastOfLimit: 0.4 },
    note: `${resources} resources, ${rows} rows, ${commits} commits; median of ${rounds.length}`,
  };
}

const TIMES = 8;
const UUID = /\b([0-9a-f]{8})(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b/g;

/** The bundles again under ids that differ with `n`, so that none is known already. */
function repeat(folder: string, n: number): void {
  for (const file of readdirSync(FIXTURES)) {
    const text = gunzipSync(readFileSync(join(FIXTURES, file))).toString();
    const other = (_: string, head: string, tail: string): string =>
      ((Number.parseInt(head, 16) ^ (n * 0x9e3779b1)) >>> 0).toString(16).padStart(8, '0') + tail;
    writeFileSync(join(folder, `${n}-${file}`), gzipSync(text.replace(UUID, other), { level: 1 }));
  }
}

const ROUNDS = 3;

interface Round {
  readonly resources: number;
  readonly rows: number;
  readonly commits: number;
  readonly perSecond: number;
  readonly barePerSecond: number;
}

/** Import into an empty store, then the same rows bare, so that a drifting machine touches both. */
function round(bench: Bench, node: BenchNode, from: string): Round {
  const folder = join(node.folder, 'store');
  rmSync(folder, { recursive: true, force: true });
  const run = spawnSync(process.execPath, [CLI, 'import', from, '--config', node.config, '--json'], {
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`import ended with ${run.status}: ${run.stderr}`);
  const { resources, seconds, commits } = JSON.parse(run.stdout) as Record<string, number>;
  if (resources === undefined || seconds === undefined || commits === undefined) throw new Error(run.stdout);
  const database = readdirSync(folder).find((file) => /^store.*\.(db|sqlite)$/.test(file)) ?? '';
  const copy = join(bench.folder('limit'), 'same-rows.db');
  copyFileSync(join(folder, database), copy);
  const program = join(import.meta.dirname, 'limits/bare-inserts.ts');
  const bare = limit([program, copy, `${copy}.out`, String(commits)]);
  return {
    resources,
    rows: countRows(copy),
    commits,
    perSecond: resources / seconds,
    barePerSecond: resources / bare,
  };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function countRows(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true });
  const tables = database
    .prepare(
      "SELECT name FROM pragma_table_list WHERE schema='main' AND type='table' AND name NOT LIKE 'sqlite_%'",
    )
    .all();
  const rows = tables.reduce(
    (sum, { name }) => sum + Number(database.prepare(`SELECT count(*) AS n FROM "${name}"`).get()?.n),
    0,
  );
  database.close();
  return rows;
}
