// Limit of import and MLLP: SQLite inserting the rows of a finished store into tables of the same schema, each in the transaction that it
// came in, by key. `node bare-inserts.ts STORE.db OUT.db TRANSACTIONS`; prints seconds. Reading is not timed.
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';

const [, , from = '', to = '', count = '1'] = process.argv;
const source = new DatabaseSync(from, { readOnly: true });
const target = new DatabaseSync(to);
target.exec('PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA cache_size=-262144'); // FULL is the default
const versions = Number(source.prepare('SELECT max(rid) AS n FROM ver').get()?.n);
// tables of rows alone: the index of full text is a virtual one, and nothing is in it after an import
const schema = `SELECT s.name, s.sql FROM sqlite_schema s JOIN pragma_table_list t ON t.name = s.name
  WHERE t.schema = 'main' AND t.type = 'table' AND s.name NOT LIKE 'sqlite_%'`;
const tables = [...source.prepare(schema).all()].map(({ name, sql }) => {
  target.exec(String(sql));
  const read = source.prepare(`SELECT * FROM "${name}"`);
  read.setReturnArrays(true);
  const rid = read.columns().findIndex((column) => column.name === 'rid');
  const rows = read.all() as unknown as SQLOutputValue[][];
  const share = (row: SQLOutputValue[], i: number) =>
    rid < 0 ? i / rows.length : (Number(row[rid]) - 1) / versions;
  const parts = Object.groupBy(rows, (row, i) => Math.floor(share(row, i) * Number(count)));
  const marks = read.columns().map(() => '?');
  return { insert: target.prepare(`INSERT INTO "${name}" VALUES (${marks})`), parts };
});
const begun = performance.now();
for (let part = 0; part < Number(count); part++) {
  target.exec('BEGIN');
  for (const { insert, parts } of tables) for (const row of parts[part] ?? []) insert.run(...row);
  target.exec('COMMIT');
}
process.stdout.write(`${(performance.now() - begun) / 1000}\n`);
