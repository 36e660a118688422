/**
 * What every page of one person's record is made with: the record as it was just put together, who looks,
 * and the addresses of its pages.
 */
import type { Persona } from '../access/personas.ts';
import { PERSONAS } from '../access/personas.ts';
import type { ResourceType } from '../fhir/resource.ts';
import type { Moment } from './moment.ts';
import type { AllergyView } from './record/allergy-view.ts';
import type { RecordView } from './record/record-view.ts';

export interface RecordPage {
  readonly view: RecordView;
  /** Undefined where the role does not see allergies. */
  readonly allergies: AllergyView | undefined;
  readonly role: Persona;
  /** When it was asked for: what ages are counted from. */
  readonly now: Moment;
  /** `/clinician/HANDLE`; sections are below it. */
  readonly path: string;
  /** This page's own address, for "Try again". */
  readonly here: string;
}

/**
 * Whether the role may see this type at all: what it may not see is said to be hidden, never said to be
 * absent.
 */
export function sees(role: Persona, type: ResourceType): boolean {
  const { reads } = PERSONAS[role];
  return reads === 'all' || reads.includes(type);
}

/** Whether entries that their sources labelled as restricted are kept from the role. */
export function missesRestricted(role: Persona): boolean {
  return PERSONAS[role].hiddenLabels.includes('R');
}
