/** SQLite under the store contract, and what is its own: the lock, newer files, the index against one made afresh. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { draft, id, observation, patient, put, remove } from '../../../test/store-under-test.ts';
import { Failure } from '../../base/failure.ts';
import type { Identified } from '../../fhir/resource.ts';
import { storeContract } from '../store-contract.ts';
import { openSqliteIn, openSqliteUnderTest } from './sqlite-contract.ts';

storeContract('SQLite', openSqliteUnderTest);

describe('the files of SQLite', () => {
  let under: Awaited<ReturnType<typeof openSqliteUnderTest>>;
  beforeAll(async () => {
    under = await openSqliteUnderTest();
  });
  afterAll(() => under.remove());

  it('belong to one process at a time', async () => {
    await expect(openSqliteIn(under.folder)).rejects.toMatchObject({ name: 'Failure', code: 'conflict' });
    await under.store.commit([put(patient('still-open'))], draft());
  });

  it('that a newer program wrote are left alone', async () => {
    const newer = await openSqliteUnderTest();
    await newer.store.commit([put(patient('p'))], draft());
    await newer.store.close();
    const path = join(newer.folder, 'store.db');
    const stamp = (version: number): number => {
      const database = new DatabaseSync(path);
      const before = database.prepare('PRAGMA user_version').get()?.user_version;
      database.exec(`PRAGMA user_version = ${version}`);
      database.close();
      return Number(before);
    };
    const own = stamp(99);
    const refused = await openSqliteIn(newer.folder).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Failure);
    expect(refused).toMatchObject({ code: 'processing' });
    stamp(own);
    newer.store = await openSqliteIn(newer.folder);
    expect(await (await newer.store.snapshot()).seq).toBe(1);
    await newer.remove();
  });
});

/** Every index row in words, so that two stores that gave other numbers can be compared. */
function indexInWords(folder: string): string[] {
  const database = new DatabaseSync(join(folder, 'store.db'), { readOnly: true });
  const who = "(SELECT e.id || '/' || v.version FROM ver v JOIN ent e ON e.lid = v.lid WHERE v.rid = x.rid)";
  const under = "(SELECT p.type || '.' || p.code FROM param p WHERE p.pt = x.pt)";
  const statements = [
    `SELECT 'ix ' || ${who} || ' ' || p.type || '.' || p.code || ' ' || t.sys || '|' || t.code AS row FROM ix x
      JOIN param p ON p.pt = x.k / 1099511627776 JOIN term t ON t.tid = x.k % 1099511627776`,
    `SELECT 'ref ' || ${who} || ' ' || coalesce(${under}, '') || ' ' || e.type || '/' || e.id AS row FROM ref x JOIN ent e ON e.lid = x.lid`,
    `SELECT 'dat ' || ${who} || ' ' || ${under} || ' ' || x.lo || ' ' || x.hi AS row FROM dat x`,
    `SELECT 'qty ' || ${who} || ' ' || ${under} || ' ' || x.value || ' ' || coalesce((SELECT t.sys || '|' || t.code FROM term t WHERE t.tid = x.unit), '') AS row FROM qty x`,
    `SELECT 'str ' || ${who} || ' ' || ${under} || ' ' || x.norm AS row FROM str x`,
    `SELECT 'comp ' || ${who} || ' ' || x.type || ' ' || e.id AS row FROM comp x JOIN ent e ON e.lid = x.person`,
  ];
  const rows = statements.flatMap((sql) =>
    database
      .prepare(sql)
      .all()
      .map((row) => String(row.row)),
  );
  database.close();
  return rows.sort();
}

describe('the index in SQLite', () => {
  it('is, once superseded versions have left it, the one that a fresh store makes of the same resources', async () => {
    const old = await openSqliteUnderTest({ snapshotKeepSeconds: 0 });
    const full = (n: number, turn: number): Identified =>
      observation(`o${n}`, [`p${(n + turn) % 3}`], {
        code: { coding: [{ system: 'urn:c', code: `c${turn}` }], text: `Text ${turn}` },
        effectiveDateTime: `2026-0${1 + turn}-01`,
        valueQuantity: { value: n + turn, unit: 'mg', system: 'urn:u', code: `u${turn}` },
        derivedFrom: [{ reference: `Observation/o${turn}` }],
        meta: { profile: [`urn:profile:${turn}`], tag: [{ code: `t${turn}` }] },
      });
    for (let turn = 0; turn < 4; turn++) {
      await old.store.commit(
        Array.from({ length: 5 }, (_, n) => put(full(n, turn))),
        draft(),
      );
    }
    await old.store.commit([remove('Observation', 'o4'), put(full(0, 3)), put(full(0, 3))], draft());
    const superseded = (): number => {
      const database = new DatabaseSync(join(old.folder, 'store.db'), { readOnly: true });
      const rows = database.prepare('SELECT count(*) AS n FROM stale').get() as { n: number };
      database.close();
      return rows.n;
    };
    await vi.waitFor(() => expect(superseded()).toBe(0), { timeout: 20_000, interval: 50 });
    const fresh = await openSqliteUnderTest();
    for (let n = 0; n < 4; n++) {
      const versions = n === 0 ? 6 : 4;
      for (let v = 1; v < versions; v++)
        await fresh.store.commit(
          [put({ resourceType: 'Observation', id: id(`o${n}`) } as Identified)],
          draft(),
        );
      await fresh.store.commit([put(full(n, 3))], draft());
    }
    await fresh.reopen({ snapshotKeepSeconds: 0 });
    await fresh.store.commit([], draft());
    const words = indexInWords(fresh.folder).filter(
      (row) => !/^\w+ o\d\/[1-35] |^\w+ o[1-3]\/[^4] /.test(row),
    );
    expect(words.length).toBeGreaterThan(40);
    expect(indexInWords(old.folder)).toEqual(words);
    await old.remove();
    await fresh.remove();
  });
});
