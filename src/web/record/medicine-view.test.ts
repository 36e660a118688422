import { describe, expect, it } from 'vitest';
import { entry, source } from '../../../test/record-views-under-test.ts';
import { momentOf } from '../moment.ts';
import type { Entry } from './entry.ts';
import { medicineView, stoppedSince } from './medicine-view.ts';
import { References } from './resource-text.ts';

const surgery = source();
const pharmacy = source({ ods: 'PH1', name: 'Station Road Pharmacy', kind: 'pharmacy' });
const hospital = source({ ods: 'RX1', name: 'Exampleton General Hospital', kind: 'acute' });

const ITEM = [{ system: 'urn:item', value: '1' }];
const medicine = {
  medicationCodeableConcept: { text: 'Amlodipine 5mg tablets' },
  subject: { reference: 'Patient/p' },
};
const request = (id: string, more: object = {}): object => ({
  resourceType: 'MedicationRequest',
  id,
  status: 'active',
  intent: 'order',
  authoredOn: '2025-03-11',
  ...medicine,
  ...more,
});
const dispense = (id: string, more: object = {}): object => ({
  resourceType: 'MedicationDispense',
  id,
  status: 'completed',
  whenHandedOver: '2025-11-01T11:05:00Z',
  quantity: { value: 28, unit: 'tablet' },
  ...medicine,
  ...more,
});
const view = (...entries: readonly Entry[]) => medicineView(entries, new References(entries));

describe('the same medicine in two places', () => {
  it('is two lines where only name, dose and date are alike', () => {
    const { current } = view(entry(surgery, request('a')), entry(hospital, request('b')));
    expect(current).toHaveLength(2);
    expect(current.every((group) => group.tied.length === 0)).toBe(true);
  });

  it('is one group with both sources where they share a business identifier, and nothing is summed', () => {
    const { current, dispensedOnly } = view(
      entry(surgery, request('a', { identifier: ITEM })),
      entry(pharmacy, dispense('d1', { authorizingPrescription: [{ identifier: ITEM[0] }] })),
      entry(pharmacy, dispense('d2', { authorizingPrescription: [{ identifier: ITEM[0] }] })),
    );
    expect(dispensedOnly).toEqual([]);
    expect(current).toHaveLength(1);
    const [group] = current;
    expect(group?.lead.entry.source.ods).toBe('GP1');
    expect(group?.tied.map((line) => [line.entry.source.ods, line.quantity?.value])).toEqual([
      ['PH1', '28'],
      ['PH1', '28'],
    ]);
  });

  it('stays two lines where one source put one number on two prescriptions: it names no single thing', () => {
    const both = [request('a', { identifier: ITEM }), request('b', { identifier: ITEM })];
    expect(view(...both.map((one) => entry(surgery, one))).current).toHaveLength(2);
  });
});

describe('current and past', () => {
  it.each([
    ['active', 'current'],
    ['on-hold', 'current'],
    ['unknown', 'current'],
    [undefined, 'current'],
    ['stopped', 'past'],
    ['completed', 'past'],
    ['cancelled', 'past'],
  ])('a prescription whose status is %s is %s', (status, where) => {
    const { current, past } = view(entry(surgery, request('a', { status })));
    expect([current.length, past.length]).toEqual(where === 'current' ? [1, 0] : [0, 1]);
  });

  it('a stopped twin under the same number does not hide one that goes on', () => {
    const { current, past } = view(
      entry(surgery, request('a', { identifier: ITEM, status: 'stopped' })),
      entry(hospital, request('b', { identifier: ITEM })),
    );
    expect(current).toHaveLength(1);
    expect(current[0]?.lead.entry.source.ods).toBe('RX1');
    expect(current[0]?.tied).toHaveLength(1);
    expect(past).toEqual([]);
  });

  it('what was dispensed without a prescription here is neither', () => {
    const { current, past, dispensedOnly } = view(entry(pharmacy, dispense('d')));
    expect([current.length, past.length, dispensedOnly.length]).toEqual([0, 0, 1]);
  });

  it('counts what stopped lately', () => {
    const ended = { status: 'stopped', dispenseRequest: { validityPeriod: { end: '2026-11-01' } } };
    const now = momentOf('2026-11-24');
    if (now === undefined) throw new Error('no moment');
    expect(stoppedSince(view(entry(surgery, request('a', ended))), now, 90)).toBe(1);
    expect(stoppedSince(view(entry(surgery, request('a', ended))), now, 7)).toBe(0);
  });
});
