/**
 * Putting a shared record together: who may ask, which organisations hold something, all asked side by side, and
 * one report for each, whatever it did (ask-source.ts).
 */
import type { Asker } from '../access/actor.ts';
import { decideSharedRecord } from '../access/share-policy.ts';
import type { InstantMs, NhsNumber, OdsCode } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import type { PersonMatch } from '../identity/person-match.ts';
import type { Ask, AssembleParts, Place } from './ask-source.ts';
import { askUnderEach, numberNotes } from './ask-under-each.ts';
import type { LocatorAnswer } from './locator.ts';
import type { SharedEntry, SharedRecord, SharedRecordQuery } from './shared-record.ts';
import type { SourceEntry } from './source-answer.ts';

/** Kept back from the deadline for joining and sending the answer. */
const JOINING_MS = 120;

export async function assemble(
  parts: AssembleParts,
  nhsNumber: NhsNumber,
  query: SharedRecordQuery,
  asker: Asker,
): Promise<SharedRecord> {
  const begun = parts.clock.monotonicMs();
  const askedAt = parts.clock.now();
  const match = await parts.persons.locate(nhsNumber);
  await mayAsk(parts, nhsNumber, asker, match);
  const nhsNumbers = await numbersOf(parts, nhsNumber, match);
  const located = await Promise.all(nhsNumbers.map((number) => parts.network?.locator.locate(number)));
  const isHere = match.kind === 'one';
  const places = whom(parts, isHere ? match.practice : undefined, isHere, located);
  if (match.kind === 'none' && (located[0]?.sources.length ?? 0) === 0) throw notFound();
  const deadline = begun + Math.max(0, parts.settings.sharedRecordDeadlineMs - JOINING_MS);
  const ask: Ask = { nhsNumber, query, asker, deadline, persons: isHere ? match.patients : [] };
  const found = await Promise.all(
    places.map((place) => {
      // this node knows itself which of its Patients are one person; another is asked under each number it has
      const named = nhsNumbers.filter((_number, i) => located[i]?.sources.includes(place.ods));
      const numbers = place.ods === parts.ods ? [nhsNumber] : named.length > 0 ? named : nhsNumbers;
      return askUnderEach(parts, place, ask, numbers);
    }),
  );
  const record: SharedRecord = {
    nhsNumber,
    nhsNumbers,
    askedAt,
    sources: found.map((one) => one.report),
    entries: found.flatMap((one) => one.entries.map((entry) => sharedEntry(one.place, entry))),
    notes: [...found.flatMap((one) => one.notes), ...numberNotes(nhsNumber, nhsNumbers, found)],
    directoryExpired: parts.network?.directory.isExpired() ?? false,
    ...oldestOf(located),
  };
  await parts.records.as(asker).note({
    action: 'shared-record',
    targets: [],
    persons: ask.persons,
    outcome: 'ok',
    detail: Object.fromEntries(record.sources.map((source) => [source.ods, source.status])),
  });
  return record;
}

/** The number asked for and, of a person held here, all that this organisation has verified of them. */
async function numbersOf(
  { persons }: AssembleParts,
  asked: NhsNumber,
  match: PersonMatch,
): Promise<readonly [NhsNumber, ...NhsNumber[]]> {
  if (match.kind !== 'one') return [asked];
  const [first, ...others] = (await persons.sharePolicy(match.patients)).nhsNumbers;
  return first === undefined ? [asked] : [first, ...others];
}

async function mayAsk(
  parts: AssembleParts,
  nhsNumber: NhsNumber,
  asker: Asker,
  match: PersonMatch,
): Promise<void> {
  const decision = decideSharedRecord({ asker, at: parts.ods, nhsNumber, person: match });
  const isAmbiguous = match.kind === 'ambiguous';
  if (decision.kind === 'permit' && !isAmbiguous) return;
  const rule = decision.kind === 'refuse' ? decision.rule : 'identity';
  await parts.records.as(asker).note({
    action: 'refuse',
    targets: [],
    persons: [],
    outcome: 'refused',
    detail: { rule, act: 'shared-record' },
  });
  if (decision.kind === 'refuse' && decision.rule !== 'identity')
    throw new Failure('forbidden', decision.text);
  throw notFound();
}

const notFound = (): Failure =>
  new Failure(
    'not-found',
    'There is no such person here, or your organisation does not look after them. ' +
      'Check the number, or register the person first.',
  );

/**
 * Every organisation to be asked: those that the locator names, the registered practice always, everybody
 * where the locator cannot be relied on.
 */
function whom(
  parts: AssembleParts,
  practice: OdsCode | undefined,
  isHere: boolean,
  located: readonly (LocatorAnswer | undefined)[],
): Place[] {
  const { network, self, clock, settings } = parts;
  if (network === undefined) return [self];
  const freshFrom = clock.now() - settings.locatorFreshHours * 3_600_000;
  const named = new Set<OdsCode>(isHere ? [parts.ods] : []);
  for (const { ods, kind, isProtected } of network.directory.entries()) {
    const isAsked = located.some(
      (one) => one === undefined || one.at < freshFrom || one.silent.includes(ods),
    );
    if (isAsked && kind !== 'exchange' && isProtected !== true) named.add(ods);
  }
  for (const one of located)
    for (const ods of [...(one?.sources ?? []), ...(one?.practices ?? [])]) named.add(ods);
  if (practice !== undefined) named.add(practice);
  return [...named].map((ods): Place => {
    if (ods === parts.ods) return self;
    return network.directory.entry(ods) ?? { ods, name: ods, kind: 'gp', url: '' };
  });
}

/** The list of organisations is as old as its oldest part; of no age where a part is missing. */
function oldestOf(located: readonly (LocatorAnswer | undefined)[]): Pick<SharedRecord, 'locatorAsAt'> {
  const known = located.filter((one) => one !== undefined);
  if (known.length < located.length) return {};
  return { locatorAsAt: Math.min(...known.map((one) => one.at)) as InstantMs };
}

function sharedEntry(place: Place, { type, id, bytes }: SourceEntry): SharedEntry {
  return { source: place.ods, type, id, bytes, fullUrl: `${place.url}/fhir/${type}/${id}` };
}
