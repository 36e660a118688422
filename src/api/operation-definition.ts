/**
 * The OperationDefinition of each operation, made from the route table as the CapabilityStatement is: what this
 * server takes and gives, and which definition that rests on. R4 http://hl7.org/fhir/R4/operationdefinition.html
 */
import type { OperationDefinition, OperationDefinitionParameter } from 'fhir/r4.d.ts';
import type { Operation, OperationParameter } from './interaction.ts';

/** The id under which it is read: `Patient-everything`, as in the address of the definition. */
export function definitionId({ definition }: Operation): string {
  return definition.slice(definition.lastIndexOf('/') + 1);
}

/** The definition of one operation. `base` is the absolute address of the FHIR base. */
export function operationDefinition(operation: Operation, base: string): OperationDefinition {
  const id = definitionId(operation);
  const { levels, definition, type, name } = operation;
  return {
    resourceType: 'OperationDefinition',
    id,
    url: `${base}/OperationDefinition/${id}`,
    name: codeName(name),
    title: operation.summary,
    status: 'active',
    kind: 'operation',
    description: operation.summary,
    affectsState: operation.affectsState === true,
    code: name,
    base: definition,
    resource: [type === 'any' ? 'Resource' : type] as OperationDefinition['resource'],
    system: levels.includes('system'),
    type: levels.includes('type'),
    instance: levels.some((level) => level === 'instance' || level === 'version'),
    parameter: [...operation.parameters.map(taken), given(operation)],
  };
}

/** Computer-friendly, as R4 wants names: `meta-add` → `MetaAdd`. */
function codeName(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_all, _dash, letter: string) => letter.toUpperCase());
}

function taken({ name, text, required, many, type }: OperationParameter): OperationDefinitionParameter {
  return {
    // a name with a mark in front of it is allowed in a Parameters resource, and so here
    name,
    use: 'in',
    min: required === true ? 1 : 0,
    max: many === true ? '*' : '1',
    documentation: text,
    type: (type ?? 'string') as NonNullable<OperationDefinitionParameter['type']>,
  };
}

function given({ returns = 'Bundle', name }: Operation): OperationDefinitionParameter {
  return {
    name: name === 'graphql' ? 'result' : 'return',
    use: 'out',
    min: 1,
    max: '1',
    type: returns as NonNullable<OperationDefinitionParameter['type']>,
  };
}
