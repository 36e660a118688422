/**
 * The log of reads: its own database, its own hash chain, its own thread. A batch is in the WAL (it
 * survives kill -9) before it is acknowledged; the WAL is synced a few milliseconds later and that is told
 * too.
 */
import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { auditHash, CHAIN_START } from '../../audit.ts';

export interface AuditBatch {
  readonly n: number;
  /** auditText of each row. */
  readonly rows: readonly string[];
}
export type AuditReply =
  | { readonly kind: 'open' | 'closed' }
  | { readonly kind: 'logged'; readonly n: number; readonly error?: string }
  /** Every batch up to `n` is on the disk. */
  | { readonly kind: 'synced'; readonly n: number; readonly error?: string };

const { path, syncMs } = workerData as { readonly path: string; readonly syncMs: number };
const port = parentPort;
if (port === null) throw new Error('audit-thread runs as a thread');
const say = (reply: AuditReply): void => port.postMessage(reply);

const database = new DatabaseSync(path);
// NORMAL: the WAL is synced by us below, and by SQLite before it is copied into the database
database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000;
  CREATE TABLE IF NOT EXISTS audit(n INTEGER PRIMARY KEY, text TEXT NOT NULL, hash TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS head(one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL, hash TEXT NOT NULL)`);
const last = database.prepare('SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1').get() as
  | { n: number; hash: string }
  | undefined;
let n = last?.n ?? 0;
let hash = last?.hash ?? CHAIN_START;
const insert = database.prepare('INSERT INTO audit VALUES (?, ?, ?)');
const setHead = database.prepare('INSERT OR REPLACE INTO head VALUES (1, ?, ?)');

let wal: number | undefined;
let loggedBatch = 0;
let syncedBatch = 0;
let timer: NodeJS.Timeout | undefined;

let isSyncing = false;
let isClosing = false;

port.on('message', (batch: AuditBatch | 'close') => {
  if (batch === 'close') {
    isClosing = true;
    if (!isSyncing) close();
    return;
  }
  const error = log(batch.rows);
  say({ kind: 'logged', n: batch.n, ...(error === undefined ? {} : { error }) });
  if (error !== undefined) return;
  loggedBatch = batch.n;
  syncSoon();
});

function close(): void {
  clearTimeout(timer);
  if (loggedBatch > syncedBatch) fdatasyncSync(opened());
  if (wal !== undefined) closeSync(wal);
  database.close();
  say({ kind: 'closed' });
  port?.close();
}

/** What went wrong, or undefined. The chain goes on from where the last good batch left it. */
function log(rows: readonly string[]): string | undefined {
  const before = { n, hash };
  try {
    database.exec('BEGIN IMMEDIATE');
    for (const text of rows) {
      n++;
      hash = auditHash(hash, n, text);
      insert.run(n, text, hash);
    }
    setHead.run(n, hash);
    database.exec('COMMIT');
    return undefined;
  } catch (error) {
    n = before.n;
    hash = before.hash;
    if (database.isTransaction) database.exec('ROLLBACK');
    return (error as Error).message;
  }
}

function syncSoon(): void {
  if (!isSyncing) timer ??= setTimeout(sync, syncMs);
}

function opened(): number {
  wal ??= openSync(`${path}-wal`, 'r+');
  return wal;
}

/** Beside the thread, so that rows go on being logged while the disk takes its time. */
function sync(): void {
  timer = undefined;
  const n = loggedBatch;
  const synced = (error: Error | null): void => {
    isSyncing = false;
    if (error === null) syncedBatch = n;
    say({ kind: 'synced', n, ...(error === null ? {} : { error: error.message }) });
    if (isClosing) close();
    else if (error === null && loggedBatch > n) syncSoon();
  };
  try {
    isSyncing = true;
    fdatasync(opened(), synced);
  } catch (error) {
    synced(error as Error);
  }
}

say({ kind: 'open' });
