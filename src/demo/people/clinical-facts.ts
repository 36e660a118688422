/**
 * The clinical facts that made-up lives are put together from. SNOMED CT, LOINC and dm+d codes are given only where they are certain;
 * what has none is text alone, as it often is in life.
 */
export interface Coded {
  readonly code?: string;
  readonly display: string;
}

export interface Medicine extends Coded {
  readonly dose: string;
  /** Dispensed at once. */
  readonly quantity: number;
  readonly unit: string;
}

export interface Problem extends Coded {
  /** Medicines that go with it, most likely first. */
  readonly medicines: readonly Medicine[];
  /** Youngest age at which it begins, and how likely it is by 80. */
  readonly from: number;
  readonly likely: number;
}

const tablet = (display: string, dose: string, code?: string): Medicine => ({
  display,
  dose,
  quantity: 28,
  unit: 'tablet',
  ...(code === undefined ? {} : { code }),
});

export const PROBLEMS: readonly Problem[] = [
  {
    code: '38341003',
    display: 'Hypertensive disorder',
    from: 40,
    likely: 0.6,
    medicines: [
      tablet('Amlodipine 5mg tablets', 'One tablet once a day'),
      tablet('Ramipril 5mg tablets', 'One tablet once a day'),
    ],
  },
  {
    code: '44054006',
    display: 'Type 2 diabetes mellitus',
    from: 40,
    likely: 0.35,
    medicines: [
      tablet('Metformin 500mg tablets', 'One tablet twice a day with meals'),
      tablet('Gliclazide 80mg tablets', 'One tablet every morning'),
    ],
  },
  {
    code: '195967001',
    display: 'Asthma',
    from: 5,
    likely: 0.2,
    medicines: [
      {
        code: '39113611000001102',
        display: 'Salbutamol 100micrograms/dose inhaler CFC free',
        dose: 'One or two puffs when needed',
        quantity: 200,
        unit: 'dose',
      },
    ],
  },
  {
    code: '13645005',
    display: 'Chronic obstructive lung disease',
    from: 50,
    likely: 0.15,
    medicines: [tablet('Prednisolone 5mg tablets', 'Six tablets every morning for five days', '325427002')],
  },
  {
    code: '49436004',
    display: 'Atrial fibrillation',
    from: 55,
    likely: 0.2,
    medicines: [tablet('Apixaban 5mg tablets', 'One tablet twice a day')],
  },
  {
    code: '433144002',
    display: 'Chronic kidney disease stage 3',
    from: 60,
    likely: 0.2,
    medicines: [tablet('Atorvastatin 20mg tablets', 'One tablet at night')],
  },
  {
    code: '35489007',
    display: 'Depressive disorder',
    from: 18,
    likely: 0.2,
    medicines: [tablet('Sertraline 50mg tablets', 'One tablet once a day')],
  },
  {
    code: '396275006',
    display: 'Osteoarthritis',
    from: 50,
    likely: 0.4,
    medicines: [
      tablet('Paracetamol 500mg tablets', 'Two tablets up to four times a day', '322236009'),
      tablet('Co-codamol 30mg/500mg tablets', 'One or two tablets up to four times a day', '322341003'),
    ],
  },
  {
    code: '40930008',
    display: 'Hypothyroidism',
    from: 30,
    likely: 0.1,
    medicines: [tablet('Levothyroxine sodium 50microgram tablets', 'One tablet every morning')],
  },
  {
    code: '37796009',
    display: 'Migraine',
    from: 15,
    likely: 0.15,
    medicines: [tablet('Sumatriptan 50mg tablets', 'One tablet when needed')],
  },
  {
    code: '84114007',
    display: 'Heart failure',
    from: 65,
    likely: 0.12,
    medicines: [tablet('Furosemide 40mg tablets', 'One tablet every morning')],
  },
  {
    code: '90560007',
    display: 'Gout',
    from: 45,
    likely: 0.08,
    medicines: [tablet('Allopurinol 100mg tablets', 'One tablet once a day')],
  },
];

export const ALLERGIES: readonly (Coded & {
  readonly reaction: string;
  readonly criticality: 'low' | 'high';
})[] = [
  { code: '890458001', display: 'Penicillin-containing product', reaction: 'Rash', criticality: 'low' },
  {
    code: '890458001',
    display: 'Penicillin-containing product',
    reaction: 'Anaphylaxis',
    criticality: 'high',
  },
  { display: 'Peanut', reaction: 'Swelling of the face', criticality: 'high' },
  { display: 'Latex', reaction: 'Itching', criticality: 'low' },
  { display: 'Ibuprofen', reaction: 'Wheeze', criticality: 'high' },
];

/** What a laboratory reports as one. `mean` and `spread` are of healthy people. */
export interface Panel {
  readonly code: string;
  readonly display: string;
  readonly section: string;
  readonly tests: readonly PanelTest[];
}
export interface PanelTest {
  readonly code: string;
  readonly display: string;
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  readonly spread: number;
  readonly decimals: number;
  /** Problems (SNOMED CT) that push it, and by how much. */
  readonly pushed?: Readonly<Record<string, number>>;
}

const test = (
  code: string,
  display: string,
  unit: string,
  [low, high]: readonly [number, number],
  [mean, spread]: readonly [number, number],
  decimals = 0,
  pushed?: Readonly<Record<string, number>>,
): PanelTest => ({
  code,
  display,
  unit,
  low,
  high,
  mean,
  spread,
  decimals,
  ...(pushed === undefined ? {} : { pushed }),
});

export const PANELS: readonly Panel[] = [
  {
    code: 'UE',
    display: 'Urea and electrolytes',
    section: 'CH',
    tests: [
      test('NA', 'Serum sodium level', 'mmol/L', [133, 146], [140, 3]),
      test('K', 'Serum potassium level', 'mmol/L', [3.5, 5.3], [4.3, 0.5], 1, { '433144002': 0.6 }),
      test('UREA', 'Serum urea level', 'mmol/L', [2.5, 7.8], [5, 1.5], 1, { '433144002': 6, '84114007': 3 }),
      test('CREA', 'Serum creatinine level', 'umol/L', [49, 104], [76, 14], 0, { '433144002': 75 }),
      test('EGFR', 'Estimated glomerular filtration rate', 'mL/min', [60, 120], [88, 12], 0, {
        '433144002': -42,
      }),
    ],
  },
  {
    code: 'FBC',
    display: 'Full blood count',
    section: 'HM',
    tests: [
      test('HB', 'Haemoglobin concentration', 'g/L', [115, 165], [140, 11], 0, { '433144002': -24 }),
      test('WBC', 'Total white cell count', '10*9/L', [3.6, 11], [7, 1.6], 1, { '13645005': 3 }),
      test('PLT', 'Platelet count', '10*9/L', [140, 400], [260, 50]),
      test('MCV', 'Mean cell volume', 'fL', [80, 100], [90, 4]),
      test('NEUT', 'Neutrophil count', '10*9/L', [1.8, 7.5], [4.2, 1.1], 1),
    ],
  },
  {
    code: 'LFT',
    display: 'Liver function tests',
    section: 'CH',
    tests: [
      test('ALT', 'Serum alanine aminotransferase level', 'U/L', [5, 55], [25, 11]),
      test('ALP', 'Serum alkaline phosphatase level', 'U/L', [30, 130], [78, 20]),
      test('BILI', 'Serum total bilirubin level', 'umol/L', [0, 21], [9, 4]),
      test('ALB', 'Serum albumin level', 'g/L', [35, 50], [42, 3]),
    ],
  },
  {
    code: 'HBA1C',
    display: 'Haemoglobin A1c',
    section: 'CH',
    tests: [
      test('HBA1C', 'Haemoglobin A1c level (IFCC)', 'mmol/mol', [20, 41], [36, 4], 0, { '44054006': 26 }),
    ],
  },
];

/** The seven parts of a set of ward observations, in the order of the chart, with the codes of nhs-standards. */
export const WARD_OBSERVATIONS = [
  {
    loinc: '9279-1',
    snomed: '86290005',
    display: 'Respiratory rate',
    unit: '/min',
    mean: 17,
    spread: 4,
    decimals: 0,
  },
  {
    loinc: '2708-6',
    snomed: '103228002',
    display: 'Oxygen saturation',
    unit: '%',
    mean: 96,
    spread: 3,
    decimals: 0,
    most: 100,
  },
  {
    loinc: '8480-6',
    snomed: '72313002',
    display: 'Systolic blood pressure',
    unit: 'mm[Hg]',
    mean: 128,
    spread: 22,
    decimals: 0,
  },
  {
    loinc: '8867-4',
    snomed: '364075005',
    display: 'Heart rate',
    unit: '/min',
    mean: 82,
    spread: 18,
    decimals: 0,
  },
  {
    loinc: '8310-5',
    snomed: '386725007',
    display: 'Body temperature',
    unit: 'Cel',
    mean: 37,
    spread: 0.9,
    decimals: 1,
  },
] as const;

export const REASONS_TO_CONSULT = [
  'Review of long-term conditions',
  'Cough for two weeks',
  'Medication review',
  'Low back pain',
  'Blood pressure check',
  'Tired all the time',
  'Rash on the arms',
  'Knee pain',
  'Discussion of results',
  'Ear ache',
  'Advice about travel',
  'Follow-up after hospital',
] as const;

export const REASONS_TO_ADMIT = [
  { code: '233604007', display: 'Pneumonia' },
  { display: 'Exacerbation of chronic obstructive pulmonary disease' },
  { code: '29857009', display: 'Chest pain' },
  { display: 'Fall at home' },
  { display: 'Elective knee replacement' },
  { display: 'Acute kidney injury' },
] as const;

export const REASONS_TO_CALL_111 = [
  'Fever in the night',
  'Chest tightness that has passed',
  'Sudden back pain',
  'Dizziness',
  'Ran out of medicines',
  'Sore throat',
] as const;

export const VACCINES = [
  { display: 'Influenza vaccine', yearly: true },
  { display: 'COVID-19 vaccine', yearly: true },
  { display: 'Pneumococcal vaccine', yearly: false },
  { display: 'Shingles vaccine', yearly: false },
  { display: 'Tetanus, diphtheria and polio vaccine', yearly: false },
] as const;
