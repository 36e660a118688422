/**
 * OBR and ORC → DiagnosticReport. The order behind it belongs to another system and is contained as far as the
 * message tells of it: who asked, and under what number. HL7 v2.5.1 §7.4.1, §4.5.1; UK Core DiagnosticReport-Lab.
 */
import type {
  Attachment,
  CodeableConcept,
  DiagnosticReport,
  Identifier,
  Reference,
  ServiceRequest,
} from 'fhir/r4.d.ts';
import { part, type Repetition, repetitions, type Segment, textOf } from '../v2-message.ts';
import { concept, conceptIn, V2_TABLE } from './code-systems.ts';
import { practitionerIn } from './directory.ts';
import { entityAuthority, identifierSystem, typeConcept } from './identifiers.ts';
import { given, type Mapping, timed, timedInstant, timeIn, warn } from './mapping.ts';
import { noteText } from './obx.ts';
import type { ResultGroup } from './result-groups.ts';

/** OBR-25, table 0123. */
const STATUSES: Readonly<Record<string, DiagnosticReport['status']>> = {
  O: 'registered',
  I: 'registered',
  S: 'registered',
  A: 'partial',
  P: 'preliminary',
  R: 'preliminary',
  F: 'final',
  C: 'corrected',
  M: 'amended',
  X: 'cancelled',
};

/** The numbers of an order: the laboratory's (filler) and the requester's (placer). */
export interface OrderNumbers {
  readonly filler: Identifier | undefined;
  readonly placer: Identifier | undefined;
}

/** OBR-3 and OBR-2, or ORC-3 and ORC-2. */
export function orderNumbers(mapping: Mapping, { orc, obr }: ResultGroup): OrderNumbers {
  const number = (n: number, type: 'FILL' | 'PLAC', kind: string): Identifier | undefined => {
    const [entity] = [...repetitions(obr, n), ...repetitions(orc, n)];
    const value = part(entity, 1).replace(/\s+/g, ' ');
    if (value === '') return undefined;
    const system = identifierSystem(mapping, entityAuthority(entity), kind);
    return { ...given('type', typeConcept(type)), system, value };
  };
  return { filler: number(3, 'FILL', 'FillerOrder'), placer: number(2, 'PLAC', 'PlacerOrder') };
}

/** Sections of table 0074 that are laboratories. */
const LABORATORY = new Set('BG BLB CG CH CP HM IMM LAB MB MCB MYC OSL PAT SP SR TX VR URN'.split(' '));
const IMAGING = new Set('CT CTH CUS NMR NMS OUS RAD RUS RX VUS XRC IMG'.split(' '));
const SECTION = `${V2_TABLE}0074`;
const OBSERVATION_CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';

/**
 * DiagnosticReport.category from OBR-24; a laboratory's where nothing is said, ward observations where all results are.
 */
export function reportCategory(obr: Segment | undefined, onlyVitalSigns: boolean): CodeableConcept[] {
  const section = textOf(obr, 24).toUpperCase();
  if (section === '') return [concept(SECTION, onlyVitalSigns ? 'NRS' : 'LAB')];
  if (!/^[A-Z]{2,3}$/.test(section)) return [concept(SECTION, 'LAB'), { text: section }];
  if (section === 'LAB' || !LABORATORY.has(section)) return [concept(SECTION, section)];
  return [concept(SECTION, 'LAB'), concept(SECTION, section)];
}

/** The category of results that are no vital signs themselves. */
export function resultCategory(obr: Segment | undefined, amongVitalSigns: boolean): CodeableConcept {
  const section = textOf(obr, 24).toUpperCase();
  if (IMAGING.has(section)) return concept(OBSERVATION_CATEGORY, 'imaging');
  if (section === 'NRS' || (section === '' && amongVitalSigns)) return concept(OBSERVATION_CATEGORY, 'exam');
  if (section === '' || LABORATORY.has(section)) return concept(OBSERVATION_CATEGORY, 'laboratory');
  return concept(OBSERVATION_CATEGORY, 'procedure');
}

export interface ReportParts {
  readonly identifiers: readonly Identifier[];
  readonly numbers: OrderNumbers;
  readonly patient: string;
  readonly encounter: Reference | undefined;
  readonly category: CodeableConcept[];
  readonly results: readonly Reference[];
  readonly specimens: readonly Reference[];
  readonly forms: readonly Attachment[];
}

/** The DiagnosticReport after this message; results that are known and not sent again stay in it. */
export function reportAfter(
  mapping: Mapping,
  group: ResultGroup,
  parts: ReportParts,
  before: DiagnosticReport | undefined,
): DiagnosticReport {
  const { obr } = group;
  const code = textOf(obr, 25).toUpperCase();
  const order = orderIn(mapping, group, parts);
  const conclusion = group.notes
    .map(noteText)
    .filter((one) => one !== '')
    .join('\n');
  return {
    resourceType: 'DiagnosticReport',
    ...given('meta', before?.meta?.security === undefined ? undefined : { security: before.meta.security }),
    ...(order === undefined ? {} : { contained: [order], basedOn: [{ reference: '#order' }] }),
    identifier: [...parts.identifiers],
    status: STATUSES[code] ?? 'unknown',
    category: parts.category,
    code: reportCode(mapping, obr),
    subject: { reference: parts.patient },
    ...given('encounter', parts.encounter),
    ...effective(mapping, obr),
    ...timedInstant('issued', timeIn(mapping, obr, 22)),
    ...given('resultsInterpreter', interpreters(mapping, obr)),
    ...given('specimen', union(before?.specimen, parts.specimens)),
    ...given('result', union(before?.result, parts.results)),
    ...given('conclusion', conclusion || (code === 'F' ? before?.conclusion : undefined)),
    ...given('presentedForm', parts.forms.length > 0 ? [...parts.forms] : before?.presentedForm),
  };
}

function reportCode(mapping: Mapping, obr: Segment | undefined): CodeableConcept {
  const code = conceptIn(mapping, repetitions(obr, 4)[0], 'OBR-4');
  if (code !== undefined) return code;
  warn(mapping, 'OBR-4', 'A report does not say what was asked for.');
  return { text: 'Not stated' };
}

function union(known: readonly Reference[] | undefined, sent: readonly Reference[]): Reference[] {
  const all = [...(known ?? []), ...sent];
  return all.filter((one, i) => all.findIndex((other) => other.reference === one.reference) === i);
}

function effective(mapping: Mapping, obr: Segment | undefined): Partial<DiagnosticReport> {
  const start = timeIn(mapping, obr, 7);
  const end = timeIn(mapping, obr, 8);
  if (start === undefined || end === undefined || end.at <= start.at)
    return timed('effectiveDateTime', start);
  return { effectivePeriod: { ...timed('start', start), ...timed('end', end) } };
}

/** OBR-32: a name whose parts are sub-components of the first component (NDL). */
function interpreters(mapping: Mapping, obr: Segment | undefined): Reference[] {
  return repetitions(obr, 32)
    .map((one) => practitionerIn(mapping, nameFirst(one)))
    .filter((one) => one !== undefined);
}

function nameFirst({ components, delimiters }: Repetition): Repetition {
  const parts =
    delimiters.subcomponent === ''
      ? [components[0] ?? '']
      : (components[0] ?? '').split(delimiters.subcomponent);
  return { components: parts, delimiters };
}

/** OBR-16 or ORC-12, OBR-6 or ORC-9, OBR-31, under the placer's number. */
function orderIn(
  mapping: Mapping,
  { orc, obr }: ResultGroup,
  parts: ReportParts,
): ServiceRequest | undefined {
  const requester = practitionerIn(mapping, repetitions(obr, 16)[0] ?? repetitions(orc, 12)[0]);
  const { placer } = parts.numbers;
  if (requester === undefined && placer === undefined) return undefined;
  const reasons = repetitions(obr, 31).map((one) => conceptIn(mapping, one, 'OBR-31'));
  return {
    resourceType: 'ServiceRequest',
    id: 'order',
    ...(placer === undefined ? {} : { identifier: [placer] }),
    status: textOf(obr, 25).toUpperCase() === 'X' ? 'revoked' : 'completed',
    intent: 'order',
    code: reportCode(mapping, obr),
    subject: { reference: parts.patient },
    ...timed('authoredOn', timeIn(mapping, obr, 6) ?? timeIn(mapping, orc, 9)),
    ...given('requester', requester),
    ...given(
      'reasonCode',
      reasons.filter((one) => one !== undefined),
    ),
  };
}
