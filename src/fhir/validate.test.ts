import { describe, expect, it } from 'vitest';
import { r4Examples } from '../../test/r4-examples.ts';
import { structure } from './definitions.ts';
import { validate } from './validate.ts';

/** Examples of HL7's package that break R4's own structure, each with what is wrong. */
const INVALID: Readonly<Record<string, string>> = {
  'Bundle-v2-valuesets':
    'codes of v2 table 0550 end in a space (Bundle.entry[814].resource.concept[74].code)',
  'CodeSystem-v2-0550': 'codes end in a space (CodeSystem.concept[74].code)',
  'ImplementationGuide-fhir': 'no name (ImplementationGuide.name), no packageId',
  'ig-r4': 'no name (ImplementationGuide.name), no packageId',
  'Questionnaire-qs1': 'items without linkId (Questionnaire.item[0].item[0].linkId)',
  'SearchParameter-codesystem-extensions-CodeSystem-author': 'no base',
  'SearchParameter-codesystem-extensions-CodeSystem-effective': 'no base',
  'SearchParameter-codesystem-extensions-CodeSystem-end': 'no base',
  'SearchParameter-codesystem-extensions-CodeSystem-keyword': 'no base',
  'SearchParameter-codesystem-extensions-CodeSystem-workflow': 'no base',
  'SearchParameter-valueset-extensions-ValueSet-author': 'no base',
  'SearchParameter-valueset-extensions-ValueSet-effective': 'no base',
  'SearchParameter-valueset-extensions-ValueSet-end': 'no base',
  'SearchParameter-valueset-extensions-ValueSet-keyword': 'no base',
  'SearchParameter-valueset-extensions-ValueSet-workflow': 'no base',
  'SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject':
    'an id of 65 characters and more',
};

/** Examples with a reference to a type that the element does not name: accepted with a warning. */
const WARNED = [
  'DeviceMetric-example',
  'DeviceUseStatement-example',
  'MedicationRequest-medrx0301',
  'Observation-clinical-gender',
];

describe('validate', () => {
  it('passes every R4 example and definition but the named ones', () => {
    const examples = r4Examples({ definitions: true });
    expect(examples).toHaveLength(5306);
    const refused: string[] = [];
    const warned: string[] = [];
    for (const { name, resource } of examples) {
      const issues = validate(resource);
      if (issues.some((issue) => issue.severity === 'error')) refused.push(name);
      else if (issues.length > 0) warned.push(name);
    }
    expect(refused.sort()).toEqual(Object.keys(INVALID).sort());
    expect(warned.sort()).toEqual(WARNED);
  });

  it.each([
    ['null', null],
    ['a string', 'Patient'],
    ['an array', []],
    ['an object without resourceType', { id: '1' }],
    ['an unknown type', { resourceType: 'Person2' }],
    ['an abstract type', { resourceType: 'DomainResource' }],
    ['a type that is only a prototype’s property', { resourceType: 'constructor' }],
  ])('refuses %s as a resource', (_, value) => {
    expect(validate(value)).toMatchObject([{ severity: 'error', code: 'structure' }]);
  });

  const patient = (members: object): object => ({ resourceType: 'Patient', ...members });
  it.each([
    ['value', 'Patient.birthDate', { birthDate: '1987-02-29' }],
    ['value', 'Patient.birthDate', { birthDate: '12/05/1987' }],
    ['value', 'Patient.id', { id: 'no spaces' }],
    ['structure', 'Patient.active', { active: 'true' }],
    ['structure', 'Patient.birthDate', { birthDate: null }],
    ['code-invalid', 'Patient.gender', { gender: 'M' }],
    ['structure', 'Patient.name', { name: { family: 'x' } }],
    ['structure', 'Patient.name', { name: [] }],
    ['structure', 'Patient.name[0]', { name: [{}] }],
    ['structure', 'Patient.name[0]', { name: [{ id: 'only' }] }],
    ['structure', 'Patient.name[0]', { name: [null] }],
    ['value', 'Patient.name[0].given[1]', { name: [{ given: ['a', ''] }] }],
    ['structure', 'Patient.name[0].given[1]', { name: [{ given: ['a', null] }] }],
    [
      'structure',
      'Patient.name[0].given[0]',
      { name: [{ given: [null, 'a'], _given: [null, { id: 'x' }] }] },
    ],
    ['structure', 'Patient.name[0].firstName', { name: [{ firstName: 'x' }] }],
    ['structure', 'Patient._name', { _name: [{ id: 'x' }] }],
    ['structure', 'Patient.birthDate', { _birthDate: { id: 'an id of nothing' } }],
    ['structure', 'Patient.birthDate.value', { _birthDate: { id: 'x', value: 'y' } }],
    ['structure', 'Patient.deceased', { deceasedBoolean: true, deceasedDateTime: '2020' }],
    ['required', 'Patient.link[0].other', { link: [{ type: 'seealso' }] }],
    ['required', 'Patient.communication[0].language', { communication: [{ preferred: true }] }],
    ['required', 'Patient.extension[0].url', { extension: [{ valueString: 'x' }] }],
    ['structure', 'Patient.extension[0]', { extension: [{ url: 'urn:x' }] }],
    [
      'structure',
      'Patient.extension[0]',
      { extension: [{ url: 'urn:x', valueString: 'x', extension: [{ url: 'urn:y', valueString: 'y' }] }] },
    ],
    ['structure', 'Patient.contained[0]', { contained: [{ id: '1' }] }],
    ['value', 'Patient.contained[0].name[0].family', { contained: [patient({ name: [{ family: '' }] })] }],
    ['value', 'Patient.telecom[0].rank', { telecom: [{ rank: 0 }] }],
    ['value', 'Patient.multipleBirth', { multipleBirthInteger: 1.5 }],
    ['value', 'Patient.photo[0].data', { photo: [{ data: 'a===' }] }],
    ['value', 'Patient.text.div', { text: { status: 'generated', div: 'no xhtml' } }],
    ['value', 'Patient.name[0].family', { name: [{ family: 'a\u0000b' }] }],
    ['structure', 'Patient', { 'a name that is none': 1 }],
  ])('reports %s at %s', (code, expression, members) => {
    const issues = validate(patient(members));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatchObject({ severity: 'error', code, expression });
  });

  const reason = { extension: [{ url: 'urn:x', valueCode: 'unknown' }] };
  it.each([
    ['an extension in the place of a null', { name: [{ given: [null, 'a'], _given: [reason, null] }] }],
    [
      'a primitive that is only an extension',
      { _birthDate: { extension: [{ url: 'urn:x', valueString: 'y' }] } },
    ],
    ['an id beside a value', { name: [{ given: ['a', 'b'], _given: [null, { id: 'x' }] }] }],
    ['a choice with its companion', { deceasedBoolean: true, _deceasedBoolean: { id: 'x' } }],
    ['an extension of extensions', { extension: [{ url: 'u', extension: [{ url: 'v', valueCode: 'x' }] }] }],
    ['a Patient with nothing', {}],
  ])('accepts %s', (_, members) => {
    expect(validate(patient(members))).toEqual([]);
  });

  it('demands a coding of the required value set in a CodeableConcept', () => {
    const allergy = (clinicalStatus: object): object => ({
      resourceType: 'AllergyIntolerance',
      patient: { reference: 'Patient/1' },
      clinicalStatus,
    });
    const system = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical';
    expect(validate(allergy({ coding: [{ system, code: 'active' }] }))).toEqual([]);
    const other = { system: 'urn:other', code: 'x' };
    expect(validate(allergy({ coding: [other, { system, code: 'active' }] }))).toEqual([]);
    const odd = { system: 'constructor', code: 'name' };
    for (const wrong of [
      { coding: [other] },
      { coding: [odd] },
      { text: 'active' },
      { coding: [{ code: 'active' }] },
    ]) {
      expect(validate(allergy(wrong))).toMatchObject([
        { code: 'code-invalid', expression: 'AllergyIntolerance.clinicalStatus' },
      ]);
    }
  });

  it('warns of a reference to a type that the element does not name', () => {
    const observation = (reference: string): object => ({
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'x' },
      encounter: { reference },
    });
    for (const right of [
      'Encounter/1',
      'https://x.org/fhir/Encounter/1',
      'urn:uuid:x',
      '#enc',
      'https://x.org/y',
    ]) {
      expect(validate(observation(right))).toEqual([]);
    }
    expect(validate(observation('https://x.org/fhir/Patient/1/_history/2'))).toMatchObject([
      { severity: 'warning', code: 'value', expression: 'Observation.encounter.reference' },
    ]);
  });

  it('follows content references and resources in Bundles', () => {
    const item = (depth: number): object => ({
      linkId: String(depth),
      type: depth === 40 ? 'wrong' : 'group',
      ...(depth === 40 ? {} : { item: [item(depth + 1)] }),
    });
    const questionnaire = { resourceType: 'Questionnaire', status: 'active', item: [item(0)] };
    const bundle = { resourceType: 'Bundle', type: 'collection', entry: [{ resource: questionnaire }] };
    expect(validate(bundle)).toMatchObject([
      { code: 'code-invalid', expression: `Bundle.entry[0].resource${'.item[0]'.repeat(41)}.type` },
    ]);
  });

  it('neither overflows nor runs on', () => {
    let deep: object = { url: 'u', valueString: 'x' };
    for (let i = 0; i < 50_000; i++) deep = { url: 'u', extension: [deep] };
    expect(validate(patient({ extension: [deep] }))).toMatchObject([{ code: 'too-costly' }]);
    const wide = patient({ name: Array.from({ length: 10_000 }, () => ({ wrong: 1 })) });
    expect(validate(wide)).toHaveLength(100);
  });

  it('is not led astray by names that every object has', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf']) {
      const resource = JSON.parse(`{"resourceType":"Patient","${name}":{"x":1},"gender":"${name}"}`);
      expect(validate(resource).map((issue) => issue.code)).toEqual(['structure', 'code-invalid']);
      expect(validate({ resourceType: name })).toMatchObject([{ code: 'structure' }]);
    }
  });

  it.each([
    ['a script', '<div xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></div>'],
    ['an event handler', '<div><p onclick="x()">a</p></div>'],
    ['a script in a link', '<div><a href=" javascript:x()">a</a></div>'],
    ['a frame', '<div>< IFRAME src="a"></iframe></div>'],
  ])('refuses a narrative with %s, and takes one that only speaks of it', (_what, div) => {
    const issues = validate({ resourceType: 'Patient', text: { status: 'generated', div } });
    expect(issues).toMatchObject([{ severity: 'error', expression: 'Patient.text.div' }]);
    const words = '<div>The script said: onset = today, javascript: none. <b>form</b></div>';
    expect(validate({ resourceType: 'Patient', text: { status: 'generated', div: words } })).toEqual([]);
  });

  it('refuses half a surrogate pair, which no UTF-8 can hold', () => {
    expect(validate({ resourceType: 'Patient', name: [{ family: '\ud800' }] })).toMatchObject([
      { severity: 'error', expression: 'Patient.name[0].family' },
    ]);
  });

  it('never repeats a value', () => {
    const secret = '9990000018';
    const issues = validate({
      resourceType: 'Patient',
      birthDate: secret,
      gender: secret,
      active: secret,
      name: secret,
      [`${secret} x`]: 1,
      identifier: [{ use: secret }],
    });
    expect(issues).toHaveLength(6);
    expect(JSON.stringify(issues)).not.toContain(secret);
  });

  it('covers 220 of the 224 required value sets', () => {
    expect(Object.keys(structure.valueSets)).toHaveLength(220);
    expect(Object.keys(structure.unlisted)).toHaveLength(4);
  });
});
