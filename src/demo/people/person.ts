/**
 * A made-up person: who they are, where they are registered, what they live with. Everything else in a life
 * follows from this.
 */
import { Chance } from './chance.ts';
import { ALLERGIES, type Allergy, type Medicine, PROBLEMS, type Problem } from './clinical-facts.ts';
import { type HardCase, hardCase, isFullNumber } from './hard-cases.ts';
import { FAMILY_NAMES, FEMALE_NAMES, MALE_NAMES, STREETS, TITLES, TOWNS } from './names.ts';
import { demoNhsNumber } from './nhs-numbers.ts';

export interface DemoLife {
  /** `p0001`: the same at every organisation, for ids. */
  readonly key: string;
  readonly number: number;
  readonly nhsNumber: string;
  readonly family: string;
  readonly given: readonly string[];
  readonly title: string;
  readonly gender: 'female' | 'male';
  /** YYYY-MM-DD */
  readonly birthDate: string;
  readonly age: number;
  readonly line: string;
  readonly town: string;
  readonly postcode: string;
  readonly phone: string;
  readonly ethnicity: { readonly code: string; readonly display: string };
  /** ODS code of the registered practice. */
  readonly practice: string;
  /** Which of the practice's doctors is theirs, from 1. */
  readonly doctor: number;
  readonly allergies: 'none-known' | 'not-recorded' | readonly Allergy[];
  readonly problems: readonly LivedProblem[];
  /** Something at every kind of care organisation, and a long record. */
  readonly isFull: boolean;
  readonly hard?: HardCase;
  /** Milliseconds UTC */
  readonly died?: number;
  /** Nothing happens after this: the last day, or the person's death. */
  readonly until: number;
}

interface LivedProblem {
  readonly problem: Problem;
  /** YYYY-MM-DD */
  readonly since: string;
  readonly medicines: readonly Medicine[];
}

/** The last day of every made-up life, so that the same seed gives the same bytes whenever it is run. */
export const LAST_DAY = Date.UTC(2026, 10, 20);
export const DAY = 86_400_000;
export const HOUR = 3_600_000;
export const MINUTE = 60_000;

const ETHNICITIES = [
  { code: 'A', display: 'British, Mixed British' },
  { code: 'A', display: 'British, Mixed British' },
  { code: 'A', display: 'British, Mixed British' },
  { code: 'H', display: 'Indian or British Indian' },
  { code: 'J', display: 'Pakistani or British Pakistani' },
  { code: 'N', display: 'African' },
  { code: 'M', display: 'Caribbean' },
  { code: 'R', display: 'Chinese' },
] as const;

/** Person `number` (from 1): the same whoever else is made. */
export function makeLife(number: number): DemoLife {
  const chance = new Chance(`life ${number}`);
  const hard = hardCase(number);
  const isFull = isFullNumber(number);
  const namesake = hard?.hard === 'namesake' && number === 3 ? makeLife(2) : undefined;
  const gender = namesake?.gender ?? hard?.name?.gender ?? (chance.is(0.5) ? 'female' : 'male');
  const [youngest, oldest] = hard?.ages ?? (isFull ? [55, 90] : [1, 95]);
  const drawn = chance.whole(youngest, oldest);
  const born = namesake === undefined ? bornAt(drawn, chance) : Date.parse(namesake.birthDate);
  const age = namesake?.age ?? drawn;
  const place = chance.pick(TOWNS);
  const died = hard?.hard === 'deceased' ? LAST_DAY - 47 * DAY + 4 * HOUR : undefined;
  const life = {
    key: `p${String(number).padStart(4, '0')}`,
    number,
    nhsNumber: demoNhsNumber(number),
    ...(hard === undefined ? {} : { hard: hard.hard }),
    ...(died === undefined ? {} : { died }),
    until: died ?? LAST_DAY,
    isFull,
    family: namesake?.family ?? hard?.name?.family ?? chance.pick(FAMILY_NAMES),
    given:
      namesake?.given ?? hard?.name?.given ?? chance.some(gender === 'female' ? FEMALE_NAMES : MALE_NAMES, 2),
    title: age < 16 ? (gender === 'female' ? 'Miss' : 'Master') : chance.pick(TITLES[gender]),
    gender,
    birthDate: isoDay(born),
    age,
    line: `${chance.whole(1, 140)} ${chance.pick(STREETS)}`,
    town: place.town,
    postcode: `${place.postcode} ${chance.whole(1, 9)}${chance.pick(LETTERS)}${chance.pick(LETTERS)}`,
    phone: `07700 900${String(chance.whole(0, 999)).padStart(3, '0')}`,
    ethnicity: chance.pick(ETHNICITIES),
    practice: number % 2 === 1 ? 'A90001' : 'A90002',
    doctor: chance.whole(1, 3),
    allergies: allergiesOf(chance),
  } as const;
  return { ...life, problems: problemsOf(life, chance) };
}

function bornAt(age: number, chance: Chance): number {
  return LAST_DAY - Math.floor((age + chance.next() * 0.99) * 365.25) * DAY;
}

/** Letters that postcodes end with. */
const LETTERS = 'ABDEFGHJLNPQRSTUWXYZ'.split('');

function allergiesOf(chance: Chance): DemoLife['allergies'] {
  if (chance.is(0.45)) return 'none-known';
  if (chance.is(0.3)) return 'not-recorded';
  return chance.some(ALLERGIES, chance.is(0.3) ? 2 : 1);
}

function problemsOf(life: Omit<DemoLife, 'problems'>, chance: Chance): LivedProblem[] {
  const { age, isFull, hard } = life;
  const possible = PROBLEMS.filter((problem) => problem.from < age);
  const wanted = isFull ? chance.whole(6, 8) : undefined;
  const chosen =
    wanted === undefined
      ? possible.filter(
          (problem) =>
            chance.is((problem.likely * Math.min(age, 80)) / 80) ||
            (hard === 'dissent' && problem.code === DEPRESSION),
        )
      : withDepression(possible, chance.some(possible, wanted - 1));
  return chosen.map((problem) => {
    const earliest = Date.parse(life.birthDate) + problem.from * 365.25 * DAY;
    const since = earliest + chance.next() * Math.max(0, life.until - 500 * DAY - earliest);
    const medicines = problem.medicines.slice(0, isFull ? 2 : chance.whole(1, problem.medicines.length));
    return { problem, since: isoDay(since), medicines };
  });
}

/** Those who are known to every kind of organisation are known to mental health too. */
function withDepression(possible: readonly Problem[], chosen: readonly Problem[]): Problem[] {
  return possible.filter((one) => one.code === DEPRESSION || chosen.includes(one));
}

/** Everybody who is known to mental health lives with it. */
export const DEPRESSION = '35489007';

/** YYYY-MM-DD of a moment (ms, UTC). */
function isoDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** A moment within working hours, on a working day that lies between two others, or right after. */
export function momentBetween(from: number, to: number, chance: Chance): number {
  const first = Math.ceil(from / DAY);
  const last = Math.max(first, Math.floor(to / DAY) - 1);
  const day = workingDay(first + Math.floor(chance.next() * (last - first + 1)), first, last);
  return day * DAY + chance.whole(9 * 60, 17 * 60) * MINUTE;
}

/** Saturdays and Sundays give way to the Monday, or to the Friday where that would be too late. */
function workingDay(day: number, first: number, last: number): number {
  const weekday = new Date(day * DAY).getUTCDay();
  const wait = weekday === 6 ? 2 : weekday === 0 ? 1 : 0;
  if (wait === 0 || day + wait <= last) return day + wait;
  const back = day + wait - 3;
  return back >= first ? back : day;
}
