/**
 * Feeds over HTTP: how they stand, heartbeats of sources that have no MLLP, and what was refused. An engineer sees
 * states and dead letters, which name nobody; messages as they came are the source system's alone.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Asker } from '../access/actor.ts';
import type { Authenticator } from '../access/authenticator.ts';
import { decide, type Question } from '../access/policy.ts';
import { type Clock, isoInstant, parseInstant } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { NodeConfig } from '../base/node-config.ts';
import type { Settings } from '../base/settings.ts';
import type { FeedState } from '../records/feed.ts';
import type { Feeds } from '../records/feeds.ts';
import type { Records } from '../records/session.ts';
import { answerFailures } from './door-failure.ts';
import { type DeadLetter, keptDeadLetter, keptMessage } from './kept-message.ts';

export interface FeedDoorOptions {
  readonly config: Pick<NodeConfig, 'ods'>;
  readonly records: Records;
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly feeds: Feeds;
  readonly settings: Pick<Settings, 'pageSizeDefault' | 'pageSizeMax'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Mounts the door below the plugin's prefix (`/feeds`). */
export async function feedDoor(server: FastifyInstance, options: FeedDoorOptions): Promise<void> {
  const { feeds, records } = options;
  const asking = new WeakMap<FastifyRequest, Asker>();
  const askerOf = (request: FastifyRequest): Asker => {
    const asker = asking.get(request);
    if (asker === undefined) throw new Error('a request is admitted before it is served');
    return asker;
  };
  server.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-Id', request.id).header('Cache-Control', 'no-store');
    const who = await options.authenticator.authenticate(request.headers.authorization);
    asking.set(request, { actor: who.actor, purpose: who.purpose, requestId: request.id });
  });
  answerFailures(server, options.log);

  server.get('/', async (request) => {
    permit(askerOf(request), options, 'feeds');
    return { feeds: feeds.states().map(stateOf) };
  });
  server.post('/:name/heartbeat', async (request: FastifyRequest<{ Params: { name: string } }>) => {
    permit(askerOf(request), options, 'messages');
    const { name } = request.params;
    feeds.heard(name, throughIn(request.body));
    return feeds
      .states()
      .filter((one) => one.name === name)
      .map(stateOf)[0];
  });
  server.get(
    '/dead-letters',
    async (request: FastifyRequest<{ Querystring: { count?: string; after?: string } }>) => {
      const session = records.as(askerOf(request));
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
      const session = records.as(askerOf(request));
      permit(session.asker, options, 'messages');
      const bytes = await session.kept('v2-dead-letters', request.params.id);
      const kept =
        bytes === undefined ? undefined : await session.kept('v2-messages', keptDeadLetter(bytes).message);
      if (kept === undefined) throw new Failure('not-found', 'There is no dead letter of that id.');
      return reply.type('application/octet-stream').send(keptMessage(kept).raw);
    },
  );
}

/** Throws Failure `forbidden`. */
function permit(asker: Asker, { config }: FeedDoorOptions, action: Question['action']): void {
  const decision = decide({ asker, at: config.ods, action, own: [] });
  if (decision.kind === 'refuse') throw new Failure('forbidden', decision.text);
}

function stateOf(state: FeedState): object {
  const { lastHeard, watermark, lateSince, ...rest } = state;
  return {
    ...rest,
    ...(lastHeard === undefined ? {} : { lastHeard: isoInstant(lastHeard) }),
    ...(watermark === undefined ? {} : { watermark: isoInstant(watermark) }),
    ...(lateSince === undefined ? {} : { lateSince: isoInstant(lateSince) }),
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
