/**
 * Arguments, variables and conditions of a GraphQL query, as plain values. http://hl7.org/fhir/R4/graphql.html
 */
import {
  type DirectiveNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  type ValueNode,
} from 'graphql';
import { Failure } from '../../../base/failure.ts';
import { isObject, type JsonObject } from '../../../fhir/json-access.ts';

/** Variable → its value; one that was left out has none. */
export type Variables = ReadonlyMap<string, unknown>;

/**
 * The variables of an operation: what was given, or the default. Throws Failure `required` (one that must be
 * there), `invalid` (one that the query does not know).
 */
export function variablesOf(operation: OperationDefinitionNode, given: JsonObject): Variables {
  const variables = new Map<string, unknown>();
  const names = new Set<string>();
  for (const definition of operation.variableDefinitions ?? []) {
    const name = definition.variable.name.value;
    names.add(name);
    const value =
      given[name] ?? (definition.defaultValue && argumentValue(definition.defaultValue, new Map()));
    if (value !== undefined && value !== null) variables.set(name, value);
    else if (definition.type.kind === Kind.NON_NULL_TYPE) {
      throw new Failure('required', `The variable "$${name.slice(0, 60)}" has no value.`);
    } else variables.set(name, undefined);
  }
  const other = Object.keys(given).find((name) => !names.has(name));
  if (other !== undefined) {
    throw new Failure('invalid', `The query declares no variable "$${other.slice(0, 60)}".`);
  }
  return variables;
}

function argumentValue(node: ValueNode, variables: Variables): unknown {
  switch (node.kind) {
    case Kind.VARIABLE: {
      const name = node.name.value;
      if (variables.has(name)) return variables.get(name);
      throw new Failure(
        'invalid',
        `The query uses the variable "$${name.slice(0, 60)}" and does not declare it.`,
      );
    }
    case Kind.LIST:
      return node.values.map((one) => argumentValue(one, variables));
    case Kind.NULL:
      return undefined;
    case Kind.OBJECT:
      throw new Failure('not-supported', 'No argument here takes an input object.');
    default:
      return node.value;
  }
}

/** Argument → its values as text, those that are null left out. */
export type Arguments = ReadonlyMap<string, readonly string[]>;

/** Arguments of a field or directive. Throws Failure `value` where one is given twice or is no plain value. */
export function argumentsOf(node: FieldNode | DirectiveNode, variables: Variables): Arguments {
  const found = new Map<string, readonly string[]>();
  for (const argument of node.arguments ?? []) {
    const name = argument.name.value;
    if (found.has(name)) throw new Failure('value', `The argument "${name.slice(0, 60)}" is given twice.`);
    const value = argumentValue(argument.value, variables);
    if (value === undefined) continue;
    found.set(
      name,
      (Array.isArray(value) ? value : [value]).map((one) => {
        if (isObject(one) || Array.isArray(one) || one === null) {
          throw new Failure('value', `The argument "${name.slice(0, 60)}" takes plain values.`);
        }
        return String(one);
      }),
    );
  }
  return found;
}

/** The one value of an argument; undefined where it is not given. Throws Failure `value` where there are several. */
export function oneOf(given: Arguments, name: string): string | undefined {
  const values = given.get(name);
  if (values === undefined) return undefined;
  if (values.length === 1) return values[0];
  throw new Failure('value', `The argument "${name}" takes one value.`);
}

/** A whole number, 0 or more. Throws Failure `value`. */
export function numberOf(given: Arguments, name: string): number | undefined {
  const text = oneOf(given, name);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Failure('value', `The argument "${name}" must be a whole number, 0 or more.`);
}

const DIRECTIVES: ReadonlySet<string> = new Set([
  'skip',
  'include',
  'flatten',
  'first',
  'singleton',
  'slice',
]);

/** The directive of that name. */
export function directive(
  nodes: readonly DirectiveNode[] | undefined,
  name: string,
): DirectiveNode | undefined {
  return nodes?.find((one) => one.name.value === name);
}

/** Whether @skip and @include leave this in. Throws Failure `not-supported` for a directive that R4 does not have. */
export function isAskedFor(nodes: readonly DirectiveNode[] | undefined, variables: Variables): boolean {
  let asked = true;
  for (const node of nodes ?? []) {
    const name = node.name.value;
    if (!DIRECTIVES.has(name)) {
      throw new Failure('not-supported', `There is no directive "@${name.slice(0, 60)}" here.`);
    }
    if (name !== 'skip' && name !== 'include') continue;
    const text = oneOf(argumentsOf(node, variables), 'if');
    if (text !== 'true' && text !== 'false') {
      throw new Failure('value', `@${name} needs "if", which is true or false.`);
    }
    asked &&= (text === 'true') === (name === 'include');
  }
  return asked;
}
