/**
 * An npm-style archive (.tgz) as a stream of files: unpacked as it is read, never as a whole and never to the disk.
 * Links, devices and other entries that are no files are refused: no FHIR package needs one.
 * https://confluence.hl7.org/spaces/FHIR/pages/35718629/NPM+Package+Specification
 */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type ExtractEvents, extract } from 'tar-stream';
import { Failure } from '../base/failure.ts';
import {
  isRead,
  type PackageFile,
  type PackageLimits,
  PackageMeter,
  shown,
  tooLarge,
} from './package-file.ts';

type Entry = ExtractEvents['entry'][1];

/**
 * The JSON files of the archive whose bytes come from `archive`. Throws Failure `invalid` (a name that leads out, a
 * link, a name twice), `too-long` (a limit, which the text names), `structure` (no archive, or cut short).
 */
export async function* archiveFiles(archive: Readable, limits: PackageLimits): AsyncGenerator<PackageFile> {
  const meter = new PackageMeter(limits);
  const unpacking = extract();
  const pumped = pipeline(
    archive,
    (chunks: AsyncIterable<Buffer>) => bounded(chunks, limits),
    createGunzip(),
    (chunks: AsyncIterable<Buffer>) => metered(chunks, meter),
    unpacking,
  );
  let cause: unknown;
  pumped.catch((error: unknown) => {
    cause ??= error;
  });
  try {
    for await (const entry of unpacking) {
      const file = await fileOf(entry, meter);
      if (file !== undefined) yield file;
    }
    await pumped;
  } catch (error) {
    throw asFailure(error instanceof Failure ? error : (cause ?? error));
  } finally {
    archive.destroy();
  }
}

async function* bounded(
  chunks: AsyncIterable<Buffer>,
  { packageArchiveBytesMax: most }: PackageLimits,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > most)
      throw tooLarge(`The archive is larger than ${most} bytes (setting packageArchiveBytesMax).`);
    yield chunk;
  }
}

async function* metered(chunks: AsyncIterable<Buffer>, meter: PackageMeter): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    meter.unpacked(chunk.length);
    yield chunk;
  }
}

/** An entry's file; undefined where it is a folder or is not looked at. */
async function fileOf(entry: Entry, meter: PackageMeter): Promise<PackageFile | undefined> {
  const { name, type, size } = entry.header;
  if (type === 'directory') {
    entry.resume();
    return undefined;
  }
  if (type !== 'file') {
    throw new Failure(
      'invalid',
      `The package holds "${shown(name)}", which is a link or a device, no file. ` +
        'Nothing was loaded: do not trust it.',
    );
  }
  const path = meter.entry(name, size ?? 0);
  if (!isRead(path)) {
    entry.resume();
    return undefined;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk as Buffer);
  return { path, bytes: Buffer.concat(chunks) };
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { code, message, name } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError' || name === 'AbortError') {
    const text = 'The archive was not whole in time (setting packageFetchSeconds). Nothing was loaded.';
    return new Failure('timeout', text, { cause: error });
  }
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') {
    return new Failure('value', `The archive cannot be read (${code}).`, { cause: error });
  }
  return new Failure(
    'structure',
    `This is no whole .tgz archive (${message}). Nothing was loaded: fetch it again.`,
    { cause: error },
  );
}
