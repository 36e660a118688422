/** SQLite under the store contract, and what is its own: the lock, newer files, the index against one made afresh. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { draft, id, observation, patient, put, remove } from '../../../test/store-under-test.ts';
import { systemClock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { timeOrderedIds } from '../../base/ids.ts';
import { silentLog } from '../../base/log.ts';
import { effectiveSettings, type Settings } from '../../base/settings.ts';
import type { Identified } from '../../fhir/resource.ts';
import { auditHash } from '../audit.ts';
import { openStore } from '../open-store.ts';
import type { Store } from '../store.ts';
import { type StoreUnderTest, storeContract, type Tampering } from '../store-contract.ts';

function openIn(folder: string, settings: Partial<Settings> = {}): Promise<Store> {
  return openStore({
    folder,
    clock: systemClock,
    ids: timeOrderedIds(systemClock),
    // a test machine may be too busy for the promise that this setting makes
    settings: { ...effectiveSettings([], {}), readAuditStallMs: 60_000, ...settings },
    log: silentLog,
  });
}

async function open(settings?: Partial<Settings>): Promise<StoreUnderTest & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'openward-store-'));
  const under = {
    folder,
    store: await openIn(folder, settings),
    async reopen(others?: Partial<Settings>) {
      await under.store.close();
      under.store = await openIn(folder, others);
      return under.store;
    },
    tamper: (change: Tampering) =>
      tamper(join(folder, change.chain === 'writes' ? 'store.db' : 'reads.db'), change),
    async remove() {
      await under.store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return under;
}

interface AuditColumns {
  readonly n: number;
  readonly text: string;
  readonly hash: string;
}

function tamper(path: string, change: Tampering): { undo(): void } {
  const within = (work: (database: DatabaseSync) => void): void => {
    const database = new DatabaseSync(path);
    database.exec('PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE');
    work(database);
    database.exec('COMMIT');
    database.close();
  };
  const touched: AuditColumns[] = [];
  let added = 0;
  within((database) => {
    const row = (n: number): AuditColumns => {
      const found = database.prepare('SELECT n, text, hash FROM audit WHERE n = ?').get(n) as
        | AuditColumns
        | undefined;
      if (found === undefined) throw new Error(`no row ${n} to change`);
      touched.push(found);
      return found;
    };
    const set = database.prepare('UPDATE audit SET text = ?, hash = ? WHERE n = ?');
    if (change.kind === 'append') {
      const last = database
        .prepare('SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1')
        .get() as unknown as AuditColumns;
      added = last.n + 1;
      database
        .prepare('INSERT INTO audit VALUES (?, ?, ?)')
        .run(added, change.text, auditHash(last.hash, added, change.text));
    } else if (change.kind === 'remove') {
      database.prepare('DELETE FROM audit WHERE n = ?').run(row(change.n).n);
    } else if (change.kind === 'swap') {
      const [a, b] = [row(change.n), row(change.with)];
      set.run(b.text, b.hash, a.n);
      set.run(a.text, a.hash, b.n);
    } else {
      const before = row(change.n);
      const bytes = Buffer.from(before[change.column], 'latin1');
      const at = change.byte % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ change.mask;
      const after = { ...before, [change.column]: bytes.toString('latin1') };
      set.run(after.text, after.hash, after.n);
    }
  });
  return {
    undo: () =>
      within((database) => {
        database.prepare('DELETE FROM audit WHERE n = ?').run(added);
        for (const { n, text, hash } of touched)
          database.prepare('INSERT OR REPLACE INTO audit VALUES (?, ?, ?)').run(n, text, hash);
      }),
  };
}

storeContract('SQLite', open);

describe('the files of SQLite', () => {
  let under: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    under = await open();
  });
  afterAll(() => under.remove());

  it('belong to one process at a time', async () => {
    await expect(openIn(under.folder)).rejects.toMatchObject({ name: 'Failure', code: 'conflict' });
    await under.store.commit([put(patient('still-open'))], draft());
  });

  it('that a newer program wrote are left alone', async () => {
    const newer = await open();
    await newer.store.commit([put(patient('p'))], draft());
    await newer.store.close();
    const path = join(newer.folder, 'store.db');
    const stamp = (version: number): void => {
      const database = new DatabaseSync(path);
      database.exec(`PRAGMA user_version = ${version}`);
      database.close();
    };
    stamp(99);
    const refused = await openIn(newer.folder).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Failure);
    expect(refused).toMatchObject({ code: 'processing' });
    stamp(1);
    newer.store = await openIn(newer.folder);
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
    const old = await open({ snapshotKeepSeconds: 0 });
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
    const fresh = await open();
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
