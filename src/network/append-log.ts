/**
 * A map kept as lines appended to a file: `[key, value]`, or `[key]` where the key has gone. Lines are
 * durable when `put` resolves (fsyncs are shared), read once at start, and written afresh when most of the
 * file is out of date.
 */
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

export class AppendLog<V> {
  readonly entries: Map<string, V>;
  readonly #path: string;
  #file: FileHandle;
  #lines: number;
  #waiting: string[] = [];
  #isTorn = false;
  /** A write failed: the file lacks lines that `entries` has, and is written afresh before anything else. */
  #isBehind = false;
  #flushing: Promise<void> | undefined;

  private constructor(path: string, file: FileHandle, entries: Map<string, V>, lines: number) {
    this.#path = path;
    this.#file = file;
    this.entries = entries;
    this.#lines = lines;
  }

  static async open<V>(path: string): Promise<AppendLog<V>> {
    await mkdir(dirname(path), { recursive: true });
    const text = await readFile(path, 'utf8').catch(() => '');
    const entries = new Map<string, V>();
    let lines = 0;
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const change = read<V>(line);
      if (change === undefined) continue; // torn by a crash: it was never acknowledged
      lines++;
      if (change.length === 1) entries.delete(change[0]);
      else entries.set(change[0], change[1]);
    }
    const log = new AppendLog(path, await open(path, 'a'), entries, lines);
    if (text !== '' && !text.endsWith('\n')) await log.#rewrite();
    return log;
  }

  /** Durable when it resolves; visible at once. */
  put(key: string, value: V): Promise<void> {
    this.entries.set(key, value);
    return this.#append(JSON.stringify([key, value]));
  }

  delete(key: string): Promise<void> {
    if (!this.entries.delete(key)) return Promise.resolve();
    return this.#append(JSON.stringify([key]));
  }

  /** Resolves when everything in `entries` is durable; rejects where it still cannot be. */
  settled(): Promise<void> {
    if (this.#isBehind) this.#flushing ??= this.#flush();
    return this.#flushing ?? Promise.resolve();
  }

  async close(): Promise<void> {
    await this.#flushing;
    await this.#file.close();
  }

  #append(line: string): Promise<void> {
    this.#waiting.push(line);
    this.#lines++;
    this.#flushing ??= this.#flush();
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    await Promise.resolve(); // whatever is put in the same turn goes together
    try {
      if (this.#isBehind) {
        await this.#rewrite();
        this.#isBehind = false;
        this.#isTorn = false;
      }
      while (this.#waiting.length > 0) {
        const text = `${this.#isTorn ? '\n' : ''}${this.#waiting.splice(0).join('\n')}\n`;
        this.#isTorn = true; // until it is whole: what follows half a line begins a new one
        await this.#file.appendFile(text);
        await this.#file.datasync();
        this.#isTorn = false;
        if (this.#lines > 1000 && this.#lines > 3 * this.entries.size) await this.#rewrite();
      }
    } catch (error) {
      this.#isBehind = true;
      throw error;
    } finally {
      this.#flushing = undefined;
    }
  }

  async #rewrite(): Promise<void> {
    const aside = `${this.#path}.new`;
    const file = await open(aside, 'w');
    for (const [key, value] of this.entries) await file.appendFile(`${JSON.stringify([key, value])}\n`);
    await file.sync();
    await file.close();
    await rename(aside, this.#path);
    await this.#file.close();
    this.#file = await open(this.#path, 'a');
    this.#lines = this.entries.size;
  }
}

function read<V>(line: string): [string, V] | [string] | undefined {
  try {
    return JSON.parse(line) as [string, V] | [string];
  } catch {
    return undefined;
  }
}
