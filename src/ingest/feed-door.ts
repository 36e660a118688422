/**
 * Feeds over HTTP: how they stand, heartbeats of sources that have no MLLP, what was refused, and the ways out: to
 * have a message tried anew, and to say that nothing is missing because of it. An engineer sees states and dead
 * letters, which name nobody; messages as they came are the source system's alone.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator } from '../access/authenticator.ts';
import { type Clock, isoInstant, parseInstant } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { Settings } from '../base/settings.ts';
import type { FeedState } from '../records/feed.ts';
import type { Feeds } from '../records/feeds.ts';
import type { RecordSession, Records } from '../records/session.ts';
import { type Dismissal, dismiss } from './dismiss.ts';
import { answerFailures } from './door-failure.ts';
import type { Intake } from './intake.ts';
import { type DeadLetter, keptDeadLetter, keptMessage } from './kept-message.ts';
import { letterNamed } from './refuse-message.ts';

export interface FeedDoorOptions {
  readonly records: Records;
  readonly intake: Pick<Intake, 'replay'>;
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly feeds: Feeds;
  readonly settings: Pick<Settings, 'pageSizeDefault' | 'pageSizeMax'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Mounts the door below the plugin's prefix (`/feeds`). */
export async function feedDoor(server: FastifyInstance, options: FeedDoorOptions): Promise<void> {
  const { feeds, records } = options;
  const sessions = new WeakMap<FastifyRequest, RecordSession>();
  const sessionOf = (request: FastifyRequest): RecordSession => {
    const session = sessions.get(request);
    if (session === undefined) throw new Error('a request is admitted before it is served');
    return session;
  };
  server.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-Id', request.id).header('Cache-Control', 'no-store');
    const { actor, purpose } = await options.authenticator.authenticate(request.headers.authorization);
    sessions.set(request, records.as({ actor, purpose, requestId: request.id }));
  });
  answerFailures(server, options.log);

  server.get('/', async (request) => {
    await sessionOf(request).permitRead({ rule: 'feeds', action: 'read', target: 'feeds' });
    return { feeds: feeds.states().map(stateOf) };
  });
  server.post('/:name/heartbeat', async (request: FastifyRequest<{ Params: { name: string } }>) => {
    const { name } = request.params;
    await sessionOf(request).permit({ rule: 'messages', action: 'update', target: 'feeds' });
    feeds.heard(name, throughIn(request.body));
    return stateNamed(feeds, name);
  });
  server.post('/:name/dismissals', async (request: FastifyRequest<{ Params: { name: string } }>) => {
    const { name } = request.params;
    const session = sessionOf(request);
    await session.permit({ rule: 'feeds', action: 'update', target: 'v2-dead-letters' });
    const dismissed = await dismiss(options, session, dismissalIn(name, request.body));
    return { dismissed, feed: stateNamed(feeds, name) };
  });
  server.get(
    '/dead-letters',
    async (request: FastifyRequest<{ Querystring: { count?: string; after?: string } }>) => {
      const session = sessionOf(request);
      const count = countIn(request.query.count, options);
      const names = await session.keptNames('v2-dead-letters', request.query.after, count + 1);
      const shown = names.slice(0, count);
      const deadLetters: DeadLetter[] = [];
      for (const name of shown) {
        const bytes = await session.kept('v2-dead-letters', name);
        if (bytes !== undefined) deadLetters.push(shownLetter(bytes));
      }
      const last = shown.at(-1);
      const next = names.length > count && last !== undefined ? { next: nextPage(last, count) } : {};
      return { deadLetters, ...next };
    },
  );
  server.get(
    '/dead-letters/:id',
    async (request: FastifyRequest<{ Params: { id: string } }>, reply: FastifyReply) => {
      const session = sessionOf(request);
      await session.permit({ rule: 'messages', action: 'read', target: 'v2-messages' });
      const bytes = await session.kept('v2-dead-letters', request.params.id);
      const kept =
        bytes === undefined ? undefined : await session.kept('v2-messages', keptDeadLetter(bytes).message);
      if (kept === undefined) throw new Failure('not-found', 'There is no dead letter of that id.');
      return reply.type('application/octet-stream').send(keptMessage(kept).raw);
    },
  );
  server.post('/dead-letters/:id/replay', async (request: FastifyRequest<{ Params: { id: string } }>) => {
    const session = sessionOf(request);
    const { id } = request.params;
    await session.permit({ rule: 'feeds', action: 'update', target: 'v2-dead-letters' });
    const letter = await letterNamed(session, id);
    if (letter === undefined) throw new Failure('not-found', 'There is no dead letter of that id.');
    await session.note({
      action: 'update',
      targets: [`v2-dead-letters/${id}`],
      persons: [],
      outcome: 'ok',
      detail: { act: 'replay' },
    });
    const { code, problem } = await options.intake.replay(id);
    return { answer: code, ...(problem === undefined ? {} : { code: problem.issue, reason: problem.text }) };
  });
}

function stateNamed(feeds: Feeds, name: string): object | undefined {
  const state = feeds.states().find((one) => one.name === name);
  return state === undefined ? undefined : stateOf(state);
}

function stateOf(state: FeedState): object {
  const { lastHeard, watermark, lateSince, refused, ...rest } = state;
  return {
    ...rest,
    ...(lastHeard === undefined ? {} : { lastHeard: isoInstant(lastHeard) }),
    ...(watermark === undefined ? {} : { watermark: isoInstant(watermark) }),
    ...(lateSince === undefined ? {} : { lateSince: isoInstant(lateSince) }),
    ...(refused === undefined ? {} : { refused: { ...refused, since: isoInstant(refused.since) } }),
  };
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

function throughIn(body: unknown): NonNullable<ReturnType<typeof parseInstant>> {
  const through = (body as { readonly through?: unknown } | null)?.through;
  const at = typeof through === 'string' && INSTANT.test(through) ? parseInstant(through) : undefined;
  if (at !== undefined) return at;
  throw new Failure(
    'value',
    'A heartbeat is {"through": instant}: the moment up to which everything has been sent, as in 2026-11-23T03:00:00Z.',
  );
}

const REASON_LENGTH_MAX = 500;

function dismissalIn(feed: string, body: unknown): Dismissal {
  const { reason, deadLetters } = (body ?? {}) as {
    readonly reason?: unknown;
    readonly deadLetters?: unknown;
  };
  const isReason = typeof reason === 'string' && reason.trim() !== '' && reason.length <= REASON_LENGTH_MAX;
  if (isReason && deadLetters === undefined) return { feed, reason };
  if (isReason && Array.isArray(deadLetters) && deadLetters.every((one) => typeof one === 'string' && one))
    return { feed, reason, deadLetters: [...new Set(deadLetters as readonly string[])] };
  throw new Failure(
    'value',
    'A dismissal is {"reason": why nothing is missing, "deadLetters": [ids]}; without ids it is all that the feed ' +
      `lacks. The reason has at most ${REASON_LENGTH_MAX} characters and names no person.`,
  );
}

function countIn(text: string | undefined, { settings }: FeedDoorOptions): number {
  if (text === undefined) return settings.pageSizeDefault;
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw new Failure('value', 'count must be a number from 1.');
  return Math.min(count, settings.pageSizeMax);
}

function shownLetter(bytes: Buffer): DeadLetter {
  const { message: _message, ...letter } = keptDeadLetter(bytes);
  return letter;
}

function nextPage(after: string, count: number): string {
  return `/feeds/dead-letters?${new URLSearchParams({ after, count: String(count) })}`;
}
