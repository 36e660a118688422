/**
 * A person's record, in two faces: the patient's own and the clinician's. Each page puts the shared record
 * together anew, so that what it shows is never older than it says.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isPersona } from '../access/personas.ts';
import { Failure } from '../base/failure.ts';
import { CLINICIAN_SECTIONS, type ClinicianSection, clinicianPage } from './clinician/clinician-page.tsx';
import type { PageContent } from './document.tsx';
import { SIGN_IN_TO_COME } from './home-routes.ts';
import type { Face } from './open-persons.ts';
import { personaName, roleWords } from './organisation-words.ts';
import { frameOf, sendPage } from './page-answer.ts';
import { requireSameOrigin, sessionOf, setSessionCookie } from './page-session.ts';
import { pageNotFound } from './pages/error-page.tsx';
import { personNotFoundPage } from './pages/person-not-found-page.tsx';
import { PATIENT_SECTIONS, type PatientSection, patientPage } from './patient/patient-page.tsx';
import { allergyView } from './record/allergy-view.ts';
import { recordView } from './record/record-view.ts';
import { type RecordPage, sees } from './record-page.ts';
import { filterIn } from './timeline-links.ts';
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
    server.get(`/${face}/:handle/:section`, (request, reply) => show(parts, face, request, reply));
  }
}

async function show(
  parts: WebParts,
  face: Face,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { config, authenticator, openPersons, sharedRecords, settings } = parts;
  if (config.demo === undefined) throw new Failure('not-supported', SIGN_IN_TO_COME, { status: 501 });
  const { token, asker } = await sessionOf(request, config.ods, face, authenticator);
  const { handle, section = '' } = request.params as { handle: string; section?: string };
  const nhsNumber = openPersons.find(handle, face, token);
  if (nhsNumber === undefined) throw new Failure('login', 'This page belongs to another session.');
  const { role, name } = asker.actor;
  if (!isPersona(role)) throw new Failure('forbidden', 'This role has no pages.');
  if (!Object.hasOwn(face === 'patient' ? PATIENT_SECTIONS : CLINICIAN_SECTIONS, section))
    throw pageNotFound();
  const record = await sharedRecords.assemble(nhsNumber, {}, asker).catch((error: unknown) => {
    if (error instanceof Failure && error.code === 'not-found') return undefined;
    throw error;
  });
  const signedIn = { face, name: face === 'patient' ? name : personaName(role), role: roleWords(role) };
  const frame = frameOf(parts, signedIn);
  if (record === undefined) {
    return sendPage(reply, 404, frame, personNotFoundPage(nhsNumber, config.name, request.id));
  }
  const view = recordView(record, config.ods, settings);
  const page: RecordPage = {
    view,
    allergies: sees(role, 'AllergyIntolerance') ? allergyView(view.entries, view.sources) : undefined,
    role,
    now: view.askedAt,
    path: `/${face}/${handle}`,
    here: request.url,
  };
  return sendPage(reply, 200, frame, contentOf(face, section, page, parts, request));
}

function contentOf(
  face: Face,
  section: string,
  page: RecordPage,
  { settings }: WebParts,
  request: FastifyRequest,
): PageContent {
  const filter = filterIn(request.query as Record<string, unknown>);
  return face === 'patient'
    ? patientPage(page, section as PatientSection, filter, settings.timelinePageSize)
    : clinicianPage(page, section as ClinicianSection, filter, settings.timelinePageSize);
}
