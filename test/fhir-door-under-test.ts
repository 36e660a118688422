/** A FHIR door over a real store in a temporary folder, on a real socket, for tests of src/api. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify from 'fastify';
import { expect, it } from 'vitest';
import { type Authenticator, openAuthenticator } from '../src/access/authenticator.ts';
import type { Persona } from '../src/access/personas.ts';
import { badAddressAnswer } from '../src/api/bad-address.ts';
import { fhirDoor } from '../src/api/fhir-door.ts';
import { Metrics } from '../src/api/metrics.ts';
import { requestIdOf } from '../src/api/request-id.ts';
import { systemDoor } from '../src/api/system-door.ts';
import type { InstantMs, NhsNumber, OdsCode } from '../src/base/brands.ts';
import { type Clock, systemClock } from '../src/base/clock.ts';
import { timeOrderedIds } from '../src/base/ids.ts';
import { type Log, openLog, silentLog } from '../src/base/log.ts';
import type { ProfilesConfig } from '../src/base/node-config.ts';
import { effectiveSettings, type SettingName } from '../src/base/settings.ts';
import { type LoadedDefinitions, NO_DEFINITIONS } from '../src/fhir/loaded-definitions.ts';
import { packageDefinitions } from '../src/fhir/package-definitions.ts';
import { validate } from '../src/fhir/validate.ts';
import type { SharedRecords } from '../src/network/shared-record.ts';
import type { Feeds } from '../src/records/feeds.ts';
import { type OpenRulesParts, openProfileRules } from '../src/records/open-profile-rules.ts';
import { openRecords } from '../src/records/open-records.ts';
import type { ProfileRules } from '../src/records/profile-rules.ts';
import type { AuditRow } from '../src/store/audit.ts';
import { openStore } from '../src/store/open-store.ts';
import { freePort } from './free-ports.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; throws where it is none. */
  json(): ReturnType<typeof JSON.parse>;
}

interface Sent {
  /** A token, or a persona to take one of. */
  readonly as?: string;
  /** Sent as JSON where it is no string. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface DoorUnderTest {
  /** Holds the node's token key. */
  readonly keysFolder: string;
  readonly url: string;
  readonly base: string;
  token(persona: Persona, nhsNumber?: string): Promise<string>;
  /** A request below the node's address; `path` begins with a slash. */
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
  /** Every audit row so far, reads after writes. */
  audit(): Promise<readonly AuditRow[]>;
  close(): Promise<void>;
}

const ODS = 'TST01' as OdsCode;
const CONFIG = { ods: ODS, name: 'Test General' };

interface DoorOptions {
  readonly settings?: Partial<Record<SettingName, number>>;
  readonly sharedRecords?: SharedRecords;
  readonly log?: Log;
  /** What feeds the node, where something does. */
  readonly feeds?: Pick<Feeds, 'coverage' | 'states'>;
  /** What the organisation asks beyond R4, by these definitions. */
  readonly profiles?: ProfilesConfig;
  readonly loaded?: LoadedDefinitions;
}

/** Opens a node's doors; what it makes is gone after `close`. */
export async function openDoorUnderTest(options: DoorOptions = {}): Promise<DoorUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'openward-api-'));
  const clock: Clock = systemClock;
  const ids = timeOrderedIds(clock);
  // a test machine may be too busy for the promise that this setting makes
  const settings = effectiveSettings([{ readAuditStallMs: 30_000, ...options.settings }]);
  const log = options.log ?? (process.env.OPENWARD_TEST_LOG === undefined ? silentLog : openLog('warn'));
  const store = await openStore({ folder: join(folder, 'store'), clock, ids, settings, log });
  const definitions = packageDefinitions(options.loaded ?? NO_DEFINITIONS);
  const { records, persons } = await openRecords({
    store,
    definitions,
    clock,
    ids,
    settings,
    ods: ODS,
    kind: 'acute',
    log,
  });
  const keysFolder = join(folder, 'keys');
  const authenticator = await openAuthenticator({ ods: ODS, keysFolder, clock, settings });
  const server = fastify({
    logger: false,
    bodyLimit: settings.bodyBytesMax,
    genReqId: (request) => requestIdOf(request, ids.next()),
    frameworkErrors: badAddressAnswer(log),
  });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const doors = { config: CONFIG, records, persons, authenticator, settings, clock, ids, log, baseUrl: url };
  const metrics = new Metrics();
  await server.register(systemDoor, { ...doors, metrics, ready: () => store.snapshot() });
  await server.register(fhirDoor, {
    ...doors,
    metrics,
    definitions,
    ...(await rulesOf(options, { definitions, settings, clock, log })),
    prefix: '/fhir',
    ...(options.feeds === undefined ? {} : { feeds: options.feeds }),
    ...(options.sharedRecords === undefined ? {} : { sharedRecords: options.sharedRecords }),
  });
  await server.listen({ host: '127.0.0.1', port });
  const tokens = new Map<string, Promise<string>>();
  const token = (persona: Persona, nhsNumber?: string): Promise<string> => {
    const key = `${persona} ${nhsNumber}`;
    const made = tokens.get(key) ?? authenticator.issue(persona, nhsNumber as NhsNumber | undefined);
    tokens.set(key, made);
    return made;
  };
  return {
    keysFolder,
    url,
    base: `${url}/fhir`,
    token,
    async send(method, path, sent = {}) {
      const as = sent.as?.includes('.') === true ? sent.as : sent.as && (await token(sent.as as Persona));
      const body =
        sent.body === undefined || typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.body);
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }),
          ...sent.headers,
        },
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
    },
    async audit() {
      const rows: AuditRow[] = [];
      for (const chain of ['writes', 'reads'] as const)
        rows.push(...(await store.auditRows({ chain, count: 100_000 })));
      return rows;
    },
    async close() {
      await server.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The organisation's rules for the door, where it has any. */
async function rulesOf(
  { profiles }: DoorOptions,
  parts: Omit<OpenRulesParts, 'config'>,
): Promise<{ readonly profiles?: ProfileRules }> {
  const config = profiles === undefined ? {} : { profiles };
  const rules = await openProfileRules({ config, ...parts });
  return rules === undefined ? {} : { profiles: rules };
}

/** Tokens that must not open anything: of another node, expired, changed after signing. */
export async function badTokens(
  door: DoorUnderTest,
): Promise<{ readonly expired: string; readonly forged: string; readonly otherNode: string }> {
  const settings = effectiveSettings([]);
  const open = (ods: OdsCode, keysFolder: string, clock: Clock): Promise<Authenticator> =>
    openAuthenticator({ ods, keysFolder, clock, settings });
  const longAgo: Clock = {
    ...systemClock,
    now: () => (systemClock.now() - 48 * 3_600_000) as InstantMs,
  };
  const folder = await mkdtemp(join(tmpdir(), 'openward-keys-'));
  try {
    const [head, claims, signature = ''] = (await door.token('system')).split('.');
    const other = signature.startsWith('A') ? 'B' : 'A';
    return {
      expired: await (await open(ODS, door.keysFolder, longAgo)).issue('system'),
      forged: `${head}.${claims}.${other}${signature.slice(1)}`,
      otherNode: await (await open('OTHER' as OdsCode, folder, systemClock)).issue('system'),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An NHS number of the range that no person has; another one for each `n` under 100,000. */
export function nhsNumber(n: number): string {
  for (let last = 0; ; last++) {
    const nine = `999${String(n * 10 + last).padStart(6, '0')}`;
    const sum = [...nine].reduce((total, digit, i) => total + Number(digit) * (10 - i), 0);
    const check = 11 - (sum % 11);
    if (check !== 10) return `${nine}${check === 11 ? 0 : check}`;
  }
}

/** A Patient whose NHS number is verified. */
export function verifiedPatient(id: string, number: string, more: object = {}): object {
  return {
    resourceType: 'Patient',
    id,
    identifier: [
      {
        extension: [
          {
            url: 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus',
            valueCodeableConcept: {
              coding: [
                {
                  system: 'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland',
                  code: '01',
                },
              ],
            },
          },
        ],
        system: 'https://fhir.nhs.uk/Id/nhs-number',
        value: number,
      },
    ],
    active: true,
    ...more,
  };
}

/** One request and what its answer must be; a row of a scenario table. */
export interface Scenario extends Sent {
  readonly name: string;
  readonly request: string;
  readonly status: number;
  readonly contains?: readonly string[];
  readonly lacks?: readonly string[];
  /** Header → what it must be, or match. */
  readonly has?: Readonly<Record<string, string | RegExp>>;
}

/** Makes a test of each row; rows run in their order against one door. */
export function scenarios(door: () => DoorUnderTest, rows: readonly Scenario[]): void {
  for (const row of rows) {
    it(`${row.name}: ${row.request} → ${row.status}`, async () => {
      const [method = '', path = ''] = row.request.split(' ');
      const answer = await door().send(method, path, row);
      expect(answer.status, answer.text).toBe(row.status);
      expect(answer.headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._:-]{1,64}$/);
      expect(answer.headers.get('cache-control')).toMatch(/^(private, no-cache|no-store)$/);
      for (const text of row.contains ?? []) expect(answer.text).toContain(text);
      for (const text of row.lacks ?? []) expect(answer.text).not.toContain(text);
      for (const [name, value] of Object.entries(row.has ?? {})) {
        const actual = answer.headers.get(name) ?? '';
        if (typeof value === 'string') expect(actual, name).toBe(value);
        else expect(actual, name).toMatch(value);
      }
      if (row.status >= 400 && method !== 'HEAD') {
        expect(answer.json()).toMatchObject({ resourceType: 'OperationOutcome' });
        expect(validate(answer.json())).toEqual([]);
      }
    });
  }
}
