/**
 * Resources of chance that refer to each other, and a history of them: what is written, changed, deleted and merged, commit by commit.
 * Only elements that search looks at; the store validates nothing.
 */
import fc from 'fast-check';
import type { Id } from '../../src/base/brands.ts';
import type { Identified, ResourceType } from '../../src/fhir/resource.ts';
import type { WriteOp } from '../../src/store/store.ts';
import {
  CODES,
  DAYS,
  ELSEWHERE,
  IDS,
  LABELS,
  maybe,
  NUMBERS,
  oneOf,
  SYSTEMS,
  some,
  TEXTS,
  TIMES,
  UNITS,
  URIS,
} from './value-pools.ts';

type Made = fc.Arbitrary<unknown>;

const text = oneOf(TEXTS);
const coding = fc.record({
  system: maybe(oneOf(SYSTEMS)),
  code: maybe(oneOf(CODES), 9),
  display: maybe(text, 1),
});
const concept = fc.record({ coding: some(coding), text: maybe(text) });
const identifier = fc.record({
  system: maybe(oneOf(SYSTEMS)),
  value: maybe(oneOf(CODES), 9),
  type: maybe(concept, 1),
});
const dateTime = fc.oneof(oneOf(DAYS), oneOf(TIMES));
/** R4 wants the start of a period not to be after its end. */
const period = fc
  .oneof(
    fc.constantFrom(
      ['2024-02-29', '2026-02'],
      ['1950-06-15', '2026-02-28T12:00:00Z'],
      ['2026-02-28', '2026-02-28'],
      ['2026-02-28T12:00:00Z', '2026-03-29T00:59:59Z'],
      ['2025', '2026-03-29T02:30:00+01:00'],
    ),
    dateTime.map((start) => [start]),
    dateTime.map((end) => [undefined, end]),
  )
  .map(([start, end]) => ({ start, end }));
const unit = oneOf<object>(UNITS);
const quantity = fc.tuple(oneOf(NUMBERS), unit).map(([value, given]) => ({ value, ...given }));
const name = fc.record({
  family: maybe(text),
  given: some(text),
  text: maybe(text, 1),
  prefix: maybe(fc.constant(['Dr']), 1),
});
const address = fc.record({
  line: some(text),
  city: maybe(text),
  postalCode: maybe(oneOf(CODES)),
  country: maybe(fc.constant('GB')),
  use: maybe(oneOf(['home', 'work'])),
});
const telecom = fc.record({
  system: maybe(oneOf(['phone', 'email'])),
  value: maybe(oneOf(CODES)),
  use: maybe(oneOf(['home'])),
});

/** A reference to one of these types: mostly here, whether there is such a resource or not. */
function to(...types: readonly ResourceType[]): fc.Arbitrary<object> {
  const local = fc.tuple(oneOf(types), oneOf(IDS)).map(([type, id]) => `${type}/${id}`);
  return fc.oneof(
    { weight: 12, arbitrary: fc.record({ reference: local, identifier: maybe(identifier, 1) }) },
    { weight: 1, arbitrary: local.map((one) => ({ reference: `${one}/_history/1` })) },
    { weight: 1, arbitrary: oneOf(ELSEWHERE).map((reference) => ({ reference })) },
    { weight: 1, arbitrary: fc.constant({ reference: '#inside' }) },
    { weight: 1, arbitrary: fc.record({ identifier, display: text }) },
  );
}

const meta = fc.record({
  tag: maybe(some(coding), 1),
  profile: maybe(
    some(
      fc.oneof(
        oneOf(URIS),
        oneOf(URIS).map((uri) => `${uri}|2`),
      ),
    ),
    1,
  ),
  source: maybe(oneOf(URIS), 1),
  security: fc.oneof(
    { weight: 12, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.uniqueArray(
        oneOf(LABELS).map((code) => ({ code })),
        { minLength: 1, selector: ({ code }) => code },
      ),
    },
  ),
});

const status = (...codes: readonly string[]): Made => maybe(oneOf(codes), 9);
const person = to('Patient', 'Patient', 'Patient', 'Location');
const performer = to('Patient', 'Practitioner', 'Organization');

/** Elements of each type. */
const ELEMENTS = {
  Patient: {
    identifier: some(identifier),
    active: maybe(fc.boolean()),
    name: some(name),
    telecom: some(telecom),
    gender: status('male', 'female', 'unknown'),
    birthDate: maybe(oneOf(DAYS)),
    deceasedBoolean: maybe(fc.boolean(), 1),
    address: some(address),
    communication: some(fc.record({ language: concept })),
    generalPractitioner: some(to('Practitioner', 'Organization')),
    managingOrganization: maybe(to('Organization')),
    // merged, or seen to be one person with
    link: fc.oneof(
      { weight: 9, arbitrary: fc.constant(undefined) },
      {
        weight: 1,
        arbitrary: fc
          .record({ other: to('Patient'), type: oneOf(['replaced-by', 'replaces', 'seealso']) })
          .map((one) => [one]),
      },
    ),
  },
  Observation: {
    identifier: some(identifier),
    status: status('final', 'preliminary', 'amended'),
    category: some(concept),
    code: concept,
    subject: maybe(person, 9),
    performer: some(performer),
    encounter: maybe(to('Encounter')),
    effectiveDateTime: maybe(dateTime),
    valueQuantity: maybe(quantity),
    valueString: maybe(text, 1),
    valueCodeableConcept: maybe(concept, 1),
    component: some(
      fc.record({ code: concept, valueQuantity: maybe(quantity), valueCodeableConcept: maybe(concept, 1) }),
    ),
    derivedFrom: some(to('Observation')),
    hasMember: some(to('Observation')),
    basedOn: some(to('ServiceRequest')),
  },
  Encounter: {
    identifier: some(identifier),
    status: status('planned', 'finished'),
    class: maybe(coding),
    type: some(concept),
    subject: maybe(to('Patient'), 9),
    period: maybe(period),
    length: maybe(quantity, 1),
    partOf: maybe(to('Encounter')),
    serviceProvider: maybe(to('Organization')),
    participant: some(fc.record({ individual: to('Practitioner') })),
    location: some(fc.record({ location: to('Location') })),
  },
  Condition: {
    identifier: some(identifier),
    clinicalStatus: maybe(concept),
    code: maybe(concept, 9),
    subject: maybe(to('Patient'), 9),
    encounter: maybe(to('Encounter')),
    onsetDateTime: maybe(dateTime),
    onsetAge: maybe(quantity, 1),
    abatementString: maybe(text, 1),
    recordedDate: maybe(dateTime),
  },
  ServiceRequest: {
    identifier: some(identifier),
    status: status('active', 'completed'),
    intent: status('order', 'plan'),
    code: maybe(concept),
    subject: maybe(to('Patient', 'Location'), 9),
    requester: maybe(to('Practitioner', 'Organization', 'Patient')),
    authoredOn: maybe(dateTime),
    occurrenceTiming: maybe(
      fc.record({ event: some(dateTime), repeat: maybe(fc.record({ boundsPeriod: period })) }),
    ),
    replaces: some(to('ServiceRequest')),
    instantiatesCanonical: some(oneOf(URIS)),
  },
  RiskAssessment: {
    status: status('final'),
    subject: maybe(to('Patient'), 9),
    occurrencePeriod: maybe(period),
    prediction: some(
      fc.record({ probabilityDecimal: maybe(oneOf(NUMBERS), 9), qualitativeRisk: maybe(concept) }),
    ),
  },
  ValueSet: {
    url: maybe(oneOf(URIS), 9),
    version: maybe(oneOf(CODES)),
    name: maybe(text),
    title: maybe(text),
    description: maybe(text),
    status: status('active', 'draft'),
    date: maybe(dateTime),
    jurisdiction: some(concept),
    useContext: some(
      fc.record({ code: coding, valueQuantity: maybe(quantity), valueCodeableConcept: maybe(concept, 1) }),
    ),
    compose: maybe(fc.record({ include: some(fc.record({ system: oneOf(URIS) })) })),
  },
  Organization: {
    identifier: some(identifier),
    active: maybe(fc.boolean()),
    name: maybe(text),
    alias: some(text),
    address: some(address),
    partOf: maybe(to('Organization')),
  },
  Practitioner: {
    identifier: some(identifier),
    name: some(name),
    telecom: some(telecom),
    gender: status('male', 'female'),
  },
  Location: {
    identifier: some(identifier),
    status: status('active'),
    name: maybe(text),
    address: maybe(address),
    partOf: maybe(to('Location')),
    managingOrganization: maybe(to('Organization')),
  },
} as const satisfies Partial<Record<string, Readonly<Record<string, Made>>>>;

/** Types that there is data of. */
export const MADE_TYPES = Object.keys(ELEMENTS) as readonly (keyof typeof ELEMENTS)[];
export type MadeType = keyof typeof ELEMENTS;

/** A resource of chance; members that came out undefined are not there. */
export function madeResource(type: MadeType): fc.Arbitrary<Identified> {
  const elements: Readonly<Record<string, Made>> = ELEMENTS[type];
  return fc
    .record({ id: oneOf(IDS), meta, ...elements })
    .map((given) => JSON.parse(JSON.stringify({ resourceType: type, ...given })) as Identified);
}

const op: fc.Arbitrary<WriteOp> = fc.oneof(
  ...MADE_TYPES.map((type) => ({
    weight: type === 'Patient' || type === 'Observation' ? 20 : 8,
    arbitrary: madeResource(type).map((resource): WriteOp => ({ op: 'put', resource })),
  })),
  {
    weight: 8,
    arbitrary: fc
      .tuple(oneOf(MADE_TYPES), oneOf(IDS))
      .map(([type, id]): WriteOp => ({ op: 'delete', type, id: id as unknown as Id })),
  },
);

/** A history: commits of a few writes each. */
export const madeHistory: fc.Arbitrary<readonly (readonly WriteOp[])[]> = fc.array(
  fc.array(op, { minLength: 2, maxLength: 16, size: 'max' }),
  { minLength: 20, maxLength: 36, size: 'max' },
);
