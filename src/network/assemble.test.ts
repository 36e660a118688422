/**
 * What an asking node makes of peers that answer slowly, not at all, too much, in part, about somebody else,
 * or nonsense.
 */
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type NetworkUnderTest, openNetworkUnderTest, until } from '../../test/network-under-test.ts';
import { condition, patient } from '../../test/person-under-test.ts';
import type { Id, InstantMs, NhsNumber } from '../base/brands.ts';
import type { SharedRecord, SourceReport } from './shared-record.ts';
import { encodeAnswer, type SourceEntry, type SourceState } from './source-answer.ts';

const ANN = '9990000018' as NhsNumber;
const BOB = '9990000026' as NhsNumber;
let network: NetworkUnderTest;
const sockets = new Set<Socket>();

beforeAll(async () => {
  network = await openNetworkUnderTest(
    [
      { ods: 'X01', kind: 'exchange' },
      { ods: 'GP1', kind: 'gp' },
      { ods: 'RX1', kind: 'acute' },
    ],
    { sharedRecordDeadlineMs: 600, recordBytesMax: 1_000_000, directoryLifeHours: 5 / 3600 },
  );
  await network.node('GP1').put(patient('a', ANN), condition('c', 'a', 'At the practice'));
  await network.node('RX1').put(patient('ann', ANN), condition('c', 'ann', 'At the hospital'));
  await network.settled();
}, 60_000);
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await network.node('RX1').restart();
  await until('live', async () => hospital(await ask()).status === 'live');
});
afterAll(() => network.close());

const ask = (): Promise<SharedRecord> => {
  const node = network.node('GP1');
  return node.network.sharedRecords.assemble(ANN, {}, node.asker('gp'));
};
const hospital = (record: SharedRecord): SourceReport => {
  const found = record.sources.find((source) => source.ods === 'RX1');
  if (found === undefined) throw new Error('not named');
  return found;
};

/** In the hospital's place: well by its probes, and `answer` for a record. */
async function pretend(answer: (response: ServerResponse) => void): Promise<void> {
  let n = 1e6;
  const listener: RequestListener = (request, response) => {
    if (request.url !== '/network/health') return answer(response);
    response.end(JSON.stringify({ ods: 'RX1', n: ++n, asAt: 1000, up: {}, said: {} }));
  };
  const server = createServer(listener);
  await network.node('RX1').replace((socket) => {
    sockets.add(socket);
    server.emit('connection', socket);
  });
  const before = n;
  await until('probed', () => n > before + 3 && ['GP1', 'X01'].every(isUpFor));
}
const isUpFor = (ods: string): boolean => {
  const seen = network.node(ods).network.sharedRecords.organisations();
  return seen.find((one) => one.ods === 'RX1')?.state === 'up';
};
const entry = (id: string, person: string): SourceEntry => ({
  type: 'Condition',
  id: id as Id,
  bytes: Buffer.from(JSON.stringify({ resourceType: 'Condition', id, subject: { reference: person } })),
});
const person = (id: string, value: string): SourceEntry => ({
  type: 'Patient',
  id: id as Id,
  bytes: Buffer.from(
    JSON.stringify({
      resourceType: 'Patient',
      id,
      identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value }],
    }),
  ),
});
const answerOf = (
  entries: readonly SourceEntry[],
  asAt = 1000,
  about = ANN,
  more: Partial<SourceState> = {},
): Buffer =>
  encodeAnswer(
    {
      kind: 'record',
      state: { asAt: asAt as InstantMs, coverage: [], behind: [], ...more },
      patients: ['ann' as Id],
      nhsNumbers: [about],
      entries,
    },
    about,
  );
const whole = answerOf([person('ann', ANN), entry('c', 'Patient/ann')]);

describe('a peer that is well by its probes', () => {
  it('and answers is live', async () => {
    await pretend((response) => response.end(whole));
    expect(hospital(await ask())).toMatchObject({ status: 'live', asAt: 1000 });
  });

  it.each([
    ['never answers a question', () => undefined, /did not answer in time/],
    [
      'answers one byte a second',
      (response) =>
        void response.writeHead(200, { 'content-length': whole.length }).write(whole.subarray(0, 1)),
      /answers too slowly/,
    ],
    ['answers nonsense', (response) => void response.end('{"resourceType":"Bundle"}'), /made no sense/],
    ['breaks off', (response) => void response.end(whole.subarray(0, -9)), /made no sense/],
    [
      'answers far too much',
      (response) => {
        const piece = Buffer.alloc(1_000_000, 'x');
        const more = (): void => {
          while (!response.destroyed && response.write(piece)) {} // until the asker hangs up
          response.once('drain', more);
        };
        more();
      },
      /made no sense/,
    ],
    ['fails', (response) => void response.writeHead(500).end(), /cannot give the record now/],
    [
      'answers about another person',
      (response) => void response.end(answerOf([person('bob', BOB)], 1000, BOB)),
      /not about this person/,
    ],
    [
      'slips in an entry of another person',
      (response) =>
        void response.end(
          answerOf([person('ann', ANN), entry('c', 'Patient/ann'), entry('d', 'Patient/bob')]),
        ),
      /not about this person/,
    ],
    [
      'slips in another Patient',
      (response) => void response.end(answerOf([person('ann', ANN), person('bob', BOB)])),
      /not about this person/,
    ],
  ] satisfies readonly (readonly [string, (response: ServerResponse) => void, RegExp])[])(
    'and %s is unavailable, with nothing shown of it',
    async (_what, answer, words) => {
      await pretend(answer);
      const record = await ask();
      expect(hospital(record)).toMatchObject({ status: 'unavailable' });
      expect(hospital(record).diagnostics).toMatch(words);
      expect(record.entries.map((one) => one.source)).not.toContain('RX1');
      expect(record.entries.length).toBeGreaterThan(0);
      expect(() =>
        JSON.parse(Buffer.concat([...network.node('GP1').network.sharedRecords.bundle(record)]).toString()),
      ).not.toThrow();
    },
  );

  it.each([
    [
      'has refused a message',
      1000,
      { behind: [{ kind: 'Observation', since: 1000 as InstantMs }], refused: 1 },
      'It answered now, but a message from its systems could not be taken, so its record may not be whole since ' +
        '1970-01-01T00:00:01.000Z. What may be missing since then: Observation.',
    ],
    [
      'has refused several, and another feed was never heard',
      0,
      { behind: [{ kind: 'Observation', since: 0 as InstantMs }], refused: 3 },
      'It answered now, but 3 messages from its systems could not be taken, so its record may not be whole. ' +
        'What may be missing: Observation.',
    ],
    [
      'has not heard a feed yet',
      0,
      { behind: [{ kind: 'Condition', since: 0 as InstantMs }] },
      'It answered now, but one of its systems has never been heard. What may be missing: Condition.',
    ],
  ] as const)(
    'and %s is behind, in plain words and without an age that it has not',
    async (_what, at, more, words) => {
      await pretend((response) => response.end(answerOf([person('ann', ANN)], at, ANN, more)));
      const { status, asAt, diagnostics } = hospital(await ask());
      expect({ status, asAt, diagnostics }).toEqual({
        status: 'behind',
        asAt: at === 0 ? undefined : at,
        diagnostics: words,
      });
    },
  );

  it('and whose clock runs ahead is as at now at most', async () => {
    const ahead = Date.now() + 3_600_000;
    await pretend((response) => response.end(answerOf([person('ann', ANN)], ahead)));
    const { asAt } = hospital(await ask());
    expect(asAt).toBeLessThanOrEqual(Date.now());
  });
});

describe('whoever asks', () => {
  it('leaves a row with the state of each source, and each source one of its own', async () => {
    const record = await ask();
    const asked = await network.node('GP1').store.auditRows({ chain: 'writes', count: 10_000 });
    expect(asked.at(-1)).toMatchObject({
      action: 'shared-record',
      persons: ['a'],
      detail: Object.fromEntries(record.sources.map((one) => [one.ods, one.status])),
    });
    const told = await network.node('RX1').store.auditRows({ chain: 'writes', count: 10_000 });
    expect(told.at(-1)).toMatchObject({
      action: 'disclose',
      actor: { role: 'gp', organisation: 'GP1' },
      purpose: 'direct-care',
      persons: ['ann'],
    });
  });

  it('for a number that two people here claim, or nobody, hears "not found" and nothing else', async () => {
    const gp = network.node('GP1');
    await gp.put(
      { ...patient('x', BOB), birthDate: '1950-01-01', name: [{ family: 'One' }] },
      { ...patient('y', BOB), birthDate: '1990-09-09', name: [{ family: 'Another' }] },
    );
    const look = (number: string, role: 'gp' | 'patient'): Promise<SharedRecord> =>
      gp.network.sharedRecords.assemble(number as NhsNumber, {}, gp.asker(role, BOB));
    const failures = await Promise.all([
      look(BOB, 'gp').catch((error: unknown) => error),
      look('9990000034', 'gp').catch((error: unknown) => error),
      look(BOB, 'patient').catch((error: unknown) => error),
    ]);
    for (const failure of failures) expect(failure).toMatchObject({ code: 'not-found' });
    expect(new Set(failures.map(String)).size).toBe(1);
  });

  it('is served by a directory past its date where the exchange is dead, and the record says so', async () => {
    await network.node('X01').kill();
    await network.node('GP1').restart();
    await until('expired', async () => (await ask()).directoryExpired);
    await until('live', async () => hospital(await ask()).status === 'live');
    const { sharedRecords } = network.node('GP1').network;
    const bundle = Buffer.concat([...sharedRecords.bundle(await ask())]).toString();
    expect(bundle).toContain('past its date and used all the same');
    await network.node('X01').restart();
  });
});
