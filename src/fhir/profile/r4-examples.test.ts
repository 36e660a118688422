/** Every example instance of R4 is valid against R4 itself, but for those in which HL7 went astray. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { effectiveSettings } from '../../base/settings.ts';
import { validateProfiles } from '../profile-validator.ts';
import { baseDefinitions } from './base-definitions.ts';

const FOLDER = dirname(fileURLToPath(import.meta.resolve('hl7.fhir.r4.examples/package.json')));
/** The definitions themselves, not instances. */
const DEFINITIONS =
  /^(?:SearchParameter|ValueSet|CodeSystem|StructureDefinition|ConceptMap|OperationDefinition)-/;

const EMPTY = 'its narrative is an empty div (txt-2)';
const TARGET = 'a reference leads to a type that its element does not allow';
const MISPLACED = "HL7's own extensions where their definitions do not allow them";
const PARAMETERS = 'search parameters are stated with other types than their definitions have';
const FULL_URL = 'the fullUrl of an entry disagrees with the id of its resource';

/** Example → what is wrong with it. */
const WRONG: Readonly<Record<string, string>> = {
  'ActivityDefinition-blood-tubes-supply': EMPTY,
  'ActivityDefinition-heart-valve-replacement': EMPTY,
  'Basic-referral': 'modifier extensions whose definitions are not in the package',
  'Bundle-10bb101f-a121-4264-a920-67be9cb82c74': FULL_URL,
  'Bundle-3a0707d3-549e-4467-b8b8-5a2ab3800efe': FULL_URL,
  'Bundle-dataelements': MISPLACED,
  'Bundle-extensions': MISPLACED,
  'Bundle-lri-example': FULL_URL,
  'Bundle-profiles-others': MISPLACED,
  'Bundle-resources': MISPLACED,
  'Bundle-types': MISPLACED,
  'Bundle-v2-valuesets': 'codes with spaces that a code may not have',
  'Bundle-v3-valuesets': 'links in narratives to places that are not in them',
  'Bundle-valueset-expansions': MISPLACED,
  'Bundle-valuesets': 'links in narratives to places that are not in them',
  'CapabilityStatement-base': PARAMETERS,
  'CapabilityStatement-knowledge-repository': PARAMETERS,
  'CapabilityStatement-measure-processor': PARAMETERS,
  'CapabilityStatement-terminology-server': PARAMETERS,
  'DeviceMetric-example': TARGET,
  'DeviceUseStatement-example': TARGET,
  'EventDefinition-example': EMPTY,
  'ImplementationGuide-fhir': 'no name and no status, both of which are required',
  'MedicationRequest-medrx0301': TARGET,
  'Observation-clinical-gender': TARGET,
  'Questionnaire-qs1': 'items without a linkId',
  'Questionnaire-zika-virus-exposure-assessment': EMPTY,
};

describe('the example instances of R4', () => {
  it('are valid, but for those listed with the reason', { timeout: 300_000 }, async () => {
    const base = await baseDefinitions();
    // the Bundles of all definitions are larger than anybody would send
    const limits = { ...effectiveSettings([], {}), profileElementsMax: 1e8, profileStepsMax: 1e9 };
    const names = readdirSync(FOLDER).filter((one) => /^[A-Z].*\.json$/.test(one) && !DEFINITIONS.test(one));
    expect(names.length).toBeGreaterThanOrEqual(725);
    const invalid = names.filter((name) => {
      const resource: unknown = JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
      return validateProfiles(base, resource, limits).some((issue) => issue.severity === 'error');
    });
    expect(invalid.map((name) => name.slice(0, -'.json'.length)).sort()).toEqual(Object.keys(WRONG).sort());
  });
});
