import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Id, NhsNumber } from '../base/brands.ts';
import { matchPerson, type PatientFacts } from './person-match.ts';

const N = '9990000018' as NhsNumber;
const OLD = '9990000026' as NhsNumber;

function facts(id: string, given: Partial<PatientFacts> = {}): PatientFacts {
  return {
    id: id as Id,
    active: true,
    verified: [N],
    unverified: [],
    replacedBy: [],
    replaces: [],
    demographics: { resourceType: 'Patient' },
    practiceReferences: [],
    ...given,
  };
}

const ids = (...texts: string[]): readonly Id[] => texts as Id[];

describe('person match', () => {
  it('is none where nobody has the number', () => {
    expect(matchPerson(N, [], [])).toEqual({ kind: 'none' });
  });

  it('is one for one record, active or not', () => {
    expect(matchPerson(N, [facts('a')], [])).toEqual({ kind: 'one', patients: ['a'], active: true });
    expect(matchPerson(N, [facts('a', { active: false })], [])).toMatchObject({ kind: 'one', active: false });
  });

  it('is unverified where the number is only claimed, and a claim beside a holder changes nothing', () => {
    const claim = facts('c', { verified: [], unverified: [N] });
    expect(matchPerson(N, [], [claim])).toEqual({ kind: 'unverified', patients: ['c'] });
    expect(matchPerson(N, [facts('a')], [claim])).toMatchObject({ kind: 'one', patients: ['a'] });
  });

  it('is ambiguous for two records in use that nobody joined', () => {
    expect(matchPerson(N, [facts('b'), facts('a')], [])).toEqual({ kind: 'ambiguous', patients: ['a', 'b'] });
  });

  it('joins an unlinked record out of use to the one in use', () => {
    const found = matchPerson(N, [facts('a', { active: false }), facts('b')], []);
    expect(found).toMatchObject({ kind: 'one', patients: ['b', 'a'], active: true });
  });

  it('is ambiguous where all unlinked records are out of use: nobody says which to keep', () => {
    const found = matchPerson(N, [facts('a', { active: false }), facts('b', { active: false })], []);
    expect(found.kind).toBe('ambiguous');
  });

  it('is ambiguous where an unlinked record under the number is plainly somebody else', () => {
    const named = (family: string, birthDate: string): PatientFacts['demographics'] => ({
      resourceType: 'Patient',
      name: [{ family, given: ['Ann'] }],
      birthDate,
    });
    const ann = facts('a', { demographics: named('Ward', '1980-02-03') });
    const other = facts('b', { active: false, demographics: named('Khan', '1951-11-30') });
    const same = facts('c', { active: false, demographics: named('Ward', '1980-02-04') });
    expect(matchPerson(N, [ann, other], [])).toEqual({ kind: 'ambiguous', patients: ['a', 'b'] });
    expect(matchPerson(N, [ann, same], [])).toMatchObject({ kind: 'one', patients: ['a', 'c'] });
    const linked = { ...other, replacedBy: ids('a') };
    expect(matchPerson(N, [ann, linked], [])).toMatchObject({ kind: 'one', patients: ['a', 'b'] });
  });

  it.each([
    ['the retired record', facts('s'), facts('r', { active: false, replacedBy: ids('s') })],
    ['the survivor', facts('s', { replaces: ids('r') }), facts('r', { active: false })],
    ['both', facts('s', { replaces: ids('r') }), facts('r', { active: false, replacedBy: ids('s') })],
    ['the retired record, still active', facts('s'), facts('r', { replacedBy: ids('s') })],
  ])('joins a merge stated by %s, survivor first', (_, survivor, retired) => {
    expect(matchPerson(N, [retired, survivor], [])).toMatchObject({ kind: 'one', patients: ['s', 'r'] });
  });

  it('leads from a superseded number of a retired record to the survivor', () => {
    const survivor = facts('s');
    const retired = facts('r', { verified: [OLD], active: false, replacedBy: ids('s') });
    for (const number of [N, OLD]) {
      expect(matchPerson(number, [retired, survivor], [])).toMatchObject({
        kind: 'one',
        patients: ['s', 'r'],
      });
    }
  });

  it('follows a chain of merges to its end', () => {
    const chain = [
      facts('a', { active: false, replacedBy: ids('b') }),
      facts('b', { active: false, replacedBy: ids('c') }),
      facts('c'),
    ];
    expect(matchPerson(N, chain, [])).toMatchObject({ kind: 'one', patients: ['c', 'a', 'b'] });
  });

  it('is ambiguous for a record merged into two, and for merges in a circle', () => {
    const two = [facts('r', { replacedBy: ids('s', 't') }), facts('s'), facts('t')];
    expect(matchPerson(N, two, []).kind).toBe('ambiguous');
    const circle = [facts('a', { replacedBy: ids('b') }), facts('b', { replacedBy: ids('a') })];
    expect(matchPerson(N, circle, []).kind).toBe('ambiguous');
  });

  it('is ambiguous where a merged record and a third one in use share a number', () => {
    const found = matchPerson(
      N,
      [facts('s', { replaces: ids('r') }), facts('r', { active: false }), facts('x')],
      [],
    );
    expect(found).toEqual({ kind: 'ambiguous', patients: ['r', 's', 'x'] });
  });

  it('does not depend on the order of the records, nor lose one', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const record = fc.record({
      id,
      active: fc.boolean(),
      replacedBy: fc.uniqueArray(id, { maxLength: 1 }),
      replaces: fc.uniqueArray(id, { maxLength: 1 }),
    });
    const records = fc.uniqueArray(record, { selector: (one) => one.id, minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(records, fc.infiniteStream(fc.nat()), (drawn, chance) => {
        const all = drawn.map((one) =>
          facts(one.id, {
            active: one.active,
            replacedBy: ids(...one.replacedBy.filter((other) => other !== one.id)),
            replaces: ids(...one.replaces.filter((other) => other !== one.id)),
          }),
        );
        const found = matchPerson(N, all, []);
        const shuffled = all
          .map((one) => ({ one, key: chance.next().value ?? 0 }))
          .sort((x, y) => x.key - y.key)
          .map(({ one }) => one);
        expect(matchPerson(N, shuffled, [])).toEqual(found);
        if (found.kind === 'none') throw new Error('somebody holds the number');
        expect([...found.patients].sort()).toEqual(all.map((one) => one.id).sort());
      }),
      { seed: 3, numRuns: 2_000 },
    );
  });
});
