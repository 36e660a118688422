/**
 * Letters as they are written: the same text at the one who wrote it and at the practice that received it.
 */

import type { Attendance, Call, MentalHealth } from './contacts.ts';
import type { History } from './history.ts';
import { londonDay, londonMinute } from './london-time.ts';
import { DAY, type DemoLife, HOUR, LAST_DAY, MINUTE } from './person.ts';
import { workplace } from './staff.ts';
import type { Stay } from './stays.ts';

export interface Letter {
  /** Number of the document where it was written: the same at whoever received it. */
  readonly number: string;
  readonly from: string;
  readonly title: string;
  /** SNOMED CT code of its kind, where it is certain. */
  readonly code?: string;
  readonly at: number;
  readonly text: string;
  /** Visit number that it is about. */
  readonly visit?: string;
}

function head(life: DemoLife, from: string, at: number): string {
  const digits = life.nhsNumber;
  const spaced = `${digits.slice(0, 3)} ${digits.slice(3, 6)} ${digits.slice(6)}`;
  return [
    from,
    '',
    `Date: ${londonDay(at)}`,
    `Re: ${life.title} ${life.given.join(' ')} ${life.family}`,
    `Born: ${londonDay(Date.parse(life.birthDate))}   NHS number: ${spaced}`,
    `${life.line}, ${life.town}, ${life.postcode}`,
    '',
  ].join('\n');
}

function signature(ods: string, n: number): string {
  const person = workplace(ods).people[n - 1] ?? workplace(ods).people[0];
  return `\n${person.prefix} ${person.given} ${person.family}\n`;
}

/** The discharge summary of a stay that has ended. */
export function dischargeSummary(life: DemoLife, history: History, stay: Stay): Letter | undefined {
  if (stay.dischargedAt === undefined) return undefined;
  const at = Math.min(stay.dischargedAt + HOUR, LAST_DAY - MINUTE);
  const medicines = currentMedicines(history, stay.dischargedAt);
  const course = stay.endsInDeath
    ? `${life.title} ${life.family} became weaker and died on the ward (${londonMinute(stay.dischargedAt)}).`
    : 'Treated on the ward, observations settled, and able to go home.';
  const text = [
    head(life, 'Exampleton General Hospital', at),
    stay.endsInDeath ? 'NOTIFICATION OF DEATH IN HOSPITAL' : 'DISCHARGE SUMMARY',
    `Admitted: ${londonMinute(stay.admittedAt)}   Left: ${londonMinute(stay.dischargedAt)}`,
    `Ward: ${stay.moved.ward}   Specialty: ${stay.admission.specialty.display}`,
    `Diagnosis: ${stay.admission.display}`,
    `Done: ${stay.admission.procedure.display}`,
    `Problems known before: ${life.problems.map((one) => one.problem.display).join('; ') || 'none'}`,
    `Allergies: ${allergyLine(life)}`,
    '',
    course,
    '',
    ...(stay.endsInDeath
      ? []
      : [
          'Medicines on leaving:',
          ...(medicines.length === 0 ? ['  none'] : medicines.map((one) => `  ${one}`)),
          '',
          'For the GP: please see in one week, and repeat U&E.',
        ]),
    signature('RX1', 1),
  ].join('\n');
  return {
    number: `DS${stay.visit}`,
    from: 'RX1',
    title: stay.endsInDeath ? 'Notification of death in hospital' : 'Discharge summary',
    ...(stay.endsInDeath ? {} : { code: '373942005' }),
    at,
    text,
    visit: stay.visit,
  };
}

function currentMedicines(history: History, at: number): string[] {
  const near = history.prescriptions.filter((one) => one.at <= at && one.at > at - 60 * DAY);
  const lines = near.flatMap((one) =>
    one.items
      .filter((item) => item.isRepeat && item.status !== 'stopped')
      .map(({ medicine }) => `${medicine.display}: ${medicine.dose}`),
  );
  return [...new Set(lines)];
}

function allergyLine({ allergies }: DemoLife): string {
  if (allergies === 'none-known') return 'no known allergies';
  if (allergies === 'not-recorded') return 'not recorded';
  return allergies.map((one) => `${one.display} (${one.reaction})`).join('; ');
}

/** The clinic's letter, or the emergency department's. */
export function attendanceLetter(life: DemoLife, attendance: Attendance): Letter {
  const isClinic = attendance.kind === 'clinic';
  const at = Math.min(attendance.at + (isClinic ? 3 * DAY : 5 * HOUR), LAST_DAY - MINUTE);
  const text = [
    head(life, 'Exampleton General Hospital', at),
    isClinic ? `${attendance.specialty.display.toUpperCase()} CLINIC` : 'EMERGENCY DEPARTMENT',
    `Seen: ${londonMinute(attendance.at)}`,
    `Reason: ${attendance.reason}`,
    '',
    isClinic
      ? 'Thank you for sending us this patient. Nothing of concern was found.\nNext visit in six months.'
      : 'Examined, treated and sent home with advice. No follow-up here.',
    signature('RX1', isClinic ? 2 : 3),
  ].join('\n');
  return {
    number: `CL${attendance.visit}`,
    from: 'RX1',
    title: isClinic ? `${attendance.specialty.display} clinic letter` : 'Emergency department letter',
    at,
    text,
    visit: attendance.visit,
  };
}

/** The report of a call to 111, sent to the practice at its end. */
function callReport(life: DemoLife, call: Call): Letter {
  const at = call.at + (call.minutes + 2) * 60_000;
  const text = [
    head(life, 'Exampleton 111 Service', at),
    'NHS 111 REPORT',
    `Call: ${londonMinute(call.at)}, ${call.minutes} minutes   Case: ${call.number}`,
    `Symptom: ${call.reason}`,
    `Outcome: ${call.outcome}`,
    signature('NX111', 1),
  ].join('\n');
  return { number: call.number, from: 'NX111', title: 'NHS 111 report', at, text };
}

/** The mental-health trust's letter after the first assessment. */
function assessmentLetter(life: DemoLife, known: MentalHealth): Letter | undefined {
  const [first] = known.contacts;
  if (first === undefined || life.hard === 'dissent') return undefined;
  const at = Math.min(first.at + 2 * DAY, LAST_DAY - MINUTE);
  const text = [
    head(life, 'Upper Sampleford Mental Health', at),
    'COMMUNITY MENTAL HEALTH TEAM: ASSESSMENT',
    'Low mood for some months, sleeping badly, no thoughts of self-harm today.',
    'Plan: talking therapy, medicine to go on as before, a safety plan was written together.',
    signature('RXM', 1),
  ].join('\n');
  return { number: `MH${life.key.slice(1)}`, from: 'RXM', title: 'Mental health assessment', at, text };
}

/** Every letter that the practice received, oldest first. */
export function lettersToPractice(life: DemoLife, history: History): Letter[] {
  const letters = [
    ...history.stays.map((stay) => dischargeSummary(life, history, stay)),
    ...history.attendances.map((one) => attendanceLetter(life, one)),
    ...history.calls.map((one) => callReport(life, one)),
    history.mentalHealth === undefined ? undefined : assessmentLetter(life, history.mentalHealth),
  ];
  return letters.filter((one) => one !== undefined).sort((a, b) => a.at - b.at);
}
