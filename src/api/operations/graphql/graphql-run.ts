/**
 * A GraphQL query over resources: goes through its fields, reads what it must, and puts the answer together as
 * R4 says, @flatten and its kin included. http://hl7.org/fhir/R4/graphql.html
 */
import {
  type ArgumentNode,
  type DirectiveNode,
  type FieldNode,
  Kind,
  print,
  type SelectionSetNode,
} from 'graphql';
import { Failure } from '../../../base/failure.ts';
import type { Settings } from '../../../base/settings.ts';
import { writtenNumber } from '../../../fhir/exact-decimals.ts';
import { isObject, type JsonObject } from '../../../fhir/json-access.ts';
import type { FhirCall } from '../../fhir-call.ts';
import { Turns } from '../../turns.ts';
import { argumentsOf, directive, isAskedFor, oneOf, type Variables } from './graphql-arguments.ts';
import type { Fragments } from './graphql-check.ts';
import { filtered, QueryPaths } from './graphql-filter.ts';
import type { GraphqlReads } from './graphql-reads.ts';
import { Decimal, GraphqlResult, type Holding } from './graphql-result.ts';
import { type Field, fieldOf, isOf } from './graphql-types.ts';

export interface GraphqlQuery {
  readonly selections: SelectionSetNode;
  readonly fragments: Fragments;
  readonly variables: Variables;
}

/** An object on the way: its type, and the resource that it is part of. */
interface Place {
  readonly value: JsonObject;
  readonly type: string;
  readonly holder: JsonObject;
}

/** A field of a selection, with all that is wanted of it. */
interface Chosen {
  readonly key: string;
  readonly node: FieldNode;
  readonly sets: SelectionSetNode[];
  /** The selection it was first named in. */
  readonly origin: SelectionSetNode;
}

export class GraphqlRun {
  readonly #query: GraphqlQuery;
  readonly #reads: GraphqlReads;
  readonly #settings: Settings;
  readonly #paths: QueryPaths;
  readonly #turns: Turns;
  /** By the selections themselves, then by type: a list asks the same of each of its items. */
  readonly #known = new WeakMap<readonly SelectionSetNode[], Map<string, readonly Chosen[]>>();
  #values = 0;

  constructor(call: FhirCall, query: GraphqlQuery, reads: GraphqlReads) {
    this.#query = query;
    this.#reads = reads;
    this.#settings = call.context.settings;
    this.#paths = new QueryPaths(this.#settings);
    this.#turns = new Turns(call.context.clock);
  }

  /** The answer for an object. Throws Failure where the query or what it names cannot be answered. */
  async data(value: JsonObject, type: string): Promise<Record<string, unknown>> {
    const data = await this.#object({ value, type, holder: value }, [this.#query.selections]);
    await this.#turns.next();
    return data;
  }

  async #object(place: Place, sets: readonly SelectionSetNode[]): Promise<Record<string, unknown>> {
    const result = new GraphqlResult();
    const kept = new Set<string>();
    await this.#into(result, kept, place, sets, false, '');
    return result.value(kept);
  }

  /** Puts the fields of an object into a result, which may be that of the object around it (@flatten). */
  async #into(
    result: GraphqlResult,
    kept: Set<string>,
    place: Place,
    sets: readonly SelectionSetNode[],
    inList: boolean,
    suffix: string,
  ): Promise<void> {
    for (const chosen of this.#chosen(sets, place.type)) {
      const name = chosen.node.name.value;
      if (name === '__typename') {
        result.slot(chosen.key + suffix, 'open').splice(0, 1, place.type);
        continue;
      }
      const field = fieldOf(place.type, name);
      if (field === undefined) continue; // of another type that could have stood here
      if (field.made === 'list') kept.add(chosen.key + suffix);
      await this.#turns.ifDue();
      const values = await this.#valuesOf(field, chosen.node, place);
      await this.#field({ result, kept, place, chosen, field, inList, suffix }, values);
    }
  }

  async #field(at: At, values: readonly unknown[]): Promise<void> {
    const { chosen, field, result, inList, suffix } = at;
    const { directives } = chosen.node;
    const [flatten, first] = [directive(directives, 'flatten'), directive(directives, 'first')];
    const slice = this.#slice(directives, field);
    if (slice !== undefined && first !== undefined) {
      throw new Failure('invalid', '@slice and @first do not go together.');
    }
    const holding = holdingOf(directives, field.list || inList);
    // a field without values still says what its name holds
    if (flatten === undefined && slice === undefined) result.slot(chosen.key + suffix, holding);
    const isScalar = field.types.length === 0;
    if (flatten !== undefined && isScalar) {
      throw new Failure('invalid', `"${chosen.node.name.value}" is a plain value: @flatten is for others.`);
    }
    for (const [index, value] of (first === undefined ? values : values.slice(0, 1)).entries()) {
      const more = suffix + (slice === undefined ? '' : `.${slice(value, index)}`);
      if (isScalar) {
        result.slot(chosen.key + more, holding).push(value);
        continue;
      }
      const inner = innerOf(value, field, at.place);
      if (flatten === undefined) {
        result.slot(chosen.key + more, holding).push(await this.#object(inner, chosen.sets));
      } else {
        const list = inList || (field.list && first === undefined);
        await this.#into(result, at.kept, inner, chosen.sets, list, more);
      }
    }
  }

  /** The values of a field, those that are left out already gone. */
  async #valuesOf(field: Field, node: FieldNode, place: Place): Promise<readonly unknown[]> {
    const given = argumentsOf(node, this.#query.variables);
    const of = place.type === 'Query' ? undefined : place.value;
    let values: readonly unknown[];
    switch (field.made) {
      case 'resource': {
        const found = await this.#reads.follow(place.value, place.holder, given);
        values = found === undefined ? [] : [found];
        break;
      }
      case 'single': {
        const found = field.of && (await this.#reads.single(field.of, given));
        values = found === undefined ? [] : [found];
        break;
      }
      case 'list':
        values = field.of === undefined ? [] : await this.#reads.list(field.of, given, of);
        break;
      case 'connection':
        values = field.of === undefined ? [] : [await this.#reads.connection(field.of, given, of)];
        break;
      default: {
        if (given.size > 0 && !field.list) {
          throw new Failure('invalid', `"${node.name.value}" is no list: it takes no arguments.`);
        }
        values = filtered(membersOf(place.value, field), field, given, this.#paths);
      }
    }
    this.#values += Math.max(1, values.length);
    const { graphqlValuesMax } = this.#settings;
    if (this.#values > graphqlValuesMax) {
      throw new Failure(
        'too-costly',
        `The answer holds more than ${graphqlValuesMax} values (setting graphqlValuesMax): ask in parts.`,
      );
    }
    return values;
  }

  #slice(
    directives: readonly DirectiveNode[] | undefined,
    field: Field,
  ): ((value: unknown, index: number) => string) | undefined {
    const node = directive(directives, 'slice');
    if (node === undefined) return undefined;
    const text = oneOf(argumentsOf(node, this.#query.variables), 'path');
    if (text === undefined) throw new Failure('required', '@slice needs "path", a FHIRPath expression.');
    if (text === '$index') return (_value, index) => String(index);
    const path = this.#paths.path(text, field.types[0] ?? '');
    return (value) => path(value).map(String).join(',');
  }

  /** The fields of selections, fragments resolved and the same name joined into one. */
  #chosen(sets: readonly SelectionSetNode[], type: string): readonly Chosen[] {
    const ofSets = this.#known.get(sets) ?? new Map<string, readonly Chosen[]>();
    const known = ofSets.get(type);
    if (known !== undefined) return known;
    const chosen: Chosen[] = [];
    for (const set of sets) this.#collect(chosen, set, type);
    ofSets.set(type, chosen);
    this.#known.set(sets, ofSets);
    return chosen;
  }

  #collect(chosen: Chosen[], set: SelectionSetNode, type: string): void {
    const { fragments, variables } = this.#query;
    for (const node of set.selections) {
      if (!isAskedFor(node.directives, variables)) continue;
      if (node.kind === Kind.FIELD) {
        choose(chosen, node, set, type);
        continue;
      }
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      const on = fragment?.typeCondition?.name.value;
      if (fragment !== undefined && (on === undefined || isOf(type, on))) {
        this.#collect(chosen, fragment.selectionSet, type);
      }
    }
  }
}

interface At {
  readonly result: GraphqlResult;
  readonly kept: Set<string>;
  readonly place: Place;
  readonly chosen: Chosen;
  readonly field: Field;
  readonly inList: boolean;
  readonly suffix: string;
}

/**
 * Adds a field, or what is wanted of one that is there already. An element that holds one object and is named
 * twice in one selection, each time with other fields, comes as a list, as HL7's own implementation has it.
 */
function choose(chosen: Chosen[], node: FieldNode, set: SelectionSetNode, type: string): void {
  const key = node.alias?.value ?? node.name.value;
  const inner = node.selectionSet;
  const same = chosen.filter((one) => one.key === key);
  for (const one of same) requireSame(one.node, node, key);
  const [first] = same;
  if (first === undefined || inner === undefined) {
    if (first === undefined)
      chosen.push({ key, node, sets: inner === undefined ? [] : [inner], origin: set });
    return;
  }
  if (same.some((one) => one.sets.some((other) => textOf(other) === textOf(inner)))) return;
  const isOne = fieldOf(type, node.name.value)?.list !== true;
  if (isOne && first.origin === set) chosen.push({ key, node, sets: [inner], origin: set });
  else first.sets.push(inner);
}

/** What a part of a query looks like; kept, since those of one name are all held against one another. */
function textOf(node: SelectionSetNode | ArgumentNode): string {
  const known = texts.get(node);
  if (known !== undefined) return known;
  const text = print(node);
  texts.set(node, text);
  return text;
}

const texts = new WeakMap<object, string>();

function requireSame(one: FieldNode, other: FieldNode, key: string): void {
  if (one === other) return;
  const text = ({ name, arguments: given = [] }: FieldNode): string =>
    `${name.value}(${given.map(textOf).join()})`;
  if (text(one) === text(other)) return;
  throw new Failure(
    'invalid',
    `"${key.slice(0, 60)}" would stand for two things: give one of them an alias.`,
  );
}

function holdingOf(directives: readonly DirectiveNode[] | undefined, isList: boolean): Holding {
  if (directive(directives, 'singleton') !== undefined) return 'one';
  return isList ? 'list' : 'open';
}

/** The values under a member; numbers with the text they were written as. */
function membersOf(value: JsonObject, field: Field): readonly unknown[] {
  const found = value[field.json];
  if (found === undefined || found === null) return [];
  const isMany = Array.isArray(found);
  const items: readonly unknown[] = isMany ? found : [found];
  return items
    .map((item, i) => {
      if (typeof item !== 'number') return item;
      const text = isMany ? writtenNumber(found, String(i)) : writtenNumber(value, field.json);
      return new Decimal(item, text ?? String(item));
    })
    .filter((item) => item !== null);
}

function innerOf(value: unknown, field: Field, place: Place): Place {
  if (!isObject(value)) {
    throw new Failure('invalid', `"${field.json}" is a plain value here and has no fields: use a fragment.`);
  }
  const [type = ''] = field.types;
  const named = value.resourceType;
  if (typeof named === 'string') return { value, type: named, holder: value };
  return { value, type, holder: place.holder };
}
