/**
 * An organisation's start page: what this node is, and, in the demo, finding a person and opening the
 * record as the patient or as somebody who works here. The number goes by POST and from there into a
 * handle, so no address ever holds it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isPersona } from '../access/personas.ts';
import { Failure } from '../base/failure.ts';
import { parseNhsNumber } from '../identity/nhs-number.ts';
import type { Face } from './open-persons.ts';
import { staffOf } from './organisation-words.ts';
import { frameOf, sendPage } from './page-answer.ts';
import { requireSameOrigin, setSessionCookie } from './page-session.ts';
import { homePage } from './pages/home-page.tsx';
import type { WebParts } from './web-parts.ts';

export const SIGN_IN_TO_COME =
  'Signing in to this organisation’s pages comes with OpenID Connect, in a later version. ' +
  'Until then the pages of a person’s record open in the demonstration only; the FHIR interface works with tokens.';

/** Mounts `/` and `/open`. */
export function homeRoutes(server: FastifyInstance, parts: WebParts): void {
  server.get('/', async (request, reply) => {
    const home = await homeOf(parts);
    const { person } = request.query as { readonly person?: unknown };
    const chosen = home.people.find((one) => String(one.index) === person);
    const form = chosen === undefined ? {} : { typed: chosen.nhsNumber };
    return sendPage(reply, 200, frameOf(parts), homePage({ ...home, form }));
  });
  server.post('/open', (request, reply) => openPerson(parts, request, reply));
}

async function homeOf(parts: WebParts) {
  const { config, sharedRecords, supervisor } = parts;
  const state = await supervisor?.state();
  return {
    config,
    personas: staffOf(config.kind),
    exchangeUrl: sharedRecords.organisations().find((one) => one.kind === 'exchange')?.url,
    people: (state?.people ?? [])
      .map((person, index) => ({ ...person, index }))
      .filter((person) => person.sources.includes(config.ods)),
    demo:
      config.demo === undefined
        ? ('none' as const)
        : supervisor !== undefined && state === undefined
          ? ('silent' as const)
          : ('on' as const),
  };
}

async function openPerson(
  parts: WebParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  requireSameOrigin(request);
  const { config, authenticator, openPersons } = parts;
  if (config.demo === undefined) throw new Failure('not-supported', SIGN_IN_TO_COME, { status: 501 });
  const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
  const typed = (form.get('nhsNumber') ?? '').slice(0, 100);
  const as = form.get('as') ?? '';
  const parsed = parseNhsNumber(typed);
  const persona = isPersona(as) && (as === 'patient' || staffOf(config.kind).includes(as)) ? as : undefined;
  if (!parsed.ok || persona === undefined) {
    const wrong = {
      typed,
      as,
      ...(parsed.ok ? {} : { numberProblem: parsed.text }),
      ...(persona === undefined ? { asProblem: 'Choose whose view you want to see.' } : {}),
    };
    return sendPage(reply, 400, frameOf(parts), homePage({ ...(await homeOf(parts)), form: wrong }));
  }
  const face: Face = persona === 'patient' ? 'patient' : 'clinician';
  const token = await authenticator.issue(persona, persona === 'patient' ? parsed.nhsNumber : undefined);
  setSessionCookie(reply, config.ods, face, token);
  return reply.redirect(`/${face}/${openPersons.open(parsed.nhsNumber, face, token)}`, 303);
}
