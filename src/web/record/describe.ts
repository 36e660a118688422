/**
 * Any entry in a few words: what kind of thing it is, its title, its status and the particulars worth a
 * line. Every R4 type has an answer, so that nothing in a record goes unlisted for want of one. Words are
 * the source's own.
 */
import type { Attachment, CodeableConcept, Reference } from 'fhir/r4.d.ts';
import type { ResourceType } from '../../fhir/resource.ts';
import { type Entry, isOf } from './entry.ts';
import {
  amountOf,
  amountText,
  conceptText,
  conceptTexts,
  firstCode,
  plainText,
  type References,
} from './resource-text.ts';
import { valuesOf } from './result-view.ts';

/** What a timeline can be filtered by. */
export type EntryKind =
  | 'allergies'
  | 'problems'
  | 'medicines'
  | 'results'
  | 'measurements'
  | 'visits'
  | 'letters'
  | 'vaccinations'
  | 'procedures'
  | 'referrals'
  | 'plans'
  | 'other';

export interface Description {
  readonly kind: EntryKind;
  /** `Prescription`, `Ward stay`, `Test report` */
  readonly what: string;
  readonly title: string;
  readonly status: string | undefined;
  readonly details: readonly Detail[];
  /** Who wrote, gave or did it. */
  readonly author: string | undefined;
}

export interface Detail {
  readonly label: string;
  readonly text: string;
}

/** Types that entries refer to and that tell of no event: counted at the end of a record, not listed. */
export const SUPPORTING_TYPES: readonly ResourceType[] = [
  'Patient',
  'Organization',
  'Location',
  'Practitioner',
  'PractitionerRole',
  'HealthcareService',
  'Medication',
  'Substance',
  'Device',
  'DeviceDefinition',
  'DeviceMetric',
  'Binary',
  'Questionnaire',
  'RelatedPerson',
  'Person',
  'Provenance',
  'Specimen',
];

/** The description of an entry. */
export function describe(entry: Entry, references: References): Description {
  const { resource } = entry;
  switch (resource.resourceType) {
    case 'MedicationRequest':
    case 'MedicationStatement':
    case 'MedicationDispense':
    case 'MedicationAdministration':
      return describeMedicine(entry, references);
    case 'Observation':
    case 'DiagnosticReport':
      return describeResult(entry, references);
    case 'Encounter':
    case 'Appointment':
    case 'EpisodeOfCare':
      return describeVisit(entry, references);
    case 'DocumentReference':
    case 'Composition':
    case 'Communication':
      return describeLetter(entry, references);
    case 'AllergyIntolerance':
    case 'Condition':
    case 'Immunization':
    case 'Procedure':
      return describeClinical(entry, references);
    default:
      return describeOther(entry, references);
  }
}

function describeMedicine(entry: Entry, references: References): Description {
  const { resource } = entry;
  const members = resource as {
    medicationCodeableConcept?: CodeableConcept;
    medicationReference?: Reference;
    status?: string;
  };
  const title =
    conceptText(members.medicationCodeableConcept) ?? references.name(entry, members.medicationReference);
  const base = { kind: 'medicines', title: title ?? 'Medicine not named', status: members.status } as const;
  if (isOf(entry, 'MedicationRequest')) {
    const dosages = (entry.resource.dosageInstruction ?? []).map((dosage) => dosage.text);
    return {
      ...base,
      what: 'Prescription',
      details: details(['Dose', dosages.join('; ')]),
      author: references.name(entry, entry.resource.requester),
    };
  }
  if (isOf(entry, 'MedicationDispense')) {
    const quantity = amountOf(entry.resource.quantity);
    return {
      ...base,
      what: 'Medicine dispensed',
      details: details(['Quantity', quantity === undefined ? undefined : amountText(quantity, ' ')]),
      author: references.firstName(
        entry,
        (entry.resource.performer ?? []).map((one) => one.actor),
      ),
    };
  }
  if (isOf(entry, 'MedicationAdministration')) {
    const dose = amountOf(entry.resource.dosage?.dose);
    return {
      ...base,
      what: 'Medicine given',
      details: details(
        ['Dose', dose === undefined ? entry.resource.dosage?.text : amountText(dose, ' ')],
        ['Route', conceptText(entry.resource.dosage?.route)],
      ),
      author: references.firstName(
        entry,
        (entry.resource.performer ?? []).map((one) => one.actor),
      ),
    };
  }
  const dosages = isOf(entry, 'MedicationStatement') ? (entry.resource.dosage ?? []) : [];
  return {
    ...base,
    what: 'Medicine reported',
    details: details(['Dose', dosages.map((dosage) => dosage.text).join('; ')]),
    author: undefined,
  };
}

function describeResult(entry: Entry, references: References): Description {
  if (isOf(entry, 'DiagnosticReport')) {
    const { resource } = entry;
    const files = (resource.presentedForm ?? []).map(attachmentText);
    return {
      kind: 'results',
      what: 'Test report',
      title: conceptText(resource.code) ?? 'Report not named',
      status: resource.status,
      details: details(
        ['Conclusion', plainText(resource.conclusion) ?? conceptTexts(resource.conclusionCode).join('; ')],
        ['Attached', files.join('; ')],
      ),
      author: references.firstName(entry, [
        ...(resource.resultsInterpreter ?? []),
        ...(resource.performer ?? []),
      ]),
    };
  }
  if (!isOf(entry, 'Observation')) return describeOther(entry, references);
  const { resource } = entry;
  const values = valuesOf(entry, []);
  const measured = (resource.category ?? []).some((category) => firstCode(category) === 'vital-signs');
  const texts = values.map((value) => {
    const text = value.amount === undefined ? value.words : amountText(value.amount, '\u00a0');
    return values.length > 1 ? `${value.name} ${text ?? 'no value'}` : (text ?? 'No value recorded');
  });
  return {
    kind: measured ? 'measurements' : 'results',
    what: measured ? 'Measurement' : 'Result',
    title: conceptText(resource.code) ?? 'Test not named',
    status: resource.status,
    details: details(['Value', texts.join(', ')]),
    author: references.firstName(entry, resource.performer ?? []),
  };
}

/** v3-ActCode classes of encounters, as people call them. */
const CLASSES: Readonly<Record<string, string>> = {
  AMB: 'Outpatient or clinic visit',
  EMER: 'Emergency visit',
  IMP: 'Hospital stay',
  ACUTE: 'Hospital stay',
  NONAC: 'Hospital stay',
  OBSENC: 'Hospital stay for observation',
  PRENC: 'Planned stay',
  SS: 'Day case',
  HH: 'Home visit',
  FLD: 'Visit outside a clinic',
  VR: 'Phone or video contact',
};

function describeVisit(entry: Entry, references: References): Description {
  if (isOf(entry, 'Encounter')) {
    const { resource } = entry;
    const named = conceptTexts(resource.type)[0] ?? conceptText(resource.serviceType);
    const what = CLASSES[resource.class?.code ?? ''] ?? 'Visit';
    const places = (resource.location ?? []).map((one) => references.name(entry, one.location));
    return {
      kind: 'visits',
      what,
      title: named ?? what,
      status: resource.status,
      details: details(
        ['Reason', conceptTexts(resource.reasonCode).join('; ')],
        ['Where', places.filter((place) => place !== undefined).join(', ')],
        ['Discharged to', conceptText(resource.hospitalization?.dischargeDisposition)],
      ),
      author: references.firstName(
        entry,
        (resource.participant ?? []).map((one) => one.individual),
      ),
    };
  }
  if (isOf(entry, 'Appointment')) {
    const { resource } = entry;
    const kind = conceptTexts(resource.serviceType)[0] ?? conceptText(resource.appointmentType);
    const others = resource.participant
      .filter((one) => !/(^|\/)Patient\//.test(one.actor?.reference ?? ''))
      .map((one) => references.name(entry, one.actor));
    return {
      kind: 'visits',
      what: 'Appointment',
      title: resource.description ?? kind ?? 'Appointment',
      status: resource.status,
      details: details(
        ['Reason', conceptTexts(resource.reasonCode).join('; ')],
        ['With', others.filter((name) => name !== undefined).join(', ')],
        ['Note', plainText(resource.patientInstruction)],
      ),
      author: undefined,
    };
  }
  const episode = entry.resource as { status?: string; type?: CodeableConcept[] };
  return {
    kind: 'visits',
    what: 'Episode of care',
    title: conceptTexts(episode.type)[0] ?? 'Episode of care',
    status: episode.status,
    details: [],
    author: undefined,
  };
}

function describeLetter(entry: Entry, references: References): Description {
  if (isOf(entry, 'DocumentReference')) {
    const { resource } = entry;
    const contents = resource.content.map((content) => content.attachment);
    return {
      kind: 'letters',
      what: 'Document',
      title: plainText(resource.description) ?? conceptText(resource.type) ?? 'Document',
      status: resource.status,
      details: details(
        ['Type', conceptText(resource.type)],
        [
          'Text',
          contents
            .map(inlineText)
            .filter((text) => text !== undefined)
            .join('\n'),
        ],
        [
          'File',
          contents
            .filter((one) => inlineText(one) === undefined)
            .map(attachmentText)
            .join('; '),
        ],
      ),
      author: references.firstName(entry, [...(resource.author ?? []), resource.custodian]),
    };
  }
  if (isOf(entry, 'Composition')) {
    const { resource } = entry;
    const sections = (resource.section ?? []).map((section) =>
      [section.title, plainText(section.text?.div)].filter((part) => part !== undefined).join(': '),
    );
    return {
      kind: 'letters',
      what: 'Document',
      title: resource.title,
      status: resource.status,
      details: details(['Text', sections.join('\n')]),
      author: references.firstName(entry, [...(resource.author ?? []), resource.custodian]),
    };
  }
  if (!isOf(entry, 'Communication')) return describeOther(entry, references);
  const { resource } = entry;
  const texts = (resource.payload ?? []).map((payload) => payload.contentString);
  return {
    kind: 'letters',
    what: 'Message',
    title: conceptText(resource.topic) ?? conceptTexts(resource.category)[0] ?? 'Message',
    status: resource.status,
    details: details(['Text', texts.filter((text) => text !== undefined).join('\n')]),
    author: references.name(entry, resource.sender),
  };
}

function describeClinical(entry: Entry, references: References): Description {
  if (isOf(entry, 'AllergyIntolerance')) {
    const { resource } = entry;
    const reactions = (resource.reaction ?? []).flatMap((reaction) => conceptTexts(reaction.manifestation));
    return {
      kind: 'allergies',
      what: 'Allergy',
      title: conceptText(resource.code) ?? 'Substance not recorded',
      status: firstCode(resource.clinicalStatus),
      details: details(['Reaction', reactions.join(', ')], ['Criticality', resource.criticality]),
      author: references.firstName(entry, [resource.recorder, resource.asserter]),
    };
  }
  if (isOf(entry, 'Condition')) {
    const { resource } = entry;
    return {
      kind: 'problems',
      what: 'Problem',
      title: conceptText(resource.code) ?? 'Problem not named',
      status: firstCode(resource.clinicalStatus),
      details: details(
        ['Certainty', uncertain(resource.verificationStatus)],
        ['Severity', conceptText(resource.severity)],
        ['Site', conceptTexts(resource.bodySite).join(', ')],
        ['Note', (resource.note ?? []).map((note) => plainText(note.text)).join('; ')],
      ),
      author: references.firstName(entry, [resource.recorder, resource.asserter]),
    };
  }
  if (isOf(entry, 'Immunization')) {
    const { resource } = entry;
    return {
      kind: 'vaccinations',
      what: resource.status === 'not-done' ? 'Vaccination not given' : 'Vaccination',
      title: conceptText(resource.vaccineCode) ?? 'Vaccine not named',
      status: resource.status,
      details: details(
        ['Dose', resource.protocolApplied?.[0]?.doseNumberString],
        ['Batch', resource.lotNumber],
        ['Site', conceptText(resource.site)],
        ['Reason', conceptText(resource.statusReason)],
      ),
      author: references.firstName(
        entry,
        (resource.performer ?? []).map((one) => one.actor),
      ),
    };
  }
  if (!isOf(entry, 'Procedure')) return describeOther(entry, references);
  const { resource } = entry;
  return {
    kind: 'procedures',
    what: 'Procedure',
    title: conceptText(resource.code) ?? 'Procedure not named',
    status: resource.status,
    details: details(
      ['Outcome', conceptText(resource.outcome)],
      ['Reason', conceptTexts(resource.reasonCode).join('; ')],
    ),
    author: references.firstName(
      entry,
      (resource.performer ?? []).map((one) => one.actor),
    ),
  };
}

const OTHER: Readonly<Partial<Record<ResourceType, readonly [EntryKind, string]>>> = {
  CarePlan: ['plans', 'Care plan'],
  CareTeam: ['plans', 'Care team'],
  Goal: ['plans', 'Goal'],
  ServiceRequest: ['referrals', 'Referral or request'],
  Task: ['referrals', 'Task'],
  Flag: ['other', 'Alert'],
  Consent: ['other', 'Consent'],
  FamilyMemberHistory: ['other', 'Family history'],
  RiskAssessment: ['other', 'Risk assessment'],
  QuestionnaireResponse: ['other', 'Completed form'],
  ImagingStudy: ['results', 'Imaging'],
  ImmunizationRecommendation: ['vaccinations', 'Vaccination due'],
  NutritionOrder: ['other', 'Diet order'],
  DeviceUseStatement: ['other', 'Device in use'],
  ClinicalImpression: ['other', 'Assessment'],
  List: ['other', 'List'],
};

/** Elements that other types keep their name in, in the order in which they are believed. */
const NAMING = ['title', 'description', 'code', 'vaccineCode', 'topic', 'type', 'category', 'scope', 'name'];

function describeOther(entry: Entry, references: References): Description {
  const { resource } = entry;
  const members = resource as unknown as Readonly<Record<string, unknown>>;
  const [kind, what] = OTHER[resource.resourceType] ?? ['other', spaced(resource.resourceType)];
  const title = NAMING.map((name) => wordsIn(members[name])).find((text) => text !== undefined);
  const notes = (members.note as readonly { text?: string }[] | undefined) ?? [];
  const activities = (members.activity as readonly { detail?: { description?: string } }[] | undefined) ?? [];
  const reasons = members.reasonCode as CodeableConcept[] | undefined;
  return {
    kind,
    what,
    title: title ?? what,
    status: typeof members.status === 'string' ? members.status : undefined,
    details: details(
      ['Reason', Array.isArray(reasons) ? conceptTexts(reasons).join('; ') : undefined],
      ['Priority', typeof members.priority === 'string' ? members.priority : undefined],
      ['Steps', Array.isArray(activities) ? activities.map((one) => one.detail?.description).join('; ') : ''],
      ['Note', Array.isArray(notes) ? notes.map((note) => plainText(note.text)).join('; ') : undefined],
    ),
    author: references.firstName(
      entry,
      ['author', 'requester', 'recorder', 'performer'].map((name) => members[name] as Reference | undefined),
    ),
  };
}

/** Verification that is worth a word: a confirmed one is what every entry is taken for. */
function uncertain(status: CodeableConcept | undefined): string | undefined {
  const code = firstCode(status);
  return code === 'confirmed' ? undefined : code;
}

/** Words in an element that may be a text, a concept or a list of them. */
function wordsIn(value: unknown): string | undefined {
  if (typeof value === 'string') return plainText(value);
  if (Array.isArray(value)) return wordsIn(value[0]);
  return typeof value === 'object' && value !== null ? conceptText(value as CodeableConcept) : undefined;
}

/** `ImagingStudy` → `Imaging study` */
function spaced(type: string): string {
  return type.replace(/(?!^)([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
}

function details(...pairs: readonly (readonly [string, string | undefined])[]): readonly Detail[] {
  return pairs.flatMap(([label, text]) =>
    text === undefined || text.trim() === '' ? [] : [{ label, text }],
  );
}

/** The words of an attachment that is plain text and lies in the record itself. */
function inlineText(attachment: Attachment): string | undefined {
  if (attachment.data === undefined || !/^text\/plain\b/.test(attachment.contentType ?? '')) return undefined;
  return plainText(Buffer.from(attachment.data, 'base64').toString('utf8').replace(/</g, '&lt;'));
}

function attachmentText(attachment: Attachment): string {
  const type = attachment.contentType === 'application/pdf' ? 'PDF' : (attachment.contentType ?? 'file');
  return `${attachment.title ?? 'Untitled'} (${type}, kept at the source)`;
}
