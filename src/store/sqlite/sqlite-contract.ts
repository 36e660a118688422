/** SQLite as the contract wants it opened: in a folder of its own, with a way behind its back into the audit rows. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../base/clock.ts';
import { timeOrderedIds } from '../../base/ids.ts';
import { silentLog } from '../../base/log.ts';
import { effectiveSettings, type Settings } from '../../base/settings.ts';
import { auditHash } from '../audit.ts';
import { openStore } from '../open-store.ts';
import type { Store } from '../store.ts';
import type { StoreUnderTest, Tampering } from '../store-contract.ts';
import { indexDifferences } from './index/index-contract.ts';

/** Opens a store in this folder. */
export function openSqliteIn(folder: string, settings: Partial<Settings> = {}): Promise<Store> {
  return openStore({
    folder,
    clock: systemClock,
    ids: timeOrderedIds(systemClock),
    // a test machine may be too busy for the promise that this setting makes
    settings: { ...effectiveSettings([], {}), readAuditStallMs: 60_000, ...settings },
    log: silentLog,
  });
}

/** An empty store in a folder of its own. */
export async function openSqliteUnderTest(
  settings?: Partial<Settings>,
): Promise<StoreUnderTest & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'openward-store-'));
  const under = {
    folder,
    store: await openSqliteIn(folder, settings),
    async reopen(others?: Partial<Settings>) {
      await under.store.close();
      under.store = await openSqliteIn(folder, others);
      return under.store;
    },
    async indexDifferences() {
      // whoever asks this waits for all that is still to be indexed
      await (await under.store.snapshot()).personsReferringTo([]);
      return indexDifferences(join(folder, 'store.db'));
    },
    tamper: (change: Tampering) =>
      tamper(join(folder, change.chain === 'writes' ? 'store.db' : 'reads.db'), change),
    async remove() {
      await under.store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return under;
}

interface AuditColumns {
  readonly n: number;
  readonly text: string;
  readonly hash: string;
}

function tamper(path: string, change: Tampering): { undo(): void } {
  const within = (work: (database: DatabaseSync) => void): void => {
    const database = new DatabaseSync(path);
    database.exec('PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE');
    work(database);
    database.exec('COMMIT');
    database.close();
  };
  const touched: AuditColumns[] = [];
  let added = 0;
  within((database) => {
    const row = (n: number): AuditColumns => {
      const found = database.prepare('SELECT n, text, hash FROM audit WHERE n = ?').get(n) as
        | AuditColumns
        | undefined;
      if (found === undefined) throw new Error(`no row ${n} to change`);
      touched.push(found);
      return found;
    };
    const set = database.prepare('UPDATE audit SET text = ?, hash = ? WHERE n = ?');
    if (change.kind === 'append') {
      const last = database
        .prepare('SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1')
        .get() as unknown as AuditColumns;
      added = last.n + 1;
      database
        .prepare('INSERT INTO audit VALUES (?, ?, ?)')
        .run(added, change.text, auditHash(last.hash, added, change.text));
    } else if (change.kind === 'remove') {
      database.prepare('DELETE FROM audit WHERE n = ?').run(row(change.n).n);
    } else if (change.kind === 'swap') {
      const [a, b] = [row(change.n), row(change.with)];
      set.run(b.text, b.hash, a.n);
      set.run(a.text, a.hash, b.n);
    } else {
      const before = row(change.n);
      const bytes = Buffer.from(before[change.column], 'latin1');
      const at = change.byte % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ change.mask;
      const after = { ...before, [change.column]: bytes.toString('latin1') };
      set.run(after.text, after.hash, after.n);
    }
  });
  return {
    undo: () =>
      within((database) => {
        database.prepare('DELETE FROM audit WHERE n = ?').run(added);
        for (const { n, text, hash } of touched)
          database.prepare('INSERT OR REPLACE INTO audit VALUES (?, ?, ?)').run(n, text, hash);
      }),
  };
}
