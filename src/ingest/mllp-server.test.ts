import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  code,
  header,
  inFrame,
  type MllpUnderTest,
  openMllpUnderTest,
  SourceSystem,
} from '../../test/mllp-under-test.ts';
import { asker, HERE } from '../../test/records-under-test.ts';
import type { Id } from '../base/brands.ts';
import { timeOrderedIds } from '../base/ids.ts';
import { silentLog } from '../base/log.ts';
import { keptDeadLetter, keptMessage } from './kept-message.ts';
import { openMllp } from './mllp-server.ts';

let node: MllpUnderTest;

beforeAll(async () => {
  node = await openMllpUnderTest(undefined, { mllpFrameBytesMax: 20_000, mllpQueueMax: 4 });
});
afterAll(() => node.close());

const person = (mrn: string, family = 'SMITH'): string => `PID|1||${mrn}^^^RCB^MR||${family}^ANN||19700101|F`;
const admission = (id: string, mrn: string, family?: string): string =>
  [header({ id }), person(mrn, family), `PV1|1|I|RCB^WARD1^BED1||||||||||||||||V-${mrn}`].join('\r');

async function deadLetters(): Promise<ReturnType<typeof keptDeadLetter>[]> {
  const session = node.records.as(asker('system'));
  const names = await session.keptNames('v2-dead-letters', undefined, 1000);
  const all = await Promise.all(names.map((name) => session.kept('v2-dead-letters', name)));
  return all.flatMap((bytes) => (bytes === undefined ? [] : [keptDeadLetter(bytes)]));
}

describe('one message', () => {
  it('is kept as it came, with what it made, its answer and one audit row', async () => {
    await node.news('writes');
    const message = admission('ONE', 'M-ONE');
    const answer = await node.send(message);
    expect(answer).toMatch(/^MSH\|\^~\\&\|OPENWARD\|RCB\|PAS\|RCB\|\d{14}\+0000\|\|ACK\^A01\^ACK\|/);
    expect(answer).toContain('\rMSA|AA|ONE\r');
    const [patient] = await node.withNumber('Patient', 'M-ONE');
    expect(patient?.name?.[0]?.family).toBe('SMITH');
    const kept = await node.store.blobs.get('v2-messages', 'PAS/RCB/ONE');
    expect(kept && keptMessage(kept)).toMatchObject({ code: 'AA', answer, raw: Buffer.from(message) });
    const rows = await node.news('writes');
    expect(rows).toMatchObject([
      {
        action: 'ingest',
        requestId: 'ONE',
        actor: { role: 'system', id: 'feed:any' },
        persons: [patient?.id],
        detail: { event: 'ADT^A01', feed: 'any' },
      },
    ]);
  });

  it('that comes again has one effect and the same answer, byte for byte, also after a restart', async () => {
    const message = admission('TWICE', 'M-TWICE');
    const first = await node.send(message);
    expect(code(first)).toBe('AA');
    expect(await node.send(message)).toBe(first);
    await node.restart();
    expect(await node.send(message)).toBe(first);
    // the sender put a new time into the header, or ends its lines otherwise
    expect(await node.send(message.replace('20261101120000', '20261101130000'))).toBe(first);
    expect(await node.send(`${message.replaceAll('\r', '\r\n')}\r\n`)).toBe(first);
    const [encounter] = await node.withNumber('Encounter', 'V-M-TWICE');
    expect(encounter?.meta?.versionId).toBe('1');
  });

  it('that comes twice at the same moment has one effect and the same answer', async () => {
    const message = admission('SAME', 'M-SAME');
    const [one, two, three] = await Promise.all([node.send(message), node.send(message), node.send(message)]);
    expect(code(one)).toBe('AA');
    expect([two, three]).toEqual([one, one]);
    expect((await node.withNumber('Patient', 'M-SAME')).length).toBe(1);
  });

  it('under a control id that stood for another is one of its own, with a warning', async () => {
    const one = admission('REUSED', 'M-R1');
    const other = admission('REUSED', 'M-R2').replaceAll('|2.4|', '|2.5.1|');
    const first = await node.send(one);
    const second = await node.send(other);
    expect(second).toMatch(/MSA\|AA\|REUSED\rERR\|\|MSH\^1\^10\|.*\|W\|.*The control id was used before/);
    expect(await node.send(other)).toBe(second);
    expect(await node.send(one)).toBe(first);
    for (const number of ['M-R1', 'M-R2']) {
      expect(await node.withNumber('Patient', number)).toMatchObject([{ meta: { versionId: '1' } }]);
    }
    const names = await node.store.blobs.list('v2-messages', 'PAS/RCB/REUSED', 1);
    expect(names).toEqual([expect.stringMatching(/^PAS\/RCB\/REUSED\/[0-9a-f]{16}$/)]);
  });

  it('that was refused is taken when what it lacked is there', async () => {
    const merge = [header({ id: 'LATER', event: 'ADT^A02' }), person('M-LATER'), 'PV1|1|I|RCB^WARD2'].join(
      '\r',
    );
    const refused = await node.send(merge);
    expect(code(refused)).toBe('AR');
    expect(await node.send(merge)).toBe(refused);
    await node.send(admission('LATER-1', 'M-LATER'));
    expect(code(await node.send(merge))).toBe('AA');
    const letters = (await deadLetters()).filter((one) => one.controlId === 'LATER');
    expect(letters.map((one) => typeof one.acceptedAt)).toEqual(['string']);
  });
});

describe('frames', () => {
  it('come two in one packet and one in many, with garbage between them', async () => {
    const source = await SourceSystem.connect(node.port());
    const [first, second, third] = ['F1', 'F2', 'F3'].map((id) => inFrame(admission(id, `M-${id}`)));
    source.write(
      Buffer.concat([Buffer.from('noise\r\n'), first ?? '', Buffer.from('\r\n?'), second ?? ''] as Buffer[]),
    );
    expect(await source.answer()).toContain('MSA|AA|F1');
    expect(await source.answer()).toContain('MSA|AA|F2');
    for (const byte of third ?? []) source.write(Buffer.from([byte]));
    expect(await source.answer()).toContain('MSA|AA|F3');
    source.hangUp();
  });

  it('beyond the limit are refused without being held in memory, and the next one is taken', async () => {
    const source = await SourceSystem.connect(node.port());
    source.write(inFrame(`${admission('LONG', 'M-LONG')}\rNTE|1||${'x'.repeat(50_000)}`));
    source.write(inFrame(admission('AFTER', 'M-AFTER')));
    expect(await source.answer()).toContain('MSA|AR|LONG|The message is longer than 20000 bytes');
    expect(await source.answer()).toContain('MSA|AA|AFTER');
    source.hangUp();
    expect(await node.withNumber('Patient', 'M-LONG')).toEqual([]);
  });

  it('without end leave no trace', async () => {
    const source = await SourceSystem.connect(node.port());
    source.write(`\x0b${admission('OPEN', 'M-OPEN')}\x1c`);
    expect(await node.send(admission('MEANWHILE', 'M-MEANWHILE'))).toContain('MSA|AA|MEANWHILE');
    source.socket.end();
    expect(await source.answer()).toBe('');
    expect(await node.withNumber('Patient', 'M-OPEN')).toEqual([]);
    expect(await node.store.blobs.get('v2-messages', 'PAS/RCB/OPEN')).toBe(undefined);
  });

  it('far more at once than may wait are all answered, in order', async () => {
    const source = await SourceSystem.connect(node.port());
    const ids = Array.from({ length: 60 }, (_, i) => `Q${i}`);
    source.write(Buffer.concat(ids.map((id, i) => inFrame(admission(id, `M-Q${i % 7}`)))));
    for (const id of ids) expect(await source.answer()).toContain(`MSA|AA|${id}\r`);
    source.hangUp();
  });

  it('that are whole are stored and answered though the source has hung up its half', async () => {
    const source = await SourceSystem.connect(node.port());
    source.socket.end(inFrame(admission('LAST', 'M-LAST')));
    expect(await source.answer()).toContain('MSA|AA|LAST');
  });
});

describe('order', () => {
  it('within a person is that of arrival, over one connection', async () => {
    const source = await SourceSystem.connect(node.port());
    const names = Array.from({ length: 20 }, (_, i) => `NAME${i}`);
    source.write(
      Buffer.concat(
        names.map((name, i) =>
          inFrame([header({ id: `ORD${i}`, event: 'ADT^A31' }), person('M-ORD', name)].join('\r')),
        ),
      ),
    );
    for (const _ of names) expect(code(await source.answer())).toBe('AA');
    source.hangUp();
    const [patient] = await node.withNumber('Patient', 'M-ORD');
    const session = node.records.as(asker('system'));
    const { entries } = await session.history({ type: 'Patient', id: patient?.id as Id }, { count: 50 });
    const families = entries.map((one) =>
      one.deleted ? '' : JSON.parse(one.bytes.toString()).name[0].family,
    );
    expect(families).toEqual(names.toReversed());
  });

  it('is kept by what another door changed meanwhile: nothing of it is written over', async () => {
    await node.send(admission('DOOR1', 'M-DOOR'));
    const [patient] = await node.withNumber('Patient', 'M-DOOR');
    await node.put({ ...patient, maritalStatus: { text: 'by another door' } } as never);
    expect(
      code(await node.send([header({ id: 'DOOR2', event: 'ADT^A31' }), person('M-DOOR', 'NEW')].join('\r'))),
    ).toBe('AA');
    expect(await node.withNumber('Patient', 'M-DOOR')).toMatchObject([
      { name: [{ family: 'NEW' }], maritalStatus: { text: 'by another door' } },
    ]);
  });
});

describe('two doors at once', () => {
  it('change one patient again and again: every message is taken, and nothing of either is lost', async () => {
    // the other door of this test never rests
    const busy = await openMllpUnderTest(undefined, { v2AttemptsMax: 1_000 });
    await busy.send(admission('RACE', 'M-RACE'));
    const session = busy.records.as(asker('system'));
    const [{ id } = { id: '' }] = await busy.withNumber('Patient', 'M-RACE');
    let written = 0;
    const otherDoor = (async () => {
      while (written < 25) {
        const { bytes, versionId } = await session.read('Patient', id as Id);
        const known = JSON.parse(bytes.toString());
        const photo = [...(known.photo ?? []), { title: `p${written}` }];
        const op = { op: 'put' as const, resource: { ...known, photo }, ifMatch: versionId };
        const done = await session.submit([op]).then(
          () => true,
          () => false,
        );
        if (done) written += 1;
      }
    })();
    const source = await SourceSystem.connect(busy.port());
    for (let i = 0; i < 25; i++) {
      const update = [header({ id: `RACE${i}`, event: 'ADT^A31' }), person('M-RACE', `NAME${i}`)].join('\r');
      expect(code(await source.ask(update))).toBe('AA');
    }
    await otherDoor;
    source.hangUp();
    const [patient] = await busy.withNumber('Patient', 'M-RACE');
    expect(patient?.name?.[0]?.family).toBe('NAME24');
    expect(patient?.photo?.map((one) => one.title)).toEqual(Array.from({ length: 25 }, (_, i) => `p${i}`));
    await busy.close();
  });
});

describe('what cannot be taken', () => {
  it.each([
    ['binary', Buffer.from(Array.from({ length: 400 }, (_, i) => (i * 7) % 0x1c)), 'AR'],
    ['no HL7 at all', 'hello', 'AR'],
    ['cut off in its header', header({ id: 'CUT' }).slice(0, 50), 'AR'],
    ['an unknown event', [header({ id: 'UNKNOWN', event: 'ZZZ^Z99' }), person('M-U')].join('\r'), 'AR'],
    ['no patient', header({ id: 'NOBODY' }), 'AR'],
    [
      'a set of characters that it is not in',
      Buffer.from(
        `${header({ id: 'SET', charset: 'UNICODE UTF-8' })}\r${person('M-SET', 'NO\xcbL')}`,
        'latin1',
      ),
      'AR',
    ],
  ])('%s: answered, kept once and listed', async (_what, message, expected) => {
    const before = (await deadLetters()).length;
    const answer = await node.send(message);
    expect(code(answer)).toBe(expected);
    expect(await node.send(message)).toBe(answer);
    const letters = await deadLetters();
    expect(letters.length).toBe(before + 1);
    const letter = letters.at(-1);
    expect(letter?.reason).not.toMatch(/SMITH|NO.L|M-/);
    const kept = await node.store.blobs.get('v2-messages', letter?.message ?? '');
    expect(kept && keptMessage(kept).raw).toEqual(Buffer.from(message));
  });
});

describe('limits', () => {
  it('a full disk: AE, nothing stored, and the feed’s watermark waits', async () => {
    const full = await openMllpUnderTest(undefined, { diskReserveBytes: Number.MAX_SAFE_INTEGER });
    const answer = await full.send(admission('FULL', 'M-FULL'));
    expect(code(answer)).toBe('AE');
    expect(await full.send('hello')).toContain('MSA|AE');
    expect(await full.all('Patient')).toEqual([]);
    expect(full.feeds.states()).toMatchObject([{ owed: 1 }]);
    await full.close();
  });

  it('silence in the middle of a frame cuts the connection, between frames it does not', async () => {
    const quick = await openMllpUnderTest(undefined, { mllpIdleSeconds: 0.2 });
    const [patient, stuck] = [
      await SourceSystem.connect(quick.port()),
      await SourceSystem.connect(quick.port()),
    ];
    stuck.write('\x0bMSH|');
    expect(await stuck.answer()).toBe('');
    expect(stuck.socket.destroyed).toBe(true);
    expect(await patient.ask(admission('PATIENT', 'M-PATIENT'))).toContain('MSA|AA|PATIENT');
    patient.hangUp();
    await quick.close();
  });

  it('more connections than mllpConnectionsMax are turned away, the others go on', async () => {
    const small = await openMllpUnderTest(undefined, { mllpConnectionsMax: 2 });
    const [one, two] = [await SourceSystem.connect(small.port()), await SourceSystem.connect(small.port())];
    expect(await one.ask(admission('C1', 'M-C1'))).toContain('MSA|AA|C1');
    const third = await SourceSystem.connect(small.port());
    expect(await third.answer()).toBe('');
    expect(await two.ask(admission('C2', 'M-C2'))).toContain('MSA|AA|C2');
    one.hangUp();
    two.hangUp();
    await small.close();
  });

  it('a frame that never ends is cut, however fast it comes', async () => {
    const source = await SourceSystem.connect(node.port());
    source.write('\x0bMSH|');
    for (let i = 0; i < 100 && !source.socket.destroyed; i++) {
      source.write('x'.repeat(20_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await source.answer()).toBe('');
  });

  it('a port that is taken is told as such', async () => {
    const { clock, feeds, records, settings } = node;
    const config = { ods: HERE, name: 'Trust', feeds: [] };
    const ids = timeOrderedIds(clock);
    const parts = { config, records, feeds, settings, clock, ids, log: silentLog };
    await expect(openMllp({ ...parts, host: '127.0.0.1', port: node.port() })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('"mllp" port'),
    });
  });
});

describe('which answers are wanted', () => {
  it.each([
    ['NE', 'NE', admission('W1', 'M-W1'), ''],
    ['AL', 'NE', admission('W2', 'M-W2'), 'AA'],
    ['ER', 'ER', admission('W3', 'M-W3'), ''],
    ['ER', 'NE', header({ id: 'W4' }), 'AR'],
    ['SU', '', admission('W5', 'M-W5'), 'AA'],
  ])('MSH-15 %s, MSH-16 %s', async (accept, application, message, expected) => {
    const source = await SourceSystem.connect(node.port());
    source.write(inFrame(message.replace('|P|2.4||||||', `|P|2.4|||${accept}|${application}||`)));
    source.write(inFrame(admission(`${message.split('|')[9]}-NEXT`, 'M-NEXT')));
    const first = await source.answer();
    expect(first).toContain(expected === '' ? '-NEXT' : `MSA|${expected}|`);
    source.hangUp();
  });
});
