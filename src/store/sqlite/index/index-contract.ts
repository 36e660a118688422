/** The search index as it is in SQLite, and as the stored bytes make it: what tests hold against each other. */
import { DatabaseSync } from 'node:sqlite';
import { Connection } from '../connection.ts';
import { TERM_SPAN, typeNumber } from '../dictionary.ts';
import { prepareWrite } from '../prepare-write.ts';

/** The rows of the index, in words; a version in which something was deleted has none to speak of. */
export function indexFound(connection: Connection): string[] {
  const head = (kind: string): string => `'${kind}', x.rid, v.type, coalesce(p.code, '')`;
  const of = (pt: string): string =>
    `JOIN ver v ON v.rid = x.rid AND v.deleted = 0 LEFT JOIN param p ON p.pt = ${pt}`;
  const unit = "coalesce(t.sys, ''), coalesce(t.code, '')";
  const rows = [
    `SELECT ${head('term')}, t.sys, t.code FROM ix x ${of(`x.k / ${TERM_SPAN}`)}
      JOIN term t ON t.tid = x.k % ${TERM_SPAN}`,
    `SELECT ${head('reference')}, e.type, e.id FROM ref x ${of('x.pt')} JOIN ent e ON e.lid = x.lid`,
    `SELECT ${head('date')}, x.lo, x.hi FROM dat x ${of('x.pt')}`,
    `SELECT ${head('quantity')}, x.value, ${unit} FROM qty x ${of('x.pt')} LEFT JOIN term t ON t.tid = x.unit`,
    `SELECT ${head('string')}, x.norm FROM str x ${of('x.pt')}`,
    `SELECT 'person', x.rid, x.type, e.type, e.id FROM comp x JOIN ver v ON v.rid = x.rid AND v.deleted = 0
      JOIN ent e ON e.lid = x.person`,
  ].flatMap((sql) => connection.all(sql, []).map((row) => row.join(' ')));
  return rows.sort();
}

/** The rows that the stored bytes make, in the same words. */
export function indexWanted(connection: Connection): string[] {
  const words = new Set<string>();
  const versions = connection.all(
    'SELECT v.rid, v.type, b.bytes FROM ver v JOIN body b ON b.rid = v.rid',
    [],
  );
  for (const [rid, type, bytes] of versions) {
    const resource = JSON.parse(Buffer.from(bytes as Uint8Array).toString());
    const { index, patients } = prepareWrite(resource, resource.id);
    const say = (kind: string, code: string | undefined, ...values: unknown[]): unknown =>
      words.add([kind, rid, type, ...(code === undefined ? [] : [code]), ...values].join(' '));
    for (const [code, system, value] of threes(index.terms)) say('term', code, system, value);
    for (const [code, target, id] of threes(index.references))
      say('reference', code, typeNumber(target ?? ''), id);
    for (let i = 0; i < index.strings.length; i += 2) say('string', index.strings[i], index.strings[i + 1]);
    for (const [i, code] of index.dateCodes.entries())
      say('date', code, index.dates[2 * i], index.dates[2 * i + 1]);
    for (const [i, [code, system, unit]] of threes(index.quantityUnits).entries())
      say('quantity', code, index.quantities[i], ...(unit === '' ? ['', ''] : [system, unit]));
    for (const patient of patients) say('person', undefined, typeNumber('Patient'), patient);
  }
  return [...words].sort();
}

const threes = (flat: readonly string[]): string[][] =>
  Array.from({ length: flat.length / 3 }, (_, i) => flat.slice(3 * i, 3 * i + 3));

/**
 * What the index of the database at `path` has too much (+) or too little (-). Superseded versions count only where all of theirs is still
 * there: they leave the index in time.
 */
export function indexDifferences(path: string): string[] {
  const connection = new Connection(new DatabaseSync(path, { readOnly: true }));
  const current = connection.all('SELECT rid FROM ver WHERE until IS NULL', []).map((row) => Number(row[0]));
  const [found, wanted] = [new Set(indexFound(connection)), new Set(indexWanted(connection))];
  connection.close();
  const isCurrent = (row: string): boolean => current.includes(Number(row.split(' ')[1]));
  return [
    ...[...found].filter((row) => !wanted.has(row)).map((row) => `+ ${row}`),
    ...[...wanted].filter((row) => !found.has(row) && isCurrent(row)).map((row) => `- ${row}`),
  ];
}
