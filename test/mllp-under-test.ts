/** For tests: the MLLP door of a node over real records, on a free port, and source systems that talk to it. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timeOrderedIds } from '../src/base/ids.ts';
import { silentLog } from '../src/base/log.ts';
import type { FeedConfig } from '../src/base/node-config.ts';
import type { Settings } from '../src/base/settings.ts';
import { searchParameter } from '../src/fhir/definitions.ts';
import type { ResourceOf, ResourceType } from '../src/fhir/resource.ts';
import { validate } from '../src/fhir/validate.ts';
import type { Intake } from '../src/ingest/intake.ts';
import { type Mllp, openMllp } from '../src/ingest/mllp-server.ts';
import { type OpenedIntake, openIntake } from '../src/ingest/open-intake.ts';
import { type Feeds, openFeeds } from '../src/records/feeds.ts';
import { asker, HERE, openRecordsUnderTest, type RecordsUnderTest } from './records-under-test.ts';

export interface MllpUnderTest extends RecordsUnderTest {
  readonly feeds: Feeds;
  /** Where the feeds are kept. */
  readonly feedsFolder: string;
  /** What the door takes its messages to; another one after a restart. */
  intake(): Intake;
  /** The port, which another one replaces with each restart. */
  port(): number;
  /** Sends on a connection of its own; the answer's text without its frame. */
  send(message: string | Buffer): Promise<string>;
  /** Closes the door and opens it anew over the same records. */
  restart(): Promise<void>;
  /** Every current resource of a type, by id, each of them valid. */
  all<T extends ResourceType>(type: T): Promise<readonly ResourceOf<T>[]>;
  /** Those that carry this identifier value. */
  withNumber<T extends ResourceType>(type: T, value: string): Promise<readonly ResourceOf<T>[]>;
}

/** One feed that takes any sender. */
export const ANY_FEED: FeedConfig = {
  name: 'any',
  transport: 'mllp',
  covers: ['Patient', 'Encounter', 'Observation', 'DiagnosticReport', 'DocumentReference'],
  heartbeatSeconds: 60,
};

/** Opens the node RCB with an MLLP door. */
export async function openMllpUnderTest(
  feedConfigs: readonly FeedConfig[] = [ANY_FEED],
  given: Partial<Settings> = {},
): Promise<MllpUnderTest> {
  // a test machine may be too busy for the promise that this setting makes
  const node = await openRecordsUnderTest({ readAuditStallMs: 30_000, ...given });
  const folder = await mkdtemp(join(tmpdir(), 'openward-feeds-'));
  const { clock, records, settings } = node;
  const feeds = await openFeeds({ feeds: feedConfigs, folder, clock });
  const ids = timeOrderedIds(clock);
  const config = { ods: HERE, name: 'Trust', feeds: feedConfigs };
  const door = async (): Promise<{ readonly mllp: Mllp; readonly opened: OpenedIntake }> => {
    const parts = { config, records, feeds, settings, clock, ids, log: silentLog };
    const opened = await openIntake(parts);
    const { intake } = opened;
    return { mllp: await openMllp({ ...parts, intake, host: '127.0.0.1', port: 0 }), opened };
  };
  let open = await door();
  const shut = async (): Promise<void> => {
    await open.mllp.close();
    await open.opened.close();
  };
  const search = async <T extends ResourceType>(
    type: T,
    value?: string,
  ): Promise<readonly ResourceOf<T>[]> => {
    const parameter = searchParameter(type, 'identifier');
    const filters =
      value === undefined || parameter === undefined
        ? []
        : [{ kind: 'parameter' as const, parameter, values: [{ kind: 'token' as const, value }] }];
    const page = await records
      .as(asker('system'))
      .search({ type, filters, sort: [], count: 1000, total: 'none', include: [], revinclude: [] });
    return page.entries.map(({ bytes }) => {
      const resource: unknown = JSON.parse(bytes.toString());
      const issues = validate(resource);
      if (issues.length > 0) throw new Error(`${type} is not valid: ${JSON.stringify(issues[0])}`);
      return resource as ResourceOf<T>;
    });
  };
  return {
    ...node,
    feeds,
    feedsFolder: folder,
    intake: () => open.opened.intake,
    port: () => open.mllp.port,
    async send(message) {
      const source = await SourceSystem.connect(open.mllp.port);
      const answer = await source.ask(message);
      source.hangUp();
      return answer;
    },
    async restart() {
      await shut();
      open = await door();
    },
    all: (type) => search(type),
    withNumber: search,
    async close() {
      await shut();
      await feeds.close();
      await node.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One connection of a source system. */
export class SourceSystem {
  readonly socket: Socket;
  #came = Buffer.alloc(0);
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#came = Buffer.concat([this.#came, chunk]);
      this.#wake();
    });
    socket.on('close', () => this.#wake());
    socket.on('error', () => socket.destroy());
  }

  static async connect(port: number): Promise<SourceSystem> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new SourceSystem(socket);
  }

  /** Sends bytes as they are. */
  write(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** The text of the next answer; '' where the connection ended before it. */
  async answer(): Promise<string> {
    for (;;) {
      const end = this.#came.indexOf('\x1c\r');
      if (end >= 0) {
        const text = this.#came.toString('utf8', 1, end);
        this.#came = this.#came.subarray(end + 2);
        return text;
      }
      if (this.socket.destroyed || this.socket.readableEnded) return '';
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  ask(message: string | Buffer): Promise<string> {
    this.write(inFrame(message));
    return this.answer();
  }

  hangUp(): void {
    this.socket.destroy();
  }
}

/** A message in its MLLP frame. */
export function inFrame(message: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x0b]), Buffer.from(message), Buffer.from([0x1c, 0x0d])]);
}

/** MSA-1 of an answer. */
export function code(answer: string): string {
  return /(?:^|\r)MSA\|([A-Z]{2})/.exec(answer)?.[1] ?? '';
}

interface Said {
  readonly id: string;
  readonly event?: string;
  readonly at?: string;
  readonly app?: string;
  readonly version?: string;
  readonly charset?: string;
}

/** MSH and EVN. */
export function header({
  id,
  event = 'ADT^A01',
  at = '20261101120000',
  app = 'PAS',
  version = '2.4',
  charset = '',
}: Said): string {
  return `MSH|^~\\&|${app}|RCB|OPENWARD|RCB|${at}||${event}|${id}|P|${version}||||||${charset}\rEVN|${event.split('^')[1]}|${at}`;
}
