/**
 * One folder per organisation, named by its ODS code: the node's configuration, its keys, its data. What
 * belongs to an organisation lies in its folder and nowhere else; beside the folders is only what the demo
 * itself needs (how many people, where the supervisor listens).
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import { type Random, systemRandom } from '../base/ids.ts';
import type { JsonWebKeyOkp, NodeConfig } from '../base/node-config.ts';
import { DEMO_ORGANISATIONS, type DemoOrganisation } from './organisations.ts';

/** One organisation with its places. */
export interface DemoNode extends DemoOrganisation {
  /** `http://127.0.0.1:8801` */
  readonly url: string;
  readonly port: number;
  readonly mllp: { readonly host: string; readonly port: number } | null;
  readonly folder: string;
  readonly configFile: string;
}

/** The public halves of a node's keys, made where there are none. */
export type PublicKeysOf = (
  keysFolder: string,
) => Promise<{ readonly signingKey: JsonWebKeyOkp; readonly sealingKey: JsonWebKeyOkp }>;

const HOST = '127.0.0.1';
const MLLP_ABOVE = 1000;

/**
 * Every organisation with address and folder: the exchange at `port`, node k at `port` + k, MLLP 1000 above.
 */
export function demoNodes(data: string, port: number): readonly DemoNode[] {
  return DEMO_ORGANISATIONS.map((organisation, k) => ({
    ...organisation,
    url: `http://${HOST}:${port + k}`,
    port: port + k,
    mllp: organisation.takesV2 ? { host: HOST, port: port + k + MLLP_ABOVE } : null,
    folder: join(data, organisation.ods),
    configFile: join(data, organisation.ods, 'node.json'),
  }));
}

/**
 * Writes every node's configuration, and the members file on the exchange. The members' locator key stays
 * what it was.
 */
export async function writeNodeFolders(
  nodes: readonly DemoNode[],
  socketPath: string,
  publicKeysOf: PublicKeysOf,
): Promise<void> {
  const exchange = nodes[0];
  if (exchange === undefined) throw new Error('there is no exchange');
  const keys = await Promise.all(nodes.map((node) => publicKeysOf(join(node.folder, 'keys'))));
  const exchangeKey = keys[0]?.signingKey;
  if (exchangeKey === undefined) throw new Error('the exchange has no key');
  const members = nodes.map(({ ods, name, kind, url, failureDomain }, k) => ({
    ods,
    name,
    kind,
    url,
    failureDomain,
    ...keys[k],
  }));
  await writeFile(join(exchange.folder, 'members.json'), `${JSON.stringify(members, null, 1)}\n`);
  const locatorKey = await locatorKeyOf(nodes, systemRandom);
  for (const node of nodes) {
    const config = {
      ods: node.ods,
      name: node.name,
      kind: node.kind,
      host: HOST,
      port: node.port,
      data: '.',
      ...(node.mllp === null ? {} : { mllp: node.mllp }),
      feeds: node.feeds,
      failureDomain: node.failureDomain,
      exchange: { url: exchange.url, publicKey: exchangeKey },
      ...(node === exchange ? { members: 'members.json' } : { locatorKey }),
      demo: { supervisor: socketPath },
    };
    await writeFile(node.configFile, `${JSON.stringify(config, null, 1)}\n`, { mode: 0o600 });
  }
}

/**
 * The key of the locator's pseudonyms: what members have already, else a new one. The exchange never has it.
 */
async function locatorKeyOf(nodes: readonly DemoNode[], random: Random): Promise<string> {
  for (const node of nodes.slice(1)) {
    const kept = await readIfThere(node.configFile);
    const key = kept === undefined ? undefined : (JSON.parse(kept) as Partial<NodeConfig>).locatorKey;
    if (key !== undefined) return key;
  }
  return random.bytes(32).toString('base64url');
}

/** What the demo's folder says of itself. No name and no number of anybody. */
interface Marker {
  readonly people: number;
  /** Whether everything had been loaded when it was last stopped. */
  readonly loaded: boolean;
}

/**
 * Whether the folder already holds these people. Throws Failure `conflict` where it holds another number of
 * them.
 */
export async function isLoaded(data: string, people: number): Promise<boolean> {
  const text = await readIfThere(join(data, 'demo.json'));
  if (text === undefined) return false;
  const marker = JSON.parse(text) as Marker;
  if (marker.people !== people) {
    throw new Failure(
      'conflict',
      `${data} holds a demo of ${marker.people} people. Add --people ${marker.people} to go on with it, or ` +
        '--fresh to replace it.',
    );
  }
  return marker.loaded;
}

export async function markLoaded(data: string, people: number, loaded: boolean): Promise<void> {
  await writeFile(join(data, 'demo.json'), `${JSON.stringify({ people, loaded } satisfies Marker)}\n`);
}

/** Makes the folders; with `fresh` what a demo left in `data` is removed first, and nothing else. */
export async function makeFolders(data: string, nodes: readonly DemoNode[], fresh: boolean): Promise<void> {
  if (fresh) {
    const own = [...nodes.map((node) => node.folder), join(data, 'demo.json'), join(data, 'supervisor.json')];
    for (const path of own) await rm(path, { recursive: true, force: true });
  }
  for (const node of nodes) await mkdir(node.folder, { recursive: true, mode: 0o700 });
}

export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
