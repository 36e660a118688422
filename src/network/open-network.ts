/**
 * Puts the network's parts of one node together: alone (a shared record of itself), as a member, or as the
 * exchange. What each part does stands in its own file; here is who knows whom.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Asker } from '../access/actor.ts';
import { seesSharedRecords } from '../access/share-policy.ts';
import type { Id, InstantMs, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { NodeConfig } from '../base/node-config.ts';
import type { Settings } from '../base/settings.ts';
import type { Feeds } from '../records/feeds.ts';
import type { OpenedRecords } from '../records/open-records.ts';
import type { PersonIndex } from '../records/person-index.ts';
import type { Records } from '../records/session.ts';
import type { Blobs } from '../store/store.ts';
import type { AssembleParts } from './ask-source.ts';
import { assemble } from './assemble.ts';
import { CopyOpener } from './copy-opener.ts';
import { CopyShelf } from './copy-shelf.ts';
import { CopySource } from './copy-source.ts';
import type { Released } from './copy-wire.ts';
import { type DirectoryEntry, type Member, signDirectory, withCustodians } from './directory.ts';
import { DirectoryKeeper } from './directory-keeper.ts';
import { networkDoor } from './door.ts';
import { Health } from './health.ts';
import type { NodeKeys } from './keys.ts';
import { Locator } from './locator.ts';
import { LocatorExchange } from './locator-exchange.ts';
import { machinery, TokenChecker, TokenSigner } from './node-token.ts';
import { type Notice, Notices, type ToldNotice } from './notices.ts';
import { answerFrom, ownState } from './own-source.ts';
import { PeerClient } from './peer-client.ts';
import { type Pseudonym, type Pseudonymise, pseudonymiser } from './pseudonym.ts';
import { recordBundle } from './record-bundle.ts';
import { unsealWith } from './sealing.ts';
import type { SharedRecords } from './shared-record.ts';

export interface NetworkParts {
  readonly config: NodeConfig;
  readonly records: Records;
  readonly persons: PersonIndex;
  /** Sets what the acknowledgement of a write waits for beside the disk. */
  readonly beforeAnswer: OpenedRecords['beforeAnswer'];
  readonly feeds: Feeds;
  readonly keys: NodeKeys;
  readonly blobs: Blobs;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

export interface Network {
  readonly sharedRecords: SharedRecords;
  /** To be mounted at /network. */
  readonly door: (server: FastifyInstance) => Promise<void>;
  /** Begins to probe, follow and push; after the node listens. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** How often the directory is asked for. */
const DIRECTORY_MS = 2000;
/** How often notices that a source has not heard are tried again. */
const NOTICES_MS = 5000;
/** Ids of notices kept in mind. */
const NOTICED_MAX = 20_000;
const PEOPLE_AT_ONCE = 500;

/** Throws Failure `value` where the configuration names an exchange but no locator key that fits. */
export async function openNetwork(parts: NetworkParts): Promise<Network> {
  const { config, records, persons, feeds, clock, settings } = parts;
  const self = {
    ods: config.ods,
    name: config.name,
    kind: config.kind,
    url: `http://${config.host}:${config.port}`,
  };
  const isProtected = config.isProtected === true;
  const own: AssembleParts = { ods: config.ods, self, isProtected, records, persons, feeds, clock, settings };
  if (config.exchange === undefined) return alone(own, self);
  return new Membership(parts, own, await openRooms(parts, config.exchange)).network();
}

function alone(own: AssembleParts, self: AssembleParts['self']): Network {
  return {
    sharedRecords: {
      assemble: (nhsNumber, query, asker) => assemble(own, nhsNumber, query, asker),
      bundle: recordBundle,
      organisations: () => [{ ...self, state: 'up', lastSeen: own.clock.now() }],
    },
    door: async (server) => {
      server.get('/status', (_request, reply) => reply.send({ published: true, copiesWaiting: 0 }));
    },
    start: async () => undefined,
    close: async () => undefined,
  };
}

interface Rooms {
  readonly exchangeUrl: string;
  readonly directory: DirectoryKeeper;
  readonly client: PeerClient;
  readonly shelf: CopyShelf;
  readonly notices: Notices;
  readonly locatorExchange?: LocatorExchange;
}

async function openRooms(parts: NetworkParts, exchange: NonNullable<NodeConfig['exchange']>): Promise<Rooms> {
  const { config, keys, clock, ids, log, settings } = parts;
  const folder = join(config.data, 'network');
  const directory = await DirectoryKeeper.open(folder, exchange.publicKey, clock, log);
  const lifeSeconds = settings.nodeTokenLifeSeconds;
  const client = new PeerClient(
    new TokenSigner({ ods: config.ods, key: keys.signing, clock, ids, lifeSeconds }),
  );
  const shelf = await CopyShelf.open({
    ...parts,
    throughPath: join(folder, 'through.ndjson'),
    unseal: (sealed) => unsealWith(keys.sealing, sealed),
  });
  const notices = await Notices.open(join(folder, 'notices.ndjson'), clock, ids);
  const shared = { exchangeUrl: exchange.url, directory, client, shelf, notices };
  if (config.kind !== 'exchange') return shared;
  const members = (): OdsCode[] =>
    directory
      .entries()
      .filter((entry) => entry.kind !== 'exchange')
      .map((entry) => entry.ods);
  const path = join(folder, 'pointers.ndjson');
  return { ...shared, locatorExchange: await LocatorExchange.open({ path, clock, ids, members }) };
}

class Membership {
  readonly #parts: NetworkParts;
  readonly #own: AssembleParts;
  readonly #rooms: Rooms;
  readonly #health: Health;
  #locator: Locator | undefined;
  #copies: CopySource | undefined;
  #directoryTimer: NodeJS.Timeout | undefined;
  #noticesTimer: NodeJS.Timeout | undefined;
  /** Notices taken lately, so that one told twice has one row. */
  readonly #noticedIds = new Set<string>();
  readonly #pseudonymise: Pseudonymise | undefined;
  #isClosed = false;
  #signed: { readonly text: string; readonly membersAt: number; readonly until: number } | undefined;

  constructor(parts: NetworkParts, own: AssembleParts, rooms: Rooms) {
    this.#parts = parts;
    this.#own = own;
    this.#rooms = rooms;
    const { locatorKey } = parts.config;
    this.#pseudonymise = locatorKey === undefined ? undefined : pseudonymiser(locatorKey);
    this.#health = new Health({
      ods: parts.config.ods,
      client: rooms.client,
      clock: parts.clock,
      intervalMs: parts.settings.probeIntervalMs,
      timeoutMs: parts.settings.probeTimeoutMs,
      peers: () => rooms.directory.entries(),
      onReturn: (ods) => this.#tellNotices(ods),
    });
  }

  async network(): Promise<Network> {
    const { config, records, persons, ids, log, settings, clock } = this.#parts;
    const { directory, shelf, locatorExchange } = this.#rooms;
    const record = await this.#assembleParts();
    return {
      sharedRecords: {
        assemble: (nhsNumber, query, asker) => assemble(record, nhsNumber, query, asker),
        bundle: recordBundle,
        organisations: () => directory.entries().map((entry) => this.#stateOf(entry)),
      },
      door: networkDoor({
        checker: new TokenChecker({
          ods: config.ods,
          clock,
          lifeSeconds: settings.nodeTokenLifeSeconds,
          keyOf: (ods) => directory.entry(ods)?.signingKey,
        }),
        health: () => this.#health.answer(ownState(this.#parts.feeds, clock).asAt),
        status: () => this.#status(),
        record: (nhsNumber, query, asker) =>
          answerFrom({ ...this.#own, records, persons }, nhsNumber, query, asker),
        shelf,
        release: (source, p, asker) => this.#release(source, p, asker),
        noticed: (from, notices) => this.#noticed(from, notices),
        ...(locatorExchange === undefined
          ? {}
          : { exchange: { directory: () => this.#signedDirectory(), locator: locatorExchange } }),
        ids,
        log,
        copyPushBytesMax: settings.copyPushBytesMax,
      }),
      start: () => this.#start(),
      close: () => this.#close(),
    };
  }

  async #assembleParts(): Promise<AssembleParts> {
    const { config, persons, clock, log, settings } = this.#parts;
    const pseudonymise = this.#pseudonymise;
    if (pseudonymise === undefined) return this.#own; // the exchange: it holds no record and joins none
    const { directory, client } = this.#rooms;
    const folder = join(config.data, 'network');
    this.#locator = await Locator.open({
      ods: config.ods,
      exchange: () => directory.entries().find((entry) => entry.kind === 'exchange'),
      isExchangeOut: () =>
        directory.entries().some((one) => one.kind === 'exchange' && this.#health.state(one.ods) === 'down'),
      client,
      persons,
      pseudonymise,
      isProtected: this.#own.isProtected,
      path: join(folder, 'located.ndjson'),
      clock,
      log,
    });
    this.#copies = await CopySource.open({
      ...this.#parts,
      ods: config.ods,
      isProtected: this.#own.isProtected,
      isUp: (ods) => this.#health.state(ods) === 'up',
      folder,
      directory,
      client,
      pseudonymise,
    });
    const copies = this.#copies;
    this.#parts.beforeAnswer((seq) => copies.copied(seq));
    const opener = new CopyOpener({
      ods: config.ods,
      client,
      entryOf: (ods) => directory.entry(ods),
      isOut: (ods) => this.#health.state(ods) === 'down',
      releaseHere: (source, p, asker) => this.#release(source.ods, p, asker),
      clock,
      log,
      settings,
    });
    return {
      ...this.#own,
      network: {
        directory,
        locator: this.#locator,
        health: this.#health,
        client,
        opener,
        pseudonymise,
        opened: (source, p, asker) => this.#notice(source, 'open-copy', p, asker),
      },
    };
  }

  #stateOf(entry: DirectoryEntry): ReturnType<SharedRecords['organisations']>[number] {
    const { ods, name, kind, url } = entry;
    const lastSeen = this.#health.lastSeen(ods);
    const state = ods === this.#parts.config.ods ? 'up' : this.#health.state(ods);
    return { ods, name, kind, url, state, ...(lastSeen === undefined ? {} : { lastSeen }) };
  }

  /**
   * This node's share, where it sees for itself that the source is out; the row is on disk before the share
   * leaves.
   */
  async #release(source: OdsCode, p: Pseudonym, asker: Asker): Promise<Released | undefined> {
    const entry = this.#rooms.directory.entry(source);
    if (entry === undefined || !seesSharedRecords(asker) || !this.#isOwn(p, asker)) return undefined;
    if (!(await this.#health.isOut(entry))) return undefined;
    const released = await this.#rooms.shelf.release(source, p);
    if (released === undefined) return undefined;
    await this.#parts.records.as(asker).note({
      action: 'release-share',
      targets: [],
      persons: [],
      outcome: 'ok',
      detail: { source, p },
    });
    this.#notice(source, 'release-share', p, asker);
    return released;
  }

  /**
   * A patient opens the own copies only; the exchange, which cannot tell, is never the second of two by
   * itself.
   */
  #isOwn(p: Pseudonym, { actor }: Asker): boolean {
    if (actor.patient === undefined || this.#pseudonymise === undefined) return true;
    return this.#pseudonymise(actor.patient) === p;
  }

  #notice(source: OdsCode, act: Notice['act'], p: Pseudonym, asker: Asker): void {
    this.#rooms.notices
      .add(source, act, p, asker)
      .catch((error: unknown) =>
        this.#parts.log.error({ error: String(error) }, 'a notice to a source was not kept'),
      );
  }

  #tellNotices(source: OdsCode): void {
    this.#tell(source).catch((error: unknown) =>
      this.#parts.log.warn({ source, error: String(error) }, 'a source was not told who opened its copies'),
    );
  }

  async #tell(source: OdsCode): Promise<void> {
    const entry = this.#rooms.directory.entry(source);
    if (entry === undefined) return;
    const { actor, purpose, requestId } = machinery(this.#parts.config.ods, 'notices');
    await this.#rooms.notices.tell(source, async (notices) => {
      const body = Buffer.from(JSON.stringify({ notices }));
      const call = {
        to: source,
        url: entry.url,
        method: 'POST',
        path: '/copies/notices',
        actor,
        purpose,
        requestId,
        body,
      } as const;
      const answer = await this.#rooms.client.call({ ...call, timeoutMs: 10_000, bytesMax: 10_000 });
      return answer.kind === 'answer' && answer.status === 200;
    });
  }

  /** Sources that are back and have not heard everything. */
  #tellAll(): void {
    for (const source of this.#rooms.notices.sources())
      if (this.#health.state(source) === 'up') this.#tellNotices(source);
  }

  /** This node is back and hears who opened its copies: a row for each, as if it had happened here. */
  async #noticed(from: OdsCode, given: readonly unknown[]): Promise<void> {
    const notices = (given as readonly ToldNotice[]).filter(
      ({ id }) => !this.#noticedIds.has(`${from} ${id}`),
    );
    const persons = await this.#personsOf(new Set(notices.map(({ p }) => p)));
    await Promise.all(notices.map((notice) => this.#noteNotice(from, notice, persons.get(notice.p) ?? [])));
    if (this.#noticedIds.size > NOTICED_MAX) this.#noticedIds.clear();
    for (const { id } of notices) this.#noticedIds.add(`${from} ${id}`);
  }

  #noteNotice(from: OdsCode, one: ToldNotice, persons: readonly Id[]): Promise<void> {
    const asker: Asker = {
      actor: { id: String(one.actorId), name: String(one.actorId), role: 'node', organisation: from },
      purpose: 'direct-care',
      requestId: String(one.requestId),
    };
    return this.#parts.records.as(asker).note({
      action: one.act === 'open-copy' ? 'open-copy' : 'release-share',
      targets: [],
      persons,
      outcome: 'ok',
      detail: {
        told: from,
        role: String(one.role),
        organisation: String(one.organisation),
        purpose: String(one.purpose),
        when: Number(one.at),
      },
    });
  }

  /** Whose pseudonyms these are: found by making everybody's, since there is no way back from one. */
  async #personsOf(wanted: ReadonlySet<string>): Promise<ReadonlyMap<string, readonly Id[]>> {
    const found = new Map<string, readonly Id[]>();
    let after: string | undefined;
    do {
      const page = await this.#parts.persons.people(after, PEOPLE_AT_ONCE);
      for (const { nhsNumber, patient } of page.entries) {
        const p = this.#pseudonymise?.(nhsNumber);
        if (p !== undefined && wanted.has(p)) found.set(p, [...(found.get(p) ?? []), patient]);
      }
      after = page.next;
    } while (after !== undefined && found.size < wanted.size);
    return found;
  }

  #status(): { published: boolean; copiesWaiting: number; copiesHeldBack: number } {
    return {
      copiesHeldBack: this.#rooms.shelf.heldBack(),
      published: this.#locator?.isPublished() ?? true,
      copiesWaiting: this.#copies === undefined ? 0 : (this.#copies.waiting() ?? -1),
    };
  }

  async #start(): Promise<void> {
    const refresh = async (): Promise<void> => {
      await this.#refreshDirectory().catch((error: unknown) =>
        this.#parts.log.warn(
          { error: String(error) },
          'the directory could not be refreshed; the one at hand is used',
        ),
      );
      if (this.#isClosed) return;
      this.#directoryTimer = setTimeout(
        () => void refresh(),
        this.#rooms.directory.entries().length === 0 ? 100 : DIRECTORY_MS,
      );
    };
    // with a directory kept from before nothing waits for the exchange, which may be out
    const refreshed = refresh();
    if (this.#rooms.directory.entries().length === 0) await refreshed;
    this.#health.start();
    this.#locator?.start();
    this.#copies?.start();
    this.#noticesTimer = setInterval(() => this.#tellAll(), NOTICES_MS);
  }

  async #refreshDirectory(): Promise<void> {
    if (this.#rooms.locatorExchange !== undefined) {
      await this.#rooms.directory.take(await this.#signedDirectory());
      return;
    }
    const answer = await fetch(`${this.#rooms.exchangeUrl}/network/directory`, {
      signal: AbortSignal.timeout(2000),
    });
    if (answer.ok) await this.#rooms.directory.take(await answer.text());
  }

  /** On the exchange: signed again when the members file changes, and when half of its life is over. */
  async #signedDirectory(): Promise<string> {
    const { config, clock, settings, keys } = this.#parts;
    const path = config.members ?? join(config.data, 'members.json');
    const membersAt = (await stat(path)).mtimeMs;
    const now = clock.now();
    if (this.#signed !== undefined && this.#signed.membersAt === membersAt && now < this.#signed.until)
      return this.#signed.text;
    const members = JSON.parse(await readFile(path, 'utf8')) as readonly Member[];
    const lifeMs = settings.directoryLifeHours * 3_600_000;
    const directory = {
      version: now,
      issuedAt: now,
      expiresAt: (now + lifeMs) as InstantMs,
      ...withCustodians(members),
    };
    const text = await signDirectory(directory, keys.signing);
    this.#signed = { text, membersAt, until: now + lifeMs / 2 };
    return text;
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#directoryTimer);
    clearInterval(this.#noticesTimer);
    this.#health.close();
    await this.#locator?.close();
    await this.#copies?.close();
    this.#rooms.client.close();
    await this.#rooms.shelf.close();
    await this.#rooms.notices.close();
    await this.#rooms.locatorExchange?.close();
  }
}
