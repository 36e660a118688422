/**
 * What the practice prescribed, and what came of it at the pharmacy: both tell of one prescription by one
 * number, and of each item by one number. Electronic Prescription Service: prescription order number (short
 * form), item number.
 */
import { Chance } from './chance.ts';
import type { Coded, Medicine } from './clinical-facts.ts';
import { DAY, type DemoLife, HOUR, MINUTE } from './person.ts';

export interface Item {
  /** Prescription order item number. */
  readonly number: string;
  readonly medicine: Medicine;
  readonly isRepeat: boolean;
  readonly reason?: Coded;
  readonly status: 'active' | 'completed' | 'stopped';
  /** Why it was stopped. */
  readonly stopped?: string;
  readonly dispensed?: { readonly number: string; readonly at: number };
}

export interface Prescription {
  /** Prescription order number, short form: `04F4C2-A99968-7F717P`. */
  readonly number: string;
  /** The long form of the number. */
  readonly id: string;
  readonly at: number;
  readonly items: readonly Item[];
}

/** A form holds four items. */
const ITEMS_MAX = 4;
const ISSUE_DAYS = 56;

/** All prescriptions of the last year (of the last months for most), oldest first. */
export function prescriptionsOf(life: DemoLife): Prescription[] {
  const chance = new Chance(`prescriptions ${life.number}`);
  const taken = life.problems.flatMap(({ problem, since, medicines }) =>
    medicines.map((medicine) => ({
      medicine,
      reason: problem,
      since: Date.parse(since),
      stops: chance.is(0.12),
    })),
  );
  const issues = life.isFull ? 6 : 2;
  const newest = life.until - chance.whole(2, ISSUE_DAYS - 6) * DAY;
  const made: Prescription[] = [];
  for (let i = issues - 1; i >= 0; i--) {
    const day = Math.floor((newest - i * ISSUE_DAYS * DAY) / DAY) * DAY;
    const at = day + 10 * HOUR + chance.whole(0, 300) * MINUTE;
    const issued = taken.filter((one) => one.since < at && !(one.stops && i < issues / 2));
    for (let from = 0; from < issued.length; from += ITEMS_MAX) {
      const items = issued.slice(from, from + ITEMS_MAX).map((one) => {
        const isLast = i === 0 || (one.stops && i - 1 < issues / 2);
        const isOver = one.stops || life.died !== undefined;
        const status = isLast ? (isOver ? 'stopped' : 'active') : 'completed';
        const given = item({ ...one, status, at, until: life.until, chance });
        return status === 'stopped' && !one.stops ? { ...given, stopped: 'Patient died' } : given;
      });
      made.push({ number: orderNumber(life.practice, chance), id: chance.uuid(), at, items });
    }
  }
  return made;
}

/** A single course, prescribed at a consultation. */
export function courseOf(life: DemoLife, medicine: Medicine, reason: Coded, at: number): Prescription {
  const chance = new Chance(`course ${life.number} ${at}`);
  const isOver = at + 14 * DAY < life.until;
  const status = isOver ? ('completed' as const) : ('active' as const);
  const one = item({ medicine, reason, status, at, until: life.until, chance });
  return {
    number: orderNumber(life.practice, chance),
    id: chance.uuid(),
    at,
    items: [{ ...one, isRepeat: false }],
  };
}

function item(of: {
  readonly medicine: Medicine;
  readonly reason: Coded;
  readonly status: Item['status'];
  readonly at: number;
  readonly until: number;
  readonly chance: Chance;
}): Item {
  const { medicine, reason, status, at, until, chance } = of;
  const collected = Math.floor(at / DAY) * DAY + chance.whole(1, 4) * DAY + chance.whole(9, 17) * HOUR;
  const number = chance.uuid();
  const dispensed = { number: chance.uuid(), at: collected + chance.whole(0, 59) * MINUTE };
  return {
    number,
    medicine,
    isRepeat: true,
    reason: { display: reason.display, ...(reason.code === undefined ? {} : { code: reason.code }) },
    status,
    ...(status === 'stopped' ? { stopped: chance.pick(REASONS_TO_STOP) } : {}),
    ...(dispensed.at < until ? { dispensed } : {}),
  };
}

const REASONS_TO_STOP = ['Side effects', 'No longer needed', 'Changed to another medicine'] as const;

const HEX = '0123456789ABCDEF'.split('');

/** Six hexadecimal digits, the prescriber's ODS code, five more and a check character. */
function orderNumber(ods: string, chance: Chance): string {
  const hex = (count: number): string => Array.from({ length: count }, () => chance.pick(HEX)).join('');
  const body = `${hex(6)}${ods.padStart(6, '0')}${hex(5)}`;
  return `${body.slice(0, 6)}-${body.slice(6, 12)}-${body.slice(12)}${orderCheckCharacter(body)}`;
}

const CHECK = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+';

/** Check character of a prescription order number without its hyphens: ISO/IEC 7064, MOD 37-2. */
export function orderCheckCharacter(body: string): string {
  let sum = 0;
  for (const one of body) sum = ((sum + CHECK.indexOf(one)) * 2) % 37;
  return CHECK.charAt((38 - sum) % 37);
}
