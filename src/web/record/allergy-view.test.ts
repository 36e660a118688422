import { describe, expect, it } from 'vitest';
import { entry, type SourceLike, source } from '../../../test/record-views-under-test.ts';
import { ALLERGY_HEADINGS } from '../allergy-words.ts';
import { type AllergyHeading, allergyView } from './allergy-view.ts';
import type { Entry } from './entry.ts';

const SCT = 'http://snomed.info/sct';
const allergy = (id: string, code: object, more: object = {}): object => ({
  resourceType: 'AllergyIntolerance',
  id,
  patient: { reference: 'Patient/p' },
  code,
  ...more,
});
const PENICILLIN = { text: 'Penicillin' };
const NONE = { coding: [{ system: SCT, code: '716186003' }], text: 'No known allergy' };
const NO_DRUG = { coding: [{ system: SCT, code: '409137002' }], text: 'No known drug allergy' };

const surgery = source();
const held = (...resources: object[]): readonly Entry[] => resources.map((one) => entry(surgery, one));
const hospital = (like: SourceLike): ReturnType<typeof source> =>
  source({ ods: 'RX1', name: 'Exampleton General Hospital', kind: 'acute', ...like });

describe('the heading over allergies', () => {
  it('is one of exactly four', () => {
    expect(Object.values(ALLERGY_HEADINGS)).toEqual([
      'Known allergies',
      'No known allergies',
      'Allergies not recorded',
      'Allergies unavailable',
    ]);
  });

  it.each<[string, readonly object[], AllergyHeading]>([
    ['an allergy', [allergy('a', PENICILLIN)], 'known'],
    ['an allergy beside "no known allergy"', [allergy('a', PENICILLIN), allergy('b', NONE)], 'known'],
    ['"no known allergy"', [allergy('b', NONE)], 'none-known'],
    [
      '"no known drug allergy", from which nothing follows for the rest',
      [allergy('c', NO_DRUG)],
      'not-recorded',
    ],
    ['nothing', [], 'not-recorded'],
    [
      'a resolved allergy only',
      [allergy('a', PENICILLIN, { clinicalStatus: { coding: [{ code: 'resolved' }] } })],
      'not-recorded',
    ],
    [
      'a refuted allergy only',
      [allergy('a', PENICILLIN, { verificationStatus: { coding: [{ code: 'refuted' }] } })],
      'not-recorded',
    ],
    ['an allergy without any status, which counts', [allergy('a', PENICILLIN, {})], 'known'],
  ])('where every source answered in full, with %s: %s', (_what, resources, heading) => {
    expect(allergyView(held(...resources), [surgery, hospital({})]).heading).toBe(heading);
  });

  const PARTIAL: readonly (readonly [string, SourceLike, 'failed' | 'behind' | 'not-covered'])[] = [
    ['is out of reach', { status: 'unavailable', covers: [], asAt: null }, 'failed'],
    ['is a copy', { status: 'copy' }, 'failed'],
    ['refuses by consent', { status: 'refused', rule: 'consent' }, 'failed'],
    ['refuses by role', { status: 'refused', rule: 'role' }, 'failed'],
    ['is not joined, its number being unverified', { status: 'refused', rule: 'identity' }, 'failed'],
    ['is behind with allergies', { status: 'behind', behind: ['AllergyIntolerance'] }, 'behind'],
    ['is behind and does not say with what', { status: 'behind' }, 'behind'],
    ['does not cover allergies', { covers: ['Encounter'] }, 'not-covered'],
    ['says nothing of what it covers', { covers: [] }, 'not-covered'],
  ];
  for (const [what, like, why] of PARTIAL) {
    it.each([
      ['an allergy is known elsewhere', [allergy('a', PENICILLIN)]],
      ['"no known allergy" is recorded elsewhere', [allergy('b', NONE)]],
      ['nothing is recorded', []],
    ])(
      `is "Allergies unavailable" where the hospital ${what}, whatever else is there: %s`,
      (_what, resources) => {
        const view = allergyView(held(...resources), [surgery, hospital(like)]);
        expect(view.heading).toBe('unavailable');
        expect(view.missing).toEqual([{ source: expect.objectContaining({ ods: 'RX1' }), why }]);
      },
    );
  }

  it('is "Allergies unavailable" where no source was asked at all', () => {
    expect(allergyView([], []).heading).toBe('unavailable');
  });

  it('does not wait for a laboratory, which records none', () => {
    const lab = source({ ods: 'LA1', kind: 'lab', status: 'unavailable', covers: ['Observation'] });
    expect(allergyView(held(allergy('b', NONE)), [surgery, lab]).heading).toBe('none-known');
  });

  it('stays where a source is behind with something else', () => {
    const late = hospital({
      status: 'behind',
      behind: ['Observation'],
      covers: ['AllergyIntolerance', 'Observation'],
    });
    expect(allergyView(held(allergy('b', NONE)), [surgery, late]).heading).toBe('none-known');
  });
});

describe('allergies told by two', () => {
  const told = (text: string, more: object = {}): readonly Entry[] => [
    entry(surgery, allergy('a', PENICILLIN, { identifier: [{ system: 'urn:x', value: '1' }] })),
    entry(hospital({}), allergy('b', { text }, { identifier: [{ system: 'urn:x', value: '1' }], ...more })),
  ];

  it('are one line with both sources where they share an identifier and agree', () => {
    const { known } = allergyView(told('Penicillin'), [surgery, hospital({})]);
    expect(known).toHaveLength(1);
    expect(known[0]?.same.map((one) => one.source.ods)).toEqual(['RX1']);
  });

  it('are a line each where they do not agree, and where only the names are alike', () => {
    expect(allergyView(told('Latex'), [surgery, hospital({})]).known).toHaveLength(2);
    const alike = [entry(surgery, allergy('a', PENICILLIN)), entry(hospital({}), allergy('b', PENICILLIN))];
    expect(allergyView(alike, [surgery, hospital({})]).known).toHaveLength(2);
  });
});
