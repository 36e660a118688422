/**
 * Letters and procedures, which the hospital's document system sends over FHIR. It knows the patient by the
 * hospital's number: a conditional create finds the record that the administration system made, or makes it
 * where the letter comes first.
 */

import type { History } from './history.ts';
import { HOSPITAL, hospitalNumber, hospitalStatus, isKnownToHospital } from './hospital-facts.ts';
import { attendanceLetter, dischargeSummary, type Letter } from './letters.ts';
import { type DemoLife, HOUR } from './person.ts';
import { professional, SELF } from './staff.ts';
import {
  concept,
  type DemoResource,
  demoPatient,
  instant,
  organisation,
  patientEntry,
  profileOf,
  SNOMED,
  textAttachment,
  transaction,
} from './uk-core.ts';

const OPCS4 = 'https://fhir.hl7.org.uk/Id/opcs-4';

/** Transactions of the document system; none where it has nothing. */
export function hospitalDocumentBundles(life: DemoLife, history: History): string[] {
  if (!isKnownToHospital(history)) return [];
  const letters = [
    ...history.stays.map((stay) => dischargeSummary(life, history, stay)),
    ...history.attendances.map((one) => attendanceLetter(life, one)),
  ].filter((one) => one !== undefined);
  const patient = patientEntry(life, HOSPITAL, hospitalNumber(life), (id, numbers) =>
    demoPatient(life, id, hospitalStatus(life), numbers),
  );
  const subject = { reference: patient.fullUrl };
  const prefix = `dm-${hospitalNumber(life)}`;
  const resources: DemoResource[] = [
    ...letters.map((letter, i) => document(`${prefix}-letter-${i + 1}`, letter, subject)),
    ...history.stays.map((stay, i) => ({
      resourceType: 'Procedure',
      id: `${prefix}-procedure-${i + 1}`,
      ...profileOf('Procedure'),
      status: 'completed',
      code: {
        coding: [
          {
            system: stay.admission.procedure.system === 'snomed' ? SNOMED : OPCS4,
            code: stay.admission.procedure.code,
            display: stay.admission.procedure.display,
          },
        ],
        text: stay.admission.procedure.display,
      },
      subject,
      encounter: visitReference(stay.visit),
      performedDateTime: instant(stay.admittedAt + 2 * HOUR),
      performer: [{ actor: professional(HOSPITAL, 1) }],
    })),
  ];
  return resources.length === 0 ? [] : [transaction(resources, [patient])];
}

/** The visit by its number: the record of it is the administration system's. */
function visitReference(visit: string): object {
  return {
    type: 'Encounter',
    identifier: { system: `https://fhir.nhs.uk/${HOSPITAL}/Id/Encounter`, value: visit },
  };
}

function document(id: string, letter: Letter, subject: object): DemoResource {
  const number = { system: `https://fhir.nhs.uk/${letter.from}/Id/DocumentReference`, value: letter.number };
  return {
    resourceType: 'DocumentReference',
    id,
    ...profileOf('DocumentReference'),
    masterIdentifier: number,
    identifier: [number],
    status: 'current',
    docStatus: 'final',
    type: concept({ display: letter.title, ...(letter.code === undefined ? {} : { code: letter.code }) }),
    subject,
    date: instant(letter.at),
    author: [organisation(letter.from)],
    custodian: SELF,
    description: letter.title,
    content: [textAttachment(letter.title, letter.text, letter.at)],
    ...(letter.visit === undefined ? {} : { context: { encounter: [visitReference(letter.visit)] } }),
  };
}
