/**
 * What the hospital's patient administration system sends of a person, in the order in which it happened:
 * A28 and A31 (who it is), A05, A01, A02, A03 (stays), A04 (attendances), A08, A11, A12, A13 (what was put
 * right), A40 (two numbers that were one person). HL7 v2.4 as HL7 UK A.3 profiles it; ward observations are
 * another system's (ward-observations.ts).
 */
import type { Attendance } from './contacts.ts';
import { localNumber } from './folder.ts';
import type { History } from './history.ts';
import { HOSPITAL, hospitalNumber, hospitalStatus, isKnownToHospital, type Sent } from './hospital-facts.ts';
import { hl7Minute, hl7Time } from './london-time.ts';
import { al1, charsetOf, nk1, pd1, pid } from './patient-segments.ts';
import { DAY, type DemoLife, HOUR, MINUTE } from './person.ts';
import { workplace } from './staff.ts';
import type { Stay } from './stays.ts';
import { supersededNumber } from './uk-core.ts';
import { components, message, segment, text } from './v2-print.ts';
import { observationMessages } from './ward-observations.ts';

const SITE = 'RX101';

/** The number that a second record of the same person had until the two were merged. */
function retiredNumber(life: DemoLife): string {
  return `E9${localNumber('ex', life.number).slice(1)}`;
}

const asCx = (number: string): string => components(number, '', '', HOSPITAL, 'MR');

/** All messages of a person, administration and wards, oldest first. */
export function hospitalMessages(life: DemoLife, history: History): string[] {
  if (!isKnownToHospital(history)) return [];
  const records = new Registrations(life);
  const visits = [
    ...history.attendances.flatMap((one) => attendanceEvents(records, one)),
    ...history.stays.flatMap((one) => stayEvents(records, one)),
  ].sort((a, b) => a.at - b.at);
  const first = visits[0]?.at ?? life.until;
  const all = [
    ...records.registrations(first),
    ...visits,
    ...history.stays.flatMap((stay) => observationMessages(life, stay, records.pidAt)),
    ...records.corrections(first),
  ];
  return all.sort((a, b) => a.at - b.at).map(({ make }, i) => make(i + 1));
}

/** Under which numbers the person stands in the hospital's index at a moment. */
class Registrations {
  readonly life: DemoLife;

  constructor(life: DemoLife) {
    this.life = life;
  }

  /** When the new NHS number reached the hospital. */
  #renumberedAt(): number {
    return this.life.until - 100 * DAY;
  }

  readonly pidAt = (at: number, number = hospitalNumber(this.life)): string => {
    const { life } = this;
    const old = supersededNumber(life);
    return pid(life, {
      localNumber: asCx(number),
      nhsNumber: old !== undefined && at < this.#renumberedAt() ? old : life.nhsNumber,
      status: hospitalStatus(life),
      ...(life.died !== undefined && at >= life.died ? { died: life.died } : {}),
    });
  };

  /** The number that an attendance was booked under: before the merge, that of the other record. */
  attendanceNumber(): string {
    return this.life.hard === 'merged-at-hospital' ? retiredNumber(this.life) : hospitalNumber(this.life);
  }

  registrations(first: number): Sent[] {
    const at = first - 4 * MINUTE;
    const number = this.attendanceNumber();
    const added = [this.#person('A28', at, number)];
    if (number !== hospitalNumber(this.life)) {
      added.push(this.#person('A28', at + HOUR, hospitalNumber(this.life)));
    }
    return added;
  }

  /** A31 with what the index learnt later, A40. */
  corrections(first: number): Sent[] {
    const { life } = this;
    if (life.hard === 'superseded-number') {
      return [this.#person('A31', this.#renumberedAt(), hospitalNumber(life))];
    }
    if (life.hard === 'merged-at-hospital') return [this.#merge(life.until - 2 * DAY)];
    const at = first + 20 * MINUTE;
    return life.number % 4 === 0 ? [this.#person('A31', at, this.attendanceNumber())] : [];
  }

  #person(trigger: 'A28' | 'A31', at: number, number: string): Sent {
    const { life } = this;
    return event(this, trigger, at, () => [
      this.pidAt(at, number),
      pd1(life),
      ...nk1(life),
      segment('PV1', { 1: '1', 2: 'N' }),
      ...al1(life),
    ]);
  }

  #merge(at: number): Sent {
    return event(this, 'A40', at, () => [
      this.pidAt(at),
      pd1(this.life),
      segment('MRG', { 1: asCx(retiredNumber(this.life)) }),
    ]);
  }
}

/** Message structures of table 0354. */
const STRUCTURES: Readonly<Record<string, string>> = {
  A01: 'ADT_A01',
  A02: 'ADT_A02',
  A03: 'ADT_A03',
  A04: 'ADT_A01',
  A05: 'ADT_A05',
  A08: 'ADT_A01',
  A11: 'ADT_A09',
  A12: 'ADT_A12',
  A13: 'ADT_A01',
  A28: 'ADT_A05',
  A31: 'ADT_A05',
  A40: 'ADT_A39',
};

function event(
  { life }: Registrations,
  trigger: string,
  at: number,
  segments: () => readonly string[],
): Sent {
  const sentAt = at + 45_000;
  return {
    at,
    make: (sequence) =>
      message(
        {
          application: 'PAS',
          facility: HOSPITAL,
          sentAt: hl7Time(sentAt),
          type: components('ADT', trigger, STRUCTURES[trigger] ?? ''),
          controlId: `PAS${String(life.number).padStart(7, '0')}${String(sequence).padStart(4, '0')}`,
          version: '2.4',
          charset: charsetOf(life),
        },
        [segment('EVN', { 1: trigger, 2: hl7Time(sentAt), 6: hl7Time(at) }), ...segments()],
      ),
  };
}

const place = (ward: string, bed = ''): string => components(HOSPITAL, ward, bed, SITE);

function consultant(n: number): string {
  const { people } = workplace(HOSPITAL);
  const { prefix, given, family, number } = people[n - 1] ?? people[0];
  return components(`C${number}`, family, given, '', '', prefix);
}

interface Pv1 {
  readonly class: 'E' | 'I' | 'O' | 'P';
  readonly place: string;
  readonly before?: string;
  readonly method?: readonly [string, string];
  readonly specialty: { readonly code: string; readonly display: string };
  readonly visit: string;
  readonly admittedAt?: number;
  readonly discharge?: { readonly at: number; readonly method: string; readonly to: string };
}

function pv1(options: Pv1): string {
  const { discharge, specialty } = options;
  const senior = consultant((Number(specialty.code) % 3) + 1);
  return segment('PV1', {
    1: '1',
    2: options.class,
    3: options.place,
    4: options.method === undefined ? '' : components(...options.method),
    6: options.before ?? '',
    7: senior,
    9: senior,
    10: specialty.code,
    14: '19',
    19: components(options.visit, '', '', HOSPITAL, 'VN'),
    ...(discharge === undefined ? {} : { 36: discharge.method, 37: discharge.to }),
    44: options.admittedAt === undefined ? '' : hl7Minute(options.admittedAt),
    ...(discharge === undefined ? {} : { 45: hl7Minute(discharge.at) }),
  });
}

/** PV2-3: why the patient came. */
const pv2 = (reason: string): string => segment('PV2', { 3: components('', reason) });

function attendanceEvents(records: Registrations, one: Attendance): Sent[] {
  const { life } = records;
  const number = records.attendanceNumber();
  const isClinic = one.kind === 'clinic';
  const base: Pv1 = {
    class: isClinic ? 'O' : 'E',
    place: place(isClinic ? 'Outpatients' : 'Emergency Department'),
    ...(isClinic ? {} : { method: ['21', 'Emergency: via Emergency Care Department'] as const }),
    specialty: one.specialty,
    visit: one.visit,
    admittedAt: one.at,
  };
  const ended = one.at + one.minutes * MINUTE;
  const discharge = { at: ended, method: '1', to: '19' };
  const said = (trigger: string, at: number, visit: Pv1, more: readonly string[] = []): Sent =>
    event(records, trigger, at, () => [
      records.pidAt(at, number),
      pd1(life),
      ...(trigger === 'A04' ? nk1(life) : []),
      pv1(visit),
      ...more,
    ]);
  const mistaken: Pv1 = {
    ...base,
    class: 'I',
    place: place('Acute Medical Unit', 'Bed 3'),
    visit: `${one.visit}M`,
    admittedAt: one.at + 40 * MINUTE,
  };
  return [
    said('A04', one.at, base, [pv2(one.reason), ...al1(life)]),
    ...(one.wasMistaken
      ? [said('A01', one.at + 40 * MINUTE, mistaken), said('A11', one.at + 55 * MINUTE, mistaken)]
      : []),
    said('A03', ended, { ...base, discharge }),
  ];
}

/** DG1 as coders write it: ICD-10, with the words of the clinician; working until the end, then final. */
function dg1({ admission }: Stay, at: number, type: 'W' | 'F'): string {
  return segment('DG1', {
    1: '1',
    3: components(admission.icd10, admission.display, 'I10'),
    4: text(admission.display),
    5: hl7Minute(at),
    6: type,
  });
}

function stayEvents(records: Registrations, stay: Stay): Sent[] {
  const { life } = records;
  const { admission, emergency, plannedAt, admittedAt, moved, dischargedAt } = stay;
  const isPlanned = admission.isPlanned === true;
  const firstWard = isPlanned ? admission.ward : 'Acute Medical Unit';
  const start = place(firstWard, stay.bed);
  const base: Pv1 = {
    class: 'I',
    place: start,
    method: isPlanned ? ['11', 'Elective: waiting list'] : ['21', 'Emergency: via Emergency Care Department'],
    specialty: admission.specialty,
    visit: stay.visit,
    admittedAt,
  };
  const there = { ...base, place: place(moved.ward, moved.bed), before: start };
  const said = (trigger: string, at: number, visit: Pv1, more: readonly string[] = []): Sent =>
    event(records, trigger, at, () => [records.pidAt(at), pd1(life), pv1(visit), ...more]);
  const events: Sent[] = [];
  if (plannedAt !== undefined) {
    const { admittedAt: _, ...arranged } = base;
    events.push(said('A05', plannedAt, { ...arranged, class: 'P' }, [pv2(admission.display)]));
  }
  if (emergency !== undefined)
    events.push(...emergencyEvents(said, base, emergency, admittedAt, admission.display));
  events.push(
    said('A01', admittedAt, base, [pv2(admission.display), ...al1(life), dg1(stay, admittedAt, 'W')]),
    ...transferEvents(said, base, there, stay),
    said('A08', moved.at + 2 * HOUR, there, [dg1(stay, admittedAt, 'W')]),
  );
  if (dischargedAt === undefined) return events;
  const discharge = stay.endsInDeath
    ? { at: dischargedAt, method: '4', to: '79' }
    : { at: dischargedAt, method: '1', to: '19' };
  const ended = said('A03', dischargedAt, { ...there, before: '', discharge }, [dg1(stay, admittedAt, 'F')]);
  if (stay.mistake !== 'cancelled-discharge') return [...events, ended];
  const early = dischargedAt - 3 * HOUR;
  const tooEarly = { ...there, before: '', discharge: { ...discharge, at: early } };
  return [...events, said('A03', early, tooEarly), said('A13', early + 25 * MINUTE, there), ended];
}

type Said = (trigger: string, at: number, visit: Pv1, more?: readonly string[]) => Sent;

/** Through the emergency department: an attendance of its own, which ends with the admission. */
function emergencyEvents(
  said: Said,
  base: Pv1,
  emergency: NonNullable<Stay['emergency']>,
  admittedAt: number,
  reason: string,
): Sent[] {
  const there: Pv1 = {
    ...base,
    class: 'E',
    place: place('Emergency Department'),
    specialty: { code: '180', display: 'Emergency Medicine' },
    visit: emergency.visit,
    admittedAt: emergency.at,
  };
  const left = admittedAt - 5 * MINUTE;
  return [
    said('A04', emergency.at, there, [pv2(reason)]),
    said('A03', left, { ...there, discharge: { at: left, method: '1', to: '51' } }),
  ];
}

function transferEvents(said: Said, base: Pv1, there: Pv1, { moved, mistake }: Stay): Sent[] {
  const transfer = said('A02', moved.at, there);
  if (mistake !== 'cancelled-transfer') return [transfer];
  const wrong = { ...base, place: place('Rowan Ward', 'Bed 20'), before: base.place };
  return [
    said('A02', moved.at - 50 * MINUTE, wrong),
    said('A12', moved.at - 30 * MINUTE, { ...base, before: wrong.place }),
    transfer,
  ];
}
