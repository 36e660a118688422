/** One message while it is being mapped: what the planners of its parts share. */

import type { Identifier, Reference } from 'fhir/r4.d.ts';
import type { Id } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import type { Resource, ResourceOf } from '../fhir/resource.ts';
import type { FoundPatient } from './patient-lookup.ts';
import { type Mapping, warn } from './v2/mapping.ts';
import { type Message, type Segment, segmentNamed, textOf } from './v2-message.ts';
import { parseV2Time, type V2Time } from './v2-time.ts';
import type { WriteSet } from './write-set.ts';

export interface Work {
  readonly message: Message;
  readonly mapping: Mapping;
  readonly set: WriteSet;
  /** Whether visits that a result or a document names are news here (the feed covers Encounter). */
  readonly takesVisits: boolean;
}

/** The segment, or Failure `required`. */
export function requiredSegment(message: Message, name: string): Segment {
  const found = segmentNamed(message, name);
  if (found !== undefined) return found;
  throw new Failure('required', `The message has no ${name} segment, which its event needs. Was it cut off?`);
}

/** When the event happened: EVN-6, else EVN-2, else when the message was made. */
export function eventTime({ message, mapping }: Work): V2Time {
  const evn = segmentNamed(message, 'EVN');
  for (const n of [6, 2]) {
    const time = parseV2Time(textOf(evn, n), mapping.zone);
    if (time !== undefined) return time;
  }
  return mapping.sent;
}

/** A resource of a patient under a sender's number, and whose it is. */
export interface Owned<T extends Resource> {
  readonly identifier: Identifier;
  readonly known: { readonly id: Id; readonly resource: T } | undefined;
  /** `Patient/…`: the record that it is kept under, which a merge may have retired since. */
  readonly subject: string;
}

/**
 * Finds what carries the number and is this patient's. Numbers come back after some years: one that is known under
 * another person is not theirs to change, and gets a number of its own.
 */
export async function findOwned<T extends 'DiagnosticReport' | 'Specimen' | 'DocumentReference'>(
  { set, mapping }: Work,
  type: T,
  identifier: Identifier,
  patient: FoundPatient,
  field: string,
): Promise<Owned<ResourceOf<T>>> {
  const [known] = await set.find(type, [identifier]);
  const held: { readonly subject?: Reference | undefined } | undefined = known?.resource;
  const subject = held?.subject?.reference ?? patient.reference;
  if (known === undefined || isTheirs(patient, subject)) return { identifier, known, subject };
  warn(mapping, field, 'The number is known under another patient; it was taken for a new one.');
  const own = { ...identifier, value: `${identifier.value ?? ''}/${patient.id}` };
  const [mine] = await set.find(type, [own]);
  return { identifier: own, known: mine, subject: patient.reference };
}

/** Whether a reference means this patient, or a record that a merge joined to theirs. */
export function isTheirs(patient: FoundPatient, reference: string | undefined): boolean {
  return reference === patient.reference || (reference !== undefined && patient.linked.includes(reference));
}
