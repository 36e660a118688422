/** OBX with its NTE → Observation. HL7 v2.5.1 §7.4.2; UK Core Observation and Observation-Lab. */
import type { Annotation, CodeableConcept, Identifier, Observation, Reference } from 'fhir/r4.d.ts';
import { part, repetitions, type Segment, textOf, wholeText } from '../v2-message.ts';
import { concept, conceptIn } from './code-systems.ts';
import { organisationIn, practitionerIn } from './directory.ts';
import { given, type Mapping, timed, timedInstant, timeFrom, timeIn, warn } from './mapping.ts';
import type { Result } from './result-groups.ts';
import { interpretationsIn, type ObservedValue, plainText, rangesIn, valueIn } from './values.ts';

type Status = Observation['status'];

/** OBX-11, table 0085. */
const STATUSES: Readonly<Record<string, Status>> = {
  F: 'final',
  U: 'final',
  V: 'final',
  C: 'corrected',
  A: 'amended',
  P: 'preliminary',
  R: 'preliminary',
  S: 'preliminary',
  B: 'preliminary',
  I: 'registered',
  O: 'registered',
  X: 'cancelled',
  N: 'cancelled',
  W: 'entered-in-error',
  D: 'entered-in-error',
};

/** What the results of one report have in common. */
export interface ReportFacts {
  readonly patient: string;
  readonly encounter: Reference | undefined;
  readonly obr: Segment | undefined;
  readonly category: CodeableConcept;
  readonly specimen: (spm: Segment | undefined) => Reference | undefined;
}

/** The Observation of a result; `before` is the one that is known under the same identifier. */
export function observationAfter(
  mapping: Mapping,
  result: Result,
  facts: ReportFacts,
  identifier: Identifier,
  before: Observation | undefined,
): Observation {
  const [obx] = result.obx;
  const code = textOf(obx, 11).toUpperCase();
  const status = STATUSES[code] ?? 'unknown';
  if (STATUSES[code] === undefined) {
    warn(mapping, 'OBX-11', 'The status of a result is missing or not known; it is kept as "unknown".');
  }
  const value = resultValue(mapping, result);
  // U verifies what was sent before and need not repeat it
  const known = code === 'U' && Object.keys(value).length === 0 ? knownValue(before) : value;
  const taken = timeIn(mapping, obx, 14) ?? timeIn(mapping, facts.obr, 7);
  const collected = timeFrom(mapping, textOf(result.spm, 17), 'SPM-17');
  return {
    resourceType: 'Observation',
    ...given('meta', before?.meta?.security === undefined ? undefined : { security: before.meta.security }),
    identifier: [identifier],
    status,
    category: [facts.category],
    code: codeOf(mapping, obx),
    subject: { reference: facts.patient },
    ...given('encounter', facts.encounter),
    ...timed('effectiveDateTime', taken ?? collected),
    ...timedInstant('issued', timeIn(mapping, facts.obr, 22)),
    ...given('performer', performers(mapping, obx)),
    ...known,
    ...absence(known, status),
    ...given('interpretation', interpretationsIn(obx)),
    ...given('note', notesIn(mapping, result.notes)),
    ...given('method', conceptIn(mapping, repetitions(obx, 17)[0], 'OBX-17')),
    ...given('bodySite', conceptIn(mapping, repetitions(obx, 20)[0], 'OBX-20')),
    ...given('specimen', facts.specimen(result.spm)),
    ...given('referenceRange', rangesIn(obx)),
  };
}

function codeOf(mapping: Mapping, obx: Segment): CodeableConcept {
  const code = conceptIn(mapping, repetitions(obx, 3)[0], 'OBX-3');
  if (code !== undefined) return code;
  warn(mapping, 'OBX-3', 'A result does not say what was observed.');
  return { text: 'Not stated' };
}

/** One value, or the lines of one text. */
function resultValue(mapping: Mapping, { obx }: Result): ObservedValue {
  if (obx.length === 1) return valueIn(mapping, obx[0]);
  const text = obx.map(plainText).join('\n').trim();
  return text === '' ? {} : { valueString: text };
}

function knownValue(before: Observation | undefined): ObservedValue {
  if (before === undefined) return {};
  return Object.fromEntries(Object.entries(before).filter(([name]) => /^_?value[A-Z]/.test(name)));
}

const ABSENT = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';

/** A result that should have a value and has none says so. */
function absence(value: ObservedValue, status: Status): Partial<Observation> {
  const expects = status === 'final' || status === 'amended' || status === 'corrected';
  return Object.keys(value).length > 0 || !expects ? {} : { dataAbsentReason: concept(ABSENT, 'unknown') };
}

/** OBX-23 or OBX-15: the organisation; OBX-16: who is responsible. */
function performers(mapping: Mapping, obx: Segment): Reference[] {
  const organisation = organisationIn(mapping, repetitions(obx, 23)[0]) ?? producer(mapping, obx);
  const people = repetitions(obx, 16).map((one) => practitionerIn(mapping, one));
  return [organisation, ...people].filter((one) => one !== undefined);
}

function producer(mapping: Mapping, obx: Segment): Reference | undefined {
  const [first] = repetitions(obx, 15);
  const code = part(first, 1);
  const name = part(first, 2);
  if (code === '' && name === '') return undefined;
  const components = [name, '', code];
  return organisationIn(mapping, { components, delimiters: obx.delimiters });
}

/** NTE segments as annotations; blank ones are left out. */
function notesIn(mapping: Mapping, notes: readonly Segment[]): Annotation[] {
  return notes.flatMap((nte) => {
    const text = noteText(nte);
    if (text === '') return [];
    const author = practitionerIn(mapping, repetitions(nte, 5)[0])?.display;
    return [{ ...given('authorString', author), ...timed('time', timeIn(mapping, nte, 6)), text }];
  });
}

/** NTE-3: repetitions are lines. */
export function noteText(nte: Segment): string {
  const mark = nte.delimiters.repetition;
  const raw = wholeText(nte, 3);
  return (mark === '' ? [raw] : raw.split(mark)).join('\n').trim();
}
