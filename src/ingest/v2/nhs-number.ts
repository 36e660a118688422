/**
 * The NHS number of a PID segment and how far the sender vouches for it: PID-32 `NSTS01` alone is "verified", and no
 * status at all is not. A number that is none is kept apart, under a system that joins nothing, so that a person
 * can see what was sent. HL7 UK v2 standard A.3; NHS data dictionary, NHS NUMBER STATUS INDICATOR CODE.
 */
import type { Extension, Identifier } from 'fhir/r4.d.ts';
import { NHS_NUMBER_SYSTEM } from '../../fhir/resource.ts';
import { parseNhsNumber } from '../../identity/nhs-number.ts';
import { VERIFICATION_EXTENSION } from '../../identity/patient-identity.ts';
import { fieldState, part, repetitions, type Segment, textOf } from '../v2-message.ts';
import { isNhsNumberCx } from './identifiers.ts';
import { type Mapping, warn } from './mapping.ts';

const STATUS_SYSTEM = 'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland';
const STATUSES: Readonly<Record<string, string>> = {
  '01': 'Number present and verified',
  '02': 'Number present but not traced',
  '03': 'Trace required',
  '04': 'Trace attempted - No match or multiple match found',
  '05': 'Trace needs to be resolved - (NHS Number or PATIENT detail conflict)',
  '06': 'Trace in progress',
  '07': 'Number not present and trace not required',
  '08': 'Trace postponed (baby under six weeks old)',
};

/** What PID says of the NHS number. */
export type NhsNumberField =
  /** Nothing: what is known stays. */
  | { readonly kind: 'empty' }
  /** The sender asks to forget the number. */
  | { readonly kind: 'delete' }
  | { readonly kind: 'number'; readonly value: string }
  /** Not an NHS number: kept as it was sent, and joins nothing. */
  | { readonly kind: 'invalid'; readonly value: string };

/** The first NHS number among the repetitions of PID-3, or in PID-2 or PID-4 of old messages. */
export function nhsNumberField(mapping: Mapping, pid: Segment): NhsNumberField {
  for (const n of [3, 2, 4]) {
    const found = repetitions(pid, n).find(isNhsNumberCx);
    if (found === undefined) continue;
    if (found.components[0] === '""') return { kind: 'delete' };
    const text = part(found, 1);
    if (text === '') continue;
    const parsed = parseNhsNumber(text);
    if (parsed.ok) return { kind: 'number', value: parsed.nhsNumber };
    warn(mapping, `PID-${n}`, 'The NHS number is not a valid one; it was kept as sent and joins nothing.');
    return { kind: 'invalid', value: text.replace(/\s+/g, ' ') };
  }
  return { kind: 'empty' };
}

/** The status in PID-32, `01` to `08`; 'delete' where it is to be forgotten; undefined where nothing is said. */
function verificationStatus(mapping: Mapping, pid: Segment): string | undefined {
  const state = fieldState(pid, 32);
  if (state !== 'value') return state === 'delete' ? 'delete' : undefined;
  for (const one of repetitions(pid, 32)) {
    const code = /^(?:NSTS)?(0[1-8])$/i.exec(part(one, 1))?.[1];
    if (code !== undefined) return code;
  }
  warn(mapping, 'PID-32', 'This is no NHS number status; the number counts as not verified.');
  return 'delete';
}

/** The NHS number identifier after this message; `before` is the one that is known. */
export function nhsNumberAfter(
  mapping: Mapping,
  pid: Segment,
  before: readonly Identifier[],
): readonly Identifier[] {
  const field = nhsNumberField(mapping, pid);
  const status = verificationStatus(mapping, pid);
  const known = before.find((one) => one.system === NHS_NUMBER_SYSTEM);
  switch (field.kind) {
    case 'delete':
      return [];
    case 'invalid':
      return [
        {
          type: { text: 'NHS number as sent, not valid' },
          system: `https://fhir.nhs.uk/${mapping.ods}/Id/nhs-number-as-sent`,
          value: field.value,
        },
      ];
    case 'empty':
      return known === undefined ? before : [withStatus(pid, known, status)];
    case 'number': {
      const same = known?.value === field.value ? known : { system: NHS_NUMBER_SYSTEM, value: field.value };
      return [withStatus(pid, same, status)];
    }
  }
}

/** True for the identifiers that `nhsNumberAfter` stands for. */
export function isNhsNumberIdentifier(identifier: Identifier): boolean {
  return (
    identifier.system === NHS_NUMBER_SYSTEM || identifier.system?.endsWith('/Id/nhs-number-as-sent') === true
  );
}

/** PID-31 `Y` says that the person may not be matched: then no status verifies the number. */
function withStatus(pid: Segment, identifier: Identifier, status: string | undefined): Identifier {
  const doNotMatch = textOf(pid, 31).toUpperCase() === 'Y';
  if (status === undefined && !doNotMatch) return identifier;
  const { extension, ...rest } = identifier;
  const others = (extension ?? []).filter((one) => one.url !== VERIFICATION_EXTENSION);
  const code = doNotMatch && (status === undefined || status === '01') ? '03' : status;
  const stated = code === undefined || code === 'delete' ? [] : [statusExtension(code)];
  const all = [...others, ...stated];
  return all.length === 0 ? rest : { extension: all, ...rest };
}

function statusExtension(code: string): Extension {
  return {
    url: VERIFICATION_EXTENSION,
    valueCodeableConcept: { coding: [{ system: STATUS_SYSTEM, code, display: STATUSES[code] ?? code }] },
  };
}
