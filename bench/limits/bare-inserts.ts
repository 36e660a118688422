/**
 * Limit of import: SQLite inserting the rows of a finished store into empty tables of the same schema, in the same order, in commits
 * of the same size. `node bare-inserts.ts STORE.db OUT.db COMMITS`; prints seconds. Reading the rows is not timed.
 */
import { DatabaseSync } from 'node:sqlite';

const [, , from = '', to = '', commits = '1'] = process.argv;
const source = new DatabaseSync(from, { readOnly: true });
const target = new DatabaseSync(to);
target.exec(
  'PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-262144',
);
const tables = source
  .prepare(
    "SELECT name, sql FROM sqlite_schema WHERE type='table' AND sql IS NOT NULL AND name NOT LIKE 'sqlite_%'",
  )
  .all();
const rows = tables.map(({ name, sql }) => {
  target.exec(String(sql));
  return {
    name: String(name),
    rows: source
      .prepare(`SELECT * FROM "${name}"`)
      .all()
      .map((row) => Object.values(row)),
  };
});
let seconds = 0;
for (let part = 0; part < Number(commits); part++) {
  const begun = performance.now();
  target.exec('BEGIN');
  for (const { name, rows: all } of rows.filter((one) => one.rows.length > 0)) {
    const insert = target.prepare(`INSERT INTO "${name}" VALUES (${all[0]?.map(() => '?').join()})`);
    const size = Math.ceil(all.length / Number(commits));
    for (const row of all.slice(part * size, (part + 1) * size)) insert.run(...row);
  }
  target.exec('COMMIT');
  seconds += (performance.now() - begun) / 1000;
}
process.stdout.write(`${seconds}\n`);
