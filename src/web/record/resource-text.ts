/**
 * The words in a resource: what a code, a value or a reference says, as the source wrote it. Nothing is
 * translated or worked out here; where the source said nothing, the answer is undefined and the page says
 * so.
 */
import type { CodeableConcept, HumanName, Quantity, Range, Ratio, Reference } from 'fhir/r4.d.ts';
import { writtenNumber } from '../../fhir/exact-decimals.ts';
import type { Resource } from '../../fhir/resource.ts';
import type { Entry } from './entry.ts';

/** A number as it was written, and its unit. */
export interface Amount {
  readonly value: string;
  readonly unit: string | undefined;
  /** `<`, `<=`, `>=`, `>` where the source gave one. */
  readonly comparator: string | undefined;
}

/** The concept's own text, else a code's display, else the bare code; undefined where there is none. */
export function conceptText(concept: CodeableConcept | undefined): string | undefined {
  const text = concept?.text?.trim();
  if (text !== undefined && text !== '') return text;
  for (const coding of concept?.coding ?? []) if (coding.display?.trim()) return coding.display.trim();
  const code = concept?.coding?.find((coding) => coding.code !== undefined)?.code;
  return code === undefined ? undefined : `Code ${code}`;
}

/** All concepts' texts, those that have one. */
export function conceptTexts(concepts: readonly CodeableConcept[] | undefined): readonly string[] {
  return (concepts ?? []).map(conceptText).filter((text) => text !== undefined);
}

/** True where the concept carries this code under any of these systems. */
export function hasCode(
  concept: CodeableConcept | undefined,
  systems: readonly string[],
  codes: readonly string[],
): boolean {
  return (concept?.coding ?? []).some(
    (coding) => systems.includes(coding.system ?? '') && codes.includes(coding.code ?? ''),
  );
}

/** The first code of the concept under any system; undefined where it has none. */
export function firstCode(concept: CodeableConcept | undefined): string | undefined {
  return concept?.coding?.find((coding) => coding.code !== undefined)?.code;
}

/** UCUM codes as people write them; a unit's own words stand where its code is not here. http://unitsofmeasure.org */
const UNIT_NAMES: Readonly<Record<string, string>> = {
  Cel: '°C',
  'mm[Hg]': 'mmHg',
  '/min': 'per minute',
  '{beats}/min': 'per minute',
  '{breaths}/min': 'per minute',
  '%': '%',
  kg: 'kg',
  g: 'g',
  cm: 'cm',
  m: 'm',
  'kg/m2': 'kg/m²',
  'umol/L': 'µmol/L',
  '10*9/L': '×10⁹/L',
  '10*12/L': '×10¹²/L',
  '{score}': '',
  '{ScoreOf}': '',
  '1': '',
};

/** A quantity as written; undefined where it has no value. */
export function amountOf(quantity: Quantity | undefined): Amount | undefined {
  if (quantity === undefined) return undefined;
  const value = writtenNumber(quantity, 'value');
  if (value === undefined) return undefined;
  const known = quantity.code === undefined ? undefined : UNIT_NAMES[quantity.code];
  const unit = quantity.unit ?? quantity.code;
  const named = known ?? (unit === undefined ? undefined : (UNIT_NAMES[unit] ?? unit));
  return { value, unit: named === '' ? undefined : named, comparator: quantity.comparator };
}

/** `3 mmol/L`; the text dialects differ in the space, so it is a parameter. */
export function amountText(amount: Amount, space: string): string {
  const value = `${amount.comparator ?? ''}${amount.value}`;
  if (amount.unit === undefined) return value;
  return amount.unit === '%' ? `${value}%` : `${value}${space}${amount.unit}`;
}

/** `3 to 5 mmol/L`, `3 or more`, `up to 5`; undefined where neither end is given. */
export function rangeText(range: Pick<Range, 'low' | 'high'> | undefined, space: string): string | undefined {
  const low = amountOf(range?.low);
  const high = amountOf(range?.high);
  if (low !== undefined && high !== undefined) {
    const from = low.unit === high.unit ? low.value : amountText(low, space);
    return `${from} to ${amountText(high, space)}`;
  }
  if (low !== undefined) return `${amountText(low, space)} or more`;
  return high === undefined ? undefined : `up to ${amountText(high, space)}`;
}

/** `1:128`, `5 mg in 2 ml` */
export function ratioText(ratio: Ratio | undefined, space: string): string | undefined {
  const top = amountOf(ratio?.numerator);
  const bottom = amountOf(ratio?.denominator);
  if (top === undefined || bottom === undefined) return undefined;
  if (top.unit === undefined && bottom.unit === undefined) return `${top.value}:${bottom.value}`;
  return `${amountText(top, space)} in ${amountText(bottom, space)}`;
}

/** The name in use: `usual`, then `official`, then the first that is not old. */
export function nameInUse(names: readonly HumanName[] | undefined): HumanName | undefined {
  const current = (names ?? []).filter((name) => name.use !== 'old' && name.use !== 'maiden');
  return (
    current.find((name) => name.use === 'official') ??
    current.find((name) => name.use === 'usual') ??
    current[0] ??
    names?.[0]
  );
}

/** Finds what entries refer to, each at its own node. */
export class References {
  readonly #byUrl: ReadonlyMap<string, Entry>;

  constructor(entries: readonly Entry[]) {
    this.#byUrl = new Map(
      entries.map((entry) => [`${entry.base}${entry.resource.resourceType}/${entry.resource.id}`, entry]),
    );
  }

  /**
   * The resource that `reference` of `from` names, in the record or contained; undefined where it is not
   * there.
   */
  resolve(from: Entry, reference: Reference | undefined): Resource | undefined {
    const text = reference?.reference;
    if (text === undefined) return undefined;
    if (text.startsWith('#')) return containedIn(from.resource, text.slice(1));
    return this.entry(from, reference)?.resource;
  }

  /** The entry that `reference` of `from` names; undefined where it is not in the record. */
  entry(from: Entry, reference: Reference | undefined): Entry | undefined {
    const text = reference?.reference?.replace(/\/_history\/.*$/, '');
    if (text === undefined || text.startsWith('#')) return undefined;
    return this.#byUrl.get(/^https?:\/\//.test(text) ? text : `${from.base}${text}`);
  }

  /** What the reference is called: its display, else the name of what it refers to. */
  name(from: Entry, reference: Reference | undefined): string | undefined {
    const display = reference?.display?.trim();
    if (display !== undefined && display !== '') return display;
    const target = this.resolve(from, reference);
    return target === undefined ? undefined : nameOf(target);
  }

  /** The first of these references that has a name. */
  firstName(from: Entry, references: readonly (Reference | undefined)[]): string | undefined {
    for (const reference of references) {
      const name = this.name(from, reference);
      if (name !== undefined) return name;
    }
    return undefined;
  }
}

function containedIn(resource: Resource, id: string): Resource | undefined {
  const contained = 'contained' in resource ? resource.contained : undefined;
  return (contained as readonly Resource[] | undefined)?.find((one) => one.id === id);
}

/** What an organisation, person, place or medicine is called. */
function nameOf(resource: Resource): string | undefined {
  switch (resource.resourceType) {
    case 'Practitioner':
    case 'RelatedPerson': {
      const name = nameInUse(resource.name);
      const parts = [...(name?.prefix ?? []), ...(name?.given ?? []), name?.family ?? ''];
      const joined = parts.filter((part) => part !== '').join(' ');
      return joined === '' ? name?.text : joined;
    }
    case 'PractitionerRole':
      return resource.practitioner?.display ?? conceptText(resource.code?.[0]);
    case 'Organization':
    case 'Location':
    case 'HealthcareService':
      return resource.name;
    case 'Medication':
      return conceptText(resource.code);
    case 'Condition':
    case 'Procedure':
      return conceptText(resource.code);
    default:
      return undefined;
  }
}

/** Free text that a page may show as text: markup is taken away, never passed on. */
export function plainText(markup: string | undefined): string | undefined {
  if (markup === undefined) return undefined;
  const text = markup
    .replace(/<(br|\/p|\/div|\/li|\/tr|\/h\d)\b[^>]*>/gi, '\n')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&nbsp;|&#160;/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;|&apos;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/[ \t]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{2,}/g, '\n')
    .trim();
  return text === '' ? undefined : text;
}
