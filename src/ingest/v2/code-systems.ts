/**
 * Names of coding systems in HL7 v2 (table 0396 and what English senders write) → system URIs, and coded elements
 * (CE, CWE, CNE) → CodeableConcept. A code that cannot belong to the system it claims stays a local code: a wrong
 * SNOMED CT or LOINC code would be trusted by whoever reads it. HL7 v2.5.1 §2.A.13.
 */
import type { CodeableConcept, Coding } from 'fhir/r4.d.ts';
import { part, type Repetition } from '../v2-message.ts';
import { given, type Mapping, slug, warn } from './mapping.ts';

export const SNOMED = 'http://snomed.info/sct';
export const LOINC = 'http://loinc.org';
export const UCUM = 'http://unitsofmeasure.org';
export const MDC = 'urn:iso:std:iso:11073:10101';

const SYSTEMS: Readonly<Record<string, string>> = {
  LN: LOINC,
  LOINC,
  SCT: SNOMED,
  SCT2: SNOMED,
  SNOMED,
  'SNOMED-CT': SNOMED,
  'SNOMED CT': SNOMED,
  SNOMEDCT: SNOMED,
  SNM: SNOMED,
  SNM3: SNOMED,
  UCUM,
  MDC,
  I10: 'http://hl7.org/fhir/sid/icd-10',
  ICD10: 'http://hl7.org/fhir/sid/icd-10',
  'ICD-10': 'http://hl7.org/fhir/sid/icd-10',
  I10C: 'http://hl7.org/fhir/sid/icd-10-cm',
  I9: 'http://hl7.org/fhir/sid/icd-9-cm',
  I9C: 'http://hl7.org/fhir/sid/icd-9-cm',
  I9CDX: 'http://hl7.org/fhir/sid/icd-9-cm',
  OPCS4: 'https://fhir.hl7.org.uk/Id/opcs-4',
  OPCS: 'https://fhir.hl7.org.uk/Id/opcs-4',
  RC: 'http://read.info/readv2',
  READ: 'http://read.info/readv2',
  READ2: 'http://read.info/readv2',
  CTV3: 'http://read.info/ctv3',
  DMD: 'https://dmd.nhs.uk',
  'DM+D': 'https://dmd.nhs.uk',
  CVX: 'http://hl7.org/fhir/sid/cvx',
  RXNORM: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  CDCREC: 'urn:oid:2.16.840.1.113883.6.238',
  ISO3166: 'urn:iso:std:iso:3166',
  ISO3166_1: 'urn:iso:std:iso:3166',
};

const HL7_TABLE = /^HL7[-_ ]?(\d{4,5})$/;
const OID = /^\d+(?:\.\d+){3,}$/;

/**
 * The system URI for a code under a v2 system name; undefined where the sender names none. Unknown names, and known
 * ones whose form the code does not have, become local systems of the organisation.
 */
function codeSystem(mapping: Mapping, name: string, code: string, field: string): string | undefined {
  if (name === '') return undefined;
  const upper = name.toUpperCase();
  const table = HL7_TABLE.exec(upper)?.[1];
  if (table !== undefined) return `http://terminology.hl7.org/CodeSystem/v2-${table.slice(-4)}`;
  const known = SYSTEMS[upper] ?? (OID.test(name) ? `urn:oid:${name}` : undefined);
  if (known !== undefined && hasForm(known, code)) return known;
  if (known !== undefined) {
    warn(
      mapping,
      field,
      'The code does not have the form of the system that it names; it was kept as a local one.',
    );
  }
  return `https://fhir.nhs.uk/${mapping.ods}/CodeSystem/${slug(name) || 'local'}`;
}

function hasForm(system: string, code: string): boolean {
  if (system === SNOMED) return isSnomedId(code);
  if (system === LOINC) return /^(?:\d{1,8}|L[AP]\d{1,8})-\d$/.test(code);
  return true;
}

const DIHEDRAL = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
  [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
  [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
  [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
  [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
  [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
  [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
  [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
  [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];
const PERMUTATION = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/** True for 6 to 18 digits with a right Verhoeff check digit: what a SNOMED CT identifier is. */
function isSnomedId(code: string): boolean {
  if (!/^[1-9]\d{5,17}$/.test(code)) return false;
  let check = 0;
  for (let i = 0; i < code.length; i++) {
    let digit = code.charCodeAt(code.length - 1 - i) - 48;
    for (let turn = i % 8; turn > 0; turn--) digit = PERMUTATION[digit] ?? 0;
    check = DIHEDRAL[check]?.[digit] ?? 0;
  }
  return check === 0;
}

/** The codings of a coded element: the code, and the alternate one. */
export function codingsIn(
  mapping: Mapping,
  repetition: Repetition | undefined,
  field: string,
): readonly Coding[] {
  const found: Coding[] = [];
  for (const first of [1, 4]) {
    const code = part(repetition, first);
    const display = part(repetition, first + 1);
    const system = part(repetition, first + 2) || (first === 1 ? part(repetition, 14) : '');
    if (code === '') continue;
    found.push({
      ...given('system', codeSystem(mapping, system, code, field)),
      code: code.replace(/\s+/g, ' '),
      ...given('display', display),
    });
  }
  return found;
}

/** A coded element as a CodeableConcept; undefined where it says nothing. */
export function conceptIn(
  mapping: Mapping,
  repetition: Repetition | undefined,
  field: string,
): CodeableConcept | undefined {
  const coding = [...codingsIn(mapping, repetition, field)];
  const text = part(repetition, 9) || part(repetition, 2) || part(repetition, 5);
  if (coding.length === 0 && text === '') return undefined;
  return { ...given('coding', coding), ...given('text', text) };
}

/** A concept of one code of an HL7 terminology system. */
export function concept(system: string, code: string, display?: string): CodeableConcept {
  return { coding: [{ system, code, ...given('display', display) }] };
}

export const V2_TABLE = 'http://terminology.hl7.org/CodeSystem/v2-';
