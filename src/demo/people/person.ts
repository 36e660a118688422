/** A made-up person: who they are, where they are registered, what they live with. Everything else in a life follows from this. */
import { Chance } from './chance.ts';
import { type Medicine, PROBLEMS, type Problem } from './clinical-facts.ts';
import { FAMILY_NAMES, FEMALE_NAMES, MALE_NAMES, STREETS, TITLES, TOWNS } from './names.ts';

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
  readonly problems: readonly LivedProblem[];
  /** Something at every kind of care organisation, and a long record. */
  readonly isFull: boolean;
}

export interface LivedProblem {
  readonly problem: Problem;
  /** YYYY-MM-DD */
  readonly since: string;
  readonly medicines: readonly Medicine[];
}

/** The last day of every made-up life, so that the same seed gives the same bytes whenever it is run. */
export const LAST_DAY = Date.UTC(2026, 10, 20);
export const DAY = 86_400_000;

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

/** The nth NHS number of the range for made-up people (999 000 0000 up) that has a right check digit. */
export function demoNhsNumber(n: number): string {
  let nine = 999_000_001;
  for (let found = 0; ; nine++) {
    const check = checkDigit(String(nine));
    if (check === 10) continue;
    if (++found === n) return `${nine}${check}`;
  }
}

/** NHS number check digit: 11 minus the weighted sum modulo 11; 11 counts as 0, 10 is not used. */
function checkDigit(nine: string): number {
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += Number(nine[i]) * (10 - i);
  const check = 11 - (sum % 11);
  return check === 11 ? 0 : check;
}

export interface LifeOptions {
  readonly number: number;
  readonly nhsNumber: string;
  readonly practice: string;
  readonly isFull: boolean;
  /** Name, birth date and gender of somebody else, for the hard case of two people who share them. */
  readonly namesake?: DemoLife;
}

export function makeLife(options: LifeOptions): DemoLife {
  const { number, namesake } = options;
  const chance = new Chance(`life ${number}`);
  const gender = namesake?.gender ?? (chance.is(0.5) ? 'female' : 'male');
  const age = options.isFull ? chance.whole(55, 90) : chance.whole(1, 95);
  const born = LAST_DAY - Math.floor((age + chance.next() * 0.99) * 365.25) * DAY;
  const place = chance.pick(TOWNS);
  const life = {
    ...options,
    key: `p${String(number).padStart(4, '0')}`,
    family: namesake?.family ?? chance.pick(FAMILY_NAMES),
    given: namesake?.given ?? chance.some(gender === 'female' ? FEMALE_NAMES : MALE_NAMES, 2),
    title: age < 16 ? (gender === 'female' ? 'Miss' : 'Master') : chance.pick(TITLES[gender]),
    gender,
    birthDate: namesake?.birthDate ?? isoDay(born),
    age: namesake?.age ?? age,
    line: `${chance.whole(1, 140)} ${chance.pick(STREETS)}`,
    town: place.town,
    postcode: `${place.postcode} ${chance.whole(1, 9)}${chance.pick('ABDEFGHJLNPQRSTUWXYZ'.split(''))}${chance.pick('ABDEFGHJLNPQRSTUWXYZ'.split(''))}`,
    phone: `07700 900${String(chance.whole(0, 999)).padStart(3, '0')}`,
    ethnicity: chance.pick(ETHNICITIES),
  } as const;
  return { ...life, problems: problemsOf(life.age, born, options.isFull, chance) };
}

function problemsOf(age: number, born: number, isFull: boolean, chance: Chance): LivedProblem[] {
  const possible = PROBLEMS.filter((problem) => problem.from < age);
  const wanted = isFull ? Math.max(5, chance.whole(5, 8)) : undefined;
  const chosen =
    wanted === undefined
      ? possible.filter((problem) => chance.is((problem.likely * Math.min(age, 80)) / 80))
      : chance.some(possible, Math.min(wanted, possible.length));
  return chosen.map((problem) => {
    const earliest = born + problem.from * 365.25 * DAY;
    const since = earliest + chance.next() * Math.max(0, LAST_DAY - 400 * DAY - earliest);
    const medicines = problem.medicines.slice(0, isFull ? 2 : chance.whole(1, problem.medicines.length));
    return { problem, since: isoDay(since), medicines };
  });
}

/** YYYY-MM-DD of a moment (ms, UTC). */
export function isoDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** A moment on a working day between two others, within working hours. */
export function momentBetween(from: number, to: number, chance: Chance): number {
  const day = Math.floor((from + chance.next() * Math.max(DAY, to - from)) / DAY) * DAY;
  return Math.min(day, LAST_DAY - DAY) + chance.whole(8 * 60, 18 * 60) * 60_000;
}
