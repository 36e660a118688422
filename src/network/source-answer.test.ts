import { describe, expect, it } from 'vitest';
import type { Id, InstantMs, NhsNumber } from '../base/brands.ts';
import { decodeAnswer, encodeAnswer, type SourceAnswer, type SourceEntry } from './source-answer.ts';

const ANN = '9990000018' as NhsNumber;
const BOB = '9990000026' as NhsNumber;
const state = { asAt: 1 as InstantMs, coverage: [], behind: [] };
const question = { nhsNumber: ANN, isFiltered: false, entriesMax: 100, depthMax: 64 };

function entry(type: string, id: string, more: object, bytes?: string): SourceEntry {
  const text = bytes ?? JSON.stringify({ resourceType: type, id, meta: { versionId: '1' }, ...more });
  return { type: type as 'Patient', id: id as Id, bytes: Buffer.from(text) };
}
const patient = (id: string, number: string | undefined, link: readonly string[] = []): SourceEntry =>
  entry('Patient', id, {
    ...(number === undefined
      ? {}
      : { identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: number }] }),
    link: link.map((other) => ({ other: { reference: `Patient/${other}` }, type: 'replaces' })),
  });
const about = (id: string, person: string): SourceEntry =>
  entry('Condition', id, { subject: { reference: `Patient/${person}` } });
const practitioner = entry('Practitioner', 'dr', { active: true });

function answer(entries: readonly SourceEntry[], patients: readonly string[] = ['ann']): SourceAnswer {
  return { kind: 'record', state, patients: patients as Id[], nhsNumbers: [], entries };
}
const heard = (one: SourceAnswer, ask = question): SourceAnswer | undefined =>
  decodeAnswer(encodeAnswer(one, ANN), ask);

describe('an answer from another node', () => {
  it('is cut into the entries it was made of, byte for byte', () => {
    const entries = [patient('ann', ANN), about('c1', 'ann'), practitioner];
    expect(heard(answer(entries))).toEqual(answer(entries));
  });

  it('with an entry about another patient is not used at all', () => {
    const whole = [patient('ann', ANN), about('c1', 'ann')];
    expect(heard(answer([...whole, about('c2', 'bob')]))).toBeUndefined();
    expect(heard(answer([...whole, patient('bob', BOB)], ['ann', 'bob']))).toBeUndefined();
    expect(heard(answer([...whole, patient('bob', BOB)]))).toBeUndefined();
    expect(heard(answer([patient('ann', BOB), about('c1', 'ann')]))).toBeUndefined();
    expect(heard(answer([about('c1', 'ann')]))).toBeUndefined();
    expect(heard(answer([...whole, entry('Observation', 'o', {})]))).toBeUndefined();
  });

  it('to another question is not used', () => {
    const body = encodeAnswer(answer([patient('ann', ANN)]), BOB);
    expect(decodeAnswer(body, question)).toBeUndefined();
    expect(decodeAnswer(body, { ...question, nhsNumber: BOB })).toBeUndefined();
  });

  it('may hold records that a link or a number joins with the person’s', () => {
    const merged = [patient('ann', ANN, ['old']), patient('old', undefined), about('c1', 'old')];
    expect(heard(answer(merged, ['ann', 'old']))).toBeDefined();
    const renumbered = entry('Patient', 'ann', {
      identifier: [ANN, BOB].map((value) => ({ system: 'https://fhir.nhs.uk/Id/nhs-number', value })),
    });
    expect(heard(answer([renumbered, patient('old', BOB)], ['ann', 'old']))).toBeDefined();
  });

  it('to a question for some kinds only need not have the Patient in it', () => {
    const some = { ...question, isFiltered: true };
    expect(heard(answer([about('c1', 'ann')]), some)).toBeDefined();
    expect(heard(answer([about('c1', 'bob')]), some)).toBeUndefined();
  });

  it.each([
    ['breaks out of its place in the Bundle', '{"resourceType":"Condition","id":"c1","a":1}},{"b":{"c":2}'],
    ['is another type further on', '{"resourceType":"Condition","id":"c1","resourceType":"Flag","id":"c1"}'],
    ['is another id further on', '{"resourceType":"Condition","id":"c1","id":"c2"}'],
    ['is no JSON', '{"resourceType":"Condition","id":"c1","subject":"Patient/ann}'],
    ['is cut short', '{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/ann"}'],
    ['is not what was announced', '{"resourceType":"Flag","id":"c1","subject":{"reference":"Patient/ann"}}'],
  ])('with an entry that %s is not used at all', (_what, text) => {
    const bad = entry('Condition', 'c1', {}, text);
    expect(heard(answer([patient('ann', ANN), bad]))).toBeUndefined();
  });

  it('that is not UTF-8 is not used', () => {
    const bad = Buffer.from(
      '{"resourceType":"Condition","id":"c1","code":"\xff","subject":{"reference":"Patient/ann"}}',
      'latin1',
    );
    const one = { type: 'Condition' as const, id: 'c1' as Id, bytes: bad };
    expect(heard(answer([patient('ann', ANN), one]))).toBeUndefined();
  });

  it('with more entries than one source may give is not used', () => {
    const entries = [patient('ann', ANN), ...Array.from({ length: 100 }, (_, i) => about(`c${i}`, 'ann'))];
    expect(heard(answer(entries))).toBeUndefined();
  });

  it('cut short or grown anywhere is not used', () => {
    const body = encodeAnswer(answer([patient('ann', ANN), about('c1', 'ann')]), ANN);
    for (let end = 0; end < body.length; end++)
      expect(decodeAnswer(body.subarray(0, end), question), String(end)).toBeUndefined();
    expect(decodeAnswer(Buffer.concat([body, Buffer.from('{}')]), question)).toBeUndefined();
  });

  it.each([1e300, -1, 1.5, Number.NaN, 'now', null])('with an as-at of %s is not used', (asAt) => {
    const wrong = { ...answer([]), state: { ...state, asAt: asAt as InstantMs } };
    expect(decodeAnswer(encodeAnswer(wrong as SourceAnswer, ANN), question)).toBeUndefined();
  });

  it('that refuses keeps its rule, and one whose rule nobody knows is not used', () => {
    const refused: SourceAnswer = { kind: 'refused', rule: 'consent', text: 'No.', state };
    expect(heard(refused)).toEqual(refused);
    expect(heard({ ...refused, rule: 'whim' as 'consent' })).toBeUndefined();
  });
});
