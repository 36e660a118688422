/**
 * A bounded cache whose entries say what they rest on, present or absent, so that a commit takes away exactly
 * what it may have changed. An answer that was begun before such a commit is not kept.
 */
/** Oldest entries go first. */
export class WatchedCache<T> {
  readonly #max: number;
  readonly #entries = new Map<string, { readonly value: T; readonly watched: readonly string[] }>();
  readonly #watchers = new Map<string, Set<string>>();
  /** Rises with every commit that touches persons: an answer begun before it is not kept. */
  epoch = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** The value, as of the newest commit. */
  get(key: string): T | undefined {
    return this.#entries.get(key)?.value;
  }

  /** Keeps `value`, unless something was forgotten since `epoch` was read. */
  set(key: string, value: T, watched: Iterable<string>, epoch: number): void {
    if (epoch !== this.epoch || this.#max < 1) return;
    this.#drop(key);
    if (this.#entries.size >= this.#max) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#drop(oldest.value);
    }
    const watch = [...watched];
    this.#entries.set(key, { value, watched: watch });
    for (const one of watch) {
      const keys = this.#watchers.get(one);
      if (keys === undefined) this.#watchers.set(one, new Set([key]));
      else keys.add(key);
    }
  }

  /** Lets go of all that rests on any of these. */
  forget(watched: readonly string[]): void {
    this.epoch += 1;
    for (const one of watched) for (const key of [...(this.#watchers.get(one) ?? [])]) this.#drop(key);
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    for (const one of entry.watched) {
      const keys = this.#watchers.get(one);
      keys?.delete(key);
      if (keys?.size === 0) this.#watchers.delete(one);
    }
  }
}
