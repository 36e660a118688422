/**
 * What has become of a request that is answered later, and its answer; deleting it cancels the request. R4
 * http://hl7.org/fhir/R4/async.html.
 */
import { bundleBytes } from '../bundle-bytes.ts';
import { responseEntry } from '../entry-response.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';
import { idOf } from '../interaction.ts';
import { requireKnown } from '../page-links.ts';

export const asyncStatus: Interaction = {
  code: 'async-status',
  level: 'system',
  routes: [
    { method: 'GET', shape: 'job' },
    { method: 'DELETE', shape: 'job' },
  ],
  summary: 'A request that is answered later: how far it is, its answer, and its end',
  handle: answerStatus,
};

/** How long a client should wait before it asks again. */
const RETRY_SECONDS = '1';

async function answerStatus(call: FhirCall): Promise<FhirAnswer> {
  const { jobs, clock } = call.context;
  const { asker } = call.session;
  requireKnown(call.pairs, ['_format', '_pretty'], 'the status of a job');
  const id = idOf(call);
  if (call.method === 'DELETE') {
    jobs.cancel(id, asker.actor);
    return { status: 202, cache: 'no-store' };
  }
  const status = jobs.status(id, asker.actor);
  if (status.kind === 'under-way') {
    const headers = ['X-Progress', status.progress, 'Retry-After', RETRY_SECONDS];
    return { status: 202, cache: 'no-store', headers };
  }
  await call.session.note({
    action: 'read',
    targets: [`_async/${id}`],
    persons: [],
    outcome: 'ok',
    detail: { status: status.answer.status },
  });
  const expires = new Date(clock.now() + status.keptMs).toUTCString();
  return {
    status: 200,
    body: bundleBytes({ type: 'batch-response', entries: [responseEntry(status.answer, 'resource')] }),
    cache: 'no-store',
    headers: ['Expires', expires],
  };
}
