import { describe, expect, it } from 'vitest';
import { r4Examples } from '../../../test/r4-examples.ts';
import { entry, source } from '../../../test/record-views-under-test.ts';
import { newestFirst } from '../moment.ts';
import { SUPPORTING_TYPES } from './describe.ts';
import type { Entry } from './entry.ts';
import type { RecordView } from './record-view.ts';
import { References } from './resource-text.ts';
import { timelinePage, timelineRows } from './timeline.ts';

const lab = source({ ods: 'LA1', name: 'Sampleford Pathology', kind: 'lab' });
const surgery = source();
const VITAL = [{ coding: [{ code: 'vital-signs' }] }];
const observation = (id: string, more: object = {}): object => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: `Test ${id}` },
  valueQuantity: { value: 1, unit: 'mmol/L' },
  effectiveDateTime: '2025-11-03T09:20:00Z',
  ...more,
});
const rowsOf = (entries: readonly Entry[]) =>
  timelineRows(
    [...entries].sort((a, b) => newestFirst(a.when, b.when)),
    new References(entries),
  );

describe('a timeline', () => {
  it('puts results under the report that names them, each with its value', () => {
    const report = {
      resourceType: 'DiagnosticReport',
      id: 'r',
      status: 'final',
      code: { text: 'Urea and electrolytes' },
      effectiveDateTime: '2025-11-03T09:20:00Z',
      result: [{ reference: 'Observation/k' }, { reference: 'Observation/na' }],
    };
    const rows = rowsOf(
      [observation('k'), report, observation('na'), observation('other')].map((one) => entry(lab, one)),
    );
    expect(rows.map((row) => [row.description.title, row.parts.map((part) => part.label)])).toEqual([
      ['Urea and electrolytes', ['Test k', 'Test na']],
      ['Test other', []],
    ]);
  });

  it('does not take another source’s result for a part of the report', () => {
    const report = {
      resourceType: 'DiagnosticReport',
      id: 'r',
      status: 'final',
      code: { text: 'R' },
      result: [{ reference: 'http://GP1.example/fhir/Observation/k' }],
    };
    expect(rowsOf([entry(lab, report), entry(surgery, observation('k'))])).toHaveLength(2);
  });

  it('shows measurements of one minute and one source as one row with every value', () => {
    const all = ['rr', 'pulse', 'temp'].map((id) => entry(lab, observation(id, { category: VITAL })));
    const rows = rowsOf([...all, entry(surgery, observation('pulse', { category: VITAL }))]);
    expect(rows.map((row) => row.parts.length || 1)).toEqual([3, 1]);
  });

  it('groups what shares a business identifier, says where a telling differs, and leaves none out', () => {
    const identifier = [{ system: 'urn:doc', value: '7' }];
    const letter = (id: string, description: string): object => ({
      resourceType: 'DocumentReference',
      id,
      status: 'current',
      identifier,
      description,
      date: '2025-02-11',
      content: [],
    });
    const rows = rowsOf([
      entry(surgery, letter('a', 'Discharge letter')),
      entry(lab, letter('b', 'Discharge letter')),
      entry(source({ ods: 'RX1' }), letter('c', 'Another title')),
    ]);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.same.map((one) => [one.entry.source.ods, one.differs])).toEqual([
      ['LA1', false],
      ['RX1', true],
    ]);
  });

  it('ends where panels name each other in a circle', () => {
    const rows = rowsOf([
      entry(lab, observation('a', { hasMember: [{ reference: 'Observation/b' }] })),
      entry(lab, observation('b', { hasMember: [{ reference: 'Observation/a' }] })),
    ]);
    expect(rows.length).toBeGreaterThan(0);
  });

  it('has a row or a place in one for every R4 example, and a title for each', () => {
    const entries = r4Examples()
      .filter(({ resource }) => typeof resource.id === 'string' && resource.resourceType !== 'Bundle')
      .map(({ resource }) => entry(surgery, resource));
    expect(entries.length).toBeGreaterThan(500);
    const rows = rowsOf(entries);
    for (const row of rows) expect(row.description.title.trim(), row.entry.key).not.toBe('');
    const events = entries.filter((one) => !SUPPORTING_TYPES.includes(one.resource.resourceType));
    const placed = rows.reduce((sum, row) => sum + 1 + row.same.length + row.parts.length, 0);
    expect(placed).toBeGreaterThan(events.length * 0.95);
  });
});

describe('a page of a timeline', () => {
  const entries = Array.from({ length: 23 }, (_, i) =>
    entry(
      i % 2 === 0 ? lab : surgery,
      observation(`o${i}`, { effectiveDateTime: `2025-01-${String(i + 1).padStart(2, '0')}` }),
    ),
  ).reverse();
  const view = { entries, references: new References(entries) } as unknown as RecordView;

  it('holds its share, newest first, and says how many there are', () => {
    const { rows, total, pages, page } = timelinePage(view, { page: 2 }, 10);
    expect([rows.length, total, pages, page]).toEqual([10, 23, 3, 2]);
    expect(rows[0]?.entry.when?.day).toBe(13);
  });

  it('past the end is the last one', () => {
    expect(timelinePage(view, { page: 99 }, 10)).toMatchObject({ page: 3, pages: 3 });
  });

  it('is filtered by source and by kind', () => {
    expect(timelinePage(view, { page: 1, source: 'LA1' as never }, 50).total).toBe(12);
    expect(timelinePage(view, { page: 1, kind: 'letters' }, 50)).toMatchObject({ total: 0, pages: 1 });
  });
});
