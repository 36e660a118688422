/**
 * $graphql: R4 GraphQL over one resource, or over the whole system. The answer is no resource: it goes out as
 * GraphQL has it, errors too, each with its OperationOutcome. http://hl7.org/fhir/R4/graphql.html
 */
import { type DocumentNode, GraphQLError, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { Failure } from '../../base/failure.ts';
import { writeJson } from '../../fhir/exact-decimals.ts';
import { isObject, type JsonObject } from '../../fhir/json-access.ts';
import { parseJson } from '../../fhir/parse-json.ts';
import type { Pairs } from '../../fhir/query-pairs.ts';
import { failureAnswer } from '../failure-answer.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import { idOf, type Operation, typeOf } from '../interaction.ts';
import { GRAPHQL } from '../negotiation.ts';
import { hasBody, oneValue, parametersIn } from '../operation-parameters.ts';
import { requireKnown } from '../page-links.ts';
import { parsedBody } from '../written-resource.ts';
import { variablesOf } from './graphql/graphql-arguments.ts';
import { checkQuery, type Fragments } from './graphql/graphql-check.ts';
import { GraphqlReads } from './graphql/graphql-reads.ts';
import { GraphqlRun } from './graphql/graphql-run.ts';
import { QUERY } from './graphql/graphql-types.ts';

export const graphql: Operation = {
  name: 'graphql',
  type: 'any',
  levels: ['system', 'instance'],
  methods: ['GET', 'POST'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Resource-graphql',
  returns: 'Binary',
  summary: 'A GraphQL query over one resource, or over all that the asker may see',
  parameters: [
    {
      name: 'query',
      text: 'The query; by POST as application/graphql, or in JSON as GraphQL has it',
      required: true,
    },
    { name: 'variables', text: 'Values of its variables, as a JSON object' },
    { name: 'operationName', text: 'Which operation of the query, where it has several' },
  ],
  handle: answerGraphql,
};

const KNOWN = ['query', 'variables', 'operationName', '_format', '_pretty'];
const JSON_TYPE = 'application/json; charset=utf-8';

interface Asked {
  readonly query: string;
  readonly variables: JsonObject;
  readonly operationName: string | undefined;
}

async function answerGraphql(call: FhirCall): Promise<FhirAnswer> {
  try {
    const data = await dataOf(call, askedOf(call));
    return graphqlAnswer(200, writeJson({ data }));
  } catch (thrown) {
    // what GraphQL clients read is a list of errors; the status is that of the failure all the same
    const route = 'fhir $graphql';
    const { requestId } = call.session.asker;
    const failed = failureAnswer(
      asFailure(thrown),
      { requestId, method: call.method, route },
      call.context.log,
    );
    const outcome = JSON.parse(String(failed.body)) as { issue: readonly { diagnostics?: string }[] };
    const errors = [{ message: outcome.issue[0]?.diagnostics ?? '', extensions: { resource: outcome } }];
    return {
      ...failed,
      ...graphqlAnswer(failed.status, JSON.stringify({ errors })),
      inBundle: Buffer.from(JSON.stringify(outcome)),
    };
  }
}

/** In a Bundle it is a Binary, as its OperationDefinition says. */
function graphqlAnswer(status: number, text: string): FhirAnswer {
  const body = Buffer.from(text);
  const binary = { resourceType: 'Binary', contentType: 'application/json', data: body.toString('base64') };
  const inBundle = Buffer.from(JSON.stringify(binary));
  return { status, body, contentType: JSON_TYPE, inBundle, cache: 'no-store' };
}

/** A mistake in the text of a query, with its line, as ours. */
function asFailure(thrown: unknown): unknown {
  if (!(thrown instanceof GraphQLError)) return thrown;
  const [at] = thrown.locations ?? [];
  const place = at === undefined ? '' : ` (line ${at.line}, column ${at.column})`;
  if (/more that \d+ tokens|more than \d+ tokens/.test(thrown.message)) {
    return new Failure(
      'too-costly',
      'The query is longer than the setting graphqlTokensMax allows: ask in parts.',
    );
  }
  return new Failure('invalid', `The query is no GraphQL${place}.`, { cause: thrown });
}

async function dataOf(call: FhirCall, asked: Asked): Promise<Record<string, unknown>> {
  const document = parse(asked.query, { maxTokens: call.context.settings.graphqlTokensMax });
  const operation = operationIn(document, asked.operationName);
  const fragments = fragmentsIn(document);
  const root = call.id === undefined ? QUERY : typeOf(call);
  const { settings } = call.context;
  checkQuery(root, operation.selectionSet, { fragments, settings });
  const variables = variablesOf(operation, asked.variables);
  const query = { selections: operation.selectionSet, fragments, variables };
  const reads = new GraphqlReads(call);
  const run = new GraphqlRun(call, query, reads);
  return run.data(call.id === undefined ? {} : await reads.read(typeOf(call), idOf(call)), root);
}

function operationIn(document: DocumentNode, name: string | undefined): OperationDefinitionNode {
  const all = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  const named = name === undefined ? all : all.filter((one) => one.name?.value === name);
  const [operation] = named;
  if (operation === undefined) throw new Failure('invalid', 'The query holds no operation of that name.');
  if (named.length > 1)
    throw new Failure('required', 'The query has several operations: give operationName.');
  if (operation.operation === 'query') return operation;
  throw new Failure('not-supported', `A GraphQL ${operation.operation} is not supported: only queries are.`);
}

function fragmentsIn(document: DocumentNode): Fragments {
  const fragments = document.definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((one) => [one.name.value, one]));
}

/** From the address, a JSON body as GraphQL has it, a Parameters resource, or the text of the query itself. */
function askedOf(call: FhirCall): Asked {
  requireKnown(call.pairs, KNOWN, '$graphql');
  const { body } = call;
  if (!hasBody(call)) return fromPairs(call, call.pairs);
  if (body.kind === 'bytes' && body.mediaType === GRAPHQL) {
    return fromPairs(call, [['query', body.bytes.toString('utf8')], ...call.pairs]);
  }
  const given = parsedBody(call);
  if (isObject(given) && given.resourceType === 'Parameters') {
    const pairs = parametersIn(given).map((one) => [one.name, one.valueString ?? ''] as const);
    requireKnown(pairs, KNOWN, '$graphql');
    return fromPairs(call, pairs);
  }
  if (!isObject(given) || typeof given.query !== 'string') {
    throw new Failure('required', 'Send {"query": "…"} as JSON, or the query as application/graphql.');
  }
  const { query, variables = null, operationName = null } = given;
  if (variables !== null && !isObject(variables)) {
    throw new Failure('value', '"variables" must be a JSON object.');
  }
  if (operationName !== null && typeof operationName !== 'string') {
    throw new Failure('value', '"operationName" must be text.');
  }
  return { query, variables: variables ?? {}, operationName: operationName ?? undefined };
}

function fromPairs(call: FhirCall, pairs: Pairs): Asked {
  const query = oneValue(pairs, 'query');
  if (query === undefined) throw new Failure('required', 'There is no query: query={…}.');
  const text = oneValue(pairs, 'variables');
  const variables = text === undefined ? {} : parseJson(Buffer.from(text), call.context.settings);
  if (!isObject(variables)) throw new Failure('value', '"variables" must be a JSON object.');
  return { query, variables, operationName: oneValue(pairs, 'operationName') };
}
