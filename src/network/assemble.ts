/**
 * Putting a shared record together: who may ask, which organisations hold something, all asked side by side
 * and each waited for until it is whole or late, copies of those that are out, and one report for each,
 * whatever it did.
 */

import type { Asker } from '../access/actor.ts';
import { decideSharedRecord } from '../access/share-policy.ts';
import type { Id, InstantMs, NhsNumber, OdsCode } from '../base/brands.ts';
import { type Clock, isoInstant } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import type { PersonIndex } from '../records/person-index.ts';
import type { Records } from '../records/session.ts';
import type { CopyOpener } from './copy-opener.ts';
import type { DirectoryEntry } from './directory.ts';
import type { DirectoryKeeper } from './directory-keeper.ts';
import type { Health } from './health.ts';
import type { Locator, LocatorAnswer } from './locator.ts';
import { answerFrom, type OwnSourceParts } from './own-source.ts';
import type { PeerClient } from './peer-client.ts';
import type { Pseudonym, Pseudonymise } from './pseudonym.ts';
import type { SharedEntry, SharedRecord, SharedRecordQuery, SourceReport } from './shared-record.ts';
import { decodeAnswer, type SourceAnswer, type SourceEntry, type SourceState } from './source-answer.ts';

export interface AssembleParts extends OwnSourceParts {
  readonly ods: OdsCode;
  /** This node as a directory entry: what it says of itself where there is no directory. */
  readonly self: Pick<DirectoryEntry, 'ods' | 'name' | 'kind' | 'url'>;
  readonly records: Records;
  readonly persons: PersonIndex;
  readonly clock: Clock;
  readonly settings: Settings;
  /** Absent on a node that stands alone. */
  readonly network?: {
    readonly directory: DirectoryKeeper;
    readonly locator: Locator;
    readonly health: Health;
    readonly client: PeerClient;
    readonly opener: CopyOpener;
    readonly pseudonymise: Pseudonymise;
    /** An opening that the source is to be told of. */
    readonly opened: (source: OdsCode, p: Pseudonym, asker: Asker) => void;
  };
}

type Place = Pick<DirectoryEntry, 'ods' | 'name' | 'kind' | 'url'>;
interface Ask {
  readonly nhsNumber: NhsNumber;
  readonly query: SharedRecordQuery;
  readonly asker: Asker;
  /** Monotonic time by which every source has answered or is late. */
  readonly deadline: number;
  /** The person's Patients at this node, for the audit. */
  readonly persons: readonly Id[];
}
interface Part {
  readonly place: Place;
  readonly report: SourceReport;
  readonly entries: readonly SourceEntry[];
}

/** Kept back from the deadline for joining and sending the answer. */
const JOINING_MS = 120;
/** A source that has not answered by this share of its time is looked at more closely. */
const HEDGE = 0.4;

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
  const found = await Promise.all(places.map((place) => part(parts, place, ask)));
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

async function part(parts: AssembleParts, place: Place, ask: Ask): Promise<Part> {
  const { network, clock } = parts;
  if (place.ods === parts.ods) {
    const answer = await answerFrom(parts, ask.nhsNumber, ask.query, ask.asker);
    return fromAnswer(place, answer, clock.now());
  }
  const entry = network?.directory.entry(place.ods);
  if (network === undefined || entry === undefined) {
    return unavailable(parts, place, 'It is not in the directory of this network, so it could not be asked.');
  }
  const copy = (): Promise<Part | undefined> => fromCopy(parts, entry, ask);
  if (network.health.state(entry.ods) === 'down')
    return (await copy()) ?? unavailable(parts, place, OUT_TEXT);
  const settled = new AbortController();
  const live = askLive(parts, entry, ask, settled.signal);
  // one that is late is looked at more closely: its copy opens where two holders see that it is out, and
  // only there
  const leftMs = ask.deadline - clock.monotonicMs();
  const hedge = pause(leftMs * HEDGE, settled.signal).then(() =>
    settled.signal.aborted ? undefined : copy(),
  );
  const hedgedOrLive = hedge.then<Part | LiveAnswer>((part) => part ?? live);
  const first = await Promise.race<Part | LiveAnswer>([live, hedgedOrLive]);
  if ('report' in first) {
    settled.abort(SETTLED);
    return first;
  }
  if (first.kind === 'record' || first.kind === 'refused' || first.kind === 'too-large') {
    settled.abort(SETTLED);
    return fromAnswer(place, first, clock.now());
  }
  if (first.kind === 'down') {
    network.health.refused(entry);
    settled.abort(SETTLED);
    return (await copy()) ?? unavailable(parts, place, OUT_TEXT);
  }
  const hedged = await hedge;
  settled.abort(SETTLED);
  return hedged ?? unavailable(parts, place, LATE_TEXT[first.kind]);
}

/** A reason of one's own: making the usual one costs more than the rest of ending a call. */
const SETTLED = 'settled';
const OUT_TEXT = 'It does not answer, and there is no copy that may be opened now.';
const LATE_TEXT = {
  late: 'It did not answer in time. Try again in a moment.',
  garbage: 'What it answered made no sense, or was not about this person, so none of it is shown.',
  failed: 'It answered that it cannot give the record now. Try again in a moment.',
} as const;

type LiveAnswer = SourceAnswer | { readonly kind: 'down' | 'late' | 'garbage' | 'failed' };

async function askLive(
  parts: AssembleParts,
  entry: DirectoryEntry,
  { nhsNumber, query, asker, deadline }: Ask,
  signal: AbortSignal,
): Promise<LiveAnswer> {
  const timeoutMs = deadline - parts.clock.monotonicMs();
  if (parts.network === undefined || timeoutMs <= 0) return { kind: 'late' };
  const { recordBytesMax, recordEntriesMax, jsonDepthMax } = parts.settings;
  const answer = await parts.network.client.call({
    to: entry.ods,
    url: entry.url,
    method: 'POST',
    path: '/record',
    actor: asker.actor,
    purpose: asker.purpose,
    requestId: asker.requestId,
    body: Buffer.from(JSON.stringify({ nhsNumber, ...query })),
    timeoutMs,
    bytesMax: recordBytesMax + TABLE_BYTES_MAX,
    signal,
  });
  if (answer.kind === 'refused') return { kind: 'down' };
  if (answer.kind !== 'answer') return { kind: answer.kind };
  if (answer.status !== 200) return { kind: 'failed' };
  const isFiltered = query.types !== undefined || query.since !== undefined;
  const question = { nhsNumber, isFiltered, entriesMax: recordEntriesMax, depthMax: jsonDepthMax };
  return decodeAnswer(answer.body, question) ?? { kind: 'garbage' };
}

/** What an answer holds beside the entries. */
const TABLE_BYTES_MAX = 10_000_000;

async function fromCopy(parts: AssembleParts, entry: DirectoryEntry, ask: Ask): Promise<Part | undefined> {
  const { nhsNumber, query, asker, deadline, persons } = ask;
  const timeoutMs = deadline - parts.clock.monotonicMs();
  if (parts.network === undefined || timeoutMs <= 0) return undefined;
  const { opener, pseudonymise, opened } = parts.network;
  const p = pseudonymise(nhsNumber);
  const copy = await opener.open({ source: entry, nhsNumber, p, query, asker, timeoutMs });
  if (copy.kind === 'closed') return undefined;
  const outcome = copy.kind === 'copy' ? 'ok' : 'refused';
  const detail = {
    source: entry.ods,
    ...(copy.kind === 'copy' ? { resources: copy.entries.length } : { rule: copy.rule }),
  };
  await parts.records.as(asker).note({ action: 'open-copy', targets: [], persons, outcome, detail });
  opened(entry.ods, p, asker);
  if (copy.kind === 'refused') return fromAnswer(entry, copy, parts.clock.now());
  const held = copy.isHeldBack
    ? ' A later state, which had lost most of the entries, is held back for a person to look at.'
    : '';
  const state = notAfter(copy.state, parts.clock.now());
  const text =
    'It does not answer. This is the copy that it left for such a time, complete up to ' +
    `${isoInstant(state.asAt)}; anything newer is missing.${held}`;
  return {
    place: entry,
    report: { ...base(entry), ...state, status: 'copy', diagnostics: text },
    entries: copy.entries,
  };
}

/** Nobody knows what is still to come: where a source's clock runs ahead, its times stop at ours. */
function notAfter({ asAt, coverage, behind }: SourceState, now: InstantMs): SourceState {
  const upTo = (at: InstantMs): InstantMs => Math.min(at, now) as InstantMs;
  return {
    asAt: upTo(asAt),
    coverage: coverage.map((one) => ({ ...one, asAt: upTo(one.asAt) })),
    behind: behind.map((one) => ({ ...one, since: upTo(one.since) })),
  };
}

function fromAnswer(place: Place, answer: SourceAnswer, now: InstantMs): Part {
  const state = notAfter(answer.state, now);
  const shared = { ...base(place), ...state };
  switch (answer.kind) {
    case 'refused':
      return {
        place,
        entries: [],
        report: { ...shared, status: 'refused', rule: answer.rule, diagnostics: answer.text },
      };
    case 'too-large':
      return { place, entries: [], report: { ...shared, status: 'unavailable', diagnostics: answer.text } };
    case 'record':
      return {
        place,
        entries: answer.entries,
        report: { ...shared, ...liveOrBehind(state, answer.entries.length) },
      };
  }
}

function liveOrBehind(state: SourceState, entries: number): Pick<SourceReport, 'status' | 'diagnostics'> {
  if (state.behind.length === 0) {
    const what = entries === 0 ? 'It answered now and holds nothing that it may show.' : 'It answered now.';
    return { status: 'live', diagnostics: `${what} Complete up to ${isoInstant(state.asAt)}.` };
  }
  const kinds = [...new Set(state.behind.map((one) => one.kind))].join(', ');
  const since = state.behind.reduce(
    (oldest, one) => Math.min(oldest, one.since),
    Number.MAX_SAFE_INTEGER,
  ) as InstantMs;
  return {
    status: 'behind',
    diagnostics:
      `It answered now, but has had no news from one of its systems since ${isoInstant(since)}. ` +
      `What may be missing since then: ${kinds}.`,
  };
}

/** As-at is what it last said of itself, where it was ever heard. */
function unavailable(parts: AssembleParts, place: Place, diagnostics: string): Part {
  const asAt = parts.network?.health.lastAsAt(place.ods);
  const report = {
    ...base(place),
    status: 'unavailable',
    diagnostics,
    ...(asAt === undefined ? {} : { asAt }),
  } as const;
  return { place, entries: [], report };
}

const base = ({
  ods,
  name,
  kind,
}: Place): Pick<SourceReport, 'ods' | 'name' | 'kind' | 'coverage' | 'behind'> => ({
  ods,
  name,
  kind,
  coverage: [],
  behind: [],
});

function sharedEntry(place: Place, { type, id, bytes }: SourceEntry): SharedEntry {
  return { source: place.ods, type, id, bytes, fullUrl: `${place.url}/fhir/${type}/${id}` };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.max(0, ms));
  const end = (): void => {
    clearTimeout(timer);
    resolve();
  };
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return promise;
}
