/**
 * The bytes of a file, unpacked where they are gzip: small files in one piece, large ones as a stream of
 * bounded memory. Small ones that come next are unpacked beside the thread while it plans those before.
 */
import { closeSync, createReadStream, openSync, readFileSync, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { createGunzip, gunzip } from 'node:zlib';
import { Failure } from '../../base/failure.ts';

const unpack = promisify(gunzip);

/**
 * Up to this size a file is read in one piece: most inputs are Bundles, and those are needed whole anyway.
 */
export const WHOLE_BYTES_MAX = 16_000_000;

interface File {
  readonly path: string;
  /** On the disk. */
  readonly bytes: number;
}

/** Files begun before their turn, and how large they may be for that. */
const FILES_AHEAD = 8;
const AHEAD_BYTES_MAX = 2_000_000;

/** Reads files in the order given. */
export class InputReader {
  readonly #files: readonly File[];
  readonly #places: ReadonlyMap<File, number>;
  readonly #begun = new Map<File, Promise<Buffer | undefined>>();

  constructor(files: readonly File[]) {
    this.#files = files;
    this.#places = new Map(files.map((file, place) => [file, place]));
  }

  /**
   * The unpacked bytes of one of the files, in order. Throws Failure `structure` where the gzip is damaged,
   * `value` where the file cannot be read.
   */
  async *read(file: File): AsyncGenerator<Buffer> {
    try {
      const whole = file.bytes > WHOLE_BYTES_MAX ? undefined : await this.#whole(file);
      if (whole === undefined) yield* streamOf(file.path);
      else yield whole;
    } catch (error) {
      throw asFailure(error);
    }
  }

  #whole(file: File): Promise<Buffer | undefined> {
    const whole = this.#begun.get(file) ?? wholeInput(file.path);
    this.#begun.delete(file);
    const place = this.#places.get(file) ?? this.#files.length;
    for (const next of this.#files.slice(place + 1, place + 1 + FILES_AHEAD)) {
      if (next.bytes > AHEAD_BYTES_MAX || this.#begun.has(next)) continue;
      // what turns out larger is a stream when it is its turn: eight of them must not fill the memory
      const begun = wholeInput(next.path, WHOLE_BYTES_MAX);
      begun.catch(() => undefined); // told when it is this file's turn
      this.#begun.set(next, begun);
    }
    return whole;
  }
}

/**
 * The unpacked bytes in one piece; undefined where they are too many for that. Throws what the system does.
 */
export async function wholeInput(
  path: string,
  unpackedMax = 8 * WHOLE_BYTES_MAX,
): Promise<Buffer | undefined> {
  const bytes = readFileSync(path);
  return isGzip(bytes) ? unpackWhole(bytes, unpackedMax) : bytes;
}

/** Whether the file is gzip by its first bytes. Throws what the system does. */
export function isPacked(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(2);
    readSync(file, start, 0, 2, 0);
    return isGzip(start);
  } finally {
    closeSync(file);
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Undefined where it unpacks to more than is wanted in one piece. */
async function unpackWhole(bytes: Buffer, unpackedMax: number): Promise<Buffer | undefined> {
  try {
    // the last four bytes say how many there will be: one piece costs one turn, not one for each 16 kB
    const size = bytes.length < 4 ? 0 : bytes.readUInt32LE(bytes.length - 4);
    const chunkSize = Math.min(Math.max(size + 1, 1 << 14), WHOLE_BYTES_MAX);
    return await unpack(bytes, { chunkSize, maxOutputLength: unpackedMax });
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw error;
  }
}

async function* streamOf(path: string): AsyncGenerator<Buffer> {
  const packed = isPacked(path);
  const stream = createReadStream(path, { highWaterMark: 1 << 20 });
  if (!packed) {
    yield* stream as AsyncIterable<Buffer>;
    return;
  }
  const unpacked = createGunzip({ chunkSize: 1 << 20 });
  stream.on('error', (error) => unpacked.destroy(error));
  try {
    yield* stream.pipe(unpacked) as AsyncIterable<Buffer>;
  } finally {
    stream.destroy();
  }
}

function asFailure(error: unknown): unknown {
  const code = (error as { code?: string }).code ?? '';
  if (code.startsWith('Z_')) {
    return new Failure('structure', 'The gzip is damaged or was cut off: get the file again.', {
      cause: error,
    });
  }
  if (/^(EACCES|EPERM|ENOENT|EIO|EISDIR)$/.test(code)) {
    return new Failure('value', `The file cannot be read (${code}).`, { cause: error });
  }
  return error;
}
