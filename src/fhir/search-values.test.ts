import { describe, expect, it } from 'vitest';
import { filledResources } from '../../test/filled-resources.ts';
import { r4Examples } from '../../test/r4-examples.ts';
import { notIndexed, resourceTypes, searchParametersOf, whyNotIndexed } from './definitions.ts';
import { phoneticKey } from './search/phonetic-key.ts';
import type { SearchValue } from './search-value.ts';
import { searchValues } from './search-values.ts';

/** Values under one code, without the code. */
function valuesOf(resource: object, code: string): object[] {
  return searchValues(resource)
    .filter((value) => value.code === code)
    .map(({ code: _, ...value }: SearchValue) => value);
}

const observation = (members: object): object => ({ resourceType: 'Observation', ...members });
const patient = (members: object): object => ({ resourceType: 'Patient', ...members });
const token = (system: string, value: string): object => ({ kind: 'token', system, value });
const string = (norm: string, exact: string): object => ({ kind: 'string', norm, exact });
const day = (text: string): object => ({
  kind: 'date',
  lo: Date.parse(`${text}T00:00:00Z`),
  hi: Date.parse(`${text}T23:59:59.999Z`),
});

describe('tokens', () => {
  it('of a CodeableConcept are its codings, not its text', () => {
    const code = {
      coding: [{ system: 's', code: 'a' }, { code: 'b' }, { system: 't' }, { display: 'c' }],
      text: 'd',
    };
    expect(valuesOf(observation({ code }), 'code')).toEqual([
      token('s', 'a'),
      token('', 'b'),
      token('t', ''),
    ]);
    for (const alone of [{ text: 'd' }, { coding: [{ display: 'c' }] }])
      expect(valuesOf(observation({ code: alone }), 'code')).toEqual([{ kind: 'there' }]);
  });

  it('of Identifier, ContactPoint, code and boolean', () => {
    const resource = patient({
      identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990000018' }, { value: 'x' }],
      telecom: [
        { system: 'phone', value: '01632 960000', use: 'home' },
        { system: 'email', value: 'a@b.org' },
      ],
      gender: 'female',
      active: false,
    });
    expect(valuesOf(resource, 'identifier')).toEqual([
      token('https://fhir.nhs.uk/Id/nhs-number', '9990000018'),
      token('', 'x'),
    ]);
    expect(valuesOf(resource, 'telecom')).toEqual([token('', '01632 960000'), token('', 'a@b.org')]);
    expect(valuesOf(resource, 'phone')).toEqual([token('', '01632 960000')]);
    expect(valuesOf(resource, 'email')).toEqual([token('', 'a@b.org')]);
    expect(valuesOf(resource, 'gender')).toEqual([token('', 'female')]);
    expect(valuesOf(resource, 'active')).toEqual([token('', 'false')]);
  });

  it('say whether a Patient is known to have died', () => {
    expect(valuesOf(patient({}), 'deceased')).toEqual([token('', 'false')]);
    expect(valuesOf(patient({ deceasedBoolean: false }), 'deceased')).toEqual([token('', 'false')]);
    expect(valuesOf(patient({ deceasedBoolean: true }), 'deceased')).toEqual([token('', 'true')]);
    expect(valuesOf(patient({ deceasedDateTime: '2020' }), 'deceased')).toEqual([token('', 'true')]);
  });

  it('of meta', () => {
    const meta = {
      tag: [{ system: 's', code: 't' }],
      security: [{ system: 's', code: 'R' }],
      profile: ['https://x.org/p'],
      source: 'urn:src',
    };
    const resource = { resourceType: 'Binary', meta };
    expect(searchValues(resource)).toEqual(
      [
        { ...token('s', 't'), code: '_tag' },
        { ...token('s', 'R'), code: '_security' },
        { kind: 'uri', value: 'https://x.org/p', code: '_profile' },
        { kind: 'uri', value: 'urn:src', code: '_source' },
      ].sort((a, b) => ORDER.indexOf(a.code) - ORDER.indexOf(b.code)),
    );
  });
});

/** The order in which meta's parameters stand in the package. */
const ORDER = ['_profile', '_security', '_source', '_tag'];

describe('strings', () => {
  it('of a HumanName are its parts, normalised', () => {
    const name = [
      { family: 'Müller-Ó Brien', given: ['  Zoë ', 'ANN'], prefix: ['Dr'], suffix: ['Jr'], text: 'Zoë' },
    ];
    expect(valuesOf(patient({ name }), 'name')).toEqual([
      string('muller-o brien', 'Müller-Ó Brien'),
      string('zoe', '  Zoë '),
      string('ann', 'ANN'),
      string('dr', 'Dr'),
      string('jr', 'Jr'),
      string('zoe', 'Zoë'),
    ]);
    expect(valuesOf(patient({ name }), 'family')).toEqual([string('muller-o brien', 'Müller-Ó Brien')]);
    expect(valuesOf(patient({ name }), 'phonetic')[0]).toEqual(
      string(phoneticKey('Müller-Ó Brien'), 'Müller-Ó Brien'),
    );
  });

  it('of an Address are all its parts', () => {
    const address = [
      { line: ['1 High St', 'Flat 2'], city: 'Leeds', postalCode: 'LS1 4AP', country: 'GB', use: 'home' },
    ];
    expect(valuesOf(patient({ address }), 'address')).toEqual([
      string('1 high st', '1 High St'),
      string('flat 2', 'Flat 2'),
      string('leeds', 'Leeds'),
      string('ls1 4ap', 'LS1 4AP'),
      string('gb', 'GB'),
    ]);
  });

  it('are of the text of a CodeableConcept where the definition says so', () => {
    expect(valuesOf(observation({ valueCodeableConcept: { text: 'Blue' } }), 'value-string')).toEqual([
      string('blue', 'Blue'),
    ]);
  });
});

describe('dates', () => {
  it('cover their precision', () => {
    expect(valuesOf(patient({ birthDate: '1987-06-05' }), 'birthdate')).toEqual([day('1987-06-05')]);
    const effectiveDateTime = '2015-02-07T13:28:17+01:00';
    const lo = Date.parse(effectiveDateTime);
    expect(valuesOf(observation({ effectiveDateTime }), 'date')).toEqual([
      { kind: 'date', lo, hi: lo + 999 },
    ]);
  });

  it('of a Period are open where an end is missing', () => {
    const open = (effectivePeriod: object): object[] => valuesOf(observation({ effectivePeriod }), 'date');
    const start = Date.parse('2020-01-01');
    expect(open({ start: '2020-01-01' })).toEqual([{ kind: 'date', lo: start, hi: 8.64e15 }]);
    expect(open({ end: '2020-01-01' })).toEqual([{ kind: 'date', lo: -8.64e15, hi: start + 86_399_999 }]);
    expect(open({ start: '2020-01-01', end: '2020-01-01' })).toEqual([day('2020-01-01')]);
    expect(open({})).toEqual([]);
    expect(open({ start: '2021', end: '2020' })).toEqual([]);
  });

  it('of a Timing are its outer limits', () => {
    const of = (effectiveTiming: object): object[] => valuesOf(observation({ effectiveTiming }), 'date');
    const limits = { kind: 'date', lo: Date.parse('2020-01-01'), hi: Date.parse('2020-03-04T00:00:00Z') - 1 };
    expect(of({ event: ['2020-03-03', '2020-01-01', '2020-02-02'] })).toEqual([limits]);
    expect(of({ repeat: { boundsPeriod: { start: '2020-01-01', end: '2020-03-03' } } })).toEqual([limits]);
    expect(of({ repeat: { frequency: 1 } })).toEqual([]);
  });
});

describe('quantities', () => {
  const of = (members: object): object[] => valuesOf(observation(members), 'value-quantity');
  const quantity = (value: number, system: string, unit: string): object => ({
    kind: 'quantity',
    value,
    system,
    unit,
  });
  const ucum = 'http://unitsofmeasure.org';

  it('are found by code and by a unit that differs from it', () => {
    expect(of({ valueQuantity: { value: 5.4, unit: 'mg', system: ucum, code: 'mg' } })).toEqual([
      quantity(5.4, ucum, 'mg'),
    ]);
    expect(of({ valueQuantity: { value: 120, unit: 'mmHg', system: ucum, code: 'mm[Hg]' } })).toEqual([
      quantity(120, ucum, 'mm[Hg]'),
      quantity(120, '', 'mmHg'),
    ]);
    expect(of({ valueQuantity: { value: 1, unit: 'tablet' } })).toEqual([quantity(1, '', 'tablet')]);
    expect(of({ valueQuantity: { unit: 'mg' } })).toEqual([]);
  });

  it('of SampledData are the bounds of its samples', () => {
    const origin = { value: 10, unit: 'mV' };
    expect(
      of({ valueSampledData: { origin, period: 1, factor: 2, dimensions: 1, data: '1 E 3 -2.5 U L' } }),
    ).toEqual([quantity(5, '', 'mV'), quantity(16, '', 'mV')]);
    expect(of({ valueSampledData: { origin, period: 1, dimensions: 1, data: 'E U' } })).toEqual([]);
  });

  it('of Age, Range and Money', () => {
    const condition = {
      resourceType: 'Condition',
      onsetAge: { value: 30, unit: 'years', system: ucum, code: 'a' },
    };
    expect(valuesOf(condition, 'onset-age')).toEqual([quantity(30, ucum, 'a'), quantity(30, '', 'years')]);
    const ranged = {
      resourceType: 'Condition',
      onsetRange: { low: { value: 20, unit: 'a' }, high: { value: 30, unit: 'a' } },
    };
    expect(valuesOf(ranged, 'onset-age')).toEqual([quantity(20, '', 'a'), quantity(30, '', 'a')]);
    const invoice = { resourceType: 'Invoice', totalNet: { value: 48, currency: 'GBP' } };
    expect(valuesOf(invoice, 'totalnet')).toEqual([quantity(48, 'urn:iso:std:iso:4217', 'GBP')]);
  });
});

describe('references', () => {
  const subject = (reference: string): object[] =>
    valuesOf(observation({ subject: { reference } }), 'subject');

  it('are local, elsewhere, or there and not to be searched for', () => {
    expect(subject('Patient/1')).toEqual([{ kind: 'reference', type: 'Patient', id: '1' }]);
    expect(subject('Patient/1/_history/2')).toEqual([{ kind: 'reference', type: 'Patient', id: '1' }]);
    expect(subject('https://x.org/fhir/Patient/1')).toEqual([
      { kind: 'reference-url', url: 'https://x.org/fhir/Patient/1' },
    ]);
    expect(subject('urn:uuid:x')).toEqual([{ kind: 'reference-url', url: 'urn:uuid:x' }]);
    expect(subject('#p')).toEqual([{ kind: 'there' }]);
    expect(valuesOf(observation({ subject: { identifier: { value: 'x' } } }), 'subject')).toEqual([
      { kind: 'there' },
    ]);
  });

  it('count as of a type where they show it', () => {
    const patientOf = (subject: object): object[] => valuesOf(observation({ subject }), 'patient');
    expect(patientOf({ reference: 'Patient/1' })).toHaveLength(1);
    expect(patientOf({ reference: 'https://x.org/fhir/Patient/1' })).toHaveLength(1);
    expect(patientOf({ reference: 'Group/1' })).toEqual([]);
    expect(patientOf({ reference: 'urn:uuid:x' })).toEqual([]);
    expect(patientOf({ reference: 'urn:uuid:x', type: 'Patient' })).toHaveLength(1);
  });

  it('of a canonical are with its version and without', () => {
    const response = { resourceType: 'QuestionnaireResponse', questionnaire: 'https://x.org/q|1.0' };
    expect(valuesOf(response, 'questionnaire')).toEqual([
      { kind: 'reference-url', url: 'https://x.org/q|1.0' },
      { kind: 'reference-url', url: 'https://x.org/q' },
    ]);
  });
});

describe('numbers', () => {
  it('are of decimals, integers and the ends of ranges', () => {
    const risk = {
      resourceType: 'RiskAssessment',
      prediction: [
        { probabilityDecimal: 0.2 },
        { probabilityRange: { low: { value: 0.3 }, high: { value: 0.4 } } },
      ],
    };
    expect(valuesOf(risk, 'probability')).toEqual(
      [0.2, 0.3, 0.4].map((value) => ({ kind: 'number', value })),
    );
  });
});

describe('what is indexed', () => {
  it('is every R4 parameter but specials and those without an expression', () => {
    const reasons = new Set(Object.values(notIndexed));
    expect([...reasons].sort()).toEqual([
      'its definition has no expression',
      'kept by the store itself',
      'special parameter',
    ]);
    const named = (reason: string): string[] =>
      Object.keys(notIndexed)
        .filter((name) => notIndexed[name] === reason)
        .sort();
    expect(named('its definition has no expression')).toEqual([
      'DomainResource._text',
      'Patient.age',
      'Patient.birthOrderBoolean',
      'Resource._content',
      'Resource._query',
    ]);
    expect(named('special parameter')).toEqual(['Resource._filter']);
    expect(named('kept by the store itself')).toEqual(['Resource._id', 'Resource._lastUpdated']);
  });

  it('comes under known codes with values of the kind of the parameter', () => {
    for (const { name, resource } of r4Examples()) {
      const parameters = searchParametersOf(resource.resourceType);
      for (const value of searchValues(resource)) {
        const { kind: of } = parameters.get(value.code) ?? {};
        const kind = value.kind === 'reference-url' ? 'reference' : value.kind === 'there' ? of : value.kind;
        expect(of, `${name} ${value.code}`).toBe(kind);
        expect(whyNotIndexed(resource.resourceType, value.code)).toBeUndefined();
      }
    }
  });

  it('is nothing where there is no resource, and never an exception', () => {
    for (const nothing of [
      null,
      1,
      'x',
      [],
      {},
      { resourceType: 'Nothing' },
      { resourceType: 'constructor' },
      JSON.parse('{"resourceType":"__proto__"}'),
    ]) {
      expect(searchValues(nothing)).toEqual([]);
    }
    const odd = [null, 1, 'x', true, [], [[]], {}, [null], [{}], { coding: 1 }, { value: {} }];
    for (const type of resourceTypes) {
      const [filled = {}] = filledResources(type);
      for (const value of odd) {
        const resource = Object.fromEntries(Object.keys(filled).map((name) => [name, value]));
        expect(() => searchValues({ ...resource, resourceType: type })).not.toThrow();
      }
    }
  });
});
