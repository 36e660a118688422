/**
 * What a resource can be found by, taken by the index functions that scripts/compile-definitions.ts
 * compiled from the R4 SearchParameters; how each element type becomes values is
 * http://hl7.org/fhir/R4/search.html §3.1.1.4.
 */
import { BEGINNING_OF_TIME, dateRange, END_OF_TIME } from './date-range.ts';
import { isResourceType } from './definitions.ts';
import { COMPOSITES, SEARCH_FUNCTIONS } from './generated/search-functions.ts';
import { isArray, isObject, type JsonObject } from './json-access.ts';
import { parseReference, typeShownBy } from './references.ts';
import { phoneticKey } from './search/phonetic-key.ts';
import type { SearchEmitter } from './search/search-emitter.ts';
import { normaliseText, type SearchValue } from './search-value.ts';

/** Where the emitter's methods put what they find; set for the time of one searchValues call. */
let out: SearchValue[] = [];

/**
 * Every value of every indexed parameter of the resource, `_tag`, `_profile`, `_security` and `_source`
 * among them. The same value may come twice under one code. `_id` and `_lastUpdated` are the store's
 * own. Empty for an unknown resource type; elements of a wrong JSON type are passed over, so the
 * resource should have been validated.
 */
export function searchValues(resource: unknown): SearchValue[] {
  const found: SearchValue[] = [];
  if (!isObject(resource)) return found;
  const type = resource.resourceType;
  const index = typeof type === 'string' && isResourceType(type) ? SEARCH_FUNCTIONS[type] : undefined;
  if (index === undefined) return found;
  out = found;
  index(resource, emitter);
  out = [];
  return found;
}

/**
 * The values of a composite parameter: for each element of which the parts are to hold together, its values
 * under the places of the parts, '0', '1' … as codes. Nothing of it is indexed.
 */
export function compositeValues(resource: JsonObject, code: string): SearchValue[][] {
  const elements = COMPOSITES[`${String(resource.resourceType)}.${code}`] ?? [];
  const groups: SearchValue[][] = [];
  for (const { visit, parts } of elements) {
    visit(resource, (element) => {
      if (!isObject(element)) return;
      const group: SearchValue[] = [];
      out = group;
      parts(element, emitter, resource);
      out = [];
      groups.push(group);
    });
  }
  return groups;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function token(code: string, system: unknown, value: unknown): void {
  const hasValue = isText(value);
  const hasSystem = isText(system);
  if (hasValue || hasSystem) {
    out.push({ kind: 'token', code, system: hasSystem ? system : '', value: hasValue ? value : '' });
  }
}

function text(code: string, value: unknown): void {
  if (!isText(value)) return;
  const norm = normaliseText(value);
  if (norm !== '') out.push({ kind: 'string', code, norm, exact: value });
}

function texts(code: string, values: unknown): void {
  if (!isArray(values)) return;
  for (const value of values) text(code, value);
}

function phoneticText(code: string, value: unknown): void {
  if (!isText(value)) return;
  const norm = phoneticKey(value);
  if (norm !== '') out.push({ kind: 'string', code, norm, exact: value });
  else there(code);
}

function coding(code: string, value: unknown): void {
  if (!isObject(value)) return;
  if (isText(value.code) || isText(value.system)) token(code, value.system, value.code);
  else if (isText(value.display)) there(code);
}

/** Something without a value: only a modifier finds it. */
function there(code: string): void {
  out.push({ kind: 'there', code });
}

function measured(code: string, value: number, system: unknown, unit: unknown): void {
  if (!Number.isFinite(value)) return;
  out.push({
    kind: 'quantity',
    code,
    system: isText(system) ? system : '',
    unit: isText(unit) ? unit : '',
    value,
  });
}

/**
 * R4: `5.4||mg` matches the code or the stated human unit, so a unit that differs from the code is a
 * value too.
 */
function quantity(code: string, value: unknown): void {
  if (isObject(value) && typeof value.value === 'number') measuredAs(code, value.value, value);
}

function measuredAs(code: string, value: number, quantityLike: JsonObject): void {
  const unitCode = quantityLike.code;
  measured(code, value, quantityLike.system, isText(unitCode) ? unitCode : quantityLike.unit);
  if (isText(unitCode) && isText(quantityLike.unit) && quantityLike.unit !== unitCode) {
    measured(code, value, '', quantityLike.unit);
  }
}

function number(code: string, value: unknown): void {
  if (typeof value === 'number') out.push({ kind: 'number', code, value });
}

function span(code: string, lo: number, hi: number): void {
  if (lo <= hi) out.push({ kind: 'date', code, lo, hi });
}

function periodEnds(value: unknown): { lo: number; hi: number } | undefined {
  if (!isObject(value)) return undefined;
  const start = isText(value.start) ? dateRange(value.start) : undefined;
  const end = isText(value.end) ? dateRange(value.end) : undefined;
  if (start === undefined && end === undefined) return undefined;
  return { lo: start?.lo ?? BEGINNING_OF_TIME, hi: end?.hi ?? END_OF_TIME };
}

function period(code: string, value: unknown): void {
  const ends = periodEnds(value);
  if (ends !== undefined) span(code, ends.lo, ends.hi);
}

/** R4: of a schedule only the outer limits matter. */
function timing(code: string, value: unknown): void {
  if (!isObject(value)) return;
  let lo = END_OF_TIME;
  let hi = BEGINNING_OF_TIME;
  for (const event of isArray(value.event) ? value.event : []) {
    const range = isText(event) ? dateRange(event) : undefined;
    if (range === undefined) continue;
    lo = Math.min(lo, range.lo);
    hi = Math.max(hi, range.hi);
  }
  const bounds = isObject(value.repeat) ? periodEnds(value.repeat.boundsPeriod) : undefined;
  if (bounds !== undefined) {
    lo = Math.min(lo, bounds.lo);
    hi = Math.max(hi, bounds.hi);
  }
  span(code, lo, hi);
}

/** R4 Observation.value-quantity: "just search on the bounds of the values in sampled data". */
function sampledData(code: string, value: unknown): void {
  if (!isObject(value) || !isText(value.data) || !isObject(value.origin)) return;
  const origin = value.origin;
  const zero = typeof origin.value === 'number' ? origin.value : 0;
  const factor = typeof value.factor === 'number' ? value.factor : 1;
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const word of value.data.split(/\s+/)) {
    const sample = word === '' ? Number.NaN : Number(word); // E, L and U are no numbers
    if (Number.isNaN(sample)) continue;
    const measure = zero + sample * factor;
    lo = Math.min(lo, measure);
    hi = Math.max(hi, measure);
  }
  if (hi < lo) return;
  measuredAs(code, lo, origin);
  if (hi > lo) measuredAs(code, hi, origin);
}

/**
 * The reference's text as a value. A logical reference (identifier alone) has none: `:identifier` looks into
 * the element itself. A fragment points inside the resource and cannot be searched for, but is there.
 */
function referenceText(code: string, value: unknown): void {
  if (!isText(value)) return;
  const reference = parseReference(value);
  if (reference.kind === 'local')
    out.push({ kind: 'reference', code, type: reference.type, id: reference.id });
  else if (reference.kind === 'elsewhere') out.push({ kind: 'reference-url', code, url: reference.url });
  else there(code);
}

/** A canonical with its version, and without, since either may be asked for. */
function canonical(code: string, value: unknown): void {
  referenceText(code, value);
  if (!isText(value)) return;
  const bar = value.indexOf('|');
  if (bar > 0) referenceText(code, value.slice(0, bar));
}

const emitter: SearchEmitter = {
  coding,
  concept(code, value) {
    if (!isObject(value)) return;
    const before = out.length;
    const codings = isArray(value.coding) ? value.coding : [];
    for (const one of codings) if (isObject(one)) token(code, one.system, one.code);
    const hasText = (): boolean =>
      isText(value.text) || codings.some((one) => isObject(one) && isText(one.display));
    if (out.length === before && hasText()) there(code);
  },
  identifier(code, value) {
    if (!isObject(value)) return;
    if (isText(value.value) || isText(value.system)) token(code, value.system, value.value);
    else if (isObject(value.type) && isText(value.type.text)) there(code);
  },
  contactPoint(code, value) {
    if (isObject(value)) token(code, '', value.value);
  },
  truth(code, value) {
    if (typeof value === 'boolean') token(code, '', String(value));
  },
  codeText(code, value) {
    token(code, '', value);
  },
  deceased(code, patient) {
    token(code, '', String(isText(patient.deceasedDateTime) || patient.deceasedBoolean === true));
  },
  text,
  humanName(code, value) {
    if (!isObject(value)) return;
    text(code, value.family);
    texts(code, value.given);
    texts(code, value.prefix);
    texts(code, value.suffix);
    text(code, value.text);
  },
  phoneticName(code, value) {
    if (!isObject(value)) return;
    phoneticText(code, value.family);
    if (isArray(value.given)) for (const given of value.given) phoneticText(code, given);
    phoneticText(code, value.text);
  },
  phoneticText,
  address(code, value) {
    if (!isObject(value)) return;
    texts(code, value.line);
    for (const part of ['city', 'district', 'state', 'postalCode', 'country', 'text'])
      text(code, value[part]);
  },
  moment(code, value) {
    const range = isText(value) ? dateRange(value) : undefined;
    if (range !== undefined) span(code, range.lo, range.hi);
  },
  period,
  timing,
  quantity,
  money(code, value) {
    if (!isObject(value) || typeof value.value !== 'number') return;
    measured(code, value.value, isText(value.currency) ? 'urn:iso:std:iso:4217' : '', value.currency);
  },
  range(code, value) {
    if (!isObject(value)) return;
    quantity(code, value.low);
    quantity(code, value.high);
  },
  sampledData,
  number,
  numberRange(code, value) {
    if (!isObject(value)) return;
    if (isObject(value.low)) number(code, value.low.value);
    if (isObject(value.high)) number(code, value.high.value);
  },
  uri(code, value) {
    if (isText(value)) out.push({ kind: 'uri', code, value });
  },
  reference(code, value) {
    if (!isObject(value)) return;
    if (isText(value.reference)) referenceText(code, value.reference);
    else if (isObject(value.identifier) || isText(value.display)) there(code);
  },
  referenceTo(code, value, type) {
    if (!isObject(value)) return;
    if (!isText(value.reference)) {
      const isOf = value.type === undefined || value.type === type;
      if (isOf && isObject(value.identifier)) there(code);
      return;
    }
    const shown = typeShownBy(value.reference) ?? value.type;
    if (shown === type) referenceText(code, value.reference);
  },
  canonical,
  inlineResource(code, value, types) {
    if (!isObject(value) || !isText(value.resourceType) || !isText(value.id)) return;
    if (!types.includes(value.resourceType)) return;
    out.push({ kind: 'reference', code, type: value.resourceType, id: value.id });
  },
};
