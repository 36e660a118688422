/** What each ADT event does to the visit and the patient: HL7 v2.5.1 §3.3, as the HL7 UK v2 standard A.3 uses it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { code, header, type MllpUnderTest, openMllpUnderTest } from '../../test/mllp-under-test.ts';
import { type IdentifiedPatient, unmergeOps } from '../identity/merge.ts';

let node: MllpUnderTest;
let n = 0;

beforeAll(async () => {
  node = await openMllpUnderTest();
});
afterAll(() => node.close());

interface Event {
  readonly event: string;
  /** HHMM of 1 November 2026. */
  readonly at: string;
  /** PV1 fields by number. */
  readonly pv1?: Readonly<Record<number, string>>;
  readonly version?: string;
}

const WARD_ONE = 'RCB^WARD1^BED1';
const WARD_TWO = 'RCB^WARD2^BED7';

function segment(name: string, fields: Readonly<Record<number, string>>): string {
  const last = Math.max(0, ...Object.keys(fields).map(Number));
  return [name, ...Array.from({ length: last }, (_, i) => fields[i + 1] ?? '')].join('|');
}

function message(visit: string, { event, at, pv1 = {}, version = '2.4' }: Event): string {
  const fields = { 1: '1', 2: 'I', 3: WARD_ONE, 19: visit, ...pv1 };
  return [
    header({ id: `E${++n}`, event: `ADT^${event}`, at: `20261101${at}00`, version }),
    `PID|1||P-${visit}^^^RCB^MR||SMITH^ANN||19700101|F`,
    segment('PV1', fields),
  ].join('\r');
}

const stay = (bed: string, status: string, start?: string, end?: string) => ({
  location: { display: bed },
  status,
  ...(start === undefined ? {} : { period: expect.objectContaining({ start: `2026-11-01T${start}:00Z` }) }),
  ...(end === undefined ? {} : { period: expect.objectContaining({ end: `2026-11-01T${end}:00Z` }) }),
});

const A01: Event = { event: 'A01', at: '0900' };
const A02: Event = { event: 'A02', at: '1000', pv1: { 3: WARD_TWO, 6: WARD_ONE } };
const A03: Event = { event: 'A03', at: '1100' };

describe.each(['2.3', '2.3.1', '2.4', '2.5', '2.5.1'])('version %s', (version) => {
  it.each<[string, readonly Event[], object]>([
    [
      'A01 admits',
      [A01],
      {
        status: 'in-progress',
        class: { code: 'IMP' },
        period: { start: '2026-11-01T09:00:00Z' },
        location: [stay('WARD1, BED1', 'active', '09:00')],
      },
    ],
    [
      'A01 at the time that PV1-44 says',
      [{ ...A01, pv1: { 44: '20261101083000' } }],
      { period: { start: '2026-11-01T08:30:00Z' } },
    ],
    [
      'A02 transfers',
      [A01, A02],
      {
        status: 'in-progress',
        location: [
          stay('WARD1, BED1', 'completed', undefined, '10:00'),
          stay('WARD2, BED7', 'active', '10:00'),
        ],
      },
    ],
    [
      'A02 twice is one transfer',
      [A01, A02, A02],
      { location: [stay('WARD1, BED1', 'completed'), stay('WARD2, BED7', 'active')] },
    ],
    [
      'A03 discharges',
      [A01, A03],
      {
        status: 'finished',
        period: { start: '2026-11-01T09:00:00Z', end: '2026-11-01T11:00:00Z' },
        location: [stay('WARD1, BED1', 'completed', undefined, '11:00')],
      },
    ],
    [
      'A04 registers an attendance',
      [{ event: 'A04', at: '0900', pv1: { 2: 'E', 3: 'RCB^ED' } }],
      { status: 'in-progress', class: { code: 'EMER' } },
    ],
    [
      'A05 pre-admits',
      [{ event: 'A05', at: '0900', pv1: { 2: 'P' } }],
      { status: 'planned', class: { code: 'PRENC' }, location: [stay('WARD1, BED1', 'planned')] },
    ],
    [
      'A05, then A01',
      [{ event: 'A05', at: '0800', pv1: { 2: 'P' } }, A01],
      { status: 'in-progress', class: { code: 'IMP' }, location: [stay('WARD1, BED1', 'active')] },
    ],
    [
      'A08 puts the visit right',
      [A01, { event: 'A08', at: '0930', pv1: { 3: WARD_TWO, 10: '300' } }],
      {
        status: 'in-progress',
        serviceType: { coding: [{ code: '300' }] },
        location: [stay('WARD2, BED7', 'active', '09:00')],
      },
    ],
    [
      'A08 after the discharge opens nothing',
      [A01, A03, { event: 'A08', at: '1200' }],
      { status: 'finished', period: { end: '2026-11-01T11:00:00Z' } },
    ],
    ['A11 takes the admission back', [A01, { event: 'A11', at: '0905' }], { status: 'cancelled' }],
    [
      'A12 takes the transfer back',
      [A01, A02, { event: 'A12', at: '1005' }],
      { status: 'in-progress', location: [stay('WARD1, BED1', 'active', '09:00')] },
    ],
    [
      'A13 takes the discharge back',
      [A01, A03, { event: 'A13', at: '1105' }],
      {
        status: 'in-progress',
        period: { start: '2026-11-01T09:00:00Z' },
        location: [stay('WARD1, BED1', 'active', '09:00')],
      },
    ],
    [
      'A03 of a visit that began before the feed',
      [{ ...A03, pv1: { 44: '20261030083000', 45: '20261101104500' } }],
      { status: 'finished', period: { start: '2026-10-30T08:30:00Z', end: '2026-11-01T10:45:00Z' } },
    ],
    [
      'who attends and how they came',
      [
        {
          ...A01,
          pv1: { 4: '21', 7: 'C1234567^CLARE^ANNE^^^DR', 8: 'G7654321^GREEN^GUY^^^DR^^^GMP', 14: '19' },
        },
      ],
      {
        participant: [
          {
            type: [{ coding: [{ code: 'ATND' }] }],
            individual: {
              display: 'DR ANNE CLARE',
              identifier: { system: 'https://fhir.hl7.org.uk/Id/gmc-number', value: '1234567' },
            },
          },
          {
            type: [{ coding: [{ code: 'REF' }] }],
            individual: {
              identifier: { system: 'https://fhir.hl7.org.uk/Id/gmp-number', value: 'G7654321' },
            },
          },
        ],
        hospitalization: {
          admitSource: { coding: [{ code: '19' }] },
          extension: [{ valueCodeableConcept: { coding: [{ code: '21' }] } }],
        },
      },
    ],
  ])('%s', async (name, events, expected) => {
    const visit = `${version}-${name}`.replace(/[^A-Za-z0-9.]+/g, '-');
    for (const event of events) {
      expect(code(await node.send(message(visit, { ...event, version })))).toBe('AA');
    }
    const [encounter, second] = await node.withNumber('Encounter', visit);
    expect(second).toBe(undefined);
    expect(encounter).toMatchObject(expected);
    // a visit with an end is taken back without one
    if (name.startsWith('A13')) expect(encounter?.period?.end).toBe(undefined);
  });
});

const pid = (number: string, fields: Readonly<Record<number, string>> = {}): string =>
  segment('PID', { 1: '1', 3: `${number}^^^RCB^MR`, ...fields });

async function send(event: string, ...segments: readonly string[]): Promise<string> {
  return node.send([header({ id: `E${++n}`, event: `ADT^${event}` }), ...segments].join('\r'));
}

describe('the patient', () => {
  const whole = {
    5: 'SMITH^ANN^JANE^^MRS~JONES^ANN^^^^^M',
    7: '19700101',
    8: '2',
    11: '1 HIGH STREET^^EXAMPLETON^EXSHIRE^EX1 1AB',
    13: '01234 567890^PRN^PH~07700 900123^PRN^CP~^NET^Internet^ann@example.org',
    16: 'M',
    22: 'A',
  };

  it.each(['A28', 'A31', 'A08'])('%s makes or updates the person, without any visit', async (event) => {
    expect(code(await send(event, pid(`W-${event}`, whole)))).toBe('AA');
    expect(await node.withNumber('Patient', `W-${event}`)).toMatchObject([
      {
        active: true,
        name: [
          { use: 'official', family: 'SMITH', given: ['ANN', 'JANE'], prefix: ['MRS'] },
          { use: 'maiden', family: 'JONES' },
        ],
        birthDate: '1970-01-01',
        gender: 'female',
        address: [
          { line: ['1 HIGH STREET'], city: 'EXAMPLETON', district: 'EXSHIRE', postalCode: 'EX1 1AB' },
        ],
        telecom: [
          { system: 'phone', use: 'home', value: '01234 567890' },
          { system: 'phone', use: 'mobile', value: '07700 900123' },
          { system: 'email', value: 'ann@example.org' },
        ],
        maritalStatus: { coding: [{ code: 'M' }] },
      },
    ]);
  });

  it('keeps what is left out, forgets what is "", and replaces what is sent', async () => {
    await send('A28', pid('KEEP', whole));
    await send('A31', pid('KEEP', { 5: 'SMITH-BROWN^ANN', 11: '""', 13: '' }));
    const [patient] = await node.withNumber('Patient', 'KEEP');
    expect(patient).toMatchObject({
      name: [{ family: 'SMITH-BROWN' }],
      gender: 'female',
      birthDate: '1970-01-01',
    });
    expect(patient?.address).toBe(undefined);
    expect(patient?.telecom?.length).toBe(3);
    await send('A31', pid('KEEP', { 8: '""', 13: '""', 16: '""' }));
    const [bare] = await node.withNumber('Patient', 'KEEP');
    expect([bare?.gender, bare?.telecom, bare?.maritalStatus]).toEqual([undefined, undefined, undefined]);
  });

  it.each([
    ['NSTS01', '01'],
    ['01', '01'],
    ['02', '02'],
    ['', undefined],
    ['99', undefined],
  ])('has an NHS number of the standing that PID-32 states: %s', async (stated, expected) => {
    const number = `NHS-${stated}-${++n}`;
    await send('A28', pid(number, { 3: `9990000018^^^NHS^NH~${number}^^^RCB^MR`, 32: stated }));
    const [patient] = await node.withNumber('Patient', number);
    const nhs = patient?.identifier?.find((one) => one.system === 'https://fhir.nhs.uk/Id/nhs-number');
    expect(nhs?.value).toBe('9990000018');
    expect(nhs?.extension?.[0]?.valueCodeableConcept?.coding?.[0]?.code).toBe(expected);
  });

  it('whose NHS number has a wrong check digit keeps it as sent, and joins nothing by it', async () => {
    await send('A28', pid('WRONG', { 3: '9990000019^^^NHS^NH~WRONG^^^RCB^MR', 32: '01' }));
    const [patient] = await node.withNumber('Patient', 'WRONG');
    expect(patient?.identifier?.map((one) => one.system)).not.toContain('https://fhir.nhs.uk/Id/nhs-number');
    expect(JSON.stringify(patient?.identifier)).toContain('9990000019');
  });

  it('has a practice, a doctor, contacts, allergies and diagnoses', async () => {
    const answer = await send(
      'A01',
      pid('ALL', whole),
      'PD1|||MILL LANE SURGERY^^A90001|G1234567^NAIR^PRIYA^^^DR^^^GMP',
      'NK1|1|SMITH^TOM|SPO^Spouse|2 LOW ROAD^^EXAMPLETON^^EX1 2AB|01234 111111||N',
      'PV1|1|I|RCB^WARD1^BED1||||||||||||||||V-ALL',
      'AL1|1|DA|91936005^Allergy to penicillin^SNM3|SV|Rash~Swelling|2015',
      'DG1|1||J18.9^Pneumonia^I10||20261101|A',
    );
    expect(code(answer)).toBe('AA');
    const [patient] = await node.withNumber('Patient', 'ALL');
    expect(patient).toMatchObject({
      generalPractitioner: [
        { identifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'A90001' } },
        { identifier: { system: 'https://fhir.hl7.org.uk/Id/gmp-number', value: 'G1234567' } },
      ],
      contact: [
        {
          name: { family: 'SMITH', given: ['TOM'] },
          relationship: [{ coding: [{ code: 'SPO' }] }, { coding: [{ code: 'N' }] }],
          telecom: [{ value: '01234 111111' }],
        },
      ],
    });
    const subject = { reference: `Patient/${patient?.id}` };
    const allergies = (await node.all('AllergyIntolerance')).filter(
      (one) => one.patient.reference === subject.reference,
    );
    expect(allergies).toMatchObject([
      {
        code: { coding: [{ system: 'http://snomed.info/sct', code: '91936005' }] },
        category: ['medication'],
        criticality: 'high',
        onsetDateTime: '2015',
        reaction: [{ manifestation: [{ text: 'Rash' }, { text: 'Swelling' }], severity: 'severe' }],
      },
    ]);
    const conditions = (await node.all('Condition')).filter(
      (one) => one.subject.reference === subject.reference,
    );
    expect(conditions).toMatchObject([
      {
        code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10', code: 'J18.9' }] },
        verificationStatus: { coding: [{ code: 'provisional' }] },
      },
    ]);
  });

  it('has a record that says restricted where the demographics service does (PV1-16)', async () => {
    await send('A01', pid('SENSITIVE'), 'PV1|1|I|RCB^WARD1|||||||||||||S|||V-SENSITIVE');
    expect(await node.withNumber('Patient', 'SENSITIVE')).toMatchObject([
      { meta: { security: [{ code: 'R' }] } },
    ]);
  });
});

describe.each(['A40', 'A34'])('%s merges', (event) => {
  it('the record of MRG-1 into that of PID-3, and it can be taken apart exactly', async () => {
    const [old, kept] = [`OLD-${event}`, `KEPT-${event}`];
    await send('A28', pid(old, { 5: 'SMITH^ANNE' }));
    await send('A28', pid(kept, { 5: 'SMITH^ANN' }));
    const before = await Promise.all([node.withNumber('Patient', old), node.withNumber('Patient', kept)]);
    expect(code(await send(event, pid(kept), `MRG|${old}^^^RCB^MR`))).toBe('AA');
    const [[retired], [survivor]] = await Promise.all([
      node.withNumber('Patient', old),
      node.withNumber('Patient', kept),
    ]);
    expect(retired).toMatchObject({
      active: false,
      link: [{ type: 'replaced-by', other: { reference: `Patient/${survivor?.id}` } }],
    });
    expect(survivor).toMatchObject({
      active: true,
      link: [{ type: 'replaces', other: { reference: `Patient/${retired?.id}` } }],
    });
    expect(code(await send(event, pid(kept), `MRG|${old}^^^RCB^MR`))).toBe('AA');
    await node.submit(unmergeOps(survivor as IdentifiedPatient, retired as IdentifiedPatient));
    const after = await Promise.all([node.withNumber('Patient', old), node.withNumber('Patient', kept)]);
    const bare = (all: readonly (readonly { meta?: unknown }[])[]) =>
      all.flat().map(({ meta: _meta, ...rest }) => rest);
    expect(bare(after)).toEqual(bare(before));
  });

  it('a number that nobody knew yet, so that what still comes under it belongs to the person', async () => {
    const [old, kept] = [`NEW-OLD-${event}`, `NEW-KEPT-${event}`];
    expect(code(await send(event, pid(kept, { 5: 'SMITH^ANN' }), `MRG|${old}^^^RCB^MR`))).toBe('AA');
    await send('A31', pid(old, { 5: 'SMITH^ANNIE' }));
    const [retired] = await node.withNumber('Patient', old);
    expect(retired).toMatchObject({
      active: false,
      name: [{ given: ['ANNIE'] }],
      link: [{ type: 'replaced-by' }],
    });
  });

  it.each([
    ['no MRG', (kept: string) => [pid(kept)], 'needs an MRG'],
    ['a record into itself', (kept: string) => [pid(kept), `MRG|${kept}^^^RCB^MR`], undefined],
    ['no number to retire', (kept: string) => [pid(kept), 'MRG||'], 'MRG-1'],
  ])('not with %s', async (_what, segments, reason) => {
    const kept = `NOT-${event}-${++n}`;
    await send('A28', pid(kept, { 5: 'SMITH^ANN' }));
    const answer = await send(event, ...segments(kept));
    expect(code(answer)).toBe(reason === undefined ? 'AA' : 'AR');
    if (reason !== undefined) expect(answer).toContain(reason);
    const [patient] = await node.withNumber('Patient', kept);
    expect(patient?.link).toBe(undefined);
  });
});

describe('a visit', () => {
  it('is not moved to another patient by a mistyped number', async () => {
    await send('A01', pid('MINE'), 'PV1|1|I|RCB^WARD1||||||||||||||||V-MINE');
    const answer = await send('A02', pid('THEIRS'), 'PV1|1|I|RCB^WARD2||||||||||||||||V-MINE');
    expect(answer).toContain('The visit is known under another patient');
    expect(await node.withNumber('Patient', 'THEIRS')).toEqual([]);
    const [patient] = await node.withNumber('Patient', 'MINE');
    expect(await node.withNumber('Encounter', 'V-MINE')).toMatchObject([
      { subject: { reference: `Patient/${patient?.id}` } },
    ]);
  });

  it('without a number is the only one that is open, or cannot be told', async () => {
    await send('A01', pid('BARE'), 'PV1|1|I|RCB^WARD1||||||||||||||||V-BARE');
    expect(code(await send('A02', pid('BARE'), 'PV1|1|I|RCB^WARD2'))).toBe('AA');
    await send('A01', pid('BARE'), 'PV1|1|I|RCB^WARD1||||||||||||||||V-BARE-2');
    expect(await send('A03', pid('BARE'), 'PV1|1|I|RCB^WARD2')).toContain('MSA|AR|');
  });

  it('whose patient’s numbers belong to two records goes to the one of the first number, and joins nothing', async () => {
    await send('A28', pid('TWIN1', { 5: 'SMITH^ANN' }));
    await send('A28', pid('TWIN2', { 5: 'SMITH^BEN' }));
    const answer = await send('A31', pid('X', { 3: 'TWIN2^^^RCB^MR~TWIN1^^^RCB^MR', 5: 'SMITH^BENJAMIN' }));
    expect(code(answer)).toBe('AA');
    const [ann, other] = await node.withNumber('Patient', 'TWIN1');
    expect([ann?.name?.[0]?.given, other]).toEqual([['ANN'], undefined]);
    expect(await node.withNumber('Patient', 'TWIN2')).toMatchObject([{ name: [{ given: ['BENJAMIN'] }] }]);
    expect(code(await send('A31', pid('TWIN1', { 5: 'SMITH^ANNA' })))).toBe('AA');
  });
});
