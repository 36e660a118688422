/**
 * The few values that made data and made queries are both drawn from, so that queries find something and nearly find something: near
 * misses of case, accent, precision, zone and unit stand side by side here.
 */
import fc from 'fast-check';

/** Ids are shared between types: a reference by id alone may mean several. */
export const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g-1', 'g.2'] as const;

export const CODES = ['a', 'b', 'ab', 'A-b', 'c,d', 'e|f', 'g$h', 'i\\j', '1', 'ü'] as const;
export const SYSTEMS = ['urn:s1', 'urn:s2', 'http://loinc.org', 'urn:with|bar'] as const;

export const TEXTS = [
  'Müller',
  'MULLER',
  'muller-Smith',
  'Mu',
  "O'Brien",
  'Ångström',
  'Zoë',
  'zoe',
  'de la Cruz',
  'de  la',
  'ﬁne',
  'Fine',
  'a,b',
  'a|b$c',
  'back\\slash',
  '100%',
  'under_score',
  'Łódź',
  '李小龙',
  '*',
] as const;

/** Days, as `date` elements have them. */
export const DAYS = [
  '1950-06-15',
  '2024-02-29',
  '2026-02-28',
  '2026-03-01',
  '2026-02',
  '2025',
  '0001-01-01',
] as const;
/** Moments, as dateTime elements have them besides. */
export const TIMES = [
  '2026-02-28T23:59:59.999-05:00',
  '2026-02-28T12:00:00Z',
  '2026-02-28T12:00:00.5Z',
  '2026-02-28T13:00:00+01:00',
  '2026-03-01T00:00:00+14:00',
  '2026-03-29T00:59:59Z',
  '2026-03-29T02:30:00+01:00',
  '1949-12-31T23:59:59-12:00',
  '9999-12-31T23:59:59Z',
] as const;
/** What only a search may say. */
export const ASKED_TIMES = [
  '2026-02-28T12:00Z',
  '2026-02-28T12:00:00',
  '2026-02-28T13:00+01:00',
  '2024',
  '2026',
] as const;

export const NUMBERS = [
  0, 1, 5.35, 5.4, 5.44, 5.45, 5.5, 37.5, 99.5, 100, 100.4, 100.5, -3, 0.001, 1e-7, 2500,
] as const;
/** The same as a search may write them: the places written count. */
export const ASKED_NUMBERS = [
  '0',
  '1',
  '1.0',
  '5',
  '5.4',
  '5.40',
  '5.45',
  '-3',
  '-3.0',
  '100',
  '100.0',
  '1e2',
  '1.0e2',
  '0.001',
  '2.5e3',
  '37',
] as const;
export const UNITS = [
  { unit: 'mg', system: 'http://unitsofmeasure.org', code: 'mg' },
  { unit: 'grams', system: 'http://unitsofmeasure.org', code: 'g' },
  { unit: 'ug', system: 'http://unitsofmeasure.org', code: 'ug' },
  { unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
  { unit: 'umol/L', system: 'http://unitsofmeasure.org', code: 'umol/L' },
  { unit: 'tablets' },
  { unit: 'box', system: 'urn:units', code: 'mg' },
  { code: 'mg' },
  {},
] as const;

export const URIS = [
  'http://example.org/fhir/ValueSet/one',
  'http://example.org/fhir/ValueSet/one/two',
  'http://example.org/fhir/ValueSet/One',
  'urn:oid:1.2.3',
  'urn:oid:1.2.3.4',
] as const;
export const ELSEWHERE = [
  'https://other.example/fhir/Patient/a',
  'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0',
  'https://other.example/fhir/Organization/b',
] as const;
export const LABELS = ['R', 'V', 'N'] as const;

/** One of a pool. */
export const oneOf = <T>(pool: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...pool);

/** A value, or nothing, one time in `in`. */
export const maybe = <T>(made: fc.Arbitrary<T>, freq = 3): fc.Arbitrary<T | undefined> =>
  fc.option(made, { nil: undefined, freq });

/** None to a few; mostly one. */
export const some = <T>(made: fc.Arbitrary<T>): fc.Arbitrary<T[] | undefined> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.array(made, { minLength: 1, maxLength: 1 }) },
    { weight: 2, arbitrary: fc.array(made, { minLength: 2, maxLength: 3 }) },
    { weight: 2, arbitrary: fc.constant(undefined) },
  );
