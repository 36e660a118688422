/** What the pages are given by the composition root, and what every page of a node is made with. */
import type { Authenticator } from '../access/authenticator.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { NodeConfig } from '../base/node-config.ts';
import type { Settings } from '../base/settings.ts';
import type { SharedRecords } from '../network/shared-record.ts';
import type { Assets } from './assets.ts';
import type { OpenPersons } from './open-persons.ts';
import type { Supervisor } from './supervisor.ts';

export interface WebDoorOptions {
  readonly config: NodeConfig;
  readonly sharedRecords: SharedRecords;
  readonly authenticator: Authenticator;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
}

export interface WebParts extends WebDoorOptions {
  readonly assets: Assets;
  readonly openPersons: OpenPersons;
  /** Only in the demo. */
  readonly supervisor: Supervisor | undefined;
}
