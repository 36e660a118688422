/**
 * Patient/$summary: an International Patient Summary of what this node holds about a person, as a document. It
 * says how far that goes, and never that there is nothing where nobody knows. What other organisations hold is in
 * the shared record. http://hl7.org/fhir/uv/ips/OperationDefinition-summary.html
 */
import type { Id } from '../../base/brands.ts';
import { isoInstant } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { parseSearch } from '../../fhir/parse-search.ts';
import type { Pairs } from '../../fhir/query-pairs.ts';
import { ODS_CODE_SYSTEM } from '../../fhir/resource.ts';
import type { Stored } from '../../store/store.ts';
import { resourceUrl } from '../answers.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Operation } from '../interaction.ts';
import { oneValue, operationPairs } from '../operation-parameters.ts';
import { requireKnown } from '../page-links.ts';
import { withReferred } from './record-closure.ts';
import { summaryComposition } from './summary/summary-composition.ts';
import { memberOf } from './summary/summary-member.ts';
import { stateOf } from './summary/summary-state.ts';

export const summary: Operation = {
  name: 'summary',
  type: 'Patient',
  levels: ['type', 'instance'],
  methods: ['GET', 'POST'],
  definition: 'http://hl7.org/fhir/uv/ips/OperationDefinition/summary',
  summary: 'An International Patient Summary of what this node holds about a person',
  parameters: [{ name: 'identifier', text: 'Whose, where the address does not say: system|value' }],
  handle: answerSummary,
};

async function answerSummary(call: FhirCall): Promise<FhirAnswer> {
  const pairs = operationPairs(call);
  requireKnown(pairs, ['identifier', '_format', '_pretty'], '$summary');
  const { context, session } = call;
  const id = call.id ?? (await identified(call, pairs));
  const patient = await session.read('Patient', id);
  const record = await recordOf(call, id);
  const members = record.map(memberOf);
  const { role, organisation } = session.asker.actor;
  const author = `urn:uuid:${uuidOf(context.ids.next())}`;
  const made = summaryComposition({
    base: context.base,
    organisation: context.organisation,
    id: context.ids.next(),
    now: isoInstant(context.clock.now()),
    subject:
      members.find((one) => one.stored.id === id && one.stored.type === 'Patient') ?? memberOf(patient),
    author,
    record: members,
    settings: context.settings,
    state: (row) => stateOf(row.types, role, context),
  });
  const custodian = {
    resourceType: 'Organization',
    identifier: [{ system: ODS_CODE_SYSTEM, value: organisation }],
    name: context.organisation,
  };
  const shown = withReferred([patient, ...made.members.map((one) => one.stored)], record);
  const entries: readonly (readonly [string, Buffer])[] = [
    [`urn:uuid:${uuidOf(context.ids.next())}`, jsonBytes(made.composition)],
    [author, jsonBytes(custodian)],
    ...shown.map((one) => [resourceUrl(context, one.type, one.id), one.bytes] as const),
  ];
  return { status: 200, body: documentBytes(call, entries), cache: 'no-store' };
}

/** The one Patient that an identifier names here. Throws Failure `required`, `not-found`, `multiple-matches`. */
async function identified(call: FhirCall, pairs: Pairs): Promise<Id> {
  const identifier = oneValue(pairs, 'identifier');
  if (identifier === undefined) throw new Failure('required', 'Say whose summary: identifier=system|value.');
  const options = { strict: true, settings: call.context.settings };
  const { query } = parseSearch('Patient', [['identifier', identifier]], options);
  const { entries } = await call.session.search({ ...query, count: 2 });
  const [first, second] = entries;
  if (first === undefined) throw new Failure('not-found', 'Nobody here has that identifier, or not for you.');
  if (second === undefined) return first.id;
  const same = await call.context.persons.joinedWith(first.id);
  if (entries.every((one) => same.includes(one.id))) return first.id;
  throw new Failure('multiple-matches', 'Several people here have that identifier: ask by id.');
}

/** All of the person's record here. Throws Failure `too-costly`: a part of it would look like all. */
async function recordOf(call: FhirCall, id: Id): Promise<readonly Stored[]> {
  const { recordEntriesMax } = call.context.settings;
  const persons = await call.context.persons.joinedWith(id);
  const page = await call.session.compartment({ persons, withReferenced: true, count: recordEntriesMax });
  if (page.next === undefined) return page.entries;
  throw new Failure(
    'too-costly',
    `The record holds more than ${recordEntriesMax} resources (setting recordEntriesMax): use $everything.`,
  );
}

/** A document, joined from stored bytes. */
function documentBytes(call: FhirCall, entries: readonly (readonly [string, Buffer])[]): Buffer {
  const { base, clock, ids } = call.context;
  const head = {
    resourceType: 'Bundle',
    identifier: { system: `${base}/Bundle`, value: ids.next() },
    type: 'document',
    timestamp: isoInstant(clock.now()),
  };
  const pieces: Buffer[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"entry":[`)];
  for (const [i, [fullUrl, bytes]] of entries.entries()) {
    const before = `${i === 0 ? '' : ','}{"fullUrl":${JSON.stringify(fullUrl)},"resource":`;
    pieces.push(Buffer.from(before), bytes, Buffer.from('}'));
  }
  return Buffer.concat([...pieces, Buffer.from(']}')]);
}

const jsonBytes = (value: object): Buffer => Buffer.from(JSON.stringify(value));

/** An id of ours in the form of a UUID, which `urn:uuid:` demands: unique because the id is. */
function uuidOf(id: string): string {
  const hex = Buffer.from(id).toString('hex').padEnd(32, '0').slice(-32);
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
}
