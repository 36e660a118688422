/**
 * What a disk may hold after the power has failed, from a recording of all that was written (record-writes.c): of each file what was
 * synced, and of what came after the last sync some writes, some not, some in part. Sectors are written whole or not at all.
 */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

export interface Step {
  readonly kind: 'write' | 'truncate' | 'sync' | 'unlink' | 'said';
  /** Name within the folder; '' for the folder itself and for what was said. */
  readonly file: string;
  /** Of a truncation the new length. */
  readonly offset: number;
  readonly data: Buffer;
}

const KINDS = { w: 'write', t: 'truncate', s: 'sync', u: 'unlink', a: 'said' } as const;
const HEAD_BYTES = 25;
const SECTOR_BYTES = 512;
/** Of the lock of the folder, and of memory that processes share, nothing outlives a crash. */
const FORGOTTEN = /^lock\.db|-shm$/;

/** The steps of a recording, in the order they happened. */
export function stepsIn(log: string, folder: string): readonly Step[] {
  const bytes = readFileSync(log);
  const steps: Step[] = [];
  for (let at = 0; at < bytes.length; ) {
    const kind = KINDS[String.fromCharCode(bytes[at] ?? 0) as keyof typeof KINDS];
    const [path = 0, offset = 0, data = 0] = [1, 9, 17].map((n) => Number(bytes.readBigUInt64LE(at + n)));
    const start = at + HEAD_BYTES + path;
    const name = bytes.toString('utf8', at + HEAD_BYTES, start);
    const file = name === folder ? '' : basename(name);
    if (!FORGOTTEN.test(file)) steps.push({ kind, file, offset, data: bytes.subarray(start, start + data) });
    at = start + data;
  }
  return steps;
}

/** A number from 0 up to `below`, not included. */
export type Chance = (below: number) => number;

interface DiskFile {
  /** What has been synced. */
  durable: Buffer;
  /** What came after the last sync. */
  pending: Step[];
  /** Whether its name is in the folder for sure. */
  named: boolean;
}

/** A disk on which the steps of a recording happen one after the other. */
export class Disk {
  readonly #files = new Map<string, DiskFile>();
  /** Taken out of the folder, which has not been synced since. */
  readonly #leaving = new Map<string, DiskFile>();

  take(step: Step): void {
    const { kind, file } = step;
    if (kind === 'said') return;
    if (kind === 'sync' && file === '') {
      for (const one of this.#files.values()) one.named = true;
      this.#leaving.clear();
      return;
    }
    const of = this.#files.get(file) ?? { durable: Buffer.alloc(0), pending: [], named: false };
    if (kind === 'unlink') {
      this.#files.delete(file);
      this.#leaving.set(file, of);
      return;
    }
    this.#files.set(file, of);
    if (kind === 'sync') {
      of.durable = of.pending.reduce(applied, of.durable);
      of.pending = [];
    } else of.pending.push(step);
  }

  /** What is there if the power fails now; where no chance is given, if it does not. */
  image(chance?: Chance): ReadonlyMap<string, Buffer> {
    const image = new Map<string, Buffer>();
    for (const [name, { durable, pending, named }] of this.#files) {
      if (chance !== undefined && !named && chance(2) === 0) continue;
      const kept = chance === undefined ? pending : survivors(pending, chance);
      image.set(name, kept.reduce(applied, durable));
    }
    if (chance === undefined) return image;
    for (const [name, { durable }] of this.#leaving)
      if (!image.has(name) && chance(2) === 0) image.set(name, durable);
    return image;
  }
}

function applied(before: Buffer, { kind, offset, data }: Step): Buffer {
  const length = kind === 'truncate' ? offset : Math.max(before.length, offset + data.length);
  const after = Buffer.alloc(length);
  before.copy(after, 0, 0, Math.min(before.length, length));
  if (kind === 'write') data.copy(after, offset);
  return after;
}

/** Of writes that nothing has synced: none, all, the first ones, or any. */
function survivors(pending: readonly Step[], chance: Chance): readonly Step[] {
  const way = chance(5);
  if (way === 0) return [];
  if (way === 1) return pending;
  if (way === 2) {
    const whole = chance(pending.length + 1);
    return [
      ...pending.slice(0, whole),
      ...pending.slice(whole, whole + 1).flatMap((one) => torn(one, chance)),
    ];
  }
  return pending.flatMap((one) => {
    const fate = chance(3);
    return fate === 0 ? [] : fate === 1 ? [one] : torn(one, chance);
  });
}

/** Some of the sectors that a write reaches into. */
function torn(step: Step, chance: Chance): readonly Step[] {
  if (step.kind !== 'write') return chance(2) === 0 ? [] : [step];
  const { offset, data } = step;
  const parts: Step[] = [];
  for (let at = 0; at < data.length; ) {
    const end = Math.min(data.length, at + SECTOR_BYTES - ((offset + at) % SECTOR_BYTES));
    if (chance(2) === 0) parts.push({ ...step, offset: offset + at, data: data.subarray(at, end) });
    at = end;
  }
  return parts;
}

/** Puts an image into a new folder. */
export async function writeImage(image: ReadonlyMap<string, Buffer>, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of image) await writeFile(join(folder, name), bytes);
}
