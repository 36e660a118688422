/** The search threads: how many, what waits, what is turned away, and what a search that overruns is told. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { query } from '../../../../test/store-under-test.ts';
import type { Failure } from '../../../base/failure.ts';
import { effectiveSettings, type Settings } from '../../../base/settings.ts';
import { wholeScope } from '../../scope.ts';
import { openForWriting } from '../connection.ts';
import { migrate } from '../schema.ts';
import { SearchPool } from './search-pool.ts';
import type { FoundPage, SearchRun } from './search-run.ts';

const RUN: SearchRun = { query: query('Patient'), scope: wholeScope, seq: 0, now: 0, includesMax: 10 };
const SHORT = 10_000;
const LONG = 1_000_000;

describe('the search threads', () => {
  let folder: string;
  let pool: SearchPool | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'openward-pool-'));
    const connection = openForWriting(join(folder, 'store.db'));
    migrate(connection.database);
    connection.close();
  });

  afterEach(async () => {
    await pool?.close();
    await rm(folder, { recursive: true });
  });

  function open(settings: Partial<Settings>): SearchPool {
    pool = new SearchPool(join(folder, 'store.db'), { ...effectiveSettings([], {}), ...settings });
    return pool;
  }

  it('leave one thread to short searches, and give waiting ones their turn', async () => {
    const { search, figures } = bound(open({ searchThreads: 3 }));
    const found: Promise<FoundPage>[] = [search(RUN, LONG), search(RUN, LONG), search(RUN, LONG)];
    expect(figures()).toEqual({ underWay: 2, waiting: 1 });
    found.push(search(RUN, SHORT), search(RUN, SHORT));
    expect(figures()).toEqual({ underWay: 3, waiting: 2 });
    for (const page of await Promise.all(found)) expect(page.rids).toEqual([]);
    expect(figures()).toEqual({ underWay: 0, waiting: 0 });
  });

  it('of one thread serve long searches too', async () => {
    const { search } = bound(open({ searchThreads: 1 }));
    const pages = await Promise.all([search(RUN, LONG), search(RUN, SHORT)]);
    expect(pages.map(({ rids }) => rids)).toEqual([[], []]);
  });

  it('turn away what comes when the queue is full, naming the limit', async () => {
    const { search } = bound(open({ searchThreads: 1, searchQueueMax: 1 }));
    const first = search(RUN, SHORT);
    const second = search(RUN, SHORT);
    expect(() => search(RUN, SHORT)).toThrow(
      expect.objectContaining({ code: 'throttled', message: expect.stringContaining('searchQueueMax') }),
    );
    expect((await Promise.all([first, second])).length).toBe(2);
  });

  it('end a search that takes too long, naming the limit, and go on with a new thread', async () => {
    const { search, figures } = bound(open({ searchThreads: 1, searchSecondsMax: 0 }));
    const ended = await search(RUN, SHORT).catch((failure: Failure) => failure);
    expect(ended).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('searchSecondsMax'),
    });
    expect(figures()).toEqual({ underWay: 0, waiting: 0 });
  });

  it('tell those that wait when the store closes', async () => {
    const one = open({ searchThreads: 1 });
    const waiting = [one.search(RUN, SHORT), one.search(RUN, SHORT)];
    const ended = Promise.allSettled(waiting);
    await one.close();
    expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

function bound(pool: SearchPool): Pick<SearchPool, 'search' | 'figures'> {
  return { search: (run, cost) => pool.search(run, cost), figures: () => pool.figures() };
}
