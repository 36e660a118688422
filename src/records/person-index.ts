/**
 * From an NHS number to the Patient records of this node that are that person. Every decision about a person
 * starts here, so it must be fast (remembered) and never out of date: each commit passes through records,
 * which tells the index what it touched before the commit is answered. Nothing here is disclosed; it is how
 * disclosure is decided.
 */
import { type SharePolicy, sharePolicy } from '../access/share-policy.ts';
import { type Id, isId, type NhsNumber, type OdsCode, type VersionId } from '../base/brands.ts';
import type { OrganisationKind } from '../base/node-config.ts';
import type { Settings } from '../base/settings.ts';
import type { ResourceOf, ResourceType } from '../fhir/resource.ts';
import type { SearchQuery } from '../fhir/search-query.ts';
import { type Patient, unverifiedNhsNumbers, verifiedNhsNumbers } from '../identity/patient-identity.ts';
import { type PersonMatch, patientFacts } from '../identity/person-match.ts';
import { wholeScope } from '../store/scope.ts';
import type { Change, HistoryTarget, Snapshot, Store, WriteOp } from '../store/store.ts';
import {
  numberKey,
  organisationKey,
  PersonClosure,
  patientIn,
  patientKey,
  readPatient,
} from './person-closure.ts';
import { WatchedCache } from './watched-cache.ts';

/** One NHS number on one Patient, for the locator feed. */
export interface PersonEntry {
  readonly patient: Id;
  readonly nhsNumber: NhsNumber;
  readonly verified: boolean;
  /** The registered practice, where the Patient names one. */
  readonly practice?: OdsCode;
}

export interface PersonPage {
  readonly entries: readonly PersonEntry[];
  /** Give it as `after` to go on; absent at the end. */
  readonly next?: string;
}

export interface PersonIndex {
  /**
   * Which Patients of this node are the person with this number; the same answer as the newest commit gives.
   */
  locate(nhsNumber: NhsNumber): Promise<PersonMatch>;
  /**
   * The Patients that are one person with this one, itself among them; it alone where that is not certain.
   */
  joinedWith(patient: Id): Promise<readonly Id[]>;
  /** Verified NHS numbers that these Patients carry now, each once. */
  nhsNumbersOf(patients: readonly Id[]): Promise<readonly NhsNumber[]>;
  /**
   * Every NHS number on every Patient, `count` Patients at a time, as of the moment of the first page: what
   * is written in between neither shows nor disturbs. For the first fill of the locator; `changed` and
   * `touchedBy` keep it right after that.
   */
  people(after: string | undefined, count: number): Promise<PersonPage>;
  /**
   * NHS numbers, verified or not, whose answer a commit may have changed: those before it and those after.
   */
  touchedBy(change: Change): Promise<readonly NhsNumber[]>;
  /**
   * Patients whose record these resources come along with though they lie in nobody's: a clinician, a
   * medicine, an implant.
   */
  referringTo(resources: readonly HistoryTarget[]): Promise<readonly Id[]>;
  /**
   * Calls `listener` after each commit that may have changed the answer for some numbers. Returns how to
   * stop.
   */
  onChanged(listener: (nhsNumbers: readonly NhsNumber[]) => void): () => void;
  /** What this organisation lets others see of the person who is these Patients. */
  sharePolicy(patients: readonly Id[]): Promise<SharePolicy>;
}

export interface PersonIndexParts {
  readonly store: Store;
  readonly settings: Pick<Settings, 'personCacheMax' | 'personRecordsMax'>;
  readonly holder: { readonly ods: OdsCode; readonly kind: OrganisationKind };
}

/** What a submit is about to touch, gathered before the commit and told after it. */
export interface Touched {
  readonly keys: readonly string[];
  readonly nhsNumbers: readonly NhsNumber[];
}

const NOTHING: Touched = { keys: [], nhsNumbers: [] };

/** The index, and the two calls with which records keeps it right. */
export class StorePersonIndex implements PersonIndex {
  readonly #parts: PersonIndexParts;
  readonly #matches: WatchedCache<PersonMatch>;
  readonly #joined: WatchedCache<readonly Id[]>;
  readonly #policies: WatchedCache<SharePolicy>;
  readonly #listeners = new Set<(nhsNumbers: readonly NhsNumber[]) => void>();

  constructor(parts: PersonIndexParts) {
    this.#parts = parts;
    this.#matches = new WatchedCache(parts.settings.personCacheMax);
    this.#joined = new WatchedCache(parts.settings.personCacheMax);
    this.#policies = new WatchedCache(parts.settings.personCacheMax);
  }

  async locate(nhsNumber: NhsNumber): Promise<PersonMatch> {
    const known = this.#matches.get(nhsNumber);
    if (known !== undefined) return known;
    const epoch = this.#matches.epoch;
    const snapshot = await this.#parts.store.snapshot();
    const closure = new PersonClosure(snapshot, this.#parts.settings.personRecordsMax);
    const match = await closure.match(nhsNumber);
    this.#matches.set(nhsNumber, match, closure.watched, epoch);
    return match;
  }

  async joinedWith(patient: Id): Promise<readonly Id[]> {
    const known = this.#joined.get(patient);
    if (known !== undefined) return known;
    const epoch = this.#joined.epoch;
    const snapshot = await this.#parts.store.snapshot();
    const closure = new PersonClosure(snapshot, this.#parts.settings.personRecordsMax);
    const joined = await closure.joinedWith(patient);
    this.#joined.set(patient, joined, closure.watched, epoch);
    return joined;
  }

  async nhsNumbersOf(patients: readonly Id[]): Promise<readonly NhsNumber[]> {
    const snapshot = await this.#parts.store.snapshot();
    const found = await Promise.all(patients.map((id) => readPatient(snapshot, id)));
    return [...new Set(found.flatMap((one) => (one === undefined ? [] : verifiedNhsNumbers(one))))];
  }

  async people(after: string | undefined, count: number): Promise<PersonPage> {
    const snapshot = await this.#parts.store.snapshot();
    const page = await snapshot.search(
      {
        ...PATIENTS,
        count,
        ...(after === undefined ? {} : { cursor: after }),
      },
      wholeScope,
    );
    const closure = new PersonClosure(snapshot, count);
    const entries: PersonEntry[] = [];
    for (const stored of page.entries) {
      const facts = patientFacts(patientIn(stored));
      const practice = await closure.practiceOf(facts);
      const numbers = [
        ...facts.verified.map((nhsNumber) => ({ nhsNumber, verified: true })),
        ...facts.unverified.map((nhsNumber) => ({ nhsNumber, verified: false })),
      ];
      for (const number of numbers) {
        entries.push({ patient: facts.id, ...number, ...(practice === undefined ? {} : { practice }) });
      }
    }
    return page.next === undefined ? { entries } : { entries, next: page.next };
  }

  async touchedBy(change: Change): Promise<readonly NhsNumber[]> {
    const found = new Set<NhsNumber>();
    const now = await this.#parts.store.snapshot();
    for (const { type, id, versionId } of change.entries) {
      if (type !== 'Patient') continue;
      for (const version of await versionAndBefore(now, id, versionId)) {
        for (const number of numbersIn(version)) found.add(number);
      }
    }
    return [...found];
  }

  async referringTo(resources: readonly HistoryTarget[]): Promise<readonly Id[]> {
    return (await this.#parts.store.snapshot()).personsReferringTo(resources);
  }

  onChanged(listener: (nhsNumbers: readonly NhsNumber[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async sharePolicy(patients: readonly Id[]): Promise<SharePolicy> {
    const key = patients.join(' ');
    const known = this.#policies.get(key);
    if (known !== undefined) return known;
    const epoch = this.#policies.epoch;
    const snapshot = await this.#parts.store.snapshot();
    const found = (await Promise.all(patients.map((id) => readPatient(snapshot, id)))).filter(
      (one) => one !== undefined,
    );
    const policy = sharePolicy(
      this.#parts.holder,
      found.flatMap((one) => verifiedNhsNumbers(one)),
      found,
      await consentsOf(snapshot, patients),
    );
    this.#policies.set(key, policy, [CONSENTS, ...patients.map(patientKey)], epoch);
    return policy;
  }

  /** What these ops will touch: their own numbers, and those of the versions that they replace. */
  async before(ops: readonly WriteOp[]): Promise<Touched> {
    if (!ops.some(touchesPersons)) return NOTHING;
    const keys = new Set<string>();
    const numbers = new Set<NhsNumber>();
    const snapshot = await this.#parts.store.snapshot();
    for (const op of ops) {
      const type = op.op === 'delete' ? op.type : op.resource.resourceType;
      const id = op.op === 'delete' ? op.id : (op.resource.id ?? (op.op === 'create' ? op.id : undefined));
      if (type === 'Organization' && id !== undefined) keys.add(organisationKey(id));
      if (type === 'Consent') keys.add(CONSENTS);
      if (type !== 'Patient') continue;
      if (id !== undefined && isId(id)) {
        keys.add(patientKey(id));
        const old = op.op === 'create' ? undefined : await readPatient(snapshot, id);
        if (old !== undefined) addPatient(old, keys, numbers);
      }
      if (op.op !== 'delete') addPatient(op.resource as Patient, keys, numbers);
    }
    return { keys: [...keys], nhsNumbers: [...numbers] };
  }

  /** To be called when the commit is durable and before it is answered. */
  committed(touched: Touched): void {
    if (touched.keys.length === 0) return;
    this.#matches.forget(touched.keys);
    this.#joined.forget(touched.keys);
    this.#policies.forget(touched.keys);
    if (touched.nhsNumbers.length > 0) for (const listener of this.#listeners) listener(touched.nhsNumbers);
  }
}

const PATIENTS: SearchQuery = {
  type: 'Patient',
  filters: [],
  sort: [],
  count: 50,
  total: 'none',
  include: [],
  revinclude: [],
};

const CONSENTS = 'consents';

async function consentsOf(
  snapshot: Snapshot,
  patients: readonly Id[],
): Promise<readonly ResourceOf<'Consent'>[]> {
  const found: ResourceOf<'Consent'>[] = [];
  let cursor: string | undefined;
  do {
    const page = await snapshot.compartment(
      {
        persons: patients,
        types: ['Consent'],
        withReferenced: false,
        count: 100,
        ...(cursor === undefined ? {} : { cursor }),
      },
      wholeScope,
    );
    for (const stored of page.entries) {
      found.push(JSON.parse(stored.bytes.toString('utf8')) as ResourceOf<'Consent'>);
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

function numbersIn(patient: Patient): readonly NhsNumber[] {
  return [...verifiedNhsNumbers(patient), ...unverifiedNhsNumbers(patient)];
}

function touchesPersons(op: WriteOp): boolean {
  const type: ResourceType = op.op === 'delete' ? op.type : op.resource.resourceType;
  return type === 'Patient' || type === 'Consent' || type === 'Organization';
}

function addPatient(patient: Patient, keys: Set<string>, numbers: Set<NhsNumber>): void {
  for (const number of numbersIn(patient)) {
    keys.add(numberKey(number));
    numbers.add(number);
  }
  for (const link of patient.link ?? []) {
    const id = /^Patient\/([^/]+)/.exec(link.other.reference ?? '')?.[1];
    if (id !== undefined) keys.add(patientKey(id));
  }
}

/** The Patient in that version and in the one before, as far as they are kept and not deletions. */
async function versionAndBefore(snapshot: Snapshot, id: Id, versionId: VersionId): Promise<Patient[]> {
  const found: Patient[] = [];
  for (const version of [versionId, String(Number(versionId) - 1) as VersionId]) {
    const stored = await snapshot.readVersion('Patient', id, version, wholeScope);
    if (stored !== undefined && !stored.deleted) found.push(patientIn(stored));
  }
  return found;
}
