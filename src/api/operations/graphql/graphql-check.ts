/**
 * What is looked at before a GraphQL query reads anything: that every field is there, that it is no larger
 * than the limits allow, and that fragments do not go round in circles.
 */
import { type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql';
import { Failure } from '../../../base/failure.ts';
import type { Settings } from '../../../base/settings.ts';
import { resourceTypes } from '../../../fhir/definitions.ts';
import { nearNames } from '../../../fhir/near-names.ts';
import { type Field, fieldNames, fieldOf, isType } from './graphql-types.ts';

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

export interface CheckParts {
  readonly fragments: Fragments;
  readonly settings: Pick<Settings, 'graphqlDepthMax' | 'graphqlFieldsMax'>;
}

/**
 * Throws Failure `invalid` (an unknown field, type or fragment; a scalar with fields, or an object without),
 * `too-costly` beyond the settings graphqlDepthMax and graphqlFieldsMax.
 */
export function checkQuery(root: string, selections: SelectionSetNode, parts: CheckParts): void {
  new Check(parts).set([root], selections, 1, []);
}

class Check {
  readonly #parts: CheckParts;
  #fields = 0;

  constructor(parts: CheckParts) {
    this.#parts = parts;
  }

  set(
    types: readonly string[],
    { selections }: SelectionSetNode,
    depth: number,
    trail: readonly string[],
  ): void {
    const { fragments, settings } = this.#parts;
    if (depth > settings.graphqlDepthMax) {
      throw tooCostly(`is nested deeper than ${settings.graphqlDepthMax}`, 'graphqlDepthMax');
    }
    for (const node of selections) {
      this.#fields += 1;
      if (this.#fields > settings.graphqlFieldsMax) {
        throw tooCostly(`has more than ${settings.graphqlFieldsMax} fields`, 'graphqlFieldsMax');
      }
      if (node.kind === Kind.FIELD) {
        this.#field(types, node.name.value, node.selectionSet, depth, trail);
      } else if (node.kind === Kind.INLINE_FRAGMENT) {
        const on = node.typeCondition?.name.value;
        this.set(on === undefined ? types : [knownType(on)], node.selectionSet, depth, trail);
      } else {
        const name = node.name.value;
        const fragment = fragments.get(name);
        if (fragment === undefined) throw invalid(`There is no fragment "${shown(name)}".`);
        if (trail.includes(name)) throw invalid(`The fragment "${shown(name)}" holds itself.`);
        const on = knownType(fragment.typeCondition.name.value);
        this.set([on], fragment.selectionSet, depth, [...trail, name]);
      }
    }
  }

  #field(
    types: readonly string[],
    name: string,
    inner: SelectionSetNode | undefined,
    depth: number,
    trail: readonly string[],
  ): void {
    if (name === '__typename') return;
    if (name === '__schema' || name === '__type') {
      throw new Failure('not-supported', `"${name}" is not supported: the types are those of FHIR R4.`);
    }
    const fields = candidates(types)
      .map((type) => fieldOf(type, name))
      .filter((one): one is Field => one !== undefined);
    if (fields.length === 0) throw unknownField(types, name);
    const below = [...new Set(fields.flatMap((field) => field.types))];
    if (below.length === 0) {
      if (inner !== undefined) throw invalid(`"${shown(name)}" is a plain value and has no fields.`);
    } else if (inner === undefined) {
      throw invalid(`"${shown(name)}" is no plain value: say which of its fields you want.`);
    } else this.set(below, inner, depth + 1, trail);
  }
}

/** Resource stands for any. */
function candidates(types: readonly string[]): readonly string[] {
  return types.flatMap((type): readonly string[] =>
    type === 'Resource' || type === 'DomainResource' ? resourceTypes : [type],
  );
}

function knownType(name: string): string {
  if (isType(name)) return name;
  throw invalid(`"${shown(name)}" is no type of FHIR R4.`);
}

function unknownField(types: readonly string[], name: string): Failure {
  const [type = ''] = types;
  const near = nearNames(name, fieldNames(type));
  const hint = near.length === 0 ? '' : ` Near it: ${near.join(', ')}.`;
  return invalid(`${type} has no field "${shown(name)}".${hint}`);
}

function invalid(text: string): Failure {
  return new Failure('invalid', text);
}

function tooCostly(what: string, setting: string): Failure {
  return new Failure('too-costly', `The query ${what} (setting ${setting}): ask in parts.`);
}

const shown = (name: string): string => name.slice(0, 60);
