/**
 * What a GraphQL query may ask of each type: the elements of R4, and what R4 adds for GraphQL (resource on a
 * reference, lists and connections of resources). http://hl7.org/fhir/R4/graphql.html
 */
import { isResourceType, structure } from '../../../fhir/definitions.ts';
import type { ResourceType } from '../../../fhir/resource.ts';

/** The root of a query that is about the whole system. */
export const QUERY = 'Query';

export interface Field {
  /** Name of the member that holds the value; that of the field itself where the value is made. */
  readonly json: string;
  /** Types that the value may have, each with fields of its own; empty: a scalar. `Resource` is any resource. */
  readonly types: readonly string[];
  readonly list: boolean;
  /** How the value is found where no member holds it. */
  readonly made?: 'resource' | 'single' | 'list' | 'connection';
  /** Of made lists, connections and single resources: whose. */
  readonly of?: ResourceType;
}

const known = new Map<string, ReadonlyMap<string, Field>>();
const primitives: ReadonlySet<string> = new Set(structure.primitives);

/** Whether a fragment may name this type. */
export function isType(name: string): boolean {
  return (
    ANY.has(name) || name === QUERY || structure.types[name] !== undefined || connectionOf(name) !== undefined
  );
}

const ANY: ReadonlySet<string> = new Set(['Resource', 'DomainResource', 'Element', 'BackboneElement']);

/** Whether a value of `actual` is one of the type that a fragment names. */
export function isOf(actual: string, named: string): boolean {
  if (actual === named) return true;
  if (named === 'Resource') return isResourceType(actual);
  if (named === 'DomainResource') {
    return isResourceType(actual) && !['Bundle', 'Binary', 'Parameters'].includes(actual);
  }
  return false;
}

/** The field of a type; undefined where it has none of that name. */
export function fieldOf(type: string, name: string): Field | undefined {
  const own = fieldsOf(type).get(name);
  if (own !== undefined) return own;
  if (type === 'Reference' && name === 'resource') {
    return { json: name, types: ['Resource'], list: false, made: 'resource' };
  }
  return type === QUERY || isResourceType(type) ? searched(type, name) : undefined;
}

/** Names of the fields that a type has, for a text that says what could be meant. */
export function fieldNames(type: string): readonly string[] {
  return [...fieldsOf(type).keys()];
}

/** `ConditionList`, `ConditionConnection`; of the system also `Condition`. */
function searched(type: string, name: string): Field | undefined {
  if (name.endsWith('List')) return madeField(name, name.slice(0, -4), 'list');
  if (name.endsWith('Connection')) return madeField(name, name.slice(0, -10), 'connection');
  return type === QUERY ? madeField(name, name, 'single') : undefined;
}

function madeField(name: string, of: string, made: 'single' | 'list' | 'connection'): Field | undefined {
  if (!isResourceType(of)) return undefined;
  const types = [made === 'connection' ? `${of}Connection` : of];
  return { json: name, types, list: made === 'list', made, of };
}

function fieldsOf(type: string): ReadonlyMap<string, Field> {
  const made = known.get(type);
  if (made !== undefined) return made;
  const fields = connectionOf(type) ?? elementsOf(type);
  known.set(type, fields);
  return fields;
}

function elementsOf(type: string): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>();
  if (isResourceType(type)) fields.set('resourceType', { json: 'resourceType', types: [], list: false });
  for (const row of structure.types[type] ?? []) {
    const list = row.max !== 1;
    for (const of of row.t) {
      const json = row.c === 1 ? `${row.n}${of.charAt(0).toUpperCase()}${of.slice(1)}` : row.n;
      const isScalar = primitives.has(of);
      fields.set(json, { json, types: isScalar ? [] : [of], list });
      if (isScalar && row.a !== 1) fields.set(`_${json}`, { json: `_${json}`, types: ['Element'], list });
    }
  }
  return fields;
}

/** The fields of `PatientConnection` and of its edges, `PatientConnectionEdge`. */
function connectionOf(type: string): ReadonlyMap<string, Field> | undefined {
  const of = /^([A-Za-z]+)Connection(Edge)?$/.exec(type);
  if (of === null || !isResourceType(of[1] ?? '')) return undefined;
  const scalar = (json: string): [string, Field] => [json, { json, types: [], list: false }];
  if (of[2] !== undefined) {
    const resource: Field = { json: 'resource', types: [of[1] ?? ''], list: false };
    return new Map([scalar('mode'), scalar('score'), ['resource', resource]]);
  }
  const names = ['count', 'offset', 'pagesize', 'first', 'previous', 'next', 'last'];
  const edges: Field = { json: 'edges', types: [`${type}Edge`], list: true };
  return new Map([...names.map(scalar), ['edges', edges]]);
}
