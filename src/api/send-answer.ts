/**
 * A FHIR answer onto the wire: headers as one flat list and the stored bytes as they are. It writes to
 * node:http directly, since on the path of a read every layer shows.
 */
import type { ServerResponse } from 'node:http';
import { etagOf, httpDate } from './answers.ts';
import type { FhirAnswer } from './fhir-call.ts';
import { FHIR_JSON } from './negotiation.ts';

const CACHE: Readonly<Record<FhirAnswer['cache'], string>> = {
  'no-store': 'no-store',
  check: 'private, no-cache',
};

/**
 * Up to this size a body goes out in one write with its head. node:http joins the two only where the body
 * is text, so the bytes pass as Latin-1, which is each byte as it is; a quarter cheaper than a write of
 * two buffers (measured).
 */
const ONE_WRITE_BYTES = 16_384;

/** Sends the whole answer. A body is left out of answers to HEAD by node:http itself. */
export function sendAnswer(response: ServerResponse, answer: FhirAnswer, requestId: string): void {
  const { status, body, version, location } = answer;
  const headers: (string | number)[] = ['X-Request-Id', requestId, 'Cache-Control', CACHE[answer.cache]];
  if (version !== undefined) {
    headers.push('ETag', etagOf(version.versionId), 'Last-Modified', httpDate(version.lastUpdated));
  }
  if (location !== undefined) headers.push('Location', location);
  if (answer.headers !== undefined) headers.push(...answer.headers);
  if (body === undefined) {
    if (status !== 204 && status !== 304) headers.push('Content-Length', 0);
    response.writeHead(status, headers as never);
    response.end();
    return;
  }
  const bytes = Buffer.isBuffer(body) ? body : Buffer.concat(body);
  headers.push('Content-Type', answer.contentType ?? FHIR_JSON, 'Content-Length', bytes.length);
  response.writeHead(status, headers as never);
  if (bytes.length <= ONE_WRITE_BYTES) response.end(bytes.toString('latin1'), 'latin1');
  else response.end(bytes);
}
