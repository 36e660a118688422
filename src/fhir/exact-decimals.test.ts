import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withDecimalsOf, writeJson } from './exact-decimals.ts';
import { parseJson } from './parse-json.ts';

const read = (text: string): unknown => parseJson(Buffer.from(text), { jsonDepthMax: 64 });

describe('decimals', () => {
  it('are written as they were read', () => {
    const text =
      '{"a":5.40,"b":[1.0,{"c":-0,"d":0.10},2],"e":1E3,"f":100,"s":"7.50","g":12345678901234567890,"h":0.0000001}';
    expect(writeJson(read(text))).toBe(text);
  });

  it('are plain numbers to everybody else', () => {
    expect(read('{"a":5.40}')).toEqual({ a: 5.4 });
  });

  it('are written anew where they were changed', () => {
    const value = read('{"a":5.40,"b":1.50}') as { a: number };
    value.a = 6;
    expect(writeJson(value)).toBe('{"a":6,"b":1.50}');
  });

  it('stay with a copy of the members', () => {
    const value = read('{"id":"x","a":5.40}') as { id: string; a: number };
    const { id: _id, ...rest } = value;
    expect(writeJson(rest)).toBe('{"a":5.4}');
    expect(writeJson(withDecimalsOf(value, rest))).toBe('{"a":5.40}');
  });

  it('of any JSON text come back to the letter', () => {
    const number = fc.oneof(
      fc.stringMatching(/^-?(0|[1-9]\d{0,18})(\.\d{1,12})?([eE][-+]?\d{1,2})?$/),
      fc.integer().map(String),
    );
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        number,
        fc.string().map((text) => JSON.stringify(text)),
        fc
          .array(tie('json') as fc.Arbitrary<string>, { maxLength: 4 })
          .map((items) => `[${items.join(',')}]`),
        fc
          .array(tie('json') as fc.Arbitrary<string>, { maxLength: 4 })
          .map((items) => `{${items.map((item, i) => `"k${i}":${item}`).join(',')}}`),
      ),
    }));
    fc.assert(
      fc.property(json as fc.Arbitrary<string>, (item) => {
        const text = `{"root":${item}}`;
        const once = writeJson(read(text));
        // strings may be escaped otherwise; numbers and structure may not
        expect(writeJson(read(once))).toBe(once);
        expect(once.replace(/"(?:[^"\\]|\\.)*"/g, '""')).toBe(text.replace(/"(?:[^"\\]|\\.)*"/g, '""'));
      }),
      { seed: 20261123, numRuns: 2_000 },
    );
  });
});
