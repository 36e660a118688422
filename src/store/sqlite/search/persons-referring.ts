/**
 * Whose records refer to resources that lie in nobody's, directly or through others of that kind. Each
 * resource is gone through once, and others get their turn in between: a practice, or a chain of references,
 * may lead to everybody.
 */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import type { Connection } from '../connection.ts';

/** Rows read without giving way. */
const ROWS_AT_ONCE = 500;

/** The lids of Patients, of versions that show at `seq`; `lids` are the resources referred to. */
export async function personsReferring(
  lids: Iterable<number>,
  seq: number,
  connection: Connection,
): Promise<ReadonlySet<number>> {
  const persons = new Set<number>();
  const named = new Set(lids);
  let read = 0;
  for (const lid of named) {
    let [pt, rid] = [-1, -1];
    for (let more = true; more; ) {
      const rows = connection.all(
        `SELECT r.pt, r.rid, v.lid, v.person, v.seq <= ? AND (v.until IS NULL OR v.until > ?) AND v.deleted = 0
          FROM ref r JOIN ver v ON v.rid = r.rid
          WHERE r.lid = ? AND (r.pt, r.rid) > (?, ?) ORDER BY r.pt, r.rid LIMIT ?`,
        [seq, seq, lid, pt, rid, ROWS_AT_ONCE],
      );
      for (const [of, version, referrer, person, shows] of rows) {
        [pt, rid] = [Number(of), Number(version)];
        if (shows !== 1) continue;
        if (person === null)
          named.add(Number(referrer)); // the set grows while it is gone through
        else for (const one of peopleOf(rid, Number(person), connection)) persons.add(one);
      }
      more = rows.length === ROWS_AT_ONCE;
      read += rows.length + 1;
      if (read >= ROWS_AT_ONCE) {
        read = 0;
        await turnOfOthers();
      }
    }
  }
  return persons;
}

function peopleOf(rid: number, person: number, connection: Connection): readonly number[] {
  if (person >= 0) return [person];
  return connection.all('SELECT person FROM comp WHERE rid = ?', [rid]).map((row) => Number(row[0]));
}
