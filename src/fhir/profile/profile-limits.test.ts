/** Bad input of the profile validator: it ends, names the limit that it met, and never throws. */
import { describe, expect, it } from 'vitest';
import { loadedOf } from '../../../test/packages-under-test.ts';
import type { Issue } from '../../base/failure.ts';
import { effectiveSettings } from '../../base/settings.ts';
import { packageDefinitions } from '../package-definitions.ts';
import { validateProfiles } from '../profile-validator.ts';
import type { DefinitionSource } from './definition-source.ts';
import type { ProfileLimits } from './profile-run.ts';

const CORE = 'http://hl7.org/fhir/StructureDefinition';
const limits = effectiveSettings([], {});
const sourceOf = (...definitions: readonly object[]): Promise<DefinitionSource> =>
  packageDefinitions(loadedOf(definitions))();

function profile(name: string, type: string, element: readonly object[], more: object = {}): object {
  return {
    resourceType: 'StructureDefinition',
    url: `https://example.org/${name}`,
    kind: 'resource',
    abstract: false,
    type,
    baseDefinition: `${CORE}/${type}`,
    derivation: 'constraint',
    differential: { element },
    ...more,
  };
}

async function errorsOf(
  resource: unknown,
  definitions: readonly object[],
  more: Partial<ProfileLimits> = {},
): Promise<readonly Issue[]> {
  const profiles = definitions
    .map((one) => (one as { url: string; type: string }).url)
    .filter((url) => !url.includes('extension'));
  const source = await sourceOf(...definitions);
  const issues = validateProfiles(source, resource, { ...limits, ...more }, { profiles });
  return issues.filter((one) => one.severity === 'error');
}

const patient = (more: object = {}): object => ({ resourceType: 'Patient', active: true, ...more });

describe('an invariant that runs away', () => {
  const rule = (expression: string): object =>
    profile('runaway', 'Patient', [
      {
        id: 'Patient',
        path: 'Patient',
        constraint: [{ key: 'run-1', severity: 'error', human: 'never ends', expression }],
      },
    ]);
  const names = Array.from({ length: 200 }, () => ({ family: 'a', given: ['b', 'c', 'd'] }));

  it('ends at the limit, which is named', async () => {
    for (const expression of [
      'name.select(%resource.name.select(%resource.name.select(%resource.name.given))).count() > 0',
      'repeat(%resource.descendants() | %resource.descendants().descendants()).count() > 0',
    ]) {
      const errors = await errorsOf(patient({ name: names }), [rule(expression)], {
        profileStepsMax: 20_000,
      });
      expect(errors.map((one) => one.code)).toEqual(['too-costly']);
      expect(errors[0]?.text).toContain('profileStepsMax');
    }
  });

  it('by a regular expression that may never end is not begun', async () => {
    const source = await sourceOf(rule("name.family.matches('^(a+)+$')"));
    const resource = patient({ name: [{ family: `${'a'.repeat(60)}!` }] });
    const issues = validateProfiles(source, resource, limits, { profiles: ['https://example.org/runaway'] });
    expect(issues.filter((one) => one.severity === 'error')).toEqual([]);
    expect(issues.map((one) => one.text).join(' ')).toContain('may never end');
  });

  it('that is no FHIRPath, or asks for what is not here, is held against nobody', async () => {
    for (const expression of ['name.where(', "identifier.type.memberOf('https://example.org/x')"]) {
      const source = await sourceOf(rule(expression));
      const asked = { profiles: ['https://example.org/runaway'] };
      const issues = validateProfiles(source, patient(), limits, asked);
      expect(issues.filter((one) => one.severity === 'error')).toEqual([]);
      expect(issues.map((one) => one.text).join(' ')).toContain('could not be evaluated');
    }
  });
});

describe('definitions in a circle', () => {
  it('end: a profile whose contained resources are held to itself', async () => {
    const circle = profile('circle', 'Parameters', [
      { id: 'Parameters', path: 'Parameters' },
      {
        id: 'Parameters.parameter.resource',
        path: 'Parameters.parameter.resource',
        type: [{ code: 'Parameters', profile: ['https://example.org/circle'] }],
      },
    ]);
    let resource: object = { resourceType: 'Parameters' };
    for (let i = 0; i < 40; i++) {
      resource = { resourceType: 'Parameters', parameter: [{ name: 'a', resource }] };
    }
    expect(await errorsOf(resource, [circle])).toEqual([]);
    const errors = await errorsOf(resource, [circle], { profileDepthMax: 20 });
    expect(errors[0]?.text).toContain('profileDepthMax');
  });

  it('end: references to each other, each to be held to a profile', async () => {
    const linked = profile('linked', 'Organization', [
      { id: 'Organization', path: 'Organization' },
      {
        id: 'Organization.partOf',
        path: 'Organization.partOf',
        type: [{ code: 'Reference', targetProfile: ['https://example.org/linked'] }],
      },
    ]);
    const organization = (id: string, other: string): object => ({
      fullUrl: `https://example.org/Organization/${id}`,
      resource: {
        resourceType: 'Organization',
        id,
        name: id,
        meta: { profile: ['https://example.org/linked'] },
        partOf: { reference: `Organization/${other}` },
      },
    });
    const entry = [organization('a', 'b'), organization('b', 'a')];
    const source = await sourceOf(linked);
    const issues = validateProfiles(source, { resourceType: 'Bundle', type: 'collection', entry }, limits);
    expect(issues.filter((one) => one.severity === 'error')).toEqual([]);
  });
});

describe('what is huge', () => {
  const sliced = profile('sliced', 'Patient', [
    {
      id: 'Patient.identifier',
      path: 'Patient.identifier',
      slicing: { discriminator: [{ type: 'value', path: 'system' }], rules: 'open' },
    },
    ...Array.from({ length: 50 }, (_, i) => [
      { id: `Patient.identifier:s${i}`, path: 'Patient.identifier', sliceName: `s${i}`, min: 0, max: '1' },
      {
        id: `Patient.identifier:s${i}.system`,
        path: 'Patient.identifier.system',
        min: 1,
        fixedUri: `https://example.org/${i}`,
      },
    ]).flat(),
  ]);

  it('in slices ends at the limit of elements, which is named', async () => {
    const identifier = Array.from({ length: 5_000 }, (_, i) => ({ system: 'https://x', value: `${i}` }));
    const errors = await errorsOf(patient({ identifier }), [sliced], { profileElementsMax: 50_000 });
    expect(errors).toHaveLength(1);
    expect(errors[0]?.text).toContain('profileElementsMax');
  });

  it('in mistakes tells the first so many', async () => {
    const name = Array.from({ length: 5_000 }, () => ({ nobody: 1 }));
    const errors = await errorsOf(patient({ name }), []);
    expect(errors).toHaveLength(limits.profileIssuesMax);
  });

  it('in remarks still finds the mistake at the end', async () => {
    const extension = Array.from({ length: 300 }, () => ({ url: 'https://nobody.org/x', valueCode: 'a' }));
    const errors = await errorsOf(patient({ extension, birthDate: 'never' }), []);
    expect(errors.map((one) => one.expression)).toEqual(['Patient.birthDate']);
  });

  it('in depth is refused', async () => {
    let extension: object = { url: 'a', valueCode: 'b' };
    for (let i = 0; i < 50_000; i++) extension = { url: 'a', extension: [extension] };
    const errors = await errorsOf(patient({ extension: [extension] }), []);
    expect(errors.map((one) => one.code)).toEqual(['too-costly']);
  });
});

describe('anything else', () => {
  const odd: readonly unknown[] = [
    undefined,
    null,
    7,
    'text',
    [],
    {},
    { resourceType: 7 },
    { resourceType: 'Nothing' },
    { resourceType: 'Patient', name: null, contained: [null, 1, {}], meta: [], extension: {} },
    {
      resourceType: 'Patient',
      extension: [{ url: 7, extension: 'x' }],
      _birthDate: [null],
      text: { div: 1 },
    },
    { resourceType: 'Bundle', type: 'document', entry: [null, { resource: [] }], link: 5 },
    { resourceType: 'QuestionnaireResponse', questionnaire: '#a', item: [null], contained: [{ id: 'a' }] },
  ];
  it.each(odd)('is an error and no crash: %j', async (value) => {
    expect((await errorsOf(value, [])).length).toBeGreaterThan(0);
  });
});
