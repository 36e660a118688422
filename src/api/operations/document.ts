/**
 * Composition/$document: a Bundle of type document, the Composition first and then everything that it refers
 * to, directly or through others. R4 http://hl7.org/fhir/R4/composition-operation-document.html and
 * documents.html. One that lacks what it names would look whole, so then there is none.
 */
import type { Bundle } from 'fhir/r4.d.ts';
import { type Id, isId } from '../../base/brands.ts';
import { isoInstant } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { isObject, type JsonObject } from '../../fhir/json-access.ts';
import { parseJson } from '../../fhir/parse-json.ts';
import type { Pairs } from '../../fhir/query-pairs.ts';
import type { Resource, ResourceType } from '../../fhir/resource.ts';
import type { Stored } from '../../store/store.ts';
import { resourceUrl } from '../answers.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import { isAbsence, type Operation, onlyCommitted } from '../interaction.ts';
import { oneValue, operationPairs } from '../operation-parameters.ts';
import { requireKnown } from '../page-links.ts';
import { localNames, localNamesIn, nameOf } from './record-closure.ts';

export const document: Operation = {
  name: 'document',
  type: 'Composition',
  levels: ['type', 'instance'],
  methods: ['GET', 'POST'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Composition-document',
  summary: 'A Composition and everything that it refers to, as a document',
  parameters: [
    { name: 'id', type: 'uri', text: 'Which Composition, where the address does not say' },
    {
      name: 'persist',
      type: 'boolean',
      text: 'Whether the document is kept as a Bundle too; false where left out',
    },
  ],
  handle: answerDocument,
};

async function answerDocument(call: FhirCall): Promise<FhirAnswer> {
  const pairs = operationPairs(call);
  requireKnown(pairs, ['id', 'persist', '_format', '_pretty'], '$document');
  const persist = persistOf(pairs);
  const composition = await call.session.read('Composition', call.id ?? namedId(call, pairs));
  const head = documentHead(call);
  const entries = await documentEntries(call, composition);
  const bytes = documentBytes(call, head, entries);
  if (!persist) return { status: 200, body: bytes, cache: 'no-store' };
  return persisted(call, bytes);
}

function persistOf(pairs: Pairs): boolean {
  const text = oneValue(pairs, 'persist');
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw new Failure('value', '"persist" must be true or false.');
}

function namedId(call: FhirCall, pairs: Pairs): Id {
  const given = oneValue(pairs, 'id');
  if (given === undefined) throw new Failure('required', 'Say which Composition: id=….');
  const own = `${call.context.base}/`;
  const name = (given.startsWith(own) ? given.slice(own.length) : given).replace(/^Composition\//, '');
  if (isId(name)) return name;
  throw new Failure(
    'not-supported',
    '"id" must name a Composition of this server, by its id or its address.',
  );
}

function documentHead(call: FhirCall): Partial<Bundle> {
  const { clock, ids } = call.context;
  return {
    resourceType: 'Bundle',
    identifier: { system: `${call.context.base}/Bundle`, value: ids.next() },
    type: 'document',
    timestamp: isoInstant(clock.now()),
  };
}

/**
 * The Composition and what it refers to, each once. Throws Failure `incomplete` where something that the
 * Composition itself names is not here for the asker, `too-costly` beyond the setting documentResourcesMax.
 */
async function documentEntries(call: FhirCall, composition: Stored): Promise<readonly Stored[]> {
  const most = call.context.settings.documentResourcesMax;
  const found = new Map<string, Stored | undefined>([[nameOf(composition), composition]]);
  let frontier: readonly Stored[] = [composition];
  for (let depth = 0; frontier.length > 0; depth++) {
    const names = [...new Set(frontier.flatMap(namesWanted))].filter((name) => !found.has(name));
    if (found.size + names.length > most) {
      throw new Failure(
        'too-costly',
        `The document would hold more than ${most} resources (setting documentResourcesMax).`,
      );
    }
    const read: Stored[] = [];
    for (const name of names) {
      const stored = await readNamed(call, name);
      if (stored === undefined && depth === 0) throw missing(composition, name);
      found.set(name, stored);
      if (stored !== undefined) read.push(stored);
    }
    frontier = read;
  }
  return [...found.values()].filter((one) => one !== undefined);
}

/** What is referred to here; not the documents that this one replaces or adds to. */
function namesWanted(stored: Stored): readonly string[] {
  if (stored.type !== 'Composition') return localNames(stored);
  const { relatesTo: _others, ...rest } = jsonOf(stored);
  return localNamesIn(rest);
}

function jsonOf(stored: Stored): JsonObject {
  const value: unknown = JSON.parse(stored.bytes.toString('utf8'));
  return isObject(value) ? value : {};
}

async function readNamed(call: FhirCall, name: string): Promise<Stored | undefined> {
  const slash = name.indexOf('/');
  try {
    return await call.session.read(name.slice(0, slash) as ResourceType, name.slice(slash + 1) as Id);
  } catch (thrown) {
    if (isAbsence(thrown)) return undefined;
    throw thrown;
  }
}

function missing(composition: Stored, name: string): Failure {
  const at = placeOf(jsonOf(composition), name, 'Composition');
  return new Failure(
    'incomplete',
    'The Composition refers to something that is not here, or not yours to see: the document would lack it.',
    { status: 422, ...(at === undefined ? {} : { expression: at }) },
  );
}

/** Where in the resource this is referred to, as FHIRPath. */
function placeOf(value: unknown, name: string, path: string): string | undefined {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      const found = placeOf(item, name, `${path}[${i}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isObject(value)) return undefined;
  if (value.reference === name) return path;
  for (const [key, child] of Object.entries(value)) {
    const found = placeOf(child, name, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Joined from stored bytes. */
function documentBytes(call: FhirCall, head: Partial<Bundle>, entries: readonly Stored[]): Buffer {
  const pieces: Buffer[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"entry":[`)];
  entries.forEach((one, i) => {
    const fullUrl = JSON.stringify(resourceUrl(call.context, one.type, one.id));
    pieces.push(
      Buffer.from(`${i === 0 ? '' : ','}{"fullUrl":${fullUrl},"resource":`),
      one.bytes,
      Buffer.from('}'),
    );
  });
  pieces.push(Buffer.from(']}'));
  return Buffer.concat(pieces);
}

async function persisted(call: FhirCall, bytes: Buffer): Promise<FhirAnswer> {
  const resource = parseJson(bytes, call.context.settings) as Resource;
  call.context.profiles?.hold(resource);
  const commit = await call.session.submit([{ op: 'create', resource }]);
  const committed = onlyCommitted(commit);
  const { versionId, lastUpdated } = committed;
  return {
    status: 200,
    body: committed.bytes ?? bytes,
    version: { versionId, lastUpdated },
    location: `${call.context.base}/Bundle/${committed.id}/_history/${versionId}`,
    cache: 'no-store',
  };
}
