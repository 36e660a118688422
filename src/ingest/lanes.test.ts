import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { laneKeys } from './lane-keys.ts';
import { Lanes } from './lanes.ts';
import { parseMessage } from './v2-message.ts';

describe('lanes', () => {
  it('keep the order of whatever shares a key, run the rest side by side, and leave nothing behind', async () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.uniqueArray(key, { maxLength: 3 }), { maxLength: 12 }),
        async (s, tasks) => {
          const lanes = new Lanes();
          const running = new Set<string>();
          const order: number[] = [];
          const all = tasks.map((keys, n) =>
            lanes.run(keys, async () => {
              for (const one of keys) {
                expect(running.has(one)).toBe(false);
                running.add(one);
              }
              order.push(n);
              await s.schedule(Promise.resolve());
              for (const one of keys) running.delete(one);
              if (n % 3 === 2) throw new Error('badly');
            }),
          );
          await s.waitFor(Promise.allSettled(all));
          for (const one of ['a', 'b', 'c', 'd'] as const) {
            const mine = order.filter((n) => tasks[n]?.includes(one));
            expect(mine).toEqual(mine.toSorted((x, y) => x - y));
          }
          expect(order.length).toBe(tasks.length);
          expect(lanes.size).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('are named by every number of patients, visits and orders, retired ones too', () => {
    const message = parseMessage(
      [
        'MSH|^~\\&|PAS|RCB|||20261101||ADT^A40|1|P|2.4',
        'PID|1||M1^^^RCB^MR~9990000018^^^NHS^NH',
        'MRG|M2^^^RCB^MR',
        'PV1|1|I|||||||||||||||||V1',
        'OBR|1|P1|F1^LAB',
        'TXA|1|CN||||||||||D1',
      ].join('\r'),
    );
    expect(laneKeys(message, 'PAS/RCB/1').toSorted()).toEqual([
      'OBR F1',
      'OBR P1',
      'PAS/RCB/1',
      'PID 9990000018',
      'PID M1',
      'PID M2',
      'PV1 V1',
      'TXA D1',
    ]);
  });
});
