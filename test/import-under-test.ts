/** For tests: an importer over real records in folders of their own, and files to give it. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { timeOrderedIds } from '../src/base/ids.ts';
import { silentLog } from '../src/base/log.ts';
import type { Settings } from '../src/base/settings.ts';
import type { ResourceOf, ResourceType } from '../src/fhir/resource.ts';
import { type ImportSummary, importFiles } from '../src/ingest/import-files.ts';
import { Importer } from '../src/ingest/importer.ts';
import { openIntake } from '../src/ingest/open-intake.ts';
import { openFeeds } from '../src/records/feeds.ts';
import { ANY_FEED } from './mllp-under-test.ts';
import { asker, HERE, openRecordsUnderTest, type RecordsUnderTest } from './records-under-test.ts';

export interface ImportUnderTest extends RecordsUnderTest {
  readonly folder: string;
  /** Writes a file below the folder and gives its path. */
  file(name: string, content: string | Buffer | object): Promise<string>;
  run(...paths: readonly string[]): Promise<ImportSummary>;
  /** The lines of the rejects file. */
  rejects(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Every current resource of a type. */
  all<T extends ResourceType>(type: T): Promise<readonly ResourceOf<T>[]>;
}

export async function openImportUnderTest(given: Partial<Settings> = {}): Promise<ImportUnderTest> {
  // a test machine may be too busy for the promise that this setting makes
  const node = await openRecordsUnderTest({ readAuditStallMs: 30_000, ...given });
  const folder = await mkdtemp(join(tmpdir(), 'openward-import-'));
  const { clock, records, settings } = node;
  const ids = timeOrderedIds(clock);
  const feeds = await openFeeds({ feeds: [ANY_FEED], folder: join(folder, '.feeds'), clock });
  const config = { ods: HERE, name: 'Trust', feeds: [ANY_FEED] };
  const { intake, close } = await openIntake({
    config,
    records,
    feeds,
    settings,
    clock,
    ids,
    log: silentLog,
  });
  const importer = new Importer({ settings, ids, intake, base: 'http://127.0.0.1:1/fhir' });
  const session = records.as(asker('system'));
  const rejects = join(folder, '.rejects', 'rejects.ndjson');
  await mkdir(dirname(rejects));
  return {
    ...node,
    folder,
    async file(name, content) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      const text =
        typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content);
      await writeFile(path, text);
      return path;
    },
    run: (...paths) =>
      importFiles({
        paths: paths.length === 0 ? [folder] : paths,
        target: {
          take: (unit, last) => importer.take(session, unit, last),
          commits: () => node.store.figures().transactions,
        },
        rejects,
        settings,
        clock,
        progress: () => undefined,
      }),
    async rejects() {
      const text = await readFile(rejects, 'utf8').catch(() => '');
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    async all<T extends ResourceType>(type: T) {
      const found: ResourceOf<T>[] = [];
      let cursor: string | undefined;
      do {
        const page = await session.search({
          type,
          filters: [],
          sort: [],
          count: 1_000,
          total: 'none',
          include: [],
          revinclude: [],
          ...(cursor === undefined ? {} : { cursor }),
        });
        for (const { bytes } of page.entries) found.push(JSON.parse(bytes.toString()) as ResourceOf<T>);
        cursor = page.next;
      } while (cursor !== undefined);
      return found;
    },
    async close() {
      await close();
      await feeds.close();
      await node.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
