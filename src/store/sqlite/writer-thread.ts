/**
 * The thread of the one writer. It takes all that has queued while it was busy (never waiting for more),
 * writes it as one group, and replies once. While idle it clears what no snapshot needs.
 */
import { statfsSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { LOG_PAGES, openForWriting, PAGE_BYTES } from './connection.ts';
import type { GroupReply, WriteRequest } from './group-message.ts';
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

port.on('message', (first: Message) => {
  let message: Message | undefined = first;
  const group: WriteRequest[] = [];
  while (message !== undefined && message !== 'close') {
    group.push(...unpackRequests(message));
    message = group.length < GROUP_MAX ? received() : undefined;
  }
  if (group.length > 0) write(group);
  if (message === 'close') close();
  else whenIdle();
});

/** A message that waits. */
function received(): Message | undefined {
  if (port === null) return undefined;
  return (receiveMessageOnPort(port) as { message: Message } | undefined)?.message;
}

/** Replies when the group is on the disk. Where that fails nobody knows what is: the thread ends. */
function write(group: readonly WriteRequest[]): void {
  told = { now: Math.max(...group.map(({ now }) => now)), at: systemClock.monotonicMs() };
  const replies = writer.writeGroup(group);
  log.sync();
  port?.postMessage({ replies } satisfies GroupReply);
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
