/**
 * The front door: the exchange's page on what this is, who takes part and in what state, and in the demo
 * what to try.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { FAULTS, type Fault } from '../base/demo-control.ts';
import { Failure } from '../base/failure.ts';
import { frameOf, sendPage } from './page-answer.ts';
import { requireSameOrigin } from './page-session.ts';
import { frontDoorPage } from './pages/front-door-page.tsx';
import type { Acted, Supervisor } from './supervisor.ts';
import type { WebParts } from './web-parts.ts';

/** Mounts `/` and, in the demo, `/systems/…`. */
export function frontDoorRoutes(server: FastifyInstance, parts: WebParts): void {
  server.get('/', (request, reply) => show(parts, request, reply));
  const { supervisor } = parts;
  if (supervisor === undefined) return;
  for (const act of ['stop', 'start', 'fault'] as const) {
    server.post(`/systems/${act}`, async (request, reply) => {
      requireSameOrigin(request);
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
      const ods = form.get('ods') ?? '';
      if (!parts.sharedRecords.organisations().some((one) => one.ods === ods)) {
        throw new Failure(
          'value',
          'The form names no organisation of this network. Go back, and choose one.',
        );
      }
      const acted = await perform(supervisor, act, ods, form.get('fault'));
      if (!acted.ok) return show(parts, request, reply, acted.error);
      return reply.redirect(`/?done=${act}&ods=${encodeURIComponent(ods)}#systems`, 303);
    });
  }
}

function perform(
  supervisor: Supervisor,
  act: 'stop' | 'start' | 'fault',
  ods: string,
  fault: string | null,
): Promise<Acted> {
  if (act !== 'fault') return supervisor[act](ods);
  const known = FAULTS.find((one) => one === fault);
  if (known === undefined)
    throw new Failure('value', 'The form names no fault that there is. Go back, and choose one.');
  return supervisor.fault(ods, known satisfies Fault);
}

async function show(
  parts: WebParts,
  request: FastifyRequest,
  reply: FastifyReply,
  problem?: string,
): Promise<FastifyReply> {
  const { supervisor, sharedRecords, config, clock } = parts;
  const state = await supervisor?.state();
  const query = request.query as { done?: unknown; ods?: unknown };
  return sendPage(
    reply,
    problem === undefined ? 200 : 502,
    frameOf(parts),
    frontDoorPage({
      organisations: sharedRecords.organisations().filter((one) => one.ods !== config.ods),
      demo: supervisor === undefined ? 'none' : (state ?? 'silent'),
      now: clock.now(),
      done:
        typeof query.done === 'string' && typeof query.ods === 'string'
          ? { act: query.done, ods: query.ods }
          : undefined,
      problem,
    }),
  );
}
