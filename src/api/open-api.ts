/**
 * The OpenAPI description, made from the route table. It names addresses, methods and parameters; what a
 * resource looks like is FHIR's own to say. https://spec.openapis.org/oas/v3.1.0
 */
import type { Method } from './fhir-call.ts';
import type {
  Interaction,
  OpenInteraction,
  Operation,
  OperationLevel,
  OperationParameter,
  Shape,
} from './interaction.ts';
import type { RouteRows } from './route-match.ts';

const PATHS: Readonly<Record<Shape, string>> = {
  base: '/fhir',
  metadata: '/fhir/metadata',
  type: '/fhir/{type}',
  'type-search': '/fhir/{type}/_search',
  instance: '/fhir/{type}/{id}',
  'instance-history': '/fhir/{type}/{id}/_history',
  version: '/fhir/{type}/{id}/_history/{versionId}',
  'base-search': '/fhir/_search',
  job: '/fhir/_async/{id}',
  'base-history': '/fhir/_history',
  'type-history': '/fhir/{type}/_history',
  compartment: '/fhir/{type}/{id}/{other}',
  'system-operation': '/fhir/$',
  'type-operation': '/fhir/{type}/$',
  'instance-operation': '/fhir/{type}/{id}/$',
  'version-operation': '/fhir/{type}/{id}/_history/{versionId}/$',
};

interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly security?: readonly Record<string, never[]>[];
  readonly parameters: readonly object[];
  readonly responses: object;
}

/** The description as JSON text. `url` is the node's own address. */
export function openApi(rows: RouteRows, url: string): Buffer {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  const put = (path: string, method: Method, operation: OpenApiOperation): void => {
    const item = paths[path] ?? {};
    item[method.toLowerCase()] = operation;
    paths[path] = item;
  };
  for (const interaction of rows.interactions) {
    for (const { method, shape } of interaction.routes) {
      put(PATHS[shape], method, described(interaction, PATHS[shape]));
    }
  }
  for (const operation of rows.operations) {
    for (const level of operation.levels) {
      const path = operationPath(operation, level);
      for (const method of operation.methods) put(path, method, describedOperation(operation, level, method));
    }
  }
  return Buffer.from(
    JSON.stringify({
      openapi: '3.1.0',
      info: { title: 'Openward', version: '1', description: 'HL7 FHIR R4 and the shared record.' },
      servers: [{ url }],
      paths,
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
      security: [{ bearer: [] }],
    }),
  );
}

function operationPath({ type, name }: Operation, level: OperationLevel): string {
  const path = PATHS[`${level}-operation`];
  return `${type === 'any' ? path : path.replace('{type}', type)}${name}`;
}

function described(interaction: Interaction | OpenInteraction, path: string): OpenApiOperation {
  return {
    operationId: interaction.code,
    summary: interaction.summary,
    ...('open' in interaction ? { security: [{}] } : {}),
    parameters: pathParameters(path),
    responses: RESPONSES,
  };
}

function describedOperation(operation: Operation, level: OperationLevel, method: Method): OpenApiOperation {
  const path = operationPath(operation, level);
  const of = operation.type === 'any' ? '' : `${operation.type}-`;
  return {
    operationId: `${of}${operation.name}-${level}-${method.toLowerCase()}`,
    summary: operation.summary,
    parameters: [
      ...pathParameters(path),
      ...(method === 'GET' ? operation.parameters.map(queryParameter) : []),
    ],
    responses: RESPONSES,
  };
}

function pathParameters(path: string): readonly object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameter({ name, text, required }: OperationParameter): object {
  return { name, in: 'query', description: text, required: required === true, schema: { type: 'string' } };
}

const CONTENT = {
  'application/fhir+json': { schema: { type: 'object' } },
  'application/fhir+xml': { schema: { type: 'object' } },
} as const;
const RESPONSES = {
  '2XX': { description: 'A resource or a Bundle', content: CONTENT },
  '4XX': { description: 'An OperationOutcome that says how to mend it', content: CONTENT },
  '5XX': { description: 'An OperationOutcome', content: CONTENT },
} as const;
