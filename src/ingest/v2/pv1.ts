/**
 * PV1 and PV2 → UK Core Encounter, as each event changes it: A01 admit, A02 transfer, A03 discharge, A04 register,
 * A05 pre-admit, A08 update, A11, A12 and A13 take those back. HL7 v2.5.1 §3.3, §3.4.3; HL7 UK v2 standard A.3.
 */
import type { CodeableConcept, Coding, Encounter, Extension, Identifier } from 'fhir/r4.d.ts';
import { ODS_CODE_SYSTEM } from '../../fhir/resource.ts';
import { fieldState, part, rawField, repetitions, type Segment, textOf } from '../v2-message.ts';
import type { V2Time } from '../v2-time.ts';
import { codingsIn, conceptIn, V2_TABLE } from './code-systems.ts';
import { practitionerIn } from './directory.ts';
import { encounterLocations } from './encounter-locations.ts';
import { authorityIn, identifierSystem, keyPart, numberKey } from './identifiers.ts';
import { given, type Mapping, slug, timed, timeIn, warn } from './mapping.ts';
import { after } from './pid.ts';

/** What the event does to the visit. `mention`: a result or a document names it, and changes nothing that is known. */
export type VisitEvent =
  | 'admit'
  | 'transfer'
  | 'discharge'
  | 'register'
  | 'pre-admit'
  | 'update'
  | 'cancel-admit'
  | 'cancel-transfer'
  | 'cancel-discharge'
  | 'mention';

export interface VisitSegments {
  readonly pv1: Segment;
  readonly pv2?: Segment;
}

const VISIT_TYPE: NonNullable<Identifier['type']> = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'VN' }],
};

/**
 * By what the visit is known: the visit number (PV1-19), or where the sender gives none the alternate one (PV1-50),
 * or the patient's number with class and time of admission. Undefined where there is none of these.
 */
export function visitIdentifier(
  mapping: Mapping,
  pv1: Segment,
  patientNumber: Identifier | undefined,
): Identifier | undefined {
  for (const n of [19, 50]) {
    const [visit] = repetitions(pv1, n);
    const value = part(visit, 1).replace(/\s+/g, ' ');
    if (value === '') continue;
    return { type: VISIT_TYPE, system: identifierSystem(mapping, authorityIn(visit, 4), 'Encounter'), value };
  }
  const admitted = rawField(pv1, 44);
  if (fieldState(pv1, 44) !== 'value' || patientNumber?.value === undefined) return undefined;
  return {
    system: `https://fhir.nhs.uk/${mapping.ods}/Id/Encounter-by-admission`,
    value: [numberKey(patientNumber), keyPart(textOf(pv1, 2)), keyPart(admitted)].join('/'),
  };
}

export interface VisitFacts {
  readonly event: VisitEvent;
  /** When it happened: EVN-6, EVN-2 or MSH-7. */
  readonly at: V2Time;
  readonly identifier: Identifier;
  readonly patient: string;
}

/** The Encounter as it is after this event; `before` is what was known, absent for a new one. */
export function encounterAfter(
  mapping: Mapping,
  { pv1, pv2 }: VisitSegments,
  facts: VisitFacts,
  before: Encounter | undefined,
): Encounter {
  const visitClass = after(pv1, 2, before?.class, () => classIn(pv1)) ?? UNKNOWN_CLASS;
  const status = statusAfter(mapping, pv1, facts, visitClass, before);
  const values: Partial<Encounter> = {
    extension: dischargeMethodAfter(pv1, before),
    type: after(pv1, 4, before?.type, () => typesIn(mapping, pv1)),
    serviceType: after(pv1, 10, before?.serviceType, () => serviceIn(mapping, pv1)),
    participant: participantsAfter(mapping, pv1, before),
    period: periodAfter(mapping, pv1, facts, status, before),
    reasonCode: after(pv2, 3, before?.reasonCode, () => {
      const reason = conceptIn(mapping, repetitions(pv2, 3)[0], 'PV2-3');
      return reason === undefined ? undefined : [reason];
    }),
    hospitalization: hospitalizationAfter(mapping, pv1, before),
    location: encounterLocations(mapping, pv1, facts, before?.location),
  };
  const out: Record<string, unknown> = {
    ...before,
    resourceType: 'Encounter',
    identifier: withIdentifier(before?.identifier, facts.identifier),
    status,
    class: visitClass,
    subject: { reference: facts.patient },
    ...(facts.event === 'mention' || before?.serviceProvider !== undefined
      ? {}
      : { serviceProvider: provider(mapping) }),
  };
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) delete out[name];
    else out[name] = value;
  }
  return out as unknown as Encounter;
}

function provider(mapping: Mapping): NonNullable<Encounter['serviceProvider']> {
  return {
    type: 'Organization',
    identifier: { system: ODS_CODE_SYSTEM, value: mapping.ods },
    ...given('display', mapping.organisation),
  };
}

function withIdentifier(before: readonly Identifier[] | undefined, identifier: Identifier): Identifier[] {
  const known = before ?? [];
  const has = known.some((one) => one.system === identifier.system && one.value === identifier.value);
  return has ? [...known] : [identifier, ...known];
}

const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const CLASSES: Readonly<Record<string, Coding>> = {
  E: { system: ACT_CODE, code: 'EMER', display: 'emergency' },
  I: { system: ACT_CODE, code: 'IMP', display: 'inpatient encounter' },
  B: { system: ACT_CODE, code: 'IMP', display: 'inpatient encounter' },
  O: { system: ACT_CODE, code: 'AMB', display: 'ambulatory' },
  R: { system: ACT_CODE, code: 'AMB', display: 'ambulatory' },
  P: { system: ACT_CODE, code: 'PRENC', display: 'pre-admission' },
  W: { system: ACT_CODE, code: 'PRENC', display: 'pre-admission' },
};
const UNKNOWN_CLASS: Coding = { system: 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor', code: 'UNK' };

function classIn(pv1: Segment): Coding {
  const code = textOf(pv1, 2).toUpperCase();
  return CLASSES[code] ?? { system: `${V2_TABLE}0004`, code: slug(code) || 'U' };
}

type Status = Encounter['status'];

/**
 * A visit that has ended is opened again by A13 alone: a late admission or update must not put a patient back on a
 * ward.
 */
function statusAfter(
  mapping: Mapping,
  pv1: Segment,
  { event }: VisitFacts,
  visitClass: Coding,
  before: Encounter | undefined,
): Status {
  const ended = fieldState(pv1, 45) === 'value';
  const planned = visitClass.code === 'PRENC';
  switch (event) {
    case 'discharge':
      return 'finished';
    case 'cancel-admit':
      return 'cancelled';
    case 'cancel-discharge':
      return 'in-progress';
    case 'mention':
      if (before !== undefined) return before.status;
      return ended ? 'finished' : planned ? 'planned' : visitClass.code === 'IMP' ? 'in-progress' : 'unknown';
    default:
      break;
  }
  if (before?.status === 'finished') {
    if (event !== 'update') warn(mapping, 'PV1', 'The visit has ended already; it was not opened again.');
    return 'finished';
  }
  if (event === 'update') {
    if (ended) return 'finished';
    return before?.status ?? (planned ? 'planned' : 'in-progress');
  }
  if (event === 'pre-admit') return before?.status === 'in-progress' ? 'in-progress' : 'planned';
  return ended ? 'finished' : 'in-progress';
}

/** PV1-44 to PV1-45; the event's own time where they are missing and the event is an admission or a discharge. */
function periodAfter(
  mapping: Mapping,
  pv1: Segment,
  { event, at }: VisitFacts,
  status: Status,
  before: Encounter | undefined,
): Encounter['period'] {
  const known = before?.period;
  const admitted = timeIn(mapping, pv1, 44);
  const begins = event === 'admit' || event === 'register';
  const start =
    admitted !== undefined
      ? timed('start', admitted)
      : known?.start !== undefined && fieldState(pv1, 44) !== 'delete'
        ? { start: known.start, ...given('_start', known._start) }
        : begins
          ? timed('start', at)
          : {};
  if (event === 'cancel-discharge' || (status !== 'finished' && fieldState(pv1, 45) === 'delete')) {
    return Object.keys(start).length === 0 ? undefined : start;
  }
  const left = timeIn(mapping, pv1, 45);
  const end =
    left !== undefined
      ? timed('end', left)
      : event === 'discharge' && known?.end === undefined
        ? timed('end', at)
        : known?.end === undefined
          ? {}
          : { end: known.end, ...given('_end', known._end) };
  const period = { ...start, ...end };
  return Object.keys(period).length === 0 ? undefined : period;
}

const PARTICIPANTS = [
  [7, 'ATND', 'attender'],
  [8, 'REF', 'referrer'],
  [9, 'CON', 'consultant'],
  [17, 'ADM', 'admitter'],
] as const;
const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';

function participantsAfter(
  mapping: Mapping,
  pv1: Segment,
  before: Encounter | undefined,
): Encounter['participant'] {
  const known = before?.participant ?? [];
  const found = PARTICIPANTS.flatMap(([n, code, display]) => {
    const ofKind = known.filter((one) => one.type?.[0]?.coding?.[0]?.code === code);
    const sent = after(pv1, n, ofKind, () => {
      const people = repetitions(pv1, n)
        .map((one) => practitionerIn(mapping, one))
        .filter((one) => one !== undefined);
      if (people.length === 0) return undefined;
      const type = [{ coding: [{ system: PARTICIPATION, code, display }] }];
      return people.map((individual) => ({ type, individual }));
    });
    return sent ?? [];
  });
  const codes: readonly string[] = PARTICIPANTS.map(([, code]) => code);
  const others = known.filter((one) => !codes.includes(one.type?.[0]?.coding?.[0]?.code ?? ''));
  return [...found, ...others];
}

const TREATMENT_FUNCTION = 'https://fhir.hl7.org.uk/Id/treatment-function';

/** PV1-10: in England the treatment function code, three digits; elsewhere table 0069 or the sender's own. */
function serviceIn(mapping: Mapping, pv1: Segment): CodeableConcept | undefined {
  const [service] = repetitions(pv1, 10);
  const concept = conceptIn(mapping, service, 'PV1-10');
  const coding = concept?.coding?.map((one) =>
    one.system === undefined
      ? { ...one, system: /^\d{3}$/.test(one.code ?? '') ? TREATMENT_FUNCTION : `${V2_TABLE}0069` }
      : one,
  );
  return concept === undefined ? undefined : { ...concept, ...given('coding', coding) };
}

const ADMISSION_METHOD = 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AdmissionMethod';
const DISCHARGE_METHOD = 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DischargeMethod';
const UK_SYSTEM = 'https://fhir.hl7.org.uk/CodeSystem/UKCore-';
const ADMISSION_METHODS = /^(?:1[1-3]|2[1-58]|2[ABCD]|3[12]|8[123]|9[89])$/;
const DISCHARGE_METHODS = /^[1-9]$/;
const ADMISSION_SOURCES = /^(?:19|29|39|49|5[1-4]|6[56]|79|8[578]|9[89])$/;
const DESTINATIONS = /^(?:19|29|30|37|38|4[89]|5[0-4]|6[56]|79|8[4578]|9[89])$/;

/** PV1-4 is an HL7 admission type (a letter of table 0007) or, in England, the method of admission. */
function typesIn(mapping: Mapping, pv1: Segment): CodeableConcept[] | undefined {
  const code = textOf(pv1, 4).toUpperCase();
  if (!/^[A-Z]$/.test(code)) return undefined;
  return [
    {
      coding: [
        {
          system: `${V2_TABLE}0007`,
          code,
          ...given('display', codingsIn(mapping, repetitions(pv1, 4)[0], 'PV1-4')[0]?.display),
        },
      ],
    },
  ];
}

function hospitalizationAfter(
  mapping: Mapping,
  pv1: Segment,
  before: Encounter | undefined,
): Encounter['hospitalization'] {
  const known = before?.hospitalization;
  const method = after(
    pv1,
    4,
    known?.extension?.find((one) => one.url === ADMISSION_METHOD),
    () => {
      const text = textOf(pv1, 4);
      if (/^[A-Za-z]$/.test(text)) return undefined;
      return {
        url: ADMISSION_METHOD,
        valueCodeableConcept: coded(text, textOf(pv1, 4, 2), ADMISSION_METHODS, 'AdmissionMethodEngland'),
      };
    },
  );
  const source = after(pv1, 14, known?.admitSource, () =>
    codedOr(mapping, pv1, 14, ADMISSION_SOURCES, 'SourceOfAdmissionEngland', '0023'),
  );
  const disposition =
    after(pv1, 37, known?.dischargeDisposition, () =>
      codedOr(mapping, pv1, 37, DESTINATIONS, 'DischargeDestinationEngland', '0113'),
    ) ??
    (isDischargeMethod(pv1)
      ? undefined
      : after(pv1, 36, undefined, () => codedOr(mapping, pv1, 36, /^$/, '', '0112')));
  const others = (known?.extension ?? []).filter((one) => one.url !== ADMISSION_METHOD);
  const { admitSource: _1, dischargeDisposition: _2, extension: _3, ...rest } = known ?? {};
  const out = {
    ...given('extension', method === undefined ? others : [...others, method]),
    ...rest,
    ...given('admitSource', source),
    ...given('dischargeDisposition', disposition),
  };
  return Object.keys(out).length === 0 ? undefined : out;
}

function isDischargeMethod(pv1: Segment): boolean {
  return DISCHARGE_METHODS.test(textOf(pv1, 36).replace(/^0/, ''));
}

function dischargeMethodAfter(pv1: Segment, before: Encounter | undefined): Extension[] {
  const known = before?.extension ?? [];
  const others = known.filter((one) => one.url !== DISCHARGE_METHOD);
  const method = after(
    pv1,
    36,
    known.find((one) => one.url === DISCHARGE_METHOD),
    () => {
      if (!isDischargeMethod(pv1)) return undefined;
      const code = textOf(pv1, 36).replace(/^0/, '');
      return {
        url: DISCHARGE_METHOD,
        valueCodeableConcept: coded(code, textOf(pv1, 36, 2), DISCHARGE_METHODS, 'DischargeMethodEngland'),
      };
    },
  );
  return method === undefined ? others : [...others, method];
}

/** A code of a UK Core system where it is one; what was written, as text, where it is none. */
function coded(code: string, display: string, form: RegExp, system: string): CodeableConcept {
  const upper = code.toUpperCase();
  if (!form.test(upper)) return { text: display || code };
  return { coding: [{ system: `${UK_SYSTEM}${system}`, code: upper, ...given('display', display) }] };
}

function codedOr(
  mapping: Mapping,
  pv1: Segment,
  n: number,
  form: RegExp,
  system: string,
  table: string,
): CodeableConcept | undefined {
  const code = textOf(pv1, n);
  if (form.test(code.toUpperCase())) return coded(code, textOf(pv1, n, 2), form, system);
  const concept = conceptIn(mapping, repetitions(pv1, n)[0], `PV1-${n}`);
  const coding = concept?.coding?.map((one) =>
    one.system === undefined ? { ...one, system: `${V2_TABLE}${table}` } : one,
  );
  return concept === undefined ? undefined : { ...concept, ...given('coding', coding) };
}
