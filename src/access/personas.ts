/**
 * What each role may see and do at the node of its own organisation, as one table: policy, tokens and
 * docs/reference/personas.md derive from it. Deny by default: a type that is not listed does not show.
 */
import type { ResourceType } from '../fhir/resource.ts';
import type { Purpose, Role } from './actor.ts';

/** A role that a person or a source system can hold; `node` is machinery and has no persona. */
export type Persona = Exclude<Role, 'node'>;

export interface PersonaRow {
  /** Name on a demo token. */
  readonly name: string;
  /** The purpose on a demo token. */
  readonly purpose: Purpose;
  /** Purposes under which the role may ask at all. */
  readonly purposes: readonly Purpose[];
  /** Types that show. */
  readonly reads: 'all' | readonly ResourceType[];
  /** Types that may be created, updated and deleted. */
  readonly writes: 'all' | readonly ResourceType[];
  /** v3-Confidentiality codes that hide a resource from the role. */
  readonly hiddenLabels: readonly string[];
  /** Whose records: everybody's at the organisation, one's own, nobody's. */
  readonly persons: 'organisation' | 'own' | 'none';
  /** One sentence for the docs. */
  readonly text: string;
}

/** Entries about organisations and staff: in no one's record, and no secret. */
export const DIRECTORY_TYPES: readonly ResourceType[] = [
  'Organization',
  'Location',
  'Practitioner',
  'PractitionerRole',
  'HealthcareService',
  'Medication',
  'Substance',
];

/** What a clinical record is made of, beside the directory. */
const CLINICAL_TYPES: readonly ResourceType[] = [
  'Patient',
  'RelatedPerson',
  'AdverseEvent',
  'AllergyIntolerance',
  'Appointment',
  'AppointmentResponse',
  'BodyStructure',
  'CarePlan',
  'CareTeam',
  'ClinicalImpression',
  'Communication',
  'CommunicationRequest',
  'Composition',
  'Condition',
  'Consent',
  'DetectedIssue',
  'DeviceRequest',
  'DeviceUseStatement',
  'DiagnosticReport',
  'DocumentManifest',
  'DocumentReference',
  'Encounter',
  'EpisodeOfCare',
  'FamilyMemberHistory',
  'Flag',
  'Goal',
  'ImagingStudy',
  'Immunization',
  'ImmunizationEvaluation',
  'ImmunizationRecommendation',
  'List',
  'Media',
  'MedicationAdministration',
  'MedicationDispense',
  'MedicationRequest',
  'MedicationStatement',
  'MolecularSequence',
  'NutritionOrder',
  'Observation',
  'Procedure',
  'Provenance',
  'QuestionnaireResponse',
  'RequestGroup',
  'RiskAssessment',
  'ServiceRequest',
  'Specimen',
  'Task',
  'VisionPrescription',
];

/**
 * The rest of a person's compartment: a record is whole or says what it lacks. A Group also names others, so
 * not that.
 */
const OFFICE_TYPES: readonly ResourceType[] = [
  'Account',
  'Basic',
  'ChargeItem',
  'Claim',
  'ClaimResponse',
  'Coverage',
  'CoverageEligibilityRequest',
  'CoverageEligibilityResponse',
  'EnrollmentRequest',
  'ExplanationOfBenefit',
  'Invoice',
  'MeasureReport',
  'Person',
  'ResearchSubject',
  'SupplyDelivery',
  'SupplyRequest',
];

/**
 * What a record may refer to outside any compartment, and comes along with it: directory entries, and what
 * belongs to the person though R4 does not say so (an implant, a scanned letter). Reached by reference only,
 * never searched.
 */
export const REFERENCED_TYPES: readonly ResourceType[] = [
  ...DIRECTORY_TYPES,
  'Binary',
  'Device',
  'DeviceDefinition',
  'DeviceMetric',
  'Questionnaire',
];

/** Working material that lies in no one's compartment but may name people: staff only. */
const STAFF_TYPES: readonly ResourceType[] = [
  'Binary',
  'Device',
  'DeviceDefinition',
  'DeviceMetric',
  'Group',
  'PlanDefinition',
  'ActivityDefinition',
  'Questionnaire',
  'Schedule',
  'Slot',
];

/** What a laboratory needs to do a test and report it. */
export const LAB_TYPES: readonly ResourceType[] = [
  'Patient',
  'ServiceRequest',
  'Specimen',
  'DiagnosticReport',
  'Observation',
  'Task',
  ...DIRECTORY_TYPES,
];

/** What a pharmacist needs to dispense safely. */
export const PHARMACY_TYPES: readonly ResourceType[] = [
  'Patient',
  'AllergyIntolerance',
  'Condition',
  'Flag',
  'Immunization',
  'MedicationAdministration',
  'MedicationDispense',
  'MedicationRequest',
  'MedicationStatement',
  'Task',
  ...DIRECTORY_TYPES,
];

/** A whole record, as treating staff and the person see it. */
export const RECORD_TYPES: readonly ResourceType[] = [...CLINICAL_TYPES, ...OFFICE_TYPES, ...DIRECTORY_TYPES];

/**
 * A Patient is registered, merged and retired by the source system; consents and audit are not free text of
 * care.
 */
const CARE_WRITES: readonly ResourceType[] = CLINICAL_TYPES.filter(
  (type) => type !== 'Patient' && type !== 'Consent' && type !== 'Provenance',
);

const CARE_PURPOSES: readonly Purpose[] = ['direct-care', 'emergency'];

const care = (name: string, hiddenLabels: readonly string[], text: string): PersonaRow => ({
  name,
  purpose: 'direct-care',
  purposes: CARE_PURPOSES,
  reads: [...RECORD_TYPES, ...STAFF_TYPES],
  writes: CARE_WRITES,
  hiddenLabels,
  persons: 'organisation',
  text,
});

const office = (name: string, purpose: Purpose, text: string): PersonaRow => ({
  name,
  purpose,
  purposes: [purpose],
  reads: [],
  writes: [],
  hiddenLabels: ['R', 'V'],
  persons: 'none',
  text,
});

export const PERSONAS: Readonly<Record<Persona, PersonaRow>> = {
  patient: {
    name: 'Patient',
    purpose: 'patient-access',
    purposes: ['patient-access'],
    reads: RECORD_TYPES,
    writes: [],
    hiddenLabels: [],
    persons: 'own',
    text: 'Reads the own record, whatever its labels, and nobody else’s; writes nothing.',
  },
  gp: care(
    'Dr Priya Nair',
    ['V'],
    'Reads and writes the clinical record of the organisation’s people, restricted entries too.',
  ),
  nurse: care(
    'Nurse Tom Wells',
    ['R', 'V'],
    'Reads and writes the clinical record, but not entries labelled restricted.',
  ),
  doctor: care(
    'Dr Sean Adeyemi',
    ['V'],
    'Reads and writes the clinical record of the organisation’s people, restricted entries too.',
  ),
  lab: {
    name: 'Hannah Cole, biomedical scientist',
    purpose: 'direct-care',
    purposes: CARE_PURPOSES,
    reads: LAB_TYPES,
    writes: ['ServiceRequest', 'Specimen', 'DiagnosticReport', 'Observation', 'Task'],
    hiddenLabels: ['R', 'V'],
    persons: 'organisation',
    text: 'Reads requests, specimens, reports and results; writes them.',
  },
  pharmacist: {
    name: 'Imran Sheikh, pharmacist',
    purpose: 'direct-care',
    purposes: CARE_PURPOSES,
    reads: PHARMACY_TYPES,
    writes: ['MedicationDispense', 'MedicationStatement', 'Immunization', 'Task'],
    hiddenLabels: ['R', 'V'],
    persons: 'organisation',
    text: 'Reads medicines, allergies, problems and vaccinations; writes dispensing and vaccinations.',
  },
  'privacy-officer': office(
    'Grace Okafor, privacy officer',
    'administration',
    'Sees who looked at what; no clinical content.',
  ),
  engineer: office(
    'Lee Marsh, engineer',
    'administration',
    'Sees the state of feeds, queues and nodes; no clinical content.',
  ),
  analyst: office(
    'Ines Duarte, analyst',
    'secondary-use',
    'Sees nothing that names a person; extracts come by another way.',
  ),
  system: {
    name: 'Source system',
    purpose: 'administration',
    purposes: ['administration', 'direct-care'],
    reads: 'all',
    writes: 'all',
    hiddenLabels: [],
    persons: 'organisation',
    text: 'The organisation’s own source system: reads and writes everything at its node.',
  },
};

/** True where `text` names a persona. */
export function isPersona(text: string): text is Persona {
  return Object.hasOwn(PERSONAS, text);
}
