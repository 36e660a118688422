import { describe, expect, it } from 'vitest';
import type { Seq } from '../base/brands.ts';
import { systemClock } from '../base/clock.ts';
import { CopyWait } from './copy-wait.ts';

function open(more: Partial<ConstructorParameters<typeof CopyWait>[0]> = {}) {
  const state = { now: 0, copied: 0, isBusy: false };
  const wait = new CopyWait({
    clock: { ...systemClock, monotonicMs: () => state.now },
    waitMs: 1_000_000,
    isBusy: () => state.isBusy,
    isCopied: (seq) => seq <= state.copied,
    ...more,
  });
  return { state, wait };
}
/** Whether it has resolved by now, without waiting for it. */
async function isOver(waiting: Promise<void>): Promise<boolean> {
  let over = false;
  void waiting.then(() => {
    over = true;
  });
  await new Promise((done) => setImmediate(done));
  return over;
}
const seq = (n: number): Seq => n as Seq;

describe('an acknowledgement', () => {
  it('in a quiet moment waits until its write is copied', async () => {
    const { state, wait } = open();
    const first = wait.until(seq(1));
    const second = wait.until(seq(2));
    expect(await isOver(first)).toBe(false);
    state.copied = 1;
    wait.look();
    expect(await isOver(first)).toBe(true);
    expect(await isOver(second)).toBe(false);
    wait.close();
    expect(await isOver(second)).toBe(true);
  });

  it('does not wait while other changes are on their way, nor where waiting is off', async () => {
    const { state, wait } = open();
    state.isBusy = true;
    expect(await isOver(wait.until(seq(1)))).toBe(true);
    expect(await isOver(open({ waitMs: 0 }).wait.until(seq(1)))).toBe(true);
  });

  it('waits no longer than it may', async () => {
    const { wait } = open({ waitMs: 1 });
    await wait.until(seq(1));
  });

  it('does not wait in a flood, and does again when it is over', async () => {
    const { state, wait } = open();
    const waits = await Promise.all(Array.from({ length: 50 }, () => isOver(wait.until(seq(1)))));
    expect(waits.filter((over) => !over)).toHaveLength(10);
    state.now += 3000;
    const later = await Promise.all(Array.from({ length: 50 }, () => isOver(wait.until(seq(1)))));
    expect(later.filter((over) => !over)).toHaveLength(3);
    wait.close();
  });
});
