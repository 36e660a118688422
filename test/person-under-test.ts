/** People and what hangs on them, as small as a test needs them. */

interface PatientSpec {
  /** The status of the number's verification; '01' where left out, '' for none. */
  readonly status?: string;
  readonly practice?: string;
  /** Codes of meta.security. */
  readonly labels?: readonly string[];
}

const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const STATUS_EXTENSION =
  'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus';
const STATUS_SYSTEM = 'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland';

const meta = (labels: readonly string[] = []): object =>
  labels.length === 0
    ? {}
    : { meta: { security: labels.map((code) => ({ system: CONFIDENTIALITY, code })) } };

/** A Patient with an NHS number. */
export function patient(id: string, nhsNumber: string, spec: PatientSpec = {}): object {
  const { status = '01', practice = 'GP1', labels } = spec;
  const coding = [{ system: STATUS_SYSTEM, code: status }];
  const extension =
    status === '' ? {} : { extension: [{ url: STATUS_EXTENSION, valueCodeableConcept: { coding } }] };
  return {
    resourceType: 'Patient',
    id,
    ...meta(labels),
    identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: nhsNumber, ...extension }],
    name: [{ family: 'Quillfeather' }],
    generalPractitioner: [
      { identifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: practice } },
    ],
  };
}

/** A Condition of that Patient, asserted by `asserter` where given. */
export function condition(
  id: string,
  subject: string,
  text: string,
  more: { readonly labels?: readonly string[]; readonly asserter?: string } = {},
): object {
  return {
    resourceType: 'Condition',
    id,
    ...meta(more.labels),
    subject: { reference: `Patient/${subject}` },
    code: { text },
    ...(more.asserter === undefined ? {} : { asserter: { reference: `Practitioner/${more.asserter}` } }),
  };
}

/** The person says no to sharing with everybody, or with these organisations. */
export function dissent(id: string, subject: string, organisations: readonly string[] = []): object {
  const system = 'https://fhir.nhs.uk/Id/ods-organization-code';
  const role = {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'PRCP' }],
  };
  const actor = organisations.map((value) => ({ role, reference: { identifier: { system, value } } }));
  return {
    resourceType: 'Consent',
    id,
    status: 'active',
    scope: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }],
    },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: `Patient/${subject}` },
    policyRule: { text: 'Opt out' },
    provision: { type: 'deny', ...(actor.length === 0 ? {} : { actor }) },
  };
}
