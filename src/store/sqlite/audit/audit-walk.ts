/**
 * Walks a chain of audit rows as SQLite keeps it, in parts, so that whoever else this thread serves is not
 * kept waiting, and compares its end with the one that was remembered beside the rows in the same
 * transaction.
 */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import { type AuditEnd, type KeptAuditRow, NO_ROWS, walkChain } from '../../audit.ts';
import type { BrokenAudit } from '../../store.ts';
import type { Connection } from '../connection.ts';

type Broken = Omit<BrokenAudit, 'chain'>;

const ROWS_AT_ONCE = 1000;

/** The first row that is not what was written, or undefined. Rows that are added meanwhile are walked too. */
export async function brokenAuditRow(
  connection: Connection,
  chain: BrokenAudit['chain'],
): Promise<Broken | undefined> {
  for (let end = NO_ROWS; ; await turnOfOthers()) {
    const { rows, remembered } = part(connection, chain, end);
    const walked = walkChain(end, rows);
    if (!('end' in walked)) return walked;
    end = walked.end;
    if (rows.length === ROWS_AT_ONCE) continue;
    if (remembered.n > end.n)
      return { row: end.n + 1, reason: `the rows after ${end.n} are missing: there were ${remembered.n}` };
    if (remembered.n < end.n)
      return { row: remembered.n + 1, reason: `the rows after ${remembered.n} were put on from outside` };
    return remembered.hash === end.hash
      ? undefined
      : { row: end.n, reason: `row ${end.n} is not the last one that was written` };
  }
}

/** The rows after `from` and the remembered end, of one moment. */
function part(
  connection: Connection,
  chain: BrokenAudit['chain'],
  from: AuditEnd,
): { readonly rows: readonly KeptAuditRow[]; readonly remembered: AuditEnd } {
  connection.database.exec('BEGIN');
  try {
    const rows = connection
      .all('SELECT n, text, hash FROM audit WHERE n > ? ORDER BY n LIMIT ?', [from.n, ROWS_AT_ONCE])
      .map(([n, text, hash]) => ({ n: Number(n), text: String(text), hash: String(hash) }));
    return { rows, remembered: chain === 'writes' ? writesEnd(connection) : readsEnd(connection) };
  } finally {
    connection.database.exec('COMMIT');
  }
}

function writesEnd(connection: Connection): AuditEnd {
  const value = connection.get("SELECT value FROM meta WHERE key = 'auditHead'", [])?.[0];
  const [n, hash] = value === undefined ? [] : String(value).split(' ');
  return n === undefined || hash === undefined ? NO_ROWS : { n: Number(n), hash };
}

function readsEnd(connection: Connection): AuditEnd {
  const row = connection.get('SELECT n, hash FROM head', []);
  return row === undefined ? NO_ROWS : { n: Number(row[0]), hash: String(row[1]) };
}
