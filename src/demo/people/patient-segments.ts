/**
 * PID, PD1, NK1 and AL1 of a person as English systems send them. HL7 UK v2 standard A.3 (ITK ADT): NHS
 * number and hospital number in PID-3, status of the NHS number in PID-32, practice and doctor in PD1.
 */
import { DEMO_ORGANISATIONS } from '../organisations.ts';
import { Chance } from './chance.ts';
import { hl7Minute } from './london-time.ts';
import { FEMALE_NAMES, MALE_NAMES } from './names.ts';
import { DAY, type DemoLife } from './person.ts';
import { workplace } from './staff.ts';
import type { Verification } from './uk-core.ts';
import { components, repetitions, segment, text } from './v2-print.ts';

export interface PidOptions {
  /** The sender's own number for the person, as CX. */
  readonly localNumber: string;
  /** Undefined where the sender has none. */
  readonly nhsNumber: string | undefined;
  readonly status: Verification;
  /** Set once the person has died. */
  readonly died?: number;
}

/** PID. */
export function pid(life: DemoLife, options: PidOptions): string {
  const { localNumber, nhsNumber, status, died } = options;
  const nhs = nhsNumber === undefined ? undefined : components(nhsNumber, '', '', 'NHS', 'NH');
  const [first = '', ...others] = life.given;
  return segment('PID', {
    1: '1',
    3: repetitions(nhs, localNumber),
    5: repetitions(
      components(life.family, first, others.join(' '), '', life.title, '', 'L'),
      maidenName(life),
    ),
    7: life.birthDate.replaceAll('-', ''),
    8: life.gender === 'male' ? '1' : '2',
    11: components(life.line, '', life.town, '', life.postcode, 'GBR', 'H'),
    13: repetitions(
      components(landline(life), 'PRN', 'PH'),
      components(life.phone.replace(' ', ''), 'PRN', 'CP'),
    ),
    15: components('en', 'English'),
    22: components(life.ethnicity.code, life.ethnicity.display),
    ...(died === undefined ? {} : { 29: hl7Minute(died), 30: 'Y' }),
    32: `NSTS${nhsNumber === undefined ? '07' : status}`,
  });
}

function landline(life: DemoLife): string {
  return `01632 96${String(life.number % 10_000).padStart(4, '0')}`;
}

function maidenName(life: DemoLife): string | undefined {
  const isKnown = life.title === 'Mrs' && life.number % 3 === 0;
  return isKnown ? components('Whitfield', life.given[0] ?? '', '', '', '', '', 'M') : undefined;
}

/** PD1: practice and doctor. */
export function pd1(life: DemoLife): string {
  const name = DEMO_ORGANISATIONS.find(({ ods }) => ods === life.practice)?.name ?? '';
  return segment('PD1', { 3: components(name, '', life.practice), 4: generalPractitioner(life) });
}

/** The person's doctor as XCN, under the code that prescriptions carry. */
export function generalPractitioner(life: DemoLife): string {
  const { people } = workplace(life.practice);
  const { prefix, given, family, number } = people[life.doctor - 1] ?? people[0];
  return components(`G${number}`, family, given, '', '', prefix, '', '', 'GMP');
}

/** NK1: next of kin; none for some. */
export function nk1(life: DemoLife): string[] {
  const chance = new Chance(`kin ${life.number}`);
  if (chance.is(0.15)) return [];
  const isChild = life.age < 18;
  const isFemale = chance.is(0.5);
  const given = chance.pick(isFemale ? FEMALE_NAMES : MALE_NAMES);
  const relation: readonly [string, string] = isChild
    ? isFemale
      ? ['MTH', 'Mother']
      : ['FTH', 'Father']
    : chance.pick([
        ['SPO', 'Spouse'],
        ['CHD', 'Child'],
        ['SIB', 'Sibling'],
      ] as const);
  return [
    segment('NK1', {
      1: '1',
      2: components(life.family, given, '', '', isFemale ? 'Mrs' : 'Mr'),
      3: components(...relation),
      5: components(`07700900${String(chance.whole(0, 999)).padStart(3, '0')}`, 'PRN', 'CP'),
      7: components('N', 'Next of kin'),
    }),
  ];
}

const KINDS = { medication: 'DA', food: 'FA', environment: 'EA' } as const;

/** AL1: what the hospital was told of allergies, which is often less than the practice knows. */
export function al1(life: DemoLife): string[] {
  const known = life.allergies;
  if (typeof known === 'string') return [];
  return known.slice(0, 1).map((allergy, i) =>
    segment('AL1', {
      1: String(i + 1),
      2: KINDS[allergy.category],
      3:
        allergy.code === undefined
          ? components('', allergy.display)
          : components(allergy.code, allergy.display, 'SCT'),
      4: allergy.criticality === 'high' ? 'SV' : 'MI',
      5: text(allergy.reaction),
      6: new Date(life.until - 2000 * DAY).toISOString().slice(0, 4),
    }),
  );
}

/** MSH-18: most systems send UTF-8; the records of some are older. */
export function charsetOf(life: DemoLife): 'UNICODE UTF-8' | '8859/1' {
  return life.hard === 'latin-1' ? '8859/1' : 'UNICODE UTF-8';
}
