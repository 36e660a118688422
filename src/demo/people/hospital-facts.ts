/**
 * What all systems of the hospital have in common: its code, its numbers for people, how far it vouches for
 * their NHS numbers.
 */
import { localNumber } from './folder.ts';
import type { History } from './history.ts';
import type { DemoLife } from './person.ts';
import type { Verification } from './uk-core.ts';

export const HOSPITAL = 'RX1';

/** A message of one of its systems, and when it is sent. */
export interface Sent {
  readonly at: number;
  /** `sequence` numbers the messages of one person. */
  readonly make: (sequence: number) => string;
}

/** The hospital's number for a person. */
export function hospitalNumber(life: DemoLife): string {
  return `E${localNumber('ex', life.number)}`;
}

/** How far the hospital vouches for the NHS number. */
export function hospitalStatus(life: DemoLife): Verification {
  return life.hard === 'unverified-at-hospital' ? '02' : '01';
}

/** True where the hospital has ever seen the person. */
export function isKnownToHospital({ stays, attendances }: History): boolean {
  return stays.length + attendances.length > 0;
}
