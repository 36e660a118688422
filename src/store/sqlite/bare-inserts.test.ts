/** What imports are measured against goes on working as the schema grows, and inserts the rows that there are. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { draft, observation, patient, put } from '../../../test/store-under-test.ts';
import { openSqliteUnderTest } from './sqlite-contract.ts';

let under: Awaited<ReturnType<typeof openSqliteUnderTest>>;
beforeEach(async () => {
  under = await openSqliteUnderTest();
});
afterEach(() => under.remove());

it('bare inserts copy a store row by row', async () => {
  await under.store.commit([put(patient('p')), put(observation('o', ['p']))], draft());
  expect(await under.indexDifferences()).toEqual([]);
  const [from, to] = ['store.db', 'copy.db'].map((name) => join(under.folder, name));
  const program = join(import.meta.dirname, '../../../bench/limits/bare-inserts.ts');
  const seconds = execFileSync(process.execPath, [program, from ?? '', to ?? '', '1'], { encoding: 'utf8' });
  expect(Number(seconds)).toBeGreaterThan(0);
  const count = (path = '', table: string): unknown => {
    const database = new DatabaseSync(path, { readOnly: true });
    const row = database.prepare(`SELECT count(*) AS n FROM ${table}`).get();
    database.close();
    return row?.n;
  };
  for (const table of ['ver', 'body', 'ix', 'ref', 'comp', 'audit', 'commits']) {
    expect(count(to, table), table).toBe(count(from, table));
    expect(count(to, table), table).not.toBe(0);
  }
});
