/** Patient/$summary: what is in it, what it says of its being whole, and what it never says. */
import type { Bundle, Composition, CompositionSection } from 'fhir/r4.d.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DoorUnderTest,
  nhsNumber,
  openDoorUnderTest,
  scenarios,
  verifiedPatient,
} from '../../../test/fhir-door-under-test.ts';
import type { InstantMs } from '../../base/brands.ts';
import { validate } from '../../fhir/validate.ts';
import type { FeedState } from '../../records/feed.ts';
import type { FeedCoverage } from '../../records/feeds.ts';

let door: DoorUnderTest;
const ANNA = nhsNumber(61);
const AS_AT = Date.parse('2026-11-20T08:00:00Z') as InstantMs;
/** What the feeds say of themselves; the tests change it. */
const feeds: { states: FeedState[]; coverage: FeedCoverage[] } = { states: [], coverage: [] };
const covers = (...kinds: readonly FeedCoverage['kind'][]): void => {
  feeds.coverage = kinds.map((kind) => ({ kind, since: '2000-01-01', asAt: AS_AT }));
  feeds.states = [];
};
const code = (text: string, given = 'x'): object => ({ text, coding: [{ system: 'urn:c', code: given }] });
const status = (of: string, given: string): object => ({
  coding: [{ system: `http://terminology.hl7.org/CodeSystem/${of}`, code: given }],
});
const active = { clinicalStatus: status('condition-clinical', 'active') };

beforeAll(async () => {
  door = await openDoorUnderTest({ feeds: { states: () => feeds.states, coverage: () => feeds.coverage } });
  const subject = { reference: 'Patient/anna' };
  const resources = [
    verifiedPatient('anna', ANNA, { name: [{ family: 'A' }] }),
    verifiedPatient('bare', nhsNumber(62)),
    {
      resourceType: 'AllergyIntolerance',
      id: 'nka',
      code: {
        coding: [{ system: 'http://snomed.info/sct', code: '716186003', display: 'No known allergy' }],
      },
      clinicalStatus: status('allergyintolerance-clinical', 'active'),
      patient: { reference: 'Patient/bare' },
    },
    {
      resourceType: 'AllergyIntolerance',
      id: 'penicillin',
      code: code('<script>alert("x")</script> & Penicillin'),
      clinicalStatus: status('allergyintolerance-clinical', 'active'),
      patient: subject,
      recordedDate: '2020-01-01',
    },
    {
      resourceType: 'AllergyIntolerance',
      id: 'refuted',
      code: code('Eggs'),
      verificationStatus: status('allergyintolerance-verification', 'refuted'),
      patient: subject,
    },
    { resourceType: 'Medication', id: 'med', code: code('Ramipril 5 mg') },
    {
      resourceType: 'MedicationRequest',
      id: 'taken',
      status: 'active',
      intent: 'order',
      medicationReference: { reference: 'Medication/med' },
      subject,
      authoredOn: '2021-01-01',
    },
    {
      resourceType: 'MedicationRequest',
      id: 'stopped',
      status: 'stopped',
      intent: 'order',
      medicationCodeableConcept: code('Old'),
      subject,
    },
    { resourceType: 'Condition', id: 'asthma', code: code('Asthma'), ...active, subject },
    {
      resourceType: 'Condition',
      id: 'flu',
      code: code('Flu'),
      clinicalStatus: status('condition-clinical', 'resolved'),
      subject,
    },
    ...['2020-01-01', '2021-01-01'].map((day) => ({
      resourceType: 'Observation',
      id: `hb-${day}`,
      status: 'final',
      category: [status('observation-category', 'laboratory')],
      code: code('Haemoglobin'),
      subject,
      effectiveDateTime: day,
      valueQuantity: { value: 120, unit: 'g/L' },
    })),
  ] as { resourceType: string; id: string }[];
  for (const resource of resources) {
    const path = `/fhir/${resource.resourceType}/${resource.id}`;
    const answer = await door.send('PUT', path, { as: 'system', body: resource });
    if (answer.status !== 201) throw new Error(answer.text);
  }
});
afterAll(() => door.close());

interface Summary {
  readonly bundle: Bundle;
  readonly composition: Composition;
  section(title: string): CompositionSection | undefined;
}

async function summaryOf(id: string, as = 'gp'): Promise<Summary> {
  const answer = await door.send('GET', `/fhir/Patient/${id}/$summary`, { as });
  expect(answer.status, answer.text).toBe(200);
  const bundle: Bundle = answer.json();
  expect(validate(bundle)).toEqual([]);
  const composition = bundle.entry?.[0]?.resource as Composition;
  const section = (title: string) => composition.section?.find((one) => one.title?.startsWith(title));
  return { bundle, composition, section };
}
const names = (section: CompositionSection | undefined): (string | undefined)[] =>
  (section?.entry ?? []).map((one) => one.reference?.slice(door.base.length + 1));

describe('$summary', () => {
  it('is a document: what is current, by section, and all that this refers to', async () => {
    covers('AllergyIntolerance', 'MedicationStatement', 'MedicationRequest', 'Condition');
    const { bundle, composition, section } = await summaryOf('anna');
    expect(bundle).toMatchObject({ type: 'document' });
    expect(composition.type.coding?.[0]?.code).toBe('60591-5');
    expect(names(section('Allergies'))).toEqual(['AllergyIntolerance/penicillin']);
    expect(names(section('Medication'))).toEqual(['MedicationRequest/taken']);
    expect(names(section('Problems'))).toEqual(['Condition/asthma']);
    expect(names(section('Past'))).toEqual(['Condition/flu']);
    expect(names(section('Results'))).toEqual(['Observation/hb-2021-01-01']);
    expect(section('Results')?.text?.div).toContain('Haemoglobin: 120 g/L, 2021-01-01');
    expect(section('Medication')?.text?.div).toContain('Ramipril 5 mg');
    expect(section('Immunizations')).toBeUndefined();
    const inside = (bundle.entry ?? []).map((one) => one.fullUrl?.replace(`${door.base}/`, ''));
    expect(inside).toContain('Medication/med');
    expect(inside).toContain('Patient/anna');
    expect(inside).not.toContain('MedicationRequest/stopped');
    const everyReference = JSON.stringify(composition).match(/"reference":"[^"]*"/g) ?? [];
    for (const one of everyReference) {
      const url = one.slice('"reference":"'.length, -1);
      expect((bundle.entry ?? []).map((entry) => entry.fullUrl)).toContain(url);
    }
  });

  it('makes a narrative that is text and nothing else', async () => {
    const { section } = await summaryOf('anna');
    const div = section('Allergies')?.text?.div ?? '';
    expect(div).toContain('&lt;script&gt;');
    expect(div).not.toContain('<script');
  });

  it('says how far the record goes, and since when it is old', async () => {
    covers('AllergyIntolerance');
    const covered = (await summaryOf('anna')).section('Allergies')?.text?.div;
    expect(covered).toContain('2026-11-20T08:00:00');
    expect(covered).toContain('Test General');
    covers();
    expect((await summaryOf('anna')).section('Allergies')?.text?.div).toContain('unavailable in full');
  });

  it('says "no known" only where somebody said so and nothing can be missing', async () => {
    covers('AllergyIntolerance');
    expect(names((await summaryOf('bare')).section('Allergies'))).toEqual(['AllergyIntolerance/nka']);
    const late: FeedState = {
      name: 'pas',
      transport: 'mllp',
      covers: ['AllergyIntolerance'],
      late: true,
      watermark: AS_AT,
      owed: 0,
    } as FeedState;
    for (const change of [() => covers(), () => (feeds.states = [late])]) {
      covers('AllergyIntolerance');
      change();
      const { section, bundle } = await summaryOf('bare');
      const allergies = section('Allergies');
      expect(allergies?.entry).toBeUndefined();
      expect(allergies?.emptyReason?.coding?.[0]?.code).toBe('unavailable');
      expect(JSON.stringify(bundle)).not.toContain('716186003');
    }
  });

  it('never takes nothing recorded for nothing there', async () => {
    covers('AllergyIntolerance', 'MedicationStatement', 'MedicationRequest', 'Condition');
    const { section, bundle } = await summaryOf('bare');
    for (const title of ['Medication', 'Problems']) {
      expect(section(title)?.emptyReason?.coding?.[0]?.code).toBe('unavailable');
      expect(section(title)?.text?.div).toContain('does not say that there are none');
    }
    expect(JSON.stringify(bundle)).not.toContain('nilknown');
  });

  it('shows a role what it may see, and says that the rest is withheld', async () => {
    const { section } = await summaryOf('anna', 'lab');
    expect(section('Allergies')?.entry).toBeUndefined();
    expect(section('Allergies')?.emptyReason?.coding?.[0]?.code).toBe('withheld');
    expect(names(section('Results'))).toEqual(['Observation/hb-2021-01-01']);
  });

  it('is found by an identifier, and is a patient’s own', async () => {
    const path = `/fhir/Patient/$summary?identifier=https://fhir.nhs.uk/Id/nhs-number|${ANNA}`;
    expect((await door.send('GET', path, { as: 'gp' })).text).toContain('Asthma');
    const own = await door.token('patient', ANNA);
    expect((await door.send('GET', path, { as: own })).text).toContain('Asthma');
    const other = await door.token('patient', nhsNumber(62));
    expect((await door.send('GET', path, { as: other })).status).toBe(404);
    expect((await door.send('GET', '/fhir/Patient/anna/$summary', { as: other })).status).toBe(404);
  });

  scenarios(
    () => door,
    [
      { name: 'nobody', request: 'GET /fhir/Patient/nobody/$summary', as: 'gp', status: 404 },
      {
        name: 'of whom',
        request: 'GET /fhir/Patient/$summary',
        as: 'gp',
        status: 400,
        contains: ['identifier'],
      },
      {
        name: 'by a profile',
        request: 'GET /fhir/Patient/anna/$summary?profile=urn:x',
        as: 'gp',
        status: 400,
        contains: ['profile'],
      },
    ],
  );
});
