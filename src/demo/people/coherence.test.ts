/**
 * Lives that hang together: what one organisation holds agrees with what the others hold of the same events.
 */
import type {
  Bundle,
  Condition,
  Consent,
  DocumentReference,
  Encounter,
  FhirResource,
  Immunization,
  MedicationDispense,
  MedicationRequest,
  Patient,
  ServiceRequest,
} from 'fhir/r4.d.ts';
import { describe, expect, it } from 'vitest';
import { eachReference } from '../../fhir/references.ts';
import { historyOf } from './history.ts';
import { makePeople, staffDeliveries } from './make-people.ts';
import { LAST_DAY, makeLife } from './person.ts';
import { orderCheckCharacter } from './prescriptions.ts';
import { news2Total } from './ward-observations.ts';

const people = [...makePeople(60)].filter((one) => one.person !== undefined);
const resourcesOf = (bundle: string): FhirResource[] =>
  (JSON.parse(bundle) as Bundle<FhirResource>).entry?.flatMap((entry) => entry.resource ?? []) ?? [];

/** All FHIR resources of a person at organisations whose code begins so. */
function held(person: (typeof people)[number], ods: string): FhirResource[] {
  return person.deliveries.flatMap((one) =>
    one.kind === 'fhir' && one.ods.startsWith(ods) ? resourcesOf(one.bundle) : [],
  );
}
const ofType = <T extends FhirResource>(all: readonly FhirResource[], type: T['resourceType']): T[] =>
  all.filter((one): one is T => one.resourceType === type);
const v2Of = (person: (typeof people)[number], ods: string): string[] =>
  person.deliveries.flatMap((one) => (one.kind === 'v2' && one.ods === ods ? [one.message] : []));

describe('references', () => {
  it('lead to something within the same organisation', () => {
    const known = new Map<string, Set<string>>();
    const wanted: [ods: string, reference: string][] = [];
    for (const one of [...staffDeliveries(), ...people.flatMap(({ deliveries }) => deliveries)]) {
      if (one.kind !== 'fhir') continue;
      const here = known.get(one.ods) ?? new Set<string>();
      known.set(one.ods, here);
      for (const { fullUrl, resource } of (JSON.parse(one.bundle) as Bundle).entry ?? []) {
        if (fullUrl !== undefined) here.add(fullUrl);
        here.add(`${resource?.resourceType}/${resource?.id}`);
        eachReference(resource, (reference) => {
          if (!reference.startsWith('#')) wanted.push([one.ods, reference]);
        });
      }
    }
    expect(wanted.length).toBeGreaterThan(10_000);
    expect(wanted.filter(([ods, reference]) => !known.get(ods)?.has(reference))).toEqual([]);
  });
});

describe('prescriptions', () => {
  const itemNumbers = (one: MedicationRequest): string | undefined => one.identifier?.[0]?.value;

  it('have numbers whose check character is right', () => {
    const body = (number: string): string => number.replaceAll('-', '').slice(0, -1);
    expect(orderCheckCharacter(body('04F4C2-A99968-7F717P'))).toBe('P');
    for (const { groupIdentifier } of people.flatMap((one) =>
      ofType<MedicationRequest>(held(one, 'A9'), 'MedicationRequest'),
    )) {
      const number = groupIdentifier?.value ?? '';
      expect(number).toMatch(/^[0-9A-F]{6}-0?A9000[12]-[0-9A-F]{5}[0-9A-Z+]$/);
      expect(number.at(-1)).toBe(orderCheckCharacter(body(number)));
    }
  });

  it('are dispensed under the item and order numbers that the practice gave, afterwards, once', () => {
    let dispensed = 0;
    for (const person of people) {
      const items = new Map(
        ofType<MedicationRequest>(held(person, 'A9'), 'MedicationRequest').map((one) => [
          itemNumbers(one),
          one,
        ]),
      );
      const seen = new Set<string>();
      for (const one of ofType<MedicationDispense>(held(person, 'FX001'), 'MedicationDispense')) {
        const number = one.authorizingPrescription?.[0]?.identifier?.value ?? '';
        const request = items.get(number);
        expect(seen.has(number)).toBe(false);
        seen.add(number);
        const [contained] = ofType<MedicationRequest>(
          (one.contained ?? []) as FhirResource[],
          'MedicationRequest',
        );
        expect(contained?.groupIdentifier?.value).toBe(request?.groupIdentifier?.value);
        expect(one.medicationCodeableConcept).toEqual(request?.medicationCodeableConcept);
        expect((one.whenHandedOver ?? '') > (request?.authoredOn ?? '9')).toBe(true);
        dispensed += 1;
      }
    }
    expect(dispensed).toBeGreaterThan(300);
  });

  it('never hold a penicillin for those who are allergic to it', () => {
    for (const person of people) {
      const all = held(person, 'A9');
      const isAllergic = JSON.stringify(
        all.filter((one) => one.resourceType === 'AllergyIntolerance'),
      ).includes('Penicillin');
      const has = JSON.stringify(ofType(all, 'MedicationRequest')).includes('Amoxicillin');
      expect(isAllergic && has).toBe(false);
    }
  });
});

describe('requests to the laboratory', () => {
  it('come back under the number that the practice gave them', () => {
    let results = 0;
    for (const person of people) {
      const requests = ofType<ServiceRequest>(held(person, 'A9'), 'ServiceRequest').filter(
        (one) => one.requisition,
      );
      const placed = new Map(requests.map((one) => [one.identifier?.[0]?.value ?? '', one]));
      const reported = new Set<string>();
      for (const message of v2Of(person, 'RX9')) {
        for (const line of message.split('\r').filter((one) => one.startsWith('OBR|'))) {
          const [number = '', practice = ''] = (line.split('|')[2] ?? '').split('^');
          expect(placed.has(number)).toBe(true);
          expect(person.person?.sources).toContain(practice);
          expect(placed.get(number)?.code?.text).toBe((line.split('|')[4] ?? '').split('^')[1]);
          reported.add(number);
          results += 1;
        }
      }
      const open = ofType<ServiceRequest>(held(person, 'RX9'), 'ServiceRequest');
      for (const [number, { status }] of placed)
        expect(status).toBe(reported.has(number) ? 'completed' : 'active');
      expect(open.map((one) => one.identifier?.[0]?.value).sort()).toEqual(
        [...placed.keys()].filter((number) => !reported.has(number)).sort(),
      );
    }
    expect(results).toBeGreaterThan(150);
  });
});

describe('letters', () => {
  it('are the same at the hospital and at the practice, word for word and under one number', () => {
    let letters = 0;
    for (const person of people) {
      const received = new Map(
        ofType<DocumentReference>(held(person, 'A9'), 'DocumentReference').map((one) => [
          one.masterIdentifier?.value,
          one.content[0]?.attachment.data,
        ]),
      );
      for (const one of ofType<DocumentReference>(held(person, 'RX1'), 'DocumentReference')) {
        const text = one.content[0]?.attachment.data;
        expect(received.get(one.masterIdentifier?.value)).toBe(text);
        expect(Buffer.from(text ?? '', 'base64').toString()).toContain('NHS number: 999 000');
        letters += 1;
      }
    }
    expect(letters).toBeGreaterThan(30);
  });
});

describe('times', () => {
  it('lie between birth and the last day, and those of a visit are in order', () => {
    for (const person of people) {
      const all = held(person, '');
      const born = ofType<Patient>(all, 'Patient')[0]?.birthDate ?? '9';
      const last = new Date(LAST_DAY).toISOString();
      const text = JSON.stringify(all.map((one) => ({ ...one, meta: undefined })));
      for (const [, at = ''] of text.matchAll(/"(\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?)"/g)) {
        expect(
          at.slice(0, 10) >= born.slice(0, at.length) && at <= last,
          `${person.person?.nhsNumber} ${at}`,
        ).toBe(true);
      }
      for (const { period } of ofType<Encounter>(all, 'Encounter')) {
        expect((period?.start ?? '9') < (period?.end ?? '')).toBe(true);
      }
    }
  });
});

describe('stays in hospital', () => {
  it('one in four people has one, lately or now, with days of observations', () => {
    const histories = Array.from({ length: 200 }, (_, i) => historyOf(makeLife(i + 1)));
    const staying = histories.filter(({ stays }) => stays.length > 0);
    expect(staying.length).toBeGreaterThanOrEqual(45);
    expect(staying.length).toBeLessThanOrEqual(60);
    const now = staying.filter(({ stays }) => stays.some((one) => one.dischargedAt === undefined));
    expect(now.length).toBeGreaterThanOrEqual(10);
    for (const { stays } of staying) expect(stays[0]?.observations.length).toBeGreaterThanOrEqual(6);
  });

  it('are scored as the chart of the Royal College of Physicians counts', () => {
    const well = {
      number: '1',
      at: 0,
      respirations: 16,
      saturation: 97,
      systolic: 120,
      diastolic: 70,
      pulse: 70,
      consciousness: 'A',
      temperature: 37,
      isScale2: false,
    } as const;
    expect(news2Total(well)).toBe(0);
    expect(news2Total({ ...well, respirations: 25, saturation: 91, oxygen: 2 })).toBe(8);
    expect(news2Total({ ...well, systolic: 220, pulse: 131, temperature: 39.1, consciousness: 'C' })).toBe(
      11,
    );
    expect(news2Total({ ...well, saturation: 90, isScale2: true })).toBe(0);
    expect(news2Total({ ...well, saturation: 95, isScale2: true, oxygen: 1 })).toBe(4);
    expect(news2Total({ ...well, respirations: 8, systolic: 90, pulse: 40, temperature: 35 })).toBe(12);
  });
});

describe('the hard cases', () => {
  const patientAt = (n: number, ods: string): Patient | undefined => {
    const person = people[n - 1];
    return person === undefined ? undefined : ofType<Patient>(held(person, ods), 'Patient')[0];
  };

  it('two people with one name and birth date, and two numbers', () => {
    const [one, other] = [patientAt(2, 'A9'), patientAt(3, 'A9')];
    expect(one?.name?.[0]?.family).toBe(other?.name?.[0]?.family);
    expect(one?.name?.[0]?.given).toEqual(other?.name?.[0]?.given);
    expect(one?.birthDate).toBe(other?.birthDate);
    expect(one?.identifier?.[0]?.value).not.toBe(other?.identifier?.[0]?.value);
  });

  it('a child, with the childhood schedule and no chart for adults', () => {
    const person = people[4];
    if (person === undefined) throw new Error('there is no person 5');
    expect((patientAt(5, 'A9')?.birthDate ?? '0') > '2016').toBe(true);
    const vaccines = ofType<Immunization>(held(person, 'A9'), 'Immunization');
    expect(vaccines.map((one) => one.vaccineCode.text)).toContain('Six-in-one vaccine, first dose');
    expect(v2Of(person, 'RX1').filter((one) => one.includes('|EOBS|'))).toEqual([]);
  });

  it('a superseded number, kept as an old one', () => {
    const identifiers = patientAt(7, 'A9')?.identifier ?? [];
    expect(identifiers.map((one) => one.use)).toEqual([undefined, 'old']);
    expect(identifiers[1]?.value).toMatch(/^9999/);
  });

  it('an entry that is restricted, and a no to sharing', () => {
    const [restricted, dissenting] = [people[11], people[12]];
    if (restricted === undefined || dissenting === undefined) throw new Error('people are missing');
    const labels = ofType<Condition>(held(restricted, 'A9'), 'Condition').flatMap(
      (one) => one.meta?.security ?? [],
    );
    expect(labels.map((one) => one.code)).toEqual(['R']);
    const [consent] = ofType<Consent>(held(dissenting, 'RXM'), 'Consent');
    expect(consent).toMatchObject({ status: 'active', provision: { type: 'deny' } });
    const told = JSON.stringify(held(dissenting, 'A9'));
    expect(told).not.toContain('mental health');
  });

  it('somebody who died: nothing happens to them after', () => {
    const person = people[8];
    const died = patientAt(9, 'A9')?.deceasedDateTime ?? '9';
    if (person === undefined) throw new Error('there is no person 9');
    for (const { period } of ofType<Encounter>(held(person, ''), 'Encounter'))
      expect((period?.end ?? '9') <= died).toBe(true);
    const issued = ofType<MedicationRequest>(held(person, 'A9'), 'MedicationRequest').map(
      (one) => one.authoredOn ?? '9',
    );
    expect(issued.every((at) => at <= died)).toBe(true);
  });
});
