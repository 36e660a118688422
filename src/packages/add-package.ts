/** A file, folder or address → a loaded package: tells them apart and reads each in its way. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import { type FetchLimits, fetchArchive, isWebAddress } from './fetch-archive.ts';
import type { PackageIdentity } from './package-content.ts';
import type { PackageFile } from './package-file.ts';
import { type AddedPackage, addPackage, type PackageToAdd, type ShelfParts } from './package-shelf.ts';
import { archiveFiles } from './read-archive.ts';
import { folderFiles } from './read-folder.ts';

export interface GivenPackage {
  /** A .tgz, a folder, an address of a .tgz. */
  readonly from: string;
  /** What to call it; needed where it has no package.json. */
  readonly named: Partial<PackageIdentity>;
  readonly keepExamples: boolean;
}

/** Loads what is given into the shelf. Throws Failure as reading and addPackage do; then nothing has changed. */
export async function addGivenPackage(
  parts: ShelfParts & { readonly limits: FetchLimits },
  given: GivenPackage,
): Promise<AddedPackage> {
  const { files, layout } = await filesOf(parts, given.from);
  return addPackage(parts, { ...given, files, layout });
}

async function filesOf(
  { limits }: ShelfParts & { readonly limits: FetchLimits },
  from: string,
): Promise<Pick<PackageToAdd, 'files' | 'layout'>> {
  if (isWebAddress(from)) {
    return { files: archiveFiles(await fetchArchive(from, limits), limits), layout: 'package' };
  }
  const found = await stat(from).catch(() => undefined);
  if (found?.isFile() === true)
    return { files: archiveFiles(createReadStream(from), limits), layout: 'package' };
  if (found?.isDirectory() !== true) {
    throw new Failure('value', `"${from}" is no file, no folder and no address (http:// or https://).`);
  }
  if (await isFile(join(from, 'package', 'package.json'))) {
    return { files: below(folderFiles(join(from, 'package'), limits)), layout: 'package' };
  }
  if (await isFile(join(from, 'package.json'))) {
    return { files: below(folderFiles(from, limits)), layout: 'package' };
  }
  return { files: folderFiles(from, limits), layout: 'loose' };
}

/** As in an archive, where everything lies below one folder. */
async function* below(files: AsyncIterable<PackageFile>): AsyncGenerator<PackageFile> {
  for await (const file of files) yield { ...file, path: `package/${file.path}` };
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}
