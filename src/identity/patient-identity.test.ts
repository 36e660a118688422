import { describe, expect, it } from 'vitest';
import { NHS_NUMBER_SYSTEM, ODS_CODE_SYSTEM } from '../fhir/resource.ts';
import {
  isActive,
  type Patient,
  registeredPracticeCode,
  registeredPracticeReferences,
  unverifiedNhsNumbers,
  VERIFICATION_EXTENSION,
  VERIFICATION_SYSTEMS,
  verifiedNhsNumbers,
} from './patient-identity.ts';

type Identifier = NonNullable<Patient['identifier']>[number];

function number(value: string, code?: string, system = VERIFICATION_SYSTEMS[0]): Identifier {
  return {
    system: NHS_NUMBER_SYSTEM,
    value,
    ...(code === undefined
      ? {}
      : {
          extension: [
            {
              url: VERIFICATION_EXTENSION,
              valueCodeableConcept: { coding: [{ ...(system === undefined ? {} : { system }), code }] },
            },
          ],
        }),
  };
}

const patient = (...identifier: Identifier[]): Patient => ({ resourceType: 'Patient', identifier });

describe('NHS numbers of a Patient', () => {
  it.each(VERIFICATION_SYSTEMS)('count as verified with status 01 of %s', (system) => {
    const found = patient(number('9990000018', '01', system));
    expect(verifiedNhsNumbers(found)).toEqual(['9990000018']);
    expect(unverifiedNhsNumbers(found)).toEqual([]);
  });

  it.each(['02', '03', '04', '05', '06', '07', '08', '1', 'O1'])('are unverified with status %s', (code) => {
    const found = patient(number('9990000018', code));
    expect(verifiedNhsNumbers(found)).toEqual([]);
    expect(unverifiedNhsNumbers(found)).toEqual(['9990000018']);
  });

  it('are unverified without a status, with 01 of another code system, and with a contradiction', () => {
    const contradicted = number('9990000018', '01');
    contradicted.extension?.push(...(number('', '05').extension ?? []));
    for (const one of [
      number('9990000018'),
      number('9990000018', '01', 'http://example.org/x'),
      contradicted,
    ]) {
      expect(verifiedNhsNumbers(patient(one))).toEqual([]);
      expect(unverifiedNhsNumbers(patient(one))).toEqual(['9990000018']);
    }
  });

  it('are none where the system differs or the check digit is wrong', () => {
    const found = patient(
      { ...number('9990000018', '01'), system: 'https://fhir.nhs.uk/RA7/Id/mrn' },
      number('9990000019', '01'),
      { system: NHS_NUMBER_SYSTEM },
    );
    expect(verifiedNhsNumbers(found)).toEqual([]);
    expect(unverifiedNhsNumbers(found)).toEqual([]);
  });

  it('may be several: each once, old ones last, a number both ways counting as verified', () => {
    const found = patient(
      { ...number('9990000026', '01'), use: 'old' },
      number('9990000018', '01'),
      number('9990000018', '01'),
      number('9990000018', '03'),
      number('9990000034', '02'),
    );
    expect(verifiedNhsNumbers(found)).toEqual(['9990000018', '9990000026']);
    expect(unverifiedNhsNumbers(found)).toEqual(['9990000034']);
  });

  it('are none of a Patient without identifiers', () => {
    expect(verifiedNhsNumbers({ resourceType: 'Patient' })).toEqual([]);
  });
});

describe('registered practice', () => {
  it('is the first ODS code among general practitioners, or the Organizations referred to', () => {
    const found: Patient = {
      resourceType: 'Patient',
      generalPractitioner: [
        { reference: 'Practitioner/a' },
        { reference: 'Organization/o1/_history/3' },
        { identifier: { system: ODS_CODE_SYSTEM, value: 'a82001' } },
      ],
    };
    expect(registeredPracticeCode(found)).toBe('A82001');
    expect(registeredPracticeReferences(found)).toEqual(['o1']);
  });

  it('is nothing where none is named', () => {
    expect(registeredPracticeCode({ resourceType: 'Patient' })).toBeUndefined();
    expect(registeredPracticeReferences({ resourceType: 'Patient' })).toEqual([]);
  });
});

it('a Patient is active unless it says otherwise', () => {
  expect(isActive({ resourceType: 'Patient' })).toBe(true);
  expect(isActive({ resourceType: 'Patient', active: false })).toBe(false);
});
