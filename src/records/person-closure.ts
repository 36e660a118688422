/**
 * Which Patients of a node a verified NHS number reaches: those that carry it, those that links join to them
 * in either direction, those that carry one of their verified numbers, and so on until nothing new is found.
 * It also notes what the answer rests on, so that a cache knows when it no longer holds.
 */
import { assert } from '../base/assert.ts';
import { type Id, isId, type NhsNumber, type OdsCode, odsCode } from '../base/brands.ts';
import { searchParameter } from '../fhir/definitions.ts';
import { NHS_NUMBER_SYSTEM, ODS_CODE_SYSTEM, type ResourceOf } from '../fhir/resource.ts';
import type { FilterValue } from '../fhir/search-query.ts';
import {
  matchPerson,
  onePerson,
  type PatientFacts,
  type PersonMatch,
  patientFacts,
} from '../identity/person-match.ts';
import { wholeScope } from '../store/scope.ts';
import type { Snapshot, Stored } from '../store/store.ts';

export type StoredPatient = ResourceOf<'Patient'> & { id: Id };

export const patientKey = (id: string): string => `p:${id}`;
export const numberKey = (nhsNumber: string): string => `n:${nhsNumber}`;
export const organisationKey = (id: string): string => `o:${id}`;

/** One walk over one snapshot. */
export class PersonClosure {
  readonly #snapshot: Snapshot;
  readonly #recordsMax: number;
  readonly #facts = new Map<Id, PatientFacts>();
  readonly #claimants = new Map<Id, PatientFacts>();
  readonly #numbers = new Set<NhsNumber>();
  readonly #organisations = new Map<string, OdsCode | undefined>();
  /** What the answer rests on, present or absent. */
  readonly watched = new Set<string>();
  #tooMany = false;

  constructor(snapshot: Snapshot, recordsMax: number) {
    this.#snapshot = snapshot;
    this.#recordsMax = recordsMax;
  }

  /** Who has this number. */
  async match(nhsNumber: NhsNumber): Promise<PersonMatch> {
    await this.#reach(nhsNumber);
    const match = matchPerson(nhsNumber, [...this.#facts.values()], [...this.#claimants.values()]);
    if (match.kind !== 'one') return match;
    if (this.#tooMany) return { kind: 'ambiguous', patients: match.patients };
    const facts = this.#facts.get(match.patients[0]);
    const practice = match.practice ?? (facts === undefined ? undefined : await this.practiceOf(facts));
    return practice === undefined ? match : { ...match, practice };
  }

  /** The Patients that are one person with this one, survivor first; it alone where that is not certain. */
  async joinedWith(id: Id): Promise<readonly Id[]> {
    const start = await readPatient(this.#snapshot, id);
    this.watched.add(patientKey(id));
    if (start === undefined) return [id];
    const facts = patientFacts(start);
    await this.#walk([facts]);
    const person = onePerson([...this.#facts.values()]);
    return person.kind === 'one' && !this.#tooMany ? person.patients : [id];
  }

  /** The ODS code of the practice that the Patient names, by code or by an Organization that states one. */
  async practiceOf(facts: PatientFacts): Promise<OdsCode | undefined> {
    if (facts.practice !== undefined) return facts.practice;
    for (const id of facts.practiceReferences) {
      if (!isId(id)) continue;
      this.watched.add(organisationKey(id));
      if (!this.#organisations.has(id)) this.#organisations.set(id, await odsCodeOf(this.#snapshot, id));
      const code = this.#organisations.get(id);
      if (code !== undefined) return code;
    }
    return undefined;
  }

  async #reach(nhsNumber: NhsNumber): Promise<void> {
    await this.#walk(await this.#holdersOf(nhsNumber));
  }

  async #walk(open: PatientFacts[]): Promise<void> {
    for (let facts = open.pop(); facts !== undefined; facts = open.pop()) {
      if (this.#facts.has(facts.id)) continue;
      if (this.#facts.size >= this.#recordsMax) {
        this.#tooMany = true;
        return;
      }
      this.#facts.set(facts.id, facts);
      this.watched.add(patientKey(facts.id));
      for (const other of facts.verified) open.push(...(await this.#holdersOf(other)));
      open.push(...(await this.#linkedFrom(facts)), ...(await this.#linkingTo(facts.id)));
    }
  }

  /** Patients that carry the number verified; those that only claim it are put aside and lead no further. */
  async #holdersOf(nhsNumber: NhsNumber): Promise<PatientFacts[]> {
    if (this.#numbers.has(nhsNumber)) return [];
    this.#numbers.add(nhsNumber);
    this.watched.add(numberKey(nhsNumber));
    const found = await this.#find('identifier', {
      kind: 'token',
      system: NHS_NUMBER_SYSTEM,
      value: nhsNumber,
    });
    for (const one of found) {
      if (!one.verified.includes(nhsNumber)) this.#claimants.set(one.id, one);
    }
    return found.filter((one) => one.verified.includes(nhsNumber));
  }

  async #linkedFrom(facts: PatientFacts): Promise<PatientFacts[]> {
    const found: PatientFacts[] = [];
    for (const id of [...facts.replacedBy, ...facts.replaces]) {
      this.watched.add(patientKey(id));
      if (this.#facts.has(id)) continue;
      const other = await readPatient(this.#snapshot, id);
      if (other !== undefined) found.push(patientFacts(other));
    }
    return found;
  }

  async #linkingTo(id: Id): Promise<PatientFacts[]> {
    const found = await this.#find('link', { kind: 'reference', type: 'Patient', id });
    return found.filter((one) => one.replacedBy.includes(id) || one.replaces.includes(id));
  }

  async #find(code: string, value: FilterValue): Promise<PatientFacts[]> {
    const parameter = searchParameter('Patient', code);
    assert(parameter !== undefined, `Patient has the search parameter ${code}`);
    const page = await this.#snapshot.search(
      {
        type: 'Patient',
        filters: [{ kind: 'parameter', parameter, values: [value] }],
        sort: [],
        count: this.#recordsMax + 1,
        total: 'none',
        include: [],
        revinclude: [],
      },
      wholeScope,
    );
    if (page.next !== undefined) this.#tooMany = true;
    return page.entries.map((stored) => patientFacts(patientIn(stored)));
  }
}

/** The current Patient; undefined where there is none. For deciding only, so not audited. */
export async function readPatient(snapshot: Snapshot, id: Id): Promise<StoredPatient | undefined> {
  const stored = await snapshot.read('Patient', id, wholeScope);
  return stored === undefined || stored.deleted ? undefined : patientIn(stored);
}

/** The Patient in a stored version of one. */
export function patientIn(stored: Stored): StoredPatient {
  return JSON.parse(stored.bytes.toString('utf8')) as StoredPatient;
}

async function odsCodeOf(snapshot: Snapshot, id: Id): Promise<OdsCode | undefined> {
  const stored = await snapshot.read('Organization', id, wholeScope);
  if (stored === undefined || stored.deleted) return undefined;
  const organisation = JSON.parse(stored.bytes.toString('utf8')) as ResourceOf<'Organization'>;
  const value = organisation.identifier?.find((one) => one.system === ODS_CODE_SYSTEM)?.value;
  return value === undefined ? undefined : odsCode(value);
}
