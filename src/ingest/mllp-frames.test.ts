import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Frame, FrameReader, framed, OVERLONG_KEPT_BYTES } from './mllp-frames.ts';

/** Bytes in chunks of these sizes, over and over. */
function* chunks(bytes: Buffer, sizes: readonly number[]): Iterable<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

function read(bytes: Buffer, sizes: readonly number[], max = 1_000): Frame[] {
  const reader = new FrameReader(max);
  return [...chunks(bytes, sizes)].flatMap((chunk) => reader.push(chunk));
}

/** Anything but the two bytes that end a frame, one after the other. */
const content = fc
  .uint8Array({ maxLength: 60 })
  .map((bytes) => Buffer.from(bytes.map((byte, i) => (byte === 0x0d && bytes[i - 1] === 0x1c ? 0x20 : byte))))
  .filter((bytes) => bytes.at(-1) !== 0x1c);
const noise = fc
  .uint8Array({ maxLength: 10 })
  .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0b)));

describe('frames', () => {
  it('are the same however the bytes are cut, with noise between them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(noise, content), { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        (parts, sizes) => {
          const bytes = Buffer.concat(
            parts.flatMap(([before, inside]) => [
              before,
              Buffer.from([0x0b]),
              inside,
              Buffer.from([0x1c, 0x0d]),
            ]),
          );
          expect(read(bytes, sizes)).toEqual(parts.map(([, inside]) => ({ bytes: inside, tooLong: false })));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('beyond the limit leave their beginning, and the next one is whole', () => {
    const bytes = Buffer.concat([framed('x'.repeat(20_000)), framed('next')]);
    for (const size of [1, 7, 1_000, 50_000]) {
      expect(read(bytes, [size], 10_000)).toEqual([
        { bytes: Buffer.from('x'.repeat(OVERLONG_KEPT_BYTES)), tooLong: true },
        { bytes: Buffer.from('next'), tooLong: false },
      ]);
    }
  });

  it('that have not ended are known as such, and count what came', () => {
    const reader = new FrameReader(100);
    expect(reader.push(Buffer.from('??\x0babc'))).toEqual([]);
    expect([reader.isInside, reader.length, reader.skipped]).toEqual([true, 3, 2]);
    expect(reader.push(Buffer.from('\x1c\r\n'))).toEqual([{ bytes: Buffer.from('abc'), tooLong: false }]);
    expect([reader.isInside, reader.length, reader.skipped]).toEqual([false, 0, 2]);
  });
});
