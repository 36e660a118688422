import { describe, expect, it } from 'vitest';
import { eachReference, parseReference, rewriteReferences, typeShownBy } from './references.ts';

describe('parseReference', () => {
  it.each([
    ['Patient/1', { kind: 'local', type: 'Patient', id: '1' }],
    ['Patient/a-b.C/_history/2', { kind: 'local', type: 'Patient', id: 'a-b.C', version: '2' }],
    ['#p1', { kind: 'contained', fragment: 'p1' }],
    ['#', { kind: 'contained', fragment: '' }],
    [
      'urn:uuid:c757873d-ec9a-4326-a141-556f43239520',
      { kind: 'elsewhere', url: 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520' },
    ],
    ['https://x.org/fhir/Patient/1', { kind: 'elsewhere', url: 'https://x.org/fhir/Patient/1' }],
    ['Patient?identifier=x', { kind: 'elsewhere', url: 'Patient?identifier=x' }],
    ['Patient/1/extra', { kind: 'elsewhere', url: 'Patient/1/extra' }],
  ])('reads %s', (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });
});

describe('typeShownBy', () => {
  it.each([
    ['Patient/1', 'Patient'],
    ['https://x.org/fhir/Patient/1', 'Patient'],
    ['https://x.org/fhir/Patient/1/_history/3', 'Patient'],
    ['urn:uuid:c757873d', undefined],
    ['#x', undefined],
    ['Patient', undefined],
  ])('of %s is %s', (text, type) => {
    expect(typeShownBy(text)).toBe(type);
  });
});

const bundle = () => ({
  resourceType: 'Bundle',
  entry: [
    {
      resource: {
        resourceType: 'Observation',
        contained: [{ resourceType: 'Patient', managingOrganization: { reference: 'urn:uuid:a' } }],
        subject: { reference: 'urn:uuid:b', display: 'x' },
        performer: [{ identifier: { value: 'reference' } }, { reference: 'Practitioner/1' }],
        extension: [{ url: 'u', valueReference: { reference: '#c' } }],
      },
    },
  ],
});

describe('references inside resources', () => {
  it('are each visited, in document order', () => {
    const seen: string[] = [];
    eachReference(bundle(), (reference) => seen.push(reference));
    expect(seen).toEqual(['urn:uuid:a', 'urn:uuid:b', 'Practitioner/1', '#c']);
  });

  it('are replaced in place where an answer is given', () => {
    const resource = bundle();
    rewriteReferences(resource, (reference) => ({ 'urn:uuid:b': 'Patient/9' })[reference]);
    const seen: string[] = [];
    eachReference(resource, (reference) => seen.push(reference));
    expect(seen).toEqual(['urn:uuid:a', 'Patient/9', 'Practitioner/1', '#c']);
    expect(resource.entry[0]?.resource.subject.display).toBe('x');
  });

  it('do not overflow on what is nested without end', () => {
    let deep: object = { reference: 'Patient/1' };
    for (let i = 0; i < 100_000; i++) deep = { extension: [deep] };
    expect(() => eachReference(deep, () => undefined)).not.toThrow();
  });
});
