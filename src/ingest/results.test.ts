/** Results and documents: ORU^R01 and MDM^T02, by the type of each value and by what a later message changes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { code, header, type MllpUnderTest, openMllpUnderTest } from '../../test/mllp-under-test.ts';
import { asker } from '../../test/records-under-test.ts';
import type { Id } from '../base/brands.ts';

let node: MllpUnderTest;
let n = 0;

beforeAll(async () => {
  node = await openMllpUnderTest();
});
afterAll(() => node.close());

const PID = 'PID|1||R1^^^RCB^MR||SMITH^ANN||19700101|F';
const obr = (filler: string, status = 'F', issued = '20261101113000', section = 'CH'): string =>
  `OBR|1|P-${filler}|${filler}|UE^Urea and electrolytes^WinPath|||20261101110000|||||||||||||||${issued}||${section}|${status}`;

async function send(...segments: readonly string[]): Promise<string> {
  const answer = await node.send(
    [header({ id: `R${++n}`, event: 'ORU^R01', app: 'LIMS' }), PID, ...segments]
      .join('\r')
      .replace(/\rEVN[^\r]*/, ''),
  );
  return code(answer) === 'AA' ? 'AA' : answer;
}

async function observations(filler: string) {
  return (await node.all('Observation')).filter((one) =>
    one.identifier?.[0]?.value?.startsWith(`${filler}/`),
  );
}

describe('a value by its type', () => {
  it.each<[string, string, object]>([
    [
      'a number',
      'NM|K^Potassium^WinPath||4.50|mmol/L|3.5 - 5.3|N|||F',
      {
        valueQuantity: { value: 4.5, unit: 'mmol/L', code: 'mmol/L', system: 'http://unitsofmeasure.org' },
        referenceRange: [{ low: { value: 3.5 }, high: { value: 5.3 }, text: '3.5 - 5.3' }],
        interpretation: [{ coding: [{ code: 'N' }] }],
      },
    ],
    [
      'a number in a unit of the laboratory’s own',
      'NM|X^X^WinPath||7|blobs|||||F',
      { valueQuantity: { value: 7, unit: 'blobs' } },
    ],
    [
      'less than',
      'SN|CRP^CRP^WinPath||<^5|mg/L|||||F',
      { valueQuantity: { value: 5, comparator: '<', code: 'mg/L' } },
    ],
    [
      'a ratio',
      'SN|T^Titre^WinPath||^1^:^128||||||F',
      { valueRatio: { numerator: { value: 1 }, denominator: { value: 128 } } },
    ],
    [
      'a range',
      'SN|R^Range^WinPath||^10^-^20||||||F',
      { valueRange: { low: { value: 10 }, high: { value: 20 } } },
    ],
    [
      'a code',
      'CE|ORG^Organism^WinPath||112283007^Escherichia coli^SCT||||||F',
      {
        valueCodeableConcept: {
          coding: [{ system: 'http://snomed.info/sct', code: '112283007', display: 'Escherichia coli' }],
        },
      },
    ],
    [
      'a code with a wrong check digit stays a local one',
      'CWE|ORG^Organism^WinPath||112283008^Escherichia coli^SCT||||||F',
      {
        valueCodeableConcept: {
          coding: [{ system: expect.not.stringContaining('snomed'), code: '112283008' }],
        },
      },
    ],
    [
      'text with delimiters in it',
      'FT|C^Comment^WinPath||Growth \\T\\ more\\.br\\Second line||||||F',
      { valueString: 'Growth & more\nSecond line' },
    ],
    ['a date', 'DT|D^Date^WinPath||20261031||||||F', { valueDateTime: '2026-10-31' }],
    ['a time', 'TS|D^Time^WinPath||202610311200||||||F', { valueDateTime: '2026-10-31T12:00:00Z' }],
    [
      'a number that is none stays text, its unit with it',
      'NM|N^Sodium^WinPath||haemolysed|mmol/L|||||F',
      { valueString: 'haemolysed mmol/L' },
    ],
    ['nothing', 'NM|E^Empty^WinPath|||mmol/L|||||X', { status: 'cancelled' }],
  ])('%s', async (name, obx, expected) => {
    const filler = `V${++n}`;
    expect(await send(obr(filler), `OBX|1|${obx}`)).toBe('AA');
    const found = await observations(filler);
    expect(found.length, name).toBe(1);
    expect(found[0]).toMatchObject(expected);
    if (name === 'nothing')
      expect(Object.keys(found[0] ?? {}).filter((key) => key.startsWith('value'))).toEqual([]);
  });

  it('keeps the places to which it was measured', async () => {
    await send(obr('PLACES'), 'OBX|1|NM|K^Potassium^WinPath||4.50|mmol/L|||||F');
    const [observation] = await observations('PLACES');
    const id = observation?.id as Id;
    const { bytes } = await node.records.as(asker('system')).read('Observation', id);
    expect(bytes.toString()).toContain('"value":4.50');
  });

  it.each([
    ['F', 'final'],
    ['P', 'preliminary'],
    ['C', 'corrected'],
    ['A', 'amended'],
    ['X', 'cancelled'],
    ['W', 'entered-in-error'],
    ['D', 'entered-in-error'],
  ])('OBX-11 %s is %s', async (status, expected) => {
    const filler = `S${++n}`;
    await send(obr(filler), `OBX|1|NM|K^Potassium^WinPath||4|mmol/L|||||${status}`);
    expect(await observations(filler)).toMatchObject([{ status: expected }]);
  });
});

describe('a report', () => {
  const potassium = (value: string, status = 'F', sub = ''): string =>
    `OBX|1|NM|K^Potassium^WinPath|${sub}|${value}|mmol/L|||||${status}`;

  it('that is corrected is the same report and the same result', async () => {
    await send(obr('CORR'), potassium('9.9'));
    await send(obr('CORR', 'C', '20261101123000'), potassium('4.9', 'C'));
    expect(await observations('CORR')).toMatchObject([
      { status: 'corrected', valueQuantity: { value: 4.9 }, meta: { versionId: '2' } },
    ]);
    const [report, second] = await node.withNumber('DiagnosticReport', 'CORR');
    expect([report?.status, report?.issued, second]).toEqual([
      'corrected',
      '2026-11-01T12:30:00Z',
      undefined,
    ]);
  });

  it('that is older than the one that is kept changes nothing', async () => {
    await send(obr('OLD', 'F', '20261101123000'), potassium('4.9'));
    expect(await send(obr('OLD', 'P', '20261101113000'), potassium('9.9', 'P'))).toBe('AA');
    expect(await observations('OLD')).toMatchObject([{ status: 'final', valueQuantity: { value: 4.9 } }]);
  });

  it('of two tests of one code keeps both, by their sub-ids', async () => {
    await send(obr('SUB'), potassium('4.1', 'F', '1'), potassium('4.2', 'F', '2'));
    expect((await observations('SUB')).map((one) => one.valueQuantity?.value)).toEqual([4.1, 4.2]);
  });

  it('whose number another patient has already becomes one of its own', async () => {
    await send(obr('SHARED'), potassium('4'));
    const other = [
      header({ id: `R${++n}`, event: 'ORU^R01' }),
      PID.replace('R1^', 'R2^'),
      obr('SHARED'),
      potassium('5'),
    ];
    expect(code(await node.send(other.join('\r')))).toBe('AA');
    const reports = await node.withNumber('DiagnosticReport', 'SHARED');
    expect(new Set(reports.map((one) => one.subject?.reference)).size).toBe(2);
    expect(reports.map((one) => one.meta?.versionId)).toEqual(['1', '1']);
  });

  it('has its specimen, its requester and its section', async () => {
    await send(
      `${obr('SPEC', 'F', '20261101113000', 'MB').replace('|||||||||||||||2026', '|||||||||C1234567^CLARE^ANNE^^^DR||||||2026')}`,
      'OBX|1|TX|C^Culture^WinPath||No growth||||||F',
      'SPM|1|^S-77||MSU^Mid-stream urine|||||||||||||20261101100000|20261101104500',
    );
    const [report] = await node.withNumber('DiagnosticReport', 'SPEC');
    expect(report?.category).toMatchObject([{ coding: [{ code: 'LAB' }] }, { coding: [{ code: 'MB' }] }]);
    const [specimen] = await node.withNumber('Specimen', 'S-77');
    expect(specimen).toMatchObject({
      type: { coding: [{ code: 'MSU' }] },
      collection: { collectedDateTime: '2026-11-01T10:00:00Z' },
      receivedTime: '2026-11-01T10:45:00Z',
    });
    expect(report?.specimen).toEqual([{ reference: `Specimen/${specimen?.id}` }]);
    expect(JSON.stringify(report?.contained)).toContain('1234567');
  });

  it('with a picture keeps it as a form of the report', async () => {
    const pdf = Buffer.from('%PDF-1.4 made up').toString('base64');
    await send(obr('FORM'), `OBX|1|ED|R^Report^WinPath||^application^pdf^Base64^${pdf}||||||F`);
    expect(await node.withNumber('DiagnosticReport', 'FORM')).toMatchObject([
      { presentedForm: [{ contentType: 'application/pdf', data: pdf }] },
    ]);
    expect(await observations('FORM')).toEqual([]);
  });

  it('of a person’s blood pressure is one panel, with the right units', async () => {
    const sign = (i: number, loinc: string, value: string, unit: string): string =>
      `OBX|${i}|NM|${loinc}^x^LN||${value}|${unit}|||||F|||20261101090000`;
    await send(
      obr('BP', 'F', '20261101090500', 'NRS'),
      sign(1, '8480-6', '120', 'mm[Hg]'),
      sign(2, '8462-4', '80', 'mm[Hg]'),
      sign(3, '9279-1', '16', '/min'),
    );
    const found = await observations('BP');
    expect(found.length).toBe(2);
    expect(found.find((one) => one.component !== undefined)?.component).toMatchObject([
      { valueQuantity: { value: 120 } },
      { valueQuantity: { value: 80 } },
    ]);
    expect(found.find((one) => one.component === undefined)).toMatchObject({
      category: [{ coding: [{ code: 'vital-signs' }] }],
      code: {
        coding: expect.arrayContaining([
          expect.objectContaining({ code: '9279-1' }),
          expect.objectContaining({ code: '86290005' }),
        ]),
      },
      valueQuantity: { value: 16, unit: 'per minute', code: '/min' },
    });
  });

  it('updates no demographics that an admission feed has sent', async () => {
    const admitted = [
      header({ id: `R${++n}` }),
      PID.replace('R1^', 'R9^').replace('SMITH', 'RIGHT'),
      'PV1|1|I|RCB^W||||||||||||||||V-R9',
    ];
    await node.send(admitted.join('\r'));
    const result = [
      header({ id: `R${++n}`, event: 'ORU^R01' }),
      PID.replace('R1^', 'R9^').replace('SMITH', 'WRONG'),
      obr('NAME'),
      potassium('4'),
    ];
    expect(code(await node.send(result.join('\r')))).toBe('AA');
    expect(await node.withNumber('Patient', 'R9')).toMatchObject([{ name: [{ family: 'RIGHT' }] }]);
  });
});

describe('a document', () => {
  const document = (number: string, status: string, text: string, extra = ''): string =>
    [
      header({ id: `R${++n}`, event: 'MDM^T02', app: 'DOCS' }),
      PID,
      `TXA|1|CN^Clinic letter|TX|20261101100000|||20261101103000||C1234567^CLARE^ANNE^^^DR|||${number}|||||${status}||${extra}`,
      `OBX|1|FT|L^Clinic letter||${text}||||||F`,
    ].join('\r');

  it('has its words, its author and its standing; a later version takes its place; a cancelled one is in error', async () => {
    expect(code(await node.send(document('DOC1', 'DI', 'Dear Doctor\\.br\\Thank you')))).toBe('AA');
    const [first] = await node.withNumber('DocumentReference', 'DOC1');
    expect(first).toMatchObject({
      status: 'current',
      docStatus: 'preliminary',
      type: { coding: [{ code: 'CN' }] },
      author: [{ identifier: { value: '1234567' } }],
    });
    expect(Buffer.from(first?.content[0]?.attachment.data ?? '', 'base64').toString()).toBe(
      'Dear Doctor\nThank you',
    );
    await node.send(document('DOC1', 'AU', 'Dear Doctor'));
    expect(await node.withNumber('DocumentReference', 'DOC1')).toMatchObject([
      { id: first?.id, docStatus: 'final' },
    ]);
    await node.send(document('DOC1', 'AU', 'Dear Doctor', 'CA'));
    expect(await node.withNumber('DocumentReference', 'DOC1')).toMatchObject([
      { status: 'entered-in-error' },
    ]);
  });
});
