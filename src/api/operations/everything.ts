/**
 * Patient/$everything: what this node itself holds about a person, under all the Patient records that a
 * merge or a verified number joined, and what those resources refer to. R4
 * http://hl7.org/fhir/R4/patient-operation-everything.html.
 */
import { Failure } from '../../base/failure.ts';
import type { Stored } from '../../store/store.ts';
import { resourceUrl } from '../answers.ts';
import { bundleBytes } from '../bundle-bytes.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Operation } from '../interaction.ts';
import { idOf } from '../interaction.ts';
import { lastValue } from '../negotiation.ts';
import { operationPairs, sinceOf, typesOf } from '../operation-parameters.ts';
import { CURSOR, countOf, pageLinks, requireKnown } from '../page-links.ts';

const KNOWN = ['_type', '_since', '_count', '_format', '_pretty', CURSOR];

export const everything: Operation = {
  name: 'everything',
  type: 'Patient',
  level: 'instance',
  methods: ['GET', 'POST'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Patient-everything',
  summary: 'Everything that this node holds about a person',
  parameters: [
    { name: '_type', text: 'Resource types, separated by commas' },
    { name: '_since', text: 'Only what was written at or after this instant' },
    { name: '_count', text: 'Resources on a page; all at once where left out' },
  ],
  handle: answerEverything,
};

async function answerEverything(call: FhirCall): Promise<FhirAnswer> {
  const { context } = call;
  const pairs = operationPairs(call);
  requireKnown(pairs, KNOWN, '$everything');
  const count = countOf({ ...call, pairs }, context.settings.recordEntriesMax);
  if (count === 0)
    throw new Failure('value', 'A page of $everything holds at least one resource: _count=1 or more.');
  const id = idOf(call);
  await call.session.read('Patient', id); // whether it is there, and the asker's to see
  const persons = await context.persons.joinedWith(id);
  const [types, since, cursor] = [typesOf(pairs), sinceOf(pairs), lastValue(pairs, CURSOR)];
  const page = await call.session.compartment({
    persons,
    withReferenced: true,
    count,
    ...(types === undefined ? {} : { types }),
    ...(since === undefined ? {} : { since }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  const body = bundleBytes({
    type: 'searchset',
    ...(page.total === undefined ? {} : { total: page.total }),
    links: pageLinks(`${resourceUrl(context, 'Patient', id)}/$everything`, pairs, page.next),
    entries: page.entries.map((stored: Stored) => ({
      fullUrl: resourceUrl(context, stored.type, stored.id),
      resource: stored.bytes,
      search: 'match' as const,
    })),
  });
  return { status: 200, body, cache: 'no-store' };
}
