/**
 * How much of an import is done: bytes that the node has acknowledged, never bytes that were merely read, so
 * that a node that takes nothing does not look like one that is nearly through. A large file counts as its
 * units are acknowledged; one that is small or packed counts when the last of them is.
 */
import { assert } from '../../base/assert.ts';
import type { Settings } from '../../base/settings.ts';
import type { InputFile } from './find-inputs.ts';
import { isPacked } from './read-input.ts';

interface OpenFile {
  /** Whether units count by themselves: their bytes are those that lie on the disk. */
  readonly isCountedByUnit: boolean;
  counted: number;
  /** Units given to the node and not acknowledged, with those that wait for others. */
  units: number;
  isRead: boolean;
}

export class AcknowledgedBytes {
  readonly #of: number;
  readonly #settings: Pick<Settings, 'importChunkBytes'>;
  readonly #open = new Map<InputFile, OpenFile>();
  #done = 0;

  constructor(files: readonly InputFile[], settings: Pick<Settings, 'importChunkBytes'>) {
    this.#of = files.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#settings = settings;
  }

  /** Part of all bytes that is acknowledged, 0 to 1; 1 only when everything is. */
  get share(): number {
    return this.#of === 0 ? 1 : this.#done / this.#of;
  }

  /** A unit of the file goes to the node. */
  given(file: InputFile): void {
    let open = this.#open.get(file);
    if (open === undefined) {
      const isLarge = file.bytes > this.#settings.importChunkBytes;
      open = { isCountedByUnit: isLarge && !isPacked(file.path), counted: 0, units: 0, isRead: false };
      this.#open.set(file, open);
    }
    open.units++;
  }

  /** The node has taken or rejected a unit of so many bytes that was given to it. */
  acknowledged(file: InputFile, bytes: number): void {
    const open = this.#open.get(file);
    assert(open !== undefined, 'a unit is given before it is acknowledged');
    open.units--;
    if (open.isCountedByUnit) this.#count(file, open, bytes);
    this.#end(file, open);
  }

  /** No new unit of the file comes any more. */
  read(file: InputFile): void {
    const open = this.#open.get(file);
    if (open === undefined) {
      this.#done += file.bytes;
      return;
    }
    open.isRead = true;
    this.#end(file, open);
  }

  /** What is of no unit (blank lines, headers of batches, what was rejected unread) counts at the end. */
  #end(file: InputFile, open: OpenFile): void {
    if (open.isRead && open.units === 0) this.#count(file, open, file.bytes);
  }

  /** At most what is left of the file: units of HL7 v2 carry bytes that are not in it. */
  #count(file: InputFile, open: OpenFile, bytes: number): void {
    const more = Math.min(bytes, file.bytes - open.counted);
    open.counted += more;
    this.#done += more;
  }
}
