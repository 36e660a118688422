import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFeedDoorUnderTest } from '../../test/feed-door-under-test.ts';
import { code, header, type MllpUnderTest } from '../../test/mllp-under-test.ts';
import { ANN, HERE } from '../../test/records-under-test.ts';
import type { Authenticator } from '../access/authenticator.ts';
import { PERSONAS, type Persona } from '../access/personas.ts';
import type { FeedConfig } from '../base/node-config.ts';

const FEEDS: readonly FeedConfig[] = [
  {
    name: 'adt',
    transport: 'mllp',
    covers: ['Patient', 'Encounter'],
    sendingApplication: 'PAS',
    heartbeatSeconds: 60,
  },
  {
    name: 'results',
    transport: 'mllp',
    covers: ['Observation'],
    sendingApplication: 'LIMS',
    heartbeatSeconds: 60,
  },
  { name: 'gp-extract', transport: 'fhir', covers: ['Condition'], heartbeatSeconds: 60, since: '1990-01-01' },
];

let node: MllpUnderTest;
let server: FastifyInstance;
let authenticator: Authenticator;
let close: () => Promise<void>;
const tokens = new Map<Persona, string>();

beforeAll(async () => {
  ({ node, server, authenticator, close } = await openFeedDoorUnderTest(FEEDS));
  for (const persona of Object.keys(PERSONAS) as Persona[]) {
    tokens.set(persona, await authenticator.issue(persona, persona === 'patient' ? ANN : undefined));
  }
});
afterAll(() => close());

async function call(method: 'GET' | 'POST', url: string, as?: Persona, body?: unknown) {
  return server.inject({
    method,
    url,
    headers: as === undefined ? {} : { authorization: `Bearer ${tokens.get(as)}` },
    ...(body === undefined ? {} : { payload: body as object }),
  });
}

const stateOf = async (name: string): Promise<Record<string, unknown>> => {
  const answer = await call('GET', '/feeds', 'engineer');
  return answer.json().feeds.find((one: { name: string }) => one.name === name);
};

const BY_NURSE = { role: 'nurse', organisation: HERE, purpose: 'direct-care', persons: [] };
const BY_ENGINEER = {
  role: 'engineer',
  organisation: HERE,
  purpose: 'administration',
  persons: [],
  action: 'read',
  outcome: 'ok',
};

/** What the new rows of a chain say, but for when and under which number. */
async function rows(chain: 'reads' | 'writes'): Promise<readonly object[]> {
  return (await node.news(chain)).map(({ actor, purpose, persons, action, targets, outcome, detail }) => ({
    role: actor.role,
    organisation: actor.organisation,
    purpose,
    persons,
    action,
    targets,
    outcome,
    detail,
  }));
}

describe('heartbeats', () => {
  it('over HTTP move the watermark of their feed, never past the node’s clock', async () => {
    const beat = { through: '2026-11-23T03:00:00+01:00' };
    const answer = await call('POST', '/feeds/gp-extract/heartbeat', 'system', beat);
    expect(answer.statusCode).toBe(200);
    expect(await stateOf('gp-extract')).toMatchObject({
      watermark: '2026-11-23T02:00:00.000Z',
      late: false,
      transport: 'fhir',
      since: '1990-01-01',
    });
    await call('POST', '/feeds/gp-extract/heartbeat', 'system', { through: '2999-01-01T00:00:00Z' });
    expect((await stateOf('gp-extract')).watermark).toMatch(/^2026-11-23T09:/);
  });

  it('over MLLP go to the feed of their sender, by its clock and zone', async () => {
    const beat = (app: string, at: string): string =>
      `MSH|^~\\&|${app}|RCB|OPENWARD|RCB|${at}||NMD^N02|HB-${app}|P|2.5.1`;
    expect(code(await node.send(beat('PAS', '20261123083000')))).toBe('AA');
    expect(code(await node.send(beat('LIMS', '20261123083000+0100')))).toBe('AA');
    expect((await stateOf('adt')).watermark).toBe('2026-11-23T08:30:00.000Z');
    expect((await stateOf('results')).watermark).toBe('2026-11-23T07:30:00.000Z');
    expect(await node.send(beat('STRANGER', '20261123083000'))).toContain(
      'MSA|AR|HB-STRANGER|MSH-3 names no feed',
    );
    expect(await node.send(beat('PAS', ''))).toContain('MSA|AR|HB-PAS|A heartbeat needs MSH-7');
  });

  it.each([
    ['no feed of that name', '/feeds/nothing/heartbeat', { through: '2026-11-23T03:00:00Z' }, 404],
    ['no offset', '/feeds/gp-extract/heartbeat', { through: '2026-11-23T03:00:00' }, 400],
    ['not an instant', '/feeds/gp-extract/heartbeat', { through: 1 }, 400],
    ['nothing', '/feeds/gp-extract/heartbeat', {}, 400],
    ['no object', '/feeds/gp-extract/heartbeat', [], 400],
  ])('with %s are refused', async (_what, url, body, status) => {
    const answer = await call('POST', url, 'system', body);
    expect(answer.statusCode).toBe(status);
    expect(answer.json().resourceType).toBe('OperationOutcome');
  });

  it('that are no JSON are refused with none of what was sent', async () => {
    const answer = await server.inject({
      method: 'POST',
      url: '/feeds/gp-extract/heartbeat',
      headers: { authorization: `Bearer ${tokens.get('system')}`, 'content-type': 'application/json' },
      payload: '{"SECRET',
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.body).not.toContain('SECRET');
  });
});

describe('a message', () => {
  it('settles the feed of its sender; one of an unknown sender is taken and counts for none', async () => {
    const message = (app: string, id: string): string =>
      `${header({ id, app, event: 'ADT^A28' })}\rPID|1||M-${app}^^^RCB^MR||SMITH^ANN`;
    expect(code(await node.send(message('PAS', 'A1')))).toBe('AA');
    expect(await stateOf('adt')).toMatchObject({ owed: 0, lastHeard: expect.stringMatching(/Z$/) });
    expect(code(await node.send(message('NEWCOMER', 'B1')))).toBe('AA');
    const [patient] = await node.withNumber('Patient', 'M-NEWCOMER');
    expect(patient?.meta?.source).toBe('https://openward.org/hl7-v2/mllp/ADT-A28/NEWCOMER/RCB/B1');
  });
});

describe('dead letters', () => {
  it('are listed in pages without anything of a person, the message itself for the source system alone', async () => {
    const bad = `${header({ id: 'BAD1', event: 'ADT^Z01' })}\rPID|1||M-SECRET^^^RCB^MR||SECRETNAME^ANN`;
    for (const id of ['BAD1', 'BAD2', 'BAD3']) await node.send(bad.replace('BAD1', id));
    const answer = await call('GET', '/feeds/dead-letters?count=2', 'engineer');
    expect(answer.statusCode).toBe(200);
    expect(answer.body).not.toContain('SECRET');
    const all: { controlId: string; id: string }[] = [];
    for (let next: string | undefined = '/feeds/dead-letters?count=2'; next !== undefined; ) {
      const page: { deadLetters: typeof all; next?: string } = (await call('GET', next, 'engineer')).json();
      expect(page.deadLetters.length).toBeLessThanOrEqual(2);
      all.push(...page.deadLetters);
      next = page.next;
    }
    expect(all.map((one) => one.controlId)).toEqual(['HB-STRANGER', 'HB-PAS', 'BAD1', 'BAD2', 'BAD3']);
    expect(all[2]).toMatchObject({
      feed: 'adt',
      sender: 'PAS RCB',
      event: 'ADT^Z01',
      answer: 'AR',
      code: 'not-supported',
      reason: expect.stringContaining('MSH-9'),
      at: expect.stringMatching(/^2026-11-23T09:.*Z$/),
    });
    const raw = await call('GET', `/feeds/dead-letters/${all[2]?.id}`, 'system');
    expect(raw.body).toBe(bad);
    expect((await call('GET', '/feeds/dead-letters/none', 'system')).statusCode).toBe(404);
    expect((await call('GET', '/feeds/dead-letters?count=0', 'system')).statusCode).toBe(400);
  });
});

describe('who may', () => {
  const routes: readonly (readonly ['GET' | 'POST', string, readonly Persona[]])[] = [
    ['GET', '/feeds', ['engineer', 'system']],
    ['GET', '/feeds/dead-letters', ['engineer', 'system']],
    ['GET', '/feeds/dead-letters/x', ['system']],
    ['POST', '/feeds/gp-extract/heartbeat', ['system']],
    ['POST', '/feeds/gp-extract/dismissals', ['engineer', 'system']],
    ['POST', '/feeds/dead-letters/x/replay', ['engineer', 'system']],
  ];

  it.each(routes)('%s %s', async (method, url, allowed) => {
    const body = method === 'POST' ? { through: '2026-11-23T03:00:00Z' } : undefined;
    for (const persona of Object.keys(PERSONAS) as Persona[]) {
      const answer = await call(method, url, persona, body);
      expect(answer.statusCode === 403, persona).toBe(!allowed.includes(persona));
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['x-request-id']).toBeTruthy();
    }
    const none = await call(method, url, undefined, body);
    expect(none.statusCode).toBe(401);
    expect(none.json().issue[0].code).toBe('login');
    expect(none.headers['www-authenticate']).toBe('Bearer');
  });

  it.each([
    ['GET', '/feeds', 'feeds', 'read'],
    ['GET', '/feeds/dead-letters', 'v2-dead-letters', 'read'],
    ['GET', '/feeds/dead-letters/x', 'v2-messages', 'read'],
    ['POST', '/feeds/gp-extract/heartbeat', 'feeds', 'update'],
    ['POST', '/feeds/gp-extract/dismissals', 'v2-dead-letters', 'update'],
    ['POST', '/feeds/dead-letters/x/replay', 'v2-dead-letters', 'update'],
  ] as const)('%s %s leaves a row where it is refused', async (method, url, target, act) => {
    await node.news('reads');
    await node.news('writes');
    expect((await call(method, url, 'nurse', method === 'POST' ? {} : undefined)).statusCode).toBe(403);
    expect(await rows('reads')).toEqual([
      { ...BY_NURSE, action: 'refuse', targets: [target], outcome: 'refused', detail: { rule: 'role', act } },
    ]);
    expect(await rows('writes')).toEqual([]);
  });

  it('what is seen leaves a row', async () => {
    await node.news('reads');
    await call('GET', '/feeds', 'engineer');
    await call('GET', '/feeds/dead-letters?count=1', 'engineer');
    const [shown] = await node.store.blobs.list('v2-dead-letters', undefined, 1);
    expect(await rows('reads')).toEqual([
      { ...BY_ENGINEER, targets: ['feeds'], detail: undefined },
      { ...BY_ENGINEER, targets: ['v2-dead-letters'], detail: { matches: 2 } },
      { ...BY_ENGINEER, targets: [`v2-dead-letters/${shown}`], detail: undefined },
    ]);
  });

  it('nothing else is there', async () => {
    expect((await call('GET', '/feeds/dead-letters/x/y', 'system')).statusCode).toBe(404);
    expect((await call('POST', '/feeds', 'system', {})).statusCode).toBe(404);
  });
});
