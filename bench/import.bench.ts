/**
 * Import of the Synthea bundles of the fixtures into an empty node: parsed, validated, every search parameter indexed, audited, durable; beside
 * SQLite inserting the same rows in commits of the same number.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Benchmark, CLI, limit, startNode, until } from './harness.ts';

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
    const run = spawnSync(process.execPath, [CLI, 'import', FIXTURES, '--config', node.config, '--json'], {
      encoding: 'utf8',
    });
    if (run.status !== 0) throw new Error(`import ended with ${run.status}: ${run.stderr}`);
    const said = JSON.parse(run.stdout) as {
      readonly resources: number;
      readonly seconds: number;
      readonly commits: number;
    };
    const folder = join(node.folder, 'store');
    const database = readdirSync(folder).find((file) => /^store.*\.(db|sqlite)$/.test(file)) ?? '';
    const copy = join(bench.folder('limit'), 'same-rows.db');
    copyFileSync(join(folder, database), copy);
    const rows = countRows(copy);
    const seconds = limit([
      join(import.meta.dirname, 'limits/bare-inserts.ts'),
      copy,
      `${copy}.out`,
      String(said.commits),
    ]);
    return [
      {
        name: 'resources',
        value: said.resources / said.seconds,
        unit: '/s',
        limit: { name: 'bare inserts of the same rows', value: said.resources / seconds },
        goal: { atLeastOfLimit: 0.4 },
        note: `${said.resources} resources, ${rows} rows, ${said.commits} commits, ${said.seconds.toFixed(1)} s`,
      },
    ];
  },
};

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
    .prepare("SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%'")
    .all();
  const rows = tables.reduce(
    (sum, { name }) => sum + Number(database.prepare(`SELECT count(*) AS n FROM "${name}"`).get()?.n),
    0,
  );
  database.close();
  return rows;
}
