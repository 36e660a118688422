import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InstantMs } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { FeedConfig } from '../base/node-config.ts';
import type { FeedState } from './feed.ts';
import { type Feeds, openFeeds } from './feeds.ts';

const START = Date.parse('2026-11-23T09:00:00Z');
const ADT: FeedConfig = {
  name: 'adt',
  transport: 'mllp',
  covers: ['Patient', 'Encounter', 'NoSuchType'],
  sendingApplication: 'PAS',
  heartbeatSeconds: 5,
  since: '2015-04-01',
};
const RESULTS: FeedConfig = {
  name: 'results',
  transport: 'fhir',
  covers: ['Observation', 'Patient'],
  heartbeatSeconds: 5,
  since: '2019-01-01',
};

let folder: string;
let now: number;
const clock: Clock = { now: () => now as InstantMs, monotonicMs: () => now };
const opened: Feeds[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openward-feeds-'));
  now = START;
});
afterEach(async () => {
  for (const feeds of opened.splice(0)) await feeds.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(feeds: readonly FeedConfig[] = [ADT, RESULTS]): Promise<Feeds> {
  const made = await openFeeds({ feeds, folder, clock });
  opened.push(made);
  return made;
}

const at = (seconds: number): InstantMs => (START + seconds * 1000) as InstantMs;
const state = (feeds: Feeds, name = 'adt'): FeedState | undefined =>
  feeds.states().find((one) => one.name === name);

describe('feeds', () => {
  it('know nothing of a feed never heard, and call it late from the first moment', async () => {
    const feeds = await open();
    expect(state(feeds)).toEqual({
      name: 'adt',
      transport: 'mllp',
      covers: ['Patient', 'Encounter'],
      since: '2015-04-01',
      late: true,
      owed: 0,
    });
    expect(feeds.coverage()).toEqual([]);
    feeds.heard('adt', at(0));
    expect(state(feeds)).toMatchObject({ late: false, watermark: START });
  });

  it('are late while the first message that they ever had is not stored', async () => {
    const feeds = await open();
    const first = feeds.accept('adt', 'M1', at(-3));
    expect(state(feeds)).toMatchObject({ late: true });
    expect(state(feeds)).not.toHaveProperty('watermark');
    first.settled();
    expect(state(feeds)).toMatchObject({ late: false, watermark: at(-3) });
  });

  it('move the watermark to what a heartbeat says, and are late after three of silence', async () => {
    const feeds = await open();
    feeds.heard('adt', at(-1));
    expect(state(feeds)).toMatchObject({ lastHeard: at(0), watermark: at(-1), late: false });
    now = at(15);
    expect(state(feeds)?.late).toBe(false);
    now = at(15.001);
    expect(state(feeds)).toMatchObject({ late: true, lateSince: at(-1), watermark: at(-1) });
    feeds.heard('adt', at(15));
    expect(state(feeds)).toMatchObject({ late: false, watermark: at(15) });
    expect(state(feeds)).not.toHaveProperty('lateSince');
  });

  it('never claim the future, whatever the source’s clock says, and never go back', async () => {
    const feeds = await open();
    feeds.heard('adt', at(3_600));
    expect(state(feeds)?.watermark).toBe(at(0));
    feeds.heard('adt', at(-60));
    expect(state(feeds)?.watermark).toBe(at(0));
  });

  it('stop before a message that is still arriving, and before one that is owed', async () => {
    const feeds = await open();
    feeds.heard('adt', at(-10));
    const message = feeds.accept('adt', 'M1', at(-5));
    feeds.heard('adt', at(-1));
    expect(state(feeds)?.watermark).toBe(at(-5) - 1);
    message.owed();
    feeds.heard('adt', at(0));
    expect(state(feeds)).toMatchObject({ watermark: at(-5) - 1, owed: 1 });
    feeds.accept('adt', 'M1', at(-5)).settled();
    expect(state(feeds)).toMatchObject({ watermark: at(0), owed: 0 });
  });

  it('are late while a message is owed for three heartbeats, though heartbeats come', async () => {
    const feeds = await open();
    feeds.accept('adt', 'M1', at(0)).owed();
    now = at(16);
    feeds.heard('adt', at(16));
    expect(state(feeds)).toMatchObject({ late: true, watermark: START - 1, lateSince: START - 1 });
  });

  it('go by messages alone where the source sends no heartbeats', async () => {
    const feeds = await open();
    const [first, second] = [feeds.accept('adt', 'M1', at(-3)), feeds.accept('adt', 'M2', at(-2))];
    second.settled();
    expect(state(feeds)?.watermark).toBe(at(-3) - 1);
    first.settled();
    expect(state(feeds)?.watermark).toBe(at(-2));
    feeds.heard('adt', at(-1));
    feeds.accept('adt', 'M3', at(0)).settled();
    expect(state(feeds)?.watermark).toBe(at(-1));
  });

  it('count an end once, and a repeated message as what it is', async () => {
    const feeds = await open();
    const one = feeds.accept('adt', 'M1', at(-3));
    const twin = feeds.accept('adt', 'M1', at(-3));
    one.settled();
    one.settled();
    one.owed();
    expect(state(feeds)).toMatchObject({ watermark: at(-3) - 1, owed: 0 });
    twin.settled();
    expect(state(feeds)?.watermark).toBe(at(-3));
  });

  it('cover a kind as far as its oldest feed, since its latest start; not at all while one is unheard', async () => {
    const feeds = await open();
    feeds.heard('adt', at(-4));
    expect(feeds.coverage()).toEqual([{ kind: 'Encounter', since: '2015-04-01', asAt: at(-4) }]);
    feeds.heard('results', at(-9));
    expect(feeds.coverage()).toEqual([
      { kind: 'Patient', since: '2019-01-01', asAt: at(-9) },
      { kind: 'Encounter', since: '2015-04-01', asAt: at(-4) },
      { kind: 'Observation', since: '2019-01-01', asAt: at(-9) },
    ]);
  });

  it('keep watermarks and what is owed over a restart, and are late until they are heard again', async () => {
    const feeds = await open();
    feeds.heard('adt', at(0));
    feeds.accept('adt', 'M1', at(0)).owed();
    await feeds.close();
    now = at(60);
    const again = await open();
    expect(state(again)).toMatchObject({ lastHeard: at(0), watermark: at(0), late: true, owed: 1 });
    again.heard('adt', at(60));
    expect(state(again)).toMatchObject({ watermark: at(0), late: true });
    again.accept('adt', 'M1', at(0)).settled();
    expect(state(again)).toMatchObject({ watermark: at(60), late: false });
  });

  it('claim nothing from a refused message on, though more was claimed before, until it is resolved', async () => {
    const feeds = await open();
    feeds.heard('adt', at(0));
    await feeds.refuse('adt', { deadLetter: 'D1', sentAt: at(-5), reason: 'not-supported' });
    await feeds.refuse('adt', { deadLetter: 'D2', sentAt: at(-9), reason: 'required' });
    now = at(3);
    feeds.heard('adt', at(3));
    expect(state(feeds)).toMatchObject({
      late: true,
      watermark: at(-9) - 1,
      lateSince: at(-9) - 1,
      refused: {
        count: 2,
        since: at(-9),
        reasons: { 'not-supported': 1, required: 1 },
        deadLetters: ['D1', 'D2'],
      },
    });
    expect(feeds.coverage()).toEqual([{ kind: 'Encounter', since: '2015-04-01', asAt: at(-9) - 1 }]);
    await feeds.resolve('adt', [{ deadLetter: 'D2' }, { deadLetter: 'unknown' }]);
    expect(state(feeds)).toMatchObject({ late: true, watermark: at(-5) - 1, refused: { count: 1 } });
    await feeds.resolve('adt', [{ deadLetter: 'D1' }]);
    expect(state(feeds)).toMatchObject({ late: false, watermark: at(3) });
    expect(state(feeds)).not.toHaveProperty('refused');
  });

  it('have what was refused and what was resolved on disk when they say so', async () => {
    const feeds = await open();
    const onDisk = async (): Promise<unknown> =>
      JSON.parse(await readFile(join(folder, 'feeds.json'), 'utf8')).adt.refused;
    feeds.heard('adt', at(0));
    await Promise.all(
      ['D1', 'D2', 'D3'].map((deadLetter) =>
        feeds.refuse('adt', { deadLetter, sentAt: at(-1), reason: 'value' }),
      ),
    );
    expect(await onDisk()).toEqual({
      D1: [at(-1), 'value'],
      D2: [at(-1), 'value'],
      D3: [at(-1), 'value'],
    });
    const killed = await open();
    expect(state(killed)).toMatchObject({ late: true, watermark: at(-1) - 1, refused: { count: 3 } });
    await killed.resolve('adt', [{ deadLetter: 'D1' }, { deadLetter: 'D2' }, { deadLetter: 'D3' }]);
    expect(await onDisk()).toBeUndefined();
  });

  it('take a time before 1970 or in the future for one that can be written down', async () => {
    const feeds = await open();
    feeds.heard('adt', at(0));
    await feeds.refuse('adt', { deadLetter: 'D1', sentAt: at(9_999), reason: 'value' });
    expect(state(feeds)?.refused?.since).toBe(at(0));
    await feeds.refuse('adt', { deadLetter: 'D2', sentAt: -5 as InstantMs, reason: 'value' });
    expect(state(feeds)).toMatchObject({ watermark: 0, refused: { since: 0 } });
  });

  it('count those beyond what is known one by one as one, until all are dismissed', async () => {
    const feeds = await open();
    feeds.heard('adt', at(0));
    const all = Array.from({ length: 10_002 }, (_, n) => `D${n}`);
    await Promise.all(
      all.map((deadLetter) => feeds.refuse('adt', { deadLetter, sentAt: at(0), reason: 'value' })),
    );
    const missing = feeds.missing('adt');
    expect(missing).toHaveLength(10_001);
    expect(missing).toContain('');
    await feeds.resolve(
      'adt',
      missing.filter((one) => one !== '').map((deadLetter) => ({ deadLetter })),
    );
    expect(state(feeds)).toMatchObject({ late: true, refused: { count: 1, deadLetters: [] } });
    await feeds.resolve('adt', [{ deadLetter: '' }]);
    expect(state(feeds)?.late).toBe(false);
  });

  it('let go of a message that was owed when it is taken or dismissed by its control id', async () => {
    const feeds = await open();
    feeds.heard('adt', at(0));
    feeds.accept('adt', 'M1', at(0)).owed();
    await feeds.resolve('adt', [{ deadLetter: 'D1', controlId: 'M1' }]);
    expect(state(feeds)?.owed).toBe(0);
  });

  it('write watermarks down while running, without being closed', async () => {
    const feeds = await open();
    feeds.heard('adt', at(0));
    await expect
      .poll(async () => JSON.parse(await readFile(join(folder, 'feeds.json'), 'utf8').catch(() => '{}')), {
        timeout: 20_000,
      })
      .toMatchObject({ adt: { watermark: at(0), beats: true } });
  });

  it('refuse a feed that is not configured and a file that is not theirs', async () => {
    const feeds = await open();
    expect(() => feeds.heard('nightly', at(0))).toThrow(/no feed of that name/);
    expect(() => feeds.accept('nightly', 'M', at(0))).toThrow(/no feed of that name/);
    const refused = { deadLetter: 'D', sentAt: at(0), reason: 'value' } as const;
    await expect(feeds.refuse('nightly', refused)).rejects.toThrow(/no feed of that name/);
    await feeds.resolve('nightly', [refused]);
    await writeFile(join(folder, 'feeds.json'), '{"adt":');
    await expect(openFeeds({ feeds: [ADT], folder, clock })).rejects.toThrow(/feeds.json/);
    await feeds.close();
  });

  it('never state a watermark at or beyond a message that is not settled', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('beat' as const), through: fc.integer({ min: -20, max: 20 }) }),
      fc.record({ do: fc.constant('begin' as const), sentAt: fc.integer({ min: -20, max: 20 }) }),
      fc.record({
        do: fc.constantFrom('settled' as const, 'owed' as const),
        which: fc.nat(5),
      }),
      fc.record({ do: fc.constant('tick' as const), seconds: fc.nat(5) }),
    );
    const feeds = await open([]);
    await feeds.close();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        await rm(join(folder, 'feeds.json'), { force: true });
        now = START;
        const one = await openFeeds({ feeds: [ADT], folder, clock });
        const waiting: { sentAt: InstantMs; arrival: ReturnType<Feeds['accept']> }[] = [];
        const owed: InstantMs[] = [];
        let before = Number.NEGATIVE_INFINITY;
        for (const [i, next] of steps.entries()) {
          const claimed = state(one)?.watermark ?? Number.NEGATIVE_INFINITY;
          if (next.do === 'beat') one.heard('adt', at(next.through));
          if (next.do === 'tick') now += next.seconds * 1000;
          if (next.do === 'begin' && at(next.sentAt) > claimed) {
            waiting.push({ sentAt: at(next.sentAt), arrival: one.accept('adt', `M${i}`, at(next.sentAt)) });
          }
          if (next.do === 'settled' || next.do === 'owed') {
            const [ended] = waiting.splice(next.which, 1);
            if (ended !== undefined && next.do === 'owed') owed.push(ended.sentAt);
            ended?.arrival[next.do]();
          }
          const watermark = state(one)?.watermark ?? Number.NEGATIVE_INFINITY;
          expect(watermark).toBeGreaterThanOrEqual(before);
          expect(watermark).toBeLessThanOrEqual(now);
          for (const sentAt of [...waiting.map((w) => w.sentAt), ...owed])
            expect(watermark).toBeLessThan(sentAt);
          before = watermark;
        }
        await one.close();
      }),
      { seed: 8, numRuns: 60 },
    );
  });
});
