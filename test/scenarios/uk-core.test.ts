/**
 * UK Core as an operator loads it: `openward packages add` of its definitions, then its examples against the profiles
 * that they are examples of. Those that are not valid are named with the reason.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { effectiveSettings } from '../../src/base/settings.ts';
import { type PackageDefinitions, packageDefinitions } from '../../src/fhir/package-definitions.ts';
import { parseXml } from '../../src/fhir/parse-xml.ts';
import { validateProfiles } from '../../src/fhir/profile-validator.ts';
import { openPackages } from '../../src/packages/open-packages.ts';

const UK_CORE = resolve('../shared/fixtures/ukcore');
const present = existsSync(UK_CORE);
if (!present) console.info('uk-core: ../shared/fixtures/ukcore is absent, so it is skipped');
const PROFILES = 'https://fhir.hl7.org.uk/StructureDefinition/';

/** Examples that break the profile which they are an example of. */
const INVALID: Readonly<Record<string, string>> = {
  'UKCore-Provenance-RARecordConsent-Example':
    'Provenance.agent.onBehalfOf is a reference to a StructureDefinition, where R4 allows people, devices and organisations',
};

let folder: string;
let source: PackageDefinitions;
let said: { stdout: string; stderr: string };
const settings = effectiveSettings([], {});

beforeAll(async () => {
  if (!present) return;
  folder = await mkdtemp(join(tmpdir(), 'openward-uk-core-'));
  const config = join(folder, 'node.json');
  await writeFile(
    config,
    JSON.stringify({ ods: 'RXC', name: 'A', kind: 'gp', port: 8999, data: './data', feeds: [] }),
  );
  const args = ['packages', 'add', join(UK_CORE, 'definitions-json'), '--name', 'ukcore', '--config', config];
  said = await promisify(execFile)(process.execPath, [resolve('dist/cli.js'), ...args]);
  source = await packageDefinitions(await openPackages(join(folder, 'data', 'packages'), silentLog))();
});
afterAll(() => (present ? rm(folder, { recursive: true, force: true }) : undefined));

/** `UKCore-Observation-Lab-Albumin-Example` is of the longest profile that its name begins with; undefined for none. */
function profileOf(name: string): string | undefined {
  const steps = name.split('-');
  for (let n = steps.length; n > 1; n--) {
    const url = PROFILES + steps.slice(0, n).join('-');
    const structure = source.structure(url);
    // an example of an extension is a resource that has it
    if (structure !== undefined) return structure.type === 'Extension' ? undefined : url;
  }
  return undefined;
}

describe.skipIf(!present)('UK Core', () => {
  it('is loaded whole, and every profile can be used', () => {
    expect(said.stdout).toContain('153 StructureDefinition, 134 ValueSet, 88 CodeSystem, 3 ConceptMap');
    expect(said.stderr).not.toMatch(/cannot be used|speaks of|not loaded/);
  });

  it('has 110 examples: they are valid, but for those listed', async () => {
    const names = readdirSync(join(UK_CORE, 'examples-xml')).map((name) => name.slice(0, -'.xml'.length));
    expect(names.length).toBe(110);
    const invalid: string[] = [];
    let profiled = 0;
    for (const name of names) {
      const resource = await parseXml(readFileSync(join(UK_CORE, 'examples-xml', `${name}.xml`)), settings);
      const profile = profileOf(name);
      if (profile !== undefined) profiled++;
      const options = profile === undefined ? {} : { profiles: [profile] };
      const issues = validateProfiles(source, resource, settings, options);
      if (issues.some(({ severity }) => severity === 'error' || severity === 'fatal')) invalid.push(name);
    }
    expect(profiled).toBeGreaterThan(70);
    expect(invalid).toEqual(Object.keys(INVALID));
  });

  it.each([
    [
      'UKCore-Patient-RichardSmith-Example',
      'an NHS number system without a number',
      (patient: Changed) => delete patient.identifier[0].value,
    ],
    [
      'UKCore-AllergyIntolerance-Sn-DrugAllergy-Example',
      'no code',
      (allergy: Changed) => delete allergy.code,
    ],
    ['UKCore-Observation-VitalSigns-BMI-Example', 'another category', (one: Changed) => delete one.category],
  ])('notices in %s %s', async (name, _what, change) => {
    const bytes = readFileSync(join(UK_CORE, 'examples-xml', `${name}.xml`));
    const resource = (await parseXml(bytes, settings)) as Changed;
    const profiles = [profileOf(name) ?? ''];
    const errors = () =>
      validateProfiles(source, resource, settings, { profiles }).filter(
        ({ severity }) => severity === 'error',
      );
    expect(errors()).toEqual([]);
    change(resource);
    expect(errors().length).toBeGreaterThan(0);
  });
});

type Changed = ReturnType<typeof JSON.parse>;
