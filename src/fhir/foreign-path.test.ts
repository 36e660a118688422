import { describe, expect, it } from 'vitest';
import { effectiveSettings } from '../base/settings.ts';
import { compileForeign } from './foreign-path.ts';

/** Long enough for a machine that is busy with other tests. */
const settings = { ...effectiveSettings([], {}), fhirPathMs: 60_000 };
const short = { ...settings, fhirPathMs: 100 };
const patient = { resourceType: 'Patient', name: [{ family: `${'a'.repeat(60)}!` }] };
const evaluate = (expression: string, given = settings): unknown[] =>
  compileForeign(expression, 'Patient', given)(patient);

describe('FHIRPath of a client', () => {
  it('is evaluated as any other', () => {
    expect(evaluate('name.family.length()')).toEqual([61]);
    const part = compileForeign("family.startsWith('a')", 'HumanName', settings);
    expect(part(patient.name[0])).toEqual([true]);
  });

  const slow = [
    "name.family.matches('^(a+)+$')",
    "name.family.replaceMatches('^(a+)+$', 'b')",
    `${'(1|2|3|4|5|6|7|8|9).select('.repeat(8)}1${')'.repeat(8)}`,
  ];
  for (const expression of slow) {
    it(`is ended when it takes too long: ${expression.slice(0, 60)}`, () => {
      expect(() => evaluate(expression, short)).toThrow(/setting fhirPathMs/);
      expect(evaluate('name.count()')).toEqual([1]);
    });
  }

  it('is ended when it is asked for too often', () => {
    expect(() => {
      const limits = { ...settings, fhirPathMs: 500 };
      const path = compileForeign('name.family.toChars().distinct().count()', 'Patient', limits);
      for (let i = 0; i < 1_000_000; i++) path(patient);
    }).toThrow(/setting fhirPathMs/);
  });

  it('is not too long, nor too deep', () => {
    expect(() => evaluate(`${'('.repeat(5_000)}1${')'.repeat(5_000)}`)).toThrow(/setting fhirPathLengthMax/);
    const deep = () => evaluate(`${'('.repeat(990)}1${')'.repeat(990)}`);
    try {
      expect(deep()).toEqual([1]);
    } catch (error) {
      expect((error as Error).message).toMatch(/Not FHIRPath|fails here|setting fhirPathMs/);
    }
    expect(() => evaluate('name.where(')).toThrow(/Not FHIRPath/);
  });
});
