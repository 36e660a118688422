/**
 * A40 and A34: the record of MRG-1 is retired in favour of that of PID-3, by links that can be taken apart again.
 * Records that are not known yet are made, so that whatever still comes under the old number belongs to the person.
 * HL7 v2.5.1 §3.3.40.
 */
import type { Identifier } from 'fhir/r4.d.ts';
import type { Id } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import { type IdentifiedPatient, mergeOps } from '../identity/merge.ts';
import { upsertPatient } from './patient-lookup.ts';
import { identifierIn, identifierType, isNhsNumberCx, isPatientNumber } from './v2/identifiers.ts';
import { type Mapping, warn } from './v2/mapping.ts';
import { nameIn } from './v2/names.ts';
import { patientNumbers } from './v2/pid.ts';
import { part, repetitions, type Segment } from './v2-message.ts';
import type { Work } from './work.ts';

/** Merges each PID of the message with the MRG that follows it. Throws Failure `required`, `conflict`. */
export async function mergePatients(work: Work): Promise<void> {
  let pid: Segment | undefined;
  let merged = 0;
  for (const segment of work.message.segments) {
    if (segment.name === 'PID') pid = segment;
    if (segment.name !== 'MRG') continue;
    if (pid === undefined) throw new Failure('required', 'An MRG segment has no PID before it.');
    await mergeOne(work, pid, segment);
    merged += 1;
  }
  if (merged === 0) throw new Failure('required', 'A merge needs an MRG segment, and this message has none.');
}

async function mergeOne(work: Work, pid: Segment, mrg: Segment): Promise<void> {
  const { mapping, set } = work;
  const retiredNumbers = numbersIn(mapping, mrg);
  const [number] = retiredNumbers;
  if (number === undefined) throw new Failure('required', 'MRG-1 holds no number of the record to retire.');
  const survivors = await set.find('Patient', patientNumbers(mapping, pid));
  const known = await set.find('Patient', [number]);
  const [retired] = known;
  if (known.length > 1) throw new Failure('multiple-matches', 'MRG-1 fits several patient records.');
  if (retired !== undefined && survivors.some((one) => one.id === retired.id)) {
    warn(mapping, 'MRG-1', 'Both numbers are on one record already; nothing was merged.');
    return;
  }
  const { id: survivorId } = await upsertPatient(work, pid, 'mention');
  const retiredId = retired?.id ?? set.create(stub(mapping, mrg, retiredNumbers), retiredNumbers);
  const [survivor] = await set.find('Patient', patientNumbers(mapping, pid));
  const [old] = await set.find('Patient', [number]);
  if (survivor === undefined || old === undefined) throw new Error('a record that was made is not there');
  const ops = mergeOps(withId(survivor.resource, survivorId), withId(old.resource, retiredId));
  for (const op of ops) if (op.op === 'put') set.replace(op.resource.id, op.resource);
}

function withId(patient: object, id: Id): IdentifiedPatient {
  return { ...patient, id } as IdentifiedPatient;
}

/** MRG-1, or MRG-4 of old messages. */
function numbersIn(mapping: Mapping, mrg: Segment): readonly Identifier[] {
  for (const n of [1, 4]) {
    const found = repetitions(mrg, n)
      .filter((one) => !isNhsNumberCx(one) && isPatientNumber(identifierType(part(one, 5))))
      .map((one) => identifierIn(mapping, one, 'MRN', `MRG-${n}`))
      .filter((one) => one !== undefined);
    if (found.length > 0) return found;
  }
  return [];
}

/** A record of which nothing is known but that it was retired. */
function stub(mapping: Mapping, mrg: Segment, identifier: readonly Identifier[]): IdentifiedPatient {
  const names = repetitions(mrg, 7).map((one) => nameIn(mapping, one, 'MRG-7'));
  const name = names.filter((one) => one !== undefined);
  return {
    resourceType: 'Patient',
    active: true,
    identifier: [...identifier],
    ...(name.length === 0 ? {} : { name }),
  } as IdentifiedPatient;
}
