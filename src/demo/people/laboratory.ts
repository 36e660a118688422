/**
 * What the laboratory sends: results as ORU^R01 (HL7 v2.5.1), under the requester's number in OBR-2;
 * requests that it still works on as ServiceRequest over FHIR, from its order desk.
 */
import { localNumber } from './folder.ts';
import { labServiceRequest } from './general-practice.ts';
import type { History } from './history.ts';
import type { LabRequest, RequestedPanel, TestValue } from './lab-requests.ts';
import { hl7Minute, hl7Time } from './london-time.ts';
import { charsetOf, generalPractitioner, pd1, pid } from './patient-segments.ts';
import { type DemoLife, HOUR, LAST_DAY } from './person.ts';
import { demoPatient, organisation, patientEntry, transaction } from './uk-core.ts';
import { components, message, segment, text } from './v2-print.ts';

export const LABORATORY = 'RX9';

const labNumber = (life: DemoLife): string => `L${localNumber('lab', life.number)}`;

/** The result messages of a person, oldest first: some are sent again with a correction. */
export function laboratoryMessages(life: DemoLife, { requests }: History): string[] {
  return requests.flatMap((request) => {
    const { reportedAt } = request;
    if (reportedAt === undefined) return [];
    const first = resultMessage(life, request, reportedAt, 'F');
    const corrected = reportedAt + 4 * HOUR;
    const isCorrected = Number(request.number.slice(1)) % 17 === 0 && corrected < LAST_DAY;
    return isCorrected ? [first, resultMessage(life, request, corrected, 'C')] : [first];
  });
}

function resultMessage(life: DemoLife, request: LabRequest, at: number, status: 'F' | 'C'): string {
  return message(
    {
      application: 'LIMS',
      facility: LABORATORY,
      sentAt: hl7Time(at),
      type: components('ORU', 'R01', 'ORU_R01'),
      controlId: `LIMS${request.number.slice(1)}${status}`,
      version: '2.5.1',
      charset: charsetOf(life),
    },
    [
      pid(life, {
        localNumber: components(labNumber(life), '', '', LABORATORY, 'PI'),
        nhsNumber: life.nhsNumber,
        status: '01',
        ...(life.died !== undefined && at >= life.died ? { died: life.died } : {}),
      }),
      pd1(life),
      ...request.panels.flatMap((panel, i) => groupOf(life, request, panel, i, at, status)),
    ],
  );
}

const SPECIMENS = {
  CH: { letter: 'S', code: '119364003', display: 'Serum specimen' },
  HM: { letter: 'B', code: '445295009', display: 'Blood specimen with EDTA' },
} as const;

function groupOf(
  life: DemoLife,
  request: LabRequest,
  requested: RequestedPanel,
  i: number,
  at: number,
  status: 'F' | 'C',
): string[] {
  const { panel, placer, filler, values, comment } = requested;
  const isBlood = panel.section === 'HM' || panel.code === 'HBA1C';
  const specimen = SPECIMENS[isBlood ? 'HM' : 'CH'];
  const numbers = { 2: components(placer, life.practice), 3: components(filler, LABORATORY) };
  const requester = generalPractitioner(life);
  return [
    segment('ORC', {
      1: 'RE',
      ...numbers,
      4: components(request.number, life.practice),
      9: hl7Minute(request.askedAt),
      12: requester,
    }),
    segment('OBR', {
      1: String(i + 1),
      ...numbers,
      4: components(panel.code, panel.display, 'PATHLAB'),
      6: hl7Minute(request.askedAt),
      7: hl7Minute(request.takenAt),
      13: text(request.reason),
      14: hl7Minute(request.receivedAt),
      16: requester,
      22: hl7Time(at),
      24: panel.section,
      25: status,
    }),
    ...values.map((value, k) => resultOf(request, value, k, status)),
    ...(comment === undefined ? [] : [segment('NTE', { 1: '1', 2: 'L', 3: text(comment) })]),
    segment('SPM', {
      1: String(i + 1),
      2: components('', [`26${specimen.letter}${request.number.slice(1)}`, LABORATORY]),
      4: components(specimen.code, specimen.display, 'SCT'),
      17: hl7Minute(request.takenAt),
      18: hl7Minute(request.receivedAt),
    }),
  ];
}

/** LOINC codes beside the laboratory's own. */
const LOINC: Readonly<Record<string, string>> = {
  NA: '2951-2',
  K: '2823-3',
  CREA: '14682-9',
  HB: '718-7',
  WBC: '6690-2',
  PLT: '777-3',
  MCV: '787-2',
  NEUT: '751-8',
  ALT: '1742-6',
  ALP: '6768-6',
  BILI: '14631-6',
  ALB: '1751-7',
  HBA1C: '59261-8',
};

function resultOf(
  request: LabRequest,
  { test, value, flag }: TestValue,
  k: number,
  status: 'F' | 'C',
): string {
  const isAbove = test.code === 'EGFR' && value > 90;
  const loinc = LOINC[test.code];
  const other = loinc === undefined ? [] : [loinc, test.display, 'LN'];
  return segment('OBX', {
    1: String(k + 1),
    2: isAbove ? 'SN' : 'NM',
    3: components(test.code, test.display, 'PATHLAB', ...other),
    5: isAbove ? components('>', '90') : value.toFixed(test.decimals),
    6: text(test.unit.replace('10*9', '10^9')),
    7: `${test.low}-${test.high}`,
    8: flag,
    11: status,
    14: hl7Minute(request.takenAt),
    15: components(LABORATORY, 'Sampleford Pathology'),
  });
}

/** Requests that the laboratory has and has not reported on. */
export function laboratoryOrderBundles(life: DemoLife, { requests }: History): string[] {
  const open = requests.filter((one) => one.reportedAt === undefined);
  if (open.length === 0) return [];
  const patient = patientEntry(life, LABORATORY, labNumber(life), (id, numbers) =>
    demoPatient(life, id, '01', numbers),
  );
  const resources = open.flatMap((request) =>
    request.panels.map((_, k) => ({
      resourceType: 'ServiceRequest',
      id: `od-${request.number}-${k + 1}`,
      ...labServiceRequest(life.practice, request, k),
      subject: { reference: patient.fullUrl },
      requester: organisation(life.practice),
    })),
  );
  return [transaction(resources, [patient])];
}
