import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Id } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import { ACTIVE_BEFORE_MERGE, type IdentifiedPatient, mergeOps, unmergeOps } from './merge.ts';

const patient = (id: string, given: Partial<IdentifiedPatient> = {}): IdentifiedPatient => ({
  resourceType: 'Patient',
  id: id as Id,
  ...given,
});

/** The two records after the ops. */
function applied(ops: ReturnType<typeof mergeOps>, ...records: IdentifiedPatient[]): IdentifiedPatient[] {
  return records.map((record) => {
    const op = ops.find((one) => one.op === 'put' && one.resource.id === record.id);
    return op?.op === 'put' ? (op.resource as IdentifiedPatient) : record;
  });
}

describe('merge', () => {
  it('retires one record and links both, touching nothing else', () => {
    const survivor = patient('s', { name: [{ family: 'Ward' }], meta: { versionId: '4' } });
    const retired = patient('r', { birthDate: '1980-02-03', meta: { versionId: '7' } });
    expect(mergeOps(survivor, retired)).toEqual([
      {
        op: 'put',
        ifMatch: '7',
        resource: {
          ...retired,
          active: false,
          link: [
            {
              extension: [{ url: ACTIVE_BEFORE_MERGE, valueCode: 'unstated' }],
              other: { reference: 'Patient/s' },
              type: 'replaced-by',
            },
          ],
        },
      },
      {
        op: 'put',
        ifMatch: '4',
        resource: { ...survivor, link: [{ other: { reference: 'Patient/r' }, type: 'replaces' }] },
      },
    ]);
  });

  it('does nothing the second time', () => {
    const [survivor, retired] = applied(mergeOps(patient('s'), patient('r')), patient('s'), patient('r'));
    expect(mergeOps(survivor ?? patient('x'), retired ?? patient('y'))).toEqual([]);
  });

  it.each([
    ['into itself', patient('a'), patient('a')],
    [
      'of a record merged elsewhere',
      patient('s'),
      patient('r', { link: [{ other: { reference: 'Patient/t' }, type: 'replaced-by' }] }),
    ],
    [
      'into a retired record',
      patient('s', { link: [{ other: { reference: 'Patient/t' }, type: 'replaced-by' }] }),
      patient('r'),
    ],
  ])('%s is refused', (_, survivor, retired) => {
    expect(() => mergeOps(survivor, retired)).toThrow(Failure);
  });

  it('taking apart gives back exactly what was, whatever it was', () => {
    const link = fc.record({
      other: fc.record({ reference: fc.constantFrom('Patient/x', 'Patient/y', 'RelatedPerson/z') }),
      type: fc.constantFrom('seealso' as const, 'refer' as const, 'replaces' as const),
    });
    const record = fc.record(
      {
        active: fc.boolean(),
        link: fc.array(link, { minLength: 1, maxLength: 3 }),
        birthDate: fc.constant('1990-01-01'),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(record, record, (one, other) => {
        const survivor = patient('s', one);
        const retired = patient('r', other);
        const [joinedSurvivor = survivor, joinedRetired = retired] = applied(
          mergeOps(survivor, retired),
          survivor,
          retired,
        );
        expect(joinedRetired.active).toBe(false);
        const apart = unmergeOps(joinedSurvivor, joinedRetired);
        expect(applied(apart, joinedSurvivor, joinedRetired)).toEqual([survivor, retired]);
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  it('takes apart a merge that another system made: the record is in use again', () => {
    const survivor = patient('s');
    const retired = patient('r', {
      active: false,
      link: [{ other: { reference: 'Patient/s/_history/2' }, type: 'replaced-by' }],
    });
    expect(applied(unmergeOps(survivor, retired), retired)).toEqual([patient('r', { active: true })]);
  });

  it('refuses to take apart what is not merged', () => {
    expect(() => unmergeOps(patient('s'), patient('r'))).toThrow(/not merged/);
  });
});
