/**
 * Limit of import and MLLP: SQLite inserting the rows of a finished store into empty tables of the same schema: each row in the transaction that
 * it came in, sorted by key there. `node bare-inserts.ts STORE.db OUT.db TRANSACTIONS`; prints seconds. Reading the rows is not timed.
 */
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';

const [, , from = '', to = '', transactions = '1'] = process.argv;
const source = new DatabaseSync(from, { readOnly: true });
const target = new DatabaseSync(to);
target.exec(
  'PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA cache_size=-262144; PRAGMA synchronous=FULL',
);
const last = Number(source.prepare('SELECT max(rid) AS rid FROM ver').get()?.rid ?? 1);
const schema = "SELECT name, sql FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%'";
const parts = Array.from({ length: Number(transactions) }, () => new Map<string, SQLOutputValue[][]>());
for (const { name, sql } of source.prepare(schema).all()) {
  target.exec(String(sql));
  const rows = source.prepare(`SELECT * FROM "${name}"`).all();
  rows.forEach((row, i) => {
    const share = row.rid === undefined ? i / rows.length : (Number(row.rid) - 1) / last;
    const part = parts[Math.floor(share * parts.length)];
    const sofar = part?.get(String(name)) ?? [];
    part?.set(String(name), sofar);
    sofar.push(Object.values(row));
  });
}
const begun = performance.now();
for (const part of parts) {
  target.exec('BEGIN');
  for (const [name, rows] of part) {
    const insert = target.prepare(`INSERT INTO "${name}" VALUES (${rows[0]?.map(() => '?').join()})`);
    for (const row of rows) insert.run(...row);
  }
  target.exec('COMMIT');
}
process.stdout.write(`${(performance.now() - begun) / 1000}\n`);
