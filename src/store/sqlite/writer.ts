/**
 * The one writer: takes a group of commits, sees that one that fails does not fail its neighbours, and
 * makes the whole group durable with one fsync. Runs in the writer thread; knows nothing of threads.
 */
import type { InstantMs } from '../../base/brands.ts';
import { Failure } from '../../base/failure.ts';
import type { SearchQuery } from '../../fhir/search-query.ts';
import { type AuditDraft, auditHash, auditText, CHAIN_START, withPersons } from '../audit.ts';
import { type Scope, wholeScope } from '../scope.ts';
import { checkIfMatch } from './check-if-match.ts';
import { copyLinks } from './closed-persons.ts';
import { type Connection, type Row, unsynced } from './connection.ts';
import { Dictionary } from './dictionary.ts';
import { diskFailure } from './disk-failure.ts';
import {
  type BlobChange,
  eachOp,
  failureParts,
  type PreparedOp,
  type WriteReply,
  type WriteRequest,
  type Written,
} from './group-message.ts';
import { isTypeAtOnce, lateTypes } from './index/found-at-once.ts';
import { LateIndex, type LateMark } from './index/late-index.ts';
import { PendingRows } from './index/pending-rows.ts';
import { removeFromIndex } from './index/remove-from-index.ts';
import { TextIndex, type TextState } from './index/text-index.ts';
import { type PreparedWrite, wireText } from './prepare-write.ts';
import { addBytesTest } from './search/bytes-test.ts';
import { oneMatch } from './search/one-match.ts';

interface Current {
  readonly rid: number;
  readonly version: number;
  readonly deleted: boolean;
  readonly person: number | null;
  readonly labels: string | null;
}

/** Where the writer stands: what a rollback goes back to. */
interface Mark {
  readonly seq: number;
  readonly rid: number;
  readonly at: number;
  readonly auditN: number;
  readonly auditHash: string;
  readonly late: LateMark;
}

export interface WriterOptions {
  readonly connection: Connection;
  /** Throws Failure `no-store` where the disk's reserve is reached. */
  readonly checkRoom: () => void;
  /** Versions that are indexed together; what is best unless it is given. */
  readonly versionsAtOnce?: number;
}

export class Writer {
  readonly #connection: Connection;
  readonly #options: WriterOptions;
  readonly #dictionary: Dictionary;
  readonly #late: LateIndex;
  readonly texts: TextIndex;
  #seq: number;
  #rid: number;
  #at: number;
  #auditN: number;
  #auditHash: string;
  /**
   * Of the request under way: its clock, and what only the writer knows for the audit row: Patients (lids)
   * whose record a version lay in that its successor does not, or lies in that was found instead of a new
   * one; and what was found in whose place.
   */
  #now = 0;
  #also = new Set<number>();
  #instead = new Map<string, string>();
  /** Of the group under way. */
  #rows: PendingRows;
  /** Of the last request that failed. */
  #failure: Failure | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#connection = options.connection;
    addBytesTest(this.#connection);
    this.texts = new TextIndex(this.#connection);
    this.#dictionary = new Dictionary(options.connection);
    this.#rows = new PendingRows(this.#connection, this.#dictionary);
    this.#late = new LateIndex(this.#connection, this.#dictionary, options.versionsAtOnce);
    const last = this.#connection.get('SELECT seq, at FROM commits ORDER BY seq DESC LIMIT 1', []);
    this.#seq = Number(last?.[0] ?? 0);
    this.#at = Number(last?.[1] ?? 0);
    this.#rid = Number(this.#connection.get('SELECT max(rid) FROM ver', [])?.[0] ?? 0);
    const audit = this.#connection.get('SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1', []);
    this.#auditN = Number(audit?.[0] ?? 0);
    this.#auditHash = String(audit?.[1] ?? CHAIN_START);
    while (this.#late.recover()) this.index();
  }

  /** Every version up to this commit can be found by its values. */
  get indexedSeq(): number {
    return (this.#late.firstSeq ?? this.#seq + 1) - 1;
  }

  /**
   * Writes a group; when it returns, what succeeded is on disk. A failure of the disk fails every request
   * of the group.
   */
  writeGroup(requests: readonly WriteRequest[]): WriteReply[] {
    return this.#group(requests, false) ?? this.#group(requests, true) ?? [];
  }

  /**
   * The replies; undefined where a request failed with some of its ops written. `carefully` that cannot be,
   * since each request has a savepoint of its own: dear, because every page that it touches is copied, so
   * they are taken only when they are needed.
   */
  #group(requests: readonly WriteRequest[], carefully: boolean): WriteReply[] | undefined {
    const before = this.#mark();
    this.#rows = new PendingRows(this.#connection, this.#dictionary);
    try {
      this.#connection.database.exec('BEGIN IMMEDIATE');
      const replies: WriteReply[] = [];
      for (const request of requests) {
        const reply = carefully ? this.#attempt(request) : this.#venture(request);
        if (reply === undefined) {
          this.#connection.database.exec('ROLLBACK');
          this.#return(before);
          return undefined;
        }
        replies.push(reply);
      }
      this.#rows.insert();
      this.#late.step(this.#rid - before.rid);
      if (this.#auditN > before.auditN) {
        this.#connection.run(
          "INSERT OR REPLACE INTO meta VALUES ('auditHead', ?)",
          `${this.#auditN} ${this.#auditHash}`,
        );
      }
      this.#connection.database.exec('COMMIT');
      return replies;
    } catch (error) {
      this.#return(before);
      if (this.#connection.database.isTransaction) this.#connection.database.exec('ROLLBACK');
      const failure = failureParts(diskFailure(error));
      return requests.map(({ n }) => ({ n, failure }));
    }
  }

  /**
   * Clears index rows of versions superseded before `at` (ms), at most `count` of them, in a transaction of
   * its own. From then on snapshots before `purgedSeq` are no longer whole. False where there was nothing
   * to clear.
   */
  purge(at: number, count: number): boolean {
    const rows = this.#connection.all('SELECT rid, until FROM stale WHERE at < ? ORDER BY rid LIMIT ?', [
      at,
      count,
    ]);
    if (rows.length === 0) return false;
    const purged = Math.max(...rows.map((row) => Number(row[1])));
    this.#transaction(() => {
      this.#late.insert(); // or it would come after what is taken back
      for (const [rid] of rows) {
        removeFromIndex(Number(rid), this.#connection, this.#dictionary);
        this.texts.remove(Number(rid));
        this.#connection.run('DELETE FROM stale WHERE rid = ?', Number(rid));
      }
      this.#connection.run(
        `INSERT INTO meta VALUES ('purgedSeq', ?)
          ON CONFLICT(key) DO UPDATE SET value = max(CAST(value AS INTEGER), excluded.value)`,
        purged,
      );
    });
    return true;
  }

  /** Lets every version that there is be found by its values, unsynced: it can be made again. */
  index(): void {
    if (this.#late.firstSeq === undefined) return;
    unsynced(this.#connection, () => this.#transaction(() => this.#late.insert()));
  }

  /** Takes the text of the next `count` versions, unsynced too; how far it is then. */
  indexTexts(count: number): TextState {
    unsynced(this.#connection, () => this.#transaction(() => this.texts.step(count)));
    return this.texts.state(this.#seq);
  }

  #transaction(work: () => void): void {
    const before = this.#mark();
    this.#connection.database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#connection.database.exec('COMMIT');
    } catch (error) {
      this.#return(before);
      if (this.#connection.database.isTransaction) this.#connection.database.exec('ROLLBACK');
      throw error;
    }
  }

  #attempt(request: WriteRequest): WriteReply {
    const before = this.#mark();
    this.#connection.database.exec('SAVEPOINT one');
    const reply = this.#venture(request) ?? this.#failed(request);
    if ('failure' in reply) {
      this.#rows = new PendingRows(this.#connection, this.#dictionary);
      this.#connection.database.exec('ROLLBACK TO one; RELEASE one');
      this.#return(before);
    } else {
      this.#rows.insert();
      this.#connection.database.exec('RELEASE one');
    }
    return reply;
  }

  /**
   * Writes one request. Undefined where it failed and may have written: an op refuses before it has written
   * anything itself.
   */
  #venture(request: WriteRequest): WriteReply | undefined {
    const before = this.#mark();
    try {
      return this.#write(request);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#failure = error;
      if (request.ops.length > 1) {
        this.#return(before);
        return undefined;
      }
      this.#count(before);
      return this.#failed(request);
    }
  }

  #failed({ n }: WriteRequest): WriteReply {
    if (this.#failure === undefined) throw new Error('a request failed without a failure');
    return { n, failure: failureParts(this.#failure) };
  }

  #write(request: WriteRequest): WriteReply {
    if (request.ops.length > 0 || request.blobs.length > 0) this.#options.checkRoom();
    this.#now = request.now;
    this.#also = new Set();
    this.#instead = new Map();
    const first = this.#rid + 1;
    let at = this.#at;
    if (request.ops.length > 0) {
      this.#seq++;
      at = Math.max(this.#at, request.now);
      this.#at = at;
    }
    const written = eachOp(request.ops, (op) => this.#apply(op, at));
    if (request.ops.length > 0) this.#rows.commit(this.#seq, at, first, this.#rid);
    for (const blob of request.blobs) this.#blob(blob);
    if (request.audit !== undefined) this.#audit(request.audit);
    return { n: request.n, seq: this.#seq, at, written };
  }

  #apply(op: PreparedOp, at: number): Written {
    switch (op.op) {
      case 'create':
        return this.#create(op, at);
      case 'put':
        return this.#put(op, at);
      case 'delete':
        return this.#delete(op, at);
    }
  }

  #create(op: Extract<PreparedOp, { op: 'create' }>, at: number): Written {
    if (op.ifNoneExist !== undefined) {
      const existing = this.#matching(op.ifNoneExist, op.within);
      if (op.expected !== undefined && op.expected !== (existing?.id ?? 'none')) {
        throw new Failure(
          'lock-error',
          'What the condition found has changed meanwhile. Send the request again.',
        );
      }
      if (existing !== undefined) {
        this.#instead.set(`${op.type}/${op.id}`, `${op.type}/${existing.id}`);
        return existing;
      }
    }
    const lid = this.#dictionary.resource(op.type, op.id);
    const current = lid === undefined ? undefined : this.#current(lid);
    if (current !== undefined && !(current.deleted && op.expected === 'none')) {
      throw new Failure(
        'duplicate',
        `${op.type} has a resource under this id already. Leave the id to the server.`,
      );
    }
    const before = current === undefined ? undefined : this.#supersede(current, op.write.patients, at);
    const version = (current?.version ?? 0) + 1;
    const rid = this.#version(op.type, op.id, lid, version, at, op.write);
    return {
      outcome: 'created',
      id: op.id,
      version,
      at,
      rid,
      ...(before === undefined ? {} : { before }),
    };
  }

  /** Throws Failure `lock-error` where the search no longer finds the resource that the op is about. */
  #requireFound({ id, foundBy }: Exclude<PreparedOp, { op: 'create' }>): void {
    if (foundBy === undefined || this.#matching(foundBy.query, foundBy.within)?.id === id) return;
    throw new Failure(
      'lock-error',
      'What the condition found has changed meanwhile. Send the request again.',
    );
  }

  #put(op: Extract<PreparedOp, { op: 'put' }>, at: number): Written {
    this.#requireFound(op);
    const lid = this.#dictionary.resource(op.type, op.id);
    const current = lid === undefined ? undefined : this.#current(lid);
    checkIfMatch(op.ifMatch, current);
    if (current !== undefined && op.onlyIfChanged === true) {
      const unchanged = this.#unchanged(op, current);
      if (unchanged !== undefined) return unchanged;
    }
    const before = current === undefined ? undefined : this.#supersede(current, op.write.patients, at);
    const version = (current?.version ?? 0) + 1;
    const rid = this.#version(op.type, op.id, lid, version, at, op.write);
    const isNew = current === undefined || current.deleted;
    const outcome = isNew ? 'created' : 'updated';
    return { outcome, id: op.id, version, at, rid, ...(before === undefined ? {} : { before }) };
  }

  /** The current version where it is, byte for byte, what would be written. */
  #unchanged(op: Extract<PreparedOp, { op: 'put' }>, { rid, version }: Current): Written | undefined {
    const row = this.#connection.get(
      'SELECT v.at, b.bytes FROM ver v JOIN body b ON b.rid = v.rid WHERE v.rid = ?',
      [rid],
    );
    if (!(row?.[1] instanceof Uint8Array)) return undefined;
    const at = Number(row[0]);
    const text = wireText(op.type, op.id, version, at as InstantMs, op.write.tail);
    if (!Buffer.from(text).equals(row[1])) return undefined;
    return { outcome: 'unchanged', id: op.id, version, at, rid };
  }

  #delete(op: Extract<PreparedOp, { op: 'delete' }>, at: number): Written {
    this.#requireFound(op);
    const lid = this.#dictionary.resource(op.type, op.id);
    const current = lid === undefined ? undefined : this.#current(lid);
    checkIfMatch(op.ifMatch, current);
    if (lid === undefined || current === undefined || current.deleted) {
      return { outcome: 'absent', id: op.id, version: current?.version ?? 0, at, rid: 0 };
    }
    const before = this.#supersede(current, [], at);
    const rid = ++this.#rid;
    const version = current.version + 1;
    const { person, labels } = current;
    const { type } = op;
    this.#rows.version({ rid, lid, version, type, seq: this.#seq, at, deleted: true, person, labels });
    if (person === -1) {
      this.#connection.run(
        'INSERT INTO comp SELECT person, type, ? FROM comp WHERE rid = ?',
        rid,
        current.rid,
      );
    }
    if (type === 'Patient') copyLinks(current.rid, rid, this.#connection, this.#dictionary);
    this.#connection.run('UPDATE ent SET cur = ? WHERE lid = ?', rid, lid);
    return { outcome: 'deleted', id: op.id, version, at, rid, before };
  }

  /**
   * Writes one version with its index. `known` is the resource's lid where it has one.
   */
  #version(
    type: string,
    id: string,
    known: number | undefined,
    version: number,
    at: number,
    write: PreparedWrite,
  ): number {
    const rid = ++this.#rid;
    const lid = known ?? this.#dictionary.newResource(type, id, rid);
    const people = write.patients.map((patient) => this.#dictionary.resourceOrNew('Patient', patient));
    const person = people.length === 0 ? null : people.length === 1 ? (people[0] ?? null) : -1;
    const { labels } = write;
    this.#rows.version({ rid, lid, version, type, seq: this.#seq, at, deleted: false, person, labels });
    this.#rows.body(rid, wireText(type, id, version, at as InstantMs, write.tail));
    const indexed = { type, rid, seq: this.#seq, index: write.index, people };
    this.#rows.found(indexed);
    if (!isTypeAtOnce(type)) this.#late.add(indexed);
    if (known !== undefined) this.#connection.run('UPDATE ent SET cur = ? WHERE lid = ?', rid, lid);
    return rid;
  }

  /**
   * Ends a version that is replaced by one about `patients`, and notes whose record is left by that. Returns
   * the Patients that it was about.
   */
  #supersede({ rid, person, deleted }: Current, patients: readonly string[], at: number): string[] {
    this.#connection.run('UPDATE ver SET until = ? WHERE rid = ?', this.#seq, rid);
    if (!deleted) this.#connection.run('INSERT INTO stale VALUES (?, ?, ?)', rid, at, this.#seq);
    return this.#peopleOf(rid, person).map((lid) => {
      const id = this.#dictionary.idOf(lid);
      if (!deleted && !patients.includes(id)) this.#also.add(lid);
      return id;
    });
  }

  #peopleOf(rid: number, person: number | null): readonly number[] {
    if (person === null) return [];
    if (person >= 0) return [person];
    return this.#connection.all('SELECT person FROM comp WHERE rid = ?', [rid]).map((row) => Number(row[0]));
  }

  #current(lid: number): Current | undefined {
    if (this.#rows.holds(lid)) this.#rows.insert();
    const row = this.#connection.get(
      'SELECT v.rid, v.version, v.deleted, v.person, v.labels FROM ent e JOIN ver v ON v.rid = e.cur WHERE e.lid = ?',
      [lid],
    );
    if (row === undefined) return undefined;
    return {
      rid: Number(row[0]),
      version: Number(row[1]),
      deleted: row[2] === 1,
      person: personIn(row[3]),
      labels: row[4] === null || row[4] === undefined ? null : String(row[4]),
    };
  }

  /** What a condition finds, with what came before it in the same group. */
  #matching(query: SearchQuery, scope: Scope = wholeScope): Written | undefined {
    this.#rows.insert();
    if (lateTypes(query, scope).length > 0) this.#late.insert();
    const match = oneMatch(query, scope, this.#now, this.#connection, this.#dictionary);
    if (match === undefined) return undefined;
    for (const lid of this.#peopleOf(match.rid, match.person)) this.#also.add(lid);
    const { id, version, at, rid } = match;
    return { outcome: 'existing', id, version, at, rid };
  }

  #blob(blob: BlobChange): void {
    if (blob.bytes === undefined)
      this.#connection.run('DELETE FROM blob WHERE space = ? AND name = ?', blob.space, blob.name);
    else
      this.#connection.run('INSERT OR REPLACE INTO blob VALUES (?, ?, ?)', blob.space, blob.name, blob.bytes);
  }

  #audit(given: string): void {
    const text = this.#also.size + this.#instead.size === 0 ? given : this.#completed(given);
    this.#auditN++;
    this.#auditHash = auditHash(this.#auditHash, this.#auditN, text);
    this.#rows.audit(this.#auditN, text, this.#auditHash);
  }

  #completed(given: string): string {
    const draft = JSON.parse(given) as AuditDraft;
    const targets = draft.targets.map((target) => this.#instead.get(target) ?? target);
    const also = [...this.#also].map((lid) => this.#dictionary.idOf(lid));
    return auditText(withPersons({ ...draft, targets }, also));
  }

  #mark(): Mark {
    return {
      seq: this.#seq,
      rid: this.#rid,
      at: this.#at,
      auditN: this.#auditN,
      auditHash: this.#auditHash,
      late: this.#late.mark(),
    };
  }

  /**
   * Back to where it stood before what has been, or will be, rolled back: numbers of the dictionary that
   * were new are no more.
   */
  #return(mark: Mark): void {
    this.#count(mark);
    this.#late.return(mark.late);
    this.#dictionary.clear();
  }

  #count(mark: Mark): void {
    this.#seq = mark.seq;
    this.#rid = mark.rid;
    this.#at = mark.at;
    this.#auditN = mark.auditN;
    this.#auditHash = mark.auditHash;
  }
}

const personIn = (column: Row[number] | undefined): number | null =>
  column === null || column === undefined ? null : Number(column);
