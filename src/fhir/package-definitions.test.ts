/** R4 and packages as one source: snapshots made on the way, value sets across both, and ends for what goes round in circles. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadedOf } from '../../test/packages-under-test.ts';
import { packageDefinitions } from './package-definitions.ts';

const UK_CORE = join(import.meta.dirname, '../../../shared/fixtures/ukcore/definitions-json');
const present = existsSync(UK_CORE);
if (!present) console.info('package-definitions: ../shared/fixtures/ukcore is absent, so it is skipped');

const profile = (name: string, base: string, more: object = {}) => ({
  resourceType: 'StructureDefinition',
  url: `https://example.org/StructureDefinition/${name}`,
  type: 'Patient',
  kind: 'resource',
  derivation: 'constraint',
  baseDefinition: base,
  differential: { element: [{ id: 'Patient', path: 'Patient' }] },
  ...more,
});
const HERE = 'https://example.org/StructureDefinition';

describe('profiles of packages', () => {
  it('have a snapshot over those of other packages and of R4', async () => {
    const source = await packageDefinitions(
      loadedOf([
        profile('child', `${HERE}/parent`),
        profile('parent', 'http://hl7.org/fhir/StructureDefinition/Patient', {
          differential: { element: [{ id: 'Patient.name', path: 'Patient.name', min: 1 }] },
        }),
      ]),
    )();
    const name = source.structure(`${HERE}/child`)?.snapshot.element.find(({ id }) => id === 'Patient.name');
    expect(name).toMatchObject({ min: 1, max: '*' });
    expect(source.structure(`${HERE}/child`)).toBe(source.structure(`${HERE}/child`));
    expect(source.structure('http://hl7.org/fhir/StructureDefinition/Patient')?.type).toBe('Patient');
    expect(source.problemOf(`${HERE}/child`)).toBeUndefined();
    expect(source.structure('https://example.org/nobody')).toBeUndefined();
  });

  it('that rest on themselves, on nothing, or on nonsense are none, and say why', async () => {
    const chain = Array.from({ length: 50 }, (_, i) => profile(`c${i}`, `${HERE}/c${i + 1}`));
    const source = await packageDefinitions(
      loadedOf([
        profile('round', `${HERE}/about`),
        profile('about', `${HERE}/round`),
        profile('alone', `${HERE}/nowhere`),
        profile('mad', 'http://hl7.org/fhir/StructureDefinition/Patient', {
          differential: { element: [null] },
        }),
        ...chain,
      ]),
    )();
    for (const [name, text] of [
      ['round', 'is based on itself'],
      ['alone', 'is not loaded: add the package that has it'],
      ['mad', 'an element without a path'],
      ['c0', 'on too many others'],
    ] as const) {
      expect(source.structure(`${HERE}/${name}`)).toBeUndefined();
      expect(source.problemOf(`${HERE}/${name}`)).toContain(text);
    }
  });
});

describe.skipIf(!present)('UK Core over R4', () => {
  const definitions = present
    ? ['structuredefinitions', 'valuesets', 'codesystems'].flatMap((kind) =>
        readdirSync(join(UK_CORE, kind)).map((name) =>
          JSON.parse(readFileSync(join(UK_CORE, kind, name), 'utf8')),
        ),
      )
    : [];
  const opening = packageDefinitions(loadedOf(definitions));

  it('has a snapshot of every profile', async () => {
    const source = await opening();
    const problems = definitions
      .filter(({ resourceType }) => resourceType === 'StructureDefinition')
      .flatMap(({ url }) => source.problemOf(url) ?? (source.structure(url) === undefined ? [url] : []));
    expect(problems).toEqual([]);
  });

  it('knows who is in its value sets, and where only a terminology server would', async () => {
    const source = await opening();
    const UK = 'https://fhir.hl7.org.uk';
    const marital = `${UK}/ValueSet/UKCore-PersonMaritalStatusCode`;
    expect(source.membership(marital, 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', 'M')).toBe(
      'in',
    );
    expect(source.membership(marital, 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', 'Q')).toBe(
      'out',
    );
    const ethnic = `${UK}/ValueSet/UKCore-EthnicCategory`;
    expect(source.membership(ethnic, `${UK}/CodeSystem/UKCore-EthnicCategoryEngland`, 'A')).toBe('in');
    expect(source.membership(ethnic, 'http://snomed.info/sct', '1')).toBe('out');
    expect(
      source.membership(`${UK}/ValueSet/UKCore-ConditionCode`, 'http://snomed.info/sct', '22298006'),
    ).toBe('unknown');
  });
});
