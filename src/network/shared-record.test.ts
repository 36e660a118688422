import { readdir, readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NetworkUnderTest, openNetworkUnderTest, until } from '../../test/network-under-test.ts';
import type { InstantMs, NhsNumber } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import type { SharedRecord, SourceReport } from './shared-record.ts';

const ANN = '9990000018' as NhsNumber;
const BOB = '9990000026' as NhsNumber;
const VERIFIED = '01';

function patient(id: string, nhsNumber: NhsNumber, status: string | undefined, more: object = {}): object {
  const extension =
    status === undefined
      ? []
      : [
          {
            url: 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus',
            valueCodeableConcept: {
              coding: [
                {
                  system: 'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland',
                  code: status,
                },
              ],
            },
          },
        ];
  return {
    resourceType: 'Patient',
    id,
    identifier: [
      {
        system: 'https://fhir.nhs.uk/Id/nhs-number',
        value: nhsNumber,
        ...(extension.length === 0 ? {} : { extension }),
      },
    ],
    name: [{ family: 'Quillfeather', given: ['Ann'] }],
    generalPractitioner: [
      { identifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'GP1' } },
    ],
    ...more,
  };
}

function condition(id: string, subject: string, text: string): object {
  return {
    resourceType: 'Condition',
    id,
    subject: { reference: `Patient/${subject}` },
    code: { text },
    asserter: { reference: 'Practitioner/dr' },
  };
}

let network: NetworkUnderTest;

beforeAll(async () => {
  network = await openNetworkUnderTest([
    { ods: 'X01', kind: 'exchange' },
    { ods: 'GP1', kind: 'gp' },
    {
      ods: 'RX1',
      kind: 'acute',
      feeds: [
        { name: 'adt', transport: 'fhir', covers: ['Condition'], heartbeatSeconds: 0.4, since: '2020-01-01' },
      ],
    },
    { ods: 'MH1', kind: 'mental-health' },
    { ods: 'PH1', kind: 'pharmacy' },
    { ods: 'CO1', kind: 'community' },
  ]);
  for (const ods of ['GP1', 'RX1', 'MH1', 'PH1']) {
    await network
      .node(ods)
      .put(
        patient('ann', ANN, VERIFIED),
        { resourceType: 'Practitioner', id: 'dr', name: [{ family: `Doctor of ${ods}` }] },
        ...Array.from({ length: 12 }, (_, i) => condition(`c${i}`, 'ann', `Problem ${i} at ${ods}`)),
      );
  }
  await network.node('CO1').put(patient('ann', ANN, undefined), condition('c', 'ann', 'Not joined'));
  network.node('RX1').feeds.heard('adt', Date.now() as never);
  beat = setInterval(() => heart(), 100);
  await network.settled();
}, 60_000);
let beat: NodeJS.Timeout;
let isBeating = true;
function heart(): void {
  if (!isBeating) return;
  try {
    network.node('RX1').feeds.heard('adt', Date.now() as never);
  } catch {
    // it is killed just now
  }
}
afterAll(async () => {
  clearInterval(beat);
  await network?.close();
});

const ask = (role: 'gp' | 'pharmacist' | 'patient' = 'gp', nhsNumber = ANN): Promise<SharedRecord> => {
  const node = network.node('GP1');
  return node.network.sharedRecords.assemble(
    nhsNumber,
    {},
    node.asker(role, role === 'patient' ? ANN : undefined),
  );
};
const report = (record: SharedRecord, ods: string): SourceReport => {
  const found = record.sources.find((source) => source.ods === ods);
  if (found === undefined) throw new Error(`${ods} is not named`);
  return found;
};
const texts = (record: SharedRecord, ods: string): string[] =>
  record.entries
    .filter((entry) => entry.source === ods)
    .map((entry) => `${entry.type}/${entry.id}`)
    .sort();
/** Until this organisation has this status; the record that says so. */
async function when(ods: string, status: string, role: 'gp' | 'pharmacist' = 'gp'): Promise<SharedRecord> {
  let record: SharedRecord | undefined;
  await until(`${ods} is ${status}`, async () => {
    record = await ask(role);
    return report(record, ods).status === status;
  });
  if (record === undefined) throw new Error('never asked');
  return record;
}

describe('a whole record', () => {
  it('has every source live, with what their records refer to, byte for byte', async () => {
    const record = await when('RX1', 'live');
    expect(record.sources.map((source) => [source.ods, source.status]).sort()).toEqual([
      ['CO1', 'refused'],
      ['GP1', 'live'],
      ['MH1', 'live'],
      ['PH1', 'live'],
      ['RX1', 'live'],
    ]);
    for (const ods of ['GP1', 'RX1', 'MH1', 'PH1']) {
      expect(texts(record, ods)).toHaveLength(14);
      expect(texts(record, ods)).toContain('Practitioner/dr');
    }
    const held = await (await network.node('MH1').store.snapshot()).read('Condition', 'c3' as never, {
      persons: 'all',
      unattached: 'all',
      types: 'all',
      hiddenLabels: [],
    });
    const sent = record.entries.find((entry) => entry.source === 'MH1' && entry.id === 'c3');
    expect(held?.deleted === false && sent?.bytes.equals(held.bytes)).toBe(true);
  });

  it('an unverified number is refused by identity and shows nothing', async () => {
    const record = await ask();
    expect(report(record, 'CO1')).toMatchObject({ status: 'refused', rule: 'identity' });
    expect(texts(record, 'CO1')).toEqual([]);
  });

  it('a role that an organisation does not answer is refused by role', async () => {
    expect(report(await ask('pharmacist'), 'MH1')).toMatchObject({ status: 'refused', rule: 'role' });
  });

  it('a number that nobody here looks after is not found, and another patient is forbidden', async () => {
    await expect(ask('gp', BOB)).rejects.toMatchObject({ code: 'not-found' });
    await expect(ask('patient', BOB)).rejects.toBeInstanceOf(Failure);
  });

  it('the Bundle is one JSON text with one issue a source and the constant one', async () => {
    const { sharedRecords } = network.node('GP1').network;
    const record = await ask();
    const bundle = JSON.parse(Buffer.concat([...sharedRecords.bundle(record)]).toString());
    expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: record.entries.length });
    const outcome = bundle.entry.find(
      (entry: { search: { mode: string } }) => entry.search.mode === 'outcome',
    );
    expect(outcome.resource.issue).toHaveLength(6);
    expect(JSON.stringify(outcome)).toContain('Some services are never shown here.');
  });
});

describe('a feed that is late', () => {
  it('leaves its organisation behind, with the kinds, since when, and an as-at that stands still', async () => {
    isBeating = false;
    const record = await when('RX1', 'behind');
    expect(report(record, 'RX1').behind.map((one) => one.kind)).toEqual(['Condition']);
    const { asAt } = report(record, 'RX1');
    expect(report(await ask(), 'RX1').asAt).toBe(asAt);
    isBeating = true;
    await when('RX1', 'live');
  });
});

describe('a feed whose message was refused', () => {
  it('leaves its organisation behind from before that message, until it is missing no longer', async () => {
    const { feeds } = network.node('RX1');
    await when('RX1', 'live');
    const sentAt = (Date.now() - 60_000) as InstantMs;
    await feeds.refuse('adt', { deadLetter: 'D1', sentAt, reason: 'not-supported' });
    const { status, asAt, behind, coverage, diagnostics } = report(await ask(), 'RX1');
    expect({ status, asAt, behind }).toEqual({
      status: 'behind',
      asAt: sentAt - 1,
      behind: [{ kind: 'Condition', since: sentAt - 1 }],
    });
    expect(coverage).toEqual([{ kind: 'Condition', since: '2020-01-01', asAt: sentAt - 1 }]);
    expect(diagnostics).toMatch(/a message from its systems could not be taken/);
    await feeds.resolve('adt', [{ deadLetter: 'D1' }]);
    expect(report(await ask(), 'RX1').status).toBe('live');
  });
});

describe('an organisation out', () => {
  it('killed: its copy, whole, with what was written just before, and an as-at not newer than its end', async () => {
    const before = await when('RX1', 'live');
    await network.node('RX1').put(condition('late', 'ann', 'Written at the last moment'));
    await network.node('RX1').remove('Condition', 'c0');
    await new Promise((done) => setTimeout(done, 1200));
    const killedAt = Date.now();
    await network.node('RX1').kill();
    const record = await when('RX1', 'copy');
    expect(texts(record, 'RX1')).toEqual(
      [...texts(before, 'RX1').filter((one) => one !== 'Condition/c0'), 'Condition/late'].sort(),
    );
    expect(report(record, 'RX1').asAt).toBeLessThanOrEqual(killedAt);
    expect(report(record, 'RX1').asAt).toBeGreaterThan(killedAt - 5000);
    expect(report(await ask('pharmacist'), 'RX1').status).toBe('copy');
  });

  it('a refusal never falls back to a copy', async () => {
    await network.node('MH1').kill();
    const record = await when('MH1', 'copy');
    expect(texts(record, 'MH1')).toHaveLength(14);
    const refused = await ask('pharmacist');
    expect(report(refused, 'MH1')).toMatchObject({ status: 'refused', rule: 'role' });
    expect(texts(refused, 'MH1')).toEqual([]);
  });

  it('back again: live, nothing lost, and told who opened its copies', async () => {
    await network.node('RX1').restart();
    await network.node('MH1').restart();
    const record = await when('RX1', 'live');
    expect(texts(record, 'RX1')).toContain('Condition/late');
    await when('MH1', 'live');
    await until('the source is told', async () => {
      const rows = await network.node('RX1').store.auditRows({ chain: 'writes', count: 1000 });
      return rows.some((row) => row.action === 'open-copy' && row.detail?.told !== undefined);
    });
  });

  it.each([
    ['hung', () => undefined],
    ['speaking garbage', (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{"a":1}')],
    ['speaking no HTTP', (socket) => void socket.end('\u0000\u0001\u0002')],
  ] satisfies readonly (readonly [string, (socket: Socket) => void])[])(
    '%s: its copy within the deadline',
    async (_what, answer) => {
      await network.node('RX1').replace((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => answer(socket));
      });
      const begun = performance.now();
      expect(['copy', 'unavailable']).toContain(report(await ask(), 'RX1').status);
      const tookMs = performance.now() - begun;
      const record = await when('RX1', 'copy');
      expect(texts(record, 'RX1')).toHaveLength(14);
      expect(tookMs).toBeLessThan(10_000);
      await network.node('RX1').restart();
      await when('RX1', 'live');
    },
  );

  it('the exchange too: records go on', async () => {
    await network.node('X01').kill();
    const record = await ask();
    expect(record.sources.filter((source) => source.status === 'live')).toHaveLength(4);
    await network.node('X01').restart();
  });
});

describe('a custodian', () => {
  it('keeps nothing of another organisation in plain', async () => {
    for (const ods of ['X01', 'PH1', 'CO1', 'GP1', 'MH1']) {
      const folder = join(network.folder, ods);
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const bytes = await readFile(join(entry.parentPath, entry.name));
        expect(bytes.includes('at RX1'), `${ods} ${entry.name}`).toBe(false);
        if (ods === 'X01') expect(bytes.includes(ANN), entry.name).toBe(false);
      }
    }
  });
});
