/**
 * Import into a running node: `POST /import/units?kind=json|ndjson|hl7v2[&last=true]` with the unit as body,
 * for the source system alone. The answer comes when the unit is durable, and is the same shape as a stopped
 * node's importer gives.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Authenticator } from '../access/authenticator.ts';
import { Failure } from '../base/failure.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Settings } from '../base/settings.ts';
import type { ProfileRules } from '../records/profile-rules.ts';
import type { RecordSession, Records } from '../records/session.ts';
import { answerFailures } from './door-failure.ts';
import type { UnitKind } from './import-unit.ts';
import { Importer } from './importer.ts';
import type { Intake } from './intake.ts';

export interface ImportDoorOptions {
  readonly records: Records;
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly intake: Pick<Intake, 'take'>;
  readonly settings: Settings;
  readonly ids: Ids;
  readonly log: Log;
  /** Address of the node: `http://127.0.0.1:8801`. */
  readonly baseUrl: string;
  readonly profiles?: ProfileRules;
}

const KINDS: readonly string[] = ['json', 'ndjson', 'hl7v2'] satisfies readonly UnitKind[];
/** A running node has others to serve: its commits are an eighth of a stopped one's. */
const LIVE_PART = 8;

/** Mounts the door below the plugin's prefix (`/import`). */
export async function importDoor(server: FastifyInstance, options: ImportDoorOptions): Promise<void> {
  const { settings, ids, log, intake, profiles } = options;
  const importer = new Importer({
    settings: { ...settings, importCommitResources: Math.ceil(settings.importCommitResources / LIVE_PART) },
    ids,
    intake,
    base: `${options.baseUrl}/fhir`,
    ...(profiles === undefined ? {} : { profiles }),
  });
  const sessions = new WeakMap<FastifyRequest, RecordSession>();
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-Id', request.id).header('Cache-Control', 'no-store');
    const { actor, purpose } = await options.authenticator.authenticate(request.headers.authorization);
    const session = options.records.as({ actor, purpose, requestId: request.id });
    await session.permit({ rule: 'import', action: 'import', target: 'imports' });
    sessions.set(request, session);
  });
  answerFailures(server, log);
  server.post(
    '/units',
    { bodyLimit: settings.importInputBytesMax },
    async (request: FastifyRequest<{ Querystring: { kind?: string; last?: string } }>) => {
      const { kind = '', last } = request.query;
      const session = sessions.get(request);
      if (session === undefined) throw new Error('a request is admitted before it is served');
      if (!KINDS.includes(kind)) throw new Failure('value', `kind is one of ${KINDS.join(', ')}.`);
      if (!Buffer.isBuffer(request.body))
        throw new Failure('required', 'The body is the unit, and is missing.');
      return importer.take(session, { kind: kind as UnitKind, bytes: request.body }, last === 'true');
    },
  );
}
