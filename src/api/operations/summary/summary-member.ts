/** One resource of a record as a summary sees it: what it is called, when it was, what it denies. */
import type { Settings } from '../../../base/settings.ts';
import { writtenNumber } from '../../../fhir/exact-decimals.ts';
import { isObject, type JsonObject } from '../../../fhir/json-access.ts';
import { parseJson } from '../../../fhir/parse-json.ts';
import { parseReference } from '../../../fhir/references.ts';
import type { Stored } from '../../../store/store.ts';

export interface Member {
  readonly stored: Stored;
  readonly json: JsonObject;
  /** As it was written; undefined where it names no date. */
  readonly when: string | undefined;
}

/** SNOMED CT: "no known allergy" and its parts, "no current problems", "not on any medication". */
const NEGATIONS: ReadonlySet<string> = new Set([
  '716186003',
  '160244002',
  '409137002',
  '429625007',
  '428197003',
  '1003774007',
  '428607008',
  '160245001',
  '787481004',
]);
/** IPS: no-known-allergies, no-known-problems, no-known-medications and the like. */
const ABSENT = 'http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips';

/** The stored resource, read. A record is read whole and little of it shown, so decimals come later (`exactly`). */
export function memberOf(stored: Stored): Member {
  const json: unknown = JSON.parse(stored.bytes.toString('utf8'));
  const object = isObject(json) ? json : {};
  return { stored, json: object, when: whenOf(object) };
}

/** The same with its decimals as they were written. */
export function exactly({ stored, when }: Member, settings: Pick<Settings, 'jsonDepthMax'>): Member {
  return { stored, when, json: parseJson(stored.bytes, settings) as JsonObject };
}

const DATES = [
  'effectiveDateTime',
  'effectiveInstant',
  'performedDateTime',
  'occurrenceDateTime',
  'onsetDateTime',
  'timingDateTime',
  'authoredOn',
  'recordedDate',
  'recordedOn',
  'dateAsserted',
];

function whenOf(json: JsonObject): string | undefined {
  for (const name of DATES) if (typeof json[name] === 'string') return json[name];
  for (const name of ['effectivePeriod', 'performedPeriod', 'onsetPeriod', 'timingPeriod']) {
    const period = json[name];
    if (isObject(period) && typeof period.start === 'string') return period.start;
  }
  return undefined;
}

/** The codes of a CodeableConcept, whatever their systems. */
export function codesIn(concept: unknown): readonly string[] {
  const codings = isObject(concept) && Array.isArray(concept.coding) ? concept.coding : [];
  return codings.flatMap((one) => (isObject(one) && typeof one.code === 'string' ? one.code : []));
}

/** Whether it says that there is nothing, rather than something. */
export function isNegation({ json }: Member): boolean {
  const concept = json.code ?? json.medicationCodeableConcept;
  const codings = isObject(concept) && Array.isArray(concept.coding) ? concept.coding.filter(isObject) : [];
  return codings.some((one) => one.system === ABSENT || NEGATIONS.has(String(one.code)));
}

/** What it is called: the text of its code, or the first display or code there is. */
export function textOf({ json }: Member, others?: ReadonlyMap<string, Member>): string {
  const concept = json.code ?? json.medicationCodeableConcept ?? json.vaccineCode ?? json.type;
  const own = conceptText(concept);
  if (own !== undefined) return own;
  const reference = json.medicationReference ?? json.device;
  if (!isObject(reference)) return 'Not named';
  if (typeof reference.display === 'string') return reference.display;
  const found = referred(reference.reference, json, others);
  return conceptText(found?.code ?? found?.type) ?? 'Not named';
}

function referred(
  text: unknown,
  holder: JsonObject,
  others: ReadonlyMap<string, Member> | undefined,
): JsonObject | undefined {
  const parsed = typeof text === 'string' ? parseReference(text) : undefined;
  if (parsed?.kind === 'local') return others?.get(`${parsed.type}/${parsed.id}`)?.json;
  if (parsed?.kind !== 'contained' || !Array.isArray(holder.contained)) return undefined;
  return holder.contained.filter(isObject).find((one) => one.id === parsed.fragment);
}

function conceptText(concept: unknown): string | undefined {
  if (!isObject(concept)) return undefined;
  if (typeof concept.text === 'string') return concept.text;
  const codings = Array.isArray(concept.coding) ? concept.coding.filter(isObject) : [];
  const named = codings.find((one) => typeof one.display === 'string')?.display;
  const coded = codings.find((one) => typeof one.code === 'string')?.code;
  const text = named ?? coded;
  return typeof text === 'string' ? text : undefined;
}

/** The value of an observation in words; undefined where it has none that is short. */
export function valueText({ json }: Member): string | undefined {
  const quantity = json.valueQuantity;
  if (isObject(quantity) && quantity.value !== undefined) {
    return [quantity.comparator, writtenNumber(quantity, 'value'), quantity.unit ?? quantity.code]
      .filter((part) => part !== undefined)
      .join(' ');
  }
  return typeof json.valueString === 'string' ? json.valueString : conceptText(json.valueCodeableConcept);
}
