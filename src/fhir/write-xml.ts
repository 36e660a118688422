/**
 * JSON value of a resource → FHIR XML: elements in the order of the definition, decimals as they were written,
 * narratives as elements. What R4 has no element for is refused and never left out in silence.
 * http://hl7.org/fhir/R4/xml.html
 */
import { Failure, type FailureDetail } from '../base/failure.ts';
import { isResourceType } from './definitions.ts';
import { writtenNumber } from './exact-decimals.ts';
import { isObject, type JsonObject } from './json-access.ts';
import { narrativeXml } from './xml/narrative-xml.ts';
import { FHIR_NAMESPACE, typeOfMember, type XmlMember, type XmlType, xmlTypeOf } from './xml/xml-types.ts';
import { escapedXml } from './xml-escape.ts';

/** What stands before a start tag: nothing, or a new line and spaces where people shall read it. */
type Indent = string;

/**
 * One resource as XML, without declaration. `level` is how deep it stands where it is indented for people;
 * undefined: not indented. Throws Failure `processing` (406) where it is no R4 resource.
 */
export function writeXml(value: unknown, level: number | undefined): string {
  return resourceXml(value, indentOf(level), ` xmlns="${FHIR_NAMESPACE}"`);
}

/** One `<entry>` of a Bundle as it stands within the Bundle's XML; as `writeXml` otherwise. */
export function writeBundleEntry(entry: unknown, level: number | undefined): string {
  return oneXml(BUNDLE_ENTRY, entry, indentOf(level));
}

function indentOf(level: number | undefined): Indent {
  return level === undefined ? '' : `\n${'  '.repeat(level)}`;
}

function resourceXml(value: unknown, indent: Indent, namespace: string): string {
  const type = isObject(value) ? value.resourceType : undefined;
  if (!isObject(value) || typeof type !== 'string' || !isResourceType(type)) {
    throw notXml('What is no R4 resource cannot be given as XML');
  }
  const content = contentXml(value, xmlTypeOf(type), deeper(indent));
  return content === ''
    ? `${indent}<${type}${namespace}/>`
    : `${indent}<${type}${namespace}>${content}${indent}</${type}>`;
}

function deeper(indent: Indent): Indent {
  return indent === '' ? '' : `${indent}  `;
}

/** The members in the order of the definition, which most objects have already. */
function membersOf(value: JsonObject, type: XmlType): readonly XmlMember[] {
  const found: XmlMember[] = [];
  let sorted = true;
  let before = -1;
  for (const name in value) {
    let member = type.members.get(name);
    if (member === undefined) {
      if (name === 'resourceType' && type.isResource) continue;
      member = name.startsWith('_') ? type.members.get(name.slice(1)) : undefined;
      if (member?.holds !== 'primitive' && member?.holds !== 'xhtml') throw unknownElement(type, name);
      // with its value, if that is there
      if (member.name in value) continue;
    }
    if (member.holds === 'attribute') continue;
    if (member.order < before) sorted = false;
    before = member.order;
    found.push(member);
  }
  return sorted ? found : found.sort((a, b) => a.order - b.order);
}

function contentXml(value: JsonObject, type: XmlType, indent: Indent): string {
  let out = '';
  for (const member of membersOf(value, type)) {
    const item = value[member.name];
    if (member.holds === 'primitive') out += primitivesXml(value, member, item, indent);
    else if (!Array.isArray(item)) out += oneXml(member, item, indent);
    else for (const one of item) out += oneXml(member, one, indent);
  }
  return out;
}

function oneXml(member: XmlMember, value: unknown, indent: Indent): string {
  const { name } = member;
  if (member.holds === 'xhtml') {
    if (typeof value !== 'string') throw notXml(`Element "${name}" is no text`);
    return indent + narrativeXml(value);
  }
  if (member.holds === 'resource') {
    return `${indent}<${name}>${resourceXml(value, deeper(indent), '')}${indent}</${name}>`;
  }
  if (!isObject(value)) throw notXml(`Element "${name}" is no object`);
  const type = typeOfMember(member);
  const content = contentXml(value, type, deeper(indent));
  const start = `${indent}<${name}${attributesXml(value, type)}`;
  return content === '' ? `${start}/>` : `${start}>${content}${indent}</${name}>`;
}

function attributesXml(value: JsonObject, type: XmlType): string {
  let out = '';
  for (const { name } of type.attributes) {
    const item = value[name];
    if (item !== undefined) out += ` ${name}="${escapedXml(String(item))}"`;
  }
  return out;
}

function primitivesXml(owner: JsonObject, member: XmlMember, item: unknown, indent: Indent): string {
  const companion = owner[member.companion];
  if (!Array.isArray(item) && !Array.isArray(companion)) {
    return primitiveXml(member, item, companion, owner, member.name, indent);
  }
  const values: readonly unknown[] = Array.isArray(item) ? item : [];
  const companions: readonly unknown[] = Array.isArray(companion) ? companion : [];
  let out = '';
  for (let i = 0; i < Math.max(values.length, companions.length); i++) {
    out += primitiveXml(member, values[i], companions[i], values, i, indent);
  }
  return out;
}

function primitiveXml(
  member: XmlMember,
  value: unknown,
  companion: unknown,
  holder: object,
  key: string | number,
  indent: Indent,
): string {
  const { name } = member;
  let start = `${indent}<${name}`;
  let content = '';
  if (isObject(companion)) {
    start += attributesXml(companion, ELEMENT);
    content = contentXml(companion, ELEMENT, deeper(indent));
  }
  if (typeof value === 'string') start += ` value="${escapedXml(value)}"`;
  else if (typeof value === 'number') start += ` value="${writtenNumber(holder, String(key))}"`;
  else if (typeof value === 'boolean') start += ` value="${value}"`;
  else if (value !== undefined && value !== null) throw notXml(`Element "${name}" is no simple value`);
  return content === '' ? `${start}/>` : `${start}>${content}${indent}</${name}>`;
}

const ELEMENT = xmlTypeOf('Element');
const BUNDLE_ENTRY = xmlTypeOf('Bundle').members.get('entry') as XmlMember;

function unknownElement(type: XmlType, name: string): Failure {
  const known = /^_?[A-Za-z][A-Za-z0-9_]{0,63}$/.test(name) ? ` "${name}"` : '';
  return notXml(`${type.name} holds an element${known} that R4 does not have`);
}

/** What cannot be XML, and what to ask for instead. */
export function notXml(what: string, detail: FailureDetail = {}): Failure {
  return new Failure('processing', `${what}: ask for application/fhir+json instead of XML.`, {
    ...detail,
    status: 406,
  });
}
