/**
 * The people who make a record service prove itself: each hard case has a fixed person, so that it is there
 * whatever the count.
 */

export type HardCase =
  | 'namesake'
  | 'unverified-at-hospital'
  | 'child'
  | 'merged-at-hospital'
  | 'superseded-number'
  | 'deceased'
  | 'latin-1'
  | 'beyond-latin-1'
  | 'restricted-entry'
  | 'dissent'
  | 'unknown-at-hospital';

interface Particulars {
  readonly hard: HardCase;
  /** For the list of people to try. */
  readonly why: string;
  /** Youngest and oldest. */
  readonly ages: readonly [number, number];
  readonly name?: {
    readonly gender: 'female' | 'male';
    readonly given: readonly string[];
    readonly family: string;
  };
}

/** By the person's number. None of them is one of those with a long record (`isFullNumber`). */
const HARD_CASES: ReadonlyMap<number, Particulars> = new Map<number, Particulars>([
  [2, { hard: 'namesake', why: 'shares name and birth date with 999 000 0034', ages: [35, 60] }],
  [3, { hard: 'namesake', why: 'shares name and birth date with 999 000 0026', ages: [35, 60] }],
  [
    4,
    {
      hard: 'unverified-at-hospital',
      why: 'the hospital holds a record under an NHS number that nobody has verified',
      ages: [40, 75],
    },
  ],
  [5, { hard: 'child', why: 'a child', ages: [4, 9] }],
  [6, { hard: 'merged-at-hospital', why: 'two hospital numbers, merged', ages: [30, 70] }],
  [7, { hard: 'superseded-number', why: 'an earlier NHS number was superseded', ages: [25, 70] }],
  [9, { hard: 'deceased', why: 'died in hospital', ages: [78, 92] }],
  [
    10,
    {
      hard: 'latin-1',
      why: 'accents in ISO-8859-1',
      ages: [30, 70],
      name: { gender: 'female', given: ['Zoë', 'Renée'], family: 'Núñez-Brontë' },
    },
  ],
  [
    11,
    {
      hard: 'beyond-latin-1',
      why: 'a long name, with letters that ISO-8859-1 does not have',
      ages: [30, 70],
      name: {
        gender: 'male',
        given: ['Bartholomew', 'Gŵilym'],
        family: "O'Shaughnessy-Wojciechowski-Llŷr",
      },
    },
  ],
  [12, { hard: 'restricted-entry', why: 'an entry that is labelled restricted', ages: [22, 45] }],
  [13, { hard: 'dissent', why: 'said no to sharing the mental-health record', ages: [25, 60] }],
  [
    16,
    {
      hard: 'unknown-at-hospital',
      why: 'the hospital has another record, of an unknown person, that may be theirs',
      ages: [25, 60],
    },
  ],
]);

/** What is special about person `number`; undefined for most. */
export function hardCase(number: number): Particulars | undefined {
  return HARD_CASES.get(number);
}

/**
 * People with something in every kind of care organisation and a long record: one in seven, at both
 * practices.
 */
export function isFullNumber(number: number): boolean {
  return number % 7 === 1;
}
