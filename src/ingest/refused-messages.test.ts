import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFeedDoorUnderTest } from '../../test/feed-door-under-test.ts';
import { code, header, type MllpUnderTest } from '../../test/mllp-under-test.ts';
import { HERE } from '../../test/records-under-test.ts';
import type { Authenticator } from '../access/authenticator.ts';
import type { InstantMs } from '../base/brands.ts';
import type { FeedConfig } from '../base/node-config.ts';
import type { FeedState } from '../records/feed.ts';
import { openFeeds } from '../records/feeds.ts';
import { incoming } from './incoming.ts';

const FEEDS: readonly FeedConfig[] = [
  {
    name: 'adt',
    transport: 'mllp',
    covers: ['Patient', 'Encounter'],
    sendingApplication: 'PAS',
    heartbeatSeconds: 60,
    ignores: ['SIU^S12'],
  },
  { name: 'other', transport: 'mllp', covers: ['Observation'], heartbeatSeconds: 60 },
];
/** MSH-7 of the messages: before the clock of the node, and before the heartbeats. */
const SENT_AT = Date.parse('2026-11-23T07:00:00Z');
const SENT = '20261123070000+0000';

const person = (mrn: string): string => `PID|1||${mrn}^^^RCB^MR||SMITH^ANN|||F`;
const unknownEvent = (id: string, mrn = `M-${id}`): string =>
  `${header({ id, event: 'ADT^Z01', at: SENT })}\r${person(mrn)}`;
const added = (id: string, mrn = `M-${id}`): string =>
  `${header({ id, event: 'ADT^A28', at: SENT })}\r${person(mrn)}`;
/** A transfer without a visit: refused until the person is an inpatient. */
const transfer = (id: string): string =>
  `${header({ id, event: 'ADT^A02', at: SENT })}\r${person(`M-${id}`)}\rPV1|1|I|RCB^WARD2`;
const admission = (id: string, mrn: string): string =>
  `${header({ id, event: 'ADT^A01', at: SENT })}\r${person(mrn)}\rPV1|1|I|RCB^WARD1||||||||||||||||V-${id}`;

let node: MllpUnderTest;
let server: FastifyInstance;
let authenticator: Authenticator;
let close: () => Promise<void>;

beforeEach(async () => {
  ({ node, server, authenticator, close } = await openFeedDoorUnderTest(FEEDS));
  for (const { name } of FEEDS) node.feeds.heard(name, node.clock.now());
});
afterEach(() => close());

function state(name = 'adt'): FeedState | undefined {
  return node.feeds.states().find((one) => one.name === name);
}

async function post(url: string, body: object = {}) {
  const token = await authenticator.issue('engineer');
  const headers = { authorization: `Bearer ${token}` };
  return server.inject({ method: 'POST', url, headers, payload: body });
}

async function letterOf(controlId: string): Promise<Record<string, unknown>> {
  const token = await authenticator.issue('engineer');
  const headers = { authorization: `Bearer ${token}` };
  const { deadLetters } = (await server.inject({ url: '/feeds/dead-letters', headers })).json();
  return deadLetters.find((one: { controlId: string }) => one.controlId === controlId);
}

const idOf = async (controlId: string): Promise<string> => String((await letterOf(controlId)).id);

describe('a refused message', () => {
  it('leaves its feed behind from before it was sent, with how many, why and which', async () => {
    expect(state()?.late).toBe(false);
    expect(code(await node.send(unknownEvent('BAD')))).toBe('AR');
    node.feeds.heard('adt', node.clock.now());
    const refused = {
      count: 1,
      since: SENT_AT,
      reasons: { 'not-supported': 1 },
      deadLetters: [await idOf('BAD')],
    };
    const before = SENT_AT - 1;
    expect(state()).toMatchObject({ late: true, lateSince: before, watermark: before, refused });
    expect(state('other')?.late).toBe(false);
  });

  it.each([
    ['truncated', (id: string) => admission(id, 'M').slice(0, 75)],
    [
      'in the wrong character set',
      (id: string) => Buffer.from(added(id).replace('ANN', 'NO\xcbL'), 'latin1'),
    ],
    ['without its patient', (id: string) => header({ id, event: 'ADT^A28', at: SENT })],
  ])('counts for a sender that is known, though it is %s', async (_what, message) => {
    const bytes = message('CUT').toString('latin1').replace('|2.4||||||', '|2.4||||||UNICODE UTF-8');
    expect(code(await node.send(Buffer.from(bytes, 'latin1')))).toBe('AR');
    expect(state()).toMatchObject({ late: true, refused: { count: 1 } });
  });

  it('that says it is older than HL7 v2 counts from the moment it came', async () => {
    const before = node.clock.now();
    const message = unknownEvent('OLD').replace(SENT, '19000101');
    expect(code(await node.send(message))).toBe('AR');
    expect(state()?.refused?.since).toBeGreaterThan(before);
  });

  it.each(['19000101', 'yesterday', ''])('that is a heartbeat of "%s" claims nothing', async (at) => {
    const before = state()?.watermark;
    expect(code(await node.send(header({ id: 'BEAT', event: 'NMD^N02', at })))).toBe('AR');
    expect(state()).toMatchObject({ watermark: before, late: false });
  });

  it('of more segments than are read names the limit', async () => {
    const segments = Array.from({ length: node.settings.v2SegmentsMax }, (_, n) => `NTE|${n}||x`);
    expect(await node.send(`${added('LONG')}\r${segments.join('\r')}`)).toMatch(/v2SegmentsMax/);
    expect(state()).toMatchObject({ late: true, refused: { reasons: { 'too-costly': 1 } } });
  });

  it('is still missing after a kill, though the node had only just answered', async () => {
    await node.send(unknownEvent('BAD'));
    const { clock, feedsFolder } = node;
    const again = await openFeeds({ feeds: FEEDS, folder: feedsFolder, clock });
    expect(again.states()[0]).toMatchObject({ late: true, refused: { count: 1 } });
    await again.close();
  });

  it('counts once, however often it comes', async () => {
    for (let n = 0; n < 3; n++) expect(code(await node.send(unknownEvent('BAD')))).toBe('AR');
    expect(state()?.refused?.count).toBe(1);
  });

  it.each([
    ['that cannot be told from noise', 'no HL7 at all'],
    ['that is a heartbeat', 'MSH|^~\\&|PAS|RCB|OPENWARD|RCB|||NMD^N02|HB|P|2.5.1'],
    ['of an event that is agreed to be none of the feed', unknownEvent('SIU').replace('ADT^Z01', 'SIU^S12')],
  ])('%s leaves no feed behind, and is kept', async (_what, message) => {
    expect(code(await node.send(message))).toBe('AR');
    expect(node.feeds.states().map((one) => one.late)).toEqual([false, false]);
    expect(await node.store.blobs.list('v2-dead-letters', undefined, 5)).toHaveLength(1);
  });

  it('of a file or replayed leaves no feed behind: who brought it sees the refusal', async () => {
    expect((await node.intake().take(incoming(Buffer.from(unknownEvent('FILE'))), 'file')).code).toBe('AR');
    expect(await post(`/feeds/dead-letters/${await idOf('FILE')}/replay`)).toMatchObject({ statusCode: 200 });
    expect(state()?.late).toBe(false);
  });
});

describe('a message that was refused is missing no longer', () => {
  it('when it comes again and is taken', async () => {
    expect(code(await node.send(transfer('T')))).toBe('AR');
    expect(state()?.late).toBe(true);
    await node.send(admission('T1', 'M-T'));
    expect(state()?.late).toBe(true);
    expect(code(await node.send(transfer('T')))).toBe('AA');
    expect(state()).toMatchObject({ late: false, watermark: expect.any(Number) });
    expect(state()).not.toHaveProperty('refused');
    expect(await letterOf('T')).toHaveProperty('acceptedAt');
  });

  it('when it comes again after a kill that lost only that', async () => {
    await node.send(transfer('T'));
    const lost = state()?.refused;
    await node.send(admission('T1', 'M-T'));
    await node.send(transfer('T'));
    const deadLetter = lost?.deadLetters[0] ?? '';
    await node.feeds.refuse('adt', { deadLetter, sentAt: SENT_AT as InstantMs, reason: 'value' });
    expect(code(await node.send(transfer('T')))).toBe('AA');
    expect(state()?.late).toBe(false);
  });

  it('when a corrected one is taken under its control id', async () => {
    await node.send(unknownEvent('WRONG', 'M-W'));
    expect(code(await node.send(added('WRONG', 'M-W')))).toBe('AA');
    expect(state()?.late).toBe(false);
    expect(await letterOf('WRONG')).toHaveProperty('acceptedAt');
    // the wrong one once more is refused as before, and puts nothing back
    expect(code(await node.send(unknownEvent('WRONG', 'M-W')))).toBe('AR');
    expect(state()?.late).toBe(false);
  });

  it('but not when a counter that began anew gives its control id to another', async () => {
    await node.send(unknownEvent('00017', 'M-W'));
    expect(code(await node.send(added('00017', 'M-X')))).toBe('AA');
    expect(state()).toMatchObject({ late: true, refused: { count: 1 } });
  });

  it('when it is in a file that is imported', async () => {
    await node.send(transfer('T'));
    await node.send(admission('T1', 'M-T'));
    expect((await node.intake().take(incoming(Buffer.from(transfer('T'))), 'file')).code).toBe('AA');
    expect(state()?.late).toBe(false);
  });
});

describe('a replay', () => {
  it('takes the message after all, and says who had it tried', async () => {
    await node.send(transfer('T'));
    const id = await idOf('T');
    const still = await post(`/feeds/dead-letters/${id}/replay`);
    expect(still.json()).toMatchObject({ answer: 'AR', reason: expect.any(String) });
    expect(state()?.late).toBe(true);
    await node.send(admission('T1', 'M-T'));
    await node.news('writes');
    expect((await post(`/feeds/dead-letters/${id}/replay`)).json()).toEqual({ answer: 'AA' });
    expect(state()?.late).toBe(false);
    expect(await letterOf('T')).toHaveProperty('acceptedAt');
    const [asked, took] = await node.news('writes');
    expect(asked).toMatchObject({
      action: 'update',
      actor: { role: 'engineer' },
      targets: [`v2-dead-letters/${id}`],
      persons: [],
      outcome: 'ok',
      detail: { act: 'replay' },
    });
    expect(took).toMatchObject({ action: 'ingest', actor: { id: 'feed:adt' }, requestId: 'T' });
  });

  it('of nothing, or of a message of which only the beginning is there, is refused', async () => {
    expect((await post('/feeds/dead-letters/none/replay')).statusCode).toBe(404);
    const long = `${added('LONG')}\rNTE|1||${'x'.repeat(node.settings.mllpFrameBytesMax)}`;
    expect(code(await node.send(long))).toBe('AR');
    expect(state()).toMatchObject({ refused: { reasons: { 'too-long': 1 } } });
    const answer = await post(`/feeds/dead-letters/${await idOf('LONG')}/replay`);
    expect(answer.statusCode).toBe(422);
    expect(await node.withNumber('Patient', 'M-LONG')).toEqual([]);
  });
});

describe('a dismissal', () => {
  it('with a reason lets the feed be on time again, and stays', async () => {
    await node.send(unknownEvent('ONE'));
    await node.send(unknownEvent('TWO'));
    const [one, two] = [await idOf('ONE'), await idOf('TWO')];
    const reason = 'Sent again by the supplier under another number';
    await node.news('writes');
    const answer = await post('/feeds/adt/dismissals', { reason, deadLetters: [one] });
    expect(answer.json()).toMatchObject({ dismissed: 1, feed: { late: true, refused: { count: 1 } } });
    expect(await letterOf('ONE')).toMatchObject({ dismissed: { reason, at: expect.any(String) } });
    const all = await post('/feeds/adt/dismissals', { reason });
    expect(all.json()).toMatchObject({ dismissed: 1, feed: { late: false } });
    const by = {
      action: 'update',
      actor: { role: 'engineer', organisation: HERE },
      purpose: 'administration',
      targets: ['v2-dead-letters'],
      persons: [],
      outcome: 'ok',
    };
    expect(await node.news('writes')).toMatchObject([
      { ...by, detail: { act: 'dismissal', feed: 'adt', deadLetters: 1, first: one } },
      { ...by, detail: { act: 'dismissal', feed: 'adt', deadLetters: 1, first: two } },
    ]);
    expect(code(await node.send(unknownEvent('ONE')))).toBe('AR');
    expect(state()?.late).toBe(false);
    expect((await post('/feeds/adt/dismissals', { reason })).json()).toMatchObject({ dismissed: 0 });
  });

  it.each([
    ['no reason', {}, 400],
    ['an empty reason', { reason: ' ' }, 400],
    ['a reason without end', { reason: 'x'.repeat(501) }, 400],
    ['no list', { reason: 'Noise', deadLetters: 'D1' }, 400],
    ['an empty id', { reason: 'Noise', deadLetters: [''] }, 400],
    ['one that is not there', { reason: 'Noise', deadLetters: ['none'] }, 404],
  ])('with %s does nothing', async (_what, body, status) => {
    await node.send(unknownEvent('ONE'));
    expect((await post('/feeds/adt/dismissals', body)).statusCode).toBe(status);
    expect(state()?.refused?.count).toBe(1);
  });

  it('reaches no other feed', async () => {
    await node.send(unknownEvent('ONE'));
    const body = { reason: 'Noise', deadLetters: [await idOf('ONE')] };
    expect((await post('/feeds/other/dismissals', body)).statusCode).toBe(404);
    expect((await post('/feeds/nothing/dismissals', { reason: 'Noise' })).statusCode).toBe(404);
    expect(state()?.late).toBe(true);
  });
});
