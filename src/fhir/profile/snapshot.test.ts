/**
 * Snapshots: those of R4's own profiles are made anew from their differentials and compared with the ones HL7 gives;
 * all of UK Core gets one, where the fixtures are at hand.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../json-access.ts';
import type { ElementDefinition, Structure } from './definition-source.ts';
import { withSnapshot } from './snapshot.ts';

const R4 = join(import.meta.dirname, '../../../node_modules/hl7.fhir.r4.examples');
const UK_CORE = join(
  import.meta.dirname,
  '../../../../shared/fixtures/ukcore/definitions-json/structuredefinitions',
);
const present = existsSync(UK_CORE);
if (!present) console.info('snapshot: ../shared/fixtures/ukcore is absent, so it is skipped');

type Definition = JsonObject & {
  readonly url: string;
  readonly id: string;
  readonly snapshot?: Structure['snapshot'];
  readonly differential: { readonly element: readonly (ElementDefinition & JsonObject)[] };
};

const read = (folder: string): readonly Definition[] =>
  readdirSync(folder)
    .filter((name) => /^(StructureDefinition-|UKCore|Extension-).*\.json$/.test(name) || folder === UK_CORE)
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Definition);

const definitions = new Map(read(R4).map((one) => [one.url, one]));
const made = new Map<string, Structure>();

function find(canonical: string): Structure | undefined {
  const url = canonical.split('|')[0] ?? '';
  const definition = definitions.get(url);
  if (definition === undefined || definition.snapshot !== undefined)
    return definition as unknown as Structure;
  const known = made.get(url) ?? withSnapshot(definition, find);
  made.set(url, known);
  return known;
}

/** What R4's own snapshots say otherwise, by profile, and why. */
const OTHERWISE: Readonly<Record<string, string>> = {
  bp: 'a choice that is narrowed inside a slice is not sliced by type there, as it is elsewhere in R4',
  'elementdefinition-de': 'the elements of an extension are unfolded although nothing is said of them',
  clinicaldocument: 'an extension that its own definition allows once is allowed any number of times',
  cholesterol: 'constraints of SimpleQuantity are kept on an element that is any Quantity',
  hdlcholesterol: 'as cholesterol',
  ldlcholesterol: 'as cholesterol',
  'provenance-relevant-history':
    'a content reference leads to the slice of what it refers to, and to it alone',
};

/** What a validator reads of an element. */
function essence(element: ElementDefinition): unknown {
  const { id, path, min, max, sliceName, type, binding, slicing, contentReference, constraint } = element;
  const values = Object.entries(element).filter(([name]) =>
    /^(fixed|pattern|minValue|maxValue|maxLength|isModifier|mustSupport)/.test(name),
  );
  return {
    ...{ id, path, min, max, sliceName, contentReference },
    type: type?.map(({ code, profile, targetProfile }) => ({ code, profile, targetProfile })),
    binding: [binding?.strength, binding?.valueSet],
    slicing: [slicing?.rules, slicing?.discriminator, slicing?.ordered === true],
    constraint: constraint?.map(({ key }) => key).sort(),
    values: Object.fromEntries(values.sort()),
  };
}

describe('snapshots of R4 profiles, made anew from their differentials', () => {
  const profiles = [...definitions.values()].filter(
    ({ derivation, snapshot, baseDefinition }) =>
      derivation === 'constraint' &&
      snapshot !== undefined &&
      definitions.get(String(baseDefinition))?.snapshot !== undefined,
  );

  it('are those that HL7 gives, but for the profiles listed', () => {
    expect(profiles.length).toBeGreaterThan(430);
    const other = profiles.filter((profile) => {
      const { snapshot, ...rest } = profile;
      const ours = withSnapshot(rest, find).snapshot.element.map(essence);
      return JSON.stringify(ours) !== JSON.stringify(snapshot?.element.map(essence));
    });
    expect(other.map(({ id }) => id).sort()).toEqual(Object.keys(OTHERWISE).sort());
  });

  it('have the elements of every R4 type, made from its base, in their order', () => {
    const types = [...definitions.values()].filter(
      ({ derivation, kind, baseDefinition }) =>
        derivation === 'specialization' &&
        (kind === 'resource' || kind === 'complex-type') &&
        definitions.get(String(baseDefinition))?.snapshot !== undefined,
    );
    expect(types.length).toBeGreaterThan(180);
    for (const { snapshot, ...rest } of types) {
      const idsOf = (elements: readonly ElementDefinition[] | undefined): unknown =>
        elements?.map(({ id, min, max }) => `${id} ${min}..${max}`);
      expect(idsOf(withSnapshot(rest, find).snapshot.element)).toEqual(idsOf(snapshot?.element));
    }
  });
});

const CORE = 'http://hl7.org/fhir/StructureDefinition/';

function profileOf(type: string, element: readonly object[], more: object = {}): JsonObject {
  const url = 'https://example.org/StructureDefinition/test';
  const base = { resourceType: 'StructureDefinition', url, type, derivation: 'constraint', kind: 'resource' };
  return { ...base, baseDefinition: CORE + type, differential: { element }, ...more };
}

function elements(profile: JsonObject): ReadonlyMap<string, ElementDefinition> {
  return new Map(withSnapshot(profile, find).snapshot.element.map((element) => [element.id, element]));
}

describe('a differential', () => {
  it('without ids is read by its paths and slices', () => {
    const made = elements(
      profileOf('Patient', [
        { path: 'Patient' },
        {
          path: 'Patient.identifier',
          slicing: { discriminator: [{ type: 'value', path: 'system' }], rules: 'open' },
          min: 1,
        },
        { path: 'Patient.identifier', sliceName: 'nhs', max: '1' },
        { path: 'Patient.identifier.system', min: 1, fixedUri: 'https://example.org' },
      ]),
    );
    expect(made.get('Patient.identifier')).toMatchObject({ min: 1, max: '*' });
    expect(made.get('Patient.identifier:nhs')).toMatchObject({ min: 0, max: '1', sliceName: 'nhs' });
    expect(made.get('Patient.identifier:nhs')?.slicing).toBeUndefined();
    expect(made.get('Patient.identifier:nhs.system')).toMatchObject({
      min: 1,
      path: 'Patient.identifier.system',
    });
    expect(made.get('Patient.identifier.system')).toBeUndefined();
  });

  it('reaches below a content reference, and from there on', () => {
    const made = elements(
      profileOf('Questionnaire', [
        {
          id: 'Questionnaire.item.item.item.linkId',
          path: 'Questionnaire.item.item.item.linkId',
          maxLength: 5,
        },
      ]),
    );
    expect(made.get('Questionnaire.item.item.item.linkId')).toMatchObject({ min: 1, maxLength: 5 });
    expect(made.get('Questionnaire.item.item.item.item')?.contentReference).toBe('#Questionnaire.item');
    expect(made.get('Questionnaire.item.item')?.contentReference).toBeUndefined();
  });

  it('narrows a choice by the name of one type, and tells several apart', () => {
    const one = elements(profileOf('Observation', [{ path: 'Observation.valueQuantity', min: 1 }]));
    expect(one.get('Observation.value[x]')?.type?.map(({ code }) => code)).toEqual(['Quantity']);
    expect(one.get('Observation.value[x]:valueQuantity')).toMatchObject({
      min: 1,
      path: 'Observation.value[x]',
    });
    const two = elements(
      profileOf('Observation', [
        { path: 'Observation.valueQuantity.unit', min: 1 },
        { id: 'Observation.value[x]:valueString', path: 'Observation.value[x]', sliceName: 'valueString' },
        { path: 'Observation.valueCodeableConcept', mustSupport: true },
      ]),
    );
    expect(two.get('Observation.value[x]')?.type?.length).toBe(11);
    expect(two.get('Observation.value[x]:valueString')?.type?.map(({ code }) => code)).toEqual(['string']);
  });

  it('adds to constraints and texts, and cannot take away', () => {
    const mine = { key: 'my-1', severity: 'error', human: 'Mine.', expression: 'true' };
    const looser = { key: 'obs-6', severity: 'warning', human: 'Weaker.' };
    const made = elements(
      profileOf('Observation', [
        { path: 'Observation', constraint: [mine, looser], comment: '...And more.' },
      ]),
    ).get('Observation');
    expect(made?.constraint?.map(({ key }) => key)).toEqual(
      expect.arrayContaining(['obs-6', 'obs-7', 'my-1']),
    );
    expect(made?.constraint?.find(({ key }) => key === 'obs-6')?.severity).toBe('error');
    expect(made?.comment).toMatch(/.+And more\.$/);
  });

  it.each([
    ['an element that the base has not', [{ path: 'Patient.colour' }], 'speaks of "Patient.colour"'],
    ['a type that the choice has not', [{ path: 'Patient.deceasedQuantity' }], 'Patient.deceasedQuantity'],
    ['an element below a primitive', [{ path: 'Patient.id.colour' }], 'Patient.id.colour'],
    ['no path', [{ id: 'Patient' }], 'without a path'],
  ])('that names %s is refused', (_what, element, text) => {
    expect(() => withSnapshot(profileOf('Patient', element), find)).toThrow(text);
  });

  it('that unfolds without end is refused, and so is one on a base that is not there', () => {
    const deep = Array.from({ length: 3000 }, (_, i) => `Questionnaire${'.item'.repeat(i + 1)}.linkId`);
    const endless = profileOf(
      'Questionnaire',
      deep.map((path) => ({ path })),
    );
    expect(() => withSnapshot(endless, find)).toThrow('unfolds into more than');
    const baseless = profileOf('Patient', [], { baseDefinition: 'https://example.org/nowhere' });
    expect(() => withSnapshot(baseless, find)).toThrow('is not loaded: add the package that has it');
  });
});

describe.skipIf(!present)('snapshots of UK Core', () => {
  const ukCore = present ? read(UK_CORE) : [];

  it('are made for all, say what the differentials say, and hang together', () => {
    for (const one of ukCore) definitions.set(one.url, one);
    expect(ukCore.length).toBe(153);
    for (const definition of ukCore) {
      const byId = new Map(find(definition.url)?.snapshot.element.map((element) => [element.id, element]));
      for (const { id, min, max, mustSupport, fixedUri, fixedCode, sliceName } of definition.differential
        .element) {
        const element = byId.get(id);
        expect(element, `${definition.id} ${id}`).toBeDefined();
        // one slice of Specimen is written in two ways
        const said = { min, max, mustSupport, fixedUri, fixedCode, sliceName: sliceName?.toLowerCase() };
        const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
        expect({ ...element, sliceName: element?.sliceName?.toLowerCase() }).toMatchObject(given);
      }
      for (const [id, { base, type, path, contentReference }] of byId) {
        expect(base, `${definition.id} ${id}`).toBeDefined();
        const isTyped = path.includes('.') && contentReference === undefined;
        if (isTyped) expect(type?.length, `${definition.id} ${id}`).toBeGreaterThan(0);
        const parent = id.slice(0, Math.max(0, id.lastIndexOf('.')));
        if (parent !== '') expect(byId.has(parent), `${definition.id} ${id}`).toBe(true);
      }
    }
  });
});
