/** Opens the SQLite store: lock, writer thread (which migrates), read connections, log of reads. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Seq } from '../../base/brands.ts';
import { Failure } from '../../base/failure.ts';
import { startThread } from '../../base/start-thread.ts';
import type { StoreOptions } from '../open-store.ts';
import type { Store } from '../store.ts';
import { ReadAudit } from './audit/read-audit.ts';
import { openForReading } from './connection.ts';
import { IndexProgress } from './index/index-progress.ts';
import { TextProgress } from './index/text-progress.ts';
import { ReadCache } from './read-cache.ts';
import { Reader } from './reader.ts';
import { SearchPool } from './search/search-pool.ts';
import { SqliteStore } from './sqlite-store.ts';
import type { WriterData } from './writer-thread.ts';

/** As `openStore`. */
export async function openSqliteStore({ folder, clock, ids, settings }: StoreOptions): Promise<Store> {
  const path = join(folder, 'store.db');
  const auditPath = join(folder, 'reads.db');
  const unlock = lock(folder);
  try {
    const writer = startThread('writer-thread', import.meta.url, {
      path,
      folder,
      diskReserveBytes: settings.diskReserveBytes,
      snapshotKeepMs: settings.snapshotKeepSeconds * 1000,
    } satisfies WriterData);
    await once(writer, 'message').catch((error: unknown) => {
      throw failureOfThread(error);
    });
    const readAudit = await ReadAudit.open({
      path: auditPath,
      syncMs: settings.readAuditSyncMs,
      stallMs: settings.readAuditStallMs,
      waitMs: settings.readAuditWaitMs,
      clock,
    });
    const cache = new ReadCache(settings.readCacheBytes);
    const connection = openForReading(path);
    const head = Number(connection.get('SELECT max(seq) FROM commits', [])?.[0] ?? 0) as Seq;
    const reader = new Reader({
      connection,
      cache,
      searches: new SearchPool(path, settings),
      includesMax: settings.includesMax,
      now: () => clock.now(),
      // the thread indexes all that it finds before it says that it is open
      indexed: new IndexProgress(head, () => writer.postMessage('index')),
      texts: new TextProgress(() => writer.postMessage('text'), settings.searchSecondsMax * 1000),
    });
    return new SqliteStore({
      writer,
      head,
      reader,
      cache,
      readAudit,
      readAuditRows: openForReading(auditPath),
      clock,
      ids,
      settings,
      unlock,
    });
  } catch (error) {
    unlock();
    throw error;
  }
}

/**
 * An error is a plain one once it has crossed from its thread; what the thread refused on purpose becomes a
 * Failure again.
 */
function failureOfThread(error: unknown): unknown {
  const { name, code, message } = error as Partial<Failure>;
  return name === 'Failure' && code !== undefined ? new Failure(code, message ?? '') : error;
}

/**
 * Holds the folder for this process; the operating system lets go of it when the process ends, however it
 * ends.
 */
function lock(folder: string): () => void {
  const path = join(folder, 'lock.db');
  const isNew = !existsSync(path);
  const database = new DatabaseSync(path);
  try {
    if (isNew) database.exec('CREATE TABLE IF NOT EXISTS lock(one)');
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    throw new Failure(
      'conflict',
      `Another process has ${folder} open. Stop it first, or give this node a folder of its own.`,
      { cause },
    );
  }
  return () => database.close();
}
