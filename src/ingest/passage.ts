/**
 * A message on its way through the intake, and what the intake works with: the shapes that its steps share.
 */
import type { Clock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { FeedConfig, NodeConfig } from '../base/node-config.ts';
import type { Settings } from '../base/settings.ts';
import type { Arrival, Feeds } from '../records/feeds.ts';
import type { RecordSession, Records } from '../records/session.ts';
import { type KeptMessage, keptMessage } from './kept-message.ts';
import type { KnownRecords } from './known-records.ts';
import type { Header } from './v2-header.ts';

export interface IntakeParts {
  readonly config: Pick<NodeConfig, 'ods' | 'name' | 'feeds'>;
  readonly records: Records;
  readonly feeds: Feeds;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly known: KnownRecords;
}

/** One message on its way through. */
export interface Passage {
  readonly raw: Buffer;
  readonly header: Header;
  readonly feed: FeedConfig | undefined;
  readonly session: RecordSession;
  readonly arrival: Arrival | undefined;
  /** The feed that lacks something where the message is refused; undefined where none does. */
  readonly lacking: string | undefined;
  /** Under which it is kept. */
  readonly name: string;
  /** The same message, when it came before. */
  readonly before: KeptMessage | undefined;
  /** Another message came before under the same control id. */
  readonly reused: boolean;
  /** The dead letter of that other one, where this one puts it right. */
  readonly corrects: string | undefined;
}

/** The message that was kept under this name; undefined where there is none. */
export async function keptBefore(session: RecordSession, name: string): Promise<KeptMessage | undefined> {
  const bytes = await session.kept('v2-messages', name);
  return bytes === undefined ? undefined : keptMessage(bytes);
}
