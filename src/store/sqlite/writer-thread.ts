/**
 * The thread of the one writer. It takes all that has queued while it was busy (never waiting for more),
 * writes it as one group, and replies once. While idle it clears what no snapshot needs.
 */
import { statfsSync, statSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { openForWriting } from './connection.ts';
import type { GroupReply, WriteRequest } from './group-message.ts';
import { type PackedRequests, unpackRequests } from './pack-requests.ts';
import { migrate } from './schema.ts';
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

const ROOM_CHECK_MS = 100;
let roomCheckedAt = Number.NEGATIVE_INFINITY;
let hasRoom = true;

function checkRoom(): void {
  const now = systemClock.monotonicMs();
  if (now - roomCheckedAt > ROOM_CHECK_MS) {
    const { bavail, bsize } = statfsSync(folder);
    // what stands in the WAL will be copied into the database, and may need as much room there again
    const wal = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    hasRoom = bavail * bsize - wal > diskReserveBytes;
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
  if (first === 'close') {
    clearTimeout(idle);
    connection.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    connection.close();
    port.postMessage('closed');
    port.close();
    return;
  }
  const group: WriteRequest[] = unpackRequests(first);
  let closing = false;
  while (group.length < GROUP_MAX && !closing) {
    const next = receiveMessageOnPort(port) as { message: Message } | undefined;
    if (next === undefined) break;
    if (next.message === 'close') closing = true;
    else group.push(...unpackRequests(next.message));
  }
  told = { now: Math.max(...group.map(({ now }) => now)), at: systemClock.monotonicMs() };
  port.postMessage({ replies: writer.writeGroup(group) } satisfies GroupReply);
  if (closing) port.emit('message', 'close');
  else whenIdle();
});

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
