/**
 * Instances of a resource type with every element filled, for tests: twelve, so that each type of each
 * choice (but for those of any type) stands in one of them. Made from the element tables; values are of
 * the right form, no more.
 */
import { structure } from '../src/fhir/definitions.ts';
import type { ElementRow } from '../src/fhir/structure-table.ts';

export type Filled = { readonly resourceType: string; readonly [name: string]: unknown };

/** Levels of backbone and data types that are filled; elements below that are optional and left out. */
const DEPTH_MAX = 6;

/** Extension URLs that R4's search parameters ask for. */
const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  Observation: [
    'http://hl7.org/fhir/StructureDefinition/observation-geneticsAminoAcidChangeName',
    'http://hl7.org/fhir/StructureDefinition/observation-geneticsDnaVariant',
    'http://hl7.org/fhir/StructureDefinition/observation-geneticsGene',
  ],
  Device: ['http://hl7.org/fhir/SearchParameter/device-extensions-Device-din'],
  DiagnosticReport: ['http://hl7.org/fhir/StructureDefinition/DiagnosticReport-geneticsAssessedCondition'],
  Patient: ['http://hl7.org/fhir/StructureDefinition/patient-extensions-Patient-mothersMaidenName'],
  'QuestionnaireResponse.item': ['http://hl7.org/fhir/StructureDefinition/questionnaireresponse-isSubject'],
};

const PRIMITIVE_VALUES: Readonly<Record<string, unknown>> = {
  boolean: true,
  integer: -3,
  unsignedInt: 0,
  positiveInt: 7,
  decimal: 1.5,
  string: 'Some text',
  markdown: '*Some* text',
  xhtml: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>',
  base64Binary: 'aGVsbG8=',
  code: 'a-code',
  id: 'an-id',
  uri: 'urn:x:1',
  url: 'https://example.org/x',
  canonical: 'https://example.org/x|1.0',
  oid: 'urn:oid:1.2.3',
  uuid: 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520',
  date: '1987-06-05',
  dateTime: '2015-02-07T13:28:17+01:00',
  instant: '2015-02-07T13:28:17.239Z',
  time: '13:28:17',
};

/** Instances of `type` that together hold every element with every type it may have. */
export function filledResources(type: string): readonly Filled[] {
  return Array.from({ length: 12 }, (_, turn) => ({ resourceType: type, ...filled(type, turn, 0) }));
}

/** Elements of one table; choice k of `turn` is taken everywhere. */
function filled(table: string, turn: number, depth: number): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const row of structure.types[table] ?? []) {
    if (depth >= DEPTH_MAX && row.min === 0) continue;
    const type = row.t[turn % row.t.length] ?? '';
    const name = row.c === 1 ? row.n + type.charAt(0).toUpperCase() + type.slice(1) : row.n;
    const value = filledValue(table, row, type, turn, depth);
    if (value !== undefined) out[name] = row.max === 1 ? value : many(row, value);
  }
  if (out.extension !== undefined && table === 'Extension') delete out.extension;
  return out;
}

const many = (row: ElementRow, value: unknown): unknown =>
  row.n === 'extension' && Array.isArray(value) ? value : [value];

function filledValue(table: string, row: ElementRow, type: string, turn: number, depth: number): unknown {
  if (row.n === 'contained' || row.n === 'modifierExtension') return undefined;
  if (type === 'Extension') {
    const urls = EXTENSIONS[table];
    return urls?.map((url, i) => ({ url, ...extensionValue(turn + i) }));
  }
  if (type === 'Resource')
    return { resourceType: turn % 2 === 0 ? 'Composition' : 'MessageHeader', id: 'inline' };
  if (type === 'Reference') return { reference: referenceOf(row, turn), display: 'x' };
  if (type === 'code' && row.b !== undefined) return codeOf(row, turn) ?? PRIMITIVE_VALUES.code;
  if (type === 'CodeableConcept' && row.b !== undefined) return conceptOf(row, turn);
  if (type in PRIMITIVE_VALUES) return PRIMITIVE_VALUES[type];
  if (type === 'SampledData') {
    return { origin: { value: 1, unit: 'mV' }, period: 10, dimensions: 1, factor: 2, data: '1 E 3 -2.5 U' };
  }
  return depth >= DEPTH_MAX ? undefined : filled(type, turn, depth + 1);
}

function extensionValue(turn: number): Record<string, unknown> {
  const choices = [
    { valueString: 'x' },
    { valueCodeableConcept: { coding: [{ system: 'urn:s', code: 'c' }] } },
    { valueReference: { reference: 'Condition/1' } },
    { valueIdentifier: { system: 'urn:i', value: 'v' } },
  ];
  return choices[turn % choices.length] ?? {};
}

function referenceOf(row: ElementRow, turn: number): string {
  const targets = row.r ?? ['Patient', 'Practitioner', 'Location', 'RelatedPerson'];
  const type = targets[turn % targets.length];
  return turn >= 10 ? `https://example.org/fhir/${type}/elsewhere` : `${type}/${turn + 1}`;
}

function codeOf(row: ElementRow, turn: number): string | undefined {
  const codes = Object.values(structure.valueSets[row.b ?? ''] ?? {}).flat();
  return codes[turn % codes.length];
}

function conceptOf(row: ElementRow, turn: number): unknown {
  const system = Object.keys(structure.valueSets[row.b ?? ''] ?? {})[0];
  return { coding: [{ system: system ?? 'urn:s', code: codeOf(row, turn) ?? 'c' }] };
}
