/**
 * Asking one source for its part of a shared record: live, until it is whole or late; its continuity copy where it is
 * out, or turns out to be while it is waited for; and what to say of it, whatever it did.
 */
import type { Asker } from '../access/actor.ts';
import type { Id, InstantMs, NhsNumber, OdsCode } from '../base/brands.ts';
import { type Clock, isoInstant } from '../base/clock.ts';
import type { Settings } from '../base/settings.ts';
import type { PersonIndex } from '../records/person-index.ts';
import type { Records } from '../records/session.ts';
import type { CopyOpener, OpenedCopy } from './copy-opener.ts';
import type { DirectoryEntry } from './directory.ts';
import type { DirectoryKeeper } from './directory-keeper.ts';
import type { Health, Symptom } from './health.ts';
import type { Locator } from './locator.ts';
import { answerFrom, type OwnSourceParts } from './own-source.ts';
import type { PeerClient } from './peer-client.ts';
import type { Pseudonym, Pseudonymise } from './pseudonym.ts';
import type { SharedRecordQuery, SourceReport } from './shared-record.ts';
import {
  decodeAnswer,
  NEVER,
  type SourceAnswer,
  type SourceEntry,
  type SourceState,
} from './source-answer.ts';

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

export type Place = Pick<DirectoryEntry, 'ods' | 'name' | 'kind' | 'url'>;
export interface Ask {
  readonly nhsNumber: NhsNumber;
  readonly query: SharedRecordQuery;
  readonly asker: Asker;
  /** Monotonic time by which every source has answered or is late. */
  readonly deadline: number;
  /** The person's Patients at this node, for the audit. */
  readonly persons: readonly Id[];
}
export interface Part {
  readonly place: Place;
  readonly report: SourceReport;
  readonly entries: readonly SourceEntry[];
  /** The numbers that the source has verified of the person, as far as it said. */
  readonly nhsNumbers: readonly NhsNumber[];
}

/**
 * A source that is not whole by this share of its time is looked at more closely, and its copy opened beside the
 * call where two holders see that it is out: early enough that their looks and the opening fit into what is left.
 */
const HEDGE = 0.35;

/** What this source contributes, or why it does not. Within the deadline; never throws for what the source did. */
export async function askSource(parts: AssembleParts, place: Place, ask: Ask): Promise<Part> {
  const { network, clock } = parts;
  if (place.ods === parts.ods) {
    const answer = await answerFrom(parts, ask.nhsNumber, ask.query, ask.asker);
    return fromAnswer(place, answer, clock.now());
  }
  const entry = network?.directory.entry(place.ods);
  if (network === undefined || entry === undefined) {
    return unavailable(parts, place, 'It is not in the directory of this network, so it could not be asked.');
  }
  if (network.health.state(entry.ods) === 'down') {
    return fromCopy(parts, entry, await openCopy(parts, entry, ask), network.health.symptom(entry.ods));
  }
  const { answer, copy } = await askBoth(parts, entry, ask);
  switch (answer.kind) {
    case 'record':
    case 'refused':
    case 'too-large':
      return fromAnswer(place, answer, clock.now());
    case 'down':
      network.health.refused(entry);
      return fromCopy(parts, entry, copy ?? (await openCopy(parts, entry, ask)), 'silent');
    case 'late':
      if (copy !== undefined) return fromCopy(parts, entry, copy, answer.hasBegun ? 'slow' : 'silent');
      return unavailable(parts, place, answer.hasBegun ? SLOW_TEXT : LATE_TEXT.late);
    default:
      if (copy !== undefined) return fromCopy(parts, entry, copy, 'nonsense');
      return unavailable(parts, place, LATE_TEXT[answer.kind]);
  }
}

/**
 * The source, and after a while its copy beside it: whichever is whole first ends the waiting, and where both are the
 * source counts. A call that ends without an answer leaves the copy the time that there is.
 */
async function askBoth(
  parts: AssembleParts,
  entry: DirectoryEntry,
  ask: Ask,
): Promise<{ readonly answer: LiveAnswer; readonly copy: Opened | undefined }> {
  const settled = new AbortController();
  const live = askLive(parts, entry, ask, settled.signal);
  const early = Math.max(0, ask.deadline - parts.clock.monotonicMs()) * HEDGE;
  const hedge = pause(early, settled.signal).then(() =>
    settled.signal.aborted ? undefined : openCopy(parts, entry, ask),
  );
  await Promise.race([
    live.then((answer) => (isWhole(answer) || answer.kind === 'down' ? undefined : hedge)),
    hedge.then((copy) => (copy === undefined ? live : undefined)),
  ]);
  settled.abort(SETTLED);
  const answer = await live;
  return { answer, copy: isWhole(answer) ? undefined : await hedge };
}

const isWhole = ({ kind }: LiveAnswer): boolean =>
  kind === 'record' || kind === 'refused' || kind === 'too-large';

type Opened = Exclude<OpenedCopy, { readonly kind: 'closed' }>;

/** A reason of one's own: making the usual one costs more than the rest of ending a call. */
const SETTLED = 'settled';
/** What is wrong with a source that is out. */
const SYMPTOM_TEXT: Readonly<Record<Symptom, string>> = {
  silent: 'It does not answer',
  slow: 'It answers too slowly',
  nonsense: 'What it answers makes no sense',
};
const SLOW_TEXT = 'It answers too slowly: nothing whole came in time. Try again in a moment.';
const LATE_TEXT = {
  late: 'It did not answer in time. Try again in a moment.',
  garbage: 'What it answered made no sense, or was not about this person, so none of it is shown.',
  failed: 'It answered that it cannot give the record now. Try again in a moment.',
} as const;

type LiveAnswer =
  | SourceAnswer
  | { readonly kind: 'late'; readonly hasBegun: boolean }
  | { readonly kind: 'down' | 'garbage' | 'failed' };

async function askLive(
  parts: AssembleParts,
  entry: DirectoryEntry,
  { nhsNumber, query, asker, deadline }: Ask,
  signal: AbortSignal,
): Promise<LiveAnswer> {
  const timeoutMs = deadline - parts.clock.monotonicMs();
  if (parts.network === undefined || timeoutMs <= 0) return { kind: 'late', hasBegun: false };
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
  if (answer.kind !== 'answer') return answer;
  if (answer.status !== 200) return { kind: 'failed' };
  const isFiltered = query.types !== undefined || query.since !== undefined;
  const question = { nhsNumber, isFiltered, entriesMax: recordEntriesMax, depthMax: jsonDepthMax };
  return decodeAnswer(answer.body, question) ?? { kind: 'garbage' };
}

/** What an answer holds beside the entries. */
const TABLE_BYTES_MAX = 10_000_000;

/** The source's copy, where it may be opened; its opening is audited here, and the source is told of it. */
async function openCopy(parts: AssembleParts, entry: DirectoryEntry, ask: Ask): Promise<Opened | undefined> {
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
  return copy;
}

function fromCopy(
  parts: AssembleParts,
  entry: DirectoryEntry,
  copy: Opened | undefined,
  symptom: Symptom,
): Part {
  const what = SYMPTOM_TEXT[symptom];
  if (copy === undefined)
    return unavailable(parts, entry, `${what}, and there is no copy that may be opened now.`);
  if (copy.kind === 'refused') return fromAnswer(entry, copy, parts.clock.now());
  const held = copy.isHeldBack
    ? ' A later state, which had lost most of the entries, is held back for a person to look at.'
    : '';
  const state = notAfter(copy.state, parts.clock.now());
  const text = `${what}. This is the copy that it left for such a time, ${upTo(state)}.${held}`;
  return {
    place: entry,
    report: { ...base(entry), ...stated(state), status: 'copy', diagnostics: text },
    entries: copy.entries,
    nhsNumbers: copy.nhsNumbers,
  };
}

/** Nobody knows what is still to come: where a source's clock runs ahead, its times stop at ours. */
function notAfter(state: SourceState, now: InstantMs): SourceState {
  const atMost = (at: InstantMs): InstantMs => Math.min(at, now) as InstantMs;
  return {
    ...state,
    asAt: atMost(state.asAt),
    coverage: state.coverage.map((one) => ({ ...one, asAt: atMost(one.asAt) })),
    behind: state.behind.map((one) => ({ ...one, since: atMost(one.since) })),
  };
}

/** What a report takes over of a state; where the source never knew that it had everything, no as-at. */
function stated({ asAt, coverage, behind }: SourceState): Pick<SourceReport, 'asAt' | 'coverage' | 'behind'> {
  return { coverage, behind, ...(asAt === NEVER ? {} : { asAt }) };
}

function upTo({ asAt }: SourceState): string {
  return asAt === NEVER
    ? 'and nobody knows up to when it is complete'
    : `complete up to ${isoInstant(asAt)}; anything newer is missing`;
}

function fromAnswer(place: Place, answer: SourceAnswer, now: InstantMs): Part {
  const state = notAfter(answer.state, now);
  const shared = { ...base(place), ...stated(state) };
  switch (answer.kind) {
    case 'refused':
      return {
        place,
        ...NOTHING,
        report: { ...shared, status: 'refused', rule: answer.rule, diagnostics: answer.text },
      };
    case 'too-large':
      return { place, ...NOTHING, report: { ...shared, status: 'unavailable', diagnostics: answer.text } };
    case 'record':
      return {
        place,
        entries: answer.entries,
        nhsNumbers: answer.nhsNumbers,
        report: { ...shared, ...liveOrBehind(state, answer.entries.length) },
      };
  }
}

function liveOrBehind(state: SourceState, entries: number): Pick<SourceReport, 'status' | 'diagnostics'> {
  if (state.behind.length === 0) {
    const what = entries === 0 ? 'It answered now and holds nothing that it may show.' : 'It answered now.';
    return { status: 'live', diagnostics: `${what} Complete up to ${isoInstant(state.asAt)}.` };
  }
  return { status: 'behind', diagnostics: `It answered now, but ${whatIsMissing(state)}` };
}

function whatIsMissing({ behind, refused }: SourceState): string {
  const kinds = [...new Set(behind.map((one) => one.kind))].join(', ');
  const since = behind.reduce(
    (oldest, one) => Math.min(oldest, one.since),
    Number.MAX_SAFE_INTEGER,
  ) as InstantMs;
  const hasNews = since !== NEVER;
  const from = hasNews ? ` since ${isoInstant(since)}` : '';
  return `${causeWords(refused, hasNews)}${from}. What may be missing${hasNews ? ' since then' : ''}: ${kinds}.`;
}

function causeWords(refused: number | undefined, hasNews: boolean): string {
  if (refused === undefined)
    return hasNews ? 'has had no news from one of its systems' : 'one of its systems has never been heard';
  const messages = refused === 1 ? 'a message' : `${refused} messages`;
  return `${messages} from its systems could not be taken, so its record may not be whole`;
}

/** As-at is what it last said of itself, where it was ever heard. */
function unavailable(parts: AssembleParts, place: Place, diagnostics: string): Part {
  const asAt = parts.network?.health.lastAsAt(place.ods);
  const report = {
    ...base(place),
    status: 'unavailable',
    diagnostics,
    ...(asAt === undefined || asAt === NEVER ? {} : { asAt }),
  } as const;
  return { place, ...NOTHING, report };
}

const NOTHING: Omit<Part, 'place' | 'report'> = { entries: [], nhsNumbers: [] };

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
