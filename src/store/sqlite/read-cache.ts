/**
 * Versions in memory, bounded by their bytes, the one kept longest ago going first. What a version is never
 * changes, so by rid it needs nobody to keep it right; which one is current does, and the writer's replies say.
 */
import type { Version } from './version-rows.ts';

export class ReadCache {
  readonly #bytesMax: number;
  readonly #versions = new Map<number, Version>();
  /** `Patient/1` → rid of its current version, where that is known. */
  readonly #current = new Map<string, number>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  version(rid: number): Version | undefined {
    return this.#versions.get(rid);
  }

  /** The current version, where it is known and here. */
  current(key: string): Version | undefined {
    const rid = this.#current.get(key);
    return rid === undefined ? undefined : this.#versions.get(rid);
  }

  add(version: Version): void {
    const size = sizeOf(version);
    if (size > this.#bytesMax / 16 || this.#versions.has(version.rid)) return;
    this.#versions.set(version.rid, version);
    this.#bytes += size;
    for (const oldest of this.#versions.values()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#remove(oldest);
    }
  }

  setCurrent(key: string, version: Version): void {
    this.#current.delete(key);
    this.add(version);
    if (this.#versions.has(version.rid)) this.#current.set(key, version.rid);
  }

  /** From now on it is not known which version is current. */
  forgetCurrent(key: string): void {
    this.#current.delete(key);
  }

  #remove(version: Version): void {
    this.#versions.delete(version.rid);
    this.#bytes -= sizeOf(version);
    const key = `${version.type}/${version.id}`;
    if (this.#current.get(key) === version.rid) this.#current.delete(key);
  }
}

const OVERHEAD = 300;
const sizeOf = (version: Version): number => OVERHEAD + (version.deleted ? 0 : version.bytes.length);
