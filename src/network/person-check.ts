/**
 * What another node answers about a person is looked at again before anybody sees it: each entry is one whole
 * resource of the type and id it was announced as, and about the person who was asked for. OWASP API10:2023:
 * what a partner sends is input like any other.
 */
import { REFERENCED_TYPES } from '../access/personas.ts';
import type { NhsNumber } from '../base/brands.ts';
import { NHS_NUMBER_SYSTEM, type ResourceType } from '../fhir/resource.ts';
import { isResourceBytes } from '../fhir/resource-bytes.ts';

interface Entry {
  readonly type: ResourceType;
  readonly id: string;
  readonly bytes: Buffer;
}

interface ReadPatient {
  readonly id: string;
  readonly numbers: readonly string[];
  readonly links: readonly string[];
}

/**
 * Whether these entries are the record of this person at one node. `patients`: the Patient records that the
 * node says are the person. `isWhole`: nothing was filtered out, so the Patients themselves must be among the
 * entries and carry the number, or be joined to one that does. `depthMax`: nesting of an entry's JSON.
 */
export function areOfPerson(
  nhsNumber: NhsNumber,
  patients: readonly string[],
  entries: readonly Entry[],
  isWhole: boolean,
  depthMax: number,
): boolean {
  const mentions = patients.map((id) => [Buffer.from(`"Patient/${id}"`), Buffer.from(`"Patient/${id}/`)]);
  const read: ReadPatient[] = [];
  for (const { type, id, bytes } of entries) {
    if (!isResourceBytes(bytes, type, id, depthMax)) return false;
    if (type === 'Patient') {
      if (!patients.includes(id)) return false;
      read.push(patientIn(id, bytes));
    } else if (
      !REFERENCED_TYPES.includes(type) &&
      !mentions.some((forms) => forms.some((form) => bytes.includes(form)))
    )
      return false;
  }
  return !isWhole || entries.length === 0 || (read.length > 0 && isOnePerson(nhsNumber, read));
}

function patientIn(id: string, bytes: Buffer): ReadPatient {
  const { identifier, link } = JSON.parse(bytes.toString()) as {
    identifier?: readonly { system?: string; value?: string }[];
    link?: readonly { other?: { reference?: string } }[];
  };
  return {
    id,
    numbers: (Array.isArray(identifier) ? identifier : [])
      .filter((one) => one?.system === NHS_NUMBER_SYSTEM)
      .map((one) => String(one.value).replaceAll(' ', '')),
    links: (Array.isArray(link) ? link : []).map((one) => String(one?.other?.reference)),
  };
}

/** Whether links and shared numbers lead from the number to every one of these. */
function isOnePerson(nhsNumber: NhsNumber, patients: readonly ReadPatient[]): boolean {
  const numbers = new Set<string>([nhsNumber]);
  const reached = new Set<ReadPatient>();
  const isJoined = (one: ReadPatient): boolean =>
    one.numbers.some((number) => numbers.has(number)) ||
    [...reached].some(
      (other) => other.links.includes(`Patient/${one.id}`) || one.links.includes(`Patient/${other.id}`),
    );
  for (let before = -1; reached.size > before; ) {
    before = reached.size;
    for (const one of patients) {
      if (reached.has(one) || !isJoined(one)) continue;
      reached.add(one);
      for (const number of one.numbers) numbers.add(number);
    }
  }
  return reached.size === patients.length;
}
