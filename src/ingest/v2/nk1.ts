/** NK1: next of kin and contacts → Patient.contact. HL7 v2.5.1 §3.4.5. */
import type { CodeableConcept, PatientContact } from 'fhir/r4.d.ts';
import { fieldState, repetitions, type Segment, textOf } from '../v2-message.ts';
import { conceptIn, V2_TABLE } from './code-systems.ts';
import { organisationIn } from './directory.ts';
import { given, type Mapping, timed, timeIn } from './mapping.ts';
import { addressIn, nameIn, telecomIn } from './names.ts';

/** The contacts after this message: all of them where any NK1 was sent, those known where none was. */
export function contactsAfter(
  mapping: Mapping,
  nk1: readonly Segment[],
  before: readonly PatientContact[] | undefined,
): PatientContact[] {
  if (nk1.length === 0) return [...(before ?? [])];
  const sent = nk1.map((segment) => contactIn(mapping, segment)).filter((one) => one !== undefined);
  const asksToDelete = nk1.some((segment) => fieldState(segment, 2) === 'delete');
  return sent.length > 0 || asksToDelete ? sent : [...(before ?? [])];
}

function contactIn(mapping: Mapping, nk1: Segment): PatientContact | undefined {
  const names = repetitions(nk1, 2).map((one) => nameIn(mapping, one, 'NK1-2'));
  const telecom = [
    ...repetitions(nk1, 5).map((one) => telecomIn(one, 'home')),
    ...repetitions(nk1, 6).map((one) => telecomIn(one, 'work')),
  ].filter((one) => one !== undefined);
  const address = repetitions(nk1, 4)
    .map((one) => addressIn(mapping, one, 'NK1-4'))
    .find((one) => one !== undefined);
  const name = names.find((one) => one !== undefined);
  const organization = organisationIn(mapping, repetitions(nk1, 13)[0]);
  if (name === undefined && telecom.length === 0 && address === undefined && organization === undefined) {
    return undefined;
  }
  const start = timed('start', timeIn(mapping, nk1, 8));
  const end = timed('end', timeIn(mapping, nk1, 9));
  const period = { ...start, ...end };
  const gender = { M: 'male', F: 'female', O: 'other', U: 'unknown' }[textOf(nk1, 15).toUpperCase()];
  return {
    ...given('relationship', relationshipsIn(mapping, nk1)),
    ...given('name', name),
    ...given('telecom', telecom),
    ...given('address', address),
    ...(gender === undefined ? {} : { gender: gender as NonNullable<PatientContact['gender']> }),
    ...given('organization', organization),
    ...(Object.keys(period).length === 0 ? {} : { period }),
  };
}

/** NK1-3 says who the contact is to the patient (table 0063), NK1-7 in what role (table 0131). */
function relationshipsIn(mapping: Mapping, nk1: Segment): CodeableConcept[] {
  const found: CodeableConcept[] = [];
  for (const [n, table] of [
    [3, '0063'],
    [7, '0131'],
  ] as const) {
    const concept = conceptIn(mapping, repetitions(nk1, n)[0], `NK1-${n}`);
    if (concept === undefined) continue;
    const coding = concept.coding?.map((one) => ({
      ...(one.system === undefined ? { system: `${V2_TABLE}${table}` } : {}),
      ...one,
    }));
    found.push({ ...concept, ...given('coding', coding) });
  }
  return found;
}
