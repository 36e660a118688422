/**
 * A folder as a stream of files: an unpacked package, or definitions that lie loose. Links are not followed but
 * refused, as in an archive: what is loaded is what lies there.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import {
  isRead,
  type PackageFile,
  type PackageLimits,
  PackageMeter,
  shown,
  tooLarge,
} from './package-file.ts';

/** Folders within folders that are looked into. */
const DEPTH_MAX = 16;

/**
 * The JSON files of the folder and of those below it, in the order of their names; hidden ones and node_modules are
 * passed over. Throws Failure `invalid` (a link), `too-long` (a limit), `value` (cannot be read).
 */
export async function* folderFiles(folder: string, limits: PackageLimits): AsyncGenerator<PackageFile> {
  yield* filesIn(folder, '', 0, new PackageMeter(limits));
}

async function* filesIn(
  root: string,
  below: string,
  depth: number,
  meter: PackageMeter,
): AsyncGenerator<PackageFile> {
  if (depth > DEPTH_MAX) throw tooLarge(`"${shown(below)}" lies more than ${DEPTH_MAX} folders deep.`);
  const entries = await readable(() => readdir(join(root, below), { withFileTypes: true }), below);
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      yield* filesIn(root, path, depth + 1, meter);
      continue;
    }
    if (!entry.isFile()) {
      throw new Failure(
        'invalid',
        `"${shown(path)}" in the folder is a link, no file. Nothing was loaded: put the file itself there.`,
      );
    }
    if (!isRead(path)) continue;
    const { size } = await readable(() => stat(join(root, path)), path);
    meter.entry(path, size);
    meter.unpacked(size);
    yield { path, bytes: await readable(() => readFile(join(root, path)), path) };
  }
}

async function readable<T>(read: () => Promise<T>, path: string): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Failure('value', `"${shown(path)}" in the folder cannot be read (${code ?? 'unknown'}).`, {
      cause,
    });
  }
}
