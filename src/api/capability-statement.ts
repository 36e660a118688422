/**
 * The CapabilityStatement, made from the route table and the compiled definitions, so that it cannot say
 * what the server does not do. R4 http://hl7.org/fhir/R4/capabilitystatement.html.
 */
import type {
  CapabilityStatement,
  CapabilityStatementRestResource,
  CapabilityStatementRestResourceOperation,
  CapabilityStatementRestResourceSearchParam,
} from 'fhir/r4.d.ts';
import { resourceTypes, searchParameterRow, searchParametersOf } from '../fhir/definitions.ts';
import { isSearchable } from '../fhir/parse-search.ts';
import type { ResourceType } from '../fhir/resource.ts';
import type { SearchParameter } from '../fhir/search-value.ts';
import { listed } from './answers.ts';
import type { Operation } from './interaction.ts';
import type { RouteRows } from './route-match.ts';

export interface CapabilityParts {
  readonly rows: RouteRows;
  /** Absolute address of the FHIR base. */
  readonly base: string;
  /** Name of the organisation. */
  readonly name: string;
  /** YYYY-MM-DD or an instant: when this statement was made. */
  readonly date: string;
  /** The setting of this name. */
  readonly conditionalDeleteMax: number;
  /** Profiles that the organisation holds the type to. */
  profilesOf?(type: ResourceType): readonly string[];
}

/** The statement as JSON text. */
export function capabilityStatement(parts: CapabilityParts): Buffer {
  const statement: CapabilityStatement = {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: parts.date,
    kind: 'instance',
    software: { name: 'Openward' },
    implementation: { description: `FHIR R4 of ${parts.name}`, url: parts.base },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'application/fhir+xml', 'json', 'xml'],
    patchFormat: ['application/json-patch+json', 'application/fhir+json', 'application/fhir+xml'],
    rest: [
      {
        mode: 'server',
        security: {
          description:
            'Every address but /metadata needs a bearer token of this node (Authorization: Bearer …).',
        },
        resource: resourceTypes.map((type) => resourceCapability(type, parts)),
        interaction: systemInteractions(parts.rows).map((code) => ({ code })),
        searchParam: parametersOfAll(),
        compartment: COMPARTMENTS.map((name) => `http://hl7.org/fhir/CompartmentDefinition/${name}`),
        ...listed(
          'operation',
          parts.rows.operations.filter((one) => one.levels.includes('system')).map(operationCapability),
        ),
      },
    ],
  };
  return Buffer.from(JSON.stringify(statement));
}

const COMPARTMENTS = ['patient', 'encounter', 'relatedPerson', 'practitioner', 'device'] as const;

type SystemCode = 'batch' | 'transaction' | 'search-system' | 'history-system';

function systemInteractions(rows: RouteRows): readonly SystemCode[] {
  const codes = rows.interactions.filter((one) => one.level === 'system').map((one) => one.code);
  return (['batch', 'transaction', 'search-system', 'history-system'] as const).filter((code) =>
    codes.includes(code.startsWith('search') || code.startsWith('history') ? code : 'batch-or-transaction'),
  );
}

function resourceCapability(type: ResourceType, parts: CapabilityParts): CapabilityStatementRestResource {
  const { rows } = parts;
  const codes = rows.interactions.filter((one) => one.level !== 'system').map((one) => one.code);
  const parameters = searchableParameters(type);
  const operations = rows.operations.filter(
    (one) => one.type === type || (one.type === 'any' && one.levels.some((level) => level !== 'system')),
  );
  return {
    type,
    interaction: codes.map((code) => ({ code: code as 'read' })),
    versioning: 'versioned-update',
    readHistory: codes.includes('vread'),
    updateCreate: codes.includes('update'),
    conditionalCreate: true,
    conditionalRead: 'full-support',
    conditionalUpdate: true,
    conditionalDelete: parts.conditionalDeleteMax > 1 ? 'multiple' : 'single',
    referencePolicy: ['literal', 'logical', 'local'],
    ...listed(
      'searchInclude',
      parameters.filter(isReference).map((one) => `${type}:${one.code}`),
    ),
    ...listed('searchRevInclude', reverseIncludes().get(type) ?? []),
    ...listed(
      'searchParam',
      parameters.map((one) => ({ name: one.code, definition: one.url, type: one.kind })),
    ),
    ...listed('operation', operations.map(operationCapability)),
    ...listed('supportedProfile', parts.profilesOf?.(type) ?? []),
  };
}

/** Parameters of a type that a search may name. */
function searchableParameters(type: ResourceType): readonly SearchParameter[] {
  return [...searchParametersOf(type).values()].filter(({ code }) => isSearchable(type, code));
}

/** Parameters that every type has, and those that are of searching and of no type. */
function parametersOfAll(): CapabilityStatementRestResourceSearchParam[] {
  const ofResource = searchableParameters('Binary').filter(({ code }) => code.startsWith('_'));
  return [
    ...ofResource.map((one) => ({ name: one.code, definition: one.url, type: one.kind })),
    { name: '_list', type: 'special' },
    { name: '_type', type: 'special', documentation: 'Searches across types only' },
  ];
}

/** What an include can follow: references that name a resource, not those by canonical URL. */
function isReference({ on, code, kind }: SearchParameter): boolean {
  return kind === 'reference' && searchParameterRow(on, code)?.types.includes('canonical') !== true;
}

let reverse: ReadonlyMap<ResourceType, readonly string[]> | undefined;

/**
 * Target type → `Source:parameter` of the parameters that name it; those that may point at anything are
 * left out.
 */
function reverseIncludes(): ReadonlyMap<ResourceType, readonly string[]> {
  if (reverse !== undefined) return reverse;
  const found = new Map<ResourceType, string[]>();
  for (const source of resourceTypes) {
    for (const parameter of searchableParameters(source).filter(isReference)) {
      if (parameter.targets.length > 40) continue;
      for (const target of parameter.targets) {
        const list = found.get(target) ?? [];
        list.push(`${source}:${parameter.code}`);
        found.set(target, list);
      }
    }
  }
  reverse = found;
  return found;
}

function operationCapability(operation: Operation): CapabilityStatementRestResourceOperation {
  return { name: operation.name, definition: operation.definition };
}
