/**
 * The bytes of a file, unpacked where they are gzip: small files in one piece, large ones as a stream of
 * bounded memory. Small ones are read without giving way to others: the process of an import does nothing
 * else, and its planning would keep each step of an asynchronous reading waiting.
 */
import { closeSync, createReadStream, openSync, readFileSync, readSync } from 'node:fs';
import { createGunzip, gunzipSync } from 'node:zlib';
import { Failure } from '../../base/failure.ts';
/**
 * Up to this size a file is read in one piece: most inputs are Bundles, and those are needed whole anyway.
 */
export const WHOLE_BYTES_MAX = 16_000_000;

/**
 * The unpacked bytes, in order. Throws Failure `structure` where the gzip is damaged, `value` where the file
 * cannot be read.
 */
export async function* readInput(file: {
  readonly path: string;
  readonly bytes: number;
}): AsyncGenerator<Buffer> {
  try {
    if (file.bytes > WHOLE_BYTES_MAX) {
      yield* streamOf(file.path);
      return;
    }
    const whole = wholeInput(file.path);
    if (whole === undefined) yield* streamOf(file.path);
    else yield whole;
  } catch (error) {
    throw asFailure(error);
  }
}

/**
 * The unpacked bytes in one piece; undefined where they are too many for that. Throws what the system does.
 */
export function wholeInput(path: string): Buffer | undefined {
  const bytes = readFileSync(path);
  return isGzip(bytes) ? unpackWhole(bytes) : bytes;
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
function unpackWhole(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: 8 * WHOLE_BYTES_MAX });
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
