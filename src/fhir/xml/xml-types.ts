/**
 * Element tables → what stands where in FHIR XML: which members are attributes, the order of the elements,
 * what each holds. Made once per type, when it is first met. http://hl7.org/fhir/R4/xml.html
 */
import { structure } from '../definitions.ts';
import { PRIMITIVES } from '../primitives.ts';
import type { ElementRow } from '../structure-table.ts';

export const FHIR_NAMESPACE = 'http://hl7.org/fhir';
export const XHTML_NAMESPACE = 'http://www.w3.org/1999/xhtml';

/** What may stand under one name, which is the same in XML and in JSON: `valueString`. */
export interface XmlMember {
  readonly name: string;
  /** The JSON name of its ids and extensions where it is a primitive: `_valueString`. */
  readonly companion: string;
  /** Place in the order of the definition. */
  readonly order: number;
  readonly many: boolean;
  readonly holds: 'primitive' | 'object' | 'resource' | 'xhtml' | 'attribute';
  /** How JSON carries a primitive. */
  readonly json: 'string' | 'number' | 'boolean';
  readonly typeName: string;
  /** The type of an object, once it was needed. */
  type: XmlType | undefined;
}

export interface XmlType {
  readonly name: string;
  readonly isResource: boolean;
  readonly members: ReadonlyMap<string, XmlMember>;
  /** `id`, and `url` of an Extension. */
  readonly attributes: readonly XmlMember[];
}

const made = new Map<string, XmlType>();

/** The type or backbone of that name (`Patient`, `Patient.contact`). Throws where the tables have none. */
export function xmlTypeOf(name: string): XmlType {
  const known = made.get(name);
  if (known !== undefined) return known;
  const rows = structure.types[name];
  if (rows === undefined) throw new Error(`no element table for ${name}`);
  const members = new Map<string, XmlMember>();
  for (const [order, row] of rows.entries()) {
    for (const type of row.t) {
      const member = memberOf(row, type, order);
      members.set(member.name, member);
    }
  }
  const attributes = [...members.values()].filter(({ holds }) => holds === 'attribute');
  const type = { name, isResource: structure.resources.includes(name), members, attributes };
  made.set(name, type);
  return type;
}

/** The type of what an object member holds. */
export function typeOfMember(member: XmlMember): XmlType {
  member.type ??= xmlTypeOf(member.typeName);
  return member.type;
}

function memberOf(row: ElementRow, type: string, order: number): XmlMember {
  const name = row.c === 1 ? row.n + (type[0] ?? '').toUpperCase() + type.slice(1) : row.n;
  return {
    name,
    companion: `_${name}`,
    order,
    many: row.max !== 1,
    holds: holdsOf(row, type),
    json: PRIMITIVES[type]?.json ?? 'string',
    typeName: type,
    type: undefined,
  };
}

function holdsOf(row: ElementRow, type: string): XmlMember['holds'] {
  if (row.a === 1) return 'attribute';
  if (type === 'xhtml') return 'xhtml';
  if (type === 'Resource') return 'resource';
  return PRIMITIVES[type] === undefined ? 'object' : 'primitive';
}
