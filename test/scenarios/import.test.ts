/**
 * `openward import` from outside: killed in the middle and started again, into a stopped node and into a running one; exit codes; what goes
 * to stdout.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './demo-network.ts';
import { type LoneNode, startLoneNode } from './lone-node.ts';

const CLI = resolve('dist/cli.js');
const BUNDLES = 150;
const EACH = 30;
let folder: string;
let input: string;
let node: LoneNode;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openward-import-cli-'));
  input = join(folder, 'input');
  await mkdir(input);
  for (let n = 0; n < BUNDLES; n++) await writeFile(join(input, `${n}.json`), JSON.stringify(bundle(n)));
  node = await startLoneNode();
  // the same node where --node and --data look for it
  await mkdir(join(folder, 'demo/RXLONE'), { recursive: true });
  await copyFile(node.config, join(folder, 'demo/RXLONE/node.json'));
});
afterAll(async () => {
  await node?.remove();
  await rm(folder, { recursive: true, force: true });
});

/** One person and their results: everything is created, so that whatever is done twice shows. */
function bundle(n: number): object {
  const fullUrl = `urn:uuid:00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
  const results = Array.from({ length: EACH - 1 }, (_, i) => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: `${i}-1` }] },
    subject: { reference: fullUrl },
    note: [{ text: 'x'.repeat(300) }],
  }));
  const patient = { resourceType: 'Patient', identifier: [{ system: 'urn:test', value: `P${n}` }] };
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [{ fullUrl, resource: patient }, ...results.map((resource) => ({ resource }))].map((entry) => ({
      ...entry,
      request: { method: 'POST', url: (entry.resource as { resourceType: string }).resourceType },
    })),
  };
}

const begin = (args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess =>
  spawn(process.execPath, [CLI, 'import', ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, OPENWARD_IMPORT_COMMIT_RESOURCES: '240', ...env },
  });

async function finished(
  child: ChildProcess,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** Waits until the words are on stderr. */
function said(child: ChildProcess, words: string): Promise<void> {
  let text = '';
  return new Promise((resolve) => {
    child.stderr?.on('data', (chunk) => {
      text += chunk;
      if (text.includes(words)) resolve();
    });
  });
}

const run = (...args: readonly string[]): ReturnType<typeof finished> => finished(begin(args));

/** Kills it once it has written `bytes` more into the log of the store. */
async function killAfter(child: ChildProcess, data: string, bytes: number): Promise<void> {
  const ended = once(child, 'close');
  const size = (): number => statSync(join(data, 'store/store.db-wal'), { throwIfNoEntry: false })?.size ?? 0;
  const before = size();
  await eventually('the import has begun to write', 60, async () =>
    child.exitCode !== null || size() > before + bytes ? true : undefined,
  );
  child.kill('SIGKILL');
  await ended;
}

function counted(data: string): { versions: number; patients: number } {
  const database = new DatabaseSync(join(data, 'store/store.db'), { readOnly: true });
  const one = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0]);
  const versions = one('SELECT count(*) FROM ver');
  const patients = one("SELECT count(DISTINCT t.code) FROM term t WHERE t.sys = 'urn:test'");
  database.close();
  return { versions, patients };
}

it('killed again and again it completes, and nothing is there twice', { timeout: 240_000 }, async () => {
  const data = join(folder, 'stopped');
  const config = join(folder, 'stopped.json');
  const text = JSON.parse(await readFile(node.config, 'utf8')) as object;
  await writeFile(config, JSON.stringify({ ...text, data }));
  for (const bytes of [1, 400_000, 900_000]) await killAfter(begin([input, '--config', config]), data, bytes);
  const { code, stdout, stderr } = await run(input, '--config', config, '--json');
  expect(code, stderr).toBe(0);
  const summary = JSON.parse(stdout);
  expect(summary.before).toBeGreaterThan(0);
  expect(summary).toMatchObject({ files: BUNDLES, rejected: 0 });
  expect(summary.resources).toBe((BUNDLES - summary.before) * EACH);
  expect(counted(data)).toEqual({ versions: BUNDLES * EACH, patients: BUNDLES });
  const again = await run(input, '--config', config, '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ resources: 0, before: BUNDLES, rejected: 0 });
  expect(counted(data).versions).toBe(BUNDLES * EACH);
});

it('into a running node that is killed it ends with 5, and completes when that is back', {
  timeout: 240_000,
}, async () => {
  const args = [input, '--node', 'RXLONE', '--data', join(folder, 'demo'), '--json'];
  const importing = begin(args);
  const ended = finished(importing);
  await eventually('something has come in', 60, async () =>
    counted(node.data).versions > EACH || importing.exitCode !== null ? true : undefined,
  );
  await node.kill('SIGKILL');
  const broken = await ended;
  expect(broken.code, broken.stderr).toBe(5);
  expect(broken.stderr).toMatch(/does not answer/);
  await node.start();
  const { code, stdout, stderr } = await run(...args);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout).before).toBeGreaterThan(0);
  expect(counted(node.data)).toEqual({ versions: BUNDLES * EACH, patients: BUNDLES });
});

it('says by its exit code what came of it, and puts data alone on stdout', { timeout: 120_000 }, async () => {
  const there = ['--node', 'RXLONE', '--data', join(folder, 'demo')];
  const good = join(folder, 'good.json');
  const bad = join(folder, 'bad.json');
  await writeFile(good, JSON.stringify({ resourceType: 'Basic', id: 'b1', code: { text: 'x' } }));
  await writeFile(bad, JSON.stringify({ resourceType: 'Basic', id: 'b2', hair: 'red' }));
  const partial = await run(good, bad, ...there, '--json');
  expect(partial.code).toBe(3);
  expect(partial.stdout.trim().split('\n')).toHaveLength(1);
  expect(JSON.parse(partial.stdout)).toMatchObject({ resources: 1, files: 2, rejected: 1 });
  const rejects = await readFile(join(folder, 'import-rejects-RXLONE.ndjson'), 'utf8');
  expect(JSON.parse(rejects)).toMatchObject({ file: bad, expression: 'Basic.hair' });
  const silent = await run(good, ...there);
  expect(silent).toMatchObject({ code: 0, stdout: '' });
  expect(silent.stderr).toMatch(/; 1 part taken before\./);
  expect((await run(bad, ...there)).code).toBe(1);
  expect((await run(join(folder, 'nowhere'), ...there)).code).toBe(2);
  expect((await run(good)).code).toBe(2);
  expect((await run()).code).toBe(2);
  const busy = await run(good, '--config', node.config);
  expect(busy.code).toBe(5);
  expect(busy.stderr).toContain('is running');
  const nobody = await run(good, '--node', 'NOBODY', '--data', join(folder, 'demo'));
  expect(nobody).toMatchObject({ code: 2, stdout: '' });
  await node.kill('SIGKILL');
  expect((await run(good, ...there)).code).toBe(5);
});

it('ends when it is told to although the node never answers', { timeout: 120_000 }, async () => {
  let asked = (): void => undefined;
  const silent = createServer(() => asked()).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const config = JSON.parse(await readFile(node.config, 'utf8')) as object;
  const { port } = silent.address() as AddressInfo;
  await mkdir(join(folder, 'silent/RXLONE'), { recursive: true });
  await writeFile(join(folder, 'silent/RXLONE/node.json'), JSON.stringify({ ...config, port }));
  const args = [input, '--node', 'RXLONE', '--data', join(folder, 'silent'), '--json'];
  /** An import that has asked the node for something; its end is listened for from the start. */
  const started = async (
    stopSeconds: string,
  ): Promise<readonly [ChildProcess, ReturnType<typeof finished>]> => {
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const child = begin(args, { OPENWARD_IMPORT_STOP_SECONDS: stopSeconds });
    const ended = finished(child);
    await Promise.race([isAsked, ended]);
    return [child, ended];
  };
  try {
    const [single, singleEnded] = await started('0.2');
    single.kill('SIGTERM');
    const { code, stdout } = await singleEnded;
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ resources: 0, stopped: expect.stringContaining('again') });

    const [twice, twiceEnded] = await started('100000');
    const stopping = said(twice, 'Stopping');
    twice.kill('SIGTERM');
    await stopping; // two signals that wait to be heard are one
    twice.kill('SIGTERM');
    expect((await twiceEnded).code).toBe(3);

    const late = finished(begin(args, { OPENWARD_IMPORT_ANSWER_SECONDS: '0.2' }));
    expect((await late).code).toBe(5);
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});

it('is for the source system alone', async () => {
  await node.start();
  const send = async (persona: string): Promise<number> => {
    const answer = await fetch(`${node.fhir.replace('/fhir', '')}/import/units?kind=json`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await node.token(persona)}`,
        'content-type': 'application/octet-stream',
      },
      body: JSON.stringify({ resourceType: 'Basic', id: 'b9', code: { text: 'x' } }),
    });
    return answer.status;
  };
  expect(await send('doctor')).toBe(403);
  expect(await send('engineer')).toBe(403);
  expect(await send('system')).toBe(200);
});
