/**
 * Bytes of a connection → messages: 0x0B, the message, 0x1C 0x0D. Frames may come many in one packet or one in many;
 * what stands between them is skipped. A frame beyond the limit is not kept in memory: its beginning is handed on, so
 * that it can be answered and kept, and its rest is skipped. HL7 v2.5.1 appendix C (MLLP release 1).
 */

const START = 0x0b;
const END = 0x1c;
const RETURN = 0x0d;

/** So much of a frame beyond the limit is handed on. */
export const OVERLONG_KEPT_BYTES = 4_096;

export interface Frame {
  /** The message, or the first bytes of one that is too long. */
  readonly bytes: Buffer;
  readonly tooLong: boolean;
}

export class FrameReader {
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #length = 0;
  #inside = false;
  #tooLong = false;
  /** The last byte so far was an END that may or may not be followed by RETURN. */
  #ending = false;
  #skipped = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** A frame has begun and not ended. */
  get isInside(): boolean {
    return this.#inside;
  }

  /** Bytes of the present frame, those that were let go included. */
  get length(): number {
    return this.#length;
  }

  /** Bytes outside any frame so far, line ends not counted. */
  get skipped(): number {
    return this.#skipped;
  }

  /** The frames that end in this chunk, in order. The chunk must not change afterwards. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (!this.#inside) {
        at = this.#begin(chunk, at);
        continue;
      }
      if (this.#ending) {
        this.#ending = false;
        if (chunk[at] === RETURN) {
          at += 1;
          frames.push(this.#finish());
          continue;
        }
        this.#keep(END_BYTE);
      }
      const end = chunk.indexOf(END, at);
      this.#keep(chunk.subarray(at, end < 0 ? chunk.length : end));
      this.#ending = end >= 0;
      at = end < 0 ? chunk.length : end + 1;
    }
    return frames;
  }

  #begin(chunk: Buffer, at: number): number {
    const start = chunk.indexOf(START, at);
    const garbage = chunk.subarray(at, start < 0 ? chunk.length : start);
    for (const byte of garbage) if (byte !== RETURN && byte !== 0x0a) this.#skipped += 1;
    if (start < 0) return chunk.length;
    this.#inside = true;
    return start + 1;
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    if (this.#tooLong) return;
    this.#parts.push(bytes);
    if (this.#length <= this.#bytesMax) return;
    this.#tooLong = true;
    this.#parts = [Buffer.from(Buffer.concat(this.#parts).subarray(0, OVERLONG_KEPT_BYTES))];
  }

  #finish(): Frame {
    const [only, second] = this.#parts;
    const bytes = only !== undefined && second === undefined ? only : Buffer.concat(this.#parts);
    const frame = { bytes, tooLong: this.#tooLong };
    this.#parts = [];
    this.#length = 0;
    this.#inside = false;
    this.#tooLong = false;
    return frame;
  }
}

const END_BYTE = Buffer.from([END]);

/** A text in its frame. */
export function framed(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(length + 3);
  frame[0] = START;
  frame.write(text, 1);
  frame[length + 1] = END;
  frame[length + 2] = RETURN;
  return frame;
}
