/**
 * Whether a code is in a value set or code system, from their definitions alone: lists, whole systems, the
 * filters that a hierarchy answers, value sets of value sets, expansions that come with one. What only a
 * terminology server could say (SNOMED CT, LOINC) is `unknown`, never guessed. http://hl7.org/fhir/R4/valueset.html
 */
import fhirpath from 'fhirpath';
import { isObject, type JsonObject } from '../json-access.ts';
import type { DefinitionSource, Membership } from './definition-source.ts';

/** A definition by its address, as DefinitionSource.find. */
export type Find = (type: string, canonical: string) => JsonObject | undefined;
type CodeSource = Pick<DefinitionSource, 'membership' | 'codeIn' | 'displays'>;

interface Concept {
  readonly code: string;
  readonly displays: readonly string[];
  readonly parents: string[];
  readonly properties: ReadonlyMap<string, readonly string[]>;
}

/** A code system that was read: its concepts by their codes. */
export interface System {
  readonly complete: boolean;
  readonly caseSensitive: boolean;
  readonly concepts: ReadonlyMap<string, Concept>;
}

/** Value sets inside value sets beyond which nobody can have meant it. */
const NESTING_MAX = 16;

/** Answers questions about codes from definitions that `find` gives; what it found stays in memory. */
export function codeMembership(find: Find): CodeSource {
  const systems = new Map<string, System | undefined>();
  const systemOf = (url: string): System | undefined => {
    if (!systems.has(url)) systems.set(url, readSystem(find('CodeSystem', url)));
    return systems.get(url);
  };
  const codeIn = (system: string, code: string): Membership => {
    const plain = withoutVersion(system);
    const grammar = GRAMMARS[plain];
    if (grammar !== undefined) return grammar(code);
    const known = systemOf(system) ?? systemOf(plain);
    if (known === undefined) return 'unknown';
    if (conceptOf(known, code) !== undefined) return 'in';
    return known.complete ? 'out' : 'unknown';
  };
  const sets = new ValueSets(find, systemOf, codeIn);
  return {
    codeIn,
    membership: (valueSet, system, code) => sets.membership(valueSet, system, code, 0),
    displays: (system, code) => {
      const known = systemOf(system);
      const concept = known === undefined ? undefined : conceptOf(known, code);
      return concept === undefined || concept.displays.length === 0 ? undefined : concept.displays;
    },
  };
}

class ValueSets {
  private readonly find: Find;
  private readonly systemOf: (url: string) => System | undefined;
  private readonly codeIn: (system: string, code: string) => Membership;
  /** Answers to the question that is asked now; what contains itself is not known inside itself. */
  private readonly asked = new Map<string, Membership>();

  constructor(find: Find, systemOf: ValueSets['systemOf'], codeIn: ValueSets['codeIn']) {
    this.find = find;
    this.systemOf = systemOf;
    this.codeIn = codeIn;
  }

  /** Each value set is looked into once a question, however often others name it. */
  membership(url: string, system: string | undefined, code: string, depth: number): Membership {
    if (depth === 0) this.asked.clear();
    const known = this.asked.get(url);
    if (known !== undefined) return known;
    this.asked.set(url, 'unknown');
    const answer = this.answer(url, system, code, depth);
    this.asked.set(url, answer);
    return answer;
  }

  private answer(url: string, system: string | undefined, code: string, depth: number): Membership {
    const set = depth > NESTING_MAX ? undefined : this.find('ValueSet', url);
    if (set === undefined) return 'unknown';
    const { compose, expansion } = set;
    if (isObject(expansion)) {
      const listed = inExpansion(expansion, system, code);
      if (listed === 'in' || !isObject(compose)) return listed;
    }
    if (!isObject(compose)) return 'unknown';
    const included = anyOf(objects(compose.include), (one) => this.includes(one, system, code, depth));
    if (included !== 'in') return included;
    const excluded = anyOf(objects(compose.exclude), (one) => this.includes(one, system, code, depth));
    return excluded === 'in' ? 'out' : excluded === 'unknown' ? 'unknown' : 'in';
  }

  /** Value sets of one include are all to have it; its system, list and filters as well. */
  private includes(part: JsonObject, asked: string | undefined, code: string, depth: number): Membership {
    let answer: Membership = 'in';
    for (const url of strings(part.valueSet)) {
      answer = both(answer, this.membership(url, asked, code, depth + 1));
      if (answer === 'out') return 'out';
    }
    if (typeof part.system !== 'string') return part.valueSet === undefined ? 'unknown' : answer;
    if (asked !== undefined && withoutVersion(asked) !== withoutVersion(part.system)) return 'out';
    return both(answer, this.ofSystem(part, part.system, code));
  }

  private ofSystem(part: JsonObject, system: string, code: string): Membership {
    const listed = objects(part.concept);
    if (listed.length > 0) return listed.some((one) => one.code === code) ? 'in' : 'out';
    let answer = this.codeIn(system, code);
    const filters = objects(part.filter);
    if (answer === 'out' || filters.length === 0) return answer;
    const known = this.systemOf(system);
    if (known === undefined) return answer === 'in' ? 'unknown' : answer;
    for (const filter of filters) answer = both(answer, passes(known, filter, code));
    return answer;
  }
}

function anyOf(parts: readonly JsonObject[], ask: (part: JsonObject) => Membership): Membership {
  let answer: Membership = 'out';
  for (const part of parts) {
    const one = ask(part);
    if (one === 'in') return 'in';
    if (one === 'unknown') answer = 'unknown';
  }
  return answer;
}

function both(a: Membership, b: Membership): Membership {
  if (a === 'out' || b === 'out') return 'out';
  return a === 'unknown' || b === 'unknown' ? 'unknown' : 'in';
}

/** Whether a concept passes a filter of a value set. */
export function passes(system: System, filter: JsonObject, code: string): Membership {
  const { property, op, value } = filter;
  const concept = conceptOf(system, code);
  if (concept === undefined || typeof value !== 'string' || typeof property !== 'string') return 'unknown';
  const yes = (answer: boolean): Membership => (answer ? 'in' : 'out');
  switch (op) {
    case 'is-a':
      return yes(concept.code === value || isBelow(system, concept, value));
    case 'descendent-of':
      return yes(concept.code !== value && isBelow(system, concept, value));
    case 'is-not-a':
      return yes(concept.code !== value && !isBelow(system, concept, value));
    case '=':
      return yes(valuesOf(concept, property).includes(value));
    case 'in':
      return yes(value.split(',').some((one) => valuesOf(concept, property).includes(one.trim())));
    case 'not-in':
      return yes(!value.split(',').some((one) => valuesOf(concept, property).includes(one.trim())));
    case 'exists':
      return yes(valuesOf(concept, property).length > 0 === (value === 'true'));
    default:
      return 'unknown';
  }
}

function valuesOf(concept: Concept, property: string): readonly string[] {
  if (property === 'code' || property === 'concept') return [concept.code];
  return concept.properties.get(property) ?? (property === 'parent' ? concept.parents : []);
}

/** Every code that the system's definition brings. */
export function conceptsOf(system: System): readonly string[] {
  return [...system.concepts.values()].map(({ code }) => code);
}

/** Whether the definition brings all codes that the system has. */
export function isComplete(system: System): boolean {
  return system.complete;
}

/** The code itself and those below it, or above it; undefined where the system has it not. */
export function conceptsBelow(
  system: System,
  code: string,
  direction: 'above' | 'below',
): readonly string[] | undefined {
  const concept = conceptOf(system, code);
  if (concept === undefined) return undefined;
  const others = [...system.concepts.values()].filter((one) =>
    direction === 'below' ? isBelow(system, one, concept.code) : isBelow(system, concept, one.code),
  );
  return [concept.code, ...others.filter((one) => one !== concept).map((one) => one.code)];
}

/** Walks up; a hierarchy with a circle in it ends too. */
function isBelow(system: System, concept: Concept, ancestor: string): boolean {
  const seen = new Set<string>();
  const open = [...concept.parents];
  for (let code = open.pop(); code !== undefined; code = open.pop()) {
    if (code === ancestor) return true;
    if (seen.has(code)) continue;
    seen.add(code);
    open.push(...(system.concepts.get(code)?.parents ?? []));
  }
  return false;
}

function conceptOf(system: System, code: string): Concept | undefined {
  return system.concepts.get(system.caseSensitive ? code : code.toLowerCase());
}

/** The concepts of a code system; undefined where its definition brings none. */
export function readSystem(resource: JsonObject | undefined): System | undefined {
  if (resource === undefined || resource.content === 'not-present' || resource.concept === undefined) {
    return undefined;
  }
  if (resource.content === 'supplement' || resource.content === 'example') return undefined;
  const caseSensitive = resource.caseSensitive !== false;
  const concepts = new Map<string, Concept>();
  // a stack and not recursion: whoever wrote the definition chose the depth
  const open = objects(resource.concept).map((one) => ({ one, parents: [] as string[] }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { one, parents } = next;
    if (typeof one.code !== 'string') continue;
    const concept = readConcept(one, one.code, parents);
    concepts.set(caseSensitive ? concept.code : concept.code.toLowerCase(), concept);
    for (const inner of objects(one.concept)) open.push({ one: inner, parents: [concept.code] });
  }
  for (const concept of concepts.values()) addChildren(concepts, concept);
  return { complete: resource.content === 'complete', caseSensitive, concepts };
}

function readConcept(one: JsonObject, code: string, parents: readonly string[]): Concept {
  const displays = typeof one.display === 'string' ? [one.display] : [];
  for (const other of objects(one.designation)) {
    if (typeof other.value === 'string') displays.push(other.value);
  }
  const properties = new Map<string, string[]>();
  for (const property of objects(one.property)) {
    if (typeof property.code !== 'string') continue;
    const entry = Object.entries(property).find(([name]) => name.startsWith('value'));
    const value = isObject(entry?.[1]) ? entry[1].code : entry?.[1];
    properties.set(property.code, [...(properties.get(property.code) ?? []), String(value)]);
  }
  const above = [...(properties.get('subsumedBy') ?? []), ...(properties.get('parent') ?? [])];
  return { code, displays, parents: [...parents, ...above], properties };
}

/** Some systems write their hierarchy downwards, as property `child`. */
function addChildren(concepts: ReadonlyMap<string, Concept>, concept: Concept): void {
  for (const child of concept.properties.get('child') ?? []) concepts.get(child)?.parents.push(concept.code);
}

function inExpansion(expansion: JsonObject, system: string | undefined, code: string): Membership {
  const open = [...objects(expansion.contains)];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (one.code === code && one.abstract !== true && (system === undefined || one.system === system)) {
      return 'in';
    }
    open.push(...objects(one.contains));
  }
  const whole = expansion.total === undefined || expansion.total === objects(expansion.contains).length;
  return whole ? 'out' : 'unknown';
}

const withoutVersion = (canonical: string): string => canonical.split('|', 1)[0] ?? canonical;

function objects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** Units already looked at; the library takes a millisecond for one. */
const UNITS_KEPT = 10_000;
const units = new Map<string, Membership>();

function unit(code: string): Membership {
  const known = units.get(code);
  if (known !== undefined) return known;
  const answer: unknown = fhirpath.ucumUtils.validateUnitString(code);
  const made: Membership = isObject(answer) && answer.status === 'valid' ? 'in' : 'out';
  if (units.size >= UNITS_KEPT) units.clear();
  units.set(code, made);
  return made;
}

/** Systems that are a grammar and no list. */
const GRAMMARS: Readonly<Record<string, (code: string) => Membership>> = {
  'http://unitsofmeasure.org': (code) => (code.length > 200 ? 'out' : unit(code)),
  'urn:ietf:bcp:13': (code) =>
    /^(?:xml|json|ttl|html)$|^[\w!#$&^.+-]+\/[\w!#$&^.+*-]+(?:\s*;\s*[\w!#$&^.+-]+=(?:"[^"]*"|[^;"]+))*$/.test(
      code,
    )
      ? 'in'
      : 'out',
  'urn:ietf:bcp:47': (code) => (/^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/.test(code) ? 'in' : 'out'),
};
