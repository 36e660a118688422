/**
 * The thread of the one writer. It takes all that has queued while it was busy (never waiting for more),
 * writes it as one group, and replies once. While idle it indexes what waits, and clears what no snapshot
 * needs.
 */
import { statfsSync, statSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { openForWriting } from './connection.ts';
import { diskFailure } from './disk-failure.ts';
import { failureParts, type GroupReply, type WriteRequest } from './group-message.ts';
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

/** 'index': let everything written so far be found by its values; 'text': by its words. */
type Message = PackedRequests | 'index' | 'text' | 'close';

port.on('message', (first: Message) => {
  const group: WriteRequest[] = [];
  let last: Message | undefined = first;
  while (last !== undefined && typeof last !== 'string') {
    group.push(...unpackRequests(last));
    last = group.length < GROUP_MAX ? nextMessage() : undefined;
  }
  if (group.length > 0) write(group);
  if (last === 'close') close();
  else {
    if (last === 'index') index();
    if (last === 'text') indexTexts();
    whenIdle();
  }
});

function nextMessage(): Message | undefined {
  return port === null
    ? undefined
    : (receiveMessageOnPort(port) as { message: Message } | undefined)?.message;
}

function write(group: readonly WriteRequest[]): void {
  told = { now: Math.max(...group.map(({ now }) => now)), at: systemClock.monotonicMs() };
  const replies = writer.writeGroup(group);
  post({ replies, indexedSeq: writer.indexedSeq });
}

function index(): void {
  try {
    writer.index();
    post({ replies: [], indexedSeq: writer.indexedSeq });
  } catch (error) {
    post({ replies: [], indexedSeq: writer.indexedSeq, indexFailure: failureParts(diskFailure(error)) });
  }
}

/** A slice of it holds up a commit for some 20 ms at most. */
const TEXTS_AT_ONCE = 100;
let texts: NodeJS.Immediate | undefined;

/** Slice after slice, with the commits that came meanwhile in between. */
function indexTexts(): void {
  texts ??= setImmediate(() => {
    texts = undefined;
    const indexedSeq = writer.indexedSeq;
    try {
      const text = writer.indexTexts(TEXTS_AT_ONCE);
      post({ replies: [], indexedSeq, text });
      if (text.percent < 100) indexTexts();
    } catch (error) {
      const text = { seq: 0, percent: 0 };
      post({ replies: [], indexedSeq, text, textFailure: failureParts(diskFailure(error)) });
    }
  });
}

function close(): void {
  clearTimeout(idle);
  clearImmediate(texts);
  index();
  connection.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  connection.close();
  port?.postMessage('closed');
  port?.close();
}

function post(reply: GroupReply): void {
  port?.postMessage(reply);
}

function whenIdle(): void {
  clearTimeout(idle);
  idle = setTimeout(tidy, IDLE_MS);
  idle.unref();
}

function tidy(): void {
  index();
  if (writer.texts.isBegun) indexTexts();
  clearSuperseded();
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
