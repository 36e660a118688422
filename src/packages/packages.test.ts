/** Packages: whole or not at all. Archives made to harm leave nothing behind and say why they were refused. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CODES,
  definition,
  manifest,
  type ShelfUnderTest,
  shelfUnderTest,
  type TarEntry,
  tarOf,
  tgzOf,
} from '../../test/packages-under-test.ts';
import { Failure } from '../base/failure.ts';
import { openLog } from '../base/log.ts';
import type { Settings } from '../base/settings.ts';
import { addGivenPackage } from './add-package.ts';
import { openPackages } from './open-packages.ts';
import { type AddedPackage, listPackages, removePackage } from './package-shelf.ts';

let shelf: ShelfUnderTest;
beforeEach(async () => {
  shelf = await shelfUnderTest();
});
afterEach(() => shelf.remove());

function add(from: string, settings: Partial<Settings> = {}, named = {}): Promise<AddedPackage> {
  return addGivenPackage(shelf.parts(settings), { from, named, keepExamples: false });
}

async function addEntries(
  entries: readonly TarEntry[],
  settings: Partial<Settings> = {},
): Promise<AddedPackage> {
  return add(await shelf.file('package.tgz', await tgzOf(entries)), settings);
}

/** What lies in the shelf, left-overs too. */
async function shelved(): Promise<readonly string[]> {
  const { folder } = shelf.parts();
  return existsSync(folder) ? readdir(folder) : [];
}

const opened = () => openPackages(shelf.parts().folder, openLog('silent'));

describe('a package', () => {
  it('is loaded from an archive, found by its addresses, listed and removed', async () => {
    const example = { name: 'package/example/Patient-1.json', content: '{"resourceType":"Patient"}' };
    const { index } = await addEntries([
      { name: 'package/example', type: 'directory' },
      definition(CODES, 'CodeSystem-colours'),
      { name: 'package/.index.json', content: 'not even read' },
      { name: 'package/notes.txt', content: 'nor this' },
      { name: 'package/other/spec.json', content: 'nor this' },
      example,
      manifest({ license: 'CC0-1.0', dependencies: { 'hl7.fhir.r4.core': '4.0.1' } }),
    ]);
    expect(index).toMatchObject({
      name: 'test.package',
      version: '1.0.0',
      licence: 'CC0-1.0',
      needs: { 'hl7.fhir.r4.core': '4.0.1' },
      examples: 1,
      examplesKept: false,
      leftAside: 1,
    });
    const packages = await opened();
    expect(packages.find('CodeSystem', CODES.url)).toEqual(CODES);
    expect(packages.find('CodeSystem', `${CODES.url}|1`)).toEqual(CODES);
    expect(packages.find('CodeSystem', `${CODES.url}|2`)).toBeUndefined();
    expect(packages.find('ValueSet', CODES.url)).toBeUndefined();
    expect(packages.urls('CodeSystem')).toEqual([CODES.url]);
    const { folder } = shelf.parts();
    expect((await listPackages(folder)).map(({ name }) => name)).toEqual(['test.package']);
    expect(await removePackage(folder, 'test.package')).toBe('test.package#1.0.0');
    expect(await shelved()).toEqual([]);
    await expect(removePackage(folder, 'test.package')).rejects.toThrow(
      'No package "test.package" is loaded',
    );
  });

  it('is loaded from an unpacked folder, and from loose definitions under a name', async () => {
    const folder = join(shelf.folder, 'loose');
    await mkdir(join(folder, 'deep', 'deeper'), { recursive: true });
    await writeFile(join(folder, 'deep', 'deeper', 'colours.json'), JSON.stringify(CODES));
    await expect(add(folder)).rejects.toThrow('give it a name with --name NAME');
    expect(await shelved()).toEqual([]);
    const { index } = await add(folder, {}, { name: 'loose' });
    expect([index.name, index.version, index.definitions.length]).toEqual(['loose', '0.0.0', 1]);
    await writeFile(join(folder, 'deep', 'package.json'), '{"name":"unpacked","version":"2.0.0"}');
    await writeFile(join(folder, 'deep', 'colours.json'), JSON.stringify(CODES));
    expect((await add(join(folder, 'deep'))).index.name).toBe('unpacked');
  });

  it('that is loaded twice is loaded once; another of the same name and version is refused', async () => {
    expect((await addEntries([manifest(), definition(CODES)])).wasThere).toBe(false);
    expect((await addEntries([manifest(), definition(CODES)])).wasThere).toBe(true);
    await expect(addEntries([manifest(), definition({ ...CODES, concept: [] })])).rejects.toThrow(
      'test.package#1.0.0 is loaded already, with other content',
    );
    await addEntries([manifest({ version: '1.10.0' }), definition({ ...CODES, version: '10' })]);
    await addEntries([manifest({ version: '1.9.0' }), definition({ ...CODES, version: '9' })]);
    expect((await opened()).find('CodeSystem', CODES.url)?.version).toBe('10');
    await expect(removePackage(shelf.parts().folder, 'test.package')).rejects.toThrow('Say which version');
  });

  it('that was changed on the disk is left out, and the others are there', async () => {
    await addEntries([manifest(), definition(CODES)]);
    await addEntries([manifest({ name: 'other' }), definition({ ...CODES, url: 'https://example.org/o' })]);
    await appendFile(join(shelf.parts().folder, 'test.package#1.0.0', 'definitions.ndjson'), ' ');
    const packages = await opened();
    expect(packages.packages.map(({ name }) => name)).toEqual(['other']);
    expect(packages.find('CodeSystem', CODES.url)).toBeUndefined();
  });

  it('of which a crash left a part counts for nothing', async () => {
    const { folder } = shelf.parts();
    await mkdir(join(folder, '.incoming-1'), { recursive: true });
    await writeFile(join(folder, '.incoming-1', 'index.json'), '{');
    expect(await listPackages(folder)).toEqual([]);
    expect((await opened()).packages).toEqual([]);
  });
});

describe('refused whole, with the reason, and nothing left behind', () => {
  const climbing = [
    '../evil.json',
    'package/../../evil.json',
    '/etc/evil.json',
    'C:\\evil.json',
    '..\\evil.json',
  ];
  it.each(climbing)('a file named %s', async (name) => {
    await expect(addEntries([manifest(), definition(CODES), { name, content: '{}' }])).rejects.toThrow(
      'leads out of its folder',
    );
    expect(await shelved()).toEqual([]);
    expect(existsSync(join(shelf.folder, 'evil.json'))).toBe(false);
  });

  it.each([
    ['a link', { name: 'package/l.json', type: 'link', linkname: '/etc/passwd' }],
    ['a symbolic link', { name: 'package/l.json', type: 'symlink', linkname: '../..' }],
    ['a device', { name: 'package/d.json', type: 'character-device' }],
    ['a pipe', { name: 'package/f.json', type: 'fifo' }],
  ] as const)('%s', async (_what, entry) => {
    await expect(addEntries([manifest(), definition(CODES), entry])).rejects.toThrow('is a link or a device');
    expect(await shelved()).toEqual([]);
  });

  it('a link in a folder', async () => {
    const folder = join(shelf.folder, 'linked');
    await mkdir(folder);
    await symlink('/etc/hostname', join(folder, 'a.json'));
    await expect(add(folder, {}, { name: 'linked' })).rejects.toThrow('is a link, no file');
  });

  it.each([
    ['a file twice', [definition(CODES), definition(CODES)], 'twice'],
    ['a definition twice', [definition(CODES, 'a'), definition(CODES, 'b')], 'another file of the package'],
    [
      'JSON that is none',
      [definition(CODES), { name: 'package/x.json', content: '{"a":' }],
      '"package/x.json"',
    ],
    [
      'nothing to load',
      [{ name: 'package/p.json', content: '{"resourceType":"Patient"}' }],
      'no FHIR definition',
    ],
    ['another FHIR', [definition(CODES), manifest({ fhirVersions: ['3.0.2'] })], 'this is FHIR R4'],
    ['a name that is none', [definition(CODES), manifest({ name: '../up' })], 'The name of a package'],
  ] as const)('%s', async (_what, entries, text) => {
    const more = entries.some(({ name }) => name === 'package/package.json') ? [] : [manifest()];
    await expect(addEntries([...entries, ...more])).rejects.toThrow(text);
    expect(await shelved()).toEqual([]);
  });

  it('gigabytes out of kilobytes, with the limit that it is over', async () => {
    const zeros = Buffer.alloc(4_000_000);
    const bomb = [manifest(), { name: 'package/a', content: zeros }, { name: 'package/b', content: zeros }];
    await expect(addEntries(bomb, { packageUnpackedBytesMax: 5_000_000 })).rejects.toThrow(
      'packageUnpackedBytesMax',
    );
    await expect(addEntries(bomb, { packageEntryBytesMax: 1_000_000 })).rejects.toThrow(
      'packageEntryBytesMax',
    );
    await expect(addEntries(bomb, { packageArchiveBytesMax: 100 })).rejects.toThrow('packageArchiveBytesMax');
    await expect(addEntries(bomb, { packageEntriesMax: 2 })).rejects.toThrow('packageEntriesMax');
    expect(await shelved()).toEqual([]);
  });

  it('a name in a header that is larger than any name, and zeros without end', async () => {
    const long = 'x'.repeat(5_000_000);
    await expect(addEntries([manifest(), { name: `package/${long}.json` }])).rejects.toThrow('no whole .tgz');
    const tar = await tarOf([manifest(), definition(CODES)]);
    const path = await shelf.file('zeros.tgz', gzipSync(Buffer.concat([tar, Buffer.alloc(6_000_000)])));
    await expect(add(path, { packageUnpackedBytesMax: 5_000_000 })).rejects.toThrow(
      'packageUnpackedBytesMax',
    );
    expect(await shelved()).toEqual([]);
  });

  it('what is no archive, or was cut short', async () => {
    const whole = await tgzOf([manifest(), definition(CODES)]);
    const cut = await shelf.file('cut.tgz', whole.subarray(0, whole.length - 20));
    await expect(add(cut)).rejects.toThrow('no whole .tgz archive');
    await expect(add(await shelf.file('text.tgz', 'hello'))).rejects.toThrow('no whole .tgz archive');
    const tar = await tarOf([manifest(), definition(CODES)]);
    const torn = await shelf.file('torn.tgz', gzipSync(tar.subarray(0, 700)));
    await expect(add(torn)).rejects.toThrow('no whole .tgz archive');
    await expect(add(join(shelf.folder, 'nowhere'))).rejects.toThrow('no file, no folder and no address');
    expect(await shelved()).toEqual([]);
  });
});

describe('an archive of which bytes were changed', () => {
  it('is loaded or refused with a reason, and leaves nothing behind where it is refused', async () => {
    const tar = await tarOf([manifest(), definition(CODES), definition({ ...CODES, url: 'urn:other' }, 'b')]);
    const change = fc.tuple(fc.nat(tar.length - 1), fc.nat(255));
    let n = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (changes, inside) => {
          const bytes = Buffer.from(inside ? tar : gzipSync(tar));
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          const path = await shelf.file(`changed-${n++}.tgz`, inside ? gzipSync(bytes) : bytes);
          const before = (await shelved()).length;
          const added = await add(path, {}, { name: `n${n}` }).catch((error: unknown) => error);
          if (added instanceof Error) expect(added).toBeInstanceOf(Failure);
          expect((await shelved()).length).toBe(before + (added instanceof Error ? 0 : 1));
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('an address', () => {
  async function serve<T>(listener: RequestListener, use: (url: string) => Promise<T>): Promise<T> {
    const server = createServer(listener);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  it('is fetched, also where it leads on', async () => {
    const bytes = await tgzOf([manifest(), definition(CODES)]);
    const { index } = await serve(
      (request, reply) => {
        if (request.url === '/old') reply.writeHead(302, { location: '/new.tgz' }).end();
        else reply.end(bytes);
      },
      (url) => add(`${url}/old`),
    );
    expect(index.name).toBe('test.package');
  });

  it('that leads round in circles, answers no package, or never answers is given up', async () => {
    await serve(
      (_request, reply) => reply.writeHead(301, { location: '/again' }).end(),
      (url) => expect(add(`${url}/a`)).rejects.toThrow('packageRedirectsMax'),
    );
    await serve(
      (_request, reply) => reply.writeHead(404).end(),
      (url) => expect(add(`${url}/a`)).rejects.toThrow('answered 404'),
    );
    await serve(
      () => undefined,
      (url) => expect(add(`${url}/a`, { packageFetchSeconds: 0.05 })).rejects.toThrow('packageFetchSeconds'),
    );
    await serve(
      (_request, reply) => reply.write(gzipSync('begun')),
      (url) => expect(add(`${url}/a`, { packageFetchSeconds: 0.2 })).rejects.toThrow('was not whole in time'),
    );
    expect(await shelved()).toEqual([]);
  });

  it('of other kinds, with a password, or where nobody listens is refused', async () => {
    await expect(add('ftp://127.0.0.1/a.tgz')).rejects.toThrow('http:// or https://');
    await expect(add('file:///etc/passwd')).rejects.toThrow('http:// or https://');
    await expect(add('http://me:secret@127.0.0.1/a.tgz')).rejects.toThrow('are not taken');
    const address = await serve(
      () => undefined,
      async (url) => url,
    );
    await expect(add(`${address}/a.tgz`)).rejects.toThrow('is not reached');
  });
});
