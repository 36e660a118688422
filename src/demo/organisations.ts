/**
 * The demo's organisations, the exchange first: what each is, which systems feed it, and where a failure
 * would take it. No two that keep copies for each other share a site, a supplier or a release ring. Their ODS
 * codes are made up.
 */
import type { FailureDomain, FeedConfig, OrganisationKind } from '../base/node-config.ts';

export interface DemoOrganisation {
  readonly ods: string;
  readonly name: string;
  readonly kind: OrganisationKind;
  /** Takes HL7 v2 over MLLP. */
  readonly takesV2: boolean;
  readonly feeds: readonly FeedConfig[];
  readonly failureDomain: FailureDomain;
}

/**
 * Source systems of the demo say every second how far they are; a feed counts as late after three of these.
 */
const HEARTBEAT_SECONDS = 5;

const fhirFeed = (name: string, since: string, covers: readonly string[]): FeedConfig => ({
  name,
  transport: 'fhir',
  covers,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  since,
});

const v2Feed = (
  name: string,
  sendingApplication: string,
  since: string,
  covers: readonly string[],
): FeedConfig => ({
  name,
  transport: 'mllp',
  sendingApplication,
  covers,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  since,
});

const GP_COVERS = [
  'Patient',
  'Condition',
  'MedicationRequest',
  'AllergyIntolerance',
  'Immunization',
  'Encounter',
  'Observation',
  'ServiceRequest',
  'DocumentReference',
] as const;

export const DEMO_ORGANISATIONS: readonly DemoOrganisation[] = [
  {
    ods: 'X0W',
    name: 'Exampleton Exchange',
    kind: 'exchange',
    takesV2: false,
    feeds: [],
    failureDomain: { site: 'regional-office', supplier: 'exchange', ring: '0' },
  },
  {
    ods: 'A90001',
    name: 'Mill Lane Surgery',
    kind: 'gp',
    takesV2: false,
    feeds: [fhirFeed('gp-system', '1990-01-01', GP_COVERS)],
    failureDomain: { site: 'gp-cloud-north', supplier: 'gp-supplier-one', ring: '1' },
  },
  {
    ods: 'A90002',
    name: 'Harbour Way Practice',
    kind: 'gp',
    takesV2: false,
    feeds: [fhirFeed('gp-system', '1990-01-01', GP_COVERS)],
    failureDomain: { site: 'gp-cloud-south', supplier: 'gp-supplier-two', ring: '2' },
  },
  {
    ods: 'RX1',
    name: 'Exampleton General Hospital',
    kind: 'acute',
    takesV2: true,
    feeds: [
      v2Feed('adt', 'PAS', '2012-01-01', ['Patient', 'Encounter', 'Condition', 'AllergyIntolerance']),
      v2Feed('ward-observations', 'EOBS', '2018-01-01', ['Observation', 'DiagnosticReport']),
      fhirFeed('documents', '2016-01-01', ['DocumentReference', 'Procedure']),
    ],
    failureDomain: { site: 'hospital-data-centre', supplier: 'epr-supplier', ring: '3' },
  },
  {
    ods: 'RX9',
    name: 'Sampleford Pathology',
    kind: 'lab',
    takesV2: true,
    feeds: [
      v2Feed('results', 'LIMS', '2014-01-01', ['Patient', 'DiagnosticReport', 'Observation', 'Specimen']),
      fhirFeed('orders', '2014-01-01', ['ServiceRequest']),
    ],
    failureDomain: { site: 'pathology-hub', supplier: 'lims-supplier', ring: '1' },
  },
  {
    ods: 'FX001',
    name: 'Station Road Pharmacy',
    kind: 'pharmacy',
    takesV2: false,
    feeds: [fhirFeed('dispensing', '2015-01-01', ['Patient', 'MedicationDispense', 'AllergyIntolerance'])],
    failureDomain: { site: 'pharmacy-cloud', supplier: 'pharmacy-supplier', ring: '2' },
  },
  {
    ods: 'RXM',
    name: 'Upper Sampleford Mental Health',
    kind: 'mental-health',
    takesV2: false,
    feeds: [
      fhirFeed('care-plans', '2013-01-01', [
        'Patient',
        'CarePlan',
        'Encounter',
        'Flag',
        'AllergyIntolerance',
      ]),
    ],
    failureDomain: { site: 'mental-health-cloud', supplier: 'mental-health-supplier', ring: '3' },
  },
  {
    ods: 'RXC',
    name: 'Exampleton Community Services',
    kind: 'community',
    takesV2: false,
    feeds: [
      fhirFeed('visits', '2015-01-01', [
        'Patient',
        'Encounter',
        'Observation',
        'CarePlan',
        'AllergyIntolerance',
      ]),
    ],
    failureDomain: { site: 'community-cloud', supplier: 'community-supplier', ring: '1' },
  },
  {
    ods: 'NX111',
    name: 'Exampleton 111 Service',
    kind: 'urgent-care',
    takesV2: false,
    feeds: [
      fhirFeed('calls', '2019-01-01', [
        'Patient',
        'Encounter',
        'QuestionnaireResponse',
        'Observation',
        'AllergyIntolerance',
      ]),
    ],
    failureDomain: { site: 'ambulance-control', supplier: 'triage-supplier', ring: '2' },
  },
];
