/**
 * The rejects file: a line of JSON for each input that was not taken, with where it stands, why, and for a
 * line or a message the input itself. It may hold data of patients, so only its owner may read it. Each run
 * writes it anew, since what was rejected is tried again.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { Failure } from '../../base/failure.ts';
import type { ImportUnit, Reject } from '../import-unit.ts';

export class RejectsFile {
  readonly path: string;
  #stream: WriteStream | undefined;
  #failed: Error | undefined;
  #count = 0;

  private constructor(path: string) {
    this.path = path;
  }

  /** Takes the place of an earlier run's file. Throws Failure `value` where another file is there. */
  static async open(path: string): Promise<RejectsFile> {
    if (!(await isOurs(path))) {
      throw new Failure('value', `${path} is there and is no rejects file: name another with --rejects.`);
    }
    await rm(path, { force: true });
    return new RejectsFile(path);
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Adds what was rejected of a unit, or of a file where there is no unit; `first` numbers the unit's first
   * line or message.
   */
  async add(file: string, rejects: readonly Reject[], unit?: ImportUnit, first?: number): Promise<void> {
    for (const { part, ...reject } of rejects) {
      const name = unit?.kind === 'hl7v2' ? 'message' : 'line';
      const at = first === undefined ? undefined : first + (part ?? 0);
      const input = unit === undefined || part === undefined ? undefined : partOf(unit, part);
      await this.#write({ file, ...(at === undefined ? {} : { [name]: at }), ...reject, input });
    }
  }

  async close(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined) return;
    await new Promise<void>((resolve) => stream.end(resolve));
    if (this.#failed !== undefined) throw this.#failed;
  }

  async #write(line: object): Promise<void> {
    this.#count++;
    if (this.#stream === undefined) {
      this.#stream = createWriteStream(this.path, { mode: 0o600 });
      this.#stream.on('error', (error) => {
        this.#failed ??= new Failure(
          'no-store',
          `${this.path} cannot be written: name another with --rejects.`,
          {
            cause: error,
          },
        );
      });
    }
    const stream = this.#stream;
    if (this.#failed !== undefined) throw this.#failed;
    if (stream.write(`${JSON.stringify(line)}\n`)) return;
    await new Promise<void>((resolve) => {
      stream.once('drain', resolve);
      stream.once('error', () => resolve());
    });
  }
}

/** Absent, empty, or begun as this file is. */
async function isOurs(path: string): Promise<boolean> {
  let start = '';
  try {
    const handle = await open(path);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0).finally(() => handle.close());
    start = buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
  return start === '' || start.startsWith('{"file":');
}

/** One line or message of a unit, as text. */
function partOf({ kind, bytes }: ImportUnit, part: number): string {
  const end = kind === 'hl7v2' ? '\u001c\r' : '\n';
  return (bytes.toString(kind === 'hl7v2' ? 'latin1' : 'utf8').split(end)[part] ?? '').replace(/\r$/, '');
}
