/**
 * The way in, opened over a store: hands out sessions that decide, do and audit, and the person index that
 * every decision about a person rests on.
 */
import type { Asker } from '../access/actor.ts';
import type { OdsCode, Seq } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { OrganisationKind } from '../base/node-config.ts';
import type { Settings } from '../base/settings.ts';
import type { PackageDefinitions } from '../fhir/package-definitions.ts';
import type { Store } from '../store/store.ts';
import { type PersonIndex, StorePersonIndex } from './person-index.ts';
import type { Records } from './session.ts';
import { StoreSession } from './store-session.ts';

export interface RecordsParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly settings: Settings;
  /** The organisation whose node it is. */
  readonly ods: OdsCode;
  readonly kind: OrganisationKind;
  readonly log: Log;
  /** Value sets and code systems of the node's packages, for searches; R4's own where left out. */
  readonly definitions?: () => Promise<PackageDefinitions>;
}

/** Called when a commit is on disk and before it is acknowledged; never throws. */
export type BeforeAnswer = (seq: Seq) => Promise<void>;

export interface OpenedRecords {
  readonly records: Records;
  readonly persons: PersonIndex;
  /** Sets what an acknowledgement waits for beside the disk. */
  beforeAnswer(wait: BeforeAnswer): void;
}

/** Records and the person index over this store, which nobody else may write to. */
export async function openRecords(parts: RecordsParts): Promise<OpenedRecords> {
  const persons = new StorePersonIndex({
    store: parts.store,
    settings: parts.settings,
    holder: { ods: parts.ods, kind: parts.kind },
  });
  const answering: { wait?: BeforeAnswer } = {};
  const bound = { ...parts, persons, answering };
  return {
    beforeAnswer(wait) {
      answering.wait = wait;
    },
    records: { as: (asker: Asker) => new StoreSession(bound, asker) },
    persons,
  };
}
