/**
 * The packages of a node, in its own folder: added whole or not at all, listed, removed. A package is written into a
 * folder beside the others, synced, and renamed into its place; until then nobody sees it, and a crash leaves nothing
 * that counts.
 */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, isoInstant } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Ids } from '../base/ids.ts';
import { type Layout, PackageContent, type PackageIdentity } from './package-content.ts';
import type { PackageFile, PackageLimits } from './package-file.ts';
import {
  DEFINITIONS_FILE,
  EXAMPLES_FILE,
  folderOf,
  INDEX_FILE,
  type PackageIndex,
  readIndex,
} from './package-index.ts';

/** Where the packages of a node lie. */
export function packagesFolder({ data }: { readonly data: string }): string {
  return join(data, 'packages');
}

/** A folder that is being filled, or was when a process died. */
const INCOMING = '.incoming-';
/** What is older was left by a process that died. */
const LEFT_OVER_MS = 3_600_000;

export interface PackageToAdd {
  readonly files: AsyncIterable<PackageFile>;
  readonly layout: Layout;
  readonly from: string;
  /** What the operator calls it, before what it says itself. */
  readonly named: Partial<PackageIdentity>;
  readonly keepExamples: boolean;
}

export interface AddedPackage {
  readonly index: PackageIndex;
  /** The same was loaded already: nothing was changed. */
  readonly wasThere: boolean;
}

export interface ShelfParts {
  /** `packages` in the node's folder. */
  readonly folder: string;
  readonly limits: PackageLimits;
  readonly clock: Clock;
  readonly ids: Ids;
}

/**
 * Loads a package. Throws Failure `duplicate` where another content of the same name and version is loaded, and what
 * reading it throws; then nothing has changed.
 */
export async function addPackage(parts: ShelfParts, given: PackageToAdd): Promise<AddedPackage> {
  const { folder, clock, ids } = parts;
  await mkdir(folder, { recursive: true });
  await clearLeftOvers(parts);
  const incoming = join(folder, `${INCOMING}${ids.next()}`);
  await mkdir(incoming);
  try {
    const index = await fill(incoming, parts, given, isoInstant(clock.now()));
    const place = join(folder, folderOf(index));
    const before = await existing(place);
    if (before !== undefined) return sameAs(before, index);
    await rename(incoming, place);
    await syncFolder(folder);
    return { index, wasThere: false };
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
}

async function fill(
  incoming: string,
  { limits }: ShelfParts,
  { files, layout, from, named, keepExamples }: PackageToAdd,
  added: string,
): Promise<PackageIndex> {
  const definitions = await LineFile.open(join(incoming, DEFINITIONS_FILE));
  const examples = keepExamples ? await LineFile.open(join(incoming, EXAMPLES_FILE)) : undefined;
  try {
    const content = new PackageContent({
      layout,
      settings: limits,
      definition: (line) => definitions.write(line),
      ...(examples === undefined ? {} : { example: (line: Buffer) => examples.write(line) }),
    });
    for await (const file of files) await content.take(file);
    const { name, version, needs, licence } = content.said(named);
    if (content.rows.length === 0) {
      throw new Failure(
        'invalid',
        'There is no FHIR definition in what is given (StructureDefinition, ValueSet, CodeSystem … as JSON). ' +
          'Nothing was loaded.',
      );
    }
    const index: PackageIndex = {
      name,
      version,
      from,
      added,
      hash: await definitions.close(),
      ...(licence === undefined ? {} : { licence }),
      needs,
      definitions: content.rows,
      examples: content.examples,
      examplesKept: keepExamples,
      leftAside: content.leftAside,
    };
    await examples?.close();
    const file = await LineFile.open(join(incoming, INDEX_FILE));
    await file.write(Buffer.from(JSON.stringify(index)));
    await file.close();
    await syncFolder(incoming);
    return index;
  } finally {
    await definitions.release();
    await examples?.release();
  }
}

function sameAs(before: PackageIndex, index: PackageIndex): AddedPackage {
  if (before.hash === index.hash) return { index: before, wasThere: true };
  throw new Failure(
    'duplicate',
    `${folderOf(index)} is loaded already, with other content. Remove it first: "openward packages remove ` +
      `${folderOf(index)}".`,
  );
}

async function existing(place: string): Promise<PackageIndex | undefined> {
  try {
    await stat(place);
  } catch {
    return undefined;
  }
  return readIndex(place);
}

/** The folders of loaded packages, by name. */
export async function packageFolders(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => !name.startsWith('.')).sort();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
}

/** What is loaded, by name. Throws Failure `exception` where an index is broken. */
export async function listPackages(folder: string): Promise<readonly PackageIndex[]> {
  const names = await packageFolders(folder);
  return Promise.all(names.map((name) => readIndex(join(folder, name))));
}

/**
 * Removes `name#version`, or `name` where only one version is loaded; what was removed. Throws Failure `not-found`,
 * `multiple-matches`.
 */
export async function removePackage(folder: string, named: string): Promise<string> {
  const names = await packageFolders(folder);
  const matching = names.filter((name) => name === named || name.startsWith(`${named}#`));
  const [match, another] = matching;
  if (match === undefined) {
    throw new Failure(
      'not-found',
      `No package "${named}" is loaded. Loaded are: ${names.join(', ') || 'none'}.`,
    );
  }
  if (another !== undefined)
    throw new Failure('multiple-matches', `Say which version: ${matching.join(', ')}.`);
  const leaving = join(folder, `${INCOMING}${match}`);
  await rm(leaving, { recursive: true, force: true });
  await rename(join(folder, match), leaving); // gone at once, whatever happens while it is emptied
  await syncFolder(folder);
  await rm(leaving, { recursive: true, force: true });
  return match;
}

async function clearLeftOvers({ folder, clock }: ShelfParts): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(INCOMING)) continue;
    const path = join(folder, name);
    const seen = await stat(path).catch(() => undefined);
    if (seen !== undefined && clock.now() - seen.mtimeMs > LEFT_OVER_MS)
      await rm(path, { recursive: true, force: true });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A file of lines that is hashed as it is written. */
class LineFile {
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  #isOpen = true;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<LineFile> {
    return new LineFile(await open(path, 'wx'));
  }

  async write(line: Buffer): Promise<void> {
    const bytes = Buffer.concat([line, END_OF_LINE]);
    this.#hash.update(bytes);
    await this.#file.writeFile(bytes);
  }

  /** Durable when it resolves; SHA-256 of the content, hex. */
  async close(): Promise<string> {
    await this.#file.sync();
    await this.release();
    return this.#hash.digest('hex');
  }

  /** Closes it, whatever has been written. */
  async release(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
  }
}

const END_OF_LINE = Buffer.from('\n');
