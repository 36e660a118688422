/**
 * The packages of a node, opened for use: one map from address to place, and definitions read from the disk when they
 * are first asked for. A package that is broken is left out and said so in the log: care goes on without it.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { isObject, type JsonObject } from '../fhir/json-access.ts';
import { canonicalParts, type DefinitionType, type LoadedDefinitions } from '../fhir/loaded-definitions.ts';
import { DEFINITIONS_FILE, type IndexRow, type PackageIndex, readIndex } from './package-index.ts';
import { packageFolders } from './package-shelf.ts';

/** A definition and the file that it lies in. */
interface Place extends IndexRow {
  readonly file: string;
}

export interface OpenedPackages extends LoadedDefinitions {
  readonly packages: readonly PackageIndex[];
}

/** Opens what is loaded in `folder`; nothing where there is no such folder. Never fails for what is in it. */
export async function openPackages(folder: string, log: Log): Promise<OpenedPackages> {
  const packages: PackageIndex[] = [];
  const places = new Map<string, Place[]>();
  for (const name of await packageFolders(folder)) {
    try {
      const index = await readIndex(join(folder, name));
      const file = join(folder, name, DEFINITIONS_FILE);
      await requireHash(file, index.hash);
      packages.push(index);
      for (const row of index.definitions) note(places, { ...row, file });
    } catch (error) {
      log.error({ package: name, error: (error as Error).message }, 'a package is broken and is left out');
    }
  }
  return { packages, ...reader(places) };
}

/** Throws where the file's content is not what was loaded. */
async function requireHash(file: string, expected: string): Promise<void> {
  const hash = createHash('sha256');
  const handle = await open(file, 'r');
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false })) hash.update(chunk as Buffer);
  } finally {
    await handle.close();
  }
  if (hash.digest('hex') !== expected) throw new Error('its content is not what was loaded');
}

function note(places: Map<string, Place[]>, place: Place): void {
  const key = keyOf(place.type, place.url);
  const known = places.get(key);
  if (known === undefined) places.set(key, [place]);
  else known.push(place);
}

function keyOf(type: DefinitionType, url: string): string {
  return `${type} ${url}`;
}

function reader(places: ReadonlyMap<string, readonly Place[]>): LoadedDefinitions {
  const read = new Map<Place, JsonObject>();
  return {
    find(type, canonical) {
      const { url, version } = canonicalParts(canonical);
      const place = best(places.get(keyOf(type, url)) ?? [], version);
      if (place === undefined) return undefined;
      const known = read.get(place);
      if (known !== undefined) return known;
      const made = readPlace(place);
      read.set(place, made);
      return made;
    },
    urls: (type) =>
      [...places.values()].flatMap(([first]) => (first?.type === type ? [first.url] : [])).sort(),
  };
}

/** The one of this version; the newest where none is asked for. */
function best(found: readonly Place[], version: string | undefined): Place | undefined {
  if (version !== undefined) return found.find((place) => place.version === version);
  return found.reduce<Place | undefined>(
    (newest, one) =>
      newest === undefined || byVersion.compare(one.version ?? '', newest.version ?? '') > 0 ? one : newest,
    undefined,
  );
}

/** `1.10.0` after `1.9.0`. */
const byVersion = new Intl.Collator('en', { numeric: true });

function readPlace({ file, at, length, url }: Place): JsonObject {
  const bytes = Buffer.alloc(length);
  const handle = openSync(file, 'r');
  try {
    if (readSync(handle, bytes, 0, length, at) === length) {
      const value: unknown = JSON.parse(bytes.toString('utf8'));
      if (isObject(value)) return value;
    }
  } finally {
    closeSync(handle);
  }
  throw new Failure('exception', `What was loaded as ${url} cannot be read: add its package again.`);
}
