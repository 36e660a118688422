/**
 * A process whose writes are recorded (record-writes.c): `node recorded-writer.ts FOLDER`. It opens a store, writes, closes it, and does so
 * again; in between it copies the log into the database, as happens of itself only after 128 MB. It says a line for each commit that
 * was acknowledged. What a commit holds follows from its name (recordedOps), so that whoever finds the name knows the rest.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../src/base/clock.ts';
import { timeOrderedIds } from '../src/base/ids.ts';
import { silentLog } from '../src/base/log.ts';
import { effectiveSettings } from '../src/base/settings.ts';
import { openStore } from '../src/store/open-store.ts';
import type { Store } from '../src/store/store.ts';
import { blobOf, RECORDED, recordedName, recordedOps } from './recorded-commits.ts';
import { draft, search } from './store-under-test.ts';

const [, , folder = ''] = process.argv;

async function write(store: Store, session: number, lane: number): Promise<void> {
  for (let n = 0; n < RECORDED.commits; n++) {
    const name = recordedName(session, lane, n);
    await store.commit(recordedOps(session, lane, n), draft({ requestId: name }), [blobOf(name)]);
    writeSync(1, `${name}\n`);
    await store.auditReads([draft({ action: 'read', requestId: name })]);
    // a search has the index written that waits
    if (n % 7 === 3) await search(store, `Observation?code=${name}`);
    if (lane === 0 && n % 5 === 4) copyLog();
  }
}

/** Into the database, which is synced first; the log begins anew where nobody reads it. */
function copyLog(): void {
  const database = new DatabaseSync(join(folder, 'store.db'));
  database.exec('PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(PASSIVE)');
  database.close();
}

for (let session = 0; session < RECORDED.sessions; session++) {
  const store = await openStore({
    folder,
    clock: systemClock,
    ids: timeOrderedIds(systemClock),
    settings: { ...effectiveSettings([], {}), readAuditStallMs: 60_000 },
    log: silentLog,
  });
  await Promise.all(Array.from({ length: RECORDED.lanes }, (_, lane) => write(store, session, lane)));
  await store.close();
}
