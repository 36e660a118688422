/**
 * Patient/$everything: what this node itself holds about a person, under all the Patient records that a
 * merge or a verified number joined, and what those resources refer to. R4
 * http://hl7.org/fhir/R4/patient-operation-everything.html.
 */
import type { Id } from '../../base/brands.ts';
import { Failure } from '../../base/failure.ts';
import type { Pairs } from '../../fhir/query-pairs.ts';
import type { Stored } from '../../store/store.ts';
import { resourceUrl } from '../answers.ts';
import { bundleBytes } from '../bundle-bytes.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Operation } from '../interaction.ts';
import { lastValue } from '../negotiation.ts';
import { operationPairs, sinceOf, typesOf } from '../operation-parameters.ts';
import { CURSOR, countOf, pageLinks, requireKnown } from '../page-links.ts';
import { careDates, isWithin } from './care-dates.ts';

const KNOWN = ['_type', '_since', '_count', 'start', 'end', '_format', '_pretty', CURSOR];

/** By which either $everything is asked for a part of it. */
export const PART_PARAMETERS: Operation['parameters'] = [
  { name: '_type', type: 'code', text: 'Resource types, separated by commas', many: true },
  { name: '_since', type: 'instant', text: 'Only what was written at or after this instant' },
  { name: '_count', type: 'integer', text: 'Resources on a page; all at once where left out' },
];

export const everything: Operation = {
  name: 'everything',
  type: 'Patient',
  levels: ['type', 'instance'],
  methods: ['GET', 'POST'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Patient-everything',
  summary: 'Everything that this node holds about a person',
  parameters: [
    { name: 'start', type: 'date', text: 'Only care on or after this day; what has no date of care stays' },
    { name: 'end', type: 'date', text: 'Only care on or before this day; what has no date of care stays' },
    ...PART_PARAMETERS,
  ],
  handle: answerEverything,
};

async function answerEverything(call: FhirCall): Promise<FhirAnswer> {
  const pairs = operationPairs(call);
  requireKnown(pairs, KNOWN, '$everything');
  const count = pageSizeOf(call, pairs);
  const [types, since, cursor] = [typesOf(pairs), sinceOf(pairs), lastValue(pairs, CURSOR)];
  const range = careDates(pairs);
  const persons = call.id === undefined ? await everybody(call) : await joined(call, call.id);
  if (persons.length === 0) return emptyAnswer(call, pairs);
  const page = await call.session.compartment({
    persons,
    withReferenced: true,
    count,
    ...(types === undefined ? {} : { types }),
    ...(since === undefined ? {} : { since }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  // pages are cut before dates are looked at, so one may hold less; the links still lead to all
  const entries = range === undefined ? page.entries : page.entries.filter((one) => isWithin(one, range));
  const isAllHere = page.next === undefined && cursor === undefined;
  const total = range === undefined ? page.total : isAllHere ? entries.length : undefined;
  return everythingAnswer(call, pairs, { entries, next: page.next, total });
}

/** Resources on a page: all of the record unless told otherwise. Throws Failure `value`. */
export function pageSizeOf(call: FhirCall, pairs: Pairs): number {
  const count = countOf({ ...call, pairs }, call.context.settings.recordEntriesMax);
  if (count > 0) return count;
  throw new Failure('value', 'A page of $everything holds at least one resource: _count=1 or more.');
}

/** The Patient records that are this person. Throws where the one asked for is not there for the asker. */
async function joined(call: FhirCall, id: Id): Promise<readonly Id[]> {
  await call.session.read('Patient', id);
  return call.context.persons.joinedWith(id);
}

/**
 * The Patients that the asker may see: the own records of a patient. Throws Failure `too-costly` beyond the
 * setting everythingPeopleMax.
 */
async function everybody(call: FhirCall): Promise<readonly Id[]> {
  const most = call.context.settings.everythingPeopleMax;
  const { entries } = await call.session.search({
    type: 'Patient',
    filters: [],
    sort: [],
    count: most + 1,
    total: 'none',
    include: [],
    revinclude: [],
  });
  if (entries.length <= most) return entries.map((one) => one.id);
  throw new Failure(
    'too-costly',
    `You may see more than ${most} people (setting everythingPeopleMax): ask for one, Patient/id/$everything.`,
  );
}

interface Found {
  readonly entries: readonly Stored[];
  readonly next: string | undefined;
  readonly total: number | undefined;
}

/** The page as a Bundle, with links that keep the parameters. */
export function everythingAnswer(call: FhirCall, pairs: Pairs, found: Found): FhirAnswer {
  const { context } = call;
  const body = bundleBytes({
    type: 'searchset',
    ...(found.total === undefined ? {} : { total: found.total }),
    links: pageLinks(`${context.base}/${call.path}`, pairs, found.next),
    entries: found.entries.map((stored) => ({
      fullUrl: resourceUrl(context, stored.type, stored.id),
      resource: stored.bytes,
      search: 'match' as const,
    })),
  });
  return { status: 200, body, cache: 'no-store' };
}

function emptyAnswer(call: FhirCall, pairs: Pairs): FhirAnswer {
  return everythingAnswer(call, pairs, { entries: [], next: undefined, total: 0 });
}
