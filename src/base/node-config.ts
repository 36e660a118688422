/**
 * The file that `openward node --config FILE` reads: one organisation's node. Written by hand for real
 * use, by demo/ for the demo. Paths are relative to the file.
 */
import { isIPv4 } from 'node:net';
import { dirname, resolve } from 'node:path';
import { type OdsCode, odsCode } from './brands.ts';
import { Failure } from './failure.ts';

export type OrganisationKind =
  | 'exchange'
  | 'gp'
  | 'acute'
  | 'lab'
  | 'pharmacy'
  | 'mental-health'
  | 'community'
  | 'urgent-care';

/** Where a failure would take it: custodians differ from the source in all three. */
export interface FailureDomain {
  readonly site: string;
  readonly supplier: string;
  readonly ring: string;
}

/** One stream from a source system. */
export interface FeedConfig {
  /** `adt`, `results`, `gp-extract` … unique within the node. */
  readonly name: string;
  readonly transport: 'mllp' | 'fhir';
  /** FHIR resource types whose news comes by it: what is "behind" when it is late. */
  readonly covers: readonly string[];
  /** For mllp: MSH-3 of the sender, so that messages find their feed. */
  readonly sendingApplication?: string;
  /**
   * For mllp: events that the sender sends and that are agreed to be no part of what the feed covers, such as
   * `SIU^S12`. They are refused and kept like others, but nothing counts as missing because of them.
   */
  readonly ignores?: readonly string[];
  /** Heartbeats are expected this often; late after three times this. */
  readonly heartbeatSeconds: number;
  /** Earliest date of what it brings (YYYY-MM-DD): the coverage that the node states. */
  readonly since?: string;
  /** Time zone of HL7 times that carry no offset; Europe/London where left out. */
  readonly timeZone?: string;
}

export interface NodeConfig {
  readonly ods: OdsCode;
  readonly name: string;
  readonly kind: OrganisationKind;
  readonly host: string;
  readonly port: number;
  /** The node's own folder. */
  readonly data: string;
  readonly mllp?: { readonly host: string; readonly port: number };
  readonly feeds: readonly FeedConfig[];
  readonly failureDomain: FailureDomain;
  /** The exchange that this node trusts; absent: the node stands alone. */
  readonly exchange?: { readonly url: string; readonly publicKey: JsonWebKeyOkp };
  /**
   * A service whose being there must not show (sexual health, gender, fertility, refuge), or one whose
   * controller chose so: it tells the locator nothing, leaves no copies, and holds nothing for whoever asks
   * from outside.
   */
  readonly isProtected?: boolean;
  /** Members' shared key for locator pseudonyms, base64url of 32 bytes; the exchange has none. */
  readonly locatorKey?: string;
  /** On the exchange: the folder's members file, from which the directory is signed. */
  readonly members?: string;
  /** Settings of this node that differ from the defaults, by name (docs/reference/settings.md). */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What the organisation asks of resources beyond R4; absent: nothing (docs/guides/packages.md). */
  readonly profiles?: ProfilesConfig;
  /** Switches on personas, the front door's stop and start, and fault injection. Never in real use. */
  readonly demo?: DemoConfig;
}

/** What a broken profile does to a write. */
export type ProfileMode = 'off' | 'refuse' | 'warn' | 'record';

export interface ProfilesConfig {
  /** For profiles that a resource claims in `meta.profile`; off where left out. */
  readonly declared?: ProfileMode;
  /** By resource type: canonical addresses of profiles that all of the type are held to. */
  readonly types?: Readonly<
    Record<string, { readonly profiles: readonly string[]; readonly mode: ProfileMode }>
  >;
}

export interface DemoConfig {
  /** Unix socket of the supervisor. */
  readonly supervisor?: string;
}

/** An Ed25519 key as a JWK; `d` only in a node's own folder. */
export interface JsonWebKeyOkp {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519' | 'X25519';
  readonly x: string;
  readonly d?: string;
  readonly kid?: string;
}

const KINDS: readonly string[] = [
  'exchange',
  'gp',
  'acute',
  'lab',
  'pharmacy',
  'mental-health',
  'community',
  'urgent-care',
] satisfies readonly OrganisationKind[];

/**
 * The configuration in `text`, which was read from `file`; paths in it become absolute.
 * Throws Failure `value` or `required` naming the field and what it has to be.
 */
export function parseNodeConfig(text: string, file: string): NodeConfig {
  const raw = jsonObject(text, file);
  const folder = dirname(resolve(file));
  const ods = odsCode(textOf(raw, 'ods', file));
  if (ods === undefined) throw wrong(file, 'ods', 'an ODS code, such as "RX1"');
  const kind = textOf(raw, 'kind', file);
  if (!KINDS.includes(kind)) throw wrong(file, 'kind', `one of ${KINDS.join(', ')}`);
  const host = raw.host === undefined ? '127.0.0.1' : textOf(raw, 'host', file);
  if (raw.demo !== undefined && !isLoopback(host)) {
    throw wrong(
      file,
      'host',
      '127.0.0.1 where the file has "demo": whoever reaches such a node may be anybody',
    );
  }
  const port = portOf(raw.port, 'port', file);
  const mllp = raw.mllp as { host?: unknown; port?: unknown } | undefined;
  const domain = raw.failureDomain as Partial<FailureDomain> | undefined;
  const feeds = raw.feeds ?? [];
  if (!Array.isArray(feeds)) throw wrong(file, 'feeds', 'a list of feeds');
  const members = raw.members === undefined ? undefined : resolve(folder, textOf(raw, 'members', file));
  return {
    ...(raw as unknown as NodeConfig),
    ods,
    name: textOf(raw, 'name', file),
    kind: kind as OrganisationKind,
    host,
    port,
    data: resolve(folder, textOf(raw, 'data', file)),
    ...(mllp === undefined
      ? {}
      : { mllp: { host: String(mllp.host ?? '127.0.0.1'), port: portOf(mllp.port, 'mllp.port', file) } }),
    feeds: feeds.map((feed, i) => feedOf(feed, i, file)),
    failureDomain: {
      site: domain?.site ?? 'unknown',
      supplier: domain?.supplier ?? 'unknown',
      ring: domain?.ring ?? 'unknown',
    },
    ...(members === undefined ? {} : { members }),
    isProtected: raw.isProtected === true,
    ...(raw.profiles === undefined ? {} : { profiles: profilesOf(raw.profiles, file) }),
  };
}

/** Whether nobody but this machine reaches what listens there. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function profilesOf(raw: unknown, file: string): ProfilesConfig {
  const { declared, types = {}, ...other } = (raw ?? {}) as ProfilesConfig;
  const [unknown] = Object.keys(other);
  if (unknown !== undefined)
    throw wrong(file, `profiles.${unknown}`, 'left out: there are "declared" and "types"');
  if (declared !== undefined && !MODES.includes(declared)) throw wrong(file, 'profiles.declared', MODES_SAID);
  for (const [type, rule] of Object.entries(types)) {
    const at = `profiles.types.${type}`;
    if (!MODES.includes(rule?.mode)) throw wrong(file, `${at}.mode`, MODES_SAID);
    const { profiles } = rule;
    const isList = Array.isArray(profiles) && profiles.length > 0;
    if (!isList || !profiles.every((one) => typeof one === 'string' && one !== ''))
      throw wrong(file, `${at}.profiles`, 'a list of addresses of profiles');
  }
  return { ...(declared === undefined ? {} : { declared }), types };
}

const MODES: readonly ProfileMode[] = ['off', 'refuse', 'warn', 'record'];
const MODES_SAID = 'one of off, refuse, warn, record';

function feedOf(raw: unknown, index: number, file: string): FeedConfig {
  const feed = raw as Partial<FeedConfig> | null;
  const at = `feeds[${index}]`;
  if (typeof feed?.name !== 'string' || !/^[a-z0-9-]{1,40}$/.test(feed.name))
    throw wrong(file, `${at}.name`, 'lower-case letters, digits and dashes');
  if (feed.transport !== 'mllp' && feed.transport !== 'fhir')
    throw wrong(file, `${at}.transport`, '"mllp" or "fhir"');
  if (!Array.isArray(feed.covers)) throw wrong(file, `${at}.covers`, 'a list of FHIR resource types');
  if (typeof feed.heartbeatSeconds !== 'number' || !(feed.heartbeatSeconds > 0))
    throw wrong(file, `${at}.heartbeatSeconds`, 'a number of seconds above 0');
  if (feed.ignores !== undefined && !isEvents(feed.ignores))
    throw wrong(file, `${at}.ignores`, 'a list of HL7 v2 events, such as ["SIU^S12"]');
  if (feed.since !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(feed.since))
    throw wrong(file, `${at}.since`, 'a date, YYYY-MM-DD');
  if (feed.timeZone !== undefined && !isTimeZone(feed.timeZone))
    throw wrong(file, `${at}.timeZone`, 'a time zone, such as "Europe/London"');
  return feed as FeedConfig;
}

function isEvents(list: unknown): boolean {
  return Array.isArray(list) && list.every((one) => typeof one === 'string' && /^\w{3}\^\w{3}$/.test(one));
}

function isTimeZone(zone: unknown): boolean {
  try {
    return typeof zone === 'string' && new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}

function jsonObject(text: string, file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (cause) {
    throw new Failure('structure', `${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  throw new Failure('structure', `${file} must hold a JSON object.`);
}

function textOf(raw: Record<string, unknown>, name: string, file: string): string {
  const value = raw[name];
  if (typeof value !== 'string' || value === '') throw wrong(file, name, 'a text that is not empty');
  return value;
}

function portOf(value: unknown, name: string, file: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 65_535)
    throw wrong(file, name, 'a port from 1 to 65535');
  return value;
}

function wrong(file: string, field: string, expected: string): Failure {
  return new Failure('value', `${file}: "${field}" must be ${expected}.`);
}
