/**
 * The thread of the one writer. It takes all that has queued while it was busy (never waiting for more),
 * writes it as one group, makes it durable while it writes the next, and replies once. While idle it clears
 * what no snapshot needs.
 */
import { statfsSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { LOG_PAGES, openForWriting, PAGE_BYTES } from './connection.ts';
import type { GroupReply, WriteReply, WriteRequest } from './group-message.ts';
import { type PackedRequests, unpackRequests } from './pack-requests.ts';
import { migrate } from './schema.ts';
import { WriteAheadLog } from './write-ahead-log.ts';
import { Writer } from './writer.ts';

export interface WriterData {
  readonly path: string;
  readonly folder: string;
  readonly diskReserveBytes: number;
  readonly snapshotKeepMs: number;
}

const { path, folder, diskReserveBytes, snapshotKeepMs } = workerData as WriterData;
const port = parentPort;
if (port === null) throw new Error('writer-thread runs as a thread');

const connection = openForWriting(path);
migrate(connection.database);

/** Free on the disk beyond its reserve, in bytes. */
function room(): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize - diskReserveBytes;
}
const log = new WriteAheadLog(path, LOG_PAGES * PAGE_BYTES, (bytes) => room() > 2 * bytes);

const ROOM_CHECK_MS = 100;
let roomCheckedAt = Number.NEGATIVE_INFINITY;
let hasRoom = true;

function checkRoom(): void {
  const now = systemClock.monotonicMs();
  if (now - roomCheckedAt > ROOM_CHECK_MS) {
    // what stands in the log will be copied into the database, and may need as much room there again
    hasRoom = room() > log.bytes;
    roomCheckedAt = now;
  }
  if (!hasRoom) {
    throw new Failure(
      'no-store',
      `The disk has less than ${diskReserveBytes} bytes free (setting diskReserveBytes): nothing ` +
        `more is written until there is room. Reading goes on.`,
    );
  }
}

const writer = new Writer({ connection, checkRoom });
/** Requests in one group at most: beyond it a group's latency grows without saving more. */
const GROUP_MAX = 512;
const PURGE_AT_ONCE = 50;
const IDLE_MS = 250;
let idle: NodeJS.Timeout | undefined;
/** The node's clock, as the newest request told it, and when that was. */
let told = { now: 0, at: 0 };

type Message = PackedRequests | 'close';

/** Requests that have come and are not written. */
const queue: WriteRequest[] = [];
/** What is written and being synced, and what was written meanwhile: one group, so that the next fills up. */
let syncing: readonly WriteReply[] | undefined;
let written: readonly WriteReply[] | undefined;
let isClosing = false;

port.on('message', (message: Message) => {
  if (message === 'close') isClosing = true;
  else queue.push(...unpackRequests(message));
  goOn();
});

/** While the disk makes one group durable the next is written. */
function goOn(): void {
  if (syncing === undefined && written !== undefined) sync(written);
  if (written === undefined && queue.length > 0) {
    written = write();
    if (syncing === undefined) sync(written);
  }
  if (syncing !== undefined || written !== undefined) return;
  if (isClosing) close();
  else whenIdle();
}

function write(): readonly WriteReply[] {
  for (let next = received(); next !== undefined; next = received()) {
    if (next === 'close') isClosing = true;
    else queue.push(...unpackRequests(next));
  }
  const group = queue.splice(0, GROUP_MAX);
  told = { now: Math.max(...group.map(({ now }) => now)), at: systemClock.monotonicMs() };
  const replies = writer.writeGroup(group);
  log.lengthen();
  return replies;
}

/** A message that waits. */
function received(): Message | undefined {
  if (queue.length >= GROUP_MAX || port === null) return undefined;
  return (receiveMessageOnPort(port) as { message: Message } | undefined)?.message;
}

function sync(replies: readonly WriteReply[]): void {
  syncing = replies;
  written = undefined;
  log.sync((error) => {
    // after a failed sync nobody knows what is on the disk: the thread ends, and the store with it
    if (error !== null) throw error;
    syncing = undefined;
    if (written !== undefined) sync(written);
    port?.postMessage({ replies } satisfies GroupReply);
    goOn();
  });
}

function close(): void {
  clearTimeout(idle);
  log.close();
  connection.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  connection.close();
  port?.postMessage('closed');
  port?.close();
}

function whenIdle(): void {
  clearTimeout(idle);
  idle = setTimeout(clearSuperseded, IDLE_MS);
  idle.unref();
}

function clearSuperseded(): void {
  const now = told.now + (systemClock.monotonicMs() - told.at);
  let cleared: boolean;
  try {
    cleared = writer.purge(now - snapshotKeepMs, PURGE_AT_ONCE);
  } catch {
    return; // a disk without room: it can wait until the next write has gone through
  }
  if (cleared) whenIdle();
}

port.postMessage('open');
