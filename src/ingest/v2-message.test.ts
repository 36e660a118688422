import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unescapeText } from './v2-escape.ts';
import {
  type Delimiters,
  decodeField,
  encodeField,
  type FieldTree,
  fieldState,
  parseMessage,
  part,
  printMessage,
  repetitions,
  segmentFrom,
  segmentNamed,
  textOf,
  USUAL_DELIMITERS,
  wholeText,
} from './v2-message.ts';

const HEADER = 'MSH|^~\\&|PAS|RCB|||20261101||ADT^A01|1|P|2.4';
const parse = (...lines: string[]) => parseMessage([HEADER, ...lines].join('\r'));

/** Any delimiters that a header may declare. */
const delimiters: fc.Arbitrary<Delimiters> = fc
  .shuffledSubarray([...'|^~\\&#$%*!;:@'], { minLength: 5, maxLength: 5 })
  .map(([field = '', component = '', repetition = '', escapeMark = '', subcomponent = '']) => ({
    field,
    component,
    repetition,
    escapeMark,
    subcomponent,
    truncation: '',
  }));
const leaf = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replace(/\r/g, ''));
const tree: fc.Arbitrary<FieldTree> = fc.array(
  fc.array(fc.array(leaf, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
  { minLength: 1, maxLength: 3 },
);
/** Trailing empty leaves and components say nothing. */
const trimmed = (field: FieldTree): FieldTree =>
  field.map((components) => {
    const kept = components.map((leaves) => leaves.slice(0, leaves.findLastIndex((one) => one !== '') + 1));
    return kept
      .slice(0, kept.findLastIndex((one) => one.length > 0) + 1)
      .map((one) => (one.length > 0 ? one : ['']));
  });
const comparable = (field: FieldTree): string =>
  JSON.stringify(trimmed(field).map((components) => components.map((one) => one.join('\u0000'))));

describe('a message', () => {
  it('printed and parsed is what it was, whatever its delimiters and its text', () => {
    fc.assert(
      fc.property(
        delimiters,
        fc.array(fc.array(tree, { maxLength: 6 }), { maxLength: 5 }),
        (marks, segments) => {
          const { field, component, repetition, escapeMark, subcomponent } = marks;
          const msh = `MSH${field}${component}${repetition}${escapeMark}${subcomponent}${field}APP`;
          const made = segments.map((fields) => segmentFrom('ZZZ', fields, marks));
          const head = parseMessage(msh);
          const printed = printMessage({ delimiters: marks, segments: [...head.segments, ...made] });
          const again = parseMessage(printed);
          expect(printMessage(again)).toBe(printed);
          expect(again.delimiters).toEqual(marks);
          segments.forEach((fields, i) => {
            fields.forEach((one, n) => {
              const read = decodeField(again.segments[i + 1]?.fields[n + 1] ?? '', marks);
              expect(comparable(read)).toBe(comparable(one));
            });
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is never thrown at by anything but a Failure, and repeats nothing of what it was given', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `${HEADER}\r${text}`),
        ),
        (text) => {
          try {
            parseMessage(text);
          } catch (error) {
            expect((error as { code?: string }).code).toBe('structure');
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(() => parseMessage(`${HEADER}\rsecret name`)).toThrow(
      /^Segment 2 does not begin with a segment name/,
    );
  });

  it.each([
    ['CR', '\r'],
    ['LF', '\n'],
    ['CRLF', '\r\n'],
  ])('ends its segments by %s', (_name, end) => {
    const message = parseMessage([HEADER, 'EVN|A01', 'PID|1', ''].join(end));
    expect(message.segments.map((one) => one.name)).toEqual(['MSH', 'EVN', 'PID']);
  });

  it('counts the fields of MSH from the separator', () => {
    const [msh] = parse().segments;
    expect([textOf(msh, 3), textOf(msh, 9, 2), textOf(msh, 12)]).toEqual(['PAS', 'A01', '2.4']);
  });

  it.each([
    ['nothing', ''],
    ['no header', 'PID|1'],
    ['two delimiters that are one', 'MSH|^^\\&|A'],
    ['a letter for a delimiter', 'MSHa^~\\&aA'],
    ['half a character for a delimiter', 'MSH\u{1f600}^~\\&\u{1f600}A'],
    ['binary', `${HEADER}\rPID|1|\u0000\u0001`],
  ])('that is %s is refused as structure', (_name, text) => {
    expect(() => parseMessage(text)).toThrow(expect.objectContaining({ code: 'structure' }));
  });

  it('may leave out trailing fields, components and delimiters', () => {
    const pid = segmentNamed(parse('PID|1||123'), 'PID');
    expect([textOf(pid, 3), textOf(pid, 5), textOf(pid, 30, 4)]).toEqual(['123', '', '']);
    expect(fieldState(pid, 30)).toBe('empty');
    const short = parseMessage('MSH|^~|PAS');
    expect(short.delimiters).toMatchObject({ escapeMark: '', subcomponent: '' });
  });
});

describe('a field', () => {
  const pid = segmentNamed(
    parse('PID|""|^^|  |1^^^RCB&1.2&ISO^MR~""~2^^^NHS^NH|O\\T\\Brien^""||\\Zx\\ A\\.br\\B'),
    'PID',
  );

  it('is left out, deleted or a value', () => {
    expect([1, 2, 3, 4, 5, 6].map((n) => fieldState(pid, n))).toEqual([
      'delete',
      'empty',
      'empty',
      'value',
      'value',
      'empty',
    ]);
  });

  it('repeats, and a repetition that says nothing does not count', () => {
    const found = repetitions(pid, 4);
    expect(found.map((one) => part(one, 1))).toEqual(['1', '2']);
    expect([part(found[0], 4), part(found[0], 4, 2), part(found[0], 4, 3), part(found[1], 5)]).toEqual([
      'RCB',
      '1.2',
      'ISO',
      'NH',
    ]);
  });

  it('reads escape sequences, and null as nothing', () => {
    expect([textOf(pid, 5), textOf(pid, 5, 2)]).toEqual(['O&Brien', '']);
    expect(wholeText(pid, 7)).toBe('\\Zx\\ A\nB');
  });

  it('encodes what would be a delimiter', () => {
    const text = 'a|b^c&d~e\\f\ng\u0007';
    const encoded = encodeField(text, USUAL_DELIMITERS);
    expect(encoded).toBe('a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\.br\\g\\X07\\');
    expect(unescapeText(encoded, USUAL_DELIMITERS)).toBe(text);
  });

  it.each([
    ['\\H\\bold\\N\\', 'bold'],
    ['caf\\XC3A9\\', 'café'],
    ['caf\\XE9\\', 'café'],
    ['one\\.sp2\\two\\.sk3\\three', 'one\n\ntwo   three'],
    ['C:\\temp\\E\\x', 'C:\\temp\\x'],
    ['100\\', '100\\'],
    ['\\X0\\', '\\X0\\'],
    ['a\\.in+4\\b', 'ab'],
  ])('%s is %s', (encoded, text) => {
    expect(unescapeText(encoded, USUAL_DELIMITERS)).toBe(text);
  });
});
