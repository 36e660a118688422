/** A node's copy of the directory: on disk, refreshed from the exchange, never rolled back. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { JsonWebKeyOkp } from '../base/node-config.ts';
import { type Directory, type DirectoryEntry, readDirectory } from './directory.ts';

export class DirectoryKeeper {
  readonly #path: string;
  readonly #exchangeKey: JsonWebKeyOkp;
  readonly #clock: Clock;
  readonly #log: Log;
  #directory: Directory | undefined;
  #entries = new Map<OdsCode, DirectoryEntry>();
  #text: string | undefined;

  private constructor(path: string, exchangeKey: JsonWebKeyOkp, clock: Clock, log: Log) {
    this.#path = path;
    this.#exchangeKey = exchangeKey;
    this.#clock = clock;
    this.#log = log;
  }

  /** Opens with the directory of before, where there is one and it still proves genuine. */
  static async open(
    folder: string,
    exchangeKey: JsonWebKeyOkp,
    clock: Clock,
    log: Log,
  ): Promise<DirectoryKeeper> {
    await mkdir(folder, { recursive: true });
    const keeper = new DirectoryKeeper(join(folder, 'directory.jws'), exchangeKey, clock, log);
    const text = await readFile(keeper.#path, 'utf8').catch(() => undefined);
    if (text !== undefined) {
      await keeper
        .#use(text)
        .catch((error: unknown) => log.warn({ error: String(error) }, 'the directory on disk is not used'));
    }
    return keeper;
  }

  /**
   * Takes a newer directory; false where it is the one already in use. Throws Failure `security` for a forged
   * or an older one.
   */
  async take(text: string): Promise<boolean> {
    if (text === this.#text) return false;
    await this.#use(text);
    const aside = `${this.#path}.new`;
    await writeFile(aside, text, { flush: true });
    await rename(aside, this.#path);
    return true;
  }

  async #use(text: string): Promise<void> {
    const directory = await readDirectory(text, this.#exchangeKey);
    if (this.#directory !== undefined && directory.version < this.#directory.version) {
      throw new Failure(
        'security',
        `Directory ${directory.version} is older than ${this.#directory.version}, which is in use.`,
      );
    }
    this.#directory = directory;
    this.#text = text;
    this.#entries = new Map(directory.organisations.map((entry) => [entry.ods, entry]));
    for (const warning of directory.warnings) this.#log.warn({ warning }, 'directory');
  }

  entry(ods: OdsCode): DirectoryEntry | undefined {
    return this.#entries.get(ods);
  }

  entries(): readonly DirectoryEntry[] {
    return this.#directory?.organisations ?? [];
  }

  /** True where the directory in use is past its date: it is used all the same, with a warning. */
  isExpired(): boolean {
    return this.#directory !== undefined && this.#directory.expiresAt < this.#clock.now();
  }
}
