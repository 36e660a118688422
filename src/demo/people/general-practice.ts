/**
 * What the registered practice holds of a person: problems, medicines, allergies, vaccinations,
 * consultations, requests, letters.
 */
import type { Allergy } from './clinical-facts.ts';
import type { Consultation } from './contacts.ts';
import { Folder, type Reference } from './folder.ts';
import type { History } from './history.ts';
import type { LabRequest } from './lab-requests.ts';
import { lettersToPractice } from './letters.ts';
import { DAY, type DemoLife, LAST_DAY, MINUTE } from './person.ts';
import type { Item, Prescription } from './prescriptions.ts';
import { professional, SELF } from './staff.ts';
import {
  actClass,
  bloodPressure,
  concept,
  hl7,
  instant,
  measured,
  organisation,
  PRESCRIPTION,
  PRESCRIPTION_ITEM,
  period,
  profileOf,
  SNOMED,
  textAttachment,
  vitalSign,
} from './uk-core.ts';

/** Transactions of the practice's system. */
export function practiceBundles(life: DemoLife, history: History): string[] {
  const folder = new Folder(life, life.practice === 'A90001' ? 'm' : 'h');
  addProblems(folder);
  addAllergies(folder);
  addConsultations(folder, history);
  addPrescriptions(folder, history);
  addVaccinations(folder, history);
  addRequests(folder, history);
  addReferrals(folder, history);
  addLetters(folder, history);
  return folder.bundles();
}

const doctor = (life: DemoLife): object => professional(life.practice, life.doctor);
const nurse = (life: DemoLife): object => professional(life.practice, 4);

const STATUS = { clinicalStatus: hl7('condition-clinical', 'active', 'Active') } as const;

function addProblems(folder: Folder): void {
  const { life, subject } = folder;
  for (const [i, { problem, since }] of life.problems.entries()) {
    folder.add('Condition', `problem-${i + 1}`, {
      ...STATUS,
      verificationStatus: hl7('condition-ver-status', 'confirmed', 'Confirmed'),
      category: [hl7('condition-category', 'problem-list-item', 'Problem List Item')],
      code: concept(problem),
      subject,
      onsetDateTime: since,
      recordedDate: since,
      recorder: doctor(life),
    });
  }
  if (life.hard === 'restricted-entry') {
    const since = instant(LAST_DAY - 200 * DAY).slice(0, 10);
    folder.add('Condition', 'restricted', {
      meta: {
        ...profileOf('Condition').meta,
        security: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality',
            code: 'R',
            display: 'restricted',
          },
        ],
      },
      ...STATUS,
      verificationStatus: hl7('condition-ver-status', 'confirmed', 'Confirmed'),
      category: [hl7('condition-category', 'problem-list-item', 'Problem List Item')],
      code: { text: 'Domestic abuse disclosed' },
      subject,
      onsetDateTime: since,
      recordedDate: since,
      recorder: doctor(life),
    });
  }
}

const NO_KNOWN_ALLERGY = { code: '716186003', display: 'No known allergy' };

function addAllergies(folder: Folder): void {
  const { life, subject } = folder;
  const known = life.allergies;
  if (known === 'not-recorded') return;
  const recordedAt = Math.max(life.until - 700 * DAY, Date.parse(life.birthDate));
  const stated = {
    clinicalStatus: hl7('allergyintolerance-clinical', 'active', 'Active'),
    verificationStatus: hl7('allergyintolerance-verification', 'confirmed', 'Confirmed'),
    patient: subject,
    recordedDate: instant(recordedAt).slice(0, 10),
    recorder: doctor(life),
  };
  if (known === 'none-known') {
    folder.add('AllergyIntolerance', 'allergy-0', { ...stated, code: concept(NO_KNOWN_ALLERGY) });
    return;
  }
  for (const [i, allergy] of known.entries()) {
    folder.add('AllergyIntolerance', `allergy-${i + 1}`, { ...stated, ...allergyContent(allergy) });
  }
}

function allergyContent(allergy: Allergy): object {
  return {
    type: 'allergy',
    category: [allergy.category],
    criticality: allergy.criticality,
    code: concept(allergy),
    reaction: [
      {
        manifestation: [{ text: allergy.reaction }],
        severity: allergy.criticality === 'high' ? 'severe' : 'mild',
      },
    ],
  };
}

function addConsultations(folder: Folder, { consultations }: History): void {
  const { life, subject } = folder;
  for (const [i, one] of consultations.entries()) {
    const name = `consultation-${i + 1}`;
    const encounter = folder.add('Encounter', name, {
      status: 'finished',
      class: one.how === 'telephone' ? actClass('VR', 'virtual') : actClass('AMB', 'ambulatory'),
      type: [{ text: one.how === 'telephone' ? 'Telephone consultation' : 'Consultation in surgery' }],
      subject,
      participant: [{ individual: doctor(life) }],
      period: period(one.at, one.minutes),
      reasonCode: [{ text: one.reason }],
      serviceProvider: SELF,
    });
    addReadings(folder, one, name, encounter);
  }
  if (life.age >= 16) addSmoking(folder, consultations.at(-1));
}

function addReadings(folder: Folder, one: Consultation, name: string, encounter: Reference): void {
  const of = { subject: folder.subject, encounter, performer: [doctor(folder.life)] };
  const at = one.at + 3 * MINUTE;
  folder.add('Observation', `${name}-note`, {
    status: 'final',
    category: [hl7('observation-category', 'exam', 'Exam')],
    code: { text: 'Consultation note' },
    ...of,
    effectiveDateTime: instant(at),
    valueString: one.text,
  });
  if (one.pressure !== undefined) {
    folder.add('Observation', `${name}-bp`, { ...bloodPressure(one.pressure, at), ...of });
  }
  if (one.pulse !== undefined) {
    folder.add('Observation', `${name}-pulse`, { ...vitalSign('pulse', one.pulse, at), ...of });
  }
  if (one.weight !== undefined) {
    folder.add('Observation', `${name}-weight`, { ...vitalSign('weight', one.weight, at), ...of });
  }
}

const SMOKING = ['Never smoked', 'Ex-smoker', 'Smoker'] as const;

function addSmoking(folder: Folder, last: Consultation | undefined): void {
  if (last === undefined) return;
  folder.add('Observation', 'smoking', {
    status: 'final',
    category: [hl7('observation-category', 'social-history', 'Social History')],
    code: { text: 'Smoking status' },
    subject: folder.subject,
    effectiveDateTime: instant(last.at + 4 * MINUTE),
    performer: [doctor(folder.life)],
    valueCodeableConcept: { text: SMOKING[folder.life.number % 3] },
  });
}

function addPrescriptions(folder: Folder, { prescriptions }: History): void {
  for (const [i, prescription] of prescriptions.entries()) {
    for (const [k, item] of prescription.items.entries()) {
      folder.add('MedicationRequest', `rx-${i + 1}-${k + 1}`, {
        ...medicationRequest(prescription, item),
        subject: folder.subject,
        requester: doctor(folder.life),
      });
    }
  }
}

/** The prescription's number as a group identifier, both forms of it. */
export function groupIdentifier({ number, id }: Prescription): object {
  return {
    extension: [
      {
        url: 'https://fhir.nhs.uk/StructureDefinition/Extension-DM-PrescriptionId',
        valueIdentifier: { system: 'https://fhir.nhs.uk/Id/prescription', value: id },
      },
    ],
    system: PRESCRIPTION,
    value: number,
  };
}

function medicationRequest(prescription: Prescription, item: Item): object {
  const { medicine, isRepeat, reason, stopped } = item;
  return {
    identifier: [{ system: PRESCRIPTION_ITEM, value: item.number }],
    status: item.status,
    ...(stopped === undefined ? {} : { statusReason: { text: stopped } }),
    intent: 'order',
    category: [hl7('medicationrequest-category', 'community', 'Community')],
    medicationCodeableConcept: concept(medicine),
    authoredOn: instant(prescription.at),
    ...(reason === undefined ? {} : { reasonCode: [concept(reason)] }),
    groupIdentifier: groupIdentifier(prescription),
    courseOfTherapyType: isRepeat
      ? hl7('medicationrequest-course-of-therapy', 'continuous', 'Continuous long term therapy')
      : hl7('medicationrequest-course-of-therapy', 'acute', 'Short course (acute) therapy'),
    dosageInstruction: [{ text: medicine.dose }],
    dispenseRequest: {
      validityPeriod: { start: instant(prescription.at).slice(0, 10) },
      quantity: { value: medicine.quantity, unit: medicine.unit },
      performer: organisation('FX001'),
    },
    substitution: { allowedBoolean: false },
  };
}

function addVaccinations(folder: Folder, { vaccinations }: History): void {
  const { life, subject } = folder;
  for (const [i, one] of vaccinations.entries()) {
    folder.add('Immunization', `vaccine-${i + 1}`, {
      status: one.wasDeclined ? 'not-done' : 'completed',
      ...(one.wasDeclined ? { statusReason: { text: 'Offered and declined' } } : {}),
      vaccineCode: { text: one.display },
      patient: subject,
      occurrenceDateTime: instant(one.at),
      recorded: instant(one.at),
      primarySource: true,
      ...(one.wasDeclined
        ? {}
        : {
            lotNumber: one.batch,
            site: { text: 'Left upper arm' },
            doseQuantity: measured(0.5, 'millilitre', 'mL'),
            performer: [{ actor: nurse(life) }],
          }),
    });
  }
}

const PLACER = hl7('v2-0203', 'PLAC', 'Placer Identifier');

/** The number of an order where it was placed. */
function placerIdentifier(practice: string, value: string): object {
  return { type: PLACER, system: `https://fhir.nhs.uk/${practice}/Id/PlacerOrder`, value };
}

/**
 * The content of a request for one test set, as the practice and the laboratory's order system have it;
 * without subject and requester.
 */
export function labServiceRequest(practice: string, request: LabRequest, i: number): object {
  const { panel, placer } = request.panels[i] ?? { panel: undefined, placer: '' };
  return {
    ...profileOf('ServiceRequest', 'ServiceRequest-Lab'),
    identifier: [placerIdentifier(practice, placer)],
    requisition: { system: `https://fhir.nhs.uk/${practice}/Id/Requisition`, value: request.number },
    status: request.reportedAt === undefined ? 'active' : 'completed',
    intent: 'order',
    category: [
      {
        coding: [{ system: SNOMED, code: '108252007', display: 'Laboratory procedure' }],
        text: 'Laboratory',
      },
    ],
    priority: 'routine',
    code: { text: panel?.display ?? 'Not stated' },
    occurrenceDateTime: instant(request.takenAt),
    authoredOn: instant(request.askedAt),
    reasonCode: [{ text: request.reason }],
    performer: [organisation('RX9')],
  };
}

function addRequests(folder: Folder, { requests }: History): void {
  const { life, subject } = folder;
  for (const [i, request] of requests.entries()) {
    for (const k of request.panels.keys()) {
      folder.add('ServiceRequest', `request-${i + 1}-${k + 1}`, {
        ...labServiceRequest(life.practice, request, k),
        subject,
        requester: doctor(life),
      });
    }
  }
}

function addReferrals(folder: Folder, { attendances, mentalHealth, homeVisits }: History): void {
  const { life, subject } = folder;
  const clinics = attendances
    .filter((one) => one.kind === 'clinic')
    .map((one) => ({
      at: one.at - 45 * DAY,
      to: 'RX1',
      what: `Referral to ${one.specialty.display}`,
      why: one.reason,
    }));
  const others = [
    mentalHealth === undefined || life.hard === 'dissent'
      ? undefined
      : {
          at: mentalHealth.referredAt,
          to: 'RXM',
          what: 'Referral to community mental health',
          why: 'Low mood',
        },
    homeVisits[0] === undefined
      ? undefined
      : {
          at: homeVisits[0].at - 6 * DAY,
          to: 'RXC',
          what: 'Referral to district nursing',
          why: 'Wound care',
        },
  ];
  for (const [i, one] of [...clinics, ...others].filter((one) => one !== undefined).entries()) {
    const ubrn = `${String(life.number).padStart(8, '0')}${String(i + 1).padStart(4, '0')}`;
    folder.add('ServiceRequest', `referral-${i + 1}`, {
      identifier: [{ system: 'https://fhir.nhs.uk/Id/UBRN', value: ubrn }],
      status: 'completed',
      intent: 'order',
      category: [
        { coding: [{ system: SNOMED, code: '3457005', display: 'Patient referral' }], text: 'Referral' },
      ],
      priority: 'routine',
      code: { text: one.what },
      subject,
      authoredOn: instant(one.at),
      requester: doctor(life),
      performer: [organisation(one.to)],
      reasonCode: [{ text: one.why }],
    });
  }
}

function addLetters(folder: Folder, history: History): void {
  const { life, subject } = folder;
  for (const [i, letter] of lettersToPractice(life, history).entries()) {
    const number = {
      system: `https://fhir.nhs.uk/${letter.from}/Id/DocumentReference`,
      value: letter.number,
    };
    folder.add('DocumentReference', `letter-${i + 1}`, {
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
    });
  }
}
