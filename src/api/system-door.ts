/**
 * Addresses for those who run a node and for clients that look for its abilities: alive, ready, metrics,
 * SMART configuration, OpenAPI. None needs a token and none says anything about a person.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { nodeIssuer } from '../access/token-key.ts';
import type { Log } from '../base/log.ts';
import type { NodeConfig } from '../base/node-config.ts';
import type { Metrics } from './metrics.ts';
import { openApi } from './open-api.ts';
import { requestIdOf } from './request-id.ts';
import { routes } from './routes.ts';

export interface SystemDoorOptions {
  readonly config: Pick<NodeConfig, 'ods'>;
  /** Address of the node: `http://127.0.0.1:8801`. */
  readonly baseUrl: string;
  readonly metrics: Metrics;
  /** Resolves where the node can serve; rejects where it cannot. */
  readonly ready: () => Promise<unknown>;
  readonly log: Log;
}

/** Mounts the door at the root. */
export async function systemDoor(server: FastifyInstance, options: SystemDoorOptions): Promise<void> {
  const { baseUrl, metrics, log } = options;
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('X-Request-Id', requestIdOf(request.raw, request.id));
    reply.header('Cache-Control', 'no-store');
    done();
  });
  server.get('/livez', (_request, reply) => sendText(reply, 200, 'alive\n'));
  server.get('/readyz', async (request: FastifyRequest, reply: FastifyReply) => {
    try {
      await options.ready();
      return sendText(reply, 200, 'ready\n');
    } catch {
      log.warn({ requestId: request.id }, 'not ready');
      return sendText(reply, 503, 'not ready: the store does not answer\n');
    }
  });
  server.get('/metrics', (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(metrics.text()),
  );
  const smart = JSON.stringify(smartConfiguration(options.config, baseUrl));
  server.get('/.well-known/smart-configuration', (_request, reply) =>
    reply.type('application/json').send(smart),
  );
  let description: Buffer | undefined;
  server.get('/openapi.json', (_request, reply) => {
    description ??= openApi(routes, baseUrl);
    return reply.type('application/json').send(description);
  });
}

function sendText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send(text);
}

/**
 * What SMART App Launch can find here so far: who issues tokens, and that there is no launch or sign-in
 * for apps yet. http://hl7.org/fhir/smart-app-launch/conformance.html
 */
function smartConfiguration(config: Pick<NodeConfig, 'ods'>, baseUrl: string): object {
  return {
    issuer: nodeIssuer(config.ods),
    fhir_endpoint: `${baseUrl}/fhir`,
    grant_types_supported: [],
    response_types_supported: [],
    scopes_supported: [],
    code_challenge_methods_supported: ['S256'],
    capabilities: [],
  };
}
