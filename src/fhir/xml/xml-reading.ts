/**
 * Tags of FHIR XML as they come → the JSON value: what is open, what each element may hold, and where its
 * value goes. parse-xml.ts feeds it. http://hl7.org/fhir/R4/xml.html and json.html
 */
import type { Failure, FailureDetail, IssueType } from '../../base/failure.ts';
import type { Settings } from '../../base/settings.ts';
import { isResourceType } from '../definitions.ts';
import { isForgotten, setWrittenDecimal } from '../exact-decimals.ts';
import { nearNames } from '../near-names.ts';
import { narrativeWithoutPrefix } from './narrative-xml.ts';
import { XmlNames } from './xml-names.ts';
import {
  FHIR_NAMESPACE,
  typeOfMember,
  XHTML_NAMESPACE,
  type XmlMember,
  type XmlType,
  xmlTypeOf,
} from './xml-types.ts';

type JsonMembers = Record<string, unknown>;

/** An element that is open. */
interface Frame {
  /** Absent for a resource that stands in `contained`, `resource` and the like. */
  readonly member: XmlMember | undefined;
  readonly name: string;
  readonly holds: XmlMember['holds'];
  readonly type: XmlType;
  readonly parent: Frame | undefined;
  /** Levels of JSON down to here. */
  readonly depth: number;
  /** Where its start tag begins. */
  readonly start: number;
  /** Of an object: itself. Of a primitive: its id and extensions, made when there is one. */
  object: JsonMembers | undefined;
  /** Of a primitive: its value, in text. */
  value: string | undefined;
}

export interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Makes a Failure that tells the place. */
type Fail = (code: IssueType, text: string, detail?: FailureDetail) => Failure;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const ELEMENT = xmlTypeOf('Element');

export class XmlReading {
  readonly #limits: Pick<Settings, 'xmlDepthMax' | 'jsonDepthMax'>;
  readonly #source: string;
  readonly #fail: Fail;
  readonly #names: XmlNames;
  #root: JsonMembers | undefined;
  #top: Frame | undefined;
  #depth = 0;
  /** Elements that are open within a narrative, which is kept as its source. */
  #inNarrative = 0;

  constructor(limits: Pick<Settings, 'xmlDepthMax' | 'jsonDepthMax'>, source: string, fail: Fail) {
    this.#limits = limits;
    this.#source = source;
    this.#fail = fail;
    this.#names = new XmlNames(fail);
  }

  /** What was read, once the root has ended. */
  get root(): unknown {
    return this.#root;
  }

  /** A start tag, which begins at `start`; `declares`: it says what some prefix, or none, means. */
  open(tag: Tag, start: number, declares: boolean): void {
    if (++this.#depth > this.#limits.xmlDepthMax) {
      throw this.#tooDeep(`XML is nested deeper than ${this.#limits.xmlDepthMax} levels`, 'xmlDepthMax');
    }
    if (this.#inNarrative > 0) {
      this.#inNarrative++;
      this.#names.requireSamePrefix(tag.name);
      return;
    }
    const { namespace, local } = this.#names.open(tag, this.#depth, declares);
    const frame = this.#frameOf(local, namespace, start);
    this.#top = frame;
    if (frame.depth > this.#limits.jsonDepthMax) {
      throw this.#tooDeep(`nested deeper than ${this.#limits.jsonDepthMax} levels of JSON`, 'jsonDepthMax');
    }
    if (frame.holds === 'xhtml') {
      this.#inNarrative = 1;
      return;
    }
    this.#takeAttributes(frame, tag);
  }

  close(end: number): void {
    this.#depth--;
    if (this.#inNarrative > 1) {
      this.#inNarrative--;
      return;
    }
    const frame = this.#top;
    if (frame === undefined) return;
    if (frame.holds === 'xhtml') {
      this.#inNarrative = 0;
      frame.value = narrativeWithoutPrefix(this.#source.slice(frame.start, end), this.#names.prefix);
    }
    if (frame.holds === 'resource' && frame.object === undefined) {
      throw this.#failAt(frame, 'required', `"${frame.name}" must hold one resource`);
    }
    if (frame.holds === 'primitive' || frame.holds === 'xhtml') this.#attach(frame);
    this.#names.close(this.#depth);
    this.#top = frame.parent;
  }

  text(text: string): void {
    if (this.#inNarrative > 0 || !/\S/.test(text)) return;
    throw this.#fail('structure', `Text stands between elements: FHIR has its values in attributes`);
  }

  #frameOf(local: string, namespace: string | undefined, start: number): Frame {
    const parent = this.#top;
    if (parent === undefined || parent.holds === 'resource') {
      return this.#resourceFrame(local, namespace, parent, start);
    }
    const member = parent.type.members.get(local);
    if (member === undefined || member.holds === 'attribute') throw this.#unknown(parent, local);
    const wanted = member.holds === 'xhtml' ? XHTML_NAMESPACE : FHIR_NAMESPACE;
    if (namespace !== wanted) {
      throw this.#failAt(parent, 'structure', `"${local}" must be in the namespace ${wanted}`);
    }
    const owner = objectOf(parent);
    if (!member.many && (member.name in owner || member.companion in owner)) {
      throw this.#failAt(parent, 'structure', `"${local}" does not repeat, and stands here twice`);
    }
    const object = member.holds === 'object' ? {} : undefined;
    if (object !== undefined) put(owner, member, object);
    return {
      member,
      name: local,
      holds: member.holds,
      type: member.holds === 'object' ? typeOfMember(member) : ELEMENT,
      parent,
      depth: parent.depth + (member.many ? 2 : 1),
      start,
      object,
      value: undefined,
    };
  }

  #resourceFrame(
    local: string,
    namespace: string | undefined,
    parent: Frame | undefined,
    start: number,
  ): Frame {
    if (namespace !== FHIR_NAMESPACE) {
      throw this.#fail('structure', `The resource must be in the namespace ${FHIR_NAMESPACE}`);
    }
    if (!isResourceType(local)) {
      throw this.#fail('structure', `"${shown(local)}" is no R4 resource type`);
    }
    const resource: JsonMembers = { resourceType: local };
    if (parent === undefined) this.#root = resource;
    else if (parent.object !== undefined) {
      throw this.#failAt(parent, 'structure', `"${parent.name}" holds one resource, and not two`);
    } else {
      parent.object = resource;
      if (parent.member !== undefined && parent.parent !== undefined) {
        put(objectOf(parent.parent), parent.member, resource);
      }
    }
    return {
      member: undefined,
      name: local,
      holds: 'object',
      type: xmlTypeOf(local),
      parent,
      depth: parent?.depth ?? 1,
      start,
      object: resource,
      value: undefined,
    };
  }

  #takeAttributes(frame: Frame, tag: Tag): void {
    for (const name in tag.attributes) {
      if (this.#names.isForXml(name)) continue;
      const value = tag.attributes[name] ?? '';
      if (name === 'value' && frame.holds === 'primitive') frame.value = value;
      else if (frame.holds !== 'resource' && frame.type.members.get(name)?.holds === 'attribute') {
        objectOf(frame)[name] = value;
      } else {
        throw this.#failAt(frame, 'structure', `"${frame.name}" has no attribute "${shown(name)}"`);
      }
    }
  }

  #attach(frame: Frame): void {
    const { member, parent, object } = frame;
    if (member === undefined || parent === undefined) return;
    if (frame.value === undefined && object === undefined) {
      throw this.#failAt(frame, 'required', `"${frame.name}" must have a value or an extension`);
    }
    const owner = objectOf(parent);
    if (!member.many) {
      if (frame.value !== undefined) putValue(owner, member.name, member, frame.value);
      if (object !== undefined) owner[member.companion] = object;
      return;
    }
    let values = owner[member.name] as unknown[] | undefined;
    let companions = owner[member.companion] as unknown[] | undefined;
    const index = Math.max(values?.length ?? 0, companions?.length ?? 0);
    if (frame.value === undefined) values?.push(null);
    else {
      values ??= Array<unknown>(index).fill(null);
      owner[member.name] = values;
      putValue(values as unknown as JsonMembers, String(index), member, frame.value);
    }
    if (object === undefined) companions?.push(null);
    else {
      companions ??= Array<unknown>(index).fill(null);
      companions.push(object);
      owner[member.companion] = companions;
    }
  }

  #unknown(parent: Frame, local: string): Failure {
    if (!/^[A-Za-z][A-Za-z0-9]{0,63}$/.test(local)) {
      return this.#failAt(parent, 'structure', `${parent.type.name} has no such element`);
    }
    const elements = [...parent.type.members.values()].filter(({ holds }) => holds !== 'attribute');
    const near = nearNames(
      local,
      elements.map(({ name }) => name),
    );
    const hint = near.length === 0 ? '' : `; there is ${near.join(', ')}`;
    return this.#failAt(parent, 'structure', `${parent.type.name} has no element "${local}"${hint}`, local);
  }

  #tooDeep(text: string, setting: string): Failure {
    return this.#fail('too-costly', `The XML is too deep: ${text}; setting ${setting}`, { status: 400 });
  }

  #failAt(frame: Frame, code: IssueType, text: string, below?: string): Failure {
    const path = pathOf(frame);
    return this.#fail(code, text, { expression: below === undefined ? path : `${path}.${below}` });
  }
}

/** The names of XML come from outside and may be anything: as much of one as fits a message. */
function shown(name: string): string {
  return name.slice(0, 60);
}

function objectOf(frame: Frame): JsonMembers {
  frame.object ??= {};
  return frame.object;
}

function put(owner: JsonMembers, member: XmlMember, value: unknown): void {
  const there = owner[member.name];
  if (!member.many) owner[member.name] = value;
  else if (Array.isArray(there)) there.push(value);
  else owner[member.name] = [value];
}

/** Text as JSON carries the type; what is not of its form stays text, for validation to speak of. */
function putValue(owner: JsonMembers, name: string, { json }: XmlMember, text: string): void {
  if (json === 'string') owner[name] = text;
  else if (json === 'boolean') owner[name] = text === 'true' ? true : text === 'false' ? false : text;
  else {
    const number = text.startsWith('+') ? text.slice(1) : text;
    if (!NUMBER.test(number)) owner[name] = text;
    else {
      owner[name] = Number(number);
      if (isForgotten(number)) setWrittenDecimal(owner, name, number);
    }
  }
}

/** `Patient.contact[1].name` */
function pathOf(frame: Frame): string {
  const { member, parent } = frame;
  if (parent === undefined) return frame.name;
  if (member === undefined) return pathOf(parent);
  const list = member.many ? parent.object?.[member.name] : undefined;
  if (!Array.isArray(list)) return `${pathOf(parent)}.${frame.name}`;
  // a primitive that is open has no place yet
  const index = frame.holds === 'object' ? list.length - 1 : list.length;
  return `${pathOf(parent)}.${frame.name}[${Math.max(0, index)}]`;
}
