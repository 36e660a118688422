/**
 * Staff, organisations and places (XCN, XON, PL) → references by identifier and name. The sender's directories are
 * not ours to keep: a reference says who or where by the sender's own identifier, and no resource is shared between
 * the lanes in which messages are worked on. HL7 v2.5.1 §2.A.86, §2.A.88, §2.A.53.
 */
import type { Identifier, Reference } from 'fhir/r4.d.ts';
import { ODS_CODE_SYSTEM } from '../../fhir/resource.ts';
import { part, type Repetition } from '../v2-message.ts';
import { authorityIn, identifierSystem, looksLikeOds } from './identifiers.ts';
import { given, type Mapping } from './mapping.ts';

/** Professional registers, as XCN-9 or XCN-13 name them → systems. */
const REGISTERS: Readonly<Record<string, string>> = {
  GMC: 'https://fhir.hl7.org.uk/Id/gmc-number',
  GMP: 'https://fhir.hl7.org.uk/Id/gmp-number',
  NMC: 'https://fhir.hl7.org.uk/Id/nmc-number',
  HCPC: 'https://fhir.hl7.org.uk/Id/hcpc-number',
  GPHC: 'https://fhir.hl7.org.uk/Id/gphc-number',
  GDC: 'https://fhir.hl7.org.uk/Id/gdc-number',
  SDS: 'https://fhir.nhs.uk/Id/sds-user-id',
  SDSUSER: 'https://fhir.nhs.uk/Id/sds-user-id',
};

/** A person who works there (XCN); undefined where the field names nobody. */
export function practitionerIn(mapping: Mapping, repetition: Repetition | undefined): Reference | undefined {
  const identifier = staffIdentifier(mapping, repetition);
  const display = [
    part(repetition, 6),
    part(repetition, 3),
    part(repetition, 4),
    part(repetition, 2),
    part(repetition, 5),
  ]
    .filter((one) => one !== '')
    .join(' ');
  if (identifier === undefined && display === '') return undefined;
  return { type: 'Practitioner', ...given('identifier', identifier), ...given('display', display) };
}

function staffIdentifier(mapping: Mapping, repetition: Repetition | undefined): Identifier | undefined {
  const value = part(repetition, 1);
  if (value === '') return undefined;
  const authority = authorityIn(repetition, 9);
  const register =
    REGISTERS[part(repetition, 13).toUpperCase()] ?? REGISTERS[authority.namespace.toUpperCase()];
  // the NHS consultant code is C and the seven digits of the GMC number
  const consultant = /^C(\d{7})$/.exec(value)?.[1];
  const plain = authority.namespace === '' && authority.universalId === '';
  if (consultant !== undefined && (plain || register === REGISTERS.GMC)) {
    return { system: 'https://fhir.hl7.org.uk/Id/gmc-number', value: consultant };
  }
  if (register !== undefined) return { system: register, value };
  return { system: identifierSystem(mapping, authority, 'Practitioner'), value };
}

/** An organisation (XON); undefined where the field names none. */
export function organisationIn(mapping: Mapping, repetition: Repetition | undefined): Reference | undefined {
  const name = part(repetition, 1);
  const code = part(repetition, 10) || part(repetition, 3);
  if (name === '' && code === '') return undefined;
  const system = looksLikeOds(mapping, code)
    ? ODS_CODE_SYSTEM
    : identifierSystem(mapping, authorityIn(repetition, 6), 'Organization');
  return {
    type: 'Organization',
    ...(code === '' ? {} : { identifier: { system, value: code } }),
    ...given('display', name),
  };
}

/** A place within the organisation, and how small it is. */
export interface Place {
  readonly reference: Reference;
  /** Code of http://terminology.hl7.org/CodeSystem/location-physical-type. */
  readonly physicalType?: 'bd' | 'ro' | 'wa';
}

/** A PL: point of care, room, bed, facility, building, floor; undefined where it names no place. */
export function placeIn(mapping: Mapping, repetition: Repetition | undefined): Place | undefined {
  const [first = '', second = '', third = '', site = '', building = '', floor = ''] = [1, 2, 3, 4, 7, 8].map(
    (n) => part(repetition, n),
  );
  // English senders put the organisation's code first, so that ward and bed move up by one
  const [ward, room, bed] = looksLikeOds(mapping, first) ? [second, '', third] : [first, second, third];
  const words = [ward, room, bed, site, building, floor === '' ? '' : `floor ${floor}`].filter(isSaid);
  const display = words.length === 0 ? part(repetition, 9) : words.join(', ');
  if (display === '') return undefined;
  const value = [first, second, third, site].join('^').replace(/\^+$/, '');
  const physicalType = isSaid(bed) ? 'bd' : isSaid(room) ? 'ro' : isSaid(ward) ? 'wa' : undefined;
  return {
    reference: {
      type: 'Location',
      ...(value === ''
        ? {}
        : { identifier: { system: `https://fhir.nhs.uk/${mapping.ods}/Id/Location`, value } }),
      display,
    },
    ...given('physicalType', physicalType),
  };
}

function isSaid(text: string): boolean {
  return text !== '';
}
