/**
 * From the Patient records of one node to persons. A person is all Patients joined by a verified NHS number
 * or by Patient.link (replaced-by, replaces; seealso and refer join nothing). One match or none: where two
 * records that nobody has joined are both in use under one number, nothing is disclosed and people must look.
 * R4 Patient.link, http://hl7.org/fhir/R4/patient.html#merge.
 */
import type { Id, NhsNumber, OdsCode } from '../base/brands.ts';
import { isId } from '../base/brands.ts';
import { contradicts } from './compare-demographics.ts';
import {
  isActive,
  type Patient,
  registeredPracticeCode,
  registeredPracticeReferences,
  unverifiedNhsNumbers,
  verifiedNhsNumbers,
} from './patient-identity.ts';

export type PersonMatch =
  /** `patients`: the record in use first, then those that it replaced. */
  | {
      readonly kind: 'one';
      readonly patients: readonly [Id, ...Id[]];
      /** Whether the record in use is active: the organisation has a relationship with the person. */
      readonly active: boolean;
      /** The registered practice that the record in use names, where it does. */
      readonly practice?: OdsCode;
    }
  | { readonly kind: 'none' }
  /** Several records that nobody has joined claim the number. */
  | { readonly kind: 'ambiguous'; readonly patients: readonly Id[] }
  /** The number is there, but nobody has verified it. */
  | { readonly kind: 'unverified'; readonly patients: readonly Id[] };

/** What matching needs of a Patient; the body can be let go. */
export interface PatientFacts {
  readonly id: Id;
  readonly active: boolean;
  readonly verified: readonly NhsNumber[];
  readonly unverified: readonly NhsNumber[];
  /** Patients that this one says have taken its place. */
  readonly replacedBy: readonly Id[];
  /** Patients that this one says it has taken the place of. */
  readonly replaces: readonly Id[];
  readonly practice?: OdsCode;
  /** For comparing records that a number joins and no link does. */
  readonly demographics: Patient;
  /** Organizations that may tell the practice where no code is given. */
  readonly practiceReferences: readonly string[];
}

/** The facts of a Patient with an id. */
export function patientFacts(patient: Patient & { id: Id }): PatientFacts {
  const practice = registeredPracticeCode(patient);
  return {
    id: patient.id,
    active: isActive(patient),
    verified: verifiedNhsNumbers(patient),
    unverified: unverifiedNhsNumbers(patient),
    replacedBy: linked(patient, 'replaced-by'),
    replaces: linked(patient, 'replaces'),
    ...(practice === undefined ? {} : { practice }),
    demographics: patient,
    practiceReferences: registeredPracticeReferences(patient),
  };
}

/**
 * Who has this number. `holders` must be closed: every Patient that carries it verified, and every one that
 * links or verified numbers reach from those. `claimants` carry it unverified; they join nothing, and count
 * only where nobody holds it.
 */
export function matchPerson(
  nhsNumber: NhsNumber,
  holders: readonly PatientFacts[],
  claimants: readonly PatientFacts[],
): PersonMatch {
  if (holders.length === 0) {
    const claiming = claimants.filter((one) => one.unverified.includes(nhsNumber));
    if (claiming.length === 0) return { kind: 'none' };
    return { kind: 'unverified', patients: claiming.map((one) => one.id).sort() };
  }
  return onePerson(holders);
}

/**
 * Whether a closed set of Patients is one person, and then which record is in use. Links are people's word
 * and are taken; records that only a number joins must not contradict each other.
 */
export function onePerson(
  patients: readonly PatientFacts[],
): Extract<PersonMatch, { kind: 'one' | 'ambiguous' }> {
  const groups = linkedGroups(patients);
  const heads = groups.map(headOf);
  const inUse = heads.filter((head) => head?.active === true);
  const head = groups.length === 1 ? heads[0] : inUse.length === 1 ? inUse[0] : undefined;
  const others = groups.filter((group) => head !== undefined && !group.includes(head)).flat();
  const doubtful = others.some(
    (one) => head !== undefined && contradicts(head.demographics, one.demographics),
  );
  if (head === undefined || heads.includes(undefined) || doubtful) {
    return { kind: 'ambiguous', patients: groups.flatMap((group) => group.map((one) => one.id)).sort() };
  }
  const rest = patients.map((one) => one.id).filter((id) => id !== head.id);
  return {
    kind: 'one',
    patients: [head.id, ...rest.sort()],
    active: head.active,
    ...(head.practice === undefined ? {} : { practice: head.practice }),
  };
}

/** Groups of Patients that links join, whichever side states the link. */
function linkedGroups(patients: readonly PatientFacts[]): PatientFacts[][] {
  const byId = new Map(patients.map((one) => [one.id, one]));
  const neighbours = new Map<Id, Id[]>(patients.map((one) => [one.id, []]));
  for (const one of patients) {
    for (const other of [...one.replacedBy, ...one.replaces]) {
      if (!byId.has(other)) continue;
      neighbours.get(one.id)?.push(other);
      neighbours.get(other)?.push(one.id);
    }
  }
  const seen = new Set<Id>();
  const groups: PatientFacts[][] = [];
  for (const start of patients) {
    if (seen.has(start.id)) continue;
    const group: PatientFacts[] = [];
    const open = [start.id];
    seen.add(start.id);
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      const one = byId.get(id);
      if (one !== undefined) group.push(one);
      for (const next of neighbours.get(id) ?? []) {
        if (!seen.has(next)) {
          seen.add(next);
          open.push(next);
        }
      }
    }
    groups.push(group);
  }
  return groups;
}

/** The one record of a linked group that nothing has replaced; undefined where there are several or none. */
function headOf(group: readonly PatientFacts[]): PatientFacts | undefined {
  const ids = new Set(group.map((one) => one.id));
  const replaced = new Set<Id>();
  for (const one of group) {
    if (one.replacedBy.some((other) => ids.has(other))) replaced.add(one.id);
    for (const other of one.replaces) replaced.add(other);
  }
  const heads = group.filter((one) => !replaced.has(one.id));
  return heads.length === 1 ? heads[0] : undefined;
}

function linked(patient: Patient, type: 'replaced-by' | 'replaces'): readonly Id[] {
  const found: Id[] = [];
  for (const link of patient.link ?? []) {
    if (link.type !== type) continue;
    const id = /^Patient\/([^/]+)(\/_history\/.*)?$/.exec(link.other.reference ?? '')?.[1];
    if (id !== undefined && isId(id) && id !== patient.id) found.push(id);
  }
  return found;
}
