/**
 * Vital signs and NEWS2 parameters as UK Core has them: found by their LOINC, SNOMED CT or ISO/IEEE 11073 code, given
 * both codings, the fixed unit and the category. Only a final, measured value in the right unit becomes one; anything
 * else stays the plain Observation that it is. UK Core Observation-VitalSigns-*, -ACVPU, -InspiredOxygen,
 * -EarlyWarningTotalScore; NEWS2 (RCP 2017).
 */
import type { CodeableConcept, Coding, Observation, Quantity } from 'fhir/r4.d.ts';
import { withDecimalsOf } from '../../fhir/exact-decimals.ts';
import { concept, LOINC, MDC, SNOMED, UCUM } from './code-systems.ts';

const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';
const PROFILE = 'https://fhir.hl7.org.uk/StructureDefinition/UKCore-Observation-';

interface VitalSign {
  readonly profile: string;
  readonly loinc?: readonly [code: string, display: string];
  readonly snomed: readonly [code: string, display: string];
  /** Other SNOMED CT codes that mean the same here. */
  readonly alike?: readonly string[];
  readonly mdc?: readonly string[];
  /** UCUM code and the unit text that the profile fixes. */
  readonly unit?: readonly [code: string, text: string];
  readonly category: 'vital-signs' | 'survey' | 'exam';
}

const VITAL_SIGNS: readonly VitalSign[] = [
  {
    profile: 'VitalSigns-RespirationRate',
    loinc: ['9279-1', 'Respiratory rate'],
    snomed: ['86290005', 'Respiratory rate'],
    mdc: ['MDC_RESP_RATE'],
    unit: ['/min', 'per minute'],
    category: 'vital-signs',
  },
  {
    profile: 'VitalSigns-OxygenSaturation',
    loinc: ['2708-6', 'Oxygen saturation in Arterial blood'],
    snomed: ['103228002', 'Blood oxygen saturation'],
    alike: ['431314004'],
    mdc: ['MDC_PULS_OXIM_SAT_O2'],
    unit: ['%', 'percent'],
    category: 'vital-signs',
  },
  {
    profile: 'VitalSigns-HeartRate',
    loinc: ['8867-4', 'Heart rate'],
    snomed: ['364075005', 'Heart rate'],
    alike: ['78564009', '444981005'],
    mdc: ['MDC_PULS_RATE_NON_INV', 'MDC_PULS_OXIM_PULS_RATE', 'MDC_ECG_HEART_RATE'],
    unit: ['/min', 'per minute'],
    category: 'vital-signs',
  },
  {
    profile: 'VitalSigns-BodyTemperature',
    loinc: ['8310-5', 'Body temperature'],
    snomed: ['276885007', 'Core body temperature'],
    alike: ['386725007'],
    mdc: ['MDC_TEMP', 'MDC_TEMP_BODY'],
    unit: ['Cel', 'degree Celsius'],
    category: 'vital-signs',
  },
  {
    profile: 'VitalSigns-BodyWeight',
    loinc: ['29463-7', 'Body weight'],
    snomed: ['27113001', 'Body weight'],
    mdc: ['MDC_MASS_BODY_ACTUAL'],
    unit: ['kg', 'kilogram'],
    category: 'vital-signs',
  },
  {
    profile: 'VitalSigns-BodyHeight',
    loinc: ['8302-2', 'Body height'],
    snomed: ['1153637007', 'Body height'],
    alike: ['50373000'],
    unit: ['cm', 'centimeter'],
    category: 'vital-signs',
  },
  {
    profile: 'ACVPU',
    snomed: ['1104441000000107', 'Alert Confusion Voice Pain Unresponsive scale score'],
    category: 'exam',
  },
  { profile: 'InspiredOxygen', snomed: ['722742002', 'Breathing room air'], category: 'exam' },
  { profile: 'InspiredOxygen', snomed: ['371825009', 'Patient on oxygen'], category: 'exam' },
  {
    profile: 'EarlyWarningTotalScore',
    snomed: ['1104051000000101', 'Royal College of Physicians NEWS2 total score'],
    unit: ['{ScoreOf}', '{ScoreOf}'],
    category: 'survey',
  },
];

interface PressurePart {
  readonly loinc: readonly [string, string];
  readonly snomed: readonly [string, string];
  readonly alike: readonly string[];
  readonly mdc: readonly string[];
}

const SYSTOLIC: PressurePart = {
  loinc: ['8480-6', 'Systolic blood pressure'],
  snomed: ['72313002', 'Systolic arterial pressure'],
  alike: ['271649006', '1091801000000104'],
  mdc: ['MDC_PRESS_BLD_NONINV_SYS', 'MDC_PRESS_CUFF_SYS'],
};
const DIASTOLIC: PressurePart = {
  loinc: ['8462-4', 'Diastolic blood pressure'],
  snomed: ['1091811000000102', 'Diastolic arterial pressure'],
  alike: ['271650006'],
  mdc: ['MDC_PRESS_BLD_NONINV_DIA', 'MDC_PRESS_CUFF_DIA'],
};

/** What a code says an observation is. */
export type VitalKind =
  | { readonly kind: 'sign'; readonly sign: VitalSign }
  | { readonly kind: 'systolic' | 'diastolic' };

const BY_CODE: ReadonlyMap<string, VitalKind> = new Map<string, VitalKind>([
  ...VITAL_SIGNS.flatMap((sign) => keysOf(sign).map((key) => [key, { kind: 'sign', sign }] as const)),
  ...keysOf(SYSTOLIC).map((key) => [key, { kind: 'systolic' }] as const),
  ...keysOf(DIASTOLIC).map((key) => [key, { kind: 'diastolic' }] as const),
]);

function keysOf(one: VitalSign | PressurePart): string[] {
  return [
    ...(one.loinc === undefined ? [] : [`${LOINC}|${one.loinc[0]}`]),
    ...[one.snomed[0], ...(one.alike ?? [])].map((code) => `${SNOMED}|${code}`),
    ...(one.mdc ?? []).map((code) => `${MDC}|${code}`),
  ];
}

/** Which vital sign a code names; undefined for all others. 11073 names also stand in the display of a local code. */
export function vitalKind(code: CodeableConcept | undefined): VitalKind | undefined {
  for (const { system, code: value, display } of code?.coding ?? []) {
    const found =
      BY_CODE.get(`${system}|${value}`) ?? (system === MDC ? BY_CODE.get(`${MDC}|${display}`) : undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The observation as UK Core has it where it is a whole vital sign; as it was otherwise. */
export function asVitalSign(observation: Observation): Observation {
  const kind = vitalKind(observation.code);
  if (kind?.kind !== 'sign' || observation.effectiveDateTime === undefined) return observation;
  const { sign } = kind;
  const shaped: Observation = {
    ...observation,
    category: [concept(CATEGORY, sign.category)],
    code: bothCodings(observation.code, sign),
  };
  if (observation.status !== 'final') return shaped;
  const quantity =
    sign.unit === undefined ? observation.valueQuantity : inUnit(observation.valueQuantity, sign.unit);
  if (sign.unit !== undefined && quantity === undefined) return shaped;
  return {
    ...shaped,
    meta: { ...observation.meta, profile: [`${PROFILE}${sign.profile}`] },
    ...(quantity === undefined ? {} : { valueQuantity: quantity }),
  };
}

/** The quantity under the unit that the profile fixes; undefined where it is in another one. */
function inUnit(
  quantity: Quantity | undefined,
  [code, text]: readonly [string, string],
): Quantity | undefined {
  if (quantity?.value === undefined) return undefined;
  const score = code === '{ScoreOf}' && (quantity.unit === undefined || quantity.code === undefined);
  if (!score && (quantity.system !== UCUM || quantity.code !== code)) return undefined;
  return withDecimalsOf(quantity, { ...quantity, unit: text, system: UCUM, code });
}

/** The sender's codings, with the LOINC and SNOMED CT ones added that are missing. */
function bothCodings(code: CodeableConcept, one: VitalSign | PressurePart): CodeableConcept {
  const sent = code.coding ?? [];
  const added: Coding[] = [];
  if (one.loinc !== undefined && !sent.some((coding) => coding.system === LOINC)) {
    added.push({ system: LOINC, code: one.loinc[0], display: one.loinc[1] });
  }
  if (!sent.some((coding) => coding.system === SNOMED)) {
    added.push({ system: SNOMED, code: one.snomed[0], display: one.snomed[1] });
  }
  return { ...code, coding: [...sent, ...added] };
}

/** Code of the panel in which systolic and diastolic pressure are kept together. */
export const BLOOD_PRESSURE_CODE: CodeableConcept = {
  coding: [
    { system: LOINC, code: '85354-9', display: 'Blood pressure panel' },
    { system: SNOMED, code: '75367002', display: 'Blood pressure' },
  ],
  text: 'Blood pressure',
};

/**
 * The blood pressure panel of a systolic and a diastolic Observation of one set; `before` gives the half that was not
 * sent again. Undefined where a half that is there has no value in mm[Hg] or there is no systolic one: then the
 * Observations stay as they are.
 */
export function bloodPressure(
  systolic: Observation | undefined,
  diastolic: Observation | undefined,
  before: Observation | undefined,
): Observation | undefined {
  const base = systolic ?? diastolic;
  if (base === undefined || base.effectiveDateTime === undefined) return undefined;
  const parts = [
    [systolic, SYSTOLIC],
    [diastolic, DIASTOLIC],
  ] as const;
  const component = parts.map(([sent, part]) =>
    sent === undefined ? known(before, part) : pressurePart(sent, part),
  );
  const [high, low] = component;
  if (high === undefined || (diastolic !== undefined && low === undefined)) return undefined;
  const { valueQuantity: _, referenceRange: _r, interpretation: _i, code: _c, meta, ...rest } = base;
  const statuses = [systolic?.status, diastolic?.status].filter((one) => one !== undefined);
  const final = statuses.every((one) => one === 'final');
  const note = [...(systolic?.note ?? []), ...(diastolic?.note ?? [])];
  return {
    ...rest,
    ...(final ? { meta: { ...meta, profile: [`${PROFILE}VitalSigns-BloodPressure`] } } : {}),
    status: final ? 'final' : (statuses.find((one) => one !== 'final') ?? 'unknown'),
    category: [concept(CATEGORY, 'vital-signs')],
    code: BLOOD_PRESSURE_CODE,
    component: component.filter((one) => one !== undefined),
    ...(note.length === 0 ? {} : { note }),
  };
}

type Component = NonNullable<Observation['component']>[number];

function pressurePart(observation: Observation, one: PressurePart): Component | undefined {
  const quantity = inUnit(observation.valueQuantity, ['mm[Hg]', 'millimeter of mercury']);
  if (quantity === undefined) return undefined;
  const { interpretation, referenceRange } = observation;
  const loinc = { system: LOINC, code: one.loinc[0], display: one.loinc[1] };
  const others = (observation.code.coding ?? []).filter((coding) => coding.system !== LOINC);
  const both = bothCodings({ coding: [loinc, ...others] }, one);
  return {
    code: { ...both, text: one.loinc[1] },
    valueQuantity: quantity,
    ...(interpretation === undefined ? {} : { interpretation }),
    ...(referenceRange === undefined ? {} : { referenceRange }),
  };
}

function known(before: Observation | undefined, one: PressurePart): Component | undefined {
  return before?.component?.find((component) =>
    component.code.coding?.some((coding) => coding.system === LOINC && coding.code === one.loinc[0]),
  );
}
