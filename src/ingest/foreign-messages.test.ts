/**
 * Messages of other countries and of every kind, from two projects that map them to FHIR as well: none stops the node,
 * each is taken or refused with a reason, and where both map the same field they say the same.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Address, Patient } from 'fhir/r4.d.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  code,
  inFrame,
  type MllpUnderTest,
  openMllpUnderTest,
  SourceSystem,
} from '../../test/mllp-under-test.ts';
import { HERE } from '../../test/records-under-test.ts';
import { incoming } from './incoming.ts';
import type { Mapping } from './v2/mapping.ts';
import { patientAfter } from './v2/pid.ts';
import { segmentNamed } from './v2-message.ts';
import { parseV2Time } from './v2-time.ts';

const FOLDER = resolve('../shared/fixtures/hl7v2');
const MICROSOFT = join(FOLDER, 'ms-fhir-converter');
const REPORTSTREAM = join(FOLDER, 'reportstream-mapping');
const present = existsSync(FOLDER);
if (!present) process.stdout.write(`${FOLDER} is absent: messages of other projects are not tried\n`);

const filesIn = (folder: string): string[] =>
  present
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((one) => one.endsWith('.hl7'))
        .map((one) => join(folder, one))
    : [];

/** As it is but for what it says of answers (MSH-15, MSH-16): all are wanted here. */
const wantingAnswers = (raw: Buffer): Buffer =>
  Buffer.from(
    raw.toString('latin1').replace(/^(\ufeff?MSH(?:\|[^|\r\n]*){13})\|[^|\r\n]*\|[^|\r\n]*/, '$1||'),
    'latin1',
  );

function mapping(): Mapping {
  const sent = parseV2Time('20261101', 'Europe/London');
  if (sent === undefined) throw new Error('no time');
  return { ods: HERE, organisation: 'Trust', zone: 'Europe/London', source: 'x', sent, warnings: [] };
}

function patientIn(file: string): Patient | undefined {
  const { read } = incoming(readFileSync(file));
  const pid = read.ok ? segmentNamed(read.message, 'PID') : undefined;
  return pid === undefined ? undefined : patientAfter(mapping(), { pid, nk1: [] }, undefined);
}

function patientExpected(bundle: string): Patient | undefined {
  const { entry } = JSON.parse(bundle) as { entry: { resource: Patient }[] };
  return entry.map((one) => one.resource).find((one) => one.resourceType === 'Patient');
}

let node: MllpUnderTest;
beforeAll(async () => {
  if (present) node = await openMllpUnderTest();
});
afterAll(() => node?.close());

describe.runIf(present)('messages of others', () => {
  it('are each taken or refused for good with a reason, whatever they are', async () => {
    const source = await SourceSystem.connect(node.port());
    const counts: Record<string, number> = {};
    const files = [...filesIn(MICROSOFT), ...filesIn(REPORTSTREAM)];
    expect(files.length).toBeGreaterThan(150);
    for (const file of files) {
      source.write(inFrame(wantingAnswers(readFileSync(file))));
      const answer = await source.answer();
      counts[code(answer)] = (counts[code(answer)] ?? 0) + 1;
      if (code(answer) !== 'AA') expect(answer, file).toMatch(/\rMSA\|AR\|[^|]*\|[A-Z].*[.?]\r/);
    }
    source.hangUp();
    expect(Object.keys(counts).sort()).toEqual(['AA', 'AR']);
    expect(counts.AA).toBeGreaterThan(15);
    for (const type of [
      'Patient',
      'Encounter',
      'Observation',
      'DiagnosticReport',
      'Specimen',
      'Condition',
    ] as const) {
      expect((await node.all(type)).length, type).toBeGreaterThan(0);
    }
  });

  const pairs = [
    'ADT-A01-01',
    'ADT-A02-01',
    'ADT-A03-01',
    'ADT-A04-01',
    'ADT-A05-01',
    'ADT-A08-01',
    'ADT-A11-01',
    'ADT-A13-01',
    'ADT-A28-01',
    'ADT-A31-01',
    'ADT01-23',
    'ADT04-23',
    'LAB-ORU-1',
    'LRI_2.0-NG_CBC_Typ_Message',
    'MDM-T02-01',
    'ORU-R01-01',
  ];
  it.each(pairs)('%s: the patient is who the other project says', (name) => {
    const ours = patientIn(join(MICROSOFT, `${name}.hl7`));
    const packed = readFileSync(join(`${MICROSOFT}-expected`, `${name}-expected.json.gz`));
    const theirs = patientExpected(gunzipSync(packed).toString());
    const names = (one: Patient | undefined) =>
      one?.name?.map(({ family, given }) => `${family} ${given?.[0]}`);
    expect(names(theirs)).toEqual(expect.arrayContaining(names(ours) ?? ['?']));
    expect(ours?.birthDate).toBe(theirs?.birthDate);
    expect(ours?.gender).toBe(theirs?.gender);
    const numbers = theirs?.identifier?.map((one) => one.value) ?? [];
    for (const { value } of ours?.identifier ?? []) expect(numbers).toContain(value);
    const place = ({ city, postalCode, line }: Address) => [
      city?.trim(),
      postalCode,
      ...(line ?? []).slice(0, 3),
    ];
    if (ours?.address?.[0] !== undefined) {
      expect(place(theirs?.address?.[0] ?? {})).toEqual(place(ours.address[0]));
    }
    if (ours?.deceasedDateTime !== undefined) {
      expect(Date.parse(ours.deceasedDateTime)).toBe(Date.parse(theirs?.deceasedDateTime ?? ''));
    }
  });

  it('one feature each, by the HL7 v2-to-FHIR guide: names, addresses, birth dates and times agree', () => {
    let compared = 0;
    for (const file of filesIn(REPORTSTREAM)) {
      const ours = patientIn(file);
      const theirs = patientExpected(readFileSync(file.replace(/hl7$/, 'fhir'), 'utf8'));
      if (ours === undefined || theirs === undefined) continue;
      const bare = (value: unknown): unknown =>
        JSON.parse(
          JSON.stringify(value ?? null, (key, one) => (/^_|^extension$|^use$/.test(key) ? undefined : one)),
        );
      for (const field of ['name', 'address', 'telecom', 'birthDate', 'gender'] as const) {
        if (theirs[field] === undefined) continue;
        expect(bare(ours[field]), `${file} ${field}`).toEqual(bare(theirs[field]));
        compared += 1;
      }
      if (theirs.deceasedDateTime !== undefined) {
        expect(Date.parse(ours.deceasedDateTime ?? ''), file).toBe(Date.parse(theirs.deceasedDateTime));
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(12);
  });
});
