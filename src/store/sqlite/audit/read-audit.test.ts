/** A stalled log of reads: no read is answered meanwhile; reads wait for it, and fail where it takes too long. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { InstantMs } from '../../../base/brands.ts';
import { Failure } from '../../../base/failure.ts';
import { ReadAudit } from './read-audit.ts';

let folder: string;
let now = 0;
const clock = { now: () => now as InstantMs, monotonicMs: () => now };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openward-reads-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (syncMs: number, waitMs: number): Promise<ReadAudit> =>
  ReadAudit.open({ path: join(folder, 'reads.db'), syncMs, stallMs: 250, waitMs, clock });

it('a read waits while the oldest row is not on the disk, and goes on when it is', async () => {
  const log = await open(100, 60_000);
  await log.append(['{"row":1}']);
  now += 251; // as if the disk had taken that long
  await log.append(['{"row":2}']);
  await log.close();
});

it('a read that has waited too long fails, and says why', async () => {
  const log = await open(3_600_000, 20);
  await log.append(['{"row":1}']);
  now += 251;
  const failure = await log.append(['{"row":2}']).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(Failure);
  expect(failure).toMatchObject({ code: 'transient' });
  expect(String(failure)).toContain('251 ms');
  await log.close();
});
