import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ANN,
  asker,
  BOB,
  HERE,
  id,
  observation,
  openRecordsUnderTest,
  patient,
  type RecordsUnderTest,
} from '../../test/records-under-test.ts';
import type { Store } from '../store/store.ts';
import { proveAudit } from './audit-proof.ts';
import { whoLooked } from './who-looked.ts';

let node: RecordsUnderTest;

beforeEach(async () => {
  node = await openRecordsUnderTest();
});
afterEach(() => node.close());

describe('proof of the audit', () => {
  it('names the ends of both chains, and finds them again later', async () => {
    expect((await proveAudit(node.store)).anchors.map(({ chain, n }) => [chain, n])).toEqual([
      ['writes', 0],
      ['reads', 0],
    ]);
    await node.put(patient('ann', [ANN]));
    for (let i = 0; i < 5; i++) await node.records.as(asker('gp')).read('Patient', id('ann'));
    const first = await proveAudit(node.store);
    expect(first.broken).toBeUndefined();
    expect(first.anchors.map(({ chain, n }) => [chain, n])).toEqual([
      ['writes', 1],
      ['reads', 5],
    ]);
    for (let i = 0; i < 9; i++) await node.put(observation(`o${i}`, 'ann'));
    const second = await proveAudit(node.store, first.anchors);
    expect(second.broken).toBeUndefined();
    expect(second.anchors[0]).toMatchObject({ chain: 'writes', n: 10 });
  });

  it('shows a chain whose end was cut off or begun anew since the anchor', async () => {
    await node.put(patient('ann', [ANN]));
    const [anchor] = (await proveAudit(node.store)).anchors;
    if (anchor === undefined) throw new Error('no anchor');
    expect((await proveAudit(node.store, [{ ...anchor, n: 7 }])).broken).toMatchObject({
      chain: 'writes',
      row: 7,
      reason: expect.stringContaining('gone'),
    });
    expect((await proveAudit(node.store, [{ ...anchor, hash: 'another' }])).broken).toMatchObject({
      chain: 'writes',
      row: 1,
    });
  });

  it('passes on the first broken row that the store finds', async () => {
    const broken = { chain: 'reads' as const, row: 3, reason: 'changed' };
    const store: Pick<Store, 'auditRows' | 'verifyAudit'> = {
      auditRows: (filter) => node.store.auditRows(filter),
      verifyAudit: async () => broken,
    };
    expect((await proveAudit(store)).broken).toEqual(broken);
  });
});

describe('who looked', () => {
  const parts = () => ({ store: node.store, persons: node.persons, ods: HERE, clock: node.clock });

  beforeEach(async () => {
    await node.put(patient('ann', [ANN]), patient('bob', [BOB]), observation('o', 'ann'));
    await node.records.as(asker('gp')).read('Observation', id('o'));
    await node.records.as(asker('nurse')).read('Patient', id('bob'));
    await node.records
      .as(asker('patient', { patient: BOB }))
      .read('Observation', id('o'))
      .catch(() => undefined);
  });

  it('shows the privacy officer who looked, and who tried', async () => {
    const page = await whoLooked(parts(), asker('privacy-officer'), [id('ann')], { chain: 'reads' });
    expect(page.rows.map((row) => [row.actor.role, row.action, row.outcome])).toEqual([
      ['gp', 'read', 'ok'],
      ['patient', 'refuse', 'refused'],
    ]);
    expect(page.next).toBeUndefined();
    const writes = await whoLooked(parts(), asker('privacy-officer'), [id('ann')], { chain: 'writes' });
    expect(writes.rows.map((row) => row.actor.role)).toEqual(['system']);
    const rows = await node.news('reads');
    expect(rows.at(-1)).toMatchObject({
      actor: { role: 'privacy-officer' },
      persons: ['ann'],
      outcome: 'ok',
    });
  });

  it('shows a patient who looked at the own record, and at no other', async () => {
    expect((await whoLooked(parts(), asker('patient'), [id('ann')], { chain: 'reads' })).rows.length).toBe(2);
    await expect(whoLooked(parts(), asker('patient'), [id('bob')], { chain: 'reads' })).rejects.toMatchObject(
      {
        code: 'forbidden',
      },
    );
    for (const role of ['gp', 'engineer', 'system', 'analyst'] as const) {
      await expect(whoLooked(parts(), asker(role), [id('ann')], { chain: 'reads' })).rejects.toMatchObject({
        code: 'forbidden',
      });
    }
    const refusals = (await node.news('reads')).filter(
      (row) => row.detail?.of === 'audit' && row.action === 'refuse',
    );
    expect(refusals.length).toBe(5);
  });

  it('walks a long chain in pieces, losing nothing', async () => {
    const found: number[] = [];
    let after: number | undefined;
    do {
      const page = await whoLooked(parts(), asker('privacy-officer'), [id('ann')], {
        chain: 'reads',
        walkMax: 2,
        ...(after === undefined ? {} : { after }),
      });
      found.push(...page.rows.filter((row) => row.actor.role !== 'privacy-officer').map((row) => row.n));
      after = found.length >= 2 ? undefined : page.next;
    } while (after !== undefined);
    expect(found).toEqual([1, 3]);
  });
});
