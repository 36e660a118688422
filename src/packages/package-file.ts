/**
 * What archives and folders have in common: files one after the other, under limits that hold whatever is in them,
 * and names that may lead nowhere but below. Nothing is ever written under a name from an archive, so a wrong name
 * could do no harm; an archive that has one is not to be trusted in anything else, and is refused whole.
 */
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';

/** A file of a package. */
export interface PackageFile {
  /** Below the root of the package, with slashes: `package/package.json`. */
  readonly path: string;
  readonly bytes: Buffer;
}

/** What a package may be at most. */
export type PackageLimits = Pick<
  Settings,
  | 'packageArchiveBytesMax'
  | 'packageUnpackedBytesMax'
  | 'packageEntryBytesMax'
  | 'packageEntriesMax'
  | 'jsonDepthMax'
>;

/** How much of a name is repeated in a text. */
const NAME_SHOWN = 120;

/** A name out of an archive, fit for a terminal. */
export function shown(path: string): string {
  const text = path.replace(/[^\x20-\x7e]/g, '?');
  return text.length > NAME_SHOWN ? `${text.slice(0, NAME_SHOWN)}…` : text;
}

/**
 * The path without `.` and doubled slashes. Throws Failure `invalid` where it is absolute, climbs out of the folder,
 * or holds what no file name should.
 */
function pathInside(path: string): string {
  const isAbsolute = /^([/\\]|[A-Za-z]:)/.test(path);
  const steps = path.split(/[/\\]/).filter((step) => step !== '' && step !== '.');
  if (isAbsolute || steps.length === 0 || steps.includes('..') || path.includes('\0')) {
    throw new Failure(
      'invalid',
      `The package holds "${shown(path)}", which leads out of its folder. Nothing was loaded: do not trust it.`,
    );
  }
  return steps.join('/');
}

/** Whether a file's content is looked at: JSON, and not what the archive says about itself. */
export function isRead(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name.endsWith('.json') && !name.startsWith('.');
}

/** Counts what a package brings and throws where it is more than it may be. */
export class PackageMeter {
  readonly #limits: PackageLimits;
  readonly #seen = new Set<string>();
  #bytes = 0;

  constructor(limits: PackageLimits) {
    this.#limits = limits;
  }

  /** Bytes as they are unpacked. Throws Failure `too-long`. */
  unpacked(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.packageUnpackedBytesMax) {
      throw tooLarge(
        `Unpacked, the package is larger than ${this.#limits.packageUnpackedBytesMax} bytes ` +
          '(setting packageUnpackedBytesMax).',
      );
    }
  }

  /**
   * An entry of this name and stated size; the name made safe. Throws Failure `invalid` (the name, or one that was
   * there before), `too-long`.
   */
  entry(name: string, size: number): string {
    const path = pathInside(name);
    if (this.#seen.size >= this.#limits.packageEntriesMax) {
      throw tooLarge(
        `The package has more than ${this.#limits.packageEntriesMax} files (setting packageEntriesMax).`,
      );
    }
    if (this.#seen.has(path)) {
      throw new Failure('invalid', `The package holds "${shown(path)}" twice. Nothing was loaded.`);
    }
    this.#seen.add(path);
    if (size > this.#limits.packageEntryBytesMax) {
      throw tooLarge(
        `"${shown(path)}" in the package is larger than ${this.#limits.packageEntryBytesMax} bytes ` +
          '(setting packageEntryBytesMax).',
      );
    }
    return path;
  }
}

export function tooLarge(text: string): Failure {
  return new Failure('too-long', `${text} Nothing was loaded.`);
}
