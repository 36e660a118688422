/**
 * Stays in hospital, and the sets of observations that wards take then: how ill somebody is runs through
 * all of a set.
 */
import { Chance } from './chance.ts';
import { type Admission, REASONS_TO_ADMIT } from './clinical-facts.ts';
import { DAY, type DemoLife, HOUR, MINUTE } from './person.ts';

export interface Stay {
  /** Visit number. */
  readonly visit: string;
  readonly admission: Admission;
  /** When the stay was arranged, for one that was. */
  readonly plannedAt?: number;
  /** Came through the emergency department: visit number and when. */
  readonly emergency?: { readonly visit: string; readonly at: number };
  readonly admittedAt: number;
  /** On another ward from then on. */
  readonly moved: { readonly at: number; readonly ward: string; readonly bed: string };
  readonly bed: string;
  readonly dischargedAt?: number;
  readonly endsInDeath: boolean;
  /** An event that was sent and taken back. */
  readonly mistake?: 'cancelled-discharge' | 'cancelled-transfer';
  readonly observations: readonly ObservationSet[];
}

export interface ObservationSet {
  readonly number: string;
  readonly at: number;
  readonly respirations: number;
  readonly saturation: number;
  /** Litres a minute; undefined on room air. */
  readonly oxygen?: number;
  readonly systolic: number;
  readonly diastolic: number;
  readonly pulse: number;
  readonly consciousness: 'A' | 'C' | 'V' | 'P' | 'U';
  readonly temperature: number;
  /** A saturation of 88 to 92 % is aimed at. */
  readonly isScale2: boolean;
}

/**
 * Somebody's stays in hospital, oldest first: one in four people has one. Children and the hard case of no
 * stay aside.
 */
export function staysOf(life: DemoLife): Stay[] {
  const chance = new Chance(`stays ${life.number}`);
  const must =
    life.isFull || ['deceased', 'merged-at-hospital', 'unverified-at-hospital'].includes(life.hard ?? '');
  if (life.age < 18 || (!must && !chance.is(0.14))) return [];
  const isHere = life.died === undefined && chance.is(0.35);
  const days = life.isFull ? chance.whole(4, 5) : chance.whole(2, 3);
  const end = life.died ?? Math.floor(life.until / DAY) * DAY - chance.whole(3, 120) * DAY + 14 * HOUR;
  const admittedAt = isHere
    ? Math.floor(life.until / DAY) * DAY - days * DAY + chance.whole(1, 20) * HOUR + 7 * MINUTE
    : end - days * DAY + chance.whole(-5, 5) * HOUR + 7 * MINUTE;
  return [stayAt(life, admittedAt, isHere ? undefined : end, days, chance)];
}

function stayAt(
  life: DemoLife,
  admittedAt: number,
  dischargedAt: number | undefined,
  days: number,
  chance: Chance,
): Stay {
  const isPossible = (one: Admission): boolean =>
    (life.died === undefined || one.isPlanned !== true) &&
    (one.icd10 !== 'J44.1' || has(life, COPD)) &&
    (one.isPlanned !== true || has(life, OSTEOARTHRITIS));
  const admission = chance.pick(REASONS_TO_ADMIT.filter(isPossible));
  const visit = `V${String(life.number).padStart(6, '0')}1`;
  const until = dischargedAt ?? life.until;
  const movedAt = admittedAt + chance.whole(6, 20) * HOUR;
  const planned = admission.isPlanned === true;
  return {
    visit,
    admission,
    ...(planned ? { plannedAt: admittedAt - chance.whole(20, 60) * DAY } : {}),
    ...(planned
      ? {}
      : { emergency: { visit: `${visit}E`, at: admittedAt - chance.whole(150, 230) * MINUTE } }),
    admittedAt,
    bed: `Bed ${chance.whole(1, 12)}`,
    moved: { at: movedAt, ward: admission.ward, bed: `Bed ${chance.whole(1, 24)}` },
    ...(dischargedAt === undefined ? {} : { dischargedAt }),
    endsInDeath: life.died !== undefined,
    ...mistakeOf(dischargedAt !== undefined && life.died === undefined, chance),
    observations: observationsOf(life, admission, visit, admittedAt, until, days, chance),
  };
}

function mistakeOf(isOver: boolean, chance: Chance): Pick<Stay, 'mistake'> {
  if (isOver && chance.is(0.15)) return { mistake: 'cancelled-discharge' };
  return chance.is(0.12) ? { mistake: 'cancelled-transfer' } : {};
}

/** Sets of observations in one stay. */
const SETS_MAX = 18;

const COPD = '13645005';
const OSTEOARTHRITIS = '396275006';
const HYPERTENSION = '38341003';

function has(life: DemoLife, code: string): boolean {
  return life.problems.some(({ problem }) => problem.code === code);
}

function observationsOf(
  life: DemoLife,
  admission: Admission,
  visit: string,
  from: number,
  until: number,
  days: number,
  chance: Chance,
): ObservationSet[] {
  const sets: ObservationSet[] = [];
  const begins = admission.isPlanned === true ? 0.25 : 0.5 + chance.next() * 0.4;
  let at = from + chance.whole(10, 40) * MINUTE;
  while (at < until - 20 * MINUTE && sets.length < SETS_MAX) {
    const gone = (at - from) / (days * DAY);
    const illness =
      life.died === undefined ? begins * Math.max(0, 1 - gone) ** 1.5 : begins * 0.6 + gone * 0.5;
    sets.push(oneSet(life, admission, `${visit}-${sets.length + 1}`, at, illness, chance));
    at += (gone < 0.4 ? chance.whole(4, 5) : chance.whole(5, 7)) * HOUR + chance.whole(-20, 20) * MINUTE;
  }
  return sets;
}

/** `illness` is 0 for somebody well and 1 for somebody gravely ill. */
function oneSet(
  life: DemoLife,
  admission: Admission,
  number: string,
  at: number,
  illness: number,
  chance: Chance,
): ObservationSet {
  const about = (mean: number, spread: number): number => Math.round(chance.about(mean, spread));
  const isScale2 = has(life, COPD);
  const isOnOxygen = illness > 0.55;
  const best = isScale2 ? 92 : 99;
  const systolic = about(126 + (has(life, HYPERTENSION) ? 14 : 0) - illness * 26, 9);
  return {
    number,
    at,
    respirations: about(15 + illness * 9, 1.5),
    saturation: Math.min(best, about(best - 2 - illness * 4 + (isOnOxygen ? 1 : 0), 1)),
    ...(isOnOxygen ? { oxygen: chance.whole(1, 4) } : {}),
    systolic,
    diastolic: Math.round(systolic * 0.58 + chance.about(0, 4)),
    pulse: about(74 + illness * 34, 5),
    consciousness: illness > 0.85 && life.age > 74 && chance.is(0.5) ? 'C' : 'A',
    temperature: Number(
      chance.about(36.7 + (admission.isFeverish === true ? illness * 2 : 0), 0.25).toFixed(1),
    ),
    isScale2,
  };
}
