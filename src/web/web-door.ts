/**
 * The pages' door: on the exchange the front door of the network, on every organisation a person's record
 * in two dialects. Everything thrown becomes a page here and nowhere else.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { logFailedRequest } from '../base/failed-request.ts';
import { Failure, httpStatusOf } from '../base/failure.ts';
import { loadAssets, serveAssets } from './assets.ts';
import { frontDoorRoutes } from './front-door-routes.ts';
import { homeRoutes } from './home-routes.ts';
import { OpenPersons } from './open-persons.ts';
import { frameOf, sendPage, setPageHeaders } from './page-answer.ts';
import { errorPage, pageNotFound } from './pages/error-page.tsx';
import { recordRoutes } from './record-routes.ts';
import { supervisorAt } from './supervisor.ts';
import type { WebDoorOptions, WebParts } from './web-parts.ts';

/** Largest form: a number and a choice. */
const FORM_BYTES_MAX = 10_000;

/** Mounts the pages at the root. Throws Failure `exception` where the styles have not been built. */
export async function webDoor(server: FastifyInstance, options: WebDoorOptions): Promise<void> {
  const { config, settings } = options;
  const socketPath = config.demo?.supervisor;
  const parts: WebParts = {
    ...options,
    assets: await loadAssets(),
    openPersons: new OpenPersons(settings.pageHandlesMax),
    supervisor: socketPath === undefined ? undefined : supervisorAt(socketPath),
  };
  server.addHook('onRequest', (request, reply, done) => {
    setPageHeaders(request, reply);
    done(isStrangeHost(config, request) ? strangeHost() : undefined);
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_BYTES_MAX },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );
  serveAssets(server, parts.assets);
  if (config.kind === 'exchange') {
    frontDoorRoutes(server, parts);
  } else {
    homeRoutes(server, parts);
    recordRoutes(server, parts);
  }
  server.setErrorHandler((thrown, request, reply) => sendFailure(parts, thrown, request, reply));
  server.setNotFoundHandler((request, reply) =>
    sendFailure(parts, nothingHere(server, request), request, reply),
  );
}

/**
 * Whether a demo's page is asked for under a name that is not its own: a foreign page whose name was made to
 * lead here would count as ours in the browser. In real use the name is the proxy's, and sign-in guards it.
 */
function isStrangeHost({ demo, host }: WebDoorOptions['config'], request: FastifyRequest): boolean {
  if (demo === undefined) return false;
  const name = (request.headers.host ?? '').replace(/:\d+$/, '');
  return ![host, 'localhost', '127.0.0.1', '[::1]'].includes(name);
}

const strangeHost = (): Failure =>
  new Failure('forbidden', 'This demo answers under its own address only. Use the one that it printed.', {
    status: 421,
  });

function sendFailure(
  parts: WebParts,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const failure = asFailure(thrown);
  const { id: requestId, method, routeOptions } = request;
  logFailedRequest(parts.log, { requestId, method, route: routeOptions.url ?? 'none' }, failure);
  if (failure.allow !== undefined) reply.header('Allow', failure.allow.join(', '));
  return sendPage(reply, httpStatusOf(failure), frameOf(parts), errorPage(failure, request.id));
}

/** A page that is there but is asked for by another method is told apart from one that is not. */
function nothingHere(server: FastifyInstance, request: FastifyRequest): Failure {
  const url = request.url.replace(/\?.*$/, '');
  const reads = ['GET', 'HEAD'].includes(request.method);
  const allow = ['GET', 'HEAD', 'POST'].filter((method) => server.hasRoute({ method, url }));
  if (allow.length === 0) return pageNotFound();
  return new Failure(
    'not-supported',
    reads
      ? 'This address takes a form and shows no page. Go back, and send the form again.'
      : 'This page can be read and takes no form.',
    { status: 405, allow },
  );
}

/** A Failure as it is; what the HTTP layer refuses in our words; anything else is a defect. */
function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const status = (thrown as { statusCode?: unknown } | null)?.statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new Failure('invalid', 'The form that was sent could not be read. Go back, and send it again.', {
      status,
      cause: thrown,
    });
  }
  return new Failure('exception', 'Something went wrong inside this server.', { cause: thrown });
}
