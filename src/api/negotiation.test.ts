import { describe, expect, it } from 'vitest';
import { Failure, httpStatusOf } from '../base/failure.ts';
import { pairsOf, queryOf } from '../fhir/query-pairs.ts';
import { preferencesOf, requireJsonAnswer, sentMediaType } from './negotiation.ts';

function statusOf(act: () => unknown): number {
  try {
    act();
    return 200;
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return httpStatusOf(thrown);
  }
}

describe('what the client can read', () => {
  const cases: readonly (readonly [string | undefined, string | undefined, number])[] = [
    [undefined, undefined, 200],
    ['*/*', undefined, 200],
    ['application/fhir+json', undefined, 200],
    ['application/json', undefined, 200],
    ['application/fhir+json; fhirVersion=4.0', undefined, 200],
    ['application/fhir+json; fhirVersion=3.0', undefined, 406],
    ['application/fhir+xml', undefined, 406],
    ['application/fhir+xml, application/fhir+json;q=0.5', undefined, 200],
    ['application/fhir+xml, application/fhir+json;q=0', undefined, 406],
    ['text/html,application/xhtml+xml,*/*;q=0.8', undefined, 200],
    ['text/html', undefined, 406],
    ['application/fhir+xml', 'json', 200],
    ['application/fhir+json', 'xml', 406],
    [undefined, 'application/fhir json', 200],
    [undefined, 'application/fhir+json', 200],
    [undefined, 'text/turtle', 406],
  ];
  for (const [accept, format, status] of cases) {
    it(`Accept ${accept}, _format ${format} → ${status}`, () => {
      const headers = accept === undefined ? {} : { accept };
      expect(statusOf(() => requireJsonAnswer(headers, format))).toBe(status);
    });
  }

  it('names XML where XML was asked for', () => {
    expect(() => requireJsonAnswer({ accept: 'application/fhir+xml' }, undefined)).toThrow(/FHIR XML/);
  });
});

describe('what the client sends', () => {
  const cases: readonly (readonly [string | undefined, boolean, number])[] = [
    ['application/fhir+json', false, 200],
    ['application/fhir+json; charset=UTF-8', false, 200],
    ['Application/JSON', false, 200],
    ['application/fhir+json; charset=iso-8859-1', false, 415],
    ['application/fhir+json; fhirVersion=5.0', false, 415],
    ['application/fhir+xml', false, 415],
    ['text/plain', false, 415],
    [undefined, false, 415],
    ['application/x-www-form-urlencoded', false, 415],
    ['application/x-www-form-urlencoded', true, 200],
  ];
  for (const [type, forms, status] of cases) {
    it(`${type}${forms ? ' where forms are taken' : ''} → ${status}`, () => {
      expect(statusOf(() => sentMediaType(type === undefined ? {} : { 'content-type': type }, forms))).toBe(
        status,
      );
    });
  }

  it('says what it reads where XML was sent', () => {
    const headers = { 'content-type': 'application/fhir+xml' };
    expect(() => sentMediaType(headers, false)).toThrow(/fhir\+xml.*send application\/fhir\+json/);
  });

  it('refuses a compressed body', () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expect(statusOf(() => sentMediaType(headers, false))).toBe(415);
  });
});

describe('what the client prefers', () => {
  it('reads return and handling, together or apart', () => {
    expect(preferencesOf({ prefer: 'return=minimal, handling=strict' })).toEqual({
      return: 'minimal',
      strict: true,
    });
    expect(preferencesOf({ prefer: 'return="OperationOutcome"; handling=lenient' })).toEqual({
      return: 'OperationOutcome',
      strict: false,
    });
    expect(preferencesOf({ prefer: 'respond-async, return=everything' })).toEqual({
      return: undefined,
      strict: false,
    });
  });
});

describe('parameters', () => {
  it('go through a link and back', () => {
    const pairs = [
      ['name', 'O’Neill & Söhne, +1%'],
      ['code', 'http://loinc.org|1-8'],
      ['empty', ''],
    ] as const;
    expect(pairsOf(queryOf(pairs))).toEqual(pairs);
  });

  it('are refused where they are not percent-encoded UTF-8', () => {
    expect(statusOf(() => pairsOf('name=%E4'))).toBe(400);
  });
});
