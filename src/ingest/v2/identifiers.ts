/**
 * Identifiers (CX, EI, HD) → Identifier with a system that tells one organisation's numbers from another's. Local
 * numbers get `https://fhir.nhs.uk/{ODS}/Id/{kind}`; an authority that is no ODS code is named below the
 * organisation's own. HL7 v2.5.1 §2.A.14, §2.A.28, §2.A.33.
 */
import type { Identifier } from 'fhir/r4.d.ts';
import { NHS_NUMBER_SYSTEM } from '../../fhir/resource.ts';
import { part, type Repetition } from '../v2-message.ts';
import { given, type Mapping, slug, timed, timeFrom } from './mapping.ts';

/** HD: namespace, universal id, its type. */
export interface Authority {
  readonly namespace: string;
  readonly universalId: string;
  readonly universalType: string;
}

/** The authority in a component whose parts are sub-components (CX-4, PL-4). */
export function authorityIn(repetition: Repetition | undefined, component: number): Authority {
  return {
    namespace: part(repetition, component, 1),
    universalId: part(repetition, component, 2),
    universalType: part(repetition, component, 3),
  };
}

/** The authority of an EI (OBR-2, OBR-3), whose parts are components 2 to 4. */
export function entityAuthority(repetition: Repetition | undefined): Authority {
  return {
    namespace: part(repetition, 2),
    universalId: part(repetition, 3),
    universalType: part(repetition, 4),
  };
}

const NHS_OID = '2.16.840.1.113883.2.1.4.1';
const OID = /^\d+(?:\.\d+){3,}$/;
/** Forms of ODS codes of trusts, their sites, practices, independent and other providers. */
const ODS_FORMS = /^(?:R[A-Z0-9]{2}(?:[A-Z0-9]{2})?|[A-Z]\d{5}|[89N][A-Z0-9]{2,5}|[A-Z]{2}[A-Z0-9]\d{2})$/;

/** True where `text` has the form of an ODS code, or is the node's own. */
export function looksLikeOds(mapping: Mapping, text: string): boolean {
  return text === mapping.ods || ODS_FORMS.test(text);
}

/** `https://fhir.nhs.uk/RCB/Id/MRN`, `urn:oid:…`: the system of numbers of a kind that an authority gives out. */
export function identifierSystem(mapping: Mapping, authority: Authority, kind: string): string {
  const { namespace, universalId, universalType } = authority;
  if (universalId === NHS_OID) return NHS_NUMBER_SYSTEM;
  if (OID.test(universalId)) return `urn:oid:${universalId}`;
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(universalId)) {
    return `urn:uuid:${universalId.toLowerCase()}`;
  }
  if (/^(?:https?:\/\/|urn:)\S+$/.test(universalId)) return universalId;
  const name = namespace || (universalType === '' ? '' : universalId);
  if (name === '') return `https://fhir.nhs.uk/${mapping.ods}/Id/${kind}`;
  if (looksLikeOds(mapping, name)) return `https://fhir.nhs.uk/${name}/Id/${kind}`;
  return `https://fhir.nhs.uk/${mapping.ods}/Id/${kind}/${slug(name)}`;
}

const TYPE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v2-0203';
/** What senders write in CX-5 → table 0203. */
const TYPES: Readonly<Record<string, string>> = {
  MRN: 'MR',
  NHS: 'NH',
  NHSNMBR: 'NH',
  NHSNBR: 'NH',
  PI: 'PI',
};
const TABLE_0203 = new Set(
  `AN ACSN BA BC BCT BR BRN DDS DI DL DN DR EI EN FI GN HC JHN LN LR MA MB MC MCD MCN MCR MD MI MR
  MS NE NH NI NP NPI PC PCN PE PEN PI PN PPN PRC PRN PT RR RRI SB SL SN SP SR SS TAX U UPIN USDL
  VN VS WC WCN XX PLAC FILL`.split(/\s+/),
);

/** The table-0203 code for CX-5; '' where the sender gave none. */
export function identifierType(text: string): string {
  const upper = text.toUpperCase();
  return TYPES[upper] ?? upper;
}

/** `Identifier.type` for a code of table 0203; as text where it is none. */
export function typeConcept(code: string): Identifier['type'] | undefined {
  if (code === '') return undefined;
  return TABLE_0203.has(code) ? { coding: [{ system: TYPE_SYSTEM, code }] } : { text: code };
}

/** Types that number a patient within an organisation; no type at all means the same. */
const PATIENT_NUMBER = new Set(['', 'MR', 'PI', 'PT', 'PN', 'U']);

/** True for the types under which an organisation numbers its patients. */
export function isPatientNumber(type: string): boolean {
  return PATIENT_NUMBER.has(type);
}

/** Whether an id with check digit, authority and type (CX) is an NHS number: by type, authority or OID. */
export function isNhsNumberCx(repetition: Repetition): boolean {
  const authority = authorityIn(repetition, 4);
  const type = identifierType(part(repetition, 5));
  const name = authority.namespace.toUpperCase();
  return (
    type === 'NH' ||
    authority.universalId === NHS_OID ||
    name === 'NHS' ||
    name === 'NHSNBR' ||
    name === 'NHSNMBR'
  );
}

/** A CX as an Identifier (not for NHS numbers); undefined without an id. `kind` is that of untyped numbers. */
export function identifierIn(
  mapping: Mapping,
  repetition: Repetition | undefined,
  kind: string,
  field: string,
): Identifier | undefined {
  const value = part(repetition, 1).replace(/\s+/g, ' ');
  if (value === '') return undefined;
  const type = identifierType(part(repetition, 5));
  const concept = typeConcept(type === '' && kind === 'MRN' ? 'MR' : type);
  const period = {
    ...timed('start', timeFrom(mapping, part(repetition, 7), field)),
    ...timed('end', timeFrom(mapping, part(repetition, 8), field)),
  };
  return {
    ...given('type', concept),
    system: identifierSystem(
      mapping,
      authorityIn(repetition, 4),
      isPatientNumber(type) ? kind : slug(type) || kind,
    ),
    value,
    ...(Object.keys(period).length === 0 ? {} : { period }),
  };
}

/** A text as part of an identifier: what would be read as a border between parts is escaped. */
export function keyPart(text: string): string {
  return encodeURIComponent(text.replace(/\s+/g, ' ').trim());
}

/** A patient's number as part of an identifier, unlike that of any other authority. */
export function numberKey({ system, value }: Identifier): string {
  return `${keyPart((system ?? '').replace('https://fhir.nhs.uk/', ''))}/${keyPart(value ?? '')}`;
}
