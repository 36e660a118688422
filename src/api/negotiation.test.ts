import { describe, expect, it } from 'vitest';
import { Failure, httpStatusOf } from '../base/failure.ts';
import { pairsOf, queryOf } from '../fhir/query-pairs.ts';
import { answerForm, isXml, preferencesOf, sentMediaType } from './negotiation.ts';

function statusOf(act: () => unknown): number {
  try {
    act();
    return 200;
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return httpStatusOf(thrown);
  }
}

/** What an answer would be written as, or the status it is refused with. */
function formOf(accept: string | undefined, query: string): string {
  try {
    const form = answerForm(accept === undefined ? {} : { accept }, query);
    return form === undefined ? 'json' : `${form.format}${form.pretty ? ' pretty' : ''}`;
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return String(httpStatusOf(thrown));
  }
}

describe('what the client can read', () => {
  const cases: readonly (readonly [string | undefined, string, string])[] = [
    [undefined, '', 'json'],
    ['*/*', '', 'json'],
    ['application/fhir+json', '', 'json'],
    ['application/json', '', 'json'],
    ['application/fhir+json; fhirVersion=4.0', '', 'json'],
    ['application/fhir+json; fhirVersion=3.0', '', '406'],
    ['application/fhir+xml', '', 'xml'],
    ['application/xml', '', 'xml'],
    ['text/xml', '', 'xml'],
    ['application/fhir+xml; fhirVersion=4.0', '', 'xml'],
    ['application/fhir+xml; fhirVersion=5.0', '', '406'],
    ['application/fhir+xml; fhirVersion=3.0, application/fhir+json', '', 'json'],
    ['application/fhir+xml, application/fhir+json;q=0.5', '', 'xml'],
    ['application/fhir+xml;q=0.4, application/fhir+json;q=0.5', '', 'json'],
    ['application/fhir+xml, application/fhir+json', '', 'xml'],
    ['application/fhir+json, application/fhir+xml', '', 'json'],
    ['application/fhir+xml;q=0, application/fhir+json;q=0', '', '406'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', '', 'json'],
    ['text/html', '', '406'],
    ['application/fhir+turtle', '', '406'],
    ['application/fhir+xml', '_format=json', 'json'],
    ['application/fhir+json', '_format=xml', 'xml'],
    ['text/html', '_format=xml', 'xml'],
    [undefined, '_format=application/fhir+json', 'json'],
    [undefined, '_format=application%2Ffhir%2Bxml', 'xml'],
    [undefined, '_format=application/fhir+xml%3B%20fhirVersion%3D4.0', 'xml'],
    [undefined, '_format=application/fhir+xml;fhirVersion=3.0', '406'],
    [undefined, '_format=text/turtle', '406'],
    [undefined, '_format=text/xml&_pretty=true', 'xml pretty'],
    [undefined, 'name=x&_pretty=true', 'json pretty'],
    [undefined, '_pretty=false', 'json'],
    [undefined, '_pretty=yes', '400'],
  ];
  for (const [accept, query, expected] of cases) {
    it(`Accept ${accept}, ?${query} → ${expected}`, () => {
      expect(formOf(accept, query)).toBe(expected);
    });
  }

  it('names what it cannot write, and what it can', () => {
    expect(() => answerForm({ accept: 'application/fhir+turtle' }, '')).toThrow(
      /fhir\+turtle.*application\/fhir\+json or application\/fhir\+xml/,
    );
  });
});

describe('what the client sends', () => {
  const cases: readonly (readonly [string | undefined, boolean, number])[] = [
    ['application/fhir+json', false, 200],
    ['application/fhir+json; charset=UTF-8', false, 200],
    ['Application/JSON', false, 200],
    ['application/fhir+json; charset=iso-8859-1', false, 415],
    ['application/fhir+json; fhirVersion=5.0', false, 415],
    ['application/fhir+xml', false, 200],
    ['application/fhir+xml; charset=utf-8; fhirVersion=4.0', false, 200],
    ['text/xml', false, 200],
    ['application/xml', false, 200],
    ['application/fhir+xml; charset=utf-16', false, 415],
    ['application/fhir+xml; fhirVersion=3.0', false, 415],
    ['application/fhir+turtle', false, 415],
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

  it('says what it reads where something else was sent', () => {
    const headers = { 'content-type': 'application/fhir+turtle' };
    expect(() => sentMediaType(headers, false)).toThrow(
      /fhir\+turtle.*send application\/fhir\+json or application\/fhir\+xml/,
    );
  });

  it('tells XML from JSON', () => {
    for (const type of ['application/fhir+xml', 'application/xml', 'text/xml']) {
      expect(isXml(sentMediaType({ 'content-type': `${type};charset=utf-8` }, false))).toBe(true);
    }
    expect(isXml(sentMediaType({ 'content-type': 'application/json' }, false))).toBe(false);
  });

  it('refuses a compressed body', () => {
    for (const type of ['application/json', 'application/fhir+json']) {
      const headers = { 'content-type': type, 'content-encoding': 'gzip' };
      expect(statusOf(() => sentMediaType(headers, false))).toBe(415);
    }
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
