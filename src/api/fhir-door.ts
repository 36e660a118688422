/**
 * The FHIR door: R4 REST as one encapsulated Fastify plugin. It reads the request, knows the asker, finds
 * the row of the route table and sends what the interaction answers; whatever is thrown leaves as an
 * OperationOutcome. R4 http://hl7.org/fhir/R4/http.html.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticated, Authenticator } from '../access/authenticator.ts';
import { assert } from '../base/assert.ts';
import { type Clock, isoInstant } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { NodeConfig } from '../base/node-config.ts';
import type { Settings } from '../base/settings.ts';
import { NO_DEFINITIONS } from '../fhir/loaded-definitions.ts';
import { type PackageDefinitions, packageDefinitions } from '../fhir/package-definitions.ts';
import { parseXml } from '../fhir/parse-xml.ts';
import type { ValidateBeside } from '../fhir/profile-validator.ts';
import { pairsOf } from '../fhir/query-pairs.ts';
import type { SharedRecords } from '../network/shared-record.ts';
import type { Feeds } from '../records/feeds.ts';
import type { ProfileRules } from '../records/profile-rules.ts';
import type { Records } from '../records/session.ts';
import { inForm } from './answer-form.ts';
import { AsyncJobs } from './async-jobs.ts';
import { asksForResource, contentSent, isBinaryPath } from './binary-content.ts';
import { capabilityStatement } from './capability-statement.ts';
import { entryFailureAnswer, failureAnswer } from './failure-answer.ts';
import {
  type CallBody,
  type EntryCall,
  type FhirAnswer,
  type FhirCall,
  type FhirContext,
  type Method,
  type OpenCall,
  type PersonFinder,
  pathOf,
  queryIn,
} from './fhir-call.ts';
import type { Interaction } from './interaction.ts';
import { Metrics } from './metrics.ts';
import {
  type AnswerForm,
  answerForm,
  FORM,
  formAsked,
  GRAPHQL,
  isXml,
  lastValue,
  preferencesOf,
  sentMediaType,
} from './negotiation.ts';
import { definitionId, operationDefinition } from './operation-definition.ts';
import { requestIdOf } from './request-id.ts';
import { type RouteMatch, RouteTable } from './route-match.ts';
import { routes } from './routes.ts';
import { sendAnswer } from './send-answer.ts';

export interface FhirDoorOptions {
  readonly config: Pick<NodeConfig, 'name'>;
  readonly records: Records;
  readonly persons: PersonFinder;
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly sharedRecords?: SharedRecords;
  /** Absent where nothing feeds the node. */
  readonly feeds?: Pick<Feeds, 'coverage' | 'states'>;
  readonly profiles?: ProfileRules;
  /** R4 and packages; R4 alone where left out. */
  readonly definitions?: () => Promise<PackageDefinitions>;
  /** $validate in a thread of its own; in the door's where left out. */
  readonly validateBeside?: ValidateBeside;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Address of the node without the plugin's prefix: `http://127.0.0.1:8801`. */
  readonly baseUrl: string;
  /** Given where /metrics shall show this door's requests. */
  readonly metrics?: Metrics;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'] as const;

/** Mounts the door below the plugin's prefix (`/fhir`). */
export async function fhirDoor(server: FastifyInstance, options: FhirDoorOptions): Promise<void> {
  const door = new FhirDoor(server.prefix, options);
  server.decorateRequest('admission', null);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.addHook('onRequest', (request, _reply, done) => door.admit(request, done));
  server.addHook('preClose', (done) => {
    door.closing();
    done();
  });
  server.setErrorHandler((error, request, reply) => door.fail(error, request, reply));
  const handler = (request: FastifyRequest, reply: FastifyReply): void => door.serve(request, reply);
  for (const url of ['/', '/*']) {
    server.route({ method: [...METHODS], url, bodyLimit: options.settings.bodyBytesMax, handler });
  }
  server.setNotFoundHandler(handler); // other methods
}

/** What is known of a request before its body is read. */
interface Admission {
  readonly requestId: string;
  readonly startedMs: number;
  readonly method: Method;
  /** Below the base, with the query. */
  readonly url: string;
  readonly path: string;
  mediaType: string | undefined;
  /** How the answer is to be written; undefined: JSON as it is stored. */
  form: AnswerForm | undefined;
  who: Authenticated | undefined;
}

type AdmittedRequest = FastifyRequest & { admission: Admission | null };

class FhirDoor {
  readonly #options: FhirDoorOptions;
  readonly #prefix: string;
  readonly #table = new RouteTable(routes);
  readonly #context: FhirContext;
  readonly #jobs: AsyncJobs;
  readonly #metrics: Metrics;
  #statement: Buffer | undefined;
  /** The CapabilityStatement in other forms, once they were asked for. */
  readonly #statements = new Map<string, FhirAnswer>();
  #closing = false;

  constructor(prefix: string, options: FhirDoorOptions) {
    this.#options = options;
    this.#prefix = prefix;
    this.#metrics = options.metrics ?? new Metrics();
    const { settings, clock, ids, log, persons, sharedRecords, profiles, validateBeside } = options;
    const later = { requestId: 'later', method: 'later', route: 'fhir later' };
    this.#jobs = new AsyncJobs({
      settings,
      clock,
      ids,
      failed: (thrown) => failureAnswer(thrown, later, log),
    });
    this.#context = {
      base: `${options.baseUrl.replace(/\/+$/, '')}${prefix}`,
      settings,
      clock,
      ids,
      log,
      persons,
      organisation: options.config.name,
      ...(options.feeds === undefined ? {} : { feeds: options.feeds }),
      ...(sharedRecords === undefined ? {} : { sharedRecords }),
      ...(profiles === undefined ? {} : { profiles }),
      ...(validateBeside === undefined ? {} : { validateBeside }),
      definitions: options.definitions ?? packageDefinitions(NO_DEFINITIONS),
      jobs: this.#jobs,
      capabilityStatement: () => this.#capabilityStatement(),
      operationDefinition: (id) => this.#operationDefinition(id),
      route: (method, path) => this.#table.match(method, path),
      answer: (call) => this.#answerEntry(call),
    };
  }

  /** From now on no connection is kept, so that the server does not wait for clients that are idle. */
  closing(): void {
    this.#closing = true;
    this.#jobs.close();
  }

  /** Before the body is read: what the client can read and sends, and who it is. */
  admit(request: FastifyRequest, done: (error?: Error) => void): void {
    const admission = this.#admission(request);
    (request as AdmittedRequest).admission = admission;
    const { headers } = request.raw;
    try {
      admission.form = formOf(admission, headers);
      if (hasBody(admission.method, headers)) {
        const isForm = /(^|\/)_search$/.test(admission.path);
        admission.mediaType = isGraphql(headers, admission.path)
          ? GRAPHQL
          : (contentSent(admission.method, admission.path, headers) ??
            sentMediaType(headers, isForm, admission.method === 'PATCH'));
      }
    } catch (thrown) {
      done(thrown as Error);
      return;
    }
    if (this.#table.isOpen(admission.path)) {
      done();
      return;
    }
    this.#options.authenticator.authenticate(headers.authorization).then((who) => {
      admission.who = who;
      done();
    }, done);
  }

  #admission(request: FastifyRequest): Admission {
    const { raw } = request;
    const url = (raw.url ?? '').slice(this.#prefix.length).replace(/^\//, '');
    return {
      requestId: requestIdOf(raw, request.id),
      startedMs: this.#options.clock.monotonicMs(),
      method: (raw.method === 'HEAD' ? 'GET' : raw.method) as Method,
      url,
      path: pathOf(url),
      mediaType: undefined,
      form: undefined,
      who: undefined,
    };
  }

  /** Answers an admitted request; never throws. */
  serve(request: FastifyRequest, reply: FastifyReply): void {
    reply.hijack();
    const { admission } = request as AdmittedRequest;
    assert(admission !== null, 'a request is admitted before it is served');
    void this.#serve(admission, request, reply);
  }

  async #serve(admission: Admission, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    let code = 'none';
    let answer: FhirAnswer;
    try {
      const match = this.#table.match(admission.method, admission.path);
      code = match.interaction.code;
      const body = isPlain(admission.mediaType)
        ? bodyOf(request.body, admission.mediaType)
        : await this.#otherBody(request.body, admission);
      answer = await this.#handle(match, this.#openCall(match, admission, request, body), admission);
    } catch (thrown) {
      answer = this.#failed(thrown, admission, code);
    }
    await this.#respond(reply, answer, admission, code);
  }

  /** Sends an answer in the form that was asked for; never throws. */
  async #respond(reply: FastifyReply, answer: FhirAnswer, admission: Admission, code: string): Promise<void> {
    const { form } = admission;
    try {
      const written = form === undefined ? answer : await this.#inForm(answer, form, admission, code);
      this.#send(reply, written, admission, code);
    } catch (thrown) {
      // the answer may have begun: all that is left is to end it so that nobody takes it for whole
      this.#options.log.error({ requestId: admission.requestId, error: (thrown as Error).name }, 'defect');
      reply.raw.destroy();
    }
  }

  /** A body in XML as the resource it holds; of a form, what it says of the answer's format is taken. */
  async #otherBody(sent: unknown, admission: Admission): Promise<CallBody> {
    const body = bodyOf(sent, admission.mediaType);
    if (body.kind !== 'bytes' || body.bytes.length === 0) return body;
    if (isXml(body.mediaType)) {
      return { kind: 'resource', resource: await parseXml(body.bytes, this.#options.settings) };
    }
    const asked = formAsked(body.bytes.toString('utf8'));
    if (asked.format !== undefined || asked.pretty) {
      const { format = 'json', pretty = false } = admission.form ?? {};
      admission.form = { format: asked.format ?? format, pretty: asked.pretty || pretty };
    }
    return body;
  }

  async #inForm(
    answer: FhirAnswer,
    form: AnswerForm,
    admission: Admission,
    code: string,
  ): Promise<FhirAnswer> {
    const { settings } = this.#options;
    try {
      if (answer.body === undefined || answer.body !== this.#statement) {
        return await inForm(answer, form, settings);
      }
      // anybody may ask for the CapabilityStatement, and it is large
      const key = `${form.format} ${form.pretty}`;
      const written = this.#statements.get(key) ?? (await inForm(answer, form, settings));
      this.#statements.set(key, written);
      return written;
    } catch (thrown) {
      return inForm(this.#failed(thrown, admission, code), form, settings);
    }
  }

  #openCall(match: RouteMatch, admission: Admission, request: FastifyRequest, body: CallBody): OpenCall {
    const { headers } = request.raw;
    return {
      context: this.#context,
      method: admission.method,
      path: admission.path,
      type: match.type,
      id: match.id,
      versionId: match.versionId,
      pairs: pairsOf(queryIn(admission.url)),
      headers,
      prefer: preferencesOf(headers),
      body,
    };
  }

  #handle(match: RouteMatch, call: OpenCall, admission: Admission): Promise<FhirAnswer> {
    const { interaction } = match;
    if ('open' in interaction) return interaction.handle(call);
    const { who, requestId } = admission;
    assert(who !== undefined, 'only an open interaction is reached without a token');
    const session = this.#options.records.as({ actor: who.actor, purpose: who.purpose, requestId });
    if (call.headers.prefer !== undefined && isForLater(interaction, call)) {
      return this.#answerLater(interaction, { ...call, session }, admission);
    }
    return interaction.handle({ ...call, session });
  }

  #answerLater(interaction: Interaction, call: FhirCall, admission: Admission): Promise<FhirAnswer> {
    const id = this.#jobs.start(call.session.asker.actor, async (signal, tell) => {
      try {
        return await interaction.handle({ ...call, later: { signal, tell } });
      } catch (thrown) {
        // nobody waits for what was cancelled
        if (signal.aborted) return { status: 204, cache: 'no-store' };
        return this.#failed(thrown, admission, interaction.code);
      }
    });
    const headers = ['Content-Location', `${this.#context.base}/_async/${id}`];
    return Promise.resolve({ status: 202, cache: 'no-store', headers });
  }

  /** An entry of a batch or transaction, through the same table. */
  async #answerEntry(entry: EntryCall): Promise<FhirAnswer> {
    const { session, method, url, headers, prefer, body } = entry;
    let code = 'none';
    try {
      const path = pathOf(url);
      const { interaction, type, id, versionId } = this.#table.match(method, path);
      code = interaction.code;
      const pairs = pairsOf(queryIn(url));
      const context = this.#context;
      const asked = type === 'Binary' ? { ...headers, accept: 'application/fhir+json' } : headers;
      const call = {
        context,
        method,
        path,
        type,
        id,
        versionId,
        pairs,
        headers: asked,
        prefer,
        body,
        session,
      };
      return await interaction.handle(call);
    } catch (thrown) {
      return entryFailureAnswer(thrown, session.asker.requestId, this.#options.log, code);
    }
  }

  #failed(thrown: unknown, { requestId, method }: Admission, code: string): FhirAnswer {
    return failureAnswer(thrown, { requestId, method, route: `fhir ${code}` }, this.#options.log);
  }

  /** Answers what failed before it was served: no token, a body too large, a type that is not read. */
  fail(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    reply.hijack();
    const admission = (request as AdmittedRequest).admission ?? this.#admission(request);
    void this.#respond(reply, this.#failed(error, admission, 'none'), admission, 'none');
  }

  #send(reply: FastifyReply, answer: FhirAnswer, admission: Admission, code: string): void {
    if (this.#closing) reply.raw.shouldKeepAlive = false;
    sendAnswer(reply.raw, answer, admission.requestId);
    this.#metrics.observe(code, answer.status, this.#options.clock.monotonicMs() - admission.startedMs);
  }

  #operationDefinition(id: string): Buffer | undefined {
    const operation = routes.operations.find((one) => definitionId(one) === id);
    if (operation === undefined) return undefined;
    return Buffer.from(JSON.stringify(operationDefinition(operation, this.#context.base)));
  }

  #capabilityStatement(): Buffer {
    this.#statement ??= capabilityStatement({
      rows: routes,
      base: this.#context.base,
      name: this.#options.config.name,
      date: isoInstant(this.#options.clock.now()),
      conditionalDeleteMax: this.#context.settings.conditionalDeleteMax,
      profilesOf: (type) => this.#context.profiles?.profilesOf(type) ?? [],
    });
    return this.#statement;
  }
}

/** How the answer is to be written. Content of a Binary goes out as it is: its read says what may be had. */
function formOf({ method, path, url }: Admission, headers: IncomingHttpHeaders): AnswerForm | undefined {
  const query = queryIn(url);
  const isContent = method === 'GET' && isBinaryPath(path);
  if (isContent && !asksForResource(headers, lastValue(pairsOf(query), '_format')))
    return answerForm({}, query);
  return answerForm(headers, query);
}

/** What may take long, where the client would rather ask again than wait: all else is answered at once. */
const FOR_LATER: ReadonlySet<string> = new Set([
  ...['search-type', 'search-system', 'search-compartment', 'batch-or-transaction'],
  ...['history-instance', 'history-type', 'history-system'],
]);

function isForLater({ code }: Interaction, { headers }: OpenCall): boolean {
  return FOR_LATER.has(code) && /(^|[,;\s])respond-async\s*($|[,;])/.test(String(headers.prefer));
}

/** Whether a body is taken as it came, or there is none: most are. */
function isPlain(mediaType: string | undefined): boolean {
  return mediaType === undefined || (mediaType !== FORM && !isXml(mediaType));
}

/** Whether the body is the text of a GraphQL query, sent to where one is read. */
function isGraphql({ 'content-type': type = '' }: IncomingHttpHeaders, path: string): boolean {
  return type.startsWith(GRAPHQL) && path.endsWith('$graphql');
}

/** Whether a body comes that must be of a type we read. */
function hasBody(method: Method, headers: IncomingHttpHeaders): boolean {
  if (method === 'GET' || method === 'DELETE') return false;
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function bodyOf(body: unknown, mediaType: string | undefined): CallBody {
  if (mediaType === undefined || !Buffer.isBuffer(body)) return { kind: 'none' };
  return { kind: 'bytes', bytes: body, mediaType };
}
