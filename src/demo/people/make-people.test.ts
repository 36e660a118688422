/**
 * Made-up people: the same bytes every time, whoever else is made; who holds what; what FHIR's definitions
 * say of it.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { validate } from '../../fhir/validate.ts';
import type { Delivery, MadePerson } from '../delivery.ts';
import { DEMO_ORGANISATIONS } from '../organisations.ts';
import { makePeople, staffDeliveries } from './make-people.ts';

const people = [...makePeople(60)];
const hash = (made: Iterable<MadePerson>): string =>
  createHash('sha256')
    .update(JSON.stringify([...made]))
    .digest('hex');

interface Entry {
  readonly fullUrl: string;
  readonly resource: { readonly resourceType: string; readonly id?: string };
  readonly request: { readonly method: string; readonly url: string };
}
const entriesOf = (delivery: Delivery): readonly Entry[] =>
  delivery.kind === 'fhir' ? (JSON.parse(delivery.bundle) as { entry: Entry[] }).entry : [];

describe('makePeople', () => {
  it('makes the same bytes whenever it is run', () => {
    expect(hash(makePeople(60))).toBe(hash(people));
  });

  it('makes the same person whatever the count', () => {
    const known = people.filter((one) => one.person !== undefined);
    for (const count of [1, 7, 23]) {
      const made = [...makePeople(count)].filter((one) => one.person !== undefined);
      expect(hash(made)).toBe(hash(known.slice(0, count)));
    }
  });

  it('gives everybody an NHS number of the made-up range, with a right check digit, and none twice', () => {
    const numbers = people.flatMap(({ person }) => (person === undefined ? [] : [person.nhsNumber]));
    expect(numbers).toHaveLength(60);
    expect(new Set(numbers).size).toBe(60);
    expect(numbers.slice(0, 5)).toEqual([
      '9990000018',
      '9990000026',
      '9990000034',
      '9990000042',
      '9990000050',
    ]);
    for (const number of numbers) {
      const digits = number.split('').map(Number);
      const sum = digits.slice(0, 9).reduce((all, digit, i) => all + digit * (10 - i), 0);
      expect((11 - (sum % 11)) % 11).toBe(digits[9]);
    }
  });

  it('makes resources that structural validation passes without a word', () => {
    const deliveries = [...staffDeliveries(), ...people.flatMap((one) => one.deliveries)];
    const entries = deliveries.flatMap(entriesOf);
    expect(entries.length).toBeGreaterThan(5000);
    const issues = entries.flatMap(({ resource }) =>
      validate(resource).map((issue) => `${issue.expression}: ${issue.text}`),
    );
    expect(issues).toEqual([]);
  });

  it('keeps transactions to a bearable size, and no id twice in one', () => {
    for (const delivery of people.flatMap((one) => one.deliveries)) {
      const entries = entriesOf(delivery);
      expect(entries.length).toBeLessThanOrEqual(200);
      expect(new Set(entries.map((one) => one.fullUrl)).size).toBe(entries.length);
    }
  });

  it('has enough people with all seven kinds of organisation and a long record, at both practices', () => {
    const kinds = new Map(DEMO_ORGANISATIONS.map((one) => [one.ods as string, one.kind]));
    const isWhole = ({ person, deliveries }: MadePerson): boolean => {
      const held = new Set((person?.sources ?? []).map((ods) => kinds.get(ods)));
      const resources = deliveries.reduce((sum, one) => sum + entriesOf(one).length, 0);
      const results = deliveries.reduce(
        (sum, one) => sum + (one.kind === 'v2' ? (one.message.match(/\r(?:OBX|OBR)\|/g) ?? []).length : 0),
        0,
      );
      return held.size === 7 && resources + results >= 450;
    };
    const first = people.filter((one) => one.person !== undefined).slice(0, 24);
    expect(first.filter(isWhole).length).toBeGreaterThanOrEqual(4);
    expect(isWhole(first[0] ?? { deliveries: [] })).toBe(true);
    const all = [...makePeople(200)].filter(isWhole);
    expect(all.length).toBeGreaterThanOrEqual(24);
    const practices = new Set(all.map(({ person }) => person?.sources.find((ods) => ods.startsWith('A9'))));
    expect(practices).toEqual(new Set(['A90001', 'A90002']));
  });

  it('names as sources exactly those who hold something under a verified number', () => {
    for (const { person, deliveries } of people) {
      if (person === undefined) {
        expect(deliveries.length).toBeGreaterThan(0);
        continue;
      }
      const verified = new Set(
        deliveries.filter((one) => isVerified(one, person.nhsNumber)).map((one) => one.ods),
      );
      expect([...person.sources].sort()).toEqual([...verified].sort());
      expect(person.why).not.toBe('');
    }
    const unverified = people[3];
    expect(unverified?.person?.sources).not.toContain('RX1');
    expect(unverified?.deliveries.some((one) => one.ods === 'RX1')).toBe(true);
  });
});

function isVerified(delivery: Delivery, nhsNumber: string): boolean {
  if (delivery.kind === 'v2') {
    const pid = delivery.message.split('\r').find((line) => line.startsWith('PID|')) ?? '';
    return pid.includes(`|${nhsNumber}^^^NHS^NH`) && pid.split('|')[32] === 'NSTS01';
  }
  const text = delivery.bundle;
  return text.includes(`"value":"${nhsNumber}"`) && !text.includes('"code":"02","display":"Number present');
}
