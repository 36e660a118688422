/**
 * Medicines: current and past never mixed, every entry shown. A prescription and what was dispensed for it
 * stand together only where the source gave both the same item number; amounts are never added up.
 * Reference: ux 1.5; design invariant 10.
 */
import type {
  Dosage,
  MedicationDispense,
  MedicationRequest,
  MedicationStatement,
  Reference,
} from 'fhir/r4.d.ts';
import type { Moment } from '../moment.ts';
import { momentOf, newestFirst } from '../moment.ts';
import { groupsOf, identifierKeys } from './business-keys.ts';
import { type Entry, isOf } from './entry.ts';
import { type MedicineName, medicineName } from './medicine-name.ts';
import { type Amount, amountOf, conceptText, type References } from './resource-text.ts';

type MedicineResource = MedicationRequest | MedicationStatement | MedicationDispense;
type MedicineEntry = Entry<MedicineResource>;

export interface MedicineLine {
  readonly entry: MedicineEntry;
  readonly name: MedicineName;
  /** Dose amounts with units; empty where only text was given. */
  readonly doses: readonly Amount[];
  /** Instructions as written. */
  readonly instructions: string | undefined;
  readonly route: string | undefined;
  readonly role: 'prescribed' | 'dispensed' | 'reported';
  /** FHIR status code; `undefined` where the source gave none. */
  readonly status: string | undefined;
  readonly started: Moment | undefined;
  readonly ended: Moment | undefined;
  readonly quantity: Amount | undefined;
  readonly reason: string | undefined;
  readonly author: string | undefined;
}

/** One medicine: what leads it, and what the sources tie to it. */
export interface MedicineGroup {
  readonly lead: MedicineLine;
  readonly tied: readonly MedicineLine[];
}

export interface MedicineView {
  readonly current: readonly MedicineGroup[];
  readonly past: readonly MedicineGroup[];
  /** Dispensed, and tied to no prescription of this record: whether it is still taken is not known. */
  readonly dispensedOnly: readonly MedicineGroup[];
  /** Doses given by staff, which the timeline lists. */
  readonly given: number;
}

const CURRENT = ['active', 'on-hold', 'draft', 'unknown', 'intended'];

/** The view of all medicines among `entries`. */
export function medicineView(entries: readonly Entry[], references: References): MedicineView {
  const medicines = entries
    .filter(
      (entry): entry is MedicineEntry =>
        isOf(entry, 'MedicationRequest') ||
        isOf(entry, 'MedicationStatement') ||
        isOf(entry, 'MedicationDispense'),
    )
    .sort((a, b) => newestFirst(a.when, b.when));
  const groups = groupsOf(
    medicines,
    (entry) => identifierKeys(entry.resource.identifier).concat(addressKey(entry)),
    (entry) => namedItems(entry),
  ).map((group) => groupOf(group.map((entry) => lineOf(entry, references))));
  const only = groups.filter((group) => group.lead.role === 'dispensed');
  const rest = groups.filter((group) => group.lead.role !== 'dispensed');
  return {
    current: rest.filter(isCurrent),
    past: rest.filter((group) => !isCurrent(group)),
    dispensedOnly: only,
    given: entries.filter((entry) => isOf(entry, 'MedicationAdministration')).length,
  };
}

/** How many past medicines ended within this many days before `now`. */
export function stoppedSince(view: MedicineView, now: Moment, days: number): number {
  const since = now.order - days * 86_400_000;
  return view.past.filter(
    ({ lead }) => lead.ended !== undefined && lead.ended.order >= since && lead.ended.order <= now.order,
  ).length;
}

/** The resource's own address, so that a reference within its source ties as an identifier does. */
function addressKey(entry: Entry): string {
  return `${entry.base}${entry.resource.resourceType}/${entry.resource.id}`;
}

/** What a dispense or a statement says it belongs to: the prescribed item, by reference or by its number. */
function namedItems(entry: MedicineEntry): readonly string[] {
  const { resource } = entry;
  const named: readonly Reference[] =
    resource.resourceType === 'MedicationDispense'
      ? (resource.authorizingPrescription ?? [])
      : resource.resourceType === 'MedicationStatement'
        ? (resource.basedOn ?? [])
        : [];
  return named.flatMap((reference) => {
    const text = reference.reference?.replace(/\/_history\/.*$/, '');
    const address =
      text === undefined || text.startsWith('#')
        ? []
        : [/^https?:\/\//.test(text) ? text : entry.base + text];
    return [...address, ...identifierKeys(reference.identifier === undefined ? [] : [reference.identifier])];
  });
}

/**
 * Prescriptions lead, then what people said they take, then what was dispensed; current before past, newest
 * first.
 */
function groupOf(lines: readonly MedicineLine[]): MedicineGroup {
  const rank = (line: MedicineLine): number =>
    ROLE_RANK[line.role] * 2 + (isCurrentStatus(line.status) ? 0 : 1);
  const [lead, ...tied] = [...lines].sort((a, b) => rank(a) - rank(b));
  if (lead === undefined) throw new Error('a group has at least one line');
  return { lead, tied };
}

const ROLE_RANK: Readonly<Record<MedicineLine['role'], number>> = {
  prescribed: 0,
  reported: 1,
  dispensed: 2,
};

/**
 * Current where any prescription or statement of the group is: a stopped twin must not hide one that goes
 * on.
 */
function isCurrent(group: MedicineGroup): boolean {
  return [group.lead, ...group.tied].some(
    (line) => line.role !== 'dispensed' && isCurrentStatus(line.status),
  );
}

/** A status that is absent is taken for current: a medicine must not be lost for want of a code. */
function isCurrentStatus(status: string | undefined): boolean {
  return status === undefined || CURRENT.includes(status);
}

function lineOf(entry: MedicineEntry, references: References): MedicineLine {
  const { resource } = entry;
  const dosages =
    resource.resourceType === 'MedicationStatement' ? resource.dosage : resource.dosageInstruction;
  const name =
    conceptText(resource.medicationCodeableConcept) ?? references.name(entry, resource.medicationReference);
  return {
    entry,
    name: medicineName(name ?? 'Medicine not named'),
    doses: (dosages ?? []).flatMap(dosesOf),
    instructions: instructionsOf(dosages ?? []),
    route: dosages?.map((dosage) => conceptText(dosage.route)).find((route) => route !== undefined),
    ...particularsOf(entry, references),
  };
}

type Particulars = Pick<
  MedicineLine,
  'role' | 'status' | 'started' | 'ended' | 'quantity' | 'reason' | 'author'
>;

function particularsOf(entry: MedicineEntry, references: References): Particulars {
  const { resource } = entry;
  const status: string | undefined = resource.status;
  if (resource.resourceType === 'MedicationRequest') {
    return {
      role: 'prescribed',
      status,
      started: entry.when,
      ended: momentOf(resource.dispenseRequest?.validityPeriod?.end),
      quantity: amountOf(resource.dispenseRequest?.quantity),
      reason: reasonOf(entry, resource, references),
      author: references.name(entry, resource.requester),
    };
  }
  if (resource.resourceType === 'MedicationStatement') {
    return {
      role: 'reported',
      status,
      started: entry.when,
      ended: momentOf(resource.effectivePeriod?.end),
      quantity: undefined,
      reason: reasonOf(entry, resource, references),
      author: references.name(entry, resource.informationSource),
    };
  }
  return {
    role: 'dispensed',
    status,
    started: entry.when,
    ended: undefined,
    quantity: amountOf(resource.quantity),
    reason: undefined,
    author: references.firstName(
      entry,
      (resource.performer ?? []).map((performer) => performer.actor),
    ),
  };
}

function reasonOf(
  entry: MedicineEntry,
  resource: MedicationRequest | MedicationStatement,
  references: References,
): string | undefined {
  return (
    resource.reasonCode?.map(conceptText).find((text) => text !== undefined) ??
    references.firstName(entry, resource.reasonReference ?? [])
  );
}

function dosesOf(dosage: Dosage): readonly Amount[] {
  return (dosage.doseAndRate ?? [])
    .map((one) => amountOf(one.doseQuantity))
    .filter((amount) => amount !== undefined);
}

/** All dosages in their order, as written; a repeated "or" is the source's to write. */
function instructionsOf(dosages: readonly Dosage[]): string | undefined {
  const texts = dosages.flatMap((dosage) => {
    const parts = [dosage.text ?? conceptText(dosage.timing?.code), dosage.patientInstruction];
    return parts.filter((part) => part !== undefined && part.trim() !== '');
  });
  return texts.length === 0 ? undefined : [...new Set(texts)].join('; ');
}
