/**
 * Records that are open in somebody's browser. An address of a page must not hold an NHS number (addresses
 * end up in histories, logs and Referer headers), so it holds a handle: random, good for one session and
 * one face, and kept in memory only. A handle under another session opens nothing: a page left open from an
 * earlier session can never show another person.
 */
import { createHash } from 'node:crypto';
import type { NhsNumber } from '../base/brands.ts';
import { type Random, systemRandom } from '../base/ids.ts';

/** The patient's own view, or staff's. */
export type Face = 'patient' | 'clinician';

interface OpenPerson {
  readonly nhsNumber: NhsNumber;
  readonly face: Face;
  readonly session: string;
}

export class OpenPersons {
  readonly #max: number;
  readonly #random: Random;
  /** Oldest first. */
  readonly #open = new Map<string, OpenPerson>();

  /** `max` is how many are kept; the oldest goes first. */
  constructor(max: number, random: Random = systemRandom) {
    this.#max = max;
    this.#random = random;
  }

  /** A new handle for this person under this session's token. */
  open(nhsNumber: NhsNumber, face: Face, token: string): string {
    if (this.#open.size >= this.#max) {
      const oldest = this.#open.keys().next();
      if (oldest.done !== true) this.#open.delete(oldest.value);
    }
    const handle = this.#random.bytes(16).toString('base64url');
    this.#open.set(handle, { nhsNumber, face, session: sessionOf(token) });
    return handle;
  }

  /** Whose record the handle opens; undefined where it is unknown, of another face or of another session. */
  find(handle: string, face: Face, token: string): NhsNumber | undefined {
    const found = this.#open.get(handle);
    if (found === undefined || found.face !== face || found.session !== sessionOf(token)) return undefined;
    // used last, dropped last
    this.#open.delete(handle);
    this.#open.set(handle, found);
    return found.nhsNumber;
  }
}

const sessionOf = (token: string): string => createHash('sha256').update(token).digest('base64url');
