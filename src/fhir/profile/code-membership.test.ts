/** Membership of codes, asked of the R4 definitions themselves. */
import { describe, expect, it } from 'vitest';
import { baseDefinitions } from './base-definitions.ts';
import { codeMembership } from './code-membership.ts';

const base = await baseDefinitions();
const FHIR = 'http://hl7.org/fhir/ValueSet';

describe('membership in the value sets of R4', () => {
  it('of lists and whole systems, with a system and without', () => {
    expect(base.membership(`${FHIR}/administrative-gender`, undefined, 'male')).toBe('in');
    expect(base.membership(`${FHIR}/administrative-gender|4.0.1`, undefined, 'boy')).toBe('out');
    expect(base.membership(`${FHIR}/age-units`, 'http://unitsofmeasure.org', 'a')).toBe('in');
    expect(base.membership(`${FHIR}/age-units`, 'http://unitsofmeasure.org', 'm')).toBe('out');
    expect(base.membership(`${FHIR}/age-units`, 'http://example.org', 'a')).toBe('out');
  });

  it('of hierarchies', () => {
    const v3 = 'http://terminology.hl7.org/ValueSet/v3-ActEncounterCode';
    const system = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
    expect(base.membership(v3, system, 'AMB')).toBe('in');
    expect(base.membership(v3, system, 'INFA')).toBe('out');
  });

  it('of grammars: units, media types, languages', () => {
    expect(base.membership(`${FHIR}/ucum-units`, 'http://unitsofmeasure.org', 'mm[Hg]')).toBe('in');
    expect(base.codeIn('http://unitsofmeasure.org', 'furlongs')).toBe('out');
    expect(base.membership(`${FHIR}/mimetypes`, undefined, 'application/pdf')).toBe('in');
    expect(base.membership(`${FHIR}/mimetypes`, undefined, 'pdf')).toBe('out');
  });

  it('is unknown where only a terminology server could say', () => {
    expect(base.membership(`${FHIR}/clinical-findings`, 'http://snomed.info/sct', '1')).toBe('unknown');
    expect(base.membership('http://nobody/ValueSet/x', undefined, '1')).toBe('unknown');
    expect(base.codeIn('http://loinc.org', '1')).toBe('unknown');
  });
});

describe('definitions that lead nowhere', () => {
  it('end: value sets of each other, hierarchies in a circle', () => {
    const sets: Record<string, object> = {
      a: { compose: { include: [{ valueSet: ['b'] }] } },
      b: { compose: { include: [{ valueSet: ['a'] }] } },
      c: {
        compose: { include: [{ system: 's', filter: [{ property: 'concept', op: 'is-a', value: 'z' }] }] },
      },
      s: {
        content: 'complete',
        concept: [
          { code: 'x', property: [{ code: 'parent', valueCode: 'y' }] },
          { code: 'y', property: [{ code: 'parent', valueCode: 'x' }] },
        ],
      },
    };
    const codes = codeMembership((_type, url) => sets[url] as never);
    expect(codes.membership('a', undefined, '1')).toBe('unknown');
    expect(codes.membership('c', 's', 'x')).toBe('out');
  });
});
