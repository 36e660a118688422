/**
 * The index of full text (`_text`, `_content`), on SQLite's FTS5. Nothing of it is written with a commit: it is
 * begun when a search first asks for it, in slices between the groups of commits, and kept up with in idle time from
 * then on. `textRid` in the store says up to which version all is in; there is none until somebody has asked.
 */
import { textOf } from '../../../fhir/full-text.ts';
import { isObject } from '../../../fhir/json-access.ts';
import type { TextQuery } from '../../../fhir/search-query.ts';
import type { Connection } from '../connection.ts';

/** How far it is. */
export interface TextState {
  /** Every version up to this commit is in; 0 for none. */
  readonly seq: number;
  /** Of a hundred parts. */
  readonly percent: number;
}

export class TextIndex {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Whether any search has asked for it yet. */
  get isBegun(): boolean {
    return this.#rid() !== undefined;
  }

  /** Takes the next `count` versions, in the transaction under way. */
  step(count: number): void {
    const from = this.#rid() ?? 0;
    const rows = this.#connection.all(
      `SELECT v.rid, b.bytes FROM ver v LEFT JOIN body b ON b.rid = v.rid
        AND (v.until IS NULL OR EXISTS (SELECT 1 FROM stale s WHERE s.rid = v.rid))
        WHERE v.rid > ? ORDER BY v.rid LIMIT ?`,
      [from, count],
    );
    for (const [rid, bytes] of rows) {
      if (!(bytes instanceof Uint8Array)) continue; // a deletion, or cleared
      const resource: unknown = JSON.parse(Buffer.from(bytes).toString());
      if (!isObject(resource)) continue;
      const { narrative, content } = textOf(resource);
      this.#connection.run(
        'INSERT INTO words(rowid, narrative, content) VALUES (?, ?, ?)',
        Number(rid),
        narrative,
        content,
      );
    }
    const to = Number(rows.at(-1)?.[0] ?? from);
    this.#connection.run("INSERT OR REPLACE INTO meta VALUES ('textRid', ?)", String(to));
  }

  /** Takes a version out that no snapshot needs any more. */
  remove(rid: number): void {
    if (rid <= (this.#rid() ?? 0)) this.#connection.run('DELETE FROM words WHERE rowid = ?', rid);
  }

  /** `head`: the newest commit there is. */
  state(head: number): TextState {
    const rid = this.#rid();
    if (rid === undefined) return { seq: 0, percent: 0 };
    const next = this.#connection.get('SELECT seq FROM ver WHERE rid > ? ORDER BY rid LIMIT 1', [rid]);
    if (next === undefined) return { seq: head, percent: 100 };
    const last = Number(this.#connection.get('SELECT max(rid) FROM ver', [])?.[0] ?? 1);
    return { seq: Number(next[0]) - 1, percent: Math.floor((100 * rid) / last) };
  }

  #rid(): number | undefined {
    const row = this.#connection.get("SELECT value FROM meta WHERE key = 'textRid'", []);
    return row === undefined ? undefined : Number(row[0]);
  }
}

/** The query in the language of FTS5, of one column. Words are quoted: nothing in them means anything there. */
export function matchText(over: 'narrative' | 'content', query: TextQuery): string {
  return `{${over}} : (${expression(query)})`;
}

function expression(query: TextQuery): string {
  switch (query.kind) {
    case 'words':
      return `"${query.words.join(' ').replaceAll('"', '""')}"${query.prefix ? ' *' : ''}`;
    case 'or':
      return `(${query.of.map(expression).join(' OR ')})`;
    case 'and': {
      const there = query.of.filter(({ kind }) => kind !== 'not');
      const not = query.of.flatMap((one) => (one.kind === 'not' ? [one.of] : []));
      return not.reduce(
        (all, one) => `(${all} NOT ${expression(one)})`,
        `(${there.map(expression).join(' AND ')})`,
      );
    }
    case 'not':
      throw new Error('what is not there is asked for alone');
  }
}
