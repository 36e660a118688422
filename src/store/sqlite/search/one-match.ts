/** What the condition of a write finds, looked for in the middle of the commit: one resource or none. */
import type { SearchQuery } from '../../../fhir/search-query.ts';
import type { Scope } from '../../scope.ts';
import { severalMatches } from '../../several-matches.ts';
import type { Connection } from '../connection.ts';
import type { Dictionary } from '../dictionary.ts';
import { runSearch } from './search-run.ts';

export interface Match {
  readonly id: string;
  readonly version: number;
  /** When it was written (ms). */
  readonly at: number;
  readonly rid: number;
  /** The column of ver: a lid, -1 for several, null for none. */
  readonly person: number | null;
}

/** Throws Failure `multiple-matches` (412) where several fit. `now` is for relative dates (ms). */
export function oneMatch(
  query: SearchQuery,
  scope: Scope,
  now: number,
  connection: Connection,
  dictionary: Dictionary,
): Match | undefined {
  const run = {
    query: { ...query, count: 2, sort: [], include: [], revinclude: [], total: 'none' as const },
    scope,
    seq: Number.MAX_SAFE_INTEGER,
    now,
    includesMax: 0,
  };
  const { rids } = runSearch(run, connection, dictionary);
  if (rids.length > 1) throw severalMatches(query.type);
  const [rid] = rids;
  if (rid === undefined) return undefined;
  const row = connection.get(
    'SELECT e.id, v.version, v.at, v.person FROM ver v JOIN ent e ON e.lid = v.lid WHERE v.rid = ?',
    [rid],
  );
  if (row === undefined) throw new Error('a version that was found is not there');
  const person = row[3] === null || row[3] === undefined ? null : Number(row[3]);
  return { id: String(row[0]), version: Number(row[1]), at: Number(row[2]), rid, person };
}
