/** Pieces of UK Core resources that every organisation's record is made of. UK Core STU 2 and 3; R4. */
import { Chance } from './chance.ts';
import { spareNhsNumber } from './nhs-numbers.ts';
import type { DemoLife } from './person.ts';

const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';
export const ODS = 'https://fhir.nhs.uk/Id/ods-organization-code';
export const SNOMED = 'http://snomed.info/sct';
const LOINC = 'http://loinc.org';
export const PRESCRIPTION = 'https://fhir.nhs.uk/Id/prescription-order-number';
export const PRESCRIPTION_ITEM = 'https://fhir.nhs.uk/Id/prescription-order-item-number';

export interface DemoResource {
  readonly resourceType: string;
  readonly id: string;
  readonly [element: string]: unknown;
}

/** What the organisation knows of the number: 01 verified; 02 present but not traced. */
export type Verification = '01' | '02';

const STATUS_TEXT: Readonly<Record<Verification, string>> = {
  '01': 'Number present and verified',
  '02': 'Number present but not traced',
};

const statusExtension = (status: Verification): object => ({
  url: 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus',
  valueCodeableConcept: {
    coding: [
      {
        system: 'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland',
        code: status,
        display: STATUS_TEXT[status],
      },
    ],
  },
});

/** The number that a person had before, where it was superseded. */
export function supersededNumber(life: DemoLife): string | undefined {
  return life.hard === 'superseded-number' ? spareNhsNumber(life.number) : undefined;
}

/** The Patient as FHIR systems have it. `numbers` are the organisation's own ones for the person. */
export function demoPatient(
  life: DemoLife,
  id: string,
  status: Verification = '01',
  numbers: readonly object[] = [],
): DemoResource {
  const old = supersededNumber(life);
  return {
    resourceType: 'Patient',
    id,
    ...profileOf('Patient'),
    extension: [
      {
        url: 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory',
        valueCodeableConcept: {
          coding: [
            { system: 'https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland', ...life.ethnicity },
          ],
        },
      },
    ],
    identifier: [
      { extension: [statusExtension(status)], system: NHS_NUMBER, value: life.nhsNumber },
      ...(old === undefined
        ? []
        : [{ extension: [statusExtension('01')], use: 'old', system: NHS_NUMBER, value: old }]),
      ...numbers,
    ],
    active: true,
    name: [{ use: 'official', family: life.family, given: life.given, prefix: [life.title] }],
    telecom: [{ system: 'phone', value: life.phone, use: 'mobile' }],
    gender: life.gender,
    birthDate: life.birthDate,
    ...(life.died === undefined ? {} : { deceasedDateTime: instant(life.died) }),
    address: [{ use: 'home', line: [life.line], city: life.town, postalCode: life.postcode }],
    generalPractitioner: [{ type: 'Organization', identifier: { system: ODS, value: life.practice } }],
  };
}

/** A concept with a SNOMED CT code where the fact has one. */
export function concept({ code, display }: { readonly code?: string; readonly display: string }): object {
  return code === undefined
    ? { text: display }
    : { coding: [{ system: SNOMED, code, display }], text: display };
}

export const instant = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');

const UK_CORE = 'https://fhir.hl7.org.uk/StructureDefinition/UKCore-';

/** `meta` that names the UK Core profile of the type. */
export function profileOf(resourceType: string, profile = resourceType): { meta: { profile: string[] } } {
  return { meta: { profile: [`${UK_CORE}${profile}`] } };
}

/** A code of HL7's own code systems. */
export function hl7(system: string, code: string, display?: string): object {
  const coding = { system: `http://terminology.hl7.org/CodeSystem/${system}`, code };
  return { coding: [display === undefined ? coding : { ...coding, display }] };
}

/** An organisation that holds its own record, by its ODS code. */
export function organisation(ods: string): object {
  return { type: 'Organization', identifier: { system: ODS, value: ods } };
}

export const period = (start: number, minutes: number): object => ({
  start: instant(start),
  end: instant(start + minutes * 60_000),
});

/** Class of an Encounter. */
export function actClass(code: 'AMB' | 'VR' | 'HH' | 'EMER', display: string): object {
  return { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code, display };
}

/** A quantity in UCUM, under the unit text that UK Core fixes. */
export function measured(value: number, unit: string, code: string): object {
  return { value, unit, system: 'http://unitsofmeasure.org', code };
}

interface Sign {
  readonly profile: string;
  readonly loinc: readonly [string, string];
  readonly snomed: readonly [string, string];
  readonly unit: readonly [text: string, code: string];
}

const SIGNS = {
  weight: {
    profile: 'BodyWeight',
    loinc: ['29463-7', 'Body weight'],
    snomed: ['27113001', 'Body weight'],
    unit: ['kilogram', 'kg'],
  },
  pulse: {
    profile: 'HeartRate',
    loinc: ['8867-4', 'Heart rate'],
    snomed: ['364075005', 'Heart rate'],
    unit: ['per minute', '/min'],
  },
} as const satisfies Record<string, Sign>;

const twice = (
  [loinc, name]: readonly [string, string],
  [snomed, term]: readonly [string, string],
): object => ({
  coding: [
    { system: LOINC, code: loinc, display: name },
    { system: SNOMED, code: snomed, display: term },
  ],
  text: name,
});

const VITAL_SIGNS = {
  category: [hl7('observation-category', 'vital-signs', 'Vital Signs')],
  status: 'final',
};

/** A vital sign of UK Core, without subject and performer. */
export function vitalSign(sign: keyof typeof SIGNS, value: number, at: number): object {
  const { profile, loinc, snomed, unit } = SIGNS[sign];
  return {
    ...profileOf('Observation', `Observation-VitalSigns-${profile}`),
    ...VITAL_SIGNS,
    code: twice(loinc, snomed),
    effectiveDateTime: instant(at),
    valueQuantity: measured(value, unit[0], unit[1]),
  };
}

/** A blood pressure panel of UK Core, without subject and performer. */
export function bloodPressure(
  { systolic, diastolic }: { readonly systolic: number; readonly diastolic: number },
  at: number,
): object {
  const part = (value: number): object => ({
    valueQuantity: measured(value, 'millimeter of mercury', 'mm[Hg]'),
  });
  return {
    ...profileOf('Observation', 'Observation-VitalSigns-BloodPressure'),
    ...VITAL_SIGNS,
    code: twice(['85354-9', 'Blood pressure panel'], ['75367002', 'Blood pressure']),
    effectiveDateTime: instant(at),
    component: [
      {
        code: twice(['8480-6', 'Systolic blood pressure'], ['72313002', 'Systolic arterial pressure']),
        ...part(systolic),
      },
      {
        code: twice(
          ['8462-4', 'Diastolic blood pressure'],
          ['1091811000000102', 'Diastolic arterial pressure'],
        ),
        ...part(diastolic),
      },
    ],
  };
}

/** Plain text as an attachment. */
export function textAttachment(title: string, text: string, at: number): object {
  return {
    attachment: {
      contentType: 'text/plain; charset=utf-8',
      language: 'en-GB',
      data: Buffer.from(text, 'utf8').toString('base64'),
      title,
      creation: instant(at),
    },
  };
}

/** Put under its own id, so that sending it again changes nothing. */
function putEntry(resource: DemoResource): object {
  return {
    fullUrl: `urn:openward:${resource.resourceType}:${resource.id}`,
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  };
}

/** One transaction that puts each resource. */
export function transaction(resources: readonly DemoResource[], first: readonly object[] = []): string {
  return JSON.stringify({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [...first, ...resources.map(putEntry)],
  });
}

export interface PatientEntry {
  readonly fullUrl: string;
  readonly resource: DemoResource;
  readonly request: object;
}

/**
 * For systems that share a node with an HL7 v2 feed: the Patient under the organisation's own number,
 * created only where the feed has not made it. Other entries refer to it by its fullUrl.
 */
export function patientEntry(
  life: DemoLife,
  ods: string,
  number: string,
  make: (id: string, numbers: readonly object[]) => DemoResource,
): PatientEntry {
  const system = `https://fhir.nhs.uk/${ods}/Id/MRN`;
  const own = { type: hl7('v2-0203', 'MR', 'Medical record number'), system, value: number };
  const { id: _, ...resource } = make(life.key, [own]);
  const condition = `identifier=${encodeURIComponent(`${system}|${number}`)}`;
  return {
    fullUrl: `urn:uuid:${new Chance(`patient ${ods} ${life.number}`).uuid()}`,
    resource: resource as DemoResource,
    request: { method: 'POST', url: 'Patient', ifNoneExist: condition },
  };
}
