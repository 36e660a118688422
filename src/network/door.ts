/**
 * The network's own door at /network: what nodes ask each other. Every call carries the calling node's token;
 * every answer about a person is decided and audited by records before it leaves.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Asker } from '../access/actor.ts';
import { type InstantMs, isId, type NhsNumber, type OdsCode, odsCode } from '../base/brands.ts';
import { logFailedRequest } from '../base/failed-request.ts';
import { Failure, httpStatusOf } from '../base/failure.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { isResourceType } from '../fhir/definitions.ts';
import { parseNhsNumber } from '../identity/nhs-number.ts';
import type { CopyShelf } from './copy-shelf.ts';
import type { Released } from './copy-wire.ts';
import { decodePush, encodeReleased } from './copy-wire.ts';
import type { HealthAnswer } from './health.ts';
import type { LocatorExchange, Pointer } from './locator-exchange.ts';
import type { Caller, TokenChecker } from './node-token.ts';
import { NOTICES_AT_ONCE } from './notices.ts';
import { isPseudonym, type Pseudonym } from './pseudonym.ts';
import type { SharedRecordQuery } from './shared-record.ts';
import { encodeAnswer, type SourceAnswer } from './source-answer.ts';

export interface NetworkDoorParts {
  readonly checker: TokenChecker;
  readonly health: () => HealthAnswer;
  readonly status: () => object;
  readonly record: (nhsNumber: NhsNumber, query: SharedRecordQuery, asker: Asker) => Promise<SourceAnswer>;
  readonly shelf: CopyShelf;
  readonly release: (source: OdsCode, p: Pseudonym, asker: Asker) => Promise<Released | undefined>;
  readonly noticed: (from: OdsCode, notices: readonly unknown[]) => Promise<void>;
  /** On the exchange only. */
  readonly exchange?: { readonly directory: () => Promise<string>; readonly locator: LocatorExchange };
  readonly ids: Ids;
  readonly log: Log;
  readonly copyPushBytesMax: number;
}

const LOOKUPS_MAX = 1000;

/** Mounted at /network. */
export function networkDoor(parts: NetworkDoorParts): (server: FastifyInstance) => Promise<void> {
  return async (server) => {
    server.removeAllContentTypeParsers();
    server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    server.setErrorHandler((error: Error, request, reply) => answerFailure(parts, error, request, reply));
    server.get('/health', (_request, reply) => json(reply, parts.health()));
    server.get('/status', (_request, reply) => json(reply, parts.status()));
    const { exchange } = parts;
    if (exchange !== undefined) {
      server.get('/directory', async (_request, reply) =>
        reply.type('application/jose').send(await exchange.directory()),
      );
    }
    await server.register(async (members) => {
      // before the body is read: a stranger's is not
      members.addHook('onRequest', async (request) => {
        callers.set(request, await parts.checker.check(request.headers.authorization));
      });
      mountCopies(parts, members);
      if (exchange !== undefined) mountLocator(exchange.locator, members);
      members.post('/record', SMALL, (request, reply) => recordFor(parts, request, reply));
    });
  };
}

/** Who calls, by request: set before a member's route is reached. */
const callers = new WeakMap<FastifyRequest, Caller>();
const SMALL = { bodyLimit: 1_000_000 };

function mountCopies(parts: NetworkDoorParts, server: FastifyInstance): void {
  server.post('/copies/push', { bodyLimit: parts.copyPushBytesMax }, async (request, reply) => {
    const { from } = machineryOf(request);
    const push = decodePush(bodyOf(request));
    if (push === undefined) throw new Failure('structure', 'This is not a push of continuity copies.');
    return json(reply, await parts.shelf.accept(from, push));
  });
  server.post('/copies/release', SMALL, (request, reply) => releaseFor(parts, request, reply));
  server.post('/copies/notices', SMALL, async (request, reply) => {
    const { from } = machineryOf(request);
    const { notices } = jsonOf(request) as { notices?: readonly unknown[] };
    if (!Array.isArray(notices) || notices.length > NOTICES_AT_ONCE)
      throw new Failure('structure', `These are not notices, or more than ${NOTICES_AT_ONCE}.`);
    await parts.noticed(from, notices);
    return json(reply, {});
  });
}

function mountLocator(locator: LocatorExchange, server: FastifyInstance): void {
  server.post('/locator/publish', SMALL, async (request, reply) => {
    const { from } = machineryOf(request);
    const body = jsonOf(request);
    const pointers = pointersIn(body);
    await locator.publish(from, pointers, (body as { isAll?: unknown }).isAll === true);
    const located = pointers.map((pointer) => locator.locate(pointer.p));
    return json(reply, { located, silent: locator.silent() });
  });
  server.post('/locator/news', SMALL, async (request, reply) => {
    const { from } = machineryOf(request);
    const { run, after } = jsonOf(request) as { run?: unknown; after?: unknown };
    const news = locator.news(from, String(run), Number.isInteger(after) ? Number(after) : -1);
    return json(reply, { ...news, silent: locator.silent() });
  });
  server.post('/locator/lookup', SMALL, async (request, reply) => {
    machineryOf(request);
    const { pseudonyms } = jsonOf(request) as { pseudonyms?: readonly unknown[] };
    if (!Array.isArray(pseudonyms) || pseudonyms.length > LOOKUPS_MAX || !pseudonyms.every(isPseudonym)) {
      throw new Failure('structure', `A look-up takes at most ${LOOKUPS_MAX} pseudonyms.`);
    }
    return json(reply, { located: pseudonyms.map((p) => locator.locate(p)), silent: locator.silent() });
  });
}

async function recordFor(
  parts: NetworkDoorParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const caller = callerOf(request);
  const { nhsNumber, types, since } = jsonOf(request) as {
    nhsNumber?: unknown;
    types?: unknown;
    since?: unknown;
  };
  const parsed = parseNhsNumber(String(nhsNumber));
  if (!parsed.ok) throw new Failure('value', parsed.text);
  if (types !== undefined && !(Array.isArray(types) && types.every((type) => isResourceType(String(type))))) {
    throw new Failure('value', '"types" must be a list of resource types.');
  }
  const query: SharedRecordQuery = {
    ...(types === undefined ? {} : { types }),
    ...(typeof since === 'number' ? { since: since as InstantMs } : {}),
  };
  const answer = await parts.record(parsed.nhsNumber, query, askerOf(caller, request, parts.ids));
  return reply
    .type('application/octet-stream')
    .header('cache-control', 'no-store')
    .send(encodeAnswer(answer, parsed.nhsNumber));
}

async function releaseFor(
  parts: NetworkDoorParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const caller = callerOf(request);
  const { source, p } = jsonOf(request) as { source?: unknown; p?: unknown };
  const ods = odsCode(String(source));
  if (ods === undefined || !isPseudonym(p))
    throw new Failure('structure', 'This is not a request for a share.');
  const released = await parts.release(ods, p, askerOf(caller, request, parts.ids));
  if (released === undefined)
    throw new Failure('forbidden', 'This node does not see the source out, or holds no share.');
  return reply
    .type('application/octet-stream')
    .header('cache-control', 'no-store')
    .send(encodeReleased(released));
}

function callerOf(request: FastifyRequest): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new Failure('login', 'Calls between nodes need the calling node’s token.');
  return caller;
}

function machineryOf(request: FastifyRequest): Caller {
  const caller = callerOf(request);
  if (caller.actor.role !== 'node')
    throw new Failure('forbidden', 'Only a node’s own machinery may do this.');
  return caller;
}

function askerOf({ actor, purpose }: Caller, request: FastifyRequest, ids: Ids): Asker {
  return { actor, purpose, requestId: requestIdOf(request) ?? ids.next() };
}

/** As the calling node gave it, so that one request can be followed through the logs of both. */
function requestIdOf(request: FastifyRequest): string | undefined {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && isId(given) ? given : undefined;
}

function bodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

function jsonOf(request: FastifyRequest): object {
  try {
    const value: unknown = JSON.parse(bodyOf(request).toString());
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // said below
  }
  throw new Failure('structure', 'The body must be a JSON object.');
}

function pointersIn(body: object): Pointer[] {
  const { pointers } = body as { pointers?: readonly Record<string, unknown>[] };
  if (!Array.isArray(pointers) || pointers.length > LOOKUPS_MAX)
    throw new Failure('structure', `At most ${LOOKUPS_MAX} pointers at once.`);
  return pointers.map(({ p, holds, practice }) => {
    const code = practice === undefined ? undefined : odsCode(String(practice));
    if (!isPseudonym(p) || typeof holds !== 'boolean' || (practice !== undefined && code === undefined)) {
      throw new Failure(
        'structure',
        'A pointer is a pseudonym, whether something is held, and a practice at most.',
      );
    }
    return { p, holds, ...(code === undefined ? {} : { practice: code }) };
  });
}

function json(reply: FastifyReply, value: object): FastifyReply {
  return reply.type('application/json').header('cache-control', 'no-store').send(JSON.stringify(value));
}

/** Errors between nodes are short: nobody reads them but the calling node's log, and this one's. */
function answerFailure(
  parts: NetworkDoorParts,
  error: Error,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const failure = failureOf(error);
  const requestId = requestIdOf(request) ?? request.id;
  logFailedRequest(
    parts.log,
    { requestId, method: request.method, route: request.routeOptions.url ?? 'none' },
    failure,
  );
  reply.code(httpStatusOf(failure)).header('x-request-id', requestId);
  return json(reply, { code: failure.code, text: failure.message });
}

function failureOf(error: Error): Failure {
  if (error instanceof Failure) return error;
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  const code = status < 500 ? 'structure' : 'exception';
  return new Failure(code, 'The call failed.', { status, cause: error });
}
