/**
 * Commits in order, as they happened, for whoever follows this store. Wakes on a commit; reads no faster
 * than it is read from; tells none before a snapshot shows it, since whoever hears of a commit goes and
 * reads it. Who keeps up is told from memory, who lags from the database.
 */
import type { Id, InstantMs, Seq, VersionId } from '../../base/brands.ts';
import type { Change, ChangedResource } from '../store.ts';
import type { Connection } from './connection.ts';
import { type Dictionary, typeName } from './dictionary.ts';
import { personsOf } from './version-rows.ts';

const AT_ONCE = 200;
const ROWS_AT_ONCE = 2000;
/** Changed resources of the newest commits that are kept in memory. */
const RECENT_MAX = 4000;

export class ChangesFeed {
  readonly #connection: Connection;
  readonly #dictionary: Dictionary;
  /** The newest commit that a snapshot shows. */
  readonly #head: () => Seq;
  readonly #waiting = new Set<() => void>();
  /** The newest commits, without a gap. */
  #recent: Change[] = [];
  #recentEntries = 0;

  constructor(connection: Connection, dictionary: Dictionary, head: () => Seq) {
    this.#connection = connection;
    this.#dictionary = dictionary;
    this.#head = head;
  }

  /** Commits have become visible, each the next after the one before. */
  tell(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    for (const change of changes) {
      this.#recent.push(change);
      this.#recentEntries += change.entries.length;
    }
    while (this.#recentEntries > RECENT_MAX || this.#recent.length > RECENT_MAX) {
      const dropped = this.#recent.splice(0, Math.ceil(this.#recent.length / 2));
      this.#recentEntries -= dropped.reduce((sum, { entries }) => sum + entries.length, 0);
    }
    for (const resume of this.#waiting) resume();
    this.#waiting.clear();
  }

  async *after(seq: Seq, signal: AbortSignal): AsyncIterable<Change> {
    let last: number = seq;
    while (!signal.aborted) {
      const changes = last >= this.#head() ? [] : (this.#remembered(last) ?? this.#kept(last));
      for (const change of changes) {
        if (signal.aborted) return;
        last = change.seq;
        yield change;
      }
      if (changes.length === 0) await this.#next(last, signal);
    }
  }

  /** What followed on `last`, from memory; undefined where that does not reach back so far. */
  #remembered(last: number): Change[] | undefined {
    const first = this.#recent[0]?.seq;
    if (first === undefined || last < first - 1) return undefined;
    return this.#recent.slice(last + 1 - first, last + 1 - first + AT_ONCE);
  }

  #kept(last: number): Change[] {
    const commits = this.#connection.all(
      'SELECT seq, at, first, last FROM commits WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
      [last, this.#head(), AT_ONCE],
    );
    return commits.length === 0 ? [] : this.#changes(commits.map((row) => row.map(Number)));
  }

  /**
   * Changes of commits (seq, at, first, last) that follow on each other: at least the first, and no more
   * than many rows together.
   */
  #changes(commits: readonly number[][]): Change[] {
    const [, , first = 0, end = 0] = commits[0] ?? [];
    const taken = commits.filter(([, , , last = 0], i) => i === 0 || last < first + ROWS_AT_ONCE);
    const entries = this.#entries(first, Math.max(end, taken.at(-1)?.[3] ?? 0));
    return taken.map(([seq, at, from = 0, to = 0]) => ({
      seq: seq as Seq,
      at: at as InstantMs,
      entries: entries.slice(from - first, to + 1 - first),
    }));
  }

  #entries(first: number, last: number): ChangedResource[] {
    const rows = this.#connection.all(
      `SELECT v.rid, v.lid, v.version, v.type, v.deleted, v.person, b.rid, b.person FROM ver v
        LEFT JOIN ver b ON b.lid = v.lid AND b.version = v.version - 1 WHERE v.rid BETWEEN ? AND ? ORDER BY v.rid`,
      [first, last],
    );
    return rows.map(([rid, lid, version, type, deleted, person, ridBefore, personBefore]) => ({
      type: typeName(Number(type)),
      id: this.#dictionary.idOf(Number(lid)) as Id,
      versionId: String(version) as VersionId,
      deleted: deleted === 1,
      persons: [...new Set([...this.#persons(rid, person), ...this.#persons(ridBefore, personBefore)])],
    }));
  }

  #persons(rid: unknown, person: unknown): readonly Id[] {
    if (rid === null || person === null || person === undefined) return [];
    return personsOf(Number(rid), Number(person), this.#connection, this.#dictionary);
  }

  /** Waits for a commit after `last`; one that came since it was looked for does not wait. */
  #next(last: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const resume = (): void => {
        signal.removeEventListener('abort', resume);
        this.#waiting.delete(resume);
        resolve();
      };
      this.#waiting.add(resume);
      signal.addEventListener('abort', resume, { once: true });
      if (this.#head() > last) resume();
    });
  }
}
