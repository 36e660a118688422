/**
 * One HL7 v2 message → the writes that make the record say what it says. Nothing is written here: resources are
 * found through a lookup by business identifier, made by the mappers in v2/, and handed back as ops with If-Match.
 * HL7 v2.3 to 2.5.1; HL7 v2-to-FHIR; UK Core.
 */
import type { InstantMs } from '../base/brands.ts';
import type { Ids } from '../base/ids.ts';
import type { WriteOp } from '../store/store.ts';
import { mergePatients } from './merge-patients.ts';
import { upsertPatient } from './patient-lookup.ts';
import { planDocument, planResults } from './plan-results.ts';
import { planVisit } from './plan-visit.ts';
import { allergyAfter, allergyIdentifier } from './v2/al1.ts';
import { conditionAfter, diagnosisIdentifier } from './v2/dg1.ts';
import type { Mapping, Warning } from './v2/mapping.ts';
import { eventOf, type V2Event } from './v2-event.ts';
import { type Message, segmentNamed } from './v2-message.ts';
import { requiredSegment, type Work } from './work.ts';
import { type Lookup, WriteSet } from './write-set.ts';

/** What a message comes to. */
export interface Plan {
  readonly ops: readonly WriteOp[];
  readonly warnings: readonly Warning[];
  /** Names of segments that the record has no place for yet; they are in the raw message. */
  readonly unmapped: readonly string[];
  /** When the newest of what the ops replace was written. */
  readonly newestReplaced?: InstantMs;
}

export interface PlanParts {
  readonly mapping: Mapping;
  readonly lookup: Lookup;
  readonly ids: Ids;
  /** Whether visits that a result or a document names are news here (the feed covers Encounter). */
  readonly takesVisits: boolean;
}

const TAKEN: Readonly<Record<V2Event['kind'], readonly string[]>> = {
  visit: ['PID', 'PD1', 'NK1', 'PV1', 'PV2', 'AL1', 'DG1'],
  person: ['PID', 'PD1', 'NK1', 'PV1', 'AL1', 'DG1'],
  merge: ['PID', 'PD1', 'MRG'],
  results: ['PID', 'PD1', 'PV1', 'PV2', 'ORC', 'OBR', 'OBX', 'NTE', 'SPM'],
  document: ['PID', 'PD1', 'PV1', 'TXA', 'OBX'],
  heartbeat: [],
};
/** Segments about the message itself. */
const ENVELOPE = new Set(['MSH', 'EVN', 'SFT', 'UAC', 'DSC']);

/**
 * The writes of a message. Throws Failure `not-supported` (event), `required` (a segment or identifier is missing),
 * `conflict` (records that cannot be merged), `business-rule` (the visit cannot be told).
 */
export async function planMessage(message: Message, parts: PlanParts): Promise<Plan> {
  const { mapping } = parts;
  const event = eventOf(message);
  const set = new WriteSet(parts.lookup, parts.ids, mapping.source);
  const work: Work = { message, mapping, set, takesVisits: parts.takesVisits };
  switch (event.kind) {
    case 'heartbeat':
      break;
    case 'merge':
      await mergePatients(work);
      break;
    case 'visit':
    case 'person':
      await planAdmission(work, event);
      break;
    case 'results':
      await planResults(work);
      break;
    case 'document':
      await planDocument(work);
      break;
  }
  const taken = TAKEN[event.kind];
  const names = new Set(message.segments.map((one) => one.name));
  const unmapped = [...names].filter((name) => !ENVELOPE.has(name) && !taken.includes(name));
  const newestReplaced = set.newestReplaced();
  return {
    ops: set.ops(),
    warnings: mapping.warnings,
    unmapped: event.kind === 'heartbeat' ? [] : unmapped,
    ...(newestReplaced === undefined ? {} : { newestReplaced }),
  };
}

/** ADT: the patient, the visit, allergies and diagnoses. */
async function planAdmission(work: Work, event: V2Event & { kind: 'visit' | 'person' }): Promise<void> {
  const { message } = work;
  const pid = requiredSegment(message, 'PID');
  const pv1 = segmentNamed(message, 'PV1');
  if (event.kind === 'visit' && event.needsVisit) requiredSegment(message, 'PV1');
  const patient = await upsertPatient(work, pid, 'admission');
  const visit =
    event.kind === 'visit' && pv1 !== undefined
      ? await planVisit(work, event.visit, pv1, patient)
      : undefined;
  for (const al1 of message.segments.filter((one) => one.name === 'AL1')) {
    const identifier = allergyIdentifier(work.mapping, al1, patient.number);
    if (identifier === undefined) continue;
    await work.set.upsert('AllergyIntolerance', identifier, (before) =>
      allergyAfter(work.mapping, al1, identifier, patient.reference, before),
    );
  }
  for (const dg1 of message.segments.filter((one) => one.name === 'DG1')) {
    const identifier = diagnosisIdentifier(work.mapping, dg1, visit?.identifier ?? patient.number);
    if (identifier === undefined) continue;
    const encounter = visit === undefined ? undefined : { reference: `Encounter/${visit.id}` };
    await work.set.upsert('Condition', identifier, () =>
      conditionAfter(work.mapping, dg1, identifier, patient.reference, encounter),
    );
  }
}
