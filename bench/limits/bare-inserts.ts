/**
 * Limit of import: SQLite inserting the rows of a finished store into empty tables of the same schema, in the same order, in as many
 * commits. `node bare-inserts.ts STORE.db OUT.db COMMITS`; prints seconds. Reading the rows is not timed.
 */
import { DatabaseSync } from 'node:sqlite';

const [, , from = '', to = '', commits = '1'] = process.argv;
const source = new DatabaseSync(from, { readOnly: true });
const target = new DatabaseSync(to);
target.exec('PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA cache_size=-262144');
target.exec('PRAGMA synchronous=FULL');
const schema = "SELECT name, sql FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%'";
const tables = [...source.prepare(schema).all()].map(({ name, sql }) => {
  target.exec(String(sql));
  const rows = source.prepare(`SELECT * FROM "${name}"`).all().map(Object.values);
  return { name: String(name), rows, size: Math.ceil(rows.length / Number(commits)) };
});
let seconds = 0;
for (let part = 0; part < Number(commits); part++) {
  const begun = performance.now();
  target.exec('BEGIN');
  for (const { name, rows, size } of tables.filter((one) => one.size > 0)) {
    const insert = target.prepare(`INSERT INTO "${name}" VALUES (${rows[0]?.map(() => '?').join()})`);
    for (const row of rows.slice(part * size, (part + 1) * size)) insert.run(...row);
  }
  target.exec('COMMIT');
  seconds += (performance.now() - begun) / 1000;
}
process.stdout.write(`${seconds}\n`);
