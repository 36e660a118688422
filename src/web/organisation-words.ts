/** Kinds of organisation and roles in words, and which persona fits where. */
import { PERSONAS, type Persona } from '../access/personas.ts';
import type { OrganisationKind } from '../base/node-config.ts';

const KINDS: Readonly<Record<OrganisationKind, string>> = {
  exchange: 'Exchange',
  gp: 'GP surgery',
  acute: 'Hospital',
  lab: 'Laboratory',
  pharmacy: 'Pharmacy',
  'mental-health': 'Mental health',
  community: 'Community care',
  'urgent-care': 'Urgent care (111)',
};

/** `GP surgery` */
export function kindWords(kind: string): string {
  return Object.hasOwn(KINDS, kind) ? KINDS[kind as OrganisationKind] : kind;
}

const ROLES: Readonly<Record<Persona, string>> = {
  patient: 'Patient',
  gp: 'GP',
  nurse: 'Nurse',
  doctor: 'Doctor',
  lab: 'Biomedical scientist',
  pharmacist: 'Pharmacist',
  'privacy-officer': 'Privacy officer',
  engineer: 'Engineer',
  analyst: 'Analyst',
  system: 'Source system',
};

/** `Pharmacist` */
export function roleWords(role: string): string {
  return Object.hasOwn(ROLES, role) ? ROLES[role as Persona] : role;
}

/** `Imran Sheikh`: the persona's name without the role that some carry in it. */
export function personaName(persona: Persona): string {
  return PERSONAS[persona].name.replace(/,.*$/, '');
}

const STAFF: Readonly<Record<OrganisationKind, readonly Persona[]>> = {
  exchange: [],
  gp: ['gp', 'nurse'],
  acute: ['doctor', 'nurse'],
  lab: ['lab'],
  pharmacy: ['pharmacist'],
  'mental-health': ['doctor', 'nurse'],
  community: ['nurse', 'doctor'],
  'urgent-care': ['doctor', 'nurse'],
};

/** Clinical personas that work at such an organisation, the usual one first. */
export function staffOf(kind: OrganisationKind): readonly Persona[] {
  return STAFF[kind];
}
