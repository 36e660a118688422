/** DG1 → UK Core Condition, a diagnosis of the visit. HL7 v2.5.1 §6.5.2; tables 0052, 0206. */
import type { Condition, Identifier, Reference } from 'fhir/r4.d.ts';
import { part, repetitions, type Segment, textOf, wholeText } from '../v2-message.ts';
import { concept, conceptIn } from './code-systems.ts';
import { practitionerIn } from './directory.ts';
import { entityAuthority, identifierSystem, keyPart, numberKey } from './identifiers.ts';
import { given, type Mapping, timed, timeIn, warn } from './mapping.ts';

const CATEGORY = 'http://terminology.hl7.org/CodeSystem/condition-category';
const VERIFICATION = 'http://terminology.hl7.org/CodeSystem/condition-ver-status';
/** DG1-6: admitting and working diagnoses are provisional, a final one is confirmed. */
const TYPES: Readonly<Record<string, string>> = { A: 'provisional', W: 'provisional', F: 'confirmed' };

/**
 * By what a diagnosis is known: DG1-20, or the visit (else the patient) and its code. Undefined where it says nothing.
 */
export function diagnosisIdentifier(
  mapping: Mapping,
  dg1: Segment,
  within: Identifier,
): Identifier | undefined {
  const [own] = repetitions(dg1, 20);
  if (part(own, 1) !== '') {
    return { system: identifierSystem(mapping, entityAuthority(own), 'Condition'), value: part(own, 1) };
  }
  const [code] = repetitions(dg1, 3);
  const said = part(code, 1) || part(code, 2) || wholeText(dg1, 4);
  if (said === '') {
    warn(mapping, 'DG1-3', 'A diagnosis does not say which; it is in the raw message only.');
    return undefined;
  }
  const value = [numberKey(within), keyPart(part(code, 3)), keyPart(said)].join('/');
  return { system: `https://fhir.nhs.uk/${mapping.ods}/Id/Condition`, value };
}

/** The Condition of a DG1; DG1-21 `D` takes it back. */
export function conditionAfter(
  mapping: Mapping,
  dg1: Segment,
  identifier: Identifier,
  patient: string,
  encounter: Reference | undefined,
): Condition {
  const coded = conceptIn(mapping, repetitions(dg1, 3)[0], 'DG1-3');
  const description = wholeText(dg1, 4).trim();
  const deleted = textOf(dg1, 21).toUpperCase() === 'D';
  const status = deleted ? 'entered-in-error' : TYPES[textOf(dg1, 6).toUpperCase()];
  return {
    resourceType: 'Condition',
    identifier: [identifier],
    ...(status === undefined ? {} : { verificationStatus: concept(VERIFICATION, status) }),
    category: [concept(CATEGORY, 'encounter-diagnosis', 'Encounter Diagnosis')],
    code: { ...coded, ...given('text', description || coded?.text) },
    subject: { reference: patient },
    ...given('encounter', encounter),
    ...timed('onsetDateTime', timeIn(mapping, dg1, 5)),
    ...timed('recordedDate', timeIn(mapping, dg1, 19)),
    ...given('asserter', practitionerIn(mapping, repetitions(dg1, 16)[0])),
  };
}
