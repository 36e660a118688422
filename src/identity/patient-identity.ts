/**
 * What a Patient resource says about its NHS numbers. Only a number that the sending system states as
 * verified (UK Core verification status 01) joins records across organisations; without a status it is
 * unverified and what hangs on it stays where it is. UK Core, Extension-UKCore-NHSNumberVerificationStatus.
 */
import type { Identifier } from 'fhir/r4.d.ts';
import { type NhsNumber, type OdsCode, odsCode } from '../base/brands.ts';
import { NHS_NUMBER_SYSTEM, ODS_CODE_SYSTEM, type ResourceOf } from '../fhir/resource.ts';
import { isNhsNumber } from './nhs-number.ts';

export type Patient = ResourceOf<'Patient'>;

export const VERIFICATION_EXTENSION =
  'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus';
/** The Personal Demographics Service still sends the second one. */
export const VERIFICATION_SYSTEMS: readonly string[] = [
  'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland',
  'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus',
];
const VERIFIED = '01';

/** NHS numbers that the Patient carries as verified, each once, current ones before those of `use` old. */
export function verifiedNhsNumbers(patient: Patient): readonly NhsNumber[] {
  return nhsNumbers(patient, true);
}

/** NHS numbers that the Patient carries under any other status, or none, and not as verified too. */
export function unverifiedNhsNumbers(patient: Patient): readonly NhsNumber[] {
  const verified = nhsNumbers(patient, true);
  return nhsNumbers(patient, false).filter((one) => !verified.includes(one));
}

/** The ODS code of the practice where the Patient is registered, where it is given as an identifier. */
export function registeredPracticeCode(patient: Patient): OdsCode | undefined {
  for (const practice of patient.generalPractitioner ?? []) {
    const identifier = practice.identifier;
    if (identifier?.system !== ODS_CODE_SYSTEM || identifier.value === undefined) continue;
    const code = odsCode(identifier.value);
    if (code !== undefined) return code;
  }
  return undefined;
}

/** Ids of the Organizations that the Patient names as its general practice by reference, in order. */
export function registeredPracticeReferences(patient: Patient): readonly string[] {
  return (patient.generalPractitioner ?? [])
    .map((practice) =>
      /^Organization\/([A-Za-z0-9\-.]{1,64})(\/_history\/.*)?$/.exec(practice.reference ?? ''),
    )
    .map((match) => match?.[1])
    .filter((id) => id !== undefined);
}

/** True unless the Patient says that it is out of use. */
export function isActive(patient: Patient): boolean {
  return patient.active !== false;
}

function nhsNumbers(patient: Patient, verified: boolean): readonly NhsNumber[] {
  const found: NhsNumber[] = [];
  const old: NhsNumber[] = [];
  for (const identifier of patient.identifier ?? []) {
    const value = identifier.value;
    if (identifier.system !== NHS_NUMBER_SYSTEM || value === undefined || !isNhsNumber(value)) continue;
    if (isVerified(identifier) !== verified) continue;
    (identifier.use === 'old' ? old : found).push(value);
  }
  return found.length + old.length < 2 ? [...found, ...old] : [...new Set([...found, ...old])];
}

/** Verified only where every status that is stated is 01: a second, different one takes it back. */
function isVerified(identifier: Identifier): boolean {
  let stated = 0;
  for (const extension of identifier.extension ?? []) {
    if (extension.url !== VERIFICATION_EXTENSION) continue;
    for (const coding of extension.valueCodeableConcept?.coding ?? []) {
      if (!VERIFICATION_SYSTEMS.includes(coding.system ?? '')) continue;
      if (coding.code !== VERIFIED) return false;
      stated += 1;
    }
  }
  return stated > 0;
}
