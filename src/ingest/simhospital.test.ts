/**
 * A London hospital's messages as they are: every one gets its AA and makes valid resources, and of a sample what a
 * person reads in the message is what stands in the record. The expected values are read from the messages by eye.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Reference } from 'fhir/r4.d.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  code,
  inFrame,
  type MllpUnderTest,
  openMllpUnderTest,
  SourceSystem,
} from '../../test/mllp-under-test.ts';
import { asker } from '../../test/records-under-test.ts';
import type { Id } from '../base/brands.ts';
import type { ResourceOf, ResourceType } from '../fhir/resource.ts';
import { type IdentifiedPatient, unmergeOps } from '../identity/merge.ts';

const FOLDER = resolve('../shared/fixtures/hl7v2/simhospital');
const present = existsSync(FOLDER);
if (!present) process.stdout.write(`${FOLDER} is absent: a hospital's own messages are not tried\n`);

const MRN = 'https://fhir.nhs.uk/RCB/Id/MRN/SIMULATOR-MRN';
const NHS = 'https://fhir.nhs.uk/Id/nhs-number';

let node: MllpUnderTest;
const answers: string[] = [];
const messages: string[] = [];

beforeAll(async () => {
  if (!present) return;
  node = await openMllpUnderTest(undefined, { pageSizeMax: 5000 });
  for (const file of readdirSync(FOLDER)) {
    const text = readFileSync(`${FOLDER}/${file}`, 'utf8');
    messages.push(...text.split('\n').filter((one) => one.startsWith('MSH')));
  }
  const source = await SourceSystem.connect(node.port());
  source.write(Buffer.concat(messages.map(inFrame)));
  for (const _ of messages) answers.push(await source.answer());
  source.hangUp();
});
afterAll(() => node?.close());

async function only<T extends ResourceType>(type: T, value: string): Promise<ResourceOf<T> & { id: string }> {
  const found = await node.withNumber(type, value);
  expect(found.length, `${type} ${value}`).toBe(1);
  return found[0] as ResourceOf<T> & { id: string };
}

async function referred<T extends ResourceType>(type: T, references: readonly Reference[] = []) {
  const session = node.records.as(asker('system'));
  const read = async ({ reference = '' }: Reference) =>
    JSON.parse((await session.read(type, reference.replace(`${type}/`, '') as Id)).bytes.toString());
  return (await Promise.all(references.map(read))) as ResourceOf<T>[];
}

/** What a report says, result by result: code, value, unit, range, flag, note. */
async function results(filler: string): Promise<readonly (readonly unknown[])[]> {
  const report = await only('DiagnosticReport', filler);
  return (await referred('Observation', report.result)).map((one) => [
    one.code.coding?.[0]?.code,
    one.valueQuantity === undefined
      ? one.valueString
      : `${one.valueQuantity.comparator ?? ''}${one.valueQuantity.value}`,
    one.valueQuantity?.code ?? one.valueQuantity?.unit,
    one.referenceRange?.[0]?.low?.value ?? '',
    one.referenceRange?.[0]?.high?.value ?? '',
    one.interpretation?.[0]?.coding?.[0]?.code ?? '',
    one.note?.map((note) => note.text).join('\n') ?? '',
  ]);
}

describe.runIf(present)('simhospital', () => {
  it('gets an AA for every message, with its control id', () => {
    expect(messages.length).toBe(373);
    messages.forEach((message, i) => {
      expect(`${code(answers[i] ?? '')} ${answers[i]?.split('\rMSA|AA|')[1]?.trim()}`).toBe(
        `AA ${message.split('|')[9]}`,
      );
    });
  });

  it('makes valid resources of every kind, and none twice', async () => {
    // `all` throws at the first resource that is not valid
    const count = async (type: ResourceType): Promise<number> => (await node.all(type)).length;
    const said = (pattern: RegExp): Set<string> =>
      new Set(messages.flatMap((one) => one.match(pattern)?.[1] ?? []));
    const persons = said(/\rPID\|1\|(\d+)\^/);
    // 147 of the PIDs, and the one that the merge retired
    expect(await count('Patient')).toBe(persons.size + 1);
    expect(await count('DiagnosticReport')).toBe(225);
    expect(await count('DocumentReference')).toBe(1);
    expect(await count('AllergyIntolerance')).toBe(52);
  });

  it('751, ADT^A01: Clive Bogle is admitted to bed 253', async () => {
    const patient = await only('Patient', '1031212294');
    expect(patient).toMatchObject({
      active: true,
      identifier: [
        { system: NHS, value: '6018839539' },
        { system: MRN, value: '1031212294', type: { coding: [{ code: 'MR' }] } },
      ],
      name: [{ family: 'Bogle', given: ['Clive'], prefix: ['Mr'] }],
      birthDate: '1942-09-15',
      gender: 'male',
      address: [
        { line: ['195 Suitcase Place'], city: 'London', postalCode: 'OF16 6VF', country: 'GBR', use: 'home' },
      ],
      telecom: [{ system: 'phone', value: '020 3928 9241', use: 'home' }],
      generalPractitioner: [{ display: 'FAMILY PRACTICE', identifier: { value: '12345' } }],
      extension: [{ valueCodeableConcept: { coding: [{ code: 'A', display: 'White - British' }] } }],
    });
    // PID-32 is absent: the number is not verified, and joins nothing
    expect(patient.identifier?.[0]?.extension).toBe(undefined);
    expect(await only('Encounter', '7813338968915855696')).toMatchObject({
      status: 'in-progress',
      class: { code: 'IMP' },
      hospitalization: { extension: [{ valueCodeableConcept: { text: '28b' } }] },
      subject: { reference: `Patient/${patient.id}` },
      participant: [
        {
          type: [{ coding: [{ code: 'ATND' }] }],
          individual: { display: 'Dr Sylvia Whittingham', identifier: { value: 'C005' } },
        },
      ],
      // British Summer Time
      period: { start: '2020-05-08T12:11:40Z' },
      location: [
        { status: 'active', location: { display: expect.stringContaining('OtherWard, MainRoom, Bed 253') } },
      ],
    });
  });

  it('752, ORU^R01: his urea and electrolytes', async () => {
    const patient = await only('Patient', '1031212294');
    const encounter = await only('Encounter', '7813338968915855696');
    expect(await only('DiagnosticReport', '887991858')).toMatchObject({
      status: 'final',
      code: { text: 'UREA AND ELECTROLYTES', coding: [{ code: 'us-0003' }] },
      category: [{ coding: [{ code: 'LAB' }] }],
      subject: { reference: `Patient/${patient.id}` },
      encounter: { reference: `Encounter/${encounter.id}` },
      effectiveDateTime: '2020-05-08T12:11:40Z',
      issued: '2020-05-08T12:11:40Z',
      identifier: [
        { type: { coding: [{ code: 'FILL' }] }, value: '887991858' },
        { type: { coding: [{ code: 'PLAC' }] }, value: '3542104233' },
        {},
      ],
    });
    expect(await results('887991858')).toEqual([
      ['tt-0003-03', '144.13', 'mmol/L', 133, 146, '', 'Anger pole strategy tankful'],
      [
        'tt-0003-04',
        '7.55',
        'mmol/L',
        2.5,
        7.8,
        '',
        'Yarmulke waterfall worry if stance juice environment vixen',
      ],
      ['tt-0003-05', '<15', 'mL/min', '', '', '', ''],
      ['tt-0003-01', '85.02', 'umol/L', 49, 92, '', ''],
      ['tt-0003-02', '3.56', 'mmol/L', 3.5, 5.3, '', 'Organ effect response hall nightclub melody domain'],
    ]);
  });

  it('337, ADT^A01: Catherine Holth and her three allergies', async () => {
    const patient = await only('Patient', '1147985129');
    expect(patient).toMatchObject({
      name: [{ family: 'Holth', given: ['Catherine'], prefix: ['Ms'] }],
      address: [{ line: ['33 Gender House', 'Theater Road'], city: 'Croydon', postalCode: 'QX55 4VD' }],
      gender: 'female',
      birthDate: '1931-02-07',
    });
    const allergies = (await node.all('AllergyIntolerance')).filter(
      (one) => one.patient.reference === `Patient/${patient.id}`,
    );
    expect(
      allergies.map((one) => [
        one.code?.coding?.[0]?.system,
        one.code?.coding?.[0]?.code,
        one.category?.[0] ?? '',
        one.onsetDateTime,
        one.reaction?.[0]?.manifestation[0]?.text,
        one.reaction?.[0]?.severity,
      ]),
    ).toEqual([
      ['http://snomed.info/sct', '59037007', '', '2019-10-10T12:09:05Z', 'Diarrhoea', 'severe'],
      ['http://snomed.info/sct', '419511003', 'food', '2019-10-07T12:09:05Z', 'Cough', 'severe'],
      // a time in winter
      [
        'http://snomed.info/sct',
        '418038007',
        'medication',
        '2019-12-31T13:09:05Z',
        'Raised, itchy, red rash',
        'severe',
      ],
    ]);
  });

  it('338, ORU^R01: her observations on the ward', async () => {
    const report = await only('DiagnosticReport', '1973983419');
    const all = await referred('Observation', report.result);
    const named = (code: string) =>
      all.find((one) => one.code.coding?.some((coding) => coding.code === code));
    // systolic and diastolic of one moment are one blood pressure
    expect(all.length).toBe(13);
    expect(named('85354-9')).toMatchObject({
      component: [
        {
          code: { coding: expect.arrayContaining([expect.objectContaining({ code: '8480-6' })]) },
          valueQuantity: { value: 81.98, code: 'mm[Hg]' },
        },
        {
          code: { coding: expect.arrayContaining([expect.objectContaining({ code: '8462-4' })]) },
          valueQuantity: { value: 70, code: 'mm[Hg]' },
        },
      ],
      category: [{ coding: [{ code: 'vital-signs' }] }],
      effectiveDateTime: '2020-05-08T12:09:05Z',
    });
    expect(named('8867-4')?.valueQuantity).toMatchObject({ value: 172.32, code: '/min' });
    expect(named('8310-5')?.valueQuantity).toMatchObject({ value: 37.15, code: 'Cel' });
    expect(named('2708-6')?.valueQuantity ?? named('59408-5')?.valueQuantity).toMatchObject({
      value: 44.5,
      code: '%',
    });
    expect(named('tt-0005-01')).toMatchObject({ valueString: 'Alert', note: [{ text: 'Return' }] });
    expect(named('tt-0005-03')?.valueQuantity).toMatchObject({ value: 28, code: '%' });
    expect(named('tt-0005-11')).toMatchObject({ valueString: 'Venturi' });
    // a respiratory rate that was not measured is not made up
    const breaths = all.find((one) => JSON.stringify(one.code).includes('tt-0005-08'));
    expect(breaths?.valueQuantity).toBe(undefined);
  });

  it('22, ORU^R01: Daniel Coulter’s blood count', async () => {
    const said = await results('983750918');
    expect(said.length).toBe(17);
    expect(said.slice(0, 4)).toEqual([
      ['tt-0002-05', '33.7', 'pg', 27, 35, '', 'Saw illegal crest blackboard'],
      ['tt-0002-09', '6.47', '10*9/L', 2, 7.5, '', ''],
      ['tt-0002-12', '20', '%', '', '', '', 'Touch\nFur possibility player recruit'],
      ['tt-0002-16', '20', '%', '', '', '', expect.stringMatching(/^Corn .*\nChin ship/)],
    ]);
    expect(said[6]).toEqual([
      'tt-0002-17',
      '0.1',
      '10*9/L',
      '',
      0.21,
      '',
      expect.stringMatching(/^Bandolier/),
    ]);
    expect(said[10]?.slice(0, 5)).toEqual(['tt-0002-03', '0.43', undefined, 0.38, 0.52]);
    const patient = await only('Patient', '1487728210');
    expect(patient.name).toMatchObject([{ family: 'Coulter', given: ['Daniel', 'Ivor'] }]);
  });

  it('385, ORU^R01: Chantelle Stewart’s ankle, in words', async () => {
    expect(await results('91012647')).toEqual([
      [
        'tt-0004-01',
        'MANKL value',
        undefined,
        '',
        '',
        '',
        'Stock-In-Trade beginning sympathy teacher blackfish positive stamp',
      ],
      [
        'tt-0004-02',
        'MRI Ankle Lt value',
        undefined,
        '',
        '',
        '',
        'Miscommunication dish mambo tic ant interviewer',
      ],
    ]);
  });

  it('121 and 567, ORU^R01: high creatinine before and after a merge, of one person and one attendance', async () => {
    const patient = await only('Patient', '2777246431');
    for (const [filler, value, at] of [
      ['488172489', '126', '2020-05-06T13:07:35Z'],
      ['4096989930', '153', '2020-05-08T12:10:34Z'],
    ] as const) {
      expect(await results(filler)).toEqual([['tt-0003-01', value, 'umol/L', 49, 92, 'H', '']]);
      expect(await only('DiagnosticReport', filler)).toMatchObject({
        subject: { reference: `Patient/${patient.id}` },
        effectiveDateTime: at,
      });
    }
    const visits = (await node.all('Encounter')).filter(
      (one) => one.subject?.reference === `Patient/${patient.id}`,
    );
    expect(visits).toMatchObject([{ class: { code: 'AMB' }, period: { start: '2020-05-06T13:07:35Z' } }]);
  });

  it('271, ADT^A34: number 618454581 is retired into 2777246431, and can be taken apart again', async () => {
    const survivor = await only('Patient', '2777246431');
    const retired = await only('Patient', '618454581');
    expect(survivor).toMatchObject({
      name: [{ family: 'Teague', given: ['Lilly Aki with Merge', 'Gerard'] }],
      link: [{ type: 'replaces', other: { reference: `Patient/${retired.id}` } }],
    });
    expect(retired).toMatchObject({
      active: false,
      link: [{ type: 'replaced-by', other: { reference: `Patient/${survivor.id}` } }],
    });
    const apart = unmergeOps(survivor as IdentifiedPatient, retired as IdentifiedPatient);
    await node.submit(apart);
    expect((await only('Patient', '618454581')).active).toBe(true);
    expect((await only('Patient', '2777246431')).link).toBe(undefined);
  });

  it('144, MDM^T02: Margaret Spero’s progress note, word for word', async () => {
    const patient = await only('Patient', '3898498329');
    expect(patient).toMatchObject({
      name: [{ family: 'Spero', given: ['Margaret', 'Glenys'], prefix: ['Mrs'] }],
      address: [{ line: ['61 Material Square'], city: 'Croydon', postalCode: 'ER18 6KY' }],
    });
    const document = await only('DocumentReference', '8CZ5WWM0QGQMA');
    expect(document).toMatchObject({
      status: 'current',
      // TXA-17 is DO: documented, not authenticated
      docStatus: 'preliminary',
      type: { coding: [{ code: 'PN' }] },
      subject: { reference: `Patient/${patient.id}` },
      date: '2020-05-08T12:07:45Z',
      author: [{ display: 'Dr Richard Forster' }],
    });
    const text = Buffer.from(document.content[0]?.attachment.data ?? '', 'base64').toString();
    expect(text.split('\n').length).toBe(34);
    expect(text).toMatch(/^Change student epoch hold animal bubble\nPaper dredger .*\nDungeon\n/);
    expect(text).toMatch(/Columnist$/);
  });

  it('the same once more: the same answers, and nothing new', async () => {
    const before = (await node.records.as(asker('system')).head()) as number;
    const source = await SourceSystem.connect(node.port());
    source.write(Buffer.concat(messages.map(inFrame)));
    for (const expected of answers) expect(await source.answer()).toBe(expected);
    source.hangUp();
    expect(await node.records.as(asker('system')).head()).toBe(before);
  });
});
