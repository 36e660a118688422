/**
 * What kinds of information and states of entries are called. Codes come from sources; what is not in these
 * tables is shown as it came.
 */
import type { ResourceType } from '../fhir/resource.ts';
import type { EntryKind } from './record/describe.ts';

const TYPES: Readonly<Partial<Record<ResourceType, string>>> = {
  AllergyIntolerance: 'allergies',
  Appointment: 'appointments',
  CarePlan: 'care plans',
  Communication: 'messages',
  Composition: 'documents',
  Condition: 'problems',
  Consent: 'consents',
  DiagnosticReport: 'test reports',
  DocumentReference: 'documents and letters',
  Encounter: 'visits and stays',
  Flag: 'alerts',
  Immunization: 'vaccinations',
  MedicationAdministration: 'medicines given',
  MedicationDispense: 'medicines dispensed',
  MedicationRequest: 'prescriptions',
  MedicationStatement: 'medicines reported',
  Observation: 'results and measurements',
  Patient: 'personal details',
  Procedure: 'procedures',
  QuestionnaireResponse: 'completed forms',
  ServiceRequest: 'referrals and requests',
  Specimen: 'samples',
  Task: 'tasks',
};

/** `prescriptions` for MedicationRequest; `imaging study` for what has no word of its own. */
function typeWords(type: ResourceType): string {
  return TYPES[type] ?? type.replace(/(?!^)([A-Z])/g, ' $1').toLowerCase();
}

/** `allergies, prescriptions and visits`: each once, in the order given. */
export function typesList(types: readonly ResourceType[]): string {
  return andList([...new Set(types.map(typeWords))]);
}

/** `a, b and c` */
export function andList(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** `1 entry`, `2 entries` */
export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

export const ENTRY_KINDS: Readonly<Record<EntryKind, string>> = {
  allergies: 'Allergies',
  problems: 'Problems',
  medicines: 'Medicines',
  results: 'Test results',
  measurements: 'Measurements',
  visits: 'Visits and stays',
  letters: 'Documents and letters',
  vaccinations: 'Vaccinations',
  procedures: 'Procedures',
  referrals: 'Referrals and requests',
  plans: 'Care plans',
  other: 'Other',
};

/** True where `text` names a kind of entry. */
export function isEntryKind(text: string): text is EntryKind {
  return Object.hasOwn(ENTRY_KINDS, text);
}

const STATUSES: Readonly<Record<string, string>> = {
  active: 'Active',
  amended: 'Amended',
  appended: 'Added to',
  arrived: 'Arrived',
  booked: 'Booked',
  cancelled: 'Cancelled',
  completed: 'Completed',
  corrected: 'Corrected',
  current: 'Current',
  declined: 'Declined',
  draft: 'Draft',
  ended: 'Ended',
  finished: 'Finished',
  final: 'Final',
  fulfilled: 'Attended',
  inactive: 'Inactive',
  intended: 'Intended',
  'in-progress': 'In progress',
  'entered-in-error': 'Recorded by mistake',
  noshow: 'Not attended',
  'not-done': 'Not given',
  'not-taken': 'Not taken',
  'on-hold': 'On hold',
  onleave: 'On leave',
  partial: 'Partial',
  pending: 'Pending',
  planned: 'Planned',
  preliminary: 'Preliminary',
  proposed: 'Proposed',
  recurrence: 'Recurrence',
  registered: 'Requested, no result yet',
  relapse: 'Relapse',
  remission: 'In remission',
  requested: 'Requested',
  resolved: 'Resolved',
  revoked: 'Withdrawn',
  stopped: 'Stopped',
  superseded: 'Replaced by a newer one',
  suspended: 'Suspended',
  triaged: 'Triaged',
  unknown: 'Status not known',
};

/** A status in words; `Status not recorded` for none, since a status is never blank. */
export function statusWords(status: string | undefined): string {
  if (status === undefined || status === '') return 'Status not recorded';
  return Object.hasOwn(STATUSES, status) ? (STATUSES[status] ?? status) : status;
}

const GENDERS: Readonly<Record<string, string>> = {
  male: 'Male',
  female: 'Female',
  other: 'Other',
  unknown: 'Not known',
};

/** `Female`; undefined where none is recorded. */
export function genderWords(gender: string | undefined): string | undefined {
  return gender === undefined ? undefined : (GENDERS[gender] ?? gender);
}

/** Types that tell of medicines which a person takes or took. */
export const MEDICINE_TYPES = ['MedicationRequest', 'MedicationStatement', 'MedicationDispense'] as const;

export const RESULT_TYPES = ['Observation', 'DiagnosticReport'] as const;
export const LETTER_TYPES = ['DocumentReference', 'Composition', 'Communication'] as const;
export const VISIT_TYPES = ['Encounter', 'Appointment', 'EpisodeOfCare'] as const;
