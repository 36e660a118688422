/**
 * Which Patient a PID segment means. The organisation's own number decides; where the sender has none, the NHS number,
 * and then only with the same standing: verified meets verified, unverified meets a record whose demographics do not
 * contradict. Two records for one message are never guessed between.
 */
import type { Identifier, Patient } from 'fhir/r4.d.ts';
import type { Id } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import { NHS_NUMBER_SYSTEM } from '../fhir/resource.ts';
import { compareDemographics } from '../identity/compare-demographics.ts';
import { verifiedNhsNumbers } from '../identity/patient-identity.ts';
import { type Mapping, warn } from './v2/mapping.ts';
import { nhsNumberField } from './v2/nhs-number.ts';
import { type PatientSegments, patientAfter, patientNumbers } from './v2/pid.ts';
import { type Message, type Segment, segmentNamed } from './v2-message.ts';
import type { Work } from './work.ts';

export interface FoundPatient {
  readonly id: Id;
  /** `Patient/…` */
  readonly reference: string;
  /** The number by which the sender knows the patient. */
  readonly number: Identifier;
  readonly isNew: boolean;
  /** `Patient/…` of the records that a merge joined to this one. */
  readonly linked: readonly string[];
}

/** What the message is for: an admission feed owns the demographics; a result only repeats them. */
export type PatientNews = 'admission' | 'mention';

/** `meta.source` of what a result or document feed wrote. */
const MENTION_SOURCE = /^https:\/\/openward\.org\/hl7-v2\/[^/]+\/(?:ORU|MDM)-/;

/** Finds or makes the Patient of a PID and brings it up to date. Throws Failure `required` without an identifier. */
export async function upsertPatient(work: Work, pid: Segment, news: PatientNews): Promise<FoundPatient> {
  const segments = patientSegments(work.message, pid);
  const found = await findPatient(work, pid);
  const { known, number, others } = found;
  if (known === undefined) {
    const made = patientAfter(work.mapping, segments, undefined);
    const id = work.set.create(made, made.identifier ?? []);
    return { id, reference: `Patient/${id}`, number, isNew: true, linked: [] };
  }
  const mayUpdate = news === 'admission' || MENTION_SOURCE.test(known.resource.meta?.source ?? '');
  if (mayUpdate) {
    const after = patientAfter(work.mapping, segments, known.resource);
    work.set.replace(known.id, withoutNumbersOf(others, after));
  }
  return {
    id: known.id,
    reference: `Patient/${known.id}`,
    number,
    isNew: false,
    linked: linkedTo(known.resource),
  };
}

/** A number that another record carries stays there alone: on two records it would tell neither of them. */
function withoutNumbersOf(others: Found, patient: Patient): Patient {
  const taken = others.flatMap(({ resource }) => resource.identifier ?? []);
  if (taken.length === 0) return patient;
  const identifier = patient.identifier?.filter(
    (one) =>
      one.system === NHS_NUMBER_SYSTEM ||
      !taken.some((other) => other.system === one.system && other.value === one.value),
  );
  return { ...patient, ...(identifier === undefined ? {} : { identifier }) };
}

function linkedTo(patient: Patient): readonly string[] {
  return (patient.link ?? [])
    .filter((one) => one.type === 'replaces' || one.type === 'replaced-by')
    .map((one) => (one.other.reference ?? '').replace(/\/_history\/.*$/, ''));
}

function patientSegments(message: Message, pid: Segment): PatientSegments {
  const pd1 = segmentNamed(message, 'PD1');
  const pv1 = segmentNamed(message, 'PV1');
  return {
    pid,
    nk1: message.segments.filter((one) => one.name === 'NK1'),
    ...(pd1 === undefined ? {} : { pd1 }),
    ...(pv1 === undefined ? {} : { pv1 }),
  };
}

interface PatientMatch {
  readonly known: { readonly id: Id; readonly resource: Patient } | undefined;
  readonly number: Identifier;
  /** Records that carry others of the numbers. */
  readonly others: Found;
}

/** The Patient that a PID means, if the node holds it. Throws Failure `required` where PID says no number at all. */
async function findPatient({ mapping, set }: Work, pid: Segment): Promise<PatientMatch> {
  const numbers = patientNumbers(mapping, pid);
  const [number] = numbers;
  if (number !== undefined) {
    const found = await set.find('Patient', numbers);
    const known = chosen(mapping, found, number);
    return { known, number, others: found.filter((one) => one !== known) };
  }
  const field = nhsNumberField(mapping, pid);
  if (field.kind !== 'number') {
    throw new Failure('required', 'PID-3 holds no number by which the patient could be told from others.');
  }
  const byNhsNumber: Identifier = { system: NHS_NUMBER_SYSTEM, value: field.value };
  const found = await set.find('Patient', [byNhsNumber]);
  const sent = patientAfter({ ...mapping, warnings: [] }, { pid, nk1: [] }, undefined);
  const isVerified = verifiedNhsNumbers(sent).length > 0;
  const fitting = found.filter(({ resource }) => {
    if (isVerified !== verifiedNhsNumbers(resource).length > 0) return false;
    return isVerified || compareDemographics(sent, resource).verdict !== 'different';
  });
  if (fitting.length > 1) throw ambiguous();
  return { known: fitting[0], number: byNhsNumber, others: [] };
}

type Found = readonly { readonly id: Id; readonly resource: Patient }[];

/** Several records carry the numbers of one message: the one of the first number, and people are told. */
function chosen(mapping: Mapping, found: Found, first: Identifier): Found[number] | undefined {
  if (found.length < 2) return found[0];
  const owners = found.filter(({ resource }) =>
    resource.identifier?.some((one) => one.system === first.system && one.value === first.value),
  );
  if (owners.length !== 1) throw ambiguous();
  warn(mapping, 'PID-3', 'The numbers of the patient belong to several records; the first number decided.');
  return owners[0];
}

function ambiguous(): Failure {
  return new Failure(
    'multiple-matches',
    'PID-3 fits several patient records. Merge or correct them, then send it again.',
  );
}
