/**
 * The demo's supervisor: starts one process per organisation, plays their source systems, and lets commands
 * and pages stop, start and trouble them. It holds nothing that an organisation needs: it may stay deaf to a
 * dead node for ever, as life would.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { callSupervisor, type DemoState, type Fault, type PersonToTry } from '../base/demo-control.ts';
import { Failure } from '../base/failure.ts';
import { supervisorPlace } from './control.ts';
import { controlHandler } from './control-server.ts';
import { loadPeople, peopleToTry } from './load-people.ts';
import {
  type DemoNode,
  demoNodes,
  isLoaded,
  makeFolders,
  markLoaded,
  type PublicKeysOf,
  writeNodeFolders,
} from './node-folders.ts';
import { NodeProcess } from './node-process.ts';
import { hasSettled, isSeenBy } from './node-status.ts';
import { makePeople, staffDeliveries } from './people/make-people.ts';
import { SourceSystems } from './source-systems.ts';

export interface DemoOptions {
  readonly people: number;
  readonly port: number;
  /** Absolute. */
  readonly data: string;
  readonly fresh: boolean;
}

export interface SupervisorParts extends DemoOptions {
  /** Program and arguments that run one node, without `--config FILE`. */
  readonly nodeCommand: readonly string[];
  readonly publicKeysOf: PublicKeysOf;
  /** A token of the node's own source system. */
  readonly systemToken: (node: DemoNode) => Promise<string>;
  /** For a person to read. */
  readonly say: (text: string) => void;
  /** Told while people are loaded. */
  readonly progress: (done: number, of: number) => void;
}

/** How long the nodes may take to publish who they know and to hand over their copies. */
const SETTLE_MS = 60_000;
/** How long the others may take to see a node that was started again. */
const SEEN_MS = 5_000;
/** Tokens are good for hours; a new one is fetched after this. */
const TOKEN_MS = 3_600_000;

export class Supervisor {
  readonly nodes: readonly DemoNode[];
  readonly people: readonly PersonToTry[];
  readonly #parts: SupervisorParts;
  readonly #processes: ReadonlyMap<string, NodeProcess>;
  readonly #systems: ReadonlyMap<string, SourceSystems>;
  readonly #faults = new Map<string, Fault>();
  /** Organisations that are being stopped on purpose: nothing is said when they end. */
  readonly #expected = new Set<string>();
  #control: Server | undefined;
  #socketFolder: string | undefined;

  /** Throws Failure `conflict` where a demo runs on the folder or a port is taken. */
  static async open(parts: SupervisorParts): Promise<Supervisor> {
    await refuseSecondDemo(parts.data);
    const supervisor = new Supervisor(parts);
    await supervisor.#checkPorts();
    await makeFolders(parts.data, supervisor.nodes, parts.fresh);
    return supervisor;
  }

  private constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.nodes = demoNodes(parts.data, parts.port);
    this.people = peopleToTry(makePeople(parts.people));
    this.#processes = new Map(this.nodes.map((node) => [node.ods, new NodeProcess(node, parts.nodeCommand)]));
    this.#systems = new Map(
      this.nodes.map((node) => [
        node.ods,
        new SourceSystems(
          node,
          remembered(() => parts.systemToken(node)),
        ),
      ]),
    );
    for (const [ods, one] of this.#processes) one.onExit = () => this.#ended(ods);
  }

  /**
   * Starts every node, loads the people where they are not there yet, and waits until the network knows them.
   */
  async start(): Promise<void> {
    const { people, data, say, progress, publicKeysOf } = this.#parts;
    const loaded = await isLoaded(data, people);
    await markLoaded(data, people, loaded);
    const socket = await this.#listen();
    await writeNodeFolders(this.nodes, socket, publicKeysOf);
    say(`Starting ${this.nodes.length} organisations …`);
    await Promise.all([...this.#processes.values()].map((one) => one.start()));
    if (!loaded) {
      await loadPeople({
        staff: staffDeliveries(),
        people: makePeople(people),
        systems: this.#systems,
        progress: (done) => progress(Math.min(done, people), people),
      });
      await markLoaded(data, people, true);
    }
    await Promise.all([...this.#systems.values()].map((system) => system.beatNow()));
    for (const system of this.#systems.values()) system.start();
    say('Waiting until every organisation has published whom it knows and handed over its copies …');
    await this.#settle();
  }

  /** Ends everything that was started. */
  async close(): Promise<void> {
    for (const { ods } of this.nodes) this.#expected.add(ods);
    this.#control?.close();
    this.#control?.closeAllConnections();
    await Promise.all([...this.#systems.values()].map((system) => system.close()));
    await Promise.all([...this.#processes.values()].map((one) => one.stop()));
    await rm(join(this.#parts.data, 'supervisor.json'), { force: true });
    if (this.#socketFolder !== undefined) await rm(this.#socketFolder, { recursive: true, force: true });
  }

  state(): DemoState {
    return {
      people: this.people,
      nodes: this.nodes.map((node) => {
        const { ods, name, kind, url, mllp } = node;
        const pid = this.#processes.get(ods)?.pid ?? null;
        return {
          ods,
          name,
          kind,
          url,
          mllp,
          pid,
          running: pid !== null,
          fault: this.#faults.get(ods) ?? 'none',
        };
      }),
    };
  }

  /** kill -9. Throws Failure `not-found`. */
  async stopNode(ods: string): Promise<void> {
    const one = this.#process(ods);
    const { ods: code } = one.node;
    this.#expected.add(code);
    await one.kill();
    this.#faults.delete(code);
    this.#parts.say(`${code} was stopped (kill -9). Start it again with: openward demo start ${code}`);
  }

  /**
   * Resolves when it answers and every other node that is well sees it live, or has not for SEEN_MS. Throws
   * Failure `not-found`, or `processing` where it does not come up.
   */
  async startNode(ods: string): Promise<void> {
    const one = this.#process(ods);
    const { ods: code } = one.node;
    if (one.isRunning) return;
    this.#expected.delete(code);
    this.#faults.delete(code);
    this.#systems.get(code)?.setCut(false);
    await one.start();
    const since = systemClock.monotonicMs();
    await this.#systems.get(code)?.beatNow();
    const others = this.nodes.filter(
      ({ ods: other }) =>
        other !== code && this.#processes.get(other)?.isRunning === true && !this.#faults.has(other),
    );
    const isSeen = await isSeenBy(one.node, others, since, SEEN_MS);
    this.#parts.say(isSeen ? `${code} is up.` : `${code} is up; not all of the others see it yet.`);
  }

  /** Throws Failure `not-found`, or `conflict` where it is stopped. */
  async setFault(ods: string, fault: Fault): Promise<void> {
    const one = this.#process(ods);
    const { ods: code } = one.node;
    if (!one.isRunning) {
      throw new Failure('conflict', `${code} is stopped. Start it first: openward demo start ${code}`);
    }
    this.#systems.get(code)?.setCut(fault === 'cut-feed');
    await one.tell(fault === 'cut-feed' ? 'none' : fault);
    if (fault === 'none') this.#faults.delete(code);
    else this.#faults.set(code, fault);
    this.#parts.say(`${code}: ${fault === 'none' ? 'no fault any more' : fault}.`);
  }

  #process(ods: string): NodeProcess {
    const found = this.#processes.get(ods.toUpperCase());
    if (found !== undefined) return found;
    const known = this.nodes.map((node) => node.ods).join(', ');
    throw new Failure(
      'not-found',
      `There is no organisation ${ods.slice(0, 20)} in this demo. There are: ${known}.`,
    );
  }

  #ended(ods: string): void {
    this.#faults.delete(ods);
    if (this.#expected.has(ods)) return;
    this.#parts.say(`${ods} has died. Start it again with: openward demo start ${ods}`);
  }

  async #listen(): Promise<string> {
    // the path of a socket may be short only, and a demo's folder lie deep
    this.#socketFolder = await mkdtemp(join(tmpdir(), 'openward-'));
    const socket = join(this.#socketFolder, 'control.sock');
    const server = createHttpServer(controlHandler(this));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socket, resolve);
    });
    this.#control = server;
    const place = { pid: process.pid, socket };
    await writeFile(join(this.#parts.data, 'supervisor.json'), `${JSON.stringify(place)}\n`, { mode: 0o600 });
    return socket;
  }

  async #settle(): Promise<void> {
    const end = systemClock.monotonicMs() + SETTLE_MS;
    const open = new Set(this.nodes.filter((node) => node.kind !== 'exchange'));
    while (open.size > 0) {
      await Promise.all(
        [...open].map(async (node) => {
          if (await hasSettled(node)) open.delete(node);
        }),
      );
      if (open.size === 0) return;
      if (systemClock.monotonicMs() > end) {
        const names = [...open].map((node) => node.ods).join(', ');
        this.#parts.say(`Not everything is handed over yet at ${names}; it goes on in the background.`);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async #checkPorts(): Promise<void> {
    const ports = this.nodes.flatMap((node) => [node.port, ...(node.mllp === null ? [] : [node.mllp.port])]);
    const taken = (await Promise.all(ports.map(async (port) => ((await isFree(port)) ? [] : [port])))).flat();
    if (taken.length === 0) return;
    throw new Failure(
      'conflict',
      `Port ${taken.join(', ')} is in use. Stop what listens there, or choose others with --port.`,
    );
  }
}

async function refuseSecondDemo(data: string): Promise<void> {
  const place = await supervisorPlace(data);
  if (place === undefined) return;
  const call = { method: 'GET', path: '/state', timeoutMs: 2000 } as const;
  const answers = await callSupervisor(place.socket, call).then(
    () => true,
    () => false,
  );
  if (!answers) {
    const left = dirname(place.socket); // of one that was killed
    const isOurs = dirname(left) === tmpdir() && basename(left).startsWith('openward-');
    if (isOurs) await rm(left, { recursive: true, force: true });
    return;
  }
  throw new Failure(
    'conflict',
    `A demo runs on ${data} already (process ${place.pid}). Stop it, or use another folder with --data.`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}

/** The token, made anew after an hour. */
function remembered(make: () => Promise<string>): () => Promise<string> {
  let made: { readonly at: number; readonly token: Promise<string> } | undefined;
  return () => {
    const now = systemClock.monotonicMs();
    if (made === undefined || now - made.at > TOKEN_MS) made = { at: now, token: make() };
    return made.token;
  };
}
