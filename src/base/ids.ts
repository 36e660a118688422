/**
 * New ids and random bytes, behind an interface. Ids made by a node are time-ordered (48 bits of
 * milliseconds, then 80 random bits, as in UUID version 7): random ids alone halve bare inserts.
 */
import { randomBytes } from 'node:crypto';
import type { Id } from './brands.ts';
import type { Clock } from './clock.ts';

export interface Random {
  bytes(length: number): Buffer;
}

export const systemRandom: Random = { bytes: (length) => randomBytes(length) };

export interface Ids {
  /** A new logical id: 26 characters of Crockford base 32, sorting by time of making. */
  next(): Id;
}

const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';

/** Ids from a clock and a source of randomness; two calls in one millisecond still differ. */
export function timeOrderedIds(clock: Clock, random: Random = systemRandom): Ids {
  let pool: Buffer = Buffer.alloc(0);
  let used = 0;
  return {
    next() {
      if (used + 10 > pool.length) {
        pool = random.bytes(2560);
        used = 0;
      }
      let time: number = clock.now();
      let head = '';
      for (let i = 0; i < 10; i++) {
        head = DIGITS[time % 32] + head;
        time = Math.floor(time / 32);
      }
      let tail = '';
      for (let i = 0; i < 16; i++) {
        // 80 bits in 16 groups of five, read across the byte borders
        const bit = i * 5;
        const pair = ((pool[used + (bit >> 3)] ?? 0) << 8) | (pool[used + (bit >> 3) + 1] ?? 0);
        tail += DIGITS[(pair >> (11 - (bit & 7))) & 31];
      }
      used += 10;
      return (head + tail) as Id;
    },
  };
}
