/** AL1 → UK Core AllergyIntolerance. HL7 v2.5.1 §3.4.6; tables 0127, 0128. */
import type { AllergyIntolerance, Identifier } from 'fhir/r4.d.ts';
import { part, repetitions, type Segment, textOf } from '../v2-message.ts';
import { concept, conceptIn } from './code-systems.ts';
import { keyPart, numberKey } from './identifiers.ts';
import { given, type Mapping, timed, timeIn, warn } from './mapping.ts';

const CATEGORIES: Readonly<Record<string, NonNullable<AllergyIntolerance['category']>[number]>> = {
  DA: 'medication',
  FA: 'food',
  EA: 'environment',
  AA: 'environment',
  PA: 'environment',
  LA: 'environment',
};
const SEVERITIES = { SV: 'severe', MO: 'moderate', MI: 'mild' } as const;
const CLINICAL = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical';

/** By what an allergy is known: the patient's number and what it is to. Undefined where AL1-3 says nothing. */
export function allergyIdentifier(
  mapping: Mapping,
  al1: Segment,
  patient: Identifier,
): Identifier | undefined {
  const [allergen] = repetitions(al1, 3);
  const code = part(allergen, 1) || part(allergen, 2);
  if (code === '') {
    warn(mapping, 'AL1-3', 'An allergy does not say to what; it is in the raw message only.');
    return undefined;
  }
  const value = [numberKey(patient), keyPart(part(allergen, 3)), keyPart(code)].join('/');
  return { system: `https://fhir.nhs.uk/${mapping.ods}/Id/AllergyIntolerance`, value };
}

/** The AllergyIntolerance of an AL1; `before` is the one that is known under the same identifier. */
export function allergyAfter(
  mapping: Mapping,
  al1: Segment,
  identifier: Identifier,
  patient: string,
  before: AllergyIntolerance | undefined,
): AllergyIntolerance {
  const category = CATEGORIES[textOf(al1, 2).toUpperCase()];
  const severity = SEVERITIES[textOf(al1, 4).toUpperCase() as keyof typeof SEVERITIES];
  const manifestation = repetitions(al1, 5)
    .map((one) => part(one, 1))
    .filter((one) => one !== '')
    .map((text) => ({ text }));
  const unplaced =
    severity !== undefined && manifestation.length === 0 ? [{ text: `Severity: ${severity}` }] : undefined;
  return {
    ...before,
    resourceType: 'AllergyIntolerance',
    identifier: before?.identifier ?? [identifier],
    clinicalStatus: before?.clinicalStatus ?? concept(CLINICAL, 'active'),
    ...(category === undefined ? {} : { category: [category] }),
    // severe is what the reaction was; only that much is said of the next one
    ...(severity === 'severe' ? { criticality: 'high' } : {}),
    code: conceptIn(mapping, repetitions(al1, 3)[0], 'AL1-3') ?? { text: textOf(al1, 3) },
    patient: { reference: patient },
    ...timed('onsetDateTime', timeIn(mapping, al1, 6)),
    ...(manifestation.length === 0 ? {} : { reaction: [{ manifestation, ...given('severity', severity) }] }),
    ...given('note', unplaced),
  };
}
