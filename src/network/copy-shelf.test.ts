import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InstantMs, OdsCode } from '../base/brands.ts';
import { systemClock } from '../base/clock.ts';
import { timeOrderedIds } from '../base/ids.ts';
import { silentLog } from '../base/log.ts';
import { effectiveSettings } from '../base/settings.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { CopyShelf, type Shelved } from './copy-shelf.ts';
import type { Push, PushedSegment } from './copy-wire.ts';
import type { Pseudonym } from './pseudonym.ts';

const RX1 = 'RX1' as OdsCode;
const P = randomBytes(32).toString('base64url') as Pseudonym;
const DAY = 86_400_000;
let now: number;
let folder: string;
let store: Store;
let shelf: CopyShelf;

const openIn = (name: string): Promise<Store> =>
  openStore({
    folder: join(folder, name),
    clock: systemClock,
    ids: timeOrderedIds(systemClock),
    settings: effectiveSettings([], {}),
    log: silentLog,
  });
const open = (): Promise<CopyShelf> =>
  CopyShelf.open({
    blobs: store.blobs,
    clock: { ...systemClock, now: () => now as InstantMs },
    ids: timeOrderedIds(systemClock),
    log: silentLog,
    settings: { copyKeepDays: 30, copyShrinkBrakePercent: 50 },
    throughPath: join(folder, 'through.ndjson'),
    unseal: (sealed) => sealed,
  });

beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  folder = await mkdtemp(join(tmpdir(), 'openward-shelf-'));
  store = await openIn('store');
  shelf = await open();
});
afterEach(async () => {
  await shelf.close();
  await store.close();
  await rm(folder, { recursive: true });
});

let made = 0;
const nameNow = (): string =>
  `${now.toString(36).padStart(9, '0')}-${(made++).toString(36).padStart(3, '0')}`;
function segment(after: string, count: number, more: Partial<PushedSegment> = {}): PushedSegment {
  const name = nameNow();
  const share = after === '' ? { share: { set: 's', sealed: Buffer.from('share') } } : {};
  return { p: P, name, after, count, isClosed: false, sealed: Buffer.from(name), ...share, ...more };
}
const push = (...segments: PushedSegment[]): Promise<Shelved> =>
  shelf.accept(RX1, { segments, shares: [] } satisfies Push);
const state = (asAt: number) => ({ asAt: asAt as InstantMs, coverage: [], behind: [] });
const through = (asAt: number): Promise<Shelved> =>
  shelf.accept(RX1, { segments: [], shares: [], through: state(asAt) });
const names = async (): Promise<readonly string[] | undefined> =>
  (await shelf.release(RX1, P))?.segments.map((one) => one.name);

describe('a shelf', () => {
  it('gives back a base and what followed it, in order, with its share', async () => {
    const base = segment('', 20);
    const first = segment(base.name, 21);
    const second = segment(first.name, 22);
    expect(await push(base, first, second)).toMatchObject({ missing: [], held: [] });
    await through(now);
    const released = await shelf.release(RX1, P);
    expect(released?.segments.map((one) => one.name)).toEqual([base.name, first.name, second.name]);
    expect(released).toMatchObject({ set: 's', share: Buffer.from('share'), through: { asAt: now } });
    expect(await shelf.release('RX9' as OdsCode, P)).toBeUndefined();
  });

  it('says what it lacks, and is not told that it has everything meanwhile', async () => {
    const stray = segment('000000000-000', 5);
    const answer = await shelf.accept(RX1, { segments: [stray], shares: [], through: state(now) });
    expect(answer.missing).toEqual([P]);
    expect(await shelf.release(RX1, P)).toBeUndefined();
  });

  it('goes on from the newest of two that follow the same one: the answer to the first was lost', async () => {
    const base = segment('', 20);
    const lost = segment(base.name, 21);
    const again = segment(base.name, 22);
    const next = segment(again.name, 23);
    await push(base);
    await push(lost);
    await push(again);
    await push(next);
    expect(await names()).toEqual([base.name, again.name, next.name]);
  });

  it('takes nothing that is older than what it has, and says how far it is', async () => {
    const base = segment('', 20);
    await push(base);
    const then = now;
    now -= DAY; // the source's clock went back
    const older = segment('', 20);
    expect(await push(older)).toMatchObject({ missing: [P], newestMs: then });
    expect(await names()).toEqual([base.name]);
  });

  it('holds back a push that would remove most of a record, and serves the state before it, as old as it is', async () => {
    const base = segment('', 20);
    await push(base);
    await through(now);
    const baseAt = now;
    now += 60_000;
    const shrunk = segment(base.name, 9);
    expect(await push(shrunk)).toMatchObject({ missing: [], held: [P] });
    await through(now);
    const released = await shelf.release(RX1, P);
    expect(released?.segments.map((one) => one.name)).toEqual([base.name]);
    expect(released?.held?.name).toBe(shrunk.name);
    expect(released?.through?.asAt).toBe(baseAt);
    expect(shelf.heldBack()).toBe(1);
    now += 1000;
    const mended = segment('', 20);
    expect(await push(mended)).toMatchObject({ held: [] });
    await through(now);
    expect(await shelf.release(RX1, P)).toMatchObject({ through: { asAt: now } });
    expect(await names()).toEqual([mended.name]);
    expect(shelf.heldBack()).toBe(0);
  });

  it('takes half of a record going, few entries going, and a record that its source closes', async () => {
    const base = segment('', 20);
    const half = segment(base.name, 10);
    expect((await push(base, half)).held).toEqual([]);
    const closed = segment(half.name, 0, { isClosed: true });
    expect((await push(closed)).held).toEqual([]);
    const few = segment('', 9);
    const none = segment(few.name, 0);
    expect((await push(few, none)).held).toEqual([]);
  });

  it('holds back a record that goes bit by bit within a day', async () => {
    let after = '';
    const held: number[] = [];
    for (let count = 20; count > 0; count -= 3) {
      const next = segment(after, count);
      if ((await push(next)).held.length > 0) held.push(count);
      after = next.name;
      now += 60_000;
    }
    expect(held).toEqual([8, 5, 2]);
  });

  it('keeps the states of the last days and no older ones, and gives back the newest alone', async () => {
    const bases: { at: number; name: string }[] = [];
    for (let day = 0; day < 40; day++) {
      now += DAY;
      const base = segment('', 20);
      await push(base);
      bases.push({ at: now, name: base.name });
    }
    expect(await names()).toEqual([bases.at(-1)?.name]);
    const kept = (await store.blobs.list('copy-RX1', undefined, 100)).join();
    for (const back of [-1, -2, -30]) expect(kept).toContain(bases.at(back)?.name);
    expect(kept).not.toContain(bases[3]?.name);
  });

  it('has a name of its own that is lost with its copies', async () => {
    const { shelf: name } = await push(segment('', 1));
    await shelf.close();
    shelf = await open();
    expect((await through(now)).shelf).toBe(name);
    await shelf.close();
    await store.close();
    store = await openIn('another store');
    shelf = await open();
    expect((await through(now)).shelf).not.toBe(name);
  });
});
