import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDemographics, contradicts, isNamesake } from './compare-demographics.ts';
import type { Patient } from './patient-identity.ts';

interface Person {
  family?: string;
  given?: string;
  birthDate?: string;
  gender?: 'male' | 'female' | 'other' | 'unknown';
  postcode?: string;
}

const person = ({ family, given, birthDate, gender, postcode }: Person): Patient => ({
  resourceType: 'Patient',
  name: [{ ...(family === undefined ? {} : { family }), ...(given === undefined ? {} : { given: [given] }) }],
  ...(birthDate === undefined ? {} : { birthDate }),
  ...(gender === undefined ? {} : { gender }),
  ...(postcode === undefined ? {} : { address: [{ postalCode: postcode }] }),
});

const JANE: Person = {
  family: 'O’Brien-Shaw',
  given: 'Jane',
  birthDate: '1984-03-07',
  gender: 'female',
  postcode: 'LS6 2AA',
};
const JOHN: Person = {
  family: 'Smith',
  given: 'John',
  birthDate: '1950-12-24',
  gender: 'male',
  postcode: 'N1 9GU',
};

describe('compare demographics', () => {
  it.each([
    ['the same', JANE, 'same'],
    ['another way of writing', { ...JANE, family: 'OBRIEN SHAW', postcode: 'ls62aa' }, 'same'],
    ['an unknown gender', { ...JANE, gender: 'unknown' }, 'same'],
    ['a typing mistake in the name', { ...JANE, given: 'Jnae' }, 'same'],
    ['another postcode: perhaps a namesake', { ...JANE, postcode: 'M1 1AE' }, 'possible'],
    ['no postcode', { ...JANE, postcode: '' }, 'possible'],
    ['day and month swapped', { ...JANE, birthDate: '1984-07-03' }, 'possible'],
    ['another gender', { ...JANE, gender: 'male' }, 'possible'],
    ['another given name: perhaps a twin', { ...JANE, given: 'Ruth' }, 'possible'],
    ['another birth date, name and street the same', { ...JANE, birthDate: '1951-11-30' }, 'different'],
    ['another person', JOHN, 'different'],
    ['nothing to go by', {}, 'different'],
  ] as const)('%s', (_, other, verdict) => {
    expect(compareDemographics(person(JANE), person(other)).verdict).toBe(verdict);
  });

  it('looks at former names, and not at postcodes that stand for none', () => {
    const married = person({ ...JANE, family: 'Hall' });
    married.name?.push({ use: 'maiden', family: 'O’Brien-Shaw', given: ['Jane'] });
    expect(compareDemographics(person(JANE), married).verdict).toBe('same');
    const homeless = person({ ...JANE, postcode: 'ZZ99 3VZ' });
    expect(compareDemographics(homeless, homeless).fields.postcode).toBe('missing');
  });

  it('knows two people with one name and birth date', () => {
    expect(isNamesake(person(JANE), person({ ...JANE, postcode: 'EH1 1YZ', gender: 'unknown' }))).toBe(true);
    expect(isNamesake(person(JANE), person({ ...JANE, given: 'Janet' }))).toBe(false);
  });

  it('knows a contradiction: another birth date and another name, and nothing less', () => {
    expect(contradicts(person(JANE), person(JOHN))).toBe(true);
    expect(contradicts(person(JANE), person({ ...JANE, birthDate: '1951-11-30' }))).toBe(false);
    expect(contradicts(person(JANE), person({ ...JOHN, birthDate: '1984-03-07' }))).toBe(false);
    expect(contradicts(person(JANE), person({}))).toBe(false);
  });

  it('is symmetric, and nobody differs from themselves', () => {
    const field = (...texts: string[]) => fc.option(fc.constantFrom(...texts), { nil: undefined });
    const anybody = fc
      .record({
        family: field('Smith', 'Smyth', 'Smith-Jones', 'Li', 'S', ''),
        given: field('Ann', 'Anne', 'Anna', 'A', 'Naa', 'José', 'Jose'),
        birthDate: field('1984', '1984-03', '1984-03-07', '1984-07-03', '1985-03-07'),
        gender: fc.option(fc.constantFrom('male' as const, 'female' as const, 'unknown' as const), {
          nil: undefined,
        }),
        postcode: field('LS6 2AA', 'LS6 2AB', 'LS1 2AA', 'ZZ99 3VZ', 'M1'),
      })
      .map((one) => person(JSON.parse(JSON.stringify(one)) as Person));
    fc.assert(
      fc.property(anybody, anybody, (a, b) => {
        expect(compareDemographics(a, b)).toEqual(compareDemographics(b, a));
        expect(contradicts(a, b)).toBe(contradicts(b, a));
        const fields = Object.values(compareDemographics(a, a).fields);
        expect(fields).not.toContain('differ');
      }),
      { seed: 5, numRuns: 3_000 },
    );
  });
});

const FEBRL = '../shared/fixtures/matching/febrl/dataset1.csv.gz';
const hasFebrl = existsSync(FEBRL);
if (!hasFebrl) console.log(`skipped: ${FEBRL} is not there, so comparison is not tried on real mistakes`);

describe.runIf(hasFebrl)('compare demographics on FEBRL dataset 1', () => {
  it('never calls two people the same, and does not lose one person under two records', () => {
    const people = febrl(gunzipSync(readFileSync(FEBRL)).toString('utf8'));
    expect(people.length).toBe(1_000);
    let falseSame = 0;
    let found = 0;
    let pairs = 0;
    for (let i = 0; i < people.length; i++) {
      for (let j = i + 1; j < people.length; j++) {
        const [a, b] = [people[i], people[j]];
        if (a === undefined || b === undefined) continue;
        const { verdict } = compareDemographics(a.patient, b.patient);
        if (a.truth === b.truth) {
          pairs += 1;
          if (verdict !== 'different') found += 1;
        } else if (verdict === 'same') falseSame += 1;
      }
    }
    expect(pairs).toBe(500);
    expect(falseSame).toBe(0);
    expect(found).toBeGreaterThanOrEqual(450);
  });
});

/** rec-N-org and rec-N-dup-k are one person. */
function febrl(csv: string): { truth: string; patient: Patient }[] {
  const [, ...lines] = csv.trim().split('\n');
  return lines.map((line) => {
    const [id = '', given, family, , , , , postcode, , born = ''] = line.split(',').map((one) => one.trim());
    const birthDate = `${born.slice(0, 4)}-${born.slice(4, 6)}-${born.slice(6, 8)}`;
    return {
      truth: id.split('-')[1] ?? '',
      patient: person({
        ...(given ? { given } : {}),
        ...(family ? { family } : {}),
        ...(postcode ? { postcode } : {}),
        ...(born === '' ? {} : { birthDate }),
      }),
    };
  });
}
