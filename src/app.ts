/**
 * The composition root: alone sees every room, and puts one organisation's node together. Read this, then one
 * door, then records/, and you have seen how everything works.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { openAuthenticator } from './access/authenticator.ts';
import { badAddressAnswer } from './api/bad-address.ts';
import { fhirDoor } from './api/fhir-door.ts';
import { Metrics } from './api/metrics.ts';
import { requestIdOf } from './api/request-id.ts';
import { systemDoor } from './api/system-door.ts';
import { type Clock, systemClock } from './base/clock.ts';
import { Failure } from './base/failure.ts';
import { systemRandom, timeOrderedIds } from './base/ids.ts';
import type { Log } from './base/log.ts';
import type { NodeConfig } from './base/node-config.ts';
import type { Settings } from './base/settings.ts';
import { faultyServerFactory } from './demo/faults.ts';
import { packageDefinitions } from './fhir/package-definitions.ts';
import type { ValidateBeside } from './fhir/profile-validator.ts';
import { feedDoor } from './ingest/feed-door.ts';
import { importDoor } from './ingest/import-door.ts';
import type { ImportTarget } from './ingest/import-unit.ts';
import { Importer } from './ingest/importer.ts';
import type { Intake } from './ingest/intake.ts';
import { openMllp } from './ingest/mllp-server.ts';
import { openIntake } from './ingest/open-intake.ts';
import { openNodeKeys } from './network/keys.ts';
import { openNetwork } from './network/open-network.ts';
import { openPackages } from './packages/open-packages.ts';
import { openValidator } from './packages/open-validator.ts';
import { packagesFolder } from './packages/package-shelf.ts';
import { type AuditProof, proveAudit } from './records/audit-proof.ts';
import { openFeeds } from './records/feeds.ts';
import { openProfileRules } from './records/open-profile-rules.ts';
import { openRecords } from './records/open-records.ts';
import type { ProfileRules } from './records/profile-rules.ts';
import { openStore, type StoreOptions } from './store/open-store.ts';
import type { Store, StoreFigures } from './store/store.ts';
import { webDoor } from './web/web-door.ts';

export interface RunningNode {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Opens the store, the network and the doors, and listens. Resolves when the node answers.
 * Throws Failure where the folder is in use, a port is taken or a key does not fit.
 */
export async function openNode(config: NodeConfig, settings: Settings, log: Log): Promise<RunningNode> {
  const opened = new AsyncDisposableStack();
  try {
    const url = await openDoors(config, settings, log, opened);
    log.info({ url }, 'node is open');
    return { url, close: () => opened.disposeAsync() };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** The node's address. What was opened is put on `opened`, to be closed in the opposite order. */
async function openDoors(
  config: NodeConfig,
  settings: Settings,
  log: Log,
  opened: AsyncDisposableStack,
): Promise<string> {
  const clock: Clock = systemClock;
  const ids = timeOrderedIds(clock, systemRandom);
  await mkdir(config.data, { recursive: true });
  const keysFolder = join(config.data, 'keys');
  const store = await openStore({ folder: join(config.data, 'store'), clock, ids, settings, log });
  opened.defer(() => store.close());
  const definitions = packageDefinitions(await openPackages(packagesFolder(config), log));
  const { records, persons, beforeAnswer } = await openRecords({
    store,
    definitions,
    clock,
    ids,
    settings,
    ods: config.ods,
    kind: config.kind,
    log,
  });
  const profiles = await openProfileRules({ config, definitions, settings, clock, log });
  const authenticator = await openAuthenticator({ ods: config.ods, keysFolder, clock, settings });
  const feeds = await openFeeds({ feeds: config.feeds, folder: config.data, clock });
  opened.defer(() => feeds.close());
  const keys = await openNodeKeys(keysFolder);
  const network = await openNetwork({
    config,
    records,
    persons,
    beforeAnswer,
    feeds,
    keys,
    blobs: store.blobs,
    settings,
    clock,
    ids,
    log,
  });

  const server = httpServer(config, settings, ids, log);
  const url = `http://${config.host}:${config.port}`;
  const doors = {
    config,
    records,
    persons,
    authenticator,
    feeds,
    settings,
    clock,
    ids,
    log,
    baseUrl: url,
    ...(profiles === undefined ? {} : { profiles }),
  };
  const metrics = metricsOf(store, profiles);
  await server.register(systemDoor, { ...doors, metrics, ready: () => store.snapshot() });
  await server.register(fhirDoor, {
    ...doors,
    metrics,
    definitions,
    validateBeside: validatorOf(config, settings, opened),
    prefix: '/fhir',
    sharedRecords: network.sharedRecords,
  });
  await server.register(network.door, { prefix: '/network' });
  await server.register(webDoor, { ...doors, sharedRecords: network.sharedRecords });
  const { intake, close: closeIntake } = await openIntake(doors);
  opened.defer(closeIntake);
  opened.defer(() => server.close());
  opened.defer(() => network.close());
  await server.register(feedDoor, { ...doors, intake, prefix: '/feeds' });
  await server.register(importDoor, { ...doors, intake, prefix: '/import' });
  if (config.mllp !== undefined) {
    const mllp = await openMllp({ ...doors, ...config.mllp, intake });
    opened.defer(() => mllp.close());
  }
  await listen(server, config);
  await network.start();
  return url;
}

/** $validate keeps nobody waiting: it has a thread, started when it is first asked for. */
function validatorOf(config: NodeConfig, limits: Settings, opened: AsyncDisposableStack): ValidateBeside {
  const validator = openValidator({ folder: packagesFolder(config), limits });
  opened.defer(() => validator.close());
  return validator.validate;
}

async function listen(server: FastifyInstance, { host, port }: NodeConfig): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new Failure(
      'conflict',
      `HTTP cannot listen on ${host}:${port} (${code}). Choose another "port", or stop what uses this one.`,
      { cause },
    );
  }
}

function metricsOf(store: Store, profiles: ProfileRules | undefined): Metrics {
  const metrics = new Metrics();
  const of = (figure: keyof StoreFigures) => (): number => store.figures()[figure];
  const rises = true;
  const text = 'Commits acknowledged by the store.';
  metrics.gauge({ name: 'store_commits_total', text, rises, read: of('commits') });
  const carried = 'Transactions of the database that carried them, each one sync.';
  metrics.gauge({ name: 'store_transactions_total', text: carried, rises, read: of('transactions') });
  metrics.gauge({ name: 'store_waiting', text: 'Commits that wait for the writer.', read: of('waiting') });
  const busy = 'Searches that have a thread to themselves.';
  metrics.gauge({ name: 'store_searches', text: busy, read: of('searches') });
  const queued = 'Searches that wait for a thread.';
  metrics.gauge({ name: 'store_searches_waiting', text: queued, read: of('searchesWaiting') });
  for (const mode of profiles === undefined ? [] : (['refuse', 'warn', 'record'] as const)) {
    const broken = `Resources that broke a profile of the organisation, mode ${mode}.`;
    const read = (): number => profiles?.counts()[mode] ?? 0;
    metrics.gauge({ name: `profile_${mode}_total`, text: broken, rises, read });
  }
  return metrics;
}

function httpServer(
  config: NodeConfig,
  settings: Settings,
  ids: { next(): string },
  log: Log,
): FastifyInstance {
  return fastify({
    logger: false,
    bodyLimit: settings.bodyBytesMax,
    requestIdHeader: false,
    genReqId: (request) => requestIdOf(request, ids.next()),
    frameworkErrors: badAddressAnswer(log),
    ...(config.demo === undefined ? {} : { serverFactory: faultyServerFactory() }),
  });
}

/**
 * The proof of a stopped node's audit. Throws Failure `lock-error` where the node runs, `not-found` where it
 * has no store.
 */
export async function verifyNode(config: NodeConfig, settings: Settings, log: Log): Promise<AuditProof> {
  const folder = join(config.data, 'store');
  if (!existsSync(folder))
    throw new Failure('not-found', `${folder} is not there: this node has kept nothing.`);
  const clock: Clock = systemClock;
  const ids = timeOrderedIds(clock, systemRandom);
  const store = await openStoppedStore({ folder, clock, ids, settings, log });
  try {
    return await proveAudit(store);
  } finally {
    await store.close();
  }
}

/** Opens the store of a node that does not run. Throws Failure `lock-error` where it does. */
async function openStoppedStore(options: StoreOptions): Promise<Store> {
  try {
    return await openStore(options);
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code !== 'conflict') throw thrown;
    // nothing is wrong with the store: scripts must be able to tell
    throw new Failure(
      'lock-error',
      'This node is running, or another program has its store open: nothing was done. Stop it first ' +
        '("openward demo stop ODS" for one of the demo), then give the same command again.',
      { cause: thrown },
    );
  }
}

export interface OpenedImport {
  readonly target: ImportTarget;
  close(): Promise<void>;
}

/**
 * A stopped node's records, opened for an import and for nothing else. Throws Failure `lock-error` where the node
 * runs.
 */
export async function openForImport(config: NodeConfig, settings: Settings, log: Log): Promise<OpenedImport> {
  const clock: Clock = systemClock;
  const ids = timeOrderedIds(clock, systemRandom);
  await mkdir(config.data, { recursive: true });
  const folder = join(config.data, 'store');
  const store = await openStoppedStore({ folder, clock, ids, settings, log });
  const { ods, kind } = config;
  const { records } = await openRecords({ store, clock, ids, settings, ods, kind, log });
  const feeds = await openFeeds({ feeds: config.feeds, folder: config.data, clock });
  // following the node's changes costs, and most imports bring no HL7 v2
  let opened: ReturnType<typeof openIntake> | undefined;
  const intake: Pick<Intake, 'take'> = {
    async take(message, from) {
      opened ??= openIntake({ config, records, feeds, settings, clock, ids, log });
      return (await opened).intake.take(message, from);
    },
  };
  const definitions = packageDefinitions(await openPackages(packagesFolder(config), log));
  const profiles = await openProfileRules({ config, definitions, settings, clock, log });
  const importer = new Importer({
    settings,
    ids,
    intake,
    base: `http://${config.host}:${config.port}/fhir`,
    ...(profiles === undefined ? {} : { profiles }),
  });
  const session = records.as({
    actor: { id: 'import', name: 'openward import', role: 'system', organisation: ods },
    purpose: 'administration',
    requestId: ids.next(),
  });
  return {
    target: {
      take: (unit, last) => importer.take(session, unit, last),
      commits: () => store.figures().transactions,
    },
    async close() {
      await (await opened)?.close();
      await feeds.close();
      await store.close();
    },
  };
}
