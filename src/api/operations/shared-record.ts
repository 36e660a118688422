/**
 * Patient/$shared-record: one person's whole record from every organisation that holds part of it, with
 * the state and age of each source. docs: the contract, "The shared record".
 */
import type { NhsNumber } from '../../base/brands.ts';
import { Failure } from '../../base/failure.ts';
import type { Pairs } from '../../fhir/query-pairs.ts';
import { NHS_NUMBER_SYSTEM } from '../../fhir/resource.ts';
import { parseNhsNumber } from '../../identity/nhs-number.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Operation } from '../interaction.ts';
import { oneValue, operationPairs, sinceOf, typesOf } from '../operation-parameters.ts';
import { requireKnown } from '../page-links.ts';

const KNOWN = ['identifier', '_type', '_since', '_format', '_pretty'];

export const sharedRecord: Operation = {
  name: 'shared-record',
  type: 'Patient',
  levels: ['type'],
  methods: ['GET', 'POST'],
  definition: 'https://openward.org/OperationDefinition/Patient-shared-record',
  summary: "One person's whole record from every organisation, with the state and age of each source",
  parameters: [
    { name: 'identifier', text: `The NHS number as ${NHS_NUMBER_SYSTEM}|N`, required: true },
    { name: '_type', text: 'Resource types, separated by commas' },
    { name: '_since', text: 'Only what was written at or after this instant' },
  ],
  handle: answerSharedRecord,
};

async function answerSharedRecord(call: FhirCall): Promise<FhirAnswer> {
  const { sharedRecords } = call.context;
  if (sharedRecords === undefined) {
    throw new Failure('not-supported', 'This node runs without a network, so it joins no shared record.', {
      status: 501,
    });
  }
  const pairs = operationPairs(call);
  requireKnown(pairs, KNOWN, '$shared-record');
  const [types, since] = [typesOf(pairs), sinceOf(pairs)];
  const query = { ...(types === undefined ? {} : { types }), ...(since === undefined ? {} : { since }) };
  const record = await sharedRecords.assemble(nhsNumberOf(pairs), query, call.session.asker);
  return { status: 200, body: sharedRecords.bundle(record), cache: 'no-store' };
}

function nhsNumberOf(pairs: Pairs): NhsNumber {
  const identifier = oneValue(pairs, 'identifier');
  if (identifier === undefined) {
    throw new Failure('required', `Say whose record: identifier=${NHS_NUMBER_SYSTEM}|N.`);
  }
  const bar = identifier.indexOf('|');
  if (bar < 0 || identifier.slice(0, bar) !== NHS_NUMBER_SYSTEM) {
    throw new Failure('value', `The identifier must be an NHS number: identifier=${NHS_NUMBER_SYSTEM}|N.`);
  }
  const parsed = parseNhsNumber(identifier.slice(bar + 1));
  if (!parsed.ok) throw new Failure('value', parsed.text);
  return parsed.nhsNumber;
}
