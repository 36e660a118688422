/** Opens the store of a node: which database it is on is decided here and known nowhere else. */
import { mkdir } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Settings } from '../base/settings.ts';
import { openSqliteStore } from './sqlite/open-sqlite-store.ts';
import type { Store } from './store.ts';

export interface StoreOptions {
  /** Made where it does not exist. One process at a time. */
  readonly folder: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly settings: Settings;
  readonly log: Log;
}

/**
 * Throws Failure `conflict` where another process has the folder open, `processing` where a newer program
 * wrote it.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  await mkdir(options.folder, { recursive: true });
  return openSqliteStore(options);
}
