/** Sends pages: the frame that all pages of a node share, and headers that keep a page from being kept. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Frame, htmlPage, type PageContent } from './document.tsx';
import type { WebParts } from './web-parts.ts';

/**
 * Nothing but our own style sheet, script and icons; forms go to this node only; nobody frames us.
 * Addresses hold no number of anybody, and still no Referer is sent. https://www.w3.org/TR/CSP3/
 */
const HEADERS: readonly (readonly [string, string])[] = [
  [
    'Content-Security-Policy',
    [
      "default-src 'none'",
      "style-src 'self'",
      "script-src 'self'",
      "img-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
  ],
  ['Cache-Control', 'no-store'],
  ['Referrer-Policy', 'no-referrer'],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Permissions-Policy', 'camera=(), geolocation=(), microphone=()'],
];

/** For every answer of this door; assets say afterwards how long they may be kept. */
export function setPageHeaders(request: FastifyRequest, reply: FastifyReply): void {
  for (const [name, value] of HEADERS) reply.header(name, value);
  reply.header('X-Request-Id', request.id);
}

/** The frame of this node's pages. */
export function frameOf(
  { assets, config }: Pick<WebParts, 'assets' | 'config'>,
  signedIn?: Frame['signedIn'],
): Frame {
  return {
    assets,
    organisation: config.name,
    isDemo: config.demo !== undefined,
    ...(signedIn === undefined ? {} : { signedIn }),
  };
}

/** Sends a page. */
export function sendPage(
  reply: FastifyReply,
  status: number,
  frame: Frame,
  content: PageContent,
): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(htmlPage(frame, content));
}
