/** This node as a source: what it holds about a person for this asker, with its state. Used in-process and by the door for peers. */
import type { Asker } from '../access/actor.ts';
import { applySharePolicy } from '../access/share-policy.ts';
import type { InstantMs, NhsNumber } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import type { Feeds } from '../records/feeds.ts';
import type { PersonIndex } from '../records/person-index.ts';
import type { Records } from '../records/session.ts';
import type { Stored } from '../store/store.ts';
import type { SharedRecordQuery } from './shared-record.ts';
import type { SourceAnswer, SourceState } from './source-answer.ts';

export interface OwnSourceParts {
  readonly records: Records;
  readonly persons: PersonIndex;
  readonly feeds: Feeds;
  readonly clock: Clock;
  readonly settings: Pick<Settings, 'recordEntriesMax' | 'recordBytesMax'>;
}

/** What this node can say about itself now: as-at is the oldest watermark of its feeds, or now where it has none. */
export function ownState(feeds: Feeds, clock: Clock): SourceState {
  const coverage = feeds.coverage();
  const states = feeds.states();
  const asAt = states.reduce((oldest, feed) => Math.min(oldest, feed.watermark ?? 0), clock.now() as number);
  const behind = states
    .filter((feed) => feed.late)
    .flatMap((feed) =>
      feed.covers.map((kind) => ({ kind, since: feed.lateSince ?? feed.watermark ?? (0 as InstantMs) })),
    );
  return { asAt: asAt as InstantMs, coverage, behind };
}

/** The answer to one asker, of this organisation or another; audited by the session before it is returned. */
export async function answerFrom(
  parts: OwnSourceParts,
  nhsNumber: NhsNumber,
  query: SharedRecordQuery,
  asker: Asker,
): Promise<SourceAnswer> {
  const state = ownState(parts.feeds, parts.clock);
  const match = await parts.persons.locate(nhsNumber);
  const session = parts.records.as(asker);
  switch (match.kind) {
    case 'none':
      await session.note({
        action: 'disclose',
        targets: [],
        persons: [],
        outcome: 'ok',
        detail: { resources: 0 },
      });
      return { kind: 'record', state, entries: [] };
    case 'ambiguous':
    case 'unverified': {
      const rule = 'identity';
      const refused = {
        action: 'refuse',
        targets: [],
        persons: match.patients,
        outcome: 'refused',
        detail: { rule },
      } as const;
      await session.note(refused);
      return { kind: 'refused', rule, text: IDENTITY_TEXT[match.kind], state };
    }
    case 'one': {
      const verdict = applySharePolicy(
        await parts.persons.sharePolicy(match.patients),
        asker,
        parts.clock.now(),
      );
      try {
        const page = await session.compartment({
          persons: match.patients,
          withReferenced: true,
          count: parts.settings.recordEntriesMax + 1,
          ...(query.types === undefined ? {} : { types: query.types }),
          ...(query.since === undefined ? {} : { since: query.since }),
        });
        return bounded(parts, page.entries, state);
      } catch (error) {
        if (!(error instanceof Failure) || (error.code !== 'suppressed' && error.code !== 'forbidden'))
          throw error;
        return {
          kind: 'refused',
          rule: verdict.kind === 'refuse' ? verdict.rule : 'role',
          text: error.message,
          state,
        };
      }
    }
  }
}

function bounded(parts: OwnSourceParts, entries: readonly Stored[], state: SourceState): SourceAnswer {
  const { recordEntriesMax, recordBytesMax } = parts.settings;
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes.length, 0);
  if (entries.length > recordEntriesMax || bytes > recordBytesMax) {
    const text = `The record is larger than one answer may hold (${recordEntriesMax} entries, ${recordBytesMax} bytes). Ask for fewer kinds with _type.`;
    return { kind: 'too-large', text, state };
  }
  return { kind: 'record', state, entries };
}

const IDENTITY_TEXT = {
  ambiguous:
    'Several records there claim this NHS number and nobody has settled which is right, so none is shown.',
  unverified: 'The NHS number on the record there has not been verified, so the record is not joined.',
} as const;
