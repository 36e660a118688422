/** A person's record, in two faces: the patient's own and the clinician's. Each page asks for the shared record anew. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '../base/failure.ts';
import { SIGN_IN_TO_COME } from './home-routes.ts';
import type { Face } from './open-persons.ts';
import { roleWords } from './organisation-words.ts';
import { frameOf, sendPage } from './page-answer.ts';
import { requireSameOrigin, sessionOf, setSessionCookie } from './page-session.ts';
import { summaryPage } from './pages/summary-page.tsx';
import { recordView } from './record/record-view.ts';
import type { WebParts } from './web-parts.ts';

/** Mounts `/patient/…` and `/clinician/…`. */
export function recordRoutes(server: FastifyInstance, parts: WebParts): void {
  for (const face of ['patient', 'clinician'] as const) {
    server.post(`/${face}/sign-out`, (request, reply) => {
      requireSameOrigin(request);
      setSessionCookie(reply, parts.config.ods, face, undefined);
      return reply.redirect('/', 303);
    });
    server.get(`/${face}/:handle`, (request, reply) => show(parts, face, request, reply));
  }
}

async function show(
  parts: WebParts,
  face: Face,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { config, authenticator, openPersons, sharedRecords } = parts;
  if (config.demo === undefined) throw new Failure('not-supported', SIGN_IN_TO_COME, { status: 501 });
  const { token, asker } = await sessionOf(request, config.ods, face, authenticator);
  const { handle } = request.params as { handle: string };
  const nhsNumber = openPersons.find(handle, face, token);
  if (nhsNumber === undefined) throw new Failure('login', 'This page belongs to another session.');
  const record = await sharedRecords.assemble(nhsNumber, {}, asker);
  const view = recordView(record, config.ods, parts.settings);
  const signedIn = { face, name: asker.actor.name, role: roleWords(asker.actor.role) };
  return sendPage(reply, 200, frameOf(parts, signedIn), summaryPage(view));
}
