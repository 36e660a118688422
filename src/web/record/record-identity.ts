/**
 * Whose entries these are. A shared record is joined by a verified NHS number; before anything is shown,
 * each source's Patient resources are looked at once more, and an entry about any other Patient is left out
 * and counted. Where a source joined several records, or states something else about the person than the
 * banner does, the page says so.
 */
import type { Reference } from 'fhir/r4.d.ts';
import type { NhsNumber } from '../../base/brands.ts';
import { NHS_NUMBER_SYSTEM, type Resource } from '../../fhir/resource.ts';
import { type Patient, verifiedNhsNumbers } from '../../identity/patient-identity.ts';
import { momentOf } from '../moment.ts';
import { type Entry, isOf } from './entry.ts';
import { nameInUse } from './resource-text.ts';
import type { SourceView } from './source-view.ts';

export interface IdentityView {
  /** Sources that joined several of their records into one person, and how many. */
  readonly joined: readonly { readonly source: SourceView; readonly records: number }[];
  /** What a source states otherwise than the person in the banner. */
  readonly differences: readonly Difference[];
  /** Entries left out since they may be about somebody else. */
  readonly leftOut: readonly { readonly source: SourceView; readonly count: number }[];
}

export interface Difference {
  readonly source: SourceView;
  readonly what: 'birth-date' | 'family-name' | 'gender' | 'deceased';
  /** What the source states; a birth date as FHIR writes it. */
  readonly stated: string;
}

export interface Sifted {
  /** About the person, or what those refer to. */
  readonly entries: readonly Entry[];
  /** Patient resources that are the person, the asker's own node's first as they came. */
  readonly patients: readonly Entry<Patient>[];
  readonly identity: IdentityView;
}

/** Types whose entries say in themselves whose they are. */
const SUBJECT_MEMBERS = ['subject', 'patient', 'for', 'beneficiary', 'individual'] as const;

/**
 * Leaves out what is not certainly about the person with these numbers. `person` is the Patient of the
 * banner.
 */
export function sift(
  all: readonly Entry[],
  nhsNumbers: readonly NhsNumber[],
  person: Patient | undefined,
): Sifted {
  const patients = trustedPatients(all, nhsNumbers);
  const trusted = new Set(patients.map((entry) => `${entry.base}Patient/${entry.resource.id}`));
  const entries: Entry[] = [];
  const leftOut = new Map<SourceView, number>();
  for (const entry of all) {
    if (isAbout(entry, trusted, nhsNumbers)) entries.push(entry);
    else leftOut.set(entry.source, (leftOut.get(entry.source) ?? 0) + 1);
  }
  return {
    entries,
    patients,
    identity: {
      joined: joinedRecords(patients),
      differences: person === undefined ? [] : patients.flatMap((entry) => differencesOf(entry, person)),
      leftOut: [...leftOut].map(([source, count]) => ({ source, count })),
    },
  };
}

/** Patients with one of the numbers verified, and those that a link of the same source joins to one of them. */
function trustedPatients(all: readonly Entry[], nhsNumbers: readonly NhsNumber[]): readonly Entry<Patient>[] {
  const patients = all.filter((entry) => isOf(entry, 'Patient'));
  const isOne = ({ resource }: Entry<Patient>): boolean =>
    verifiedNhsNumbers(resource).some((number) => nhsNumbers.includes(number));
  const trusted = new Set(patients.filter(isOne));
  for (let grew = true; grew; ) {
    grew = false;
    for (const one of patients) {
      if (trusted.has(one)) continue;
      const linked = [...trusted].some(
        (other) => other.source === one.source && (links(one, other) || links(other, one)),
      );
      if (linked) {
        trusted.add(one);
        grew = true;
      }
    }
  }
  return patients.filter((entry) => trusted.has(entry));
}

function links(from: Entry<Patient>, to: Entry<Patient>): boolean {
  return (from.resource.link ?? []).some(
    (link) =>
      (link.type === 'replaced-by' || link.type === 'replaces') &&
      addressOf(from, link.other) === `${to.base}Patient/${to.resource.id}`,
  );
}

function isAbout(entry: Entry, trusted: ReadonlySet<string>, nhsNumbers: readonly NhsNumber[]): boolean {
  const { resource } = entry;
  const isTrusted = (address: string | undefined): boolean => address !== undefined && trusted.has(address);
  if (resource.resourceType === 'Patient') return isTrusted(`${entry.base}Patient/${resource.id}`);
  if (resource.resourceType === 'Appointment') {
    const patients = resource.participant
      .map((one) => one.actor)
      .filter((actor) => /(^|\/)Patient\//.test(actor?.reference ?? ''));
    return patients.length === 0 || patients.some((actor) => isTrusted(addressOf(entry, actor ?? {})));
  }
  const subject = subjectOf(resource);
  if (subject === undefined) return true;
  if (subject.reference !== undefined) return isTrusted(addressOf(entry, subject));
  const { identifier } = subject;
  const numbers: readonly string[] = nhsNumbers;
  return identifier?.system === NHS_NUMBER_SYSTEM && numbers.includes(identifier.value ?? '');
}

/**
 * The reference that says whose the resource is; undefined for what belongs to nobody, as organisations and
 * places.
 */
function subjectOf(resource: Resource): Reference | undefined {
  const members = resource as unknown as Readonly<Record<string, unknown>>;
  for (const name of SUBJECT_MEMBERS) {
    const value = members[name];
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Reference;
  }
  return undefined;
}

function addressOf(entry: Entry, reference: Reference): string | undefined {
  const text = reference.reference?.replace(/\/_history\/.*$/, '');
  if (text === undefined) return undefined;
  return /^https?:\/\//.test(text) ? text : `${entry.base}${text}`;
}

function joinedRecords(patients: readonly Entry<Patient>[]): IdentityView['joined'] {
  const counts = new Map<SourceView, number>();
  for (const { source } of patients) counts.set(source, (counts.get(source) ?? 0) + 1);
  return [...counts].filter(([, records]) => records > 1).map(([source, records]) => ({ source, records }));
}

/** Only what the record in use at the source says: what it replaced was often mended in being replaced. */
function differencesOf(entry: Entry<Patient>, person: Patient): readonly Difference[] {
  const { resource, source } = entry;
  if (resource.active === false || resource.link?.some((link) => link.type === 'replaced-by')) return [];
  const found: Difference[] = [];
  const differ = (a: string | undefined, b: string | undefined): b is string =>
    a !== undefined && b !== undefined && a !== b;
  if (differ(person.birthDate, resource.birthDate)) {
    found.push({ source, what: 'birth-date', stated: resource.birthDate ?? '' });
  }
  const families = (patient: Patient): readonly string[] =>
    (patient.name ?? []).flatMap((name) => (name.family === undefined ? [] : [folded(name.family)]));
  const stated = nameInUse(resource.name)?.family;
  if (stated !== undefined && families(person).length > 0 && !families(person).includes(folded(stated))) {
    found.push({ source, what: 'family-name', stated });
  }
  if (differ(person.gender, resource.gender)) {
    found.push({ source, what: 'gender', stated: resource.gender ?? '' });
  }
  if (isDeceased(resource) !== isDeceased(person)) {
    found.push({ source, what: 'deceased', stated: isDeceased(resource) ? 'deceased' : 'alive' });
  }
  return found;
}

/** Whether the Patient is recorded as having died. */
export function isDeceased(patient: Patient): boolean {
  return patient.deceasedBoolean === true || momentOf(patient.deceasedDateTime) !== undefined;
}

function folded(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/[^\p{L}]/gu, '')
    .toLowerCase();
}
