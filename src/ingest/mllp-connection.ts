/**
 * One MLLP connection: frames in, answers out in the order of the messages, several under way at once. It is not read
 * while more wait than mllpQueueMax or while the other side does not take its answers. A frame that never ends leaves
 * no trace: the connection is cut after mllpIdleSeconds of silence within it.
 */
import type { Socket } from 'node:net';
import type { Log } from '../base/log.ts';
import type { Settings } from '../base/settings.ts';
import { incoming, incomingTooLong } from './incoming.ts';
import type { Intake } from './intake.ts';
import { type Frame, FrameReader, framed } from './mllp-frames.ts';
import { type Ack, isWanted } from './v2-ack.ts';
import type { Header } from './v2-header.ts';

export interface ConnectionParts {
  readonly intake: Intake;
  readonly settings: Settings;
  readonly log: Log;
}

/** A frame so many times beyond the limit is not waited for. */
const OVERLONG_TIMES = 10;

export class MllpConnection {
  readonly #socket: Socket;
  readonly #parts: ConnectionParts;
  readonly #frames: FrameReader;
  /** Frames that have come and not been begun. */
  readonly #waiting: Frame[] = [];
  /** Ends when the answer to the newest message that was begun has been sent. */
  #answered: Promise<void> = Promise.resolve();
  #underWay = 0;
  #closing = false;

  constructor(socket: Socket, parts: ConnectionParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#frames = new FrameReader(parts.settings.mllpFrameBytesMax);
    socket.setNoDelay(true);
    socket.setTimeout(parts.settings.mllpIdleSeconds * 1000);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('drain', () => this.#pace());
    socket.on('timeout', () => this.#idle());
    // a source that hangs up after its last message still gets that message stored
    socket.on('end', () => void this.close());
    socket.on('error', () => socket.destroy());
  }

  /** Takes no more, and resolves when what was begun has been answered. */
  async close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#socket.pause();
    }
    while (this.#underWay > 0 || this.#waiting.length > 0) await this.#answered;
    this.#socket.end(() => this.#socket.destroy());
  }

  #read(chunk: Buffer): void {
    const { log, settings } = this.#parts;
    const skipped = this.#frames.skipped;
    this.#waiting.push(...this.#frames.push(chunk));
    if (skipped === 0 && this.#frames.skipped > 0)
      log.warn({}, 'bytes outside of any MLLP frame were skipped');
    if (this.#frames.length > settings.mllpFrameBytesMax * OVERLONG_TIMES) {
      log.warn({}, 'an MLLP connection was cut: its frame has no end');
      this.#socket.destroy();
      return;
    }
    this.#begin();
    this.#pace();
  }

  #begin(): void {
    while (this.#underWay < this.#parts.settings.mllpQueueMax) {
      const frame = this.#waiting.shift();
      if (frame === undefined) return;
      this.#underWay += 1;
      const before = this.#answered;
      this.#answered = this.#answer(frame, before);
    }
  }

  /** Begins on the message now; sends its answer after those of the ones before it. */
  async #answer(frame: Frame, before: Promise<void>): Promise<void> {
    const { intake, log, settings } = this.#parts;
    try {
      const one = frame.tooLong
        ? incomingTooLong(frame.bytes, settings.mllpFrameBytesMax)
        : incoming(frame.bytes);
      const taken = intake.take(one);
      await before;
      this.#send(one.header, await taken);
    } catch (error) {
      // no answer is better than a wrong one: the source sends it again
      log.error({ error: (error as Error).name }, 'an MLLP connection was cut by a defect');
      this.#socket.destroy();
    } finally {
      this.#underWay -= 1;
      this.#begin();
      this.#pace();
    }
  }

  #send(header: Header, ack: Ack): void {
    if (isWanted(header, ack.code) && this.#socket.writable) this.#socket.write(framed(ack.text));
  }

  #pace(): void {
    if (this.#closing) return;
    const full = this.#waiting.length > 0 || this.#underWay >= this.#parts.settings.mllpQueueMax;
    if (full || this.#socket.writableNeedDrain) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  #idle(): void {
    if (!this.#frames.isInside || this.#socket.isPaused()) return;
    this.#parts.log.warn({}, 'an MLLP connection was cut: silence in the middle of a frame');
    this.#socket.destroy();
  }
}
