/**
 * The index of one loaded package: what it is, where it came from, and where in its file each definition lies, so that
 * a node that starts reads a list and no definitions. `hash` is of the file's bytes: what was loaded is what is read.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import { type DefinitionType, isDefinitionType } from '../fhir/loaded-definitions.ts';

export const INDEX_FILE = 'index.json';
export const DEFINITIONS_FILE = 'definitions.ndjson';
export const EXAMPLES_FILE = 'examples.ndjson';

/** Where a definition lies in the file of definitions. */
export interface IndexRow {
  readonly type: DefinitionType;
  /** Its canonical address; of a NamingSystem, which has none in R4, its name. */
  readonly url: string;
  readonly version?: string;
  /** Bytes from the start of the file. */
  readonly at: number;
  /** Bytes, without the end of the line. */
  readonly length: number;
}

export interface PackageIndex {
  readonly name: string;
  readonly version: string;
  /** As it was given: a file, a folder, an address. */
  readonly from: string;
  /** ISO instant. */
  readonly added: string;
  /** SHA-256 of the file of definitions, hex. */
  readonly hash: string;
  /** What the package itself says its licence is. Whether it may be used is for the operator to know. */
  readonly licence?: string;
  /** Names and versions that the package says it needs. */
  readonly needs: Readonly<Record<string, string>>;
  readonly definitions: readonly IndexRow[];
  /** Instances: how many came, and whether they were kept. */
  readonly examples: number;
  readonly examplesKept: boolean;
  /** JSON files that are neither. */
  readonly leftAside: number;
}

/** The folder of a package below that of all: `fhir.r4.ukcore#1.0.0`. */
export function folderOf({ name, version }: Pick<PackageIndex, 'name' | 'version'>): string {
  return `${name}#${version}`;
}

/** The index in a package's folder. Throws Failure `exception` where it is broken or of a later program. */
export async function readIndex(folder: string): Promise<PackageIndex> {
  try {
    const index = JSON.parse(await readFile(join(folder, INDEX_FILE), 'utf8')) as Partial<PackageIndex>;
    if (typeof index.name !== 'string' || typeof index.version !== 'string' || !isRows(index.definitions))
      throw new Error('not an index');
    return index as PackageIndex;
  } catch (cause) {
    throw new Failure(
      'exception',
      `The package in ${folder} cannot be read: remove it ("openward packages remove") and add it again.`,
      { cause },
    );
  }
}

function isRows(rows: unknown): boolean {
  return (
    Array.isArray(rows) &&
    rows.every(
      (row: Partial<IndexRow> | null) =>
        isDefinitionType(row?.type) &&
        typeof row.url === 'string' &&
        Number.isSafeInteger(row.at) &&
        Number.isSafeInteger(row.length),
    )
  );
}

/** How many of each type, most first: `StructureDefinition 153, ValueSet 134`. */
export function countsOf(index: Pick<PackageIndex, 'definitions'>): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { type } of index.definitions) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}
