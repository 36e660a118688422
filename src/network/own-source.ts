/**
 * This node as a source: what it holds about a person for this asker, with its state. Used in-process and by
 * the door for peers.
 */
import type { Asker } from '../access/actor.ts';
import { applySharePolicy, isProtectedPerson, seesSharedRecords } from '../access/share-policy.ts';
import type { Id, InstantMs, NhsNumber, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import type { Feeds } from '../records/feeds.ts';
import type { PersonIndex } from '../records/person-index.ts';
import type { AuditNote, Records } from '../records/session.ts';
import type { Stored } from '../store/store.ts';
import type { RefusalRule, SharedRecordQuery } from './shared-record.ts';
import { NEVER, type SourceAnswer, type SourceState } from './source-answer.ts';

export interface OwnSourceParts {
  readonly records: Records;
  readonly persons: PersonIndex;
  readonly feeds: Feeds;
  readonly clock: Clock;
  readonly settings: Pick<Settings, 'recordEntriesMax' | 'recordBytesMax'>;
  readonly ods: OdsCode;
  /** This service's being there must not show: from outside, it holds nothing. */
  readonly isProtected: boolean;
}

/**
 * What this node can say about itself now: as-at is the oldest watermark of its feeds, NEVER where one has not
 * been heard yet, or now where it has no feeds.
 */
export function ownState(feeds: Feeds, clock: Clock): SourceState {
  const coverage = feeds.coverage();
  const states = feeds.states();
  const asAt = states.reduce(
    (oldest, feed) => Math.min(oldest, feed.watermark ?? NEVER),
    clock.now() as number,
  );
  const behind = states
    .filter((feed) => feed.late)
    .flatMap((feed) => feed.covers.map((kind) => ({ kind, since: feed.lateSince ?? NEVER })));
  const refused = states.reduce((sum, feed) => sum + (feed.refused?.count ?? 0), 0);
  return { asAt: asAt as InstantMs, coverage, behind, ...(refused === 0 ? {} : { refused }) };
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
  if (!seesSharedRecords(asker)) {
    const text = `The role ${asker.actor.role} does not see shared records.`;
    await session.note(refusal([], 'role'));
    return { kind: 'refused', rule: 'role', text, state };
  }
  if (match.kind !== 'none' && (await isHidden(parts, match.patients, asker))) {
    await session.note(refusal(match.patients, 'label'));
    return holdsNothing(state);
  }
  switch (match.kind) {
    case 'none':
      await session.note({
        action: 'disclose',
        targets: [],
        persons: [],
        outcome: 'ok',
        detail: { resources: 0 },
      });
      return holdsNothing(state);
    case 'ambiguous':
    case 'unverified': {
      await session.note(refusal(match.patients, 'identity'));
      return { kind: 'refused', rule: 'identity', text: IDENTITY_TEXT[match.kind], state };
    }
    case 'one': {
      const policy = await parts.persons.sharePolicy(match.patients);
      const verdict = applySharePolicy(policy, asker, parts.clock.now());
      if (verdict.kind === 'refuse' && verdict.rule === 'label') {
        // whoever asks: a record that its label closes to a role is closed to it here too
        await session.note(refusal(match.patients, 'label'));
        return { kind: 'refused', rule: 'label', text: verdict.text, state };
      }
      try {
        const page = await session.compartment({
          persons: match.patients,
          withReferenced: true,
          count: parts.settings.recordEntriesMax + 1,
          ...(query.types === undefined ? {} : { types: query.types }),
          ...(query.since === undefined ? {} : { since: query.since }),
        });
        return bounded(parts, page.entries, match.patients, policy.nhsNumbers, state);
      } catch (error) {
        if (!(error instanceof Failure) || (error.code !== 'suppressed' && error.code !== 'forbidden'))
          throw error;
        return {
          kind: 'refused',
          rule: verdict.kind === 'refuse' ? verdict.rule : error.code === 'suppressed' ? 'label' : 'role',
          text: error.message,
          state,
        };
      }
    }
  }
}

const holdsNothing = (state: SourceState): SourceAnswer => ({
  kind: 'record',
  state,
  patients: [],
  nhsNumbers: [],
  entries: [],
});

const refusal = (persons: readonly Id[], rule: RefusalRule): AuditNote => ({
  action: 'refuse',
  targets: [],
  persons,
  outcome: 'refused',
  detail: { rule, act: 'disclose' },
});

/** Whether it must not show outside that anything is held here of these Patients. */
async function isHidden(parts: OwnSourceParts, patients: readonly Id[], asker: Asker): Promise<boolean> {
  if (asker.actor.organisation === parts.ods) return false;
  return parts.isProtected || isProtectedPerson(await parts.persons.sharePolicy(patients));
}

function bounded(
  parts: OwnSourceParts,
  entries: readonly Stored[],
  patients: readonly Id[],
  nhsNumbers: readonly NhsNumber[],
  state: SourceState,
): SourceAnswer {
  const { recordEntriesMax, recordBytesMax } = parts.settings;
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes.length, 0);
  if (entries.length > recordEntriesMax || bytes > recordBytesMax) {
    const text =
      `The record is larger than one answer may hold (${recordEntriesMax} entries, ` +
      `${recordBytesMax} bytes). Ask for fewer kinds with _type.`;
    return { kind: 'too-large', text, state };
  }
  return { kind: 'record', state, patients, nhsNumbers, entries };
}

const IDENTITY_TEXT = {
  ambiguous:
    'Several records there claim this NHS number and nobody has settled which is right, so none is shown.',
  unverified: 'The NHS number on the record there has not been verified, so the record is not joined.',
} as const;
