/** What a StructureDefinition can say, one by one: a resource that keeps to it, and one that does not. */
import { describe, expect, it } from 'vitest';
import { loadedOf } from '../../../test/packages-under-test.ts';
import { effectiveSettings } from '../../base/settings.ts';
import { packageDefinitions } from '../package-definitions.ts';
import { validateProfiles } from '../profile-validator.ts';

const CORE = 'http://hl7.org/fhir/StructureDefinition';
const limits = effectiveSettings([], {});

function profile(type: string, element: readonly object[], name = 'p'): object {
  return {
    resourceType: 'StructureDefinition',
    url: `https://x.org/${name}`,
    kind: type === 'Extension' ? 'complex-type' : 'resource',
    abstract: false,
    type,
    baseDefinition: `${CORE}/${type}`,
    derivation: 'constraint',
    ...(type === 'Extension' ? { context: [{ type: 'element', expression: 'Patient' }] } : {}),
    differential: { element: element.map((one) => ({ id: (one as { path: string }).path, ...one })) },
  };
}

async function places(resource: object, ...definitions: readonly object[]): Promise<readonly string[]> {
  const source = await packageDefinitions(loadedOf(definitions))();
  const profiles = definitions.length === 0 ? [] : ['https://x.org/p'];
  return validateProfiles(source, resource, limits, { profiles })
    .filter((one) => one.severity === 'error')
    .map((one) => one.expression ?? '');
}

const patient = (more: object): object => ({ resourceType: 'Patient', ...more });
const observation = (more: object): object => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'a' },
  ...more,
});

function sliced(rules: object, slices: readonly object[], path = 'Patient.identifier'): object {
  return profile('Patient', [{ path, slicing: rules }, ...slices]);
}

function slice(name: string, system: string, more: object = {}): readonly object[] {
  const id = `Patient.identifier:${name}`;
  return [
    { id, path: 'Patient.identifier', sliceName: name, ...more },
    { id: `${id}.system`, path: 'Patient.identifier.system', min: 1, fixedUri: system },
  ];
}

const BY_SYSTEM = { discriminator: [{ type: 'value', path: 'system' }] };
const AB = [...slice('a', 'urn:a', { min: 0, max: '1' }), ...slice('b', 'urn:b', { min: 0, max: '1' })];
const ids = (...systems: readonly string[]): object =>
  patient({ identifier: systems.map((system) => ({ system })) });

describe('slices', () => {
  it('that are closed take nothing else', async () => {
    const closed = sliced({ ...BY_SYSTEM, rules: 'closed' }, AB);
    expect(await places(ids('urn:b', 'urn:a'), closed)).toEqual([]);
    expect(await places(ids('urn:a', 'urn:c'), closed)).toEqual(['Patient.identifier[1]']);
  });

  it('that are ordered, and what may follow them only', async () => {
    const ordered = sliced({ ...BY_SYSTEM, rules: 'openAtEnd', ordered: true }, AB);
    expect(await places(ids('urn:a', 'urn:b', 'urn:c'), ordered)).toEqual([]);
    expect(await places(ids('urn:b', 'urn:a'), ordered)).toEqual(['Patient.identifier[1]']);
    expect(await places(ids('urn:c', 'urn:a'), ordered)).toEqual(['Patient.identifier[1]']);
  });

  it('are counted each', async () => {
    const counted = sliced({ ...BY_SYSTEM, rules: 'open' }, slice('a', 'urn:a', { min: 1, max: '1' }));
    expect(await places(ids('urn:a', 'urn:c'), counted)).toEqual([]);
    expect(await places(ids('urn:c'), counted)).toEqual(['Patient']);
    expect(await places(ids('urn:a', 'urn:a'), counted)).toEqual(['Patient']);
  });

  it('of a choice go by type', async () => {
    const byType = profile('Observation', [
      {
        path: 'Observation.value[x]',
        slicing: { discriminator: [{ type: 'type', path: '$this' }], rules: 'closed' },
      },
      {
        id: 'Observation.value[x]:valueQuantity',
        path: 'Observation.value[x]',
        sliceName: 'valueQuantity',
        type: [{ code: 'Quantity' }],
      },
      { id: 'Observation.value[x]:valueQuantity.code', path: 'Observation.value[x].code', min: 1 },
    ]);
    expect(await places(observation({ valueQuantity: { system: 'urn:s', code: 'kg' } }), byType)).toEqual([]);
    expect(await places(observation({ valueQuantity: { value: 1 } }), byType)).toEqual(['Observation.value']);
    expect((await places(observation({ valueString: 'a' }), byType)).length).toBeGreaterThan(0);
  });

  it('go by what exists', async () => {
    const byExistence = sliced({ discriminator: [{ type: 'exists', path: 'period' }], rules: 'open' }, [
      { id: 'Patient.identifier:past', path: 'Patient.identifier', sliceName: 'past', max: '1' },
      { id: 'Patient.identifier:past.period', path: 'Patient.identifier.period', min: 1 },
      { id: 'Patient.identifier:past.value', path: 'Patient.identifier.value', min: 1 },
    ]);
    const period = { start: '2020' };
    expect(
      await places(patient({ identifier: [{ period, value: 'a' }, { system: 'urn:b' }] }), byExistence),
    ).toEqual([]);
    expect(await places(patient({ identifier: [{ period }] }), byExistence)).toEqual([
      'Patient.identifier[0]',
    ]);
  });

  it('go by the type that a reference leads to', async () => {
    const byTarget = profile('Observation', [
      {
        path: 'Observation.performer',
        slicing: { discriminator: [{ type: 'type', path: 'resolve()' }], rules: 'open' },
      },
      {
        id: 'Observation.performer:gp',
        path: 'Observation.performer',
        sliceName: 'gp',
        min: 1,
        max: '1',
        type: [{ code: 'Reference', targetProfile: [`${CORE}/Practitioner`] }],
      },
    ]);
    const performer = (reference: string): object => observation({ performer: [{ reference }] });
    expect(await places(performer('Practitioner/1'), byTarget)).toEqual([]);
    expect(await places(performer('Organization/1'), byTarget)).toEqual(['Observation']);
  });

  it('may be sliced again', async () => {
    const again = sliced({ ...BY_SYSTEM, rules: 'open' }, [
      ...slice('a', 'urn:a'),
      {
        id: 'Patient.identifier:a',
        path: 'Patient.identifier',
        sliceName: 'a',
        slicing: { discriminator: [{ type: 'value', path: 'use' }], rules: 'open' },
      },
      { id: 'Patient.identifier:a/old', path: 'Patient.identifier', sliceName: 'a/old', max: '1' },
      { id: 'Patient.identifier:a/old.use', path: 'Patient.identifier.use', min: 1, fixedCode: 'old' },
    ]);
    const old = { system: 'urn:a', use: 'old' };
    expect(await places(patient({ identifier: [old, { system: 'urn:a', use: 'usual' }] }), again)).toEqual(
      [],
    );
    expect(await places(patient({ identifier: [old, old] }), again)).toEqual(['Patient']);
  });
});

describe('values', () => {
  it('that are fixed, and those that have a pattern', async () => {
    const given = profile('Observation', [
      { path: 'Observation.status', fixedCode: 'final' },
      { path: 'Observation.code', patternCodeableConcept: { coding: [{ system: 'urn:s', code: 'c' }] } },
    ]);
    const coding = [
      { system: 'urn:other', code: 'x' },
      { system: 'urn:s', code: 'c', display: 'C' },
    ];
    expect(await places(observation({ code: { coding } }), given)).toEqual([]);
    expect(await places(observation({ status: 'amended' }), given)).toEqual([
      'Observation.status',
      'Observation.code',
    ]);
  });

  it('within bounds and length', async () => {
    const bounded = profile('Patient', [
      { path: 'Patient.birthDate', minValueDate: '1900-01-01' },
      { path: 'Patient.language', maxLength: 5 },
    ]);
    expect(await places(patient({ birthDate: '1950', language: 'en-GB' }), bounded)).toEqual([]);
    expect(await places(patient({ birthDate: '1850-01-01' }), bounded)).toEqual(['Patient.birthDate']);
  });

  it('of codes that their system has, and of the value set that is required', async () => {
    const category = (code: string): object =>
      observation({
        category: [
          { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code }] },
        ],
      });
    expect(await places(category('laboratory'))).toEqual([]);
    expect(await places(category('lab'))).toEqual(['Observation.category[0].coding[0]']);
    expect(await places(patient({ gender: 'boy' }))).toEqual(['Patient.gender']);
  });
});

describe('extensions', () => {
  const size = profile(
    'Extension',
    [
      { path: 'Extension.url', fixedUri: 'https://x.org/size' },
      { path: 'Extension.value[x]', min: 1, type: [{ code: 'integer' }] },
    ],
    'size',
  );
  const demanding = profile('Patient', [
    { path: 'Patient.extension', min: 1 },
    {
      id: 'Patient.extension:size',
      path: 'Patient.extension',
      sliceName: 'size',
      min: 1,
      max: '1',
      type: [{ code: 'Extension', profile: ['https://x.org/size'] }],
    },
  ]);
  const url = 'https://x.org/size';

  it('are sliced by their url, and held to their definition', async () => {
    expect(await places(patient({ extension: [{ url, valueInteger: 4 }] }), demanding, size)).toEqual([]);
    expect(
      await places(patient({ extension: [{ url: 'https://y.org/z', valueInteger: 4 }] }), demanding, size),
    ).toEqual(['Patient']);
    expect(await places(patient({ extension: [{ url, valueString: '4' }] }), demanding, size)).toContain(
      'Patient.extension[0]',
    );
  });

  it('stand only where their definition allows, and modify only where it says so', async () => {
    const misplaced = { resourceType: 'Basic', code: { text: 'a' }, extension: [{ url, valueInteger: 4 }] };
    const any = profile('Basic', []);
    expect(await places(misplaced, any, size)).toEqual(['Basic.extension[0]']);
    const modifying = patient({ modifierExtension: [{ url, valueInteger: 4 }] });
    expect(await places(modifying, size, profile('Patient', []))).toContain('Patient.modifierExtension[0]');
  });
});

describe('resources in resources', () => {
  it('that are contained are referred to, and hold none', async () => {
    const contained = [{ resourceType: 'Organization', id: 'o', name: 'O' }];
    const managingOrganization = { reference: '#o' };
    expect(await places(patient({ contained, managingOrganization }))).toEqual([]);
    expect(await places(patient({ contained }))).toEqual(['Patient']);
    expect(await places(patient({ managingOrganization }))).toEqual(['Patient.managingOrganization']);
  });

  it('of a document begin with a Composition and are found by their fullUrl', async () => {
    const id = (n: number): string => `urn:uuid:00000000-0000-4000-8000-00000000000${n}`;
    const composition = {
      resourceType: 'Composition',
      status: 'final',
      type: { text: 'a' },
      date: '2026-11-24',
      author: [{ reference: id(2) }],
      title: 'A',
    };
    const entry = [
      { fullUrl: id(1), resource: composition },
      { fullUrl: id(2), resource: { resourceType: 'Practitioner', name: [{ text: 'P' }] } },
    ];
    const document = (entries: readonly object[]): object => ({
      resourceType: 'Bundle',
      type: 'document',
      identifier: { system: 'urn:s', value: '1' },
      timestamp: '2026-11-24T10:00:00Z',
      entry: entries,
    });
    expect(await places(document(entry))).toEqual([]);
    expect(await places(document(entry.slice(0, 1)))).toContain('Bundle.entry[0].resource.author[0]');
    expect(await places(document([...entry].reverse()))).toContain('Bundle.entry[0]');
  });

  it('have narratives without what could run', async () => {
    const text = (div: string): object => patient({ text: { status: 'generated', div } });
    const xmlns = 'xmlns="http://www.w3.org/1999/xhtml"';
    expect(await places(text(`<div ${xmlns}><p class="a">A&nbsp;b</p></div>`))).toEqual([]);
    for (const div of [
      `<div ${xmlns}><script>x()</script></div>`,
      `<div ${xmlns}><p onclick="x()">a</p></div>`,
      `<div ${xmlns}><video src="a">a</video></div>`,
      `<div ${xmlns}><p>a</div>`,
      `<div ${xmlns}> </div>`,
      `<div ${xmlns}><a href="#nowhere">a</a></div>`,
    ]) {
      expect([...new Set(await places(text(div)))], div).toEqual(['Patient.text.div']);
    }
  });
});
