/**
 * Seeded chance for made-up people: the same seed gives the same bytes, on any machine. Mulberry32 over an
 * FNV-1a hash of the seed.
 */
export class Chance {
  #state: number;

  constructor(seed: string) {
    let hash = 0x811c9dc5;
    for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193);
    this.#state = hash >>> 0;
  }

  /** 0 ≤ x < 1 */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from `low` to `high`, both possible. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** True with this probability. */
  is(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(from: readonly T[]): T {
    const one = from[this.whole(0, from.length - 1)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }

  /** `count` different ones, in the order of the list. */
  some<T>(from: readonly T[], count: number): T[] {
    const left = from.map((value, i) => ({ value, i, rank: this.next() }));
    left.sort((a, b) => a.rank - b.rank);
    return left
      .slice(0, count)
      .sort((a, b) => a.i - b.i)
      .map((one) => one.value);
  }

  /** About `mean`, most within `spread` of it. */
  about(mean: number, spread: number): number {
    return mean + (this.next() + this.next() + this.next() - 1.5) * spread;
  }

  /** In the form of a version 4 UUID. */
  uuid(): string {
    const hex = [0, 1, 2, 3]
      .map(() => Math.floor(this.next() * 0x1_0000_0000))
      .map((part) => part.toString(16).padStart(8, '0'))
      .join('');
    const third = `4${hex.slice(13, 16)}`;
    const fourth = `a${hex.slice(17, 20)}`;
    return [hex.slice(0, 8), hex.slice(8, 12), third, fourth, hex.slice(20)].join('-');
  }
}
