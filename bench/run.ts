/**
 * `npm run bench [NAME …]`: runs the benchmarks, prints each figure beside the limit measured in the same run,
 * and writes bench/results/<date>.json. Nothing here fails a build: speeds are shown, not asserted.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Benchmark, type Measure, openBench } from './harness.ts';

const { positionals: wanted } = parseArgs({
  args: process.argv.slice(2),
  options: { peer: { type: 'string' }, 'peer-token': { type: 'string' } },
  allowPositionals: true,
});
const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.bench.ts'));
const benchmarks: Benchmark[] = [];
for (const file of files.sort()) {
  const { benchmark } = (await import(join(import.meta.dirname, file))) as { benchmark: Benchmark };
  if (wanted.length === 0 || wanted.includes(benchmark.name)) benchmarks.push(benchmark);
}
if (benchmarks.length === 0) {
  process.stderr.write(
    `No benchmark of that name. There are: ${files.map((file) => file.replace('.bench.ts', '')).join(', ')}\n`,
  );
  process.exit(2);
}

const results: { readonly benchmark: string; readonly measures: readonly Measure[] }[] = [];
for (const benchmark of benchmarks) {
  process.stderr.write(`${benchmark.name}: ${benchmark.about}\n`);
  const bench = openBench();
  try {
    const measures = await benchmark.run(bench);
    results.push({ benchmark: benchmark.name, measures });
    for (const measure of measures) process.stdout.write(`${line(benchmark.name, measure)}\n`);
  } finally {
    bench.close();
  }
}

const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
const folder = join(import.meta.dirname, 'results');
mkdirSync(folder, { recursive: true });
const record = {
  date: new Date().toISOString(),
  commit: git('rev-parse', '--short', 'HEAD'),
  machine: {
    cpus: cpus().length,
    model: cpus()[0]?.model,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  },
  results,
};
const file = join(
  folder,
  `${record.date.slice(0, 10)}${wanted.length === 0 ? '' : `-${wanted.join('-')}`}.json`,
);
writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
process.stderr.write(`written to ${file}\n`);

function line(name: string, measure: Measure): string {
  const { limit: against, goal } = measure;
  const ratio =
    against === undefined
      ? ''
      : `  ${(measure.value / against.value).toFixed(2)} × ${against.name} (${figure(against.value)})`;
  const wants = [
    goal?.atLeastOfLimit === undefined ? '' : `goal ≥ ${goal.atLeastOfLimit} ×`,
    goal?.atMostOfLimit === undefined ? '' : `goal ≤ ${goal.atMostOfLimit} ×`,
    goal?.atLeast === undefined ? '' : `goal ≥ ${goal.atLeast} ${measure.unit}`,
    goal?.atMost === undefined ? '' : `goal ≤ ${goal.atMost} ${measure.unit}`,
  ].filter((text) => text !== '');
  const met = verdict(measure);
  return `${name}: ${measure.name}  ${figure(measure.value)} ${measure.unit}${ratio}  ${wants.join(', ')}${met}${measure.note === undefined ? '' : `  (${measure.note})`}`;
}

function verdict({ value, limit: against, goal }: Measure): string {
  if (goal === undefined) return '';
  const ratio = against === undefined ? Number.NaN : value / against.value;
  const holds =
    (goal.atLeastOfLimit === undefined || ratio >= goal.atLeastOfLimit) &&
    (goal.atMostOfLimit === undefined || ratio <= goal.atMostOfLimit) &&
    (goal.atLeast === undefined || value >= goal.atLeast) &&
    (goal.atMost === undefined || value <= goal.atMost);
  return holds ? '  met' : '  NOT MET';
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-GB') : value.toPrecision(3);
}
