/**
 * Tables of the store in SQLite, as an append-only list of migrations (docs/adr/0004). Everything is keyed
 * by small integers: `lid` a resource, `rid` one version of it (in order of commit), `pt` a search
 * parameter of a type, `tid` a term.
 */
import type { DatabaseSync } from 'node:sqlite';
import { Failure } from '../../base/failure.ts';
import { typeNumber } from './dictionary.ts';

const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  -- a resource; cur is the rid of its newest version, null where it is only referred to
  CREATE TABLE ent(lid INTEGER PRIMARY KEY, type INTEGER NOT NULL, id TEXT NOT NULL, cur INTEGER, UNIQUE(id, type));
  -- a version: shows in a snapshot s where seq <= s and (until is null or until > s); person is the lid of
  -- the one Patient in whose
  -- compartment it lies, null for none, -1 for several (comp has them all); labels are meta.security
  -- codes, each between U+001F
  CREATE TABLE ver(rid INTEGER
    PRIMARY KEY, lid INTEGER NOT NULL, version INTEGER NOT NULL, type INTEGER NOT NULL, seq INTEGER NOT NULL,
    until INTEGER, at INTEGER NOT NULL, deleted INTEGER NOT NULL, person INTEGER, labels TEXT);
  CREATE INDEX ver_lid ON ver(lid, version);
  CREATE INDEX ver_type ON ver(type, rid);
  CREATE TABLE body(rid INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
  CREATE TABLE comp(person INTEGER NOT NULL, type INTEGER NOT NULL, rid INTEGER NOT NULL,
    PRIMARY KEY(person, type, rid)) WITHOUT ROWID;
  CREATE INDEX comp_rid ON comp(rid);
  CREATE TABLE commits(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL);
  -- search index
  CREATE TABLE param(pt INTEGER PRIMARY KEY, type INTEGER NOT NULL, code TEXT NOT NULL, UNIQUE(type, code));
  CREATE TABLE term(tid INTEGER PRIMARY KEY, code TEXT NOT NULL, sys TEXT NOT NULL, UNIQUE(code, sys));
  CREATE TABLE ix(k INTEGER NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY(k, rid)) WITHOUT ROWID;
  CREATE TABLE ref(lid INTEGER NOT NULL, pt INTEGER NOT NULL, rid INTEGER NOT NULL,
    PRIMARY KEY(lid, pt, rid)) WITHOUT ROWID;
  CREATE INDEX ref_rid ON ref(rid);
  CREATE TABLE dat(pt INTEGER NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL, rid INTEGER NOT NULL,
    PRIMARY KEY(pt, lo, hi, rid)) WITHOUT ROWID;
  CREATE INDEX dat_rid ON dat(rid);
  CREATE TABLE qty(pt INTEGER NOT NULL, value REAL NOT NULL, unit INTEGER NOT NULL, rid INTEGER NOT NULL,
    PRIMARY KEY(pt, value, unit, rid)) WITHOUT ROWID;
  CREATE INDEX qty_rid ON qty(rid);
  CREATE TABLE str(pt INTEGER NOT NULL, norm TEXT NOT NULL, rid INTEGER NOT NULL,
    PRIMARY KEY(pt, norm, rid)) WITHOUT ROWID;
  CREATE INDEX str_rid ON str(rid);
  -- superseded versions whose index rows wait to be cleared, oldest first
  CREATE TABLE stale(rid INTEGER PRIMARY KEY, at INTEGER NOT NULL, until INTEGER NOT NULL);
  CREATE TABLE audit(n INTEGER PRIMARY KEY, text TEXT NOT NULL, hash TEXT NOT NULL);
  CREATE TABLE blob(space TEXT NOT NULL, name TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(space, name));
  `,
  `
  -- Patients that carry a label other than "normal": few, and looked up with every question that hides any
  CREATE INDEX ver_labelled ON ver(lid, labels, seq, until) WHERE type = ${typeNumber('Patient')} AND labels IS NOT NULL
    AND labels <> '\u001fN\u001f';
  -- seals page links; made here, so that it is there before the first one and outlives a restart
  INSERT INTO meta VALUES ('linkKey', hex(randomblob(32)));
  `,
  `
  -- up to here all versions have their rows in ix, dat, qty and str
  INSERT INTO meta SELECT 'indexedRid', coalesce(max(rid), 0) FROM ver;
  `,
  `
  -- rows that say only that an element is there (":missing"): the index is made again from the stored bytes
  UPDATE meta SET value = '0' WHERE key = 'indexedRid';
  -- the units that quantities have, few: a search converts to each
  CREATE INDEX term_ucum ON term(code) WHERE sys = 'http://unitsofmeasure.org';
  `,
  `
  -- full text of versions by rid; empty until a search asks (text-index.ts), and the texts themselves are not kept
  CREATE VIRTUAL TABLE words USING fts5(narrative, content, content='', contentless_delete=1, tokenize='unicode61');
  `,
];

/**
 * Brings an opened database to the newest schema. Throws Failure `processing` where it is newer than this
 * program.
 */
export function migrate(database: DatabaseSync): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > MIGRATIONS.length) {
    throw new Failure(
      'processing',
      `This store has schema ${version}; this program knows ${MIGRATIONS.length}. Start the newer ` +
        `Openward that wrote it.`,
    );
  }
  MIGRATIONS.slice(version).forEach((sql, i) => {
    database.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${version + i + 1}; COMMIT`);
  });
}
