/**
 * The index that is written late is, whatever fails or ends in between, the one that the stored bytes make: no row is missing, none is
 * there that should not be.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { observation, patient, query } from '../../../test/store-under-test.ts';
import type { Id } from '../../base/brands.ts';
import { Failure } from '../../base/failure.ts';
import type { Identified } from '../../fhir/resource.ts';
import { type Connection, openForWriting } from './connection.ts';
import type { PreparedOp, WriteRequest } from './group-message.ts';
import { indexFound, indexWanted } from './index/index-contract.ts';
import { IndexProgress } from './index/index-progress.ts';
import { prepareWrite } from './prepare-write.ts';
import { migrate } from './schema.ts';
import { Writer } from './writer.ts';

interface Act {
  /** Resources written: some about a Patient, some with an identifier, some Patients. */
  readonly names: readonly number[];
  /** Whether an op at its end fails, after the others have written. */
  readonly fails: boolean;
  /** Whether it is a create that looks for what is there already. */
  readonly conditional: boolean;
}

const acts = fc.array(
  fc.oneof(
    fc.record({
      names: fc.array(fc.nat(400), { minLength: 1, maxLength: 3 }),
      fails: fc.boolean(),
      conditional: fc.nat(99).map((one) => one === 0),
    }),
    fc.nat(99).map((one) => ({ names: one > 0 ? [one] : [], fails: false, conditional: one === 0 })),
  ),
  { minLength: 1, maxLength: 8 },
);

/** Some groups meet a full disk when all is written and nothing is durable. */
const groupsOfActs = fc.array(fc.record({ acts, full: fc.nat(4).map((one) => one === 0) }), {
  minLength: 1,
  maxLength: 60,
  size: 'max',
});

function resource(name: number, turn: number): Identified {
  if (name % 20 === 0) {
    return patient(`p${name}`, {
      name: [{ family: `F${turn}` }],
      link: [{ type: 'seealso', other: { reference: `Patient/p${(name + 20) % 400}` } }],
    });
  }
  const about = [`p${(name % 20) * 20}`, ...(name % 3 === 0 ? [`p${((name + 1) % 20) * 20}`] : [])];
  return observation(`o${name}`, about, {
    identifier: [{ system: 'urn:i', value: `${name % 50}` }],
    code: { coding: [{ system: 'urn:c', code: `c${turn % 6}` }] },
    effectiveDateTime: `2026-01-${String(1 + (turn % 28)).padStart(2, '0')}`,
    valueQuantity: { value: turn, unit: 'mg', system: 'urn:u', code: `u${turn % 5}` },
  });
}

let turn = 0;
let n = 0;

function put(name: number): PreparedOp {
  const written = resource(name, ++turn);
  return { op: 'put', type: written.resourceType, id: written.id, write: prepareWrite(written, written.id) };
}

function request({ names, fails, conditional }: Act): WriteRequest {
  const ops: PreparedOp[] = names.map(put);
  if (conditional) {
    const id = `new${++turn}` as Id;
    const ifNoneExist = query(`Observation?code=c${turn % 6}`);
    ops.unshift({
      op: 'create',
      type: 'Observation',
      id,
      write: prepareWrite(resource(1, turn), id),
      ifNoneExist,
    });
  }
  if (fails) ops.push({ op: 'delete', type: 'Observation', id: `absent${turn}`, ifMatch: '7' });
  return { n: ++n, now: 1_795_000_000_000 + n, ops, blobs: [] };
}

function failNextCommit({ database }: Connection): void {
  const exec = database.exec.bind(database);
  database.exec = (sql) => {
    if (sql === 'COMMIT') {
      database.exec = exec;
      throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
    }
    exec(sql);
  };
}

const open = (connection: Connection): Writer =>
  new Writer({ connection, checkRoom: () => undefined, versionsAtOnce: 30 });

describe('the late index', () => {
  it('is the one that the stored bytes make, after failures and after a process that ended in between', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'openward-late-'));
    let batches = 0;
    let run = 0;
    fc.assert(
      fc.property(groupsOfActs, fc.boolean(), (groups, ends) => {
        const connection = openForWriting(join(folder, `${++run}.db`));
        migrate(connection.database);
        let writer = open(connection);
        for (const [i, { acts: group, full }] of groups.entries()) {
          if (i % 23 === 22) writer = open(connection); // as if the process had ended
          if (full) failNextCommit(connection);
          const replies = writer.writeGroup(group.map(request));
          if (full) {
            expect(replies.every((reply) => 'failure' in reply)).toBe(true);
            continue;
          }
          for (const [at, { fails, conditional }] of group.entries()) {
            // a condition that finds several fails too
            if (fails || !conditional) expect('failure' in (replies[at] ?? {}), `${at}`).toBe(fails);
          }
          if (connection.get("SELECT value FROM meta WHERE key = 'indexedRid'", [])?.[0] !== '0') batches++;
        }
        // a process that ends leaves what waits; the next one finds it in the bytes
        if (ends) writer = open(connection);
        else writer.index();
        expect(writer.indexedSeq).toBe(
          Number(connection.get('SELECT coalesce(max(seq), 0) FROM commits', [])?.[0]),
        );
        expect(indexFound(connection)).toEqual(indexWanted(connection));
        connection.close();
      }),
      { numRuns: 40, seed: 20261124, endOnFailure: true },
    );
    expect(batches).toBeGreaterThan(20);
    await rm(folder, { recursive: true, force: true });
  }, 120_000);
});

describe('who asks for what has just been written', () => {
  it('is known of those people alone whose record is not indexed yet, however long writes go on', () => {
    const progress = new IndexProgress(0, () => undefined);
    for (let seq = 1; seq <= 5_000; seq++) {
      progress.heard(seq - 100); // writes never pause, so the index is never level with them
      progress.wrote('Observation', [`p${seq}`, 'p0'], seq);
    }
    expect(progress.people).toBeLessThanOrEqual(101);
  });

  it('waits for it and for nothing else, and hears why it cannot be had', async () => {
    let asked = 0;
    const progress = new IndexProgress(10, () => {
      asked++;
    });
    progress.wrote('Observation', ['p1'], 11);
    progress.wrote('Medication', [], 12);
    await progress.ofTypes(['Condition'], 12);
    await progress.ofTypes(['Observation'], 10);
    await progress.ofPersons({ persons: ['p2' as Id], withReferenced: false, count: 1 }, 12);
    await progress.ofPersons(
      { persons: ['p1' as Id], types: ['Consent'], withReferenced: false, count: 1 },
      12,
    );
    expect(asked).toBe(0);
    const waiting = [
      progress.ofTypes(['Observation'], 12),
      progress.ofPersons({ persons: ['p1' as Id], withReferenced: false, count: 1 }, 12),
      progress.ofPersons({ persons: ['p2' as Id], withReferenced: true, count: 1 }, 12),
      progress.all(12),
    ];
    expect(asked).toBe(4);
    progress.heard(11);
    await Promise.all(waiting.slice(0, 2));
    const full = new Failure('no-store', 'The disk is full.');
    progress.heard(11, full);
    for (const one of waiting.slice(2)) await expect(one).rejects.toBe(full);
  });
});
