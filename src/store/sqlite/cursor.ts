/**
 * Where a page ended, as the opaque text of a next link: the snapshot it was read in, the place, and a seal
 * over both and over the question and scope that it was given for. Without the seal an asker could name an
 * older snapshot, and see what has been closed or withdrawn since; with it a link opens what it was given
 * for, to whom it was given (docs/adr/0010).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Failure } from '../../base/failure.ts';

export interface Cursor {
  /** The snapshot that every page of one search is read in. */
  readonly seq: number;
  /** The last rid of a search; of a history the last version, of a compartment the rows gone by. */
  readonly after: number;
}

/** Half of SHA-256: nobody finds a seal by trying. */
const SEAL_BYTES = 16;

/** Seals and opens the page links of one store. */
export class CursorSeal {
  readonly #key: Buffer;

  /** `key` is the store's own and leaves it never. */
  constructor(key: Buffer) {
    this.#key = key;
  }

  /** The text of a link that goes on with `question`: plain data, the scope in it. */
  text({ seq, after }: Cursor, question: unknown): string {
    const place = `${seq.toString(36)}.${after.toString(36)}`;
    return `${place}.${this.#seal(place, question).toString('base64url')}`;
  }

  /** Throws Failure `value` where the text is not one that was given for this question. */
  read(text: string | undefined, question: unknown): Cursor | undefined {
    if (text === undefined) return undefined;
    const [, place = '', seq = '', after = '', seal = ''] =
      /^(([0-9a-z]{1,11})\.([0-9a-z]{1,11}))\.([\w-]{22})$/.exec(text) ?? [];
    const given = Buffer.from(seal, 'base64url');
    if (given.length !== SEAL_BYTES || !timingSafeEqual(given, this.#seal(place, question))) {
      throw new Failure(
        'value',
        'This page link is not one that this server gave for this question and asker. Search again from the start.',
      );
    }
    return { seq: Number.parseInt(seq, 36), after: Number.parseInt(after, 36) };
  }

  #seal(place: string, question: unknown): Buffer {
    const text = JSON.stringify([place, question]);
    return createHmac('sha256', this.#key).update(text).digest().subarray(0, SEAL_BYTES);
  }
}
