/**
 * PID, PD1 and NK1 → UK Core Patient. A field that is empty leaves what is known, `""` deletes it, a value replaces
 * it. HL7 v2.5.1 §3.4.2, §3.4.10, §3.4.5; HL7 UK v2 standard A.3.
 */
import type { Extension, Identifier, Patient } from 'fhir/r4.d.ts';
import { fieldState, part, repetitions, type Segment, textOf } from '../v2-message.ts';
import { conceptIn } from './code-systems.ts';
import { identifierIn, identifierType, isNhsNumberCx, isPatientNumber } from './identifiers.ts';
import { given, type Mapping, timed, timeIn, warn } from './mapping.ts';
import { addressIn, nameIn, telecomIn } from './names.ts';
import { isNhsNumberIdentifier, nhsNumberAfter } from './nhs-number.ts';
import { contactsAfter } from './nk1.ts';
import { practiceAfter } from './pd1.ts';

/** The segments of a message that speak of the patient. */
export interface PatientSegments {
  readonly pid: Segment;
  readonly pd1?: Segment;
  readonly nk1: readonly Segment[];
  readonly pv1?: Segment;
}

const ETHNIC_EXTENSION = 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory';
const ETHNIC_SYSTEM = 'https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland';
const BIRTH_TIME = 'http://hl7.org/fhir/StructureDefinition/patient-birthTime';
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';

/** The value after this message of what field n says: kept, deleted, or made anew (kept where it cannot be made). */
export function after<T>(
  segment: Segment | undefined,
  n: number,
  before: T | undefined,
  make: () => T | undefined,
): T | undefined {
  switch (fieldState(segment, n)) {
    case 'empty':
      return before;
    case 'delete':
      return undefined;
    case 'value':
      return make() ?? before;
  }
}

/** The organisation's own numbers for the patient, best first: PID-3, then PID-2 and PID-4 of old messages. */
export function patientNumbers(mapping: Mapping, pid: Segment): readonly Identifier[] {
  const found: Identifier[] = [];
  for (const n of [3, 2, 4]) {
    for (const repetition of repetitions(pid, n)) {
      if (isNhsNumberCx(repetition) || !isPatientNumber(identifierType(part(repetition, 5)))) continue;
      const identifier = identifierIn(mapping, repetition, 'MRN', `PID-${n}`);
      if (identifier !== undefined && !found.some((one) => isSame(one, identifier))) found.push(identifier);
    }
    if (found.length > 0) break;
  }
  return found;
}

function isSame(one: Identifier, other: Identifier): boolean {
  return one.system === other.system && one.value === other.value;
}

/** The Patient as it is after this message; `before` is what was known, absent for a new one. */
export function patientAfter(
  mapping: Mapping,
  segments: PatientSegments,
  before: Patient | undefined,
): Patient {
  const { pid } = segments;
  const security = securityAfter(segments.pv1, before);
  const birth = birthAfter(mapping, pid, before);
  const others = withoutVital(before);
  const patient: Patient = {
    ...others,
    resourceType: 'Patient',
    meta: { ...without(before?.meta, 'security'), ...given('security', security) },
    ...(before === undefined ? { active: true } : {}),
    ...birth,
    ...deathAfter(mapping, pid, before),
  };
  const lists: Partial<Patient> = {
    extension: extensionsAfter(mapping, pid, before),
    identifier: identifiersAfter(mapping, pid, before),
    name: after(pid, 5, before?.name, () => namesIn(mapping, pid)),
    gender: after(pid, 8, before?.gender, () => genderIn(mapping, pid)),
    telecom: telecomAfter(pid, before),
    address: after(pid, 11, before?.address, () =>
      repetitions(pid, 11)
        .map((one) => addressIn(mapping, one, 'PID-11'))
        .filter((one) => one !== undefined),
    ),
    maritalStatus: after(pid, 16, before?.maritalStatus, () => maritalStatusIn(pid)),
    communication: after(pid, 15, before?.communication, () => {
      const language = conceptIn(mapping, repetitions(pid, 15)[0], 'PID-15');
      return language === undefined ? undefined : [{ language, preferred: true }];
    }),
    contact: contactsAfter(mapping, segments.nk1, before?.contact),
    generalPractitioner: practiceAfter(mapping, segments.pd1, before?.generalPractitioner),
  };
  return withLists(patient, lists);
}

/** Sets what there is and takes out what there is no longer. */
function withLists(patient: Patient, lists: Partial<Patient>): Patient {
  const out: Record<string, unknown> = { ...patient };
  for (const [name, value] of Object.entries(lists)) {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) delete out[name];
    else out[name] = value;
  }
  return out as unknown as Patient;
}

/** What is known but birth, death and meta, which are set anew each time. */
function withoutVital(before: Patient | undefined): Partial<Patient> {
  if (before === undefined) return {};
  const { birthDate: _1, _birthDate: _2, deceasedBoolean: _3, deceasedDateTime: _4, ...rest } = before;
  const { _deceasedDateTime: _5, _deceasedBoolean: _6, meta: _7, ...others } = rest;
  return others;
}

function without<T extends object, K extends keyof T>(value: T | undefined, key: K): Partial<T> {
  if (value === undefined) return {};
  const { [key]: _, ...rest } = value;
  return rest as unknown as Partial<T>;
}

/**
 * Numbers that are sent take the place of those of the same system; others stay. One NHS number at most: another
 * one is a correction as likely as a superseded number, so the old one joins nothing any more (history keeps it).
 */
function identifiersAfter(mapping: Mapping, pid: Segment, before: Patient | undefined): Identifier[] {
  const known = before?.identifier ?? [];
  const sent: Identifier[] = [...patientNumbers(mapping, pid)];
  for (const repetition of repetitions(pid, 3)) {
    if (isNhsNumberCx(repetition) || isPatientNumber(identifierType(part(repetition, 5)))) continue;
    const identifier = identifierIn(mapping, repetition, 'MRN', 'PID-3');
    if (identifier !== undefined) sent.push(identifier);
  }
  const systems = new Set(sent.map((one) => one.system));
  const kept = known.filter((one) => !isNhsNumberIdentifier(one) && !systems.has(one.system));
  const nhs = nhsNumberAfter(mapping, pid, known.filter(isNhsNumberIdentifier));
  return [...nhs, ...sent, ...kept];
}

function namesIn(mapping: Mapping, pid: Segment): Patient['name'] {
  const names = repetitions(pid, 5).map((one, i) =>
    nameIn(mapping, one, 'PID-5', i === 0 ? 'official' : 'usual'),
  );
  const aliases = repetitions(pid, 9).map((one) => nameIn(mapping, one, 'PID-9', 'nickname'));
  const found = [...names, ...aliases].filter((one) => one !== undefined);
  return found.length === 0 ? undefined : found;
}

const GENDERS: Readonly<Record<string, NonNullable<Patient['gender']>>> = {
  '0': 'unknown',
  '1': 'male',
  '2': 'female',
  '9': 'other',
  M: 'male',
  F: 'female',
  O: 'other',
  A: 'other',
  I: 'other',
  U: 'unknown',
  N: 'unknown',
  X: 'unknown',
};

function genderIn(mapping: Mapping, pid: Segment): Patient['gender'] {
  const gender = GENDERS[textOf(pid, 8).toUpperCase()];
  if (gender === undefined)
    warn(mapping, 'PID-8', 'This is no gender code that is known here; it was left out.');
  return gender;
}

/** PID-13 is the home's and PID-14 the workplace's; each is replaced on its own. */
function telecomAfter(pid: Segment, before: Patient | undefined): Patient['telecom'] {
  const known = before?.telecom ?? [];
  const home = after(
    pid,
    13,
    known.filter((one) => one.use !== 'work'),
    () =>
      repetitions(pid, 13)
        .map((one) => telecomIn(one, 'home'))
        .filter((one) => one !== undefined),
  );
  const work = after(
    pid,
    14,
    known.filter((one) => one.use === 'work'),
    () =>
      repetitions(pid, 14)
        .map((one) => telecomIn(one, 'work'))
        .filter((one) => one !== undefined),
  );
  return [...(home ?? []), ...(work ?? [])];
}

function birthAfter(mapping: Mapping, pid: Segment, before: Patient | undefined): Partial<Patient> {
  const known = { ...given('birthDate', before?.birthDate), ...given('_birthDate', before?._birthDate) };
  const state = fieldState(pid, 7);
  if (state !== 'value') return state === 'delete' ? {} : known;
  const time = timeIn(mapping, pid, 7);
  if (time === undefined) return known;
  const hasTime =
    time.instant !== undefined && !/^\d{8}(?:00){1,3}(?:\.0+)?(?:[+-]\d{4})?$/.test(textOf(pid, 7));
  const extension: Extension[] = hasTime ? [{ url: BIRTH_TIME, valueDateTime: time.value }] : [];
  return { birthDate: time.date, ...(hasTime ? { _birthDate: { extension } } : {}) };
}

function deathAfter(mapping: Mapping, pid: Segment, before: Patient | undefined): Partial<Patient> {
  const died = timeIn(mapping, pid, 29);
  if (died !== undefined) return timed('deceasedDateTime', died);
  const indicator = textOf(pid, 30).toUpperCase();
  if (indicator === 'N') return { deceasedBoolean: false };
  const known = fieldState(pid, 29) === 'delete' ? undefined : before?.deceasedDateTime;
  if (fieldState(pid, 30) === 'delete' && known === undefined) return {};
  if (known !== undefined)
    return { deceasedDateTime: known, ...given('_deceasedDateTime', before?._deceasedDateTime) };
  if (indicator === 'Y') return { deceasedBoolean: true };
  return fieldState(pid, 29) === 'delete' ? {} : given('deceasedBoolean', before?.deceasedBoolean);
}

/**
 * PID-22 is the NHS ethnic category unless it names another system: `N` is Black African here and "not Hispanic" in
 * table 0189.
 */
function extensionsAfter(mapping: Mapping, pid: Segment, before: Patient | undefined): Extension[] {
  const known = before?.extension ?? [];
  const others = known.filter((one) => one.url !== ETHNIC_EXTENSION);
  const ethnic = after(
    pid,
    22,
    known.find((one) => one.url === ETHNIC_EXTENSION),
    () => {
      const [first] = repetitions(pid, 22);
      const code = part(first, 1).toUpperCase();
      const system = part(first, 3).toUpperCase();
      if (!/^(?:[A-HJ-NPRSZ]|99)$/.test(code) || /^HL7|^CDCREC/.test(system)) {
        warn(mapping, 'PID-22', 'This is no NHS ethnic category; it was left out.');
        return undefined;
      }
      const coding = { system: ETHNIC_SYSTEM, code, ...given('display', part(first, 2)) };
      return { url: ETHNIC_EXTENSION, valueCodeableConcept: { coding: [coding] } };
    },
  );
  return ethnic === undefined ? others : [...others, ethnic];
}

function maritalStatusIn(pid: Segment): Patient['maritalStatus'] {
  const code = textOf(pid, 16).toUpperCase();
  const text = textOf(pid, 16, 2);
  // the other letters mean different things in HL7 table 0002 and in the NHS data dictionary
  if (!/^[SMDW]$/.test(code)) return { text: text || code };
  const system = 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus';
  return { coding: [{ system, code }], ...given('text', text) };
}

/** PV1-16 carries the sensitivity that the demographics service states: Y, B and S are all of them restricted. */
function securityAfter(
  pv1: Segment | undefined,
  before: Patient | undefined,
): NonNullable<Patient['meta']>['security'] {
  const known = before?.meta?.security ?? [];
  const others = known.filter((one) => one.system !== CONFIDENTIALITY || one.code !== 'R');
  const state = fieldState(pv1, 16);
  if (state === 'empty') return known;
  return /^[YBSR]$/i.test(textOf(pv1, 16)) ? [...others, { system: CONFIDENTIALITY, code: 'R' }] : others;
}
