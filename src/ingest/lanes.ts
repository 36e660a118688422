/**
 * Work that must not overtake: tasks that share a key run one after the other, in the order in which they were given;
 * all others run side by side. A task takes all its keys at once, so two can never wait for each other.
 */

export class Lanes {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** How many keys are in use. */
  get size(): number {
    return this.#tails.size;
  }

  /** Runs `task` when every earlier task that has one of `keys` has ended, well or badly. Settles as the task does. */
  run<T>(keys: readonly string[], task: () => Promise<T>): Promise<T> {
    const before = keys.map((key) => this.#tails.get(key)).filter((one) => one !== undefined);
    const running = before.length === 0 ? task() : Promise.allSettled(before).then(task);
    for (const key of keys) this.#tails.set(key, running);
    const leave = (): void => {
      for (const key of keys) if (this.#tails.get(key) === running) this.#tails.delete(key);
    };
    running.then(leave, leave);
    return running;
  }
}
