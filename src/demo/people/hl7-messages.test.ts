/**
 * The HL7 v2 text of made-up people, read by the node's own reader: every message parses, is planned without a
 * warning, and makes valid resources. Nothing here knows how the node maps; the coherence of what comes out is
 * what is tested.
 */
import type { Encounter, Observation, Patient } from 'fhir/r4.d.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Id, OdsCode, VersionId } from '../../base/brands.ts';
import type { Identified, Resource, ResourceOf, ResourceType } from '../../fhir/resource.ts';
import { validate } from '../../fhir/validate.ts';
import { isNhsNumber } from '../../identity/nhs-number.ts';
import { unverifiedNhsNumbers, verifiedNhsNumbers } from '../../identity/patient-identity.ts';
import { decodeMessage } from '../../ingest/v2-charset.ts';
import { checkHeader, headerOf } from '../../ingest/v2-header.ts';
import { parseMessage, printMessage } from '../../ingest/v2-message.ts';
import { parseV2Time } from '../../ingest/v2-time.ts';
import { planMessage } from '../../ingest/v2-to-ops.ts';
import { identifiersOf, type Known, type Lookup, lookupKey } from '../../ingest/write-set.ts';
import { makePeople } from './make-people.ts';
import { LAST_DAY } from './person.ts';

const PEOPLE = 60;

/** What one node holds after the messages it was sent. */
class Held {
  readonly #byId = new Map<string, Known>();
  readonly #byKey = new Map<string, Set<string>>();
  readonly warnings: string[] = [];
  readonly issues: string[] = [];
  readonly #ods: OdsCode;
  #ids = 0;

  constructor(ods: string) {
    this.#ods = ods as OdsCode;
  }

  readonly #lookup: Lookup = {
    find: async <T extends ResourceType>(
      type: T,
      identifiers: readonly { system?: string; value?: string }[],
    ) => {
      const ids = new Set(identifiers.flatMap((one) => [...(this.#byKey.get(lookupKey(type, one)) ?? [])]));
      return [...ids].flatMap((id) => this.#byId.get(id) ?? []) as Known<ResourceOf<T>>[];
    },
    openEncounters: async () => [],
  };

  async take(text: string): Promise<void> {
    const message = parseMessage(text);
    expect(printMessage(message)).toBe(text);
    const header = headerOf(message);
    checkHeader(header);
    const sent = parseV2Time(header.sentAt, 'Europe/London');
    expect(sent?.instant).toBeDefined();
    if (sent === undefined) return;
    const plan = await planMessage(message, {
      mapping: {
        ods: this.#ods,
        organisation: 'Test',
        zone: 'Europe/London',
        source: `https://openward.org/hl7-v2/test/${header.event.replace('^', '-')}`,
        sent,
        warnings: [],
      },
      lookup: this.#lookup,
      ids: { next: () => `made-${++this.#ids}` as Id },
      takesVisits: header.application === 'PAS',
    });
    this.warnings.push(...plan.warnings.map((one) => `${header.event} ${one.field}: ${one.text}`));
    this.warnings.push(...plan.unmapped.map((name) => `${header.event}: ${name} has no place`));
    for (const op of plan.ops) {
      if (op.op === 'delete') continue;
      const id = op.op === 'put' ? op.resource.id : op.id;
      if (id !== undefined) this.#keep({ ...op.resource, id } as Identified);
    }
  }

  #keep(resource: Identified): void {
    this.issues.push(...validate(resource).map((issue) => `${issue.expression}: ${issue.text}`));
    const known = { id: resource.id, versionId: '1' as VersionId, lastUpdated: 0 as never, resource };
    this.#byId.set(resource.id, known);
    for (const identifier of identifiersOf(resource)) {
      const key = lookupKey(resource.resourceType, identifier);
      const ids = this.#byKey.get(key) ?? new Set();
      this.#byKey.set(key, ids.add(resource.id));
    }
  }

  all<T extends Resource['resourceType']>(type: T): readonly (ResourceOf<T> & { id: Id })[] {
    return [...this.#byId.values()]
      .map((one) => one.resource)
      .filter((one): one is ResourceOf<T> & { id: Id } => one.resourceType === type);
  }
}

const hospital = new Held('RX1');
const laboratory = new Held('RX9');
const messages = [...makePeople(PEOPLE)].flatMap(({ deliveries }) =>
  deliveries.flatMap((one) => (one.kind === 'v2' ? [{ ods: one.ods, text: one.message }] : [])),
);

beforeAll(async () => {
  for (const { ods, text } of messages) await (ods === 'RX1' ? hospital : laboratory).take(text);
});

const nhsNumber = (patient: Patient): string | undefined =>
  patient.identifier?.find((one) => one.system === 'https://fhir.nhs.uk/Id/nhs-number')?.value;
const byNumber = (held: Held, number: string) =>
  held.all('Patient').filter((one) => nhsNumber(one) === number);

describe('the HL7 v2 messages of made-up people', () => {
  it('are taken without a warning, and nothing in them is without a place', () => {
    expect(messages.length).toBeGreaterThan(400);
    expect(hospital.warnings).toEqual([]);
    expect(laboratory.warnings).toEqual([]);
  });

  it('become resources that structural validation passes', () => {
    expect(hospital.all('Observation').length).toBeGreaterThan(1000);
    expect(laboratory.all('Observation').length).toBeGreaterThan(500);
    expect([...hospital.issues, ...laboratory.issues]).toEqual([]);
  });

  it('have each event that a hospital sends, and control ids that come once', () => {
    const events = new Set(messages.map(({ text }) => text.split('|')[8]?.split('^').slice(0, 2).join('^')));
    const wanted = 'A01 A02 A03 A04 A05 A08 A11 A12 A13 A28 A31 A40'.split(' ').map((one) => `ADT^${one}`);
    expect([...events].sort()).toEqual([...wanted, 'ORU^R01'].sort());
    const ids = messages.map(({ text }) => `${text.split('|')[2]} ${text.split('|')[9]}`);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { text } of messages) expect((text.split('|')[9] ?? '').length).toBeLessThanOrEqual(20);
  });

  it('are in UTF-8 and, where a record is older, in ISO-8859-1, and decode to what was meant', () => {
    const latin = messages.filter(({ text }) => text.split('|')[17]?.startsWith('8859/1'));
    expect(latin.length).toBeGreaterThan(0);
    for (const { text } of latin) {
      expect(text).toContain('Núñez-Brontë');
      expect(decodeMessage(Buffer.from(text, 'latin1'))).toBe(text);
    }
    const beyond = messages.find(({ text }) => text.includes('Llŷr'));
    expect(beyond?.text.split('|')[17]).toMatch(/^UNICODE UTF-8/);
    expect(decodeMessage(Buffer.from(beyond?.text ?? '', 'utf8'))).toBe(beyond?.text);
  });

  it('leave every visit with an end after its beginning, and none in the future', () => {
    const last = new Date(LAST_DAY).toISOString();
    const times = (one: Encounter) => [one.period?.start ?? '', one.period?.end ?? last];
    const visits = hospital.all('Encounter');
    for (const one of visits.filter(({ status }) => status !== 'planned' && status !== 'cancelled')) {
      const [start = '', end = ''] = times(one);
      expect(start).not.toBe('');
      expect(start < end && end <= last).toBe(true);
      expect(one.status).toBe(one.period?.end === undefined ? 'in-progress' : 'finished');
      for (const stay of one.location ?? []) {
        const from = stay.period?.start ?? start;
        expect(from >= start && from <= (stay.period?.end ?? end)).toBe(true);
      }
    }
    expect(new Set(visits.map(({ status }) => status))).toEqual(
      new Set(['finished', 'in-progress', 'cancelled']),
    );
  });
});

describe('ward observations', () => {
  const sets = () => {
    const bySet = new Map<string, Observation[]>();
    for (const one of hospital.all('Observation')) {
      const key = `${one.subject?.reference} ${one.effectiveDateTime}`;
      bySet.set(key, [...(bySet.get(key) ?? []), one]);
    }
    return [...bySet.values()];
  };
  const has = (set: Observation[], code: string): boolean =>
    set.some((one) => one.code.coding?.some((coding) => coding.code === code));

  it('are whole sets: the seven parts of NEWS2 and the total, inside their visit', () => {
    const all = sets();
    expect(all.length).toBeGreaterThan(150);
    for (const set of all) {
      expect(set).toHaveLength(8);
      for (const code of [
        '9279-1',
        '2708-6',
        '85354-9',
        '8867-4',
        '8310-5',
        '1104441000000107',
        '1104051000000101',
      ])
        expect(has(set, code), code).toBe(true);
      expect(has(set, '722742002') !== has(set, '371825009')).toBe(true);
      const visit = hospital
        .all('Encounter')
        .find(({ id }) => set[0]?.encounter?.reference === `Encounter/${id}`);
      const at = set[0]?.effectiveDateTime ?? '';
      expect((visit?.period?.start ?? '9') <= at && at <= (visit?.period?.end ?? '9')).toBe(true);
    }
  });
});

describe('the hard cases, as the hospital holds them', () => {
  it('an NHS number that nobody verified', () => {
    const [one] = byNumber(hospital, '9990000042');
    expect(one === undefined ? undefined : unverifiedNhsNumbers(one)).toEqual(['9990000042']);
    expect(one === undefined ? undefined : verifiedNhsNumbers(one)).toEqual([]);
  });

  it('two hospital numbers that were merged', () => {
    const found = byNumber(hospital, '9990000069');
    expect(found).toHaveLength(2);
    const [kept] = found.filter(({ active }) => active);
    const [retired] = found.filter(({ active }) => active === false);
    expect(kept?.link?.[0]).toMatchObject({
      type: 'replaces',
      other: { reference: `Patient/${retired?.id}` },
    });
    expect(retired?.link?.[0]).toMatchObject({ type: 'replaced-by' });
    const subjects = new Set(hospital.all('Encounter').map((one) => one.subject?.reference));
    expect(subjects.has(`Patient/${kept?.id}`) && subjects.has(`Patient/${retired?.id}`)).toBe(true);
  });

  it('a number that was superseded: the new one came with an A31', () => {
    const sent = messages.filter(({ ods, text }) => ods === 'RX1' && text.includes('Drummond'));
    const numbers = sent.map(({ text }) => /PID\|1\|\|(\d{10})/.exec(text)?.[1] ?? '');
    const old = numbers[0] ?? '';
    expect(old).not.toBe('9990000077');
    expect(isNhsNumber(old)).toBe(true);
    expect(numbers.at(-1)).toBe('9990000077');
    expect(byNumber(hospital, '9990000077')).toHaveLength(1);
    expect(byNumber(hospital, old)).toEqual([]);
  });

  it('a death in hospital', () => {
    const [one] = byNumber(hospital, '9990000093');
    const died = one?.deceasedDateTime ?? '';
    expect(died).not.toBe('');
    const visits = hospital
      .all('Encounter')
      .filter((visit) => visit.subject?.reference === `Patient/${one?.id}`);
    expect(
      visits
        .map(({ period }) => period?.end ?? '')
        .sort()
        .at(-1),
    ).toBe(died);
  });

  it('somebody who could not say who they are', () => {
    const unknown = hospital.all('Patient').filter(({ name }) => name?.[0]?.family === 'UNKNOWN');
    expect(unknown).toHaveLength(1);
    expect(unknown.map(nhsNumber)).toEqual([undefined]);
  });
});
