/**
 * One resource of a shared record, parsed once, with where it came from and when it happened. Everything
 * that a page shows is made from these; each keeps its source, so that nothing can be shown without saying
 * whose it is.
 */
import type { CodeableConcept, Period } from 'fhir/r4.d.ts';
import type { Identified, Resource, ResourceType } from '../../fhir/resource.ts';
import { type Moment, momentOf } from '../moment.ts';
import type { SourceView } from './source-view.ts';

export interface Entry<R extends Resource = Resource> {
  readonly source: SourceView;
  readonly resource: R & Identified;
  /** Unique in the record; for anchors and keys. */
  readonly key: string;
  /** Address of the node it lies at, with `/` at its end: what its relative references start from. */
  readonly base: string;
  /** When it happened, or was recorded where that is all there is. */
  readonly when: Moment | undefined;
  /** When the source last knew that it had everything of this kind. */
  readonly asAt: Moment | undefined;
}

/** An entry from what a source sent. */
export function entryOf(source: SourceView, resource: Identified, fullUrl: string): Entry {
  const type = resource.resourceType;
  const tail = `${type}/${resource.id}`;
  return {
    source,
    resource,
    key: `${source.ods}-${type}-${resource.id}`,
    base: fullUrl.endsWith(tail) ? fullUrl.slice(0, -tail.length) : `urn:${source.ods}:`,
    when: whenOf(resource),
    asAt: source.asAtOf(type),
  };
}

/** Whether the entry is of this type; narrows it. */
export function isOf<T extends ResourceType>(
  entry: Entry,
  type: T,
): entry is Entry<Extract<Resource, { resourceType: T }>> {
  return entry.resource.resourceType === type;
}

/**
 * When what the resource tells of happened, from the element that says so for its type; else when it was
 * recorded, authored or last changed.
 */
function whenOf(resource: Resource): Moment | undefined {
  for (const text of candidates(resource)) {
    const moment = momentOf(text);
    if (moment !== undefined) return moment;
  }
  return undefined;
}

function candidates(resource: Resource): readonly (string | undefined)[] {
  const recorded = resource.meta?.lastUpdated;
  switch (resource.resourceType) {
    case 'AllergyIntolerance':
      return [resource.recordedDate, resource.onsetDateTime, startOf(resource.onsetPeriod), recorded];
    case 'Appointment':
      return [resource.start, resource.requestedPeriod?.[0]?.start, resource.created, recorded];
    case 'CarePlan':
      return [startOf(resource.period), resource.created, recorded];
    case 'Communication':
      return [resource.sent, resource.received, recorded];
    case 'Composition':
      return [resource.date, recorded];
    case 'Condition':
      return [resource.onsetDateTime, startOf(resource.onsetPeriod), resource.recordedDate, recorded];
    case 'DiagnosticReport':
      return [resource.effectiveDateTime, startOf(resource.effectivePeriod), resource.issued, recorded];
    case 'DocumentReference':
      return [resource.date, startOf(resource.context?.period), recorded];
    case 'Encounter':
      return [startOf(resource.period), recorded];
    case 'Immunization':
      return [resource.occurrenceDateTime, resource.recorded, recorded];
    case 'MedicationAdministration':
      return [resource.effectiveDateTime, startOf(resource.effectivePeriod), recorded];
    case 'MedicationDispense':
      return [resource.whenHandedOver, resource.whenPrepared, recorded];
    case 'MedicationRequest':
      return [resource.authoredOn, startOf(resource.dispenseRequest?.validityPeriod), recorded];
    case 'MedicationStatement':
      return [resource.effectiveDateTime, startOf(resource.effectivePeriod), resource.dateAsserted, recorded];
    case 'Observation':
      return [
        resource.effectiveDateTime,
        startOf(resource.effectivePeriod),
        resource.effectiveInstant,
        resource.issued,
        recorded,
      ];
    case 'Procedure':
      return [resource.performedDateTime, startOf(resource.performedPeriod), recorded];
    case 'ServiceRequest':
      return [resource.authoredOn, resource.occurrenceDateTime, startOf(resource.occurrencePeriod), recorded];
    case 'Task':
      return [resource.authoredOn, resource.lastModified, recorded];
    default:
      return [...usual(resource), recorded];
  }
}

/** Elements that other types keep their time in. */
const USUAL = [
  'date',
  'authoredOn',
  'authored',
  'effectiveDateTime',
  'recorded',
  'issued',
  'created',
  'sent',
];

function usual(resource: Resource): readonly (string | undefined)[] {
  const members = resource as unknown as Readonly<Record<string, unknown>>;
  const texts = USUAL.map((name) => members[name]);
  const period = members.period as Period | undefined;
  return [...texts, period?.start].map((text) => (typeof text === 'string' ? text : undefined));
}

function startOf(period: Period | undefined): string | undefined {
  return period?.start ?? period?.end;
}

/** Marked by its source as a mistake: not to be relied on, so counted and not shown. */
export function isEnteredInError(resource: Resource): boolean {
  const members = resource as unknown as Readonly<Record<string, unknown>>;
  if (members.status === 'entered-in-error') return true;
  const verification = members.verificationStatus as CodeableConcept | undefined;
  return verification?.coding?.some((coding) => coding.code === 'entered-in-error') ?? false;
}
