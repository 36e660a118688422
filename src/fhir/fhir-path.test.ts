import { describe, expect, it, vi } from 'vitest';
import { compile, compileTyped } from './fhir-path.ts';

const patient = {
  resourceType: 'Patient',
  id: 'a',
  contained: [{ resourceType: 'Organization', id: 'gp', name: 'Surgery' }],
  name: [{ use: 'official', family: 'Khan', given: ['Aisha', 'B'] }],
  birthDate: '1980-02-03',
  multipleBirthInteger: 2,
  managingOrganization: { reference: '#gp' },
  generalPractitioner: [{ reference: 'Practitioner/p' }],
};

describe('FHIRPath', () => {
  it('gives the objects of the resource themselves, and plain values', () => {
    expect(compile('Patient.name')(patient)[0]).toBe(patient.name[0]);
    expect(compile('name.given')(patient)).toEqual(['Aisha', 'B']);
    expect(compile('birthDate')(patient)).toEqual(['1980-02-03']);
    expect(compile('multipleBirth')(patient)).toEqual([2]);
    expect(compile('1.5 + 1')(patient)).toEqual([2.5]);
    expect(compile("4 'mg'")(patient)).toEqual(["4 'mg'"]);
  });

  it('knows types: of whole resources, and of parts that it is told the type of', () => {
    expect(compile("family = 'Khan' and use = 'official'", 'HumanName')(patient.name[0])).toEqual([true]);
    expect(compile('value is Quantity', 'Observation')({ valueQuantity: { value: 1 } })).toEqual([true]);
    expect(compileTyped('name.family')(patient)).toEqual([{ value: 'Khan', type: 'FHIR.string' }]);
  });

  it('takes what it is given by name', () => {
    expect(compile('%resource.id')(patient.name[0], { resource: patient })).toEqual(['a']);
  });

  it('resolves what the resource or Bundle holds, then what the caller knows, and fetches nothing', () => {
    expect(compile('managingOrganization.resolve().name')(patient)).toEqual(['Surgery']);
    const known = (reference: string) => ({ resourceType: 'Practitioner', id: reference.slice(13) });
    const path = compile('generalPractitioner.resolve().ofType(Practitioner).id');
    expect(path(patient, {}, known)).toEqual(['p']);
    expect(path(patient)).toEqual([]);
    const bundle = {
      resourceType: 'Bundle',
      entry: [
        { fullUrl: 'http://x/Patient/a', resource: patient },
        { fullUrl: 'http://x/Practitioner/p', resource: { resourceType: 'Practitioner', id: 'p' } },
      ],
    };
    expect(compile('entry.resource.generalPractitioner.resolve().id')(bundle)).toEqual(['p']);
  });

  it('writes nothing on trace()', () => {
    const log = vi.spyOn(console, 'log');
    expect(compile("name.trace('x').family")(patient)).toEqual(['Khan']);
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });

  it('says what is no FHIRPath, and what cannot be evaluated', () => {
    expect(() => compile('name.where(')).toThrow(/^Not FHIRPath/);
    expect(() => compile('name.single().nothing()')(patient)).toThrow(/fails here/);
    expect(() => compile("code.memberOf('x')")(patient)).toThrow(/fails here/);
  });
});
