/**
 * Putting a shared record together: who may ask, which organisations hold something, all asked side by side, and
 * one report for each, whatever it did (ask-source.ts).
 */
import type { Asker } from '../access/actor.ts';
import { decideSharedRecord } from '../access/share-policy.ts';
import type { NhsNumber, OdsCode } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import type { PersonIndex } from '../records/person-index.ts';
import { type Ask, type AssembleParts, askSource, type Place } from './ask-source.ts';
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
  const located = await parts.network?.locator.locate(nhsNumber);
  const places = whom(
    parts,
    match.kind === 'one' ? match.practice : undefined,
    match.kind === 'one',
    located,
  );
  if (match.kind === 'none' && (located === undefined || located.sources.length === 0)) throw notFound();
  const deadline = begun + Math.max(0, parts.settings.sharedRecordDeadlineMs - JOINING_MS);
  const persons = match.kind === 'one' ? match.patients : [];
  const ask: Ask = { nhsNumber, query, asker, deadline, persons };
  const found = await Promise.all(places.map((place) => askSource(parts, place, ask)));
  const record: SharedRecord = {
    nhsNumber,
    askedAt,
    sources: found.map((one) => one.report),
    entries: found.flatMap((one) => one.entries.map((entry) => sharedEntry(one.place, entry))),
    directoryExpired: parts.network?.directory.isExpired() ?? false,
    ...(located === undefined ? {} : { locatorAsAt: located.at }),
  };
  await parts.records.as(asker).note({
    action: 'shared-record',
    targets: [],
    persons,
    outcome: 'ok',
    detail: Object.fromEntries(record.sources.map((source) => [source.ods, source.status])),
  });
  return record;
}

async function mayAsk(
  parts: AssembleParts,
  nhsNumber: NhsNumber,
  asker: Asker,
  match: Awaited<ReturnType<PersonIndex['locate']>>,
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
  located: LocatorAnswer | undefined,
): Place[] {
  const { network, self, clock, settings } = parts;
  if (network === undefined) return [self];
  const freshFrom = clock.now() - settings.locatorFreshHours * 3_600_000;
  const named = new Set<OdsCode>(isHere ? [parts.ods] : []);
  for (const { ods, kind, isProtected } of network.directory.entries()) {
    const isAsked = located === undefined || located.at < freshFrom || located.silent.includes(ods);
    if (isAsked && kind !== 'exchange' && isProtected !== true) named.add(ods);
  }
  for (const ods of [...(located?.sources ?? []), ...(located?.practices ?? [])]) named.add(ods);
  if (practice !== undefined) named.add(practice);
  return [...named].map((ods): Place => {
    if (ods === parts.ods) return self;
    return network.directory.entry(ods) ?? { ods, name: ods, kind: 'gp', url: '' };
  });
}

function sharedEntry(place: Place, { type, id, bytes }: SourceEntry): SharedEntry {
  return { source: place.ods, type, id, bytes, fullUrl: `${place.url}/fhir/${type}/${id}` };
}
