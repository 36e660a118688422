/**
 * People whose own Patient carries a label that an asker may not see: all that is theirs is closed, in every
 * way of asking. Who they are is asked of the index `ver_labelled`, which holds labelled Patients alone and
 * is as new as the connection that asks, the writer's in the middle of its commit included; the thread that
 * answers reads by id keeps the answer until a write could change it.
 */
import type { Connection } from './connection.ts';
import { type Dictionary, typeNumber } from './dictionary.ts';
import type { PreparedOp } from './group-message.ts';
import { LABEL_MARK } from './label-mark.ts';

/** After every commit that there is: what holds now. */
export const NOW = Number.MAX_SAFE_INTEGER;

/** The label of nearly every record where everything is labelled; the index leaves those out. */
const NORMAL = `${LABEL_MARK}N${LABEL_MARK}`;
const CURRENT = (v: string): string => `${v}.seq <= ? AND (${v}.until IS NULL OR ${v}.until > ?)`;

/**
 * The lids of Patients that one of these labels closed at `seq`: that carry it, and those that Patient.link
 * joins to them, in either direction and however far (every kind of link is between records of one person).
 * A deleted Patient closes as it did before.
 */
export function closedPersons(
  hiddenLabels: readonly string[],
  seq: number,
  connection: Connection,
  dictionary: Dictionary,
): number[] {
  if (hiddenLabels.length === 0) return [];
  const [by, where] = hiddenLabels.includes('N')
    ? ['', '']
    : ['INDEXED BY ver_labelled', `AND p.labels <> '${NORMAL}'`];
  const labelled = `SELECT p.lid FROM ver p ${by}
    WHERE p.type = ${typeNumber('Patient')} AND p.labels IS NOT NULL ${where} AND ${CURRENT('p')}
      AND (${hiddenLabels.map(() => 'instr(p.labels, ?) > 0').join(' OR ')})`;
  const marks = hiddenLabels.map((label) => `${LABEL_MARK}${label}${LABEL_MARK}`);
  const link = dictionary.parameter('Patient', 'link');
  const rows =
    link === undefined
      ? connection.all(labelled, [seq, seq, ...marks])
      : connection.all(
          `WITH RECURSIVE closed(lid) AS (${labelled}
            UNION SELECT r.lid FROM closed c CROSS JOIN ver a ON a.lid = c.lid
              CROSS JOIN ref r ON r.rid = a.rid WHERE r.pt = ? AND ${CURRENT('a')}
            UNION SELECT b.lid FROM closed c CROSS JOIN ref r ON r.lid = c.lid
              CROSS JOIN ver b ON b.rid = r.rid WHERE r.pt = ? AND ${CURRENT('b')})
            SELECT DISTINCT lid FROM closed`,
          [seq, seq, ...marks, link, seq, seq, link, seq, seq],
        );
  return rows.map((row) => Number(row[0]));
}

/**
 * Gives the version in which a Patient was deleted the links of the version before, whose own leave the index
 * in time: a deleted Patient closes whom it closed.
 */
export function copyLinks(from: number, to: number, connection: Connection, dictionary: Dictionary): void {
  const link = dictionary.parameter('Patient', 'link');
  if (link === undefined) return;
  connection.run('INSERT INTO ref SELECT lid, pt, ? FROM ref WHERE rid = ? AND pt = ?', to, from, link);
}

/** Who is closed now, in memory, for reads by id. */
export class ClosedPersons {
  readonly #connection: Connection;
  readonly #dictionary: Dictionary;
  readonly #known = new Map<string, ReadonlySet<string>>();

  constructor(connection: Connection, dictionary: Dictionary) {
    this.#connection = connection;
    this.#dictionary = dictionary;
  }

  /** Patient ids. */
  ids(hiddenLabels: readonly string[]): ReadonlySet<string> {
    if (hiddenLabels.length === 0) return NOBODY;
    const key = hiddenLabels.join(LABEL_MARK);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const lids = closedPersons(hiddenLabels, NOW, this.#connection, this.#dictionary);
    const ids = new Set(lids.map((lid) => this.#dictionary.idOf(lid)));
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(key, ids);
    return ids;
  }

  /**
   * Forgets what this write may have changed. To be called before whoever wrote it hears that it is there.
   */
  heed(op: PreparedOp): void {
    if (op.type !== 'Patient' || this.#known.size === 0) return;
    const isLabelled = op.op !== 'delete' && op.write.labels !== null;
    const isLinked = op.op !== 'delete' && op.write.index.references.includes('link');
    if (isLabelled || isLinked || [...this.#known.values()].some((ids) => ids.has(op.id)))
      this.#known.clear();
  }
}

const NOBODY: ReadonlySet<string> = new Set();
/** Sets of hidden labels that are kept: there is one for each kind of role. */
const KNOWN_MAX = 20;
