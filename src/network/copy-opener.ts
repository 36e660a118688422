/**
 * Opening a continuity copy: two of three holders release their shares, each having seen for itself that the
 * source is out; the segments are opened in memory, proved whole, and the source's own policy is applied
 * before anything leaves. Every opening is audited, and told to the source when it is back.
 */

import type { Asker } from '../access/actor.ts';
import { applySharePolicy, showsUnder } from '../access/share-policy.ts';
import type { NhsNumber, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Settings } from '../base/settings.ts';
import { eachReference, parseReference } from '../fhir/references.ts';
import { type Closed, type CopyEntry, type CopySegment, decodeSegment } from './copy-segment.ts';
import { decodeReleased, type Released, type SealedSegment } from './copy-wire.ts';
import type { DirectoryEntry } from './directory.ts';
import type { PeerClient } from './peer-client.ts';
import { areOfPerson } from './person-check.ts';
import type { Pseudonym } from './pseudonym.ts';
import { joinKey, openSegment, SHARES_NEEDED } from './sealing.ts';
import type { RefusalRule, SharedRecordQuery } from './shared-record.ts';
import type { SourceEntry, SourceState } from './source-answer.ts';

export type OpenedCopy =
  | {
      readonly kind: 'copy';
      readonly state: SourceState;
      readonly entries: readonly SourceEntry[];
      /** The numbers that the source had verified of the person. */
      readonly nhsNumbers: readonly NhsNumber[];
      /** A newer push that lost most of the record is held back for a person to look at. */
      readonly isHeldBack: boolean;
    }
  | {
      readonly kind: 'refused';
      readonly rule: RefusalRule;
      readonly text: string;
      readonly state: SourceState;
    }
  /** Too few holders released their share, or none has a copy. */
  | { readonly kind: 'closed' };

interface OpenerParts {
  readonly ods: OdsCode;
  readonly client: PeerClient;
  readonly entryOf: (ods: OdsCode) => DirectoryEntry | undefined;
  /** Known to be out: not worth waiting for. */
  readonly isOut: (ods: OdsCode) => boolean;
  /** This node's own shelf, where it is itself a holder. */
  readonly releaseHere: (source: DirectoryEntry, p: Pseudonym, asker: Asker) => Promise<Released | undefined>;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: Pick<Settings, 'recordBytesMax' | 'jsonDepthMax'>;
}

export interface OpenRequest {
  readonly source: DirectoryEntry;
  readonly nhsNumber: NhsNumber;
  readonly p: Pseudonym;
  readonly query: SharedRecordQuery;
  readonly asker: Asker;
  readonly timeoutMs: number;
}

export class CopyOpener {
  readonly #parts: OpenerParts;

  constructor(parts: OpenerParts) {
    this.#parts = parts;
  }

  async open(request: OpenRequest): Promise<OpenedCopy> {
    const released = await this.#released(request);
    const copies = released
      .filter((one) => one.segments.length > 0 && one.through !== undefined)
      .sort((a, b) => (b.through?.asAt ?? 0) - (a.through?.asAt ?? 0));
    for (const copy of copies) {
      const shares = released.filter((one) => one.set === copy.set).map((one) => one.share);
      if (shares.length < SHARES_NEEDED || copy.through === undefined) continue;
      try {
        const key = await joinKey(shares.slice(0, SHARES_NEEDED));
        const segments = opened(key, request, copy, this.#parts.settings);
        return this.#apply(request, segments, copy.through, copy.held !== undefined);
      } catch (error) {
        this.#parts.log.error(
          { source: request.source.ods, error: String(error) },
          'a continuity copy did not prove genuine',
        );
      }
    }
    return { kind: 'closed' };
  }

  #apply(request: OpenRequest, copy: OpenedSegments, through: SourceState, isHeldBack: boolean): OpenedCopy {
    const { refusal } = copy;
    if (refusal === 'too-large') return { kind: 'closed' };
    if (refusal === 'gone') return { kind: 'copy', state: through, entries: [], nhsNumbers: [], isHeldBack };
    if (refusal !== undefined) {
      return {
        kind: 'refused',
        rule: refusal,
        text: 'The record there could not be joined to this person.',
        state: through,
      };
    }
    const verdict = applySharePolicy(copy.policy, request.asker, this.#parts.clock.now());
    if (verdict.kind === 'refuse')
      return { kind: 'refused', rule: verdict.rule, text: verdict.text, state: through };
    const { types, since } = request.query;
    const shown = copy.entries.filter((entry) => showsUnder(verdict, entry.type, entry.labels));
    const entries = withoutLoose(shown).filter(
      (entry) =>
        (types === undefined || types.includes(entry.type)) &&
        (since === undefined || entry.lastUpdated >= since),
    );
    return { kind: 'copy', state: through, entries, nhsNumbers: copy.policy.nhsNumbers, isHeldBack };
  }

  /** What holders release in time: all three are asked side by side, and two that fit together are enough. */
  async #released(request: OpenRequest): Promise<Released[]> {
    const { source, timeoutMs } = request;
    const holders = [...source.custodians, source.guardian].filter((ods) => !this.#parts.isOut(ods));
    if (holders.length < SHARES_NEEDED) return [];
    const released: Released[] = [];
    const asked = new AbortController();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      let left = holders.length;
      for (const holder of holders) {
        void this.#ask(holder, request, asked.signal)
          .catch(() => undefined)
          .then((one) => {
            left--;
            if (one !== undefined) released.push(one);
            const canBeEnough = released.length + left >= SHARES_NEEDED;
            if (left > 0 && canBeEnough && !isEnough(released)) return;
            clearTimeout(timer);
            resolve();
          });
      }
    });
    asked.abort('enough');
    return released;
  }

  async #ask(holder: OdsCode, request: OpenRequest, signal: AbortSignal): Promise<Released | undefined> {
    const { source, p, asker, timeoutMs } = request;
    if (holder === this.#parts.ods) return this.#parts.releaseHere(source, p, asker);
    const entry = this.#parts.entryOf(holder);
    if (entry === undefined) return undefined;
    const answer = await this.#parts.client.call({
      to: holder,
      url: entry.url,
      method: 'POST',
      path: '/copies/release',
      actor: asker.actor,
      purpose: asker.purpose,
      requestId: asker.requestId,
      body: Buffer.from(JSON.stringify({ source: source.ods, p })),
      timeoutMs,
      bytesMax: this.#parts.settings.recordBytesMax,
      signal,
    });
    return answer.kind === 'answer' && answer.status === 200 ? decodeReleased(answer.body) : undefined;
  }
}

function isEnough(released: readonly Released[]): boolean {
  return released.some(
    (one) =>
      one.segments.length > 0 && released.filter((other) => other.set === one.set).length >= SHARES_NEEDED,
  );
}

interface OpenedSegments {
  readonly policy: CopySegment['policy'];
  readonly refusal?: Closed;
  readonly entries: readonly CopyEntry[];
}

/**
 * What only hidden entries refer to is hidden with them: a clinic's name says as much as the letter from it.
 */
function withoutLoose(entries: readonly CopyEntry[]): readonly CopyEntry[] {
  const loose = new Map(entries.filter((one) => !one.isOwn).map((one) => [`${one.type}/${one.id}`, one]));
  const kept = entries.filter((one) => one.isOwn);
  for (const entry of kept) {
    if (loose.size === 0) break;
    eachReference(JSON.parse(entry.bytes.toString()), (text) => {
      const reference = parseReference(text);
      const key = reference.kind === 'local' ? `${reference.type}/${reference.id}` : '';
      const named = loose.get(key);
      if (named === undefined) return;
      loose.delete(key);
      kept.push(named); // and what that refers to, in its turn
    });
  }
  return kept;
}

/**
 * The record that the segments make. Throws where one was changed, is missing in between, or holds what it
 * may not.
 */
function opened(
  key: Buffer,
  request: OpenRequest,
  copy: Released,
  { recordBytesMax: bytesMax, jsonDepthMax }: OpenerParts['settings'],
): OpenedSegments {
  const entries = new Map<string, CopyEntry>();
  let last: CopySegment | undefined;
  let before = '';
  const open = ({ name, after, sealed }: SealedSegment): CopySegment => {
    const place = { source: request.source.ods, p: request.p, name, after };
    return decodeSegment(openSegment(key, place, sealed, bytesMax));
  };
  for (const one of copy.segments) {
    if (one.after !== before) throw new Error('a segment is missing');
    before = one.name;
    const segment = open(one);
    for (const gone of segment.removed) entries.delete(gone);
    for (const entry of segment.entries) entries.set(`${entry.type}/${entry.id}`, entry);
    last = segment;
  }
  // dissent counts at once, also where the entries that came with it are held back
  const { policy, refusal } = copy.held === undefined ? (last ?? noSegment()) : open(copy.held);
  const all = [...entries.values()];
  const patients = all.filter((one) => one.type === 'Patient').map((one) => one.id);
  if (!areOfPerson(request.nhsNumber, patients, all, true, jsonDepthMax))
    throw new Error('it is not this person');
  return { policy, entries: all, ...(refusal === undefined ? {} : { refusal }) };
}

function noSegment(): never {
  throw new Error('there is no segment');
}
