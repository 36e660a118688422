/**
 * Current versions in memory, newest used last, bounded by their bytes. The writer's replies keep it right.
 */
import type { Version } from './version-rows.ts';

export class ReadCache {
  readonly #bytesMax: number;
  readonly #versions = new Map<string, Version>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get(key: string): Version | undefined {
    return this.#versions.get(key);
  }

  set(key: string, version: Version): void {
    this.delete(key);
    const size = sizeOf(version);
    if (size > this.#bytesMax / 16) return;
    this.#versions.set(key, version);
    this.#bytes += size;
    for (const oldest of this.#versions.keys()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const version = this.#versions.get(key);
    if (version === undefined) return;
    this.#versions.delete(key);
    this.#bytes -= sizeOf(version);
  }
}

const OVERHEAD = 300;
const sizeOf = (version: Version): number => OVERHEAD + (version.deleted ? 0 : version.bytes.length);
