/**
 * Made-up people for the page tests, each for what a page must get right, and the organisations that hold a
 * part of their records.
 */
import type { FeedConfig } from '../src/base/node-config.ts';
import type { NetworkUnderTest } from './network-under-test.ts';

export const ANN = '9990000018';
export const BOB = '9990000026';
export const CAT = '9990000034';

const NHS = 'https://fhir.nhs.uk/Id/nhs-number';
const STATUS = {
  url: 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus',
  valueCodeableConcept: {
    coding: [
      { system: 'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland', code: '01' },
    ],
  },
};
const SCT = 'http://snomed.info/sct';
const ITEM = 'https://example.org/prescription-item';

const feed = (covers: readonly string[], heartbeatSeconds = 3600): FeedConfig => ({
  name: 'news',
  transport: 'fhir',
  covers,
  heartbeatSeconds,
  since: '2012-01-01',
});

const GP = [
  'Patient',
  'Condition',
  'MedicationRequest',
  'AllergyIntolerance',
  'Immunization',
  'Encounter',
  'Observation',
  'DocumentReference',
];

export const PAGE_NETWORK = [
  { ods: 'X01', kind: 'exchange', name: 'Exampleton Exchange' },
  { ods: 'GP1', kind: 'gp', name: 'Mill Lane Surgery', feeds: [feed(GP)] },
  {
    ods: 'RX1',
    kind: 'acute',
    name: 'Exampleton General Hospital',
    feeds: [
      feed([
        'Patient',
        'Encounter',
        'Condition',
        'Observation',
        'AllergyIntolerance',
        'Procedure',
        'DocumentReference',
      ]),
    ],
  },
  {
    ods: 'LA1',
    kind: 'lab',
    name: 'Sampleford Pathology',
    feeds: [feed(['Patient', 'DiagnosticReport', 'Observation'])],
  },
  {
    ods: 'PH1',
    kind: 'pharmacy',
    name: 'Station Road Pharmacy',
    feeds: [feed(['Patient', 'MedicationDispense', 'AllergyIntolerance'])],
  },
  {
    ods: 'MH1',
    kind: 'mental-health',
    name: 'Upper Sampleford Mental Health',
    feeds: [feed(['Patient', 'CarePlan', 'AllergyIntolerance'])],
  },
  {
    // heard once and never again: behind after three seconds
    ods: 'UC1',
    kind: 'urgent-care',
    name: 'Exampleton 111 Service',
    feeds: [feed(['Patient', 'Encounter', 'AllergyIntolerance'], 1)],
  },
] as const;

function patient(id: string, nhsNumber: string, more: object): object {
  return {
    resourceType: 'Patient',
    id,
    identifier: [{ system: NHS, value: nhsNumber, extension: [STATUS] }],
    generalPractitioner: [
      {
        display: 'Mill Lane Surgery',
        identifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'GP1' },
      },
    ],
    ...more,
  };
}

const ann = (more: object = {}): object =>
  patient('ann', ANN, {
    name: [
      { use: 'official', family: 'Quillfeather', given: ['Annabel', 'Rose'], prefix: ['Ms'] },
      { use: 'nickname', given: ['Annie'] },
    ],
    gender: 'female',
    birthDate: '1958-07-14',
    address: [{ use: 'home', line: ['14 Orchard Row'], city: 'Exampleton', postalCode: 'ZZ99 3WZ' }],
    telecom: [
      { system: 'phone', use: 'mobile', value: '07700 900123' },
      { system: 'email', value: 'annie@example.org' },
    ],
    contact: [
      {
        name: { family: 'Quillfeather', given: ['Peter'] },
        relationship: [{ text: 'Husband' }],
        telecom: [{ system: 'phone', value: '07700 900124' }],
      },
    ],
    ...more,
  });

const about = (id = 'ann'): object => ({ reference: `Patient/${id}` });
const coded = (code: string, display: string): object => ({
  coding: [{ system: SCT, code, display }],
  text: display,
});
const state = (system: string, code: string): object => ({
  coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code }],
});

function condition(id: string, text: string, onset: string, clinical = 'active', more: object = {}): object {
  return {
    resourceType: 'Condition',
    id,
    subject: about(),
    code: { text },
    clinicalStatus: state('condition-clinical', clinical),
    verificationStatus: state('condition-ver-status', 'confirmed'),
    onsetDateTime: onset,
    ...more,
  };
}

function prescription(
  id: string,
  medicine: string,
  dose: string,
  status: string,
  on: string,
  more: object = {},
): object {
  return {
    resourceType: 'MedicationRequest',
    id,
    status,
    intent: 'order',
    subject: about(),
    medicationCodeableConcept: { text: medicine },
    authoredOn: on,
    dosageInstruction: [{ text: dose }],
    requester: { display: 'Dr Priya Nair' },
    ...more,
  };
}

function result(
  id: string,
  name: string,
  value: number,
  unit: string,
  low: number,
  high: number,
  at: string,
  more: object = {},
): object {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    subject: about(),
    category: [
      {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' },
        ],
      },
    ],
    code: { coding: [{ system: SCT, code: `test-${name.replace(/\W/g, '')}`, display: name }], text: name },
    valueQuantity: { value, unit },
    referenceRange: [{ low: { value: low, unit }, high: { value: high, unit } }],
    effectiveDateTime: at,
    ...more,
  };
}

function vital(id: string, name: string, value: number, unit: string, at: string): object {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    subject: about(),
    category: [
      {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' },
        ],
      },
    ],
    code: { text: name },
    valueQuantity: { value, unit },
    effectiveDateTime: at,
  };
}

function allergy(id: string, subject: string, code: object, more: object = {}): object {
  return {
    resourceType: 'AllergyIntolerance',
    id,
    patient: about(subject),
    clinicalStatus: state('allergyintolerance-clinical', 'active'),
    verificationStatus: state('allergyintolerance-verification', 'confirmed'),
    code,
    ...more,
  };
}

function surgeryPrescriptions(): object[] {
  return [
    prescription('amlodipine', 'Amlodipine 5mg tablets', 'One to be taken each day', 'active', '2025-03-11', {
      identifier: [{ system: ITEM, value: 'item-1' }],
      dosageInstruction: [
        { text: 'One to be taken each day', doseAndRate: [{ doseQuantity: { value: 5, unit: 'mg' } }] },
      ],
      reasonCode: [{ text: 'Essential hypertension' }],
    }),
    prescription(
      'metformin',
      'Metformin 500mg modified-release tablets',
      'One to be taken twice a day with meals',
      'active',
      '2024-08-06',
    ),
    prescription(
      'metformin-2',
      'Metformin 500mg modified-release tablets',
      'One to be taken twice a day with meals',
      'active',
      '2024-08-06',
    ),
    prescription(
      'doxy',
      'Doxycycline 100mg capsules',
      'Two on the first day, then one each day',
      'completed',
      '2019-01-20',
    ),
  ];
}

function surgery(): object[] {
  const visits = Array.from({ length: 70 }, (_, i) => ({
    resourceType: 'Encounter',
    id: `visit-${i}`,
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    type: [{ text: i % 3 === 0 ? 'Blood pressure check' : 'Consultation' }],
    subject: about(),
    period: {
      start: `${2016 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')}-10T10:30:00+00:00`,
    },
    participant: [{ individual: { display: 'Dr Priya Nair' } }],
  }));
  return [
    ann(),
    condition('htn', 'Essential hypertension', '2014-03-11'),
    condition('t2dm', 'Type 2 diabetes mellitus', '2018-08-06'),
    condition('sinus', 'Acute sinusitis', '2019-01-20', 'resolved'),
    ...surgeryPrescriptions(),
    allergy('penicillin', 'ann', coded('91936005', 'Allergy to penicillin'), {
      criticality: 'high',
      recordedDate: '2009-05-02',
      reaction: [{ manifestation: [{ text: 'Anaphylaxis' }, { text: 'Rash' }], severity: 'severe' }],
    }),
    {
      resourceType: 'Observation',
      id: 'note',
      status: 'final',
      category: [{ coding: [{ code: 'exam' }] }],
      code: { text: 'Consultation note' },
      subject: about(),
      effectiveDateTime: '2025-10-04T10:30:00Z',
      valueString: 'Came for the flu vaccine. Feels well. Feet checked, no ulcers.',
    },
    {
      resourceType: 'Immunization',
      id: 'flu',
      status: 'completed',
      vaccineCode: { text: 'Influenza vaccine' },
      patient: about(),
      occurrenceDateTime: '2025-10-04',
      lotNumber: 'AB1234',
    },
    {
      resourceType: 'DocumentReference',
      id: 'letter',
      status: 'current',
      subject: about(),
      type: { text: 'Discharge letter' },
      description: 'Discharge from Exampleton General Hospital',
      date: '2025-02-11T14:00:00Z',
      content: [
        {
          attachment: {
            contentType: 'text/plain',
            data: Buffer.from('Dear doctor,\nShe was seen with chest pain. <b>No</b> infarct.').toString(
              'base64',
            ),
          },
        },
      ],
    },
    ...visits,
  ];
}

function hospital(): object[] {
  const at = '2025-02-10T08:15:00Z';
  return [
    ann({ birthDate: '1958-07-15' }),
    condition('chest', 'Chest pain', '2025-02-09'),
    allergy('latex', 'ann', coded('300916003', 'Latex allergy'), { recordedDate: '2025-02-09' }),
    {
      resourceType: 'Encounter',
      id: 'stay',
      status: 'finished',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
      subject: about(),
      period: { start: '2025-02-09T19:40:00Z', end: '2025-02-11T11:00:00Z' },
      reasonCode: [{ text: 'Chest pain' }],
    },
    vital('rr', 'Respiration rate', 18, 'per minute', at),
    vital('spo2', 'Oxygen saturation', 97, '%', at),
    vital('sbp', 'Systolic blood pressure', 142, 'mmHg', at),
    vital('pulse', 'Pulse', 88, 'per minute', at),
    vital('temp', 'Temperature', 36.9, '°C', at),
    {
      resourceType: 'Basic',
      id: 'odd',
      code: { text: 'A thing of its own kind' },
      subject: about(),
      created: '2025-02-10',
    },
  ];
}

function laboratory(): object[] {
  const taken = '2025-11-03T09:20:00Z';
  return [
    ann(),
    result('k', 'Potassium', 6.4, 'mmol/L', 3.5, 5.3, taken, {
      interpretation: [
        {
          coding: [
            { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation', code: 'HH' },
          ],
        },
      ],
    }),
    result('na', 'Sodium', 138, 'mmol/L', 133, 146, taken),
    result('hba1c', 'HbA1c', 61, 'mmol/mol', 20, 41, taken),
    result('hba1c-old', 'HbA1c', 55, 'mmol/mol', 20, 41, '2025-02-03T09:20:00Z'),
    result('hb', 'Haemoglobin', 108, 'g/L', 115, 165, taken),
    {
      resourceType: 'DiagnosticReport',
      id: 'ue',
      status: 'final',
      code: { text: 'Urea and electrolytes' },
      subject: about(),
      effectiveDateTime: taken,
      result: [{ reference: 'Observation/k' }, { reference: 'Observation/na' }],
    },
  ];
}

function pharmacy(): object[] {
  return [
    ann({ name: [{ family: 'Quill-Feather', given: ['Annabel'] }] }),
    {
      resourceType: 'MedicationDispense',
      id: 'given-out',
      status: 'completed',
      subject: about(),
      medicationCodeableConcept: { text: 'Amlodipine 5mg tablets' },
      authorizingPrescription: [{ identifier: { system: ITEM, value: 'item-1' } }],
      quantity: { value: 28, unit: 'tablet' },
      whenHandedOver: '2025-11-01T11:05:00Z',
    },
    {
      resourceType: 'MedicationDispense',
      id: 'alone',
      status: 'completed',
      subject: about(),
      medicationCodeableConcept: { text: 'Ibuprofen 400mg tablets' },
      quantity: { value: 24, unit: 'tablet' },
      whenHandedOver: '2025-10-12T16:00:00Z',
    },
  ];
}

function mentalHealth(): object[] {
  return [
    ann(),
    {
      resourceType: 'CarePlan',
      id: 'plan',
      status: 'active',
      intent: 'plan',
      title: 'Staying well plan',
      subject: about(),
      period: { start: '2025-05-06' },
    },
  ];
}

/**
 * Somebody who has died, under another gender at the hospital; somebody known to the surgery only, with
 * next to nothing.
 */
function others(): Readonly<Record<string, object[]>> {
  const bob = (more: object): object =>
    patient('bob', BOB, {
      name: [{ family: 'Marsh', given: ['Robert'], prefix: ['Mr'] }],
      gender: 'male',
      birthDate: '1941-02-03',
      ...more,
    });
  const cat = patient('cat', CAT, {
    name: [{ family: 'Lone', given: ['Catherine'] }],
    gender: 'female',
    birthDate: '2024-11-02',
  });
  return {
    GP1: [
      bob({ deceasedDateTime: '2024-02-03T04:10:00Z' }),
      allergy('none', 'bob', coded('716186003', 'No known allergy'), { recordedDate: '2020-01-01' }),
      cat,
    ],
    RX1: [bob({})],
    UC1: [bob({ deceasedDateTime: '2024-02-03T04:10:00Z' })],
  };
}

/** Puts everybody in their places and waits until pointers and copies are out. */
export async function fillPageNetwork(network: NetworkUnderTest): Promise<void> {
  const held: Readonly<Record<string, object[]>> = {
    GP1: surgery(),
    RX1: hospital(),
    LA1: laboratory(),
    PH1: pharmacy(),
    MH1: mentalHealth(),
    UC1: [],
  };
  for (const [ods, resources] of Object.entries(held)) {
    await network.node(ods).put(...resources, ...(others()[ods] ?? []));
    hear(network, ods);
  }
  await network.settled();
}

/** The organisation's feed says that it has sent everything. */
export function hear(network: NetworkUnderTest, ods: string): void {
  network.node(ods).feeds.heard('news', Date.now() as never);
}
