/** Pieces of UK Core resources that every organisation's record is made of. */
import type { DemoLife } from './person.ts';

export const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';
export const ODS = 'https://fhir.nhs.uk/Id/ods-organization-code';
export const SNOMED = 'http://snomed.info/sct';
export const LOINC = 'http://loinc.org';
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

export function demoPatient(life: DemoLife, status: Verification = '01'): DemoResource {
  return {
    resourceType: 'Patient',
    id: life.key,
    meta: { profile: ['https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient'] },
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
      {
        extension: [
          {
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
          },
        ],
        system: NHS_NUMBER,
        value: life.nhsNumber,
      },
    ],
    active: true,
    name: [{ use: 'official', family: life.family, given: life.given, prefix: [life.title] }],
    telecom: [{ system: 'phone', value: life.phone, use: 'mobile' }],
    gender: life.gender,
    birthDate: life.birthDate,
    address: [{ use: 'home', line: [life.line], city: life.town, postalCode: life.postcode }],
    generalPractitioner: [{ type: 'Organization', identifier: { system: ODS, value: life.practice } }],
  };
}

export const subject = (life: DemoLife): { reference: string } => ({ reference: `Patient/${life.key}` });

/** A concept with a SNOMED CT code where the fact has one. */
export function concept({ code, display }: { readonly code?: string; readonly display: string }): object {
  return code === undefined
    ? { text: display }
    : { coding: [{ system: SNOMED, code, display }], text: display };
}

export function codeable(system: string, code: string, display: string): object {
  return { coding: [{ system, code, display }] };
}

export const instant = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');

/** The organisation itself and the people who work there: what records refer to. */
export function staffOf(ods: string, name: string, people: readonly string[]): DemoResource[] {
  return [
    {
      resourceType: 'Organization',
      id: 'self',
      identifier: [{ system: ODS, value: ods }],
      active: true,
      name,
    },
    ...people.map((person, i) => ({
      resourceType: 'Practitioner',
      id: `staff-${i + 1}`,
      active: true,
      name: [
        {
          use: 'official',
          text: person,
          family: person.split(' ').at(-1),
          given: [person.split(' ').at(-2)],
        },
      ],
    })),
  ];
}

/** One transaction that puts each resource under its own id, so that sending it again changes nothing. */
export function transaction(resources: readonly DemoResource[]): string {
  return JSON.stringify({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: resources.map((resource) => ({
      fullUrl: `urn:openward:${resource.resourceType}:${resource.id}`,
      resource,
      request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
    })),
  });
}
