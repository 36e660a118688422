/**
 * Everything that is neither a prescription, a request nor a stay: consultations, clinics, vaccinations,
 * calls, visits, plans.
 */
import { Chance } from './chance.ts';
import {
  CHILDHOOD_VACCINES,
  COMPLAINTS,
  type Complaint,
  type Medicine,
  REASONS_TO_CALL_111,
  VACCINES,
} from './clinical-facts.ts';
import type { HardCase } from './hard-cases.ts';
import { DAY, DEPRESSION, type DemoLife, HOUR, MINUTE, momentBetween } from './person.ts';
import type { Stay } from './stays.ts';

export interface Consultation {
  readonly at: number;
  readonly minutes: number;
  readonly how: 'surgery' | 'telephone';
  readonly reason: string;
  readonly text: string;
  /** mm[Hg] */
  readonly pressure?: { readonly systolic: number; readonly diastolic: number };
  readonly pulse?: number;
  /** kg */
  readonly weight?: number;
  readonly course?: Medicine;
}

/** A visit to the hospital without a night there. */
export interface Attendance {
  readonly visit: string;
  readonly kind: 'emergency' | 'clinic';
  readonly at: number;
  readonly minutes: number;
  readonly reason: string;
  readonly specialty: { readonly code: string; readonly display: string };
  /** Admitted by mistake, and taken back. */
  readonly wasMistaken: boolean;
}

export interface Vaccination {
  readonly at: number;
  readonly display: string;
  readonly batch: string;
  readonly wasDeclined: boolean;
}

export interface Call {
  readonly number: string;
  readonly at: number;
  readonly minutes: number;
  readonly reason: string;
  readonly outcome: string;
}

export interface HomeVisit {
  readonly at: number;
  readonly minutes: number;
  readonly systolic: number;
  readonly diastolic: number;
  readonly weight: number;
  readonly finding: string;
}

const DAY_OF = (at: number): number => Math.floor(at / DAY) * DAY;

/** Consultations, oldest first. */
export function consultationsOf(life: DemoLife, stays: readonly Stay[]): Consultation[] {
  const chance = new Chance(`consultations ${life.number}`);
  const count = life.isFull ? chance.whole(16, 20) : chance.whole(7, 11) + Math.min(life.problems.length, 3);
  const span = Math.min(life.isFull ? 1100 : 700, daysLived(life) - 30);
  const usual = usualBody(life);
  const made: Consultation[] = [];
  for (let i = 0; i < count; i++) {
    const from = life.until - (span * (count - i) * DAY) / count;
    const at = momentBetween(from, from + (span * DAY) / count, chance);
    if (at >= life.until || stays.some((stay) => isDuring(stay, at))) continue;
    const possible = COMPLAINTS.filter((one) => (one.from ?? 0) <= life.age);
    made.push(consultation(life, at, chance.pick(possible), usual, chance));
  }
  for (const stay of stays) {
    const after = (stay.dischargedAt ?? life.until) + 5 * DAY;
    if (after < life.until && life.died === undefined) {
      const at = DAY_OF(after) + 10 * HOUR + chance.whole(0, 90) * MINUTE;
      made.push(consultation(life, at, AFTER_HOSPITAL, usual, chance));
    }
  }
  return made.sort((a, b) => a.at - b.at);
}

const AFTER_HOSPITAL: Complaint = {
  reason: 'Follow-up after hospital',
  texts: [
    'Discharge summary read. Getting stronger, eating again. Medicines put in order, bloods asked for.',
  ],
};

function isDuring(stay: Stay, at: number): boolean {
  const from = DAY_OF(stay.emergency?.at ?? stay.admittedAt);
  return at >= from && at < (stay.dischargedAt ?? Number.POSITIVE_INFINITY) + DAY;
}

function daysLived(life: DemoLife): number {
  return Math.floor((life.until - Date.parse(life.birthDate)) / DAY);
}

/** Where somebody's weight and pressure lie when nothing moves them. */
function usualBody(life: DemoLife): { weight: number; systolic: number } {
  const chance = new Chance(`body ${life.number}`);
  const grown = life.gender === 'male' ? 84 : 72;
  const weight = life.age < 18 ? 8 + life.age * 3 : chance.about(grown, 16);
  const isHigh = life.problems.some(({ problem }) => problem.code === '38341003');
  return { weight, systolic: chance.about(isHigh ? 144 : 126, 9) };
}

/** Readings are only sent when there was somebody to take them. */
function consultation(
  life: DemoLife,
  at: number,
  { reason, texts, isForTelephone = false, isInfection = false }: Complaint,
  usual: { readonly weight: number; readonly systolic: number },
  chance: Chance,
): Consultation {
  const how = isForTelephone && chance.is(0.6) ? 'telephone' : 'surgery';
  const systolic = Math.round(chance.about(usual.systolic, 6));
  const isMeasured = how === 'surgery' && life.age >= 16;
  return {
    at,
    minutes: chance.whole(6, 18),
    how,
    reason,
    text: chance.pick(texts),
    ...(isMeasured && (life.isFull || chance.is(0.7))
      ? { pressure: { systolic, diastolic: Math.round(systolic * 0.57 + chance.about(6, 4)) } }
      : {}),
    ...(isMeasured && chance.is(0.5) ? { pulse: Math.round(chance.about(74, 8)) } : {}),
    ...(how === 'surgery' && chance.is(0.6)
      ? { weight: Number(chance.about(usual.weight, 1.5).toFixed(1)) }
      : {}),
    ...(isInfection ? { course: antibioticFor(life) } : {}),
  };
}

function antibioticFor(life: DemoLife): Medicine {
  const isAllergic =
    Array.isArray(life.allergies) && life.allergies.some((one) => one.display.startsWith('Penicillin'));
  return isAllergic
    ? {
        display: 'Doxycycline 100mg capsules',
        dose: 'Two on the first day, then one a day',
        quantity: 8,
        unit: 'capsule',
      }
    : {
        display: 'Amoxicillin 500mg capsules',
        dose: 'One capsule three times a day',
        quantity: 21,
        unit: 'capsule',
      };
}

const CLINICS = [
  { code: '320', display: 'Cardiology', reason: 'Palpitations' },
  { code: '110', display: 'Trauma and Orthopaedics', reason: 'Knee pain' },
  { code: '330', display: 'Dermatology', reason: 'Changing mole' },
  { code: '130', display: 'Ophthalmology', reason: 'Diabetic eye screening' },
] as const;
const EMERGENCIES = ['Cut to the hand', 'Sprained ankle', 'Chest pain, settled', 'Abdominal pain'] as const;

/** Hard cases that need the hospital to know them. */
const ATTENDING: readonly HardCase[] = [
  'unverified-at-hospital',
  'merged-at-hospital',
  'superseded-number',
  'latin-1',
  'beyond-latin-1',
];

/** Clinics and attendances at the emergency department, oldest first. */
export function attendancesOf(life: DemoLife, stays: readonly Stay[]): Attendance[] {
  const chance = new Chance(`attendances ${life.number}`);
  const must = ATTENDING.includes(life.hard ?? 'child');
  const count = life.isFull ? 3 : chance.is(0.3) || must ? 1 : 0;
  const made: Attendance[] = [];
  for (let i = 0; i < count; i++) {
    const from = Math.max(life.until - 800 * DAY, Date.parse(life.birthDate) + 60 * DAY);
    const at = momentBetween(from, life.until - 130 * DAY, chance);
    const isClinic = i % 2 === 0 && life.age >= 16;
    const { reason, ...specialty } = chance.pick(CLINICS);
    if (stays.some((stay) => isDuring(stay, at))) continue;
    made.push({
      visit: `V${String(life.number).padStart(6, '0')}${i + 2}`,
      kind: isClinic ? 'clinic' : 'emergency',
      at,
      minutes: isClinic ? 25 : chance.whole(90, 235),
      reason: isClinic ? reason : chance.pick(EMERGENCIES),
      specialty: isClinic ? specialty : { code: '180', display: 'Emergency Medicine' },
      wasMistaken: !isClinic && chance.is(0.15),
    });
  }
  return made.sort((a, b) => a.at - b.at);
}

/** Vaccinations, and those that were offered and not wanted, oldest first. */
export function vaccinationsOf(life: DemoLife): Vaccination[] {
  const chance = new Chance(`vaccinations ${life.number}`);
  if (life.age < 16) return childhoodVaccinations(life, chance);
  const declines = chance.is(0.06);
  const years = life.isFull ? [2021, 2022, 2023, 2024, 2025] : [2024, 2025];
  const made: Vaccination[] = [];
  for (const vaccine of VACCINES) {
    if (!vaccine.yearly && life.age < 65 && !chance.is(0.2)) continue;
    for (const year of vaccine.yearly ? years : [2023]) {
      if (vaccine.yearly && life.age < 60 && !chance.is(0.5)) continue;
      const at = momentBetween(Date.UTC(year, 9, 1), Date.UTC(year, 10, 25), chance);
      const batch = `${chance.pick(['AB', 'FX', 'PK'])}${chance.whole(1000, 9999)}`;
      if (at < Date.parse(life.birthDate) + 90 * DAY || at >= life.until) continue;
      made.push({ at, display: vaccine.display, batch, wasDeclined: declines && vaccine.yearly });
    }
  }
  return made.sort((a, b) => a.at - b.at);
}

function childhoodVaccinations(life: DemoLife, chance: Chance): Vaccination[] {
  const born = Date.parse(life.birthDate);
  return CHILDHOOD_VACCINES.map(({ display, months }) => {
    const due = born + months * 30.5 * DAY;
    const batch = `${chance.pick(['AB', 'FX', 'PK'])}${chance.whole(1000, 9999)}`;
    return { at: momentBetween(due, due + 20 * DAY, chance), display, batch, wasDeclined: false };
  }).filter((one) => one.at < life.until);
}

const OUTCOMES = [
  'Speak to a GP practice within 6 hours',
  'Self-care with advice',
  'Attend an urgent treatment centre within 12 hours',
  'Contact a pharmacy within 24 hours',
] as const;

/** Calls to 111, oldest first. */
export function callsOf(life: DemoLife): Call[] {
  const chance = new Chance(`calls ${life.number}`);
  const count = life.isFull ? 2 : chance.is(0.25) ? 1 : 0;
  const spanDays = Math.min(600, daysLived(life) - 30);
  return Array.from({ length: count }, (_, i): Call => {
    const day = DAY_OF(life.until) - chance.whole(10 + i * 5, spanDays) * DAY;
    return {
      number: `C${String(life.number).padStart(6, '0')}${i + 1}`,
      at: day + chance.pick([1, 5, 19, 21]) * HOUR + chance.whole(0, 59) * MINUTE,
      minutes: chance.whole(7, 21),
      reason: chance.pick(REASONS_TO_CALL_111),
      outcome: chance.pick(OUTCOMES),
    };
  }).sort((a, b) => a.at - b.at);
}

const FINDINGS = [
  'Wound on the left shin 3 cm by 2 cm, clean, redressed',
  'Wound smaller, no sign of infection',
  'Catheter changed, draining well',
  'Pressure areas intact',
] as const;

/** Visits of the district nurses, weekly, oldest first. */
export function homeVisitsOf(life: DemoLife): HomeVisit[] {
  const chance = new Chance(`visits ${life.number}`);
  const isSeen = life.isFull || (life.age > 70 && chance.is(0.35));
  if (!isSeen) return [];
  const usual = usualBody(life);
  const count = life.isFull ? 8 : chance.whole(3, 5);
  const last = DAY_OF(life.until) - chance.whole(125, 200) * DAY;
  return Array.from({ length: count }, (_, i): HomeVisit => {
    const systolic = Math.round(chance.about(usual.systolic, 6));
    return {
      at: last - (count - 1 - i) * 7 * DAY + chance.whole(9 * 60, 15 * 60) * MINUTE,
      minutes: chance.whole(20, 45),
      systolic,
      diastolic: Math.round(systolic * 0.57 + chance.about(6, 4)),
      weight: Number(chance.about(usual.weight, 1).toFixed(1)),
      finding: chance.pick(FINDINGS),
    };
  });
}

export interface MentalHealth {
  readonly referredAt: number;
  /** Contacts with the community team, oldest first. */
  readonly contacts: readonly { readonly at: number; readonly minutes: number; readonly text: string }[];
  readonly isAtRisk: boolean;
}

const MEETINGS = [
  'First assessment with the community team',
  'Review of the plan',
  'Telephone contact: sleeping better',
  'Review with the psychiatrist',
] as const;

/** What the mental-health trust knows; undefined for most. */
export function mentalHealthOf(life: DemoLife): MentalHealth | undefined {
  const chance = new Chance(`mental health ${life.number}`);
  const isDepressed = life.problems.some(({ problem }) => problem.code === DEPRESSION);
  const isKnown = life.isFull || life.hard === 'dissent' || (isDepressed && chance.is(0.6));
  if (!isKnown || life.age < 18) return undefined;
  const referredAt = momentBetween(life.until - 400 * DAY, life.until - 330 * DAY, chance);
  return {
    referredAt,
    contacts: MEETINGS.map((text, i) => ({
      at: DAY_OF(referredAt) + (20 + i * 45) * DAY + chance.whole(9 * 60, 16 * 60) * MINUTE,
      minutes: chance.whole(25, 55),
      text,
    })),
    isAtRisk: chance.is(0.4) || life.hard === 'dissent',
  };
}
