/**
 * The store on `node:sqlite` (docs/adr/0004): writes are prepared here, written by one thread in groups,
 * and visible to the caller before its commit resolves; reads and short searches run here on a connection
 * of their own.
 */

import type { Worker } from 'node:worker_threads';
import type { Id, InstantMs, Seq, VersionId } from '../../base/brands.ts';
import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import type { Ids } from '../../base/ids.ts';
import type { Settings } from '../../base/settings.ts';
import { type AuditDraft, type AuditRow, auditText, CHAIN_START, withPersons } from '../audit.ts';
import type {
  AuditFilter,
  Blobs,
  BlobWrite,
  BrokenAudit,
  Change,
  ChangedResource,
  Commit,
  Committed,
  Snapshot,
  Store,
  StoreFigures,
  WriteOp,
} from '../store.ts';
import { brokenAuditRow } from './audit/audit-walk.ts';
import type { ReadAudit } from './audit/read-audit.ts';
import { ChangesFeed } from './changes-feed.ts';
import type { Connection } from './connection.ts';
import {
  type BlobChange,
  failureFrom,
  type GroupReply,
  type PreparedOp,
  type WriteReply,
  type WriteRequest,
  type Written,
} from './group-message.ts';
import { packRequests } from './pack-requests.ts';
import { prepareWrite, wireText } from './prepare-write.ts';
import type { ReadCache } from './read-cache.ts';
import type { Reader } from './reader.ts';
import { SqliteSnapshot } from './snapshot.ts';

interface StoreParts {
  readonly writer: Worker;
  /** The newest commit that was found. */
  readonly head: Seq;
  readonly reader: Reader;
  readonly cache: ReadCache;
  readonly readAudit: ReadAudit;
  readonly readAuditRows: Connection;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly settings: Settings;
  /** Gives the folder free for the next process. */
  readonly unlock: () => void;
}

type Reply = Extract<WriteReply, { seq: number }>;

interface Pending {
  readonly ops: readonly PreparedOp[];
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

/**
 * Of larger commits (an import, a great transaction) nothing is kept in memory: few of them are read soon.
 */
const KEPT_OPS_MAX = 500;

export class SqliteStore implements Store {
  readonly blobs: Blobs;
  readonly #parts: StoreParts;
  readonly #changes: ChangesFeed;
  readonly #pending = new Map<number, Pending>();
  #outbox: WriteRequest[] = [];
  #n = 0;
  #head: Seq;
  #groups = 0;
  #commits = 0;
  #dead: unknown;
  #closed: (() => void) | undefined;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    const { connection, dictionary } = parts.reader;
    this.#head = parts.head;
    this.#changes = new ChangesFeed(connection, dictionary, () => this.#head);
    this.blobs = this.#openBlobs();
    parts.writer.on('message', (message: GroupReply | 'closed') => {
      if (message === 'closed') this.#closed?.();
      else this.#heard(message);
    });
    parts.writer.on('error', (error) => this.#broke(error));
  }

  async snapshot(at?: Seq): Promise<Snapshot> {
    return new SqliteSnapshot(at ?? this.#head, this.#parts.reader);
  }

  async commit(
    ops: readonly WriteOp[],
    audit: AuditDraft,
    blobs: readonly BlobWrite[] = [],
  ): Promise<Commit> {
    const prepared = ops.map((op) => this.#prepare(op));
    const persons = prepared.flatMap((op) => (op.op === 'delete' ? [] : op.write.patients));
    const reply = await this.#write(prepared, auditText(withPersons(audit, persons)), blobs);
    const keep = ops.length <= KEPT_OPS_MAX;
    const entries = reply.written.map((written, i) => this.#committed(prepared[i], written, reply.seq, keep));
    return { seq: reply.seq as Seq, at: reply.at as InstantMs, entries };
  }

  async auditReads(drafts: readonly AuditDraft[]): Promise<void> {
    await this.#parts.readAudit.append(drafts.map(auditText));
  }

  async auditRows({ chain, after = 0, count }: AuditFilter): Promise<readonly AuditRow[]> {
    const rows = this.#chain(chain).all('SELECT n, text, hash FROM audit WHERE n >= ? ORDER BY n LIMIT ?', [
      after,
      count + 1,
    ]);
    const kept = rows.map(([n, text, hash]) => ({ n: Number(n), text: String(text), hash: String(hash) }));
    return kept
      .filter((row) => row.n > after)
      .slice(0, count)
      .map((row) => ({
        ...(JSON.parse(row.text) as AuditDraft),
        n: row.n,
        before: kept.find((one) => one.n === row.n - 1)?.hash ?? CHAIN_START,
        hash: row.hash,
      }));
  }

  async verifyAudit(): Promise<BrokenAudit | undefined> {
    for (const chain of ['writes', 'reads'] as const) {
      const broken = await brokenAuditRow(this.#chain(chain), chain);
      if (broken !== undefined) return { chain, ...broken };
    }
    return undefined;
  }

  changes(after: Seq, signal: AbortSignal): AsyncIterable<Change> {
    return this.#changes.after(after, signal);
  }

  figures(): StoreFigures {
    const { underWay, waiting } = this.#parts.reader.searches.figures();
    return {
      commits: this.#commits,
      transactions: this.#groups,
      waiting: this.#pending.size,
      searches: underWay,
      searchesWaiting: waiting,
    };
  }

  async close(): Promise<void> {
    if (this.#dead === undefined) {
      this.#dead = 'closed';
      await new Promise<void>((resolve) => {
        this.#closed = resolve;
        this.#post();
        this.#parts.writer.postMessage('close');
      });
    }
    await this.#parts.readAudit.close();
    await this.#parts.reader.searches.close();
    this.#parts.readAuditRows.close();
    this.#parts.reader.connection.close();
    this.#parts.unlock();
  }

  #prepare(op: WriteOp): PreparedOp {
    if (op.op === 'delete') {
      return {
        op: 'delete',
        type: op.type,
        id: op.id,
        ...(op.ifMatch === undefined ? {} : { ifMatch: op.ifMatch }),
        ...(op.foundBy === undefined ? {} : { foundBy: op.foundBy }),
      };
    }
    const { resource } = op;
    const type = resource.resourceType;
    if (op.op === 'put') {
      const write = prepareWrite(resource, op.resource.id);
      return {
        op: 'put',
        type,
        id: op.resource.id,
        write,
        ...(op.ifMatch === undefined ? {} : { ifMatch: op.ifMatch }),
        ...(op.onlyIfChanged === undefined ? {} : { onlyIfChanged: op.onlyIfChanged }),
        ...(op.foundBy === undefined ? {} : { foundBy: op.foundBy }),
      };
    }
    const id = op.id ?? this.#parts.ids.next();
    return {
      op: 'create',
      type,
      id,
      write: prepareWrite(resource, id),
      ...(op.ifNoneExist === undefined ? {} : { ifNoneExist: op.ifNoneExist }),
      ...(op.expected === undefined ? {} : { expected: op.expected }),
      ...(op.within === undefined ? {} : { within: op.within }),
    };
  }

  #write(
    ops: readonly PreparedOp[],
    audit: string | undefined,
    blobs: readonly BlobChange[],
  ): Promise<Reply> {
    if (this.#dead !== undefined)
      throw new Failure('exception', 'The store has stopped writing. Restart the node.');
    const n = ++this.#n;
    const now = this.#parts.clock.now();
    const request: WriteRequest = { n, now, ops, blobs, ...(audit === undefined ? {} : { audit }) };
    return new Promise((resolve, reject) => {
      this.#pending.set(n, { ops, resolve, reject });
      this.#outbox.push(request);
      if (this.#outbox.length === 1) setImmediate(() => this.#post());
    });
  }

  /**
   * What one turn of the event loop brought goes to the writer as one message: waking it costs, and a
   * fuller group shares its sync.
   */
  #post(): void {
    const requests = this.#outbox;
    if (requests.length === 0) return;
    this.#outbox = [];
    try {
      this.#parts.writer.postMessage(packRequests(requests));
    } catch (error) {
      for (const { n } of requests) {
        this.#pending.get(n)?.reject(error);
        this.#pending.delete(n);
      }
    }
  }

  #heard(group: GroupReply): void {
    const { closed, indexed, texts } = this.#parts.reader;
    const { indexFailure } = group;
    indexed.heard(group.indexedSeq, indexFailure === undefined ? undefined : failureFrom(indexFailure));
    const { text, textFailure } = group;
    if (text !== undefined)
      texts.heard(text, textFailure === undefined ? undefined : failureFrom(textFailure));
    if (group.replies.length === 0) return;
    this.#groups++;
    const changes: Change[] = [];
    for (const reply of group.replies) {
      if ('failure' in reply) continue;
      this.#commits++;
      this.#head = Math.max(this.#head, reply.seq) as Seq;
      const ops = this.#pending.get(reply.n)?.ops ?? [];
      for (const op of ops) {
        closed.heed(op);
        if (op.op !== 'delete') indexed.wrote(op.type, op.write.patients, reply.seq);
      }
      // an audit row alone changes nothing that anybody follows
      if (reply.written.length > 0) changes.push(changeOf(reply, ops));
    }
    for (const reply of group.replies) {
      const waiting = this.#pending.get(reply.n);
      this.#pending.delete(reply.n);
      if ('failure' in reply) waiting?.reject(failureFrom(reply.failure));
      else waiting?.resolve(reply);
    }
    this.#changes.tell(changes);
  }

  /**
   * What was written, and the cache brought up to it: the caller reads its own write. Where `keep` is false
   * what the cache had is only taken out, and the bytes are made when somebody asks for them.
   */
  #committed(op: PreparedOp | undefined, written: Written, seq: number, keep: boolean): Committed {
    if (op === undefined) throw new Error('more was written than was asked for');
    const { cache, reader } = this.#parts;
    const type = op.type as Committed['type'];
    const id = written.id as Id;
    const versionId = String(written.version) as VersionId;
    const lastUpdated = written.at as InstantMs;
    const shared = { outcome: written.outcome, type, id, versionId, lastUpdated };
    const key = `${type}/${id}`;
    if (op.op === 'delete') {
      if (written.outcome === 'deleted') cache.forgetCurrent(key);
      return shared;
    }
    if (written.outcome === 'existing' || written.outcome === 'unchanged') {
      const [existing] = reader.versions([written.rid]);
      return existing === undefined || existing.deleted ? shared : { ...shared, bytes: existing.bytes };
    }
    const { tail } = op.write;
    const wire = (): Buffer => Buffer.from(wireText(type, id, written.version, lastUpdated, tail));
    const cached = cache.current(key);
    if (!keep) {
      if (cached !== undefined && Number(cached.versionId) < written.version) cache.forgetCurrent(key);
      return Object.defineProperty(shared, 'bytes', { get: wire, enumerable: true });
    }
    const bytes = wire();
    if (cached === undefined || Number(cached.versionId) < written.version) {
      cache.setCurrent(key, {
        rid: written.rid,
        type,
        id,
        versionId,
        lastUpdated,
        seq: seq as Seq,
        bytes,
        persons: op.write.patients as readonly Id[],
        labels: op.write.labels,
        deleted: false,
      });
    }
    return { ...shared, bytes };
  }

  #openBlobs(): Blobs {
    const { connection } = this.#parts.reader;
    return {
      put: async (space, name, bytes) => {
        await this.#write([], undefined, [{ space, name, bytes }]);
      },
      delete: async (space, name) => {
        await this.#write([], undefined, [{ space, name }]);
      },
      get: async (space, name) => {
        const row = connection.get('SELECT bytes FROM blob WHERE space = ? AND name = ?', [space, name]);
        return row?.[0] instanceof Uint8Array ? Buffer.from(row[0]) : undefined;
      },
      list: async (space, after, count) =>
        connection
          .all('SELECT name FROM blob WHERE space = ? AND name > ? ORDER BY name LIMIT ?', [
            space,
            after ?? '',
            count,
          ])
          .map((row) => String(row[0])),
    };
  }

  #chain(chain: 'writes' | 'reads'): Connection {
    return chain === 'writes' ? this.#parts.reader.connection : this.#parts.readAuditRows;
  }

  #broke(error: unknown): void {
    this.#dead = error;
    const failure = new Failure('exception', 'The store has stopped writing. Restart the node.', {
      cause: error,
    });
    this.#parts.reader.indexed.heard(0, failure);
    this.#parts.reader.texts.heard({ seq: 0, percent: 0 }, failure);
    for (const { reject } of this.#pending.values()) reject(failure);
    this.#pending.clear();
    this.#closed?.();
  }
}

/** What a commit did, as the changes feed tells it. */
function changeOf({ seq, at, written }: Reply, ops: readonly PreparedOp[]): Change {
  const entries = written.flatMap((one, i): ChangedResource[] => {
    const op = ops[i];
    if (op === undefined || !CHANGING.has(one.outcome)) return [];
    const persons = op.op === 'delete' ? [] : op.write.patients;
    return [
      {
        type: op.type as ChangedResource['type'],
        id: one.id as Id,
        versionId: String(one.version) as VersionId,
        deleted: op.op === 'delete',
        persons: (one.before === undefined ? persons : [...new Set([...persons, ...one.before])]) as Id[],
      },
    ];
  });
  return { seq: seq as Seq, at: at as InstantMs, entries };
}

const CHANGING: ReadonlySet<string> = new Set(['created', 'updated', 'deleted']);
