/**
 * The files behind the paths that somebody gave, in the order in which they are best imported: whatever
 * others refer to by condition comes first, so that little has to wait.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../../base/failure.ts';
import { WHOLE_BYTES_MAX, wholeInput } from './read-input.ts';

export interface InputFile {
  readonly path: string;
  /** As it lies on the disk. */
  readonly bytes: number;
  /**
   * Named by the user, and not merely found in a folder: then it is rejected where it is no input, else left
   * aside.
   */
  readonly named: boolean;
}

/** Synthea's bundles of hospitals and practitioners, which the other bundles of their folder refer to. */
const FIRST = /^(hospital|practitioner)Information/;

/**
 * Files of all `paths`, folders searched to the bottom, hidden ones left out. Throws Failure `value` where a
 * path is not there.
 */
export async function findInputs(paths: readonly string[]): Promise<readonly InputFile[]> {
  const found = new Map<string, InputFile>();
  for (const path of paths) {
    const about = await stat(path).catch((cause: unknown) => {
      throw new Failure('value', `${path} cannot be read: is the path right?`, { cause });
    });
    if (about.isDirectory()) await addFolder(path, found);
    else found.set(path, { path, bytes: about.size, named: true });
  }
  const files = [...found.values()];
  const severalFolders = new Set(files.map(({ path }) => dirname(path))).size > 1;
  const ranks = new Map<InputFile, number>();
  for (const file of files) {
    const conditions = severalFolders ? await conditionsIn(file) : 0;
    ranks.set(file, 2 * conditions + (FIRST.test(basename(file.path)) ? 0 : 1));
  }
  return files.sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
}

/**
 * 0 where something is created unless it exists, 1 where something is referred to by condition, 2 elsewhere.
 * In this order, since what is created without a condition may make one fit twice. Of large files only 2 is
 * known.
 */
async function conditionsIn({ path, bytes }: InputFile): Promise<0 | 1 | 2> {
  if (bytes > WHOLE_BYTES_MAX) return 2;
  let content: Buffer | undefined;
  try {
    content = await wholeInput(path);
  } catch {
    return 2; // said when it is imported
  }
  if (content?.includes('"ifNoneExist"') === true) return 0;
  return content?.includes('?identifier=') === true ? 1 : 2;
}

async function addFolder(folder: string, found: Map<string, InputFile>): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    const about = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
    if (about?.isDirectory() === true && !entry.isSymbolicLink()) await addFolder(path, found);
    else if (about?.isFile() === true && !found.has(path)) {
      found.set(path, { path, bytes: (await stat(path)).size, named: false });
    }
  }
}
