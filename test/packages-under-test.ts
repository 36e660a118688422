/** FHIR packages made for a test: archives of any content, also of such as nobody should take. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { systemClock } from '../src/base/clock.ts';
import { timeOrderedIds } from '../src/base/ids.ts';
import { effectiveSettings, type Settings } from '../src/base/settings.ts';
import type { JsonObject } from '../src/fhir/json-access.ts';
import type { DefinitionType, LoadedDefinitions } from '../src/fhir/loaded-definitions.ts';
import type { ShelfParts } from '../src/packages/package-shelf.ts';

export interface TarEntry {
  readonly name: string;
  readonly content?: string | Buffer;
  readonly type?: 'file' | 'link' | 'symlink' | 'directory' | 'character-device' | 'fifo';
  readonly linkname?: string;
}

/** The bytes of a tar, not compressed. */
export async function tarOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, content = '', type = 'file', linkname } of entries) {
    const header = { name, type, ...(linkname === undefined ? {} : { linkname }) };
    if (type === 'file') archive.entry(header, content);
    else archive.entry(header);
  }
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

/** The bytes of a .tgz. */
export async function tgzOf(entries: readonly TarEntry[]): Promise<Buffer> {
  return gzipSync(await tarOf(entries));
}

/** A package's own file. */
export function manifest(more: object = {}): TarEntry {
  const said = { name: 'test.package', version: '1.0.0', fhirVersions: ['4.0.1'], ...more };
  return { name: 'package/package.json', content: JSON.stringify(said) };
}

/** A definition as a file of a package. */
export function definition(value: object, name = 'definition'): TarEntry {
  return { name: `package/${name}.json`, content: JSON.stringify(value) };
}

export const CODES = {
  resourceType: 'CodeSystem',
  url: 'https://example.org/CodeSystem/colours',
  version: '1',
  status: 'active',
  content: 'complete',
  concept: [{ code: 'red' }, { code: 'blue' }],
};

export interface ShelfUnderTest {
  /** A folder for files of the test. */
  readonly folder: string;
  parts(settings?: Partial<Settings>): ShelfParts & { readonly limits: Settings };
  /** A file with this content in the folder; its path. */
  file(name: string, content: string | Buffer): Promise<string>;
  remove(): Promise<void>;
}

export async function shelfUnderTest(): Promise<ShelfUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'openward-packages-'));
  return {
    folder,
    parts: (settings = {}) => ({
      folder: join(folder, 'shelf'),
      limits: effectiveSettings([settings], {}),
      clock: systemClock,
      ids: timeOrderedIds(systemClock),
    }),
    async file(name, content) {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Definitions as if they had been loaded; versions are not looked at. */
export function loadedOf(definitions: readonly object[]): LoadedDefinitions {
  const found = definitions as readonly (JsonObject & { readonly url: string })[];
  const ofType = (type: DefinitionType): typeof found => found.filter((one) => one.resourceType === type);
  return {
    find: (type, canonical) => ofType(type).find(({ url }) => url === canonical.split('|')[0]),
    urls: (type) => ofType(type).map(({ url }) => url),
  };
}
