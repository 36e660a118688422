/**
 * Encounter/$everything: the encounter, what was recorded in it, whose it was, and what all that refers to.
 * R4 http://hl7.org/fhir/R4/encounter-operation-everything.html. It is cut out of the person's record, so
 * that whoever may not see that may not see this.
 */
import { Failure } from '../../base/failure.ts';
import type { Stored } from '../../store/store.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import { idOf, type Operation } from '../interaction.ts';
import { lastValue } from '../negotiation.ts';
import { operationPairs, sinceOf, typesOf } from '../operation-parameters.ts';
import { CURSOR, requireKnown } from '../page-links.ts';
import { everythingAnswer, PART_PARAMETERS, pageSizeOf } from './everything.ts';
import { localNames, nameOf, withReferred } from './record-closure.ts';

const KNOWN = ['_type', '_since', '_count', '_format', '_pretty', CURSOR];

export const encounterEverything: Operation = {
  name: 'everything',
  type: 'Encounter',
  levels: ['instance'],
  methods: ['GET', 'POST'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Encounter-everything',
  summary: 'An encounter and everything that belongs to it',
  parameters: PART_PARAMETERS,
  handle: answerEverything,
};

async function answerEverything(call: FhirCall): Promise<FhirAnswer> {
  const pairs = operationPairs(call);
  requireKnown(pairs, KNOWN, '$everything');
  const count = pageSizeOf(call, pairs);
  const [types, since, cursor] = [typesOf(pairs), sinceOf(pairs), lastValue(pairs, CURSOR)];
  const encounter = await call.session.read('Encounter', idOf(call));
  if (encounter.persons.length === 0) {
    throw new Failure(
      'processing',
      'This Encounter says of no Patient here that it is theirs, so it has no record to be cut from: search by it.',
    );
  }
  const all = await belongingTo(call, encounter);
  const found = all
    .filter((one) => types === undefined || types.includes(one.type))
    .filter((one) => since === undefined || one.lastUpdated >= since)
    .map((one) => ({ key: nameOf(one), stored: one }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  // a page goes on behind a name and not behind a number, so that nothing is skipped when something is added
  const rest = cursor === undefined ? found : found.filter(({ key }) => key > cursor);
  const page = rest.slice(0, count);
  const next = rest.length > count ? page.at(-1)?.key : undefined;
  return everythingAnswer(call, pairs, {
    entries: page.map(({ stored }) => stored),
    next,
    total: found.length,
  });
}

/** Throws Failure `too-costly` where the record is larger than one answer may hold. */
async function belongingTo(call: FhirCall, encounter: Stored): Promise<readonly Stored[]> {
  const { recordEntriesMax } = call.context.settings;
  const record = await call.session.compartment({
    persons: encounter.persons,
    withReferenced: true,
    count: recordEntriesMax,
  });
  if (record.next !== undefined) {
    throw new Failure(
      'too-costly',
      `The person's record holds more than ${recordEntriesMax} resources (setting recordEntriesMax): ` +
        'search by encounter.',
    );
  }
  const name = nameOf(encounter);
  const mark = Buffer.from(`"${name}`);
  const own = record.entries.filter(
    (one) => nameOf(one) === name || (one.bytes.includes(mark) && localNames(one).includes(name)),
  );
  return withReferred(own, record.entries);
}
