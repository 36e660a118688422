/**
 * The power fails, at 200 moments of chance: of what a process wrote to its store, each image of the disk has what was synced, and of the
 * rest some writes, not others, and sectors of others. Opened again, each has every commit that was acknowledged by then, whole, both audit
 * chains verify, the index is the one that the stored bytes make, and writing goes on.
 *
 * OPENWARD_CRASH_IMAGES asks for more than CI does, OPENWARD_CRASH_SEED for others.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { type Chance, Disk, type Step, stepsIn, writeImage } from '../../../test/crash-images.ts';
import { expectRecorded, RECORDED } from '../../../test/recorded-commits.ts';
import { draft, observation, put } from '../../../test/store-under-test.ts';
import { indexDifferences } from './index/index-contract.ts';
import { openSqliteIn } from './sqlite-contract.ts';

const IMAGES = Number(process.env.OPENWARD_CRASH_IMAGES ?? 200);
const SEED = Number(process.env.OPENWARD_CRASH_SEED ?? 20261124);
const TEST = join(import.meta.dirname, '../../../test');
const compiler = ['cc', 'gcc', 'clang'].find((name) => {
  try {
    return execFileSync(name, ['--version']).length > 0;
  } catch {
    return false;
  }
});

/** mulberry32: the same numbers for the same seed. */
function chanceFrom(seed: number): Chance {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** What a process did to its store, and the store's folder as it was in the end. */
async function recorded(work: string): Promise<{ readonly steps: readonly Step[]; readonly folder: string }> {
  const library = join(work, 'record-writes.so');
  const [folder, log] = [join(work, 'store'), join(work, 'log')];
  await promisify(execFile)(compiler ?? 'cc', [
    ...['-shared', '-fPIC', '-Wall', '-Werror', '-o', library],
    join(TEST, 'record-writes.c'),
    '-ldl',
  ]);
  await writeImage(new Map(), folder);
  await promisify(execFile)(process.execPath, ['--no-warnings', join(TEST, 'recorded-writer.ts'), folder], {
    env: {
      ...process.env,
      LD_PRELOAD: library,
      OPENWARD_RECORD_FOLDER: folder,
      OPENWARD_RECORD_LOG: log,
    },
  });
  return { steps: stepsIn(log, folder), folder };
}

/** Half of the moments lie beside a sync, a truncation or an acknowledgement. */
function momentsOf(steps: readonly Step[], chance: Chance): number[] {
  const borders = steps.flatMap(({ kind }, i) => (kind === 'write' ? [] : [i, i + 1]));
  const moments = Array.from({ length: IMAGES }, (_, n) =>
    n % 2 === 0 ? (borders[chance(borders.length)] ?? 0) : chance(steps.length + 1),
  );
  return moments.sort((a, b) => a - b);
}

/** Opens an image and looks at everything in it. How many commits it has. */
async function expectWhole(folder: string, acknowledged: readonly string[]): Promise<number> {
  const store = await openSqliteIn(folder);
  const commits = await expectRecorded(store, acknowledged);
  expect(indexDifferences(join(folder, 'store.db'))).toEqual([]);
  await store.commit([put(observation('after'))], draft({ requestId: 'after' }));
  expect(await store.verifyAudit()).toBeUndefined();
  await store.close();
  return commits;
}

/** Images looked at side by side: most of the time goes into opening and closing stores. */
const AT_ONCE = 2;

it(`${IMAGES} images of a disk whose power failed, seed ${SEED}, have all that was acknowledged`, {
  timeout: 60_000 + IMAGES * 4_000,
}, async () => {
  if (compiler === undefined) {
    console.warn('Crash images were not tried: no C compiler (cc, gcc or clang) is here.');
    return;
  }
  const work = await realpath(await mkdtemp(join(tmpdir(), 'openward-crash-')));
  const { steps, folder } = await recorded(work);
  const chance = chanceFrom(SEED);
  const disk = new Disk();
  const said: string[] = [];
  const counts = { commits: 0, unsaid: 0 };
  let done = 0;
  const looking: Promise<void>[] = [];
  for (const [n, moment] of momentsOf(steps, chance).entries()) {
    for (const step of steps.slice(done, moment)) {
      disk.take(step);
      if (step.kind === 'said') said.push(...step.data.toString().trim().split('\n'));
    }
    done = Math.max(done, moment);
    const image = join(work, `image-${n}`);
    await writeImage(disk.image(chance), image);
    const acknowledged = [...said];
    const look = async (): Promise<void> => {
      const there = await expectWhole(image, acknowledged).catch((cause: unknown) => {
        const place = `image ${n} (kept: ${image}), before step ${moment} of ${steps.length}`;
        throw new Error(`seed ${SEED}, ${place}: ${cause}`, { cause });
      });
      counts.commits += there;
      counts.unsaid += there - acknowledged.length;
      await rm(image, { recursive: true });
    };
    looking.push(look());
    if (looking.length === AT_ONCE) await Promise.all(looking.splice(0));
  }
  await Promise.all(looking);
  for (const step of steps.slice(done)) {
    disk.take(step);
    if (step.kind === 'said') said.push(...step.data.toString().trim().split('\n'));
  }
  // nothing was written past the recording
  const last = disk.image();
  for (const name of (await readdir(folder)).filter((one) => /^(store|reads)\.db(-wal)?$/.test(one)))
    expect(last.get(name)?.equals(await readFile(join(folder, name))), name).toBe(true);
  expect(said.length).toBe(RECORDED.sessions * RECORDED.lanes * RECORDED.commits);
  expect(counts.commits / IMAGES).toBeGreaterThan(20);
  // some images have commits that were whole on the disk and not acknowledged yet
  expect(counts.unsaid).toBeGreaterThan(0);
  await rm(work, { recursive: true, force: true });
});
