/** History of one resource, newest first, deletions with it. R4 http://hl7.org/fhir/R4/http.html#history. */
import { Failure } from '../../base/failure.ts';
import type { Deleted, Stored } from '../../store/store.ts';
import { etagOf, resourceUrl } from '../answers.ts';
import { type BundleEntry, bundleBytes } from '../bundle-bytes.ts';
import type { FhirAnswer, FhirCall, FhirContext } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';
import { idOf, typeOf } from '../interaction.ts';
import { lastValue } from '../negotiation.ts';
import { CURSOR, countOf, pageLinks, requireKnown } from '../page-links.ts';

const KNOWN = ['_count', '_format', '_pretty', CURSOR];

export const historyInstance: Interaction = {
  code: 'history-instance',
  level: 'instance',
  routes: [{ method: 'GET', shape: 'instance-history' }],
  summary: 'Every version of a resource, newest first',
  handle: answerHistory,
};

async function answerHistory(call: FhirCall): Promise<FhirAnswer> {
  const [type, id] = [typeOf(call), idOf(call)];
  requireKnown(call.pairs, KNOWN, 'the history');
  const count = countOf(call, call.context.settings.pageSizeDefault);
  if (count === 0) throw new Failure('value', 'A history page holds at least one version: _count=1 or more.');
  const cursor = lastValue(call.pairs, CURSOR);
  const page = await call.session.history(
    { type, id },
    { count, ...(cursor === undefined ? {} : { cursor }) },
  );
  const body = bundleBytes({
    type: 'history',
    ...(page.total === undefined ? {} : { total: page.total }),
    links: pageLinks(`${resourceUrl(call.context, type, id)}/_history`, call.pairs, page.next),
    entries: page.entries.map((version) => historyEntry(call.context, version)),
  });
  return { status: 200, body, cache: 'check' };
}

function historyEntry(context: FhirContext, version: Stored | Deleted): BundleEntry {
  const url = `${version.type}/${version.id}`;
  const response = {
    etag: etagOf(version.versionId),
    lastModified: new Date(version.lastUpdated).toISOString(),
  };
  const fullUrl = resourceUrl(context, version.type, version.id);
  if (version.deleted) {
    return {
      fullUrl,
      request: { method: 'DELETE', url },
      response: { status: '204 No Content', ...response },
    };
  }
  const status = version.versionId === '1' ? '201 Created' : '200 OK';
  return {
    fullUrl,
    resource: version.bytes,
    request: { method: 'PUT', url },
    response: { status, ...response },
  };
}
