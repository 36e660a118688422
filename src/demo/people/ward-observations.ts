/**
 * Sets of ward observations as the electronic chart sends them: one ORU^R01 a set, the seven parts of NEWS2
 * and the total that the chart worked out. HL7 v2.4; NEWS2, Royal College of Physicians 2017; codes SNOMED
 * CT.
 */
import { HOSPITAL, type Sent } from './hospital-facts.ts';
import { hl7Time } from './london-time.ts';
import { charsetOf } from './patient-segments.ts';
import { type DemoLife, MINUTE } from './person.ts';
import { workplace } from './staff.ts';
import type { ObservationSet, Stay } from './stays.ts';
import { components, message, segment } from './v2-print.ts';

const NURSE = workplace(HOSPITAL).people[3] ?? workplace(HOSPITAL).people[0];

/** The messages of a stay. `pidAt` gives the PID of a moment. */
export function observationMessages(life: DemoLife, stay: Stay, pidAt: (at: number) => string): Sent[] {
  return stay.observations.map((set) => ({
    at: set.at + MINUTE,
    make: (sequence) =>
      message(
        {
          application: 'EOBS',
          facility: HOSPITAL,
          sentAt: hl7Time(set.at + MINUTE),
          type: components('ORU', 'R01', 'ORU_R01'),
          controlId: `EO${String(life.number).padStart(7, '0')}${String(sequence).padStart(4, '0')}`,
          version: '2.4',
          charset: charsetOf(life),
        },
        [pidAt(set.at), visitOf(stay, set), report(set), ...resultsOf(set)],
      ),
  }));
}

function visitOf(stay: Stay, set: ObservationSet): string {
  const isMoved = set.at >= stay.moved.at;
  const first = stay.admission.isPlanned === true ? stay.admission.ward : 'Acute Medical Unit';
  return segment('PV1', {
    1: '1',
    2: 'I',
    3: components(HOSPITAL, isMoved ? stay.moved.ward : first, isMoved ? stay.moved.bed : stay.bed, 'RX101'),
    19: components(stay.visit, '', '', HOSPITAL, 'VN'),
  });
}

function report(set: ObservationSet): string {
  return segment('OBR', {
    1: '1',
    3: components(set.number, 'EOBS'),
    4: components('OBSSET', 'Ward observations', 'EOBS'),
    7: hl7Time(set.at),
    22: hl7Time(set.at + MINUTE),
    24: 'NRS',
    25: 'F',
  });
}

const CONSCIOUSNESS = {
  A: ['248234008', 'Mentally alert'],
  C: ['130987000', 'Acute confusion'],
  V: ['300202002', 'Responds to voice'],
  P: ['450847001', 'Responds to pain'],
  U: ['422768004', 'Unresponsive'],
} as const;

type Row = readonly [type: 'NM' | 'CE', code: string, display: string, value: string, unit: string];

function resultsOf(set: ObservationSet): string[] {
  const [mind, mindText] = CONSCIOUSNESS[set.consciousness];
  const number = (code: string, display: string, value: number, unit: string): Row => [
    'NM',
    code,
    display,
    String(value),
    unit,
  ];
  const rows: Row[] = [
    number('86290005', 'Respiratory rate', set.respirations, '/min'),
    number('103228002', 'Oxygen saturation', set.saturation, '%'),
    set.oxygen === undefined
      ? ['CE', '722742002', 'Breathing room air', components('722742002', 'Breathing room air', 'SCT'), '']
      : number('371825009', 'Patient on oxygen', set.oxygen, 'L/min'),
    number('72313002', 'Systolic arterial pressure', set.systolic, 'mm[Hg]'),
    number('1091811000000102', 'Diastolic arterial pressure', set.diastolic, 'mm[Hg]'),
    number('364075005', 'Heart rate', set.pulse, '/min'),
    ['CE', '1104441000000107', 'ACVPU scale score', components(mind, mindText, 'SCT'), ''],
    ['NM', '386725007', 'Body temperature', set.temperature.toFixed(1), 'Cel'],
    number('1104051000000101', 'Royal College of Physicians NEWS2 total score', news2Total(set), '{ScoreOf}'),
  ];
  return rows.map(([type, code, display, value, unit], i) =>
    segment('OBX', {
      1: String(i + 1),
      2: type,
      3: components(code, display, 'SCT'),
      5: value,
      6: components(unit),
      11: 'F',
      14: hl7Time(set.at),
      16: components(NURSE.number, NURSE.family, NURSE.given, '', '', NURSE.prefix, '', '', 'NMC'),
    }),
  );
}

/** Upper end of each band and its points; what lies above all of them has the last points. */
type Bands = readonly (readonly [upTo: number, points: number])[];

const RESPIRATIONS: Bands = [
  [8, 3],
  [11, 1],
  [20, 0],
  [24, 2],
  [Number.POSITIVE_INFINITY, 3],
];
const SCALE_1: Bands = [
  [91, 3],
  [93, 2],
  [95, 1],
  [100, 0],
];
const SCALE_2_AIR: Bands = [
  [83, 3],
  [85, 2],
  [87, 1],
  [100, 0],
];
const SCALE_2_OXYGEN: Bands = [
  [83, 3],
  [85, 2],
  [87, 1],
  [92, 0],
  [94, 1],
  [96, 2],
  [100, 3],
];
const SYSTOLIC: Bands = [
  [90, 3],
  [100, 2],
  [110, 1],
  [219, 0],
  [Number.POSITIVE_INFINITY, 3],
];
const PULSE: Bands = [
  [40, 3],
  [50, 1],
  [90, 0],
  [110, 1],
  [130, 2],
  [Number.POSITIVE_INFINITY, 3],
];
const TEMPERATURE: Bands = [
  [35, 3],
  [36, 1],
  [38, 0],
  [39, 1],
  [Number.POSITIVE_INFINITY, 2],
];

const points = (bands: Bands, value: number): number => bands.find(([upTo]) => value <= upTo)?.[1] ?? 0;

/** The total of one set, as the chart of the Royal College of Physicians counts it. */
export function news2Total(set: ObservationSet): number {
  const scale2 = set.oxygen === undefined ? SCALE_2_AIR : SCALE_2_OXYGEN;
  return (
    points(RESPIRATIONS, set.respirations) +
    points(set.isScale2 ? scale2 : SCALE_1, set.saturation) +
    (set.oxygen === undefined ? 0 : 2) +
    points(SYSTOLIC, set.systolic) +
    points(PULSE, set.pulse) +
    (set.consciousness === 'A' ? 0 : 3) +
    points(TEMPERATURE, set.temperature)
  );
}
