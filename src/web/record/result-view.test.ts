import { describe, expect, it } from 'vitest';
import { entry, source } from '../../../test/record-views-under-test.ts';
import { type ResultView, resultView } from './result-view.ts';

const GP = source();

/** An Observation of this category; values apart from its name. */
function observed(id: string, category: string | undefined, values: object): ReturnType<typeof entry> {
  return entry(GP, {
    resourceType: 'Observation',
    id,
    status: 'final',
    ...(category === undefined ? {} : { category: [{ coding: [{ code: category }] }] }),
    code: { text: id },
    effectiveDateTime: '2026-11-20T09:00:00Z',
    ...values,
  });
}

const names = (view: ResultView): Readonly<Record<keyof ResultView, readonly string[]>> => ({
  laboratory: view.laboratory.map((one) => one.name),
  measurements: view.measurements.map((one) => one.name),
  other: view.other.map((one) => one.name),
});

describe('a result', () => {
  const ENTRIES = [
    observed('Consultation note', 'exam', { valueString: 'Chest clear, no wheeze.' }),
    observed('Finding', 'exam', { valueCodeableConcept: { text: 'Swollen' } }),
    observed('Reflex', 'exam', { valueBoolean: true }),
    observed('Weight', 'exam', { valueQuantity: { value: 71, unit: 'kg' } }),
    observed('Coma score', 'exam', { valueInteger: 15 }),
    observed('Height', 'exam', { dataAbsentReason: { text: 'Not performed' } }),
    observed('Pressure', 'exam', {
      component: [{ code: { text: 'Systolic' }, valueQuantity: { value: 128, unit: 'mmHg' } }],
    }),
    observed('Consciousness', 'vital-signs', { valueCodeableConcept: { text: 'Alert' } }),
    observed('Culture', 'laboratory', { valueString: 'No growth' }),
    observed('Smoking', 'social-history', { valueCodeableConcept: { text: 'Never smoked' } }),
    observed('Unfiled', undefined, { valueQuantity: { value: 1 } }),
  ];

  it('of an examination is a measurement where it was measured, and a note where it was told in words', () => {
    expect(names(resultView(ENTRIES))).toEqual({
      laboratory: ['Culture'],
      measurements: ['Weight', 'Coma score', 'Height', 'Systolic', 'Consciousness'],
      other: ['Consultation note', 'Finding', 'Reflex', 'Smoking', 'Unfiled'],
    });
  });

  it('whose value only says its name again is said once', () => {
    const air = { valueCodeableConcept: { text: 'breathing room air' } };
    const { other } = resultView([observed('Breathing room air', undefined, air)]);
    expect(other.map(({ name, latest }) => [name, latest.words])).toEqual([
      ['Breathing room air', 'Recorded'],
    ]);
  });

  it('stands under exactly one heading', () => {
    const all = Object.values(names(resultView(ENTRIES))).flat();
    expect(all).toHaveLength(ENTRIES.length);
    expect(new Set(all).size).toBe(ENTRIES.length);
  });
});
