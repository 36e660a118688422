/** Rows of ver, joined with what makes a version of them, as the port hands it out. */
import type { Id, InstantMs, Seq, VersionId } from '../../base/brands.ts';
import type { Deleted, Stored } from '../store.ts';
import type { Connection, Row } from './connection.ts';
import { type Dictionary, typeName } from './dictionary.ts';

/** Columns of `v`, in the order that `versionOf` reads. */
export const VERSION = 'v.rid, v.lid, v.version, v.type, v.seq, v.at, v.deleted, v.person, v.labels';

export type Version = (Stored | Deleted) & {
  readonly persons: readonly Id[];
  readonly labels: string | null;
  readonly rid: number;
};

/** A row of VERSION plus bytes (null of a deletion) as a version. */
export function versionOf(row: Row, connection: Connection, dictionary: Dictionary): Version {
  const [rid, lid, version, type, seq, at, deleted, person, labels, bytes] = row;
  const shared = {
    rid: Number(rid),
    type: typeName(Number(type)),
    id: dictionary.idOf(Number(lid)) as Id,
    versionId: String(version) as VersionId,
    seq: Number(seq) as Seq,
    lastUpdated: Number(at) as InstantMs,
    persons: personsOf(
      Number(rid),
      person === null || person === undefined ? undefined : Number(person),
      connection,
      dictionary,
    ),
    labels: labels === null || labels === undefined ? null : String(labels),
  };
  if (deleted === 1 || !(bytes instanceof Uint8Array)) return { ...shared, deleted: true };
  return { ...shared, deleted: false, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

const NOBODY: readonly Id[] = [];

/** Patient ids in whose compartment a version lies, from its `person` column. */
export function personsOf(
  rid: number,
  person: number | undefined,
  connection: Connection,
  dictionary: Dictionary,
): readonly Id[] {
  if (person === undefined) return NOBODY;
  if (person >= 0) return [dictionary.idOf(person) as Id];
  return connection
    .all('SELECT person FROM comp WHERE rid = ? ORDER BY person', [rid])
    .map((row) => dictionary.idOf(Number(row[0])) as Id);
}
