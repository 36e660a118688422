import { describe, expect, it } from 'vitest';
import { r4Examples } from '../../test/r4-examples.ts';
import { Failure, httpStatusOf } from '../base/failure.ts';
import { parseJson } from './parse-json.ts';

const settings = { jsonDepthMax: 64 };
const parse = (text: string): unknown => parseJson(Buffer.from(text), settings);

function failureOf(run: () => unknown): Failure {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('parseJson', () => {
  it('reads what JSON.parse reads', () => {
    const examples = r4Examples().filter(({ bytes }) => bytes.length < 100_000);
    expect(examples.length).toBeGreaterThan(700);
    for (const { bytes, resource } of examples) expect(parseJson(bytes, settings)).toEqual(resource);
  });

  it.each(['{"a":":,{[","b":"\\"","c":"\\\\"}', '[]', '"x"', '-0.5e+3', 'null', ' {"é":"\\u00e9"}\n'])(
    'reads %s',
    (text) => {
      expect(parse(text)).toEqual(JSON.parse(text));
    },
  );

  it('passes over a byte order mark', () => {
    expect(parse('\ufeff{"a":1}')).toEqual({ a: 1 });
    expect(() => parse('\ufeff\ufeff{}')).toThrow(Failure);
  });

  it.each([
    ['', 'a value', 1, 1],
    ['   ', 'a value', 1, 4],
    ['{"a":1,}', 'a name in double quotes', 1, 8],
    ['{\n  "a" 1}', '":"', 2, 7],
    ['{a:1}', 'a name in double quotes or "}"', 1, 2],
    ['[1,2', '"," or the closing bracket', 1, 5],
    ['[1,]', 'a value', 1, 4],
    ['[}', 'a value or "]"', 1, 2],
    ['{"a":01}', '"," or the closing bracket', 1, 7],
    ['{"a":tru}', 'a value', 1, 6],
    ['{"a":1}{', 'the end of the text', 1, 8],
    ['{"a":[1,2}', '"," or the closing bracket', 1, 10],
    ['{"a":NaN}', 'a value', 1, 6],
    ["{'a':1}", 'a name in double quotes or "}"', 1, 2],
  ])('refuses %j and says what was expected', (text, expected, line, column) => {
    const failure = failureOf(() => parse(text));
    expect(failure.code).toBe('structure');
    expect(failure.message).toBe(`Not valid JSON: expected ${expected} at line ${line}, column ${column}.`);
  });

  it.each([
    ['a raw line break in a string', '{"a":"x\ny"}', 8],
    ['a wrong escape', '{"a":"\\q"}', 7],
    ['a short escape', '{"a":"\\u12"}', 7],
    ['a string without end', '{"a":"xyz', 10],
  ])('refuses %s where it goes wrong', (_, text, column) => {
    expect(failureOf(() => parse(text)).message).toContain(`line 1, column ${column}.`);
  });

  it('finds the place of every cut', () => {
    const text = '{"a":[1,-2.5e3,true,null,"x\\n",{"b":{}}],"c":""}';
    for (let end = 0; end < text.length; end++) {
      expect(failureOf(() => parse(text.slice(0, end))).message).toMatch(
        /^Not valid JSON: expected .+ at line 1/,
      );
    }
  });

  it('refuses names that come twice in one object', () => {
    expect(failureOf(() => parse('{"a":1,"b":{"c":1,"c":1}}')).code).toBe('structure');
    expect(failureOf(() => parse('{"a":1,"\\u0061":2}')).code).toBe('structure');
    expect(parse('[{"a":1},{"a":2}]')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(Object.keys(parse('{"__proto__":{"x":1}}') as object)).toEqual(['__proto__']);
  });

  it('refuses bytes that are not UTF-8', () => {
    const failure = failureOf(() => parseJson(Buffer.from([0x22, 0xe9, 0x22]), settings));
    expect([failure.code, httpStatusOf(failure)]).toEqual(['structure', 400]);
  });

  it('refuses nesting beyond the limit, however deep, and before it is parsed', () => {
    expect(parse(`${'['.repeat(64)}${']'.repeat(64)}`)).toBeInstanceOf(Array);
    for (const depth of [65, 100_000]) {
      const failure = failureOf(() => parse(`${'['.repeat(depth)}${']'.repeat(depth)}`));
      expect([failure.code, httpStatusOf(failure)]).toEqual(['too-costly', 400]);
      expect(failure.message).toContain('64 levels (line 1, column 65)');
    }
    expect(failureOf(() => parse('{"a":'.repeat(100_000))).code).toBe('too-costly');
    expect(parse(JSON.stringify({ a: '['.repeat(1000) }))).toEqual({ a: '['.repeat(1000) });
  });

  it('says nothing of the content', () => {
    expect(failureOf(() => parse('{"nhs":"9990000018" "x"')).message).not.toMatch(/nhs|999/);
  });
});
