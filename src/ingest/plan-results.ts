/**
 * ORU^R01 and MDM^T02 → reports, observations, specimens and documents. A report is known by its order number and what
 * was asked for, a result by that and its own code and sub-id: a correction finds what it corrects.
 */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import type { DiagnosticReport, Identifier, Observation, Reference } from 'fhir/r4.d.ts';
import { type FoundPatient, upsertPatient } from './patient-lookup.ts';
import { mentionedVisit } from './plan-visit.ts';
import { conceptIn } from './v2/code-systems.ts';
import { keyPart, numberKey } from './v2/identifiers.ts';
import { warn } from './v2/mapping.ts';
import { orderNumbers, reportAfter, reportCategory, resultCategory } from './v2/obr.ts';
import { observationAfter, type ReportFacts } from './v2/obx.ts';
import { type Result, type ResultGroup, resultGroups } from './v2/result-groups.ts';
import { hasSpecimenSource, specimenFromObr, specimenFromSpm, specimenIdentifier } from './v2/spm.ts';
import { documentFrom, documentIdentifier } from './v2/txa.ts';
import { attachmentsIn } from './v2/values.ts';
import { asVitalSign, BLOOD_PRESSURE_CODE, bloodPressure, vitalKind } from './v2/vital-signs.ts';
import { part, repetitions, type Segment, textOf, wholeText } from './v2-message.ts';
import { eventTime, findOwned, requiredSegment, type Work } from './work.ts';

/** The reports of an ORU. Throws Failure `required` where it has no PID or no result. */
export async function planResults(work: Work): Promise<void> {
  const pid = requiredSegment(work.message, 'PID');
  const groups = resultGroups(work.message);
  if (groups.length === 0) requiredSegment(work.message, 'OBR');
  const patient = await upsertPatient(work, pid, 'mention');
  const encounter = await mentionedVisit(work, patient);
  const used = new Map<string, number>();
  for (const group of groups)
    await planReport(work, {
      group,
      patient,
      subject: patient.reference,
      encounter,
      key: reportKey(work, group, used),
    });
}

interface Report {
  readonly group: ResultGroup;
  readonly patient: FoundPatient;
  /** `Patient/…` under which the report is kept. */
  readonly subject: string;
  readonly encounter: Reference | undefined;
  /** Order number and what was asked for, unique within the message. */
  readonly key: string;
}

function reportKey({ mapping, message }: Work, group: ResultGroup, used: Map<string, number>): string {
  const { filler, placer } = orderNumbers(mapping, group);
  const [asked] = repetitions(group.obr, 4);
  const number = filler?.value ?? placer?.value;
  if (number === undefined && group.obr !== undefined) {
    warn(
      mapping,
      'OBR-3',
      'A report has no order number; a correction of it cannot be told and will stand beside it.',
    );
  }
  const parts = [
    filler === undefined ? (placer === undefined ? 'message' : 'placer') : '',
    number ?? textOf(message.segments[0], 10),
    part(asked, 1) || part(asked, 2),
  ];
  return numbered(parts.map(keyPart).join('/').replace(/^\//, ''), used);
}

/** The key, with its ordinal where it comes again. */
function numbered(key: string, used: Map<string, number>): string {
  const count = (used.get(key) ?? 0) + 1;
  used.set(key, count);
  return count === 1 ? key : `${key}/${count}`;
}

async function planReport(work: Work, report: Report): Promise<void> {
  const { mapping, set } = work;
  const { group, encounter } = report;
  const sent: Identifier = {
    system: `https://fhir.nhs.uk/${mapping.ods}/Id/DiagnosticReport`,
    value: report.key,
  };
  const owned = await findOwned(work, 'DiagnosticReport', sent, report.patient, 'OBR-3');
  const { known, subject, identifier: own } = owned;
  if (known !== undefined && isOlder(work, group, known.resource)) return;
  const kept: Report = { ...report, key: own.value ?? report.key, subject };
  const specimens = await planSpecimens(work, kept);
  const kinds = group.results.map(({ obx }) =>
    vitalKind(conceptIn({ ...mapping, warnings: [] }, repetitions(obx[0], 3)[0], '')),
  );
  const facts: ReportFacts = {
    patient: subject,
    encounter,
    obr: group.obr,
    category: resultCategory(
      group.obr,
      kinds.some((one) => one !== undefined),
    ),
    specimen: (spm) => specimens.find((one) => one.spm === spm)?.reference ?? specimens[0]?.reference,
  };
  const isNew = known === undefined && group.obr !== undefined;
  const results = await planObservations(work, kept, facts, isNew);
  const forms = group.results.flatMap(({ obx }) => obx.flatMap((one) => attachmentsIn(mapping, one)));
  if (group.obr === undefined) return;
  const numbers = orderNumbers(mapping, group);
  const identifiers = [numbers.filler, numbers.placer, own].filter((one) => one !== undefined);
  const parts = {
    identifiers,
    numbers,
    patient: subject,
    encounter,
    category: reportCategory(group.obr, kinds.length > 0 && kinds.some((one) => one !== undefined)),
    results,
    specimens: specimens.map((one) => one.reference),
    forms,
  };
  const after = reportAfter(mapping, group, parts, known?.resource);
  if (known === undefined) set.create(after, [own]);
  else set.replace(known.id, after);
}

const UNVERIFIED: readonly DiagnosticReport['status'][] = ['registered', 'partial', 'preliminary'];

/** A report that was issued before the one that is kept, and a preliminary one after a final one, changes nothing. */
function isOlder({ mapping }: Work, group: ResultGroup, known: DiagnosticReport): boolean {
  const bare = { ...mapping, warnings: [] };
  const none = {
    patient: '',
    encounter: undefined,
    category: [],
    results: [],
    specimens: [],
    forms: [],
    identifiers: [],
  };
  const sent = reportAfter(
    bare,
    group,
    { ...none, numbers: { filler: undefined, placer: undefined } },
    undefined,
  );
  const [before, now] = [known.issued, sent.issued];
  const earlier = before !== undefined && now !== undefined && now < before;
  const finished = !UNVERIFIED.includes(known.status) && UNVERIFIED.includes(sent.status);
  const stale = earlier || (finished && (before === undefined || now === undefined || now <= before));
  if (stale) warn(mapping, 'OBR-22', 'The report is older than the one that is kept; it changed nothing.');
  return stale;
}

interface PlannedSpecimen {
  readonly spm: Segment | undefined;
  readonly reference: Reference;
}

async function planSpecimens(
  work: Work,
  { group, patient, subject, key }: Report,
): Promise<PlannedSpecimen[]> {
  const { mapping, set } = work;
  const system = `https://fhir.nhs.uk/${mapping.ods}/Id/Specimen`;
  const planned: PlannedSpecimen[] = [];
  for (const [i, spm] of group.specimens.entries()) {
    const sent = specimenIdentifier(mapping, spm) ?? { system, value: `${key}/${i + 1}` };
    const owned = await findOwned(work, 'Specimen', sent, patient, 'SPM-2');
    const specimen = specimenFromSpm(mapping, spm, owned.identifier, owned.subject);
    const id =
      owned.known === undefined
        ? set.create(specimen, [owned.identifier])
        : set.replace(owned.known.id, specimen);
    planned.push({ spm, reference: { reference: `Specimen/${id}` } });
  }
  const { obr } = group;
  if (planned.length === 0 && obr !== undefined && hasSpecimenSource(obr)) {
    const identifier = { system, value: key };
    const id = await set.upsert('Specimen', identifier, () =>
      specimenFromObr(mapping, obr, identifier, subject),
    );
    planned.push({ spm: undefined, reference: { reference: `Specimen/${id}` } });
  }
  return planned;
}

/** Results mapped before others get their turn. */
const RESULTS_A_TURN = 100;

interface PlannedResult {
  readonly key: string;
  readonly observation: Observation;
  readonly pressure: 'systolic' | 'diastolic' | undefined;
}

/** The observations of a report, blood pressures joined; references to them in the order of the message. */
async function planObservations(
  work: Work,
  report: Report,
  facts: ReportFacts,
  isNew: boolean,
): Promise<Reference[]> {
  const { mapping } = work;
  const used = new Map<string, number>();
  const planned: PlannedResult[] = [];
  for (const result of report.group.results.filter((one) => !isAttachment(one))) {
    if (planned.length % RESULTS_A_TURN === RESULTS_A_TURN - 1) await turnOfOthers();
    const key = numbered(resultKey(work, report, result), used);
    const before = isNew ? undefined : await knownObservation(work, key);
    const observation = observationAfter(mapping, result, facts, observationIdentifier(work, key), before);
    const kind = vitalKind(observation.code)?.kind;
    planned.push({
      key,
      observation: asVitalSign(observation),
      pressure: kind === 'sign' ? undefined : kind,
    });
  }
  const references: Reference[] = [];
  for (const one of await joinedPressures(work, report, planned, isNew)) {
    const identifier = observationIdentifier(work, one.key);
    const known = isNew ? [] : await work.set.find('Observation', [identifier]);
    const id =
      known[0] === undefined
        ? work.set.create(one.observation, [identifier])
        : work.set.replace(known[0].id, one.observation);
    references.push({ reference: `Observation/${id}` });
  }
  return references;
}

function isAttachment({ obx }: Result): boolean {
  return /^(?:ED|RP)$/i.test(textOf(obx[0], 2));
}

/** The report's key (or the patient and the time, for a result without a report), the code and the sub-id. */
function resultKey({ mapping }: Work, { group: { obr }, patient, key }: Report, { obx }: Result): string {
  const [code] = repetitions(obx[0], 3);
  const said = part(code, 1) || part(code, 4) || part(code, 2);
  const time = textOf(obx[0], 14) || (mapping.sent.original ?? mapping.sent.value);
  const within = obr === undefined ? `patient/${numberKey(patient.number)}/${keyPart(time)}` : key;
  return [within, keyPart(said), keyPart(wholeText(obx[0], 4))].join('/').replace(/\/$/, '');
}

function observationIdentifier({ mapping }: Work, key: string): Identifier {
  return { system: `https://fhir.nhs.uk/${mapping.ods}/Id/Observation`, value: key };
}

async function knownObservation(work: Work, key: string): Promise<Observation | undefined> {
  const [known] = await work.set.find('Observation', [observationIdentifier(work, key)]);
  return known?.resource;
}

/** Systolic and diastolic pressure of one moment become one panel; whatever cannot stays as it is. */
async function joinedPressures(
  work: Work,
  report: Report,
  planned: readonly PlannedResult[],
  isNew: boolean,
): Promise<readonly PlannedResult[]> {
  const sets = new Map<string, Partial<Record<'systolic' | 'diastolic', PlannedResult>>>();
  for (const one of planned) {
    if (one.pressure === undefined) continue;
    const moment = one.observation.effectiveDateTime ?? '';
    const pair = sets.get(moment) ?? {};
    pair[one.pressure] ??= one;
    sets.set(moment, pair);
  }
  const out = [...planned];
  for (const [moment, { systolic, diastolic }] of sets) {
    const key = `${report.key}/${BLOOD_PRESSURE_CODE.coding?.[0]?.code}/${keyPart(moment)}`;
    const before = isNew ? undefined : await knownObservation(work, key);
    const panel = bloodPressure(systolic?.observation, diastolic?.observation, before);
    if (panel === undefined) continue;
    const first = out.findIndex((one) => one === systolic || one === diastolic);
    const joined = {
      key,
      observation: { ...panel, identifier: [observationIdentifier(work, key)] },
      pressure: undefined,
    };
    out.splice(first, 1, joined);
    const second = out.findIndex((one) => one === systolic || one === diastolic);
    if (second >= 0) out.splice(second, 1);
  }
  return out;
}

/** The document of an MDM^T02. */
export async function planDocument(work: Work): Promise<void> {
  const { mapping, set, message } = work;
  const pid = requiredSegment(message, 'PID');
  const txa = requiredSegment(message, 'TXA');
  const patient = await upsertPatient(work, pid, 'mention');
  const encounter = await mentionedVisit(work, patient);
  const obx = message.segments.filter((one) => one.name === 'OBX');
  const own = documentIdentifier(mapping, txa);
  if (own === undefined) {
    warn(
      mapping,
      'TXA-12',
      'The document has no number; a later version of it cannot be told and will stand beside it.',
    );
  }
  const identifier = own ?? {
    system: `https://fhir.nhs.uk/${mapping.ods}/Id/DocumentReference-by-message`,
    value: [textOf(message.segments[0], 10), eventTime(work).value].map(keyPart).join('/'),
  };
  const owned = await findOwned(work, 'DocumentReference', identifier, patient, 'TXA-12');
  const document = documentFrom(mapping, txa, obx, owned.identifier, owned.subject, encounter);
  if (owned.known === undefined) set.create(document, [owned.identifier]);
  else set.replace(owned.known.id, document);
}
