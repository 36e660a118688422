/**
 * What an organisation lets other organisations see of one person: its kind, the person's numbers, dissent
 * and labels, as plain data. The same policy answers a live question and is sealed inside a continuity copy,
 * where the opener applies it before anything leaves; so it must serialise, and applying it must need nothing
 * else.
 */
import type { Period } from 'fhir/r4.d.ts';
import type { Id, InstantMs, NhsNumber, OdsCode } from '../base/brands.ts';
import type { OrganisationKind } from '../base/node-config.ts';
import type { ResourceOf, ResourceType } from '../fhir/resource.ts';
import { ODS_CODE_SYSTEM } from '../fhir/resource.ts';
import type { Scope } from '../store/scope.ts';
import type { Asker, Role } from './actor.ts';
import { LAB_TYPES, PERSONAS, PHARMACY_TYPES, RECORD_TYPES, REFERENCED_TYPES } from './personas.ts';
import { type Refusal, recordScope, refuse } from './policy.ts';

type Consent = ResourceOf<'Consent'>;
type Patient = ResourceOf<'Patient'>;

/** One dissent: from whom the record is kept, and until when. */
export interface Denial {
  readonly organisations: 'all' | readonly OdsCode[];
  /** Milliseconds UTC; left out where it is open-ended. */
  readonly from?: InstantMs;
  readonly until?: InstantMs;
}

export interface SharePolicy {
  readonly version: 1;
  /** The organisation whose record it is. */
  readonly ods: OdsCode;
  readonly kind: OrganisationKind;
  /** The person's verified NHS numbers here: a patient's own token opens these and no others. */
  readonly nhsNumbers: readonly NhsNumber[];
  readonly denials: readonly Denial[];
  /** Confidentiality codes on the Patient itself: hidden from a role, they close the whole record to it. */
  readonly personLabels: readonly string[];
}

/**
 * A scope without its persons, which the holder of the record adds: their ids are its own. Entries in
 * nobody's compartment that the record refers to come along where their type is in REFERENCED_TYPES.
 */
export interface SharePermit {
  readonly kind: 'permit';
  readonly types: readonly ResourceType[];
  readonly hiddenLabels: readonly string[];
}

type AskingRole = 'patient' | 'gp' | 'nurse' | 'doctor' | 'lab' | 'pharmacist';

const ASKING: Readonly<Record<Role, AskingRole | undefined>> = {
  patient: 'patient',
  gp: 'gp',
  nurse: 'nurse',
  doctor: 'doctor',
  lab: 'lab',
  pharmacist: 'pharmacist',
  'privacy-officer': undefined,
  engineer: undefined,
  analyst: undefined,
  system: undefined,
  node: undefined,
};

const TYPES: Readonly<Record<AskingRole, readonly ResourceType[]>> = {
  patient: RECORD_TYPES,
  gp: RECORD_TYPES,
  nurse: RECORD_TYPES,
  doctor: RECORD_TYPES,
  lab: LAB_TYPES,
  pharmacist: PHARMACY_TYPES,
};

const CARE: readonly AskingRole[] = ['patient', 'gp', 'nurse', 'doctor'];
const EVERYBODY: readonly AskingRole[] = [...CARE, 'lab', 'pharmacist'];

/** Whom an organisation of each kind answers. The exchange holds no clinical record. */
const ANSWERS: Readonly<Record<OrganisationKind, readonly AskingRole[]>> = {
  exchange: [],
  gp: EVERYBODY,
  acute: EVERYBODY,
  lab: EVERYBODY,
  pharmacy: EVERYBODY,
  'mental-health': CARE,
  community: EVERYBODY,
  'urgent-care': EVERYBODY,
};

/**
 * The policy for one person, from the Patient records that are this person and the Consents in their
 * compartments. Consents that say nothing about sharing, and those not active, leave no trace.
 */
export function sharePolicy(
  holder: { readonly ods: OdsCode; readonly kind: OrganisationKind },
  nhsNumbers: readonly NhsNumber[],
  patients: readonly Patient[],
  consents: readonly Consent[],
): SharePolicy {
  const labels = patients.flatMap((one) => (one.meta?.security ?? []).map((coding) => coding.code ?? ''));
  return {
    version: 1,
    ods: holder.ods,
    kind: holder.kind,
    nhsNumbers: [...new Set(nhsNumbers)],
    denials: consents.flatMap(denialsIn),
    personLabels: [...new Set(labels.filter((code) => code !== ''))].sort(),
  };
}

/**
 * What an asker from anywhere in the network may have under this policy at this moment: types and hidden
 * labels, or the rule that refuses. Never throws.
 */
export function applySharePolicy(policy: SharePolicy, asker: Asker, at: InstantMs): SharePermit | Refusal {
  const role = ASKING[asker.actor.role];
  if (role === undefined) return refuse('role', `The role ${asker.actor.role} does not see shared records.`);
  const row = PERSONAS[role];
  if (!row.purposes.includes(asker.purpose)) {
    return refuse('role', `The role ${role} may not ask for the purpose ${asker.purpose}.`);
  }
  if (!ANSWERS[policy.kind].includes(role)) {
    return refuse('role', `This service does not show its records to the role ${role}.`);
  }
  if (policy.nhsNumbers.length === 0) {
    return refuse('identity', 'Nobody has verified the NHS number of this record, so it stays where it is.');
  }
  if (role === 'patient') {
    const own = asker.actor.patient;
    if (own === undefined || !policy.nhsNumbers.includes(own)) {
      return refuse('identity', 'A patient’s token opens the patient’s own record only.');
    }
  } else if (policy.denials.some((denial) => denies(denial, asker.actor.organisation, at))) {
    return refuse('consent', 'The person has said no to sharing this service’s record.');
  }
  if (policy.personLabels.some((label) => row.hiddenLabels.includes(label))) {
    return refuse('label', `This service’s record of the person is restricted beyond the role ${role}.`);
  }
  return { kind: 'permit', types: TYPES[role], hiddenLabels: row.hiddenLabels };
}

/**
 * Whether anybody in this role, for this purpose, sees shared records at all: what a holder of a copy's key
 * asks before it gives its share.
 */
export function seesSharedRecords({ actor: { role }, purpose }: Asker): boolean {
  const asking = ASKING[role];
  return asking !== undefined && PERSONAS[asking].purposes.includes(purpose);
}

/** As much of identity's PersonMatch as a decision needs. */
export type KnownPerson =
  | { readonly kind: 'one'; readonly active: boolean }
  | { readonly kind: 'none' | 'ambiguous' | 'unverified' };

/**
 * Whether somebody may ask the network for a person's shared record at all, at their own organisation `at`. A
 * patient for the own number; treating staff for people whom their organisation holds, in use, under a
 * verified number. The rule `identity` is to be told as "not found": it must not say whether the person
 * exists.
 */
export function decideSharedRecord(question: {
  readonly asker: Asker;
  readonly at: OdsCode;
  readonly nhsNumber: NhsNumber;
  readonly person: KnownPerson;
}): { readonly kind: 'permit' } | Refusal {
  const { asker, at, nhsNumber, person } = question;
  const role = ASKING[asker.actor.role];
  if (asker.actor.organisation !== at) return refuse('role', 'Ask at the node of your own organisation.');
  if (role === undefined) return refuse('role', `The role ${asker.actor.role} does not see shared records.`);
  if (!PERSONAS[role].purposes.includes(asker.purpose)) {
    return refuse('role', `The role ${role} may not ask for the purpose ${asker.purpose}.`);
  }
  if (role === 'patient') {
    if (asker.actor.patient === nhsNumber) return { kind: 'permit' };
    return refuse('role', 'A patient’s token opens the patient’s own record only.');
  }
  if (person.kind === 'one' && person.active) return { kind: 'permit' };
  return refuse('identity', 'There is no such person here, or your organisation does not look after them.');
}

/**
 * Whether it must not show outside that the organisation holds anything of this person: the Patient itself is
 * labelled very restricted. Such a record leaves no pointer and no copy, and whoever asks from outside is
 * answered as if there were none: even a refusal would say that it is there.
 */
export function isProtectedPerson(policy: SharePolicy): boolean {
  return policy.personLabels.includes('V');
}

/** The permit as a scope over the Patient records of the node that holds the record. */
export function shareScope(permit: SharePermit, patients: readonly Id[]): Scope {
  return recordScope(patients, permit.types, permit.hiddenLabels);
}

/**
 * Whether a resource of this type with these `meta.security` codes shows under the permit: for a continuity
 * copy, where there is no query to push a scope into. The copy holds the person's compartment and what it
 * refers to.
 */
export function showsUnder(permit: SharePermit, type: ResourceType, labels: readonly string[]): boolean {
  const { types, hiddenLabels } = permit;
  return (
    (types.includes(type) || REFERENCED_TYPES.includes(type)) &&
    !labels.some((label) => hiddenLabels.includes(label))
  );
}

function denies(denial: Denial, organisation: OdsCode, at: InstantMs): boolean {
  if (denial.from !== undefined && at < denial.from) return false;
  if (denial.until !== undefined && at > denial.until) return false;
  return denial.organisations === 'all' || denial.organisations.includes(organisation);
}

/** Consents of other kinds: to be treated, to take part in research, in advance of losing capacity. */
const OTHER_CONSENTS: readonly string[] = ['treatment', 'research', 'adr'];

/**
 * v3-ActReason codes of uses beyond a person's own care: an opt-out from these does not close the record to
 * carers.
 */
const SECONDARY_PURPOSES: readonly string[] = [
  'HRESCH',
  'CLINTRCH',
  'CLINTRCHNPC',
  'CLINTRCHPC',
  'PRECLINTRCH',
  'DSRCH',
  'POARCH',
  'TRANSRCH',
  'BIORCH',
  'HMARKT',
  'HPAYMT',
  'MEMADMIN',
];

/**
 * Denials of sharing in a Consent, from the organisations that a `deny` names by ODS code or, where it names
 * none or they cannot be read, from all. What would narrow a denial further (classes, dates of data,
 * exceptions inside it) is not read: misreading it would open what the person closed.
 */
function denialsIn(consent: Consent): Denial[] {
  if (consent.status !== 'active' || isOtherConsent(consent) || consent.provision === undefined) return [];
  const found: Denial[] = [];
  const visit = (provision: NonNullable<Consent['provision']>): void => {
    if (provision.type === 'deny') {
      if (!isSecondaryOnly(provision))
        found.push({ organisations: organisationsOf(provision), ...periodOf(provision.period) });
      return;
    }
    for (const inner of provision.provision ?? []) visit(inner);
  };
  visit(consent.provision);
  return found;
}

function isOtherConsent(consent: Consent): boolean {
  const codes = (consent.scope.coding ?? []).map((coding) => coding.code ?? '');
  return codes.length > 0 && codes.every((code) => OTHER_CONSENTS.includes(code));
}

function isSecondaryOnly(provision: NonNullable<Consent['provision']>): boolean {
  const purposes = provision.purpose ?? [];
  return purposes.length > 0 && purposes.every((one) => SECONDARY_PURPOSES.includes(one.code ?? ''));
}

function organisationsOf(provision: NonNullable<Consent['provision']>): Denial['organisations'] {
  const actors = provision.actor ?? [];
  if (actors.length === 0) return 'all';
  const codes = actors.map(({ reference }) =>
    reference.identifier?.system === ODS_CODE_SYSTEM ? reference.identifier.value : undefined,
  );
  return codes.every((code) => code !== undefined)
    ? codes.map((code) => code.trim().toUpperCase() as OdsCode)
    : 'all';
}

/** A period as milliseconds, wide where it is written without a time; a bound that cannot be read is open. */
function periodOf(period: Period | undefined): Pick<Denial, 'from' | 'until'> {
  const start = period?.start;
  const from = start === undefined ? Number.NaN : Date.parse(start) - (start.includes('T') ? 0 : DAY_MS);
  const end = period?.end === undefined ? Number.NaN : endOf(period.end);
  return {
    ...(Number.isNaN(from) ? {} : { from: from as InstantMs }),
    ...(Number.isNaN(end) ? {} : { until: end as InstantMs }),
  };
}

const DAY_MS = 86_400_000;

/** The last millisecond that an R4 dateTime covers anywhere on earth. */
function endOf(text: string): number {
  const [, year, month, day] = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(text) ?? [];
  if (year === undefined) return Date.parse(text);
  if (month === undefined) return Date.UTC(Number(year) + 1, 0, 1) + DAY_MS - 1;
  if (day === undefined) return Date.UTC(Number(year), Number(month), 1) + DAY_MS - 1;
  return Date.parse(text) + 2 * DAY_MS - 1;
}
