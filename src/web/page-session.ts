/**
 * Who is looking at a page. In the demo, signing in is choosing a persona: this node makes a real token
 * with its own key and the browser keeps it in a cookie that no script can read and no other site can have
 * sent. Each face has a cookie of its own, which is sent to that face's addresses only. Cookies are shared
 * by all ports of a host, so their names carry the organisation.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Asker } from '../access/actor.ts';
import type { Authenticator } from '../access/authenticator.ts';
import type { OdsCode } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import type { Face } from './open-persons.ts';

export interface PageSession {
  readonly token: string;
  readonly asker: Asker;
}

const cookieName = (ods: OdsCode, face: Face): string => `openward-${ods}-${face}`;

/** Has the browser keep the token for this face until it is closed, or forget it. */
export function setSessionCookie(
  reply: FastifyReply,
  ods: OdsCode,
  face: Face,
  token: string | undefined,
): void {
  const life = token === undefined ? '; Max-Age=0' : '';
  reply.header(
    'Set-Cookie',
    `${cookieName(ods, face)}=${token ?? ''}; Path=/${face}; HttpOnly; SameSite=Strict${life}`,
  );
}

/** The session of this face. Throws Failure `login` where there is none, and as the authenticator does. */
export async function sessionOf(
  request: FastifyRequest,
  ods: OdsCode,
  face: Face,
  authenticator: Authenticator,
): Promise<PageSession> {
  const token = cookieIn(request.headers.cookie, cookieName(ods, face));
  if (token === undefined || token === '') {
    throw new Failure('login', 'You are not signed in here, or your session has ended.');
  }
  const { actor, purpose } = await authenticator.authenticate(token);
  if ((actor.role === 'patient') !== (face === 'patient')) {
    throw new Failure('forbidden', 'This part of the pages is not for the role that you are signed in with.');
  }
  return { token, asker: { actor, purpose, requestId: request.id } };
}

function cookieIn(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=');
    if (part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

/**
 * Only this node's own pages may send forms to it. Throws Failure `forbidden` for a form from anywhere
 * else. Browsers say where a form comes from in Sec-Fetch-Site; older ones in Origin.
 */
export function requireSameOrigin(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (site === 'same-origin') return;
  const { origin, host } = request.headers;
  if (site === undefined && origin !== undefined && host !== undefined) {
    if (origin === `http://${host}` || origin === `https://${host}`) return;
  }
  throw new Failure(
    'forbidden',
    'This form was not sent from a page of this organisation, so nothing was done. ' +
      'Open the page here and send it again.',
  );
}
