/**
 * What a GraphQL query reads from the node: resources by reference and by search, each through the session,
 * so in scope and with its audit row; all of one query within a limit. http://hl7.org/fhir/R4/graphql.html#searching
 */
import { type Id, isId, type VersionId } from '../../../base/brands.ts';
import { Failure } from '../../../base/failure.ts';
import { isResourceType, searchParameter } from '../../../fhir/definitions.ts';
import { isObject, type JsonObject } from '../../../fhir/json-access.ts';
import { parseJson } from '../../../fhir/parse-json.ts';
import { parseSearch } from '../../../fhir/parse-search.ts';
import { type ParsedReference, parseReference } from '../../../fhir/references.ts';
import type { ResourceType } from '../../../fhir/resource.ts';
import type { Stored } from '../../../store/store.ts';
import type { FhirCall } from '../../fhir-call.ts';
import { isAbsence } from '../../interaction.ts';
import { Turns } from '../../turns.ts';
import { type Arguments, numberOf, oneOf } from './graphql-arguments.ts';

/** How a list says whose it is: `ConditionList(_reference: patient)` inside a Patient. */
const REVERSE = '_reference';
/** What would change the form of the answer, which the query itself says. */
const NOT_HERE: ReadonlySet<string> = new Set([
  '_include',
  '_revinclude',
  '_summary',
  '_elements',
  '_total',
  '_format',
  '_pretty',
  '_offset',
]);

export class GraphqlReads {
  readonly #call: FhirCall;
  /** What was read already: the same again is the same, and one row of the audit. */
  readonly #known = new Map<string, Promise<JsonObject>>();
  #spent = 0;

  constructor(call: FhirCall) {
    this.#call = call;
  }

  /** A resource by id. Throws as the session does. */
  read(type: ResourceType, id: Id, version?: VersionId): Promise<JsonObject> {
    const key = `${type}/${id}/${version ?? ''}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#spend(1);
    const { session } = this.#call;
    const found = version === undefined ? session.read(type, id) : session.readVersion(type, id, version);
    const made = found.then((stored) => this.#parsed(stored));
    this.#known.set(key, made);
    return made;
  }

  /**
   * What a reference leads to; undefined where the query wants another type, or says that it may be missing.
   * Throws Failure `not-found` where it is not here, or not for the asker.
   */
  async follow(reference: JsonObject, holder: JsonObject, given: Arguments): Promise<JsonObject | undefined> {
    const wanted = oneOf(given, 'type');
    if (wanted !== undefined && !isResourceType(wanted)) {
      throw new Failure('value', `"${wanted.slice(0, 60)}" is no type of FHIR R4.`);
    }
    const isOptional = oneOf(given, 'optional') === 'true';
    requireOnly(given, ['type', 'optional']);
    const text = reference.reference;
    const parsed = typeof text === 'string' ? this.#here(text) : undefined;
    if (parsed?.kind === 'contained') {
      const contained = Array.isArray(holder.contained) ? holder.contained : [];
      const found = contained.filter(isObject).find((one) => one.id === parsed.fragment);
      if (found !== undefined)
        return wanted === undefined || found.resourceType === wanted ? found : undefined;
    } else if (parsed?.kind === 'local') {
      if (wanted !== undefined && parsed.type !== wanted) return undefined;
      try {
        return await this.read(
          parsed.type as ResourceType,
          parsed.id as Id,
          parsed.version as VersionId | undefined,
        );
      } catch (thrown) {
        if (!isAbsence(thrown)) throw thrown;
      }
    }
    if (isOptional) return undefined;
    throw new Failure(
      'not-found',
      'A reference leads to nothing here, or to nothing for you: ask for resource(optional: true).',
    );
  }

  #here(text: string): ParsedReference {
    const own = `${this.#call.context.base}/`;
    return parseReference(text.startsWith(own) ? text.slice(own.length) : text);
  }

  /**
   * Every match of a search, or as many as `_count` says. Throws Failure `too-costly` where neither bounds it:
   * a list has no way to say that it goes on.
   */
  async list(
    type: ResourceType,
    given: Arguments,
    of: JsonObject | undefined,
  ): Promise<readonly JsonObject[]> {
    const { graphqlListMax } = this.#call.context.settings;
    const count = numberOf(given, '_count');
    requireNot(given, ['_cursor']);
    const page = await this.#search(type, given, of, Math.min(count ?? graphqlListMax, graphqlListMax));
    if (page.next === undefined || (count !== undefined && count <= graphqlListMax)) return page.resources;
    throw new Failure(
      'too-costly',
      `${type}List finds more than ${graphqlListMax} (setting graphqlListMax): give _count, or use ${type}Connection.`,
    );
  }

  /** One page of a search, with where the next begins. */
  async connection(type: ResourceType, given: Arguments, of: JsonObject | undefined): Promise<JsonObject> {
    const { pageSizeDefault, graphqlListMax } = this.#call.context.settings;
    const size = Math.min(numberOf(given, '_count') ?? pageSizeDefault, graphqlListMax);
    const cursor = readCursor(oneOf(given, '_cursor'));
    const page = await this.#search(type, given, of, size, cursor);
    return {
      ...(page.total === undefined ? {} : { count: page.total }),
      offset: cursor.offset,
      pagesize: size,
      edges: page.resources.map((resource) => ({ mode: 'match', resource })),
      first: FIRST,
      ...(page.next === undefined ? {} : { next: `${cursor.offset + page.resources.length}:${page.next}` }),
    };
  }

  /** The one resource that `id` names, or that a search finds. Throws Failure `multiple-matches`. */
  async single(type: ResourceType, given: Arguments): Promise<JsonObject | undefined> {
    const id = oneOf(given, 'id') ?? (given.size === 1 ? oneOf(given, '_id') : undefined);
    if (id !== undefined && given.size === 1) {
      if (!isId(id)) throw new Failure('value', 'An id has 1 to 64 letters, digits, dashes and dots.');
      return this.read(type, id);
    }
    if (given.size === 0)
      throw new Failure('required', `Say which ${type}: ${type}(id: …), or use ${type}List.`);
    const { resources } = await this.#search(type, given, undefined, 2);
    if (resources.length < 2) return resources[0];
    throw new Failure(
      'multiple-matches',
      `More than one ${type} fits: ask more narrowly, or use ${type}List.`,
    );
  }

  async #search(
    type: ResourceType,
    given: Arguments,
    of: JsonObject | undefined,
    count: number,
    cursor: Cursor = { offset: 0, text: undefined },
  ): Promise<{ resources: readonly JsonObject[]; next: string | undefined; total: number | undefined }> {
    this.#spend(1);
    const pairs = searchPairs(type, given, of);
    const { settings } = this.#call.context;
    const { query } = parseSearch(type, pairs, { strict: true, settings });
    const page = await this.#call.session.search({
      ...query,
      count,
      total: 'accurate',
      ...(cursor.text === undefined ? {} : { cursor: cursor.text }),
    });
    this.#spend(page.entries.length);
    const turns = new Turns(this.#call.context.clock);
    const resources: JsonObject[] = [];
    for (const stored of page.entries) {
      resources.push(this.#parsed(stored));
      await turns.ifDue();
    }
    return { resources, next: page.next, total: page.total };
  }

  #parsed(stored: Stored): JsonObject {
    return parseJson(stored.bytes, this.#call.context.settings) as JsonObject;
  }

  #spend(reads: number): void {
    this.#spent += reads;
    const { graphqlReadsMax } = this.#call.context.settings;
    if (this.#spent <= graphqlReadsMax) return;
    throw new Failure(
      'too-costly',
      `The query reads more than ${graphqlReadsMax} resources (setting graphqlReadsMax): ask in parts.`,
    );
  }
}

/** Arguments → parameters of a search. GraphQL has no dashes in names, so an underscore stands for one. */
function searchPairs(
  type: ResourceType,
  given: Arguments,
  of: JsonObject | undefined,
): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const [name, values] of given) {
    if (name === '_count' || name === '_cursor') continue;
    if (NOT_HERE.has(name)) {
      throw new Failure(
        'not-supported',
        `The argument "${name}" is not supported on ${type}List and its like.`,
      );
    }
    if (name === REVERSE) {
      if (of === undefined) throw new Failure('invalid', `"${REVERSE}" is for lists inside a resource.`);
      const code = parameterName(type, oneOf(given, REVERSE) ?? '');
      pairs.push([code, `${of.resourceType}/${of.id}`]);
    } else for (const value of values) pairs.push([parameterName(type, name), value]);
  }
  if (of !== undefined && !given.has(REVERSE)) {
    throw new Failure('required', `Say by which parameter ${type} refers to this: ${REVERSE}: …`);
  }
  return pairs;
}

function parameterName(type: ResourceType, name: string): string {
  if (name.startsWith('_') || searchParameter(type, name) !== undefined) return name;
  return name.replaceAll('_', '-');
}

interface Cursor {
  readonly offset: number;
  readonly text: string | undefined;
}

const FIRST = '0:';

function readCursor(text: string | undefined): Cursor {
  if (text === undefined) return { offset: 0, text: undefined };
  const parts = /^(\d{1,9}):(.*)$/s.exec(text);
  if (parts === null) throw new Failure('value', '"_cursor" must be one that an answer gave: first or next.');
  return { offset: Number(parts[1]), text: parts[2] === '' ? undefined : parts[2] };
}

function requireOnly(given: Arguments, known: readonly string[]): void {
  for (const name of given.keys()) {
    if (!known.includes(name))
      throw new Failure('invalid', `There is no argument "${name.slice(0, 60)}" here.`);
  }
}

function requireNot(given: Arguments, names: readonly string[]): void {
  const found = names.find((name) => given.has(name));
  if (found !== undefined) {
    throw new Failure('not-supported', `"${found}" goes with a Connection and not with a List.`);
  }
}
