/** The visit of a message: found by its number, made or changed by the event, or only named. */
import type { Identifier, Reference } from 'fhir/r4.d.ts';
import type { Id } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import type { FoundPatient } from './patient-lookup.ts';
import { numberKey } from './v2/identifiers.ts';
import { warn } from './v2/mapping.ts';
import { encounterAfter, type VisitEvent, visitIdentifier } from './v2/pv1.ts';
import { fieldState, type Segment, segmentNamed, textOf } from './v2-message.ts';
import type { V2Time } from './v2-time.ts';
import { eventTime, isTheirs, type Work } from './work.ts';

export interface PlannedVisit {
  readonly id: Id;
  readonly identifier: Identifier;
}

/**
 * Brings the visit up to date; undefined where the message names none. Throws Failure `conflict` where the number is
 * another patient's, `business-rule` where the visit cannot be told.
 */
export async function planVisit(
  work: Work,
  event: VisitEvent,
  pv1: Segment,
  patient: FoundPatient,
): Promise<PlannedVisit | undefined> {
  const { mapping, set } = work;
  const at = eventTime(work);
  const identifier = await identifyVisit(work, event, pv1, patient, at);
  if (identifier === undefined) return undefined;
  const pv2 = segmentNamed(work.message, 'PV2');
  const [before] = await set.find('Encounter', [identifier]);
  const subject = before?.resource.subject?.reference ?? patient.reference;
  // a visit must not move to a wrong person by a mistyped number
  if (!isTheirs(patient, subject)) {
    throw new Failure(
      'conflict',
      'The visit is known under another patient. Merge the two records first (A40), or correct the visit number.',
    );
  }
  const segments = { pv1, ...(pv2 === undefined ? {} : { pv2 }) };
  const facts = { event, at, identifier, patient: subject };
  const after = encounterAfter(mapping, segments, facts, before?.resource);
  const id = before === undefined ? set.create(after, [identifier]) : set.replace(before.id, after);
  return { id, identifier };
}

const BEGINNINGS: readonly VisitEvent[] = ['admit', 'register', 'pre-admit'];

/** By number, by time of admission, or as the only visit that is open. */
async function identifyVisit(
  { mapping, set }: Work,
  event: VisitEvent,
  pv1: Segment,
  patient: FoundPatient,
  at: V2Time,
): Promise<Identifier | undefined> {
  const stated = visitIdentifier(mapping, pv1, patient.number);
  if (stated !== undefined) return stated;
  if (fieldState(pv1, 2) === 'value' && /^[NU]$/i.test(textOf(pv1, 2)) && fieldState(pv1, 3) === 'empty') {
    return undefined; // "not applicable": a demographic update in the shape of a visit
  }
  if (BEGINNINGS.includes(event)) {
    warn(mapping, 'PV1-19', 'The visit has no number; it is known by the time of the event.');
    const value = [numberKey(patient.number), textOf(pv1, 2), at.original ?? at.value].join('/');
    return { system: `https://fhir.nhs.uk/${mapping.ods}/Id/Encounter-by-admission`, value };
  }
  const open = patient.isNew ? [] : await set.openEncounters(patient.id);
  const [only, second] = open;
  const identifier = only?.resource.identifier?.[0];
  if (identifier !== undefined && second === undefined) return identifier;
  if (event === 'update') {
    warn(mapping, 'PV1-19', 'The visit has no number and cannot be told; only the patient was updated.');
    return undefined;
  }
  throw new Failure(
    'business-rule',
    'PV1-19 has no visit number, and which visit is meant cannot be told without.',
  );
}

/**
 * The visit that a result or a document belongs to. One that is not known is made where the feed brings visits,
 * and named by its number otherwise; one that is known stays as it is.
 */
export async function mentionedVisit(work: Work, patient: FoundPatient): Promise<Reference | undefined> {
  const pv1 = segmentNamed(work.message, 'PV1');
  if (pv1 === undefined) return undefined;
  const identifier = visitIdentifier(work.mapping, pv1, patient.number);
  if (identifier === undefined) return undefined;
  const [before] = await work.set.find('Encounter', [identifier]);
  if (before !== undefined) {
    if (before.resource.subject?.reference === patient.reference)
      return { reference: `Encounter/${before.id}` };
    warn(work.mapping, 'PV1-19', 'The visit is known under another patient; the result was not tied to it.');
    return undefined;
  }
  if (!work.takesVisits) return { type: 'Encounter', identifier };
  const visit = await planVisit(work, 'mention', pv1, patient);
  return visit === undefined ? undefined : { reference: `Encounter/${visit.id}` };
}
