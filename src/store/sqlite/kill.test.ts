/**
 * kill -9 during writes, 50 times, at points of chance: nothing acknowledged is lost, no commit is there by half (resources, index, blob
 * and audit row), no version is skipped, and both audit chains verify. test/scenarios/kill.test.ts does it from outside.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { content, id, idsOf, search } from '../../../test/store-under-test.ts';
import type { AuditRow } from '../audit.ts';
import { wholeScope } from '../scope.ts';
import type { Store } from '../store.ts';
import { openSqliteIn } from './sqlite-contract.ts';

const KILLS = 50;
/** As in the writer. */
const LANES = 8;
const WRITER = join(import.meta.dirname, '../../../test/store-writer.ts');

interface Acknowledged {
  readonly writes: string[];
  readonly reads: string[];
}

/** Starts a writer and kills it once it has said `lines` lines (the first is that it is open). Adds what it acknowledged. */
async function killed(folder: string, round: number, lines: number, said: Acknowledged): Promise<void> {
  const child: ChildProcess = spawn(process.execPath, ['--no-warnings', WRITER, folder, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no stdout');
  const ended = once(child, 'exit');
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, name = ''] = line.split(' ');
    if (what === 'write') said.writes.push(name);
    else if (what === 'read') said.reads.push(name);
    else expect(line).toBe('open');
    // what is still in the pipe after the kill was acknowledged too
    if (++seen === lines) child.kill('SIGKILL');
  }
  const [code, signal] = await ended;
  expect([code, signal]).toEqual([null, 'SIGKILL']);
}

async function allRows(store: Store, chain: 'writes' | 'reads'): Promise<readonly AuditRow[]> {
  return store.auditRows({ chain, count: 1_000_000 });
}

async function verify(store: Store, said: Acknowledged): Promise<void> {
  expect(await store.verifyAudit()).toBeUndefined();
  const names = (await allRows(store, 'writes')).map((row) => row.requestId);
  const written = new Set(names);
  expect(written.size).toBe(names.length);
  expect(said.writes.filter((name) => !written.has(name))).toEqual([]);
  const read = new Set((await allRows(store, 'reads')).map((row) => row.requestId));
  expect(said.reads.filter((name) => !read.has(name))).toEqual([]);

  const snapshot = await store.snapshot();
  expect(snapshot.seq).toBe(written.size);
  for (const name of written) {
    const expected = { code: { coding: [{ code: name }] } };
    for (const half of ['a', 'b']) {
      const found = content(await snapshot.read('Basic', id(`${name}-${half}`), wholeScope));
      expect(found, name).toMatchObject(expected);
    }
    expect((await store.blobs.get('raw', name))?.subarray(0, name.length).toString()).toBe(name);
    const hits = idsOf(await search(snapshot, `Basic?code=${name}`)).filter(
      (hit) => !hit.startsWith('lane-'),
    );
    expect(hits.sort()).toEqual([`${name}-a`, `${name}-b`]);
  }
  for (let lane = 0; lane < LANES; lane++) {
    const versions = names.filter((name) => name.split('-')[1] === String(lane));
    const found = await snapshot.read('Basic', id(`lane-${lane}`), wholeScope);
    expect(Number(found?.versionId ?? 0)).toBe(versions.length);
    expect(content(found)).toMatchObject({ code: { coding: [{ code: versions.at(-1) }] } });
  }
  const total = (await search(snapshot, 'Basic?_count=0')).total;
  expect(total, 'and nothing else is there').toBe(2 * written.size + LANES);
  expect(await store.blobs.list('raw', undefined, 1_000_000)).toHaveLength(written.size);
}

it(`${KILLS} kills in the middle of writes lose nothing and halve nothing`, {
  timeout: 240_000,
}, async () => {
  const points = fc.sample(fc.integer({ min: 1, max: 150 }), { numRuns: KILLS, seed: 20261124 });
  // two stores side by side: a new process spends most of its time in loading
  const halves = [points.slice(0, KILLS / 2), points.slice(KILLS / 2)];
  const counts = await Promise.all(
    halves.map(async (mine) => {
      const folder = await mkdtemp(join(tmpdir(), 'openward-kill-'));
      const said: Acknowledged = { writes: [], reads: [] };
      for (const [round, lines] of mine.entries()) await killed(folder, round, lines, said);
      const store = await openSqliteIn(folder);
      await verify(store, said);
      await store.close();
      await rm(folder, { recursive: true, force: true });
      return said.writes.length;
    }),
  );
  expect(Math.min(...counts)).toBeGreaterThan(300);
});
