/**
 * The clinical facts that made-up lives are put together from. SNOMED CT, LOINC and dm+d codes are given
 * only where they are certain; what has none is text alone, as it often is in life.
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

/** What two months of it come to. */
const tablet = (display: string, dose: string, code?: string, perDay = 1): Medicine => ({
  display,
  dose,
  quantity: 56 * perDay,
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
      tablet('Metformin 500mg tablets', 'One tablet twice a day with meals', undefined, 2),
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
    medicines: [
      {
        display: 'Tiotropium bromide 18microgram inhalation powder capsules',
        dose: 'Inhale one capsule once a day',
        quantity: 60,
        unit: 'capsule',
      },
    ],
  },
  {
    code: '49436004',
    display: 'Atrial fibrillation',
    from: 55,
    likely: 0.2,
    medicines: [tablet('Apixaban 5mg tablets', 'One tablet twice a day', undefined, 2)],
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
    medicines: [tablet('Paracetamol 500mg tablets', 'Two tablets up to four times a day', '322236009', 4)],
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

export interface Allergy extends Coded {
  readonly reaction: string;
  readonly criticality: 'low' | 'high';
  readonly category: 'medication' | 'food' | 'environment';
}

const PENICILLIN = {
  code: '890458001',
  display: 'Penicillin-containing product',
  category: 'medication',
} as const;

export const ALLERGIES: readonly Allergy[] = [
  { ...PENICILLIN, reaction: 'Rash', criticality: 'low' },
  { ...PENICILLIN, reaction: 'Anaphylaxis', criticality: 'high' },
  { display: 'Peanut', reaction: 'Swelling of the face', criticality: 'high', category: 'food' },
  { display: 'Latex', reaction: 'Itching', criticality: 'low', category: 'environment' },
  { display: 'Ibuprofen', reaction: 'Wheeze', criticality: 'high', category: 'medication' },
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

/** Why people come to the surgery, and what is written down of it. */
export interface Complaint {
  readonly reason: string;
  readonly texts: readonly string[];
  /** Youngest age. */
  readonly from?: number;
  /** Nobody needs to be looked at for it. */
  readonly isForTelephone?: boolean;
  /** Ends in a course of antibiotics. */
  readonly isInfection?: boolean;
}

export const COMPLAINTS: readonly Complaint[] = [
  {
    reason: 'Review of long-term conditions',
    from: 40,
    texts: [
      'Feels well. Medicines taken as prescribed, no side effects. Review again in six months.',
      'Some days better than others. Feet and pulses checked. Happy to go on with the same plan.',
    ],
  },
  {
    reason: 'Cough for two weeks',
    isInfection: true,
    texts: ['Chest clear on the right, crackles on the left. Antibiotics given, to come back if no better.'],
  },
  {
    reason: 'Medication review',
    from: 30,
    isForTelephone: true,
    texts: ['Went through all medicines. No side effects, none left over. Bloods before the next review.'],
  },
  {
    reason: 'Low back pain',
    from: 18,
    texts: ['Started after lifting. No red flags. Keep moving, paracetamol, back in four weeks if it stays.'],
  },
  {
    reason: 'Blood pressure check',
    from: 35,
    isForTelephone: true,
    texts: ['No dizziness. Readings at home brought along and similar. Salt and exercise discussed.'],
  },
  { reason: 'Tired all the time', from: 14, texts: ['Sleeping badly, appetite good. Bloods asked for.'] },
  { reason: 'Rash on the arms', texts: ['Dry, itchy patches in the elbow folds. Emollient advised.'] },
  {
    reason: 'Knee pain',
    from: 30,
    texts: ['Worse on stairs. Small effusion, full movement. Exercises shown, leaflet given.'],
  },
  {
    reason: 'Discussion of results',
    from: 18,
    isForTelephone: true,
    texts: ['Results explained. Nothing that needs treatment today.'],
  },
  { reason: 'Ear ache', texts: ['Left drum red, not bulging. Pain relief and wait; to ring if no better.'] },
  {
    reason: 'Advice about travel',
    from: 18,
    isForTelephone: true,
    texts: ['Itinerary gone through. Vaccinations are up to date.'],
  },
  { reason: 'Fever and sore throat', texts: ['Throat red, no pus, drinking well. Viral; rest and fluids.'] },
];

/**
 * Why people lie in hospital; ICD-10 as coders there write it, the treatment function that looks after
 * them.
 */
export interface Admission extends Coded {
  readonly icd10: string;
  readonly specialty: { readonly code: string; readonly display: string };
  readonly ward: string;
  readonly isPlanned?: boolean;
  readonly isFeverish?: boolean;
  readonly procedure: { readonly system: 'snomed' | 'opcs'; readonly code: string; readonly display: string };
}

const CHEST_X_RAY = { system: 'snomed', code: '399208008', display: 'Plain chest X-ray' } as const;
const ECG = { system: 'snomed', code: '29303009', display: 'Electrocardiographic procedure' } as const;

export const REASONS_TO_ADMIT: readonly Admission[] = [
  {
    code: '233604007',
    display: 'Pneumonia',
    icd10: 'J18.9',
    specialty: { code: '340', display: 'Respiratory Medicine' },
    ward: 'Maple Ward',
    isFeverish: true,
    procedure: CHEST_X_RAY,
  },
  {
    display: 'Exacerbation of chronic obstructive pulmonary disease',
    icd10: 'J44.1',
    specialty: { code: '340', display: 'Respiratory Medicine' },
    ward: 'Maple Ward',
    procedure: CHEST_X_RAY,
  },
  {
    code: '29857009',
    display: 'Chest pain',
    icd10: 'R07.4',
    specialty: { code: '320', display: 'Cardiology' },
    ward: 'Rowan Ward',
    procedure: ECG,
  },
  {
    display: 'Fall at home',
    icd10: 'R29.6',
    specialty: { code: '430', display: 'Elderly Medicine' },
    ward: 'Willow Ward',
    procedure: ECG,
  },
  {
    display: 'Osteoarthritis of the knee, for elective knee replacement',
    icd10: 'M17.1',
    specialty: { code: '110', display: 'Trauma and Orthopaedics' },
    ward: 'Birch Ward',
    isPlanned: true,
    procedure: {
      system: 'opcs',
      code: 'W40.1',
      display: 'Primary total prosthetic replacement of knee joint using cement',
    },
  },
  {
    display: 'Acute kidney injury',
    icd10: 'N17.9',
    specialty: { code: '300', display: 'General Internal Medicine' },
    ward: 'Maple Ward',
    procedure: ECG,
  },
];

export const REASONS_TO_CALL_111 = [
  'Fever in the night',
  'Chest tightness that has passed',
  'Sudden back pain',
  'Dizziness',
  'Ran out of medicines',
  'Sore throat',
] as const;

/** The childhood schedule: months of age. */
export const CHILDHOOD_VACCINES = [
  { display: 'Six-in-one vaccine, first dose', months: 2 },
  { display: 'Six-in-one vaccine, second dose', months: 3 },
  { display: 'Six-in-one vaccine, third dose', months: 4 },
  { display: 'Measles, mumps and rubella vaccine, first dose', months: 13 },
  { display: 'Four-in-one pre-school booster', months: 41 },
  { display: 'Measles, mumps and rubella vaccine, second dose', months: 41 },
] as const;

export const VACCINES = [
  { display: 'Influenza vaccine', yearly: true },
  { display: 'COVID-19 vaccine', yearly: true },
  { display: 'Pneumococcal vaccine', yearly: false },
  { display: 'Shingles vaccine', yearly: false },
  { display: 'Tetanus, diphtheria and polio vaccine', yearly: false },
] as const;
